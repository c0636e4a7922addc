"""How storage and outbox are, for /health."""

from storage.database import Storage
from strategy.model import SystemClock
from tests.fakes.stored_samples import at, notable


async def test_storage_that_works_says_so(storage: Storage) -> None:
    state = await storage.vitals.storage()
    assert state.writable
    assert state.size > 0
    assert state.free > 0


async def test_storage_that_refuses_a_write_says_so(storage: Storage) -> None:
    await storage.orders._database.rows("PRAGMA query_only = ON")  # as a full or read-only disk would
    assert not (await storage.vitals.storage()).writable


async def test_the_outbox_tells_what_waits_and_what_was_given_up(storage: Storage) -> None:
    empty = await storage.vitals.outbox()
    assert (empty.waiting, empty.oldest_at, empty.given_up) == (0, None, 0)
    await storage.outbox.add([notable("a", 10), notable("b", 5), notable("c", 20)])
    rows = {row.event.at: row for row in await storage.outbox.pending(9)}
    await storage.outbox.mark_failed(rows[at(5)].id, SystemClock().now(), "Forbidden", give_up=True)
    waiting = await storage.vitals.outbox()
    assert (waiting.waiting, waiting.oldest_at, waiting.given_up) == (2, at(10), 1)

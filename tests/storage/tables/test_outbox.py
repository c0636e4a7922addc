"""The outbox: order, retries, wake-ups, the living message of an order."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from storage.connection import connected
from storage.database import Storage, open_storage
from storage.migrations import load_migrations, migrate
from strategy.model import (
    Event,
    HandOrder,
    Kept,
    Mode,
    ModeState,
    Notable,
    OrderChanged,
    OrderNo,
    OrderStatus,
    Origin,
    Said,
    SaleEnd,
    SettingChanged,
    Started,
    StopFinished,
    StopTrigger,
    StorageError,
    Trouble,
)
from tests.fakes.stored_samples import (
    TQQQ,
    O,
    at,
    broker_order,
    decision,
    fill,
    notable,
    order_changed,
    request,
    trouble,
    unnumbered,
)
from tests.support.words import english, made_up


def _order_event(no: int, reason: str = "") -> OrderChanged:
    return order_changed(
        replace(unnumbered(request()), no=OrderNo(no), reason=Said(Kept.WORDS, words=reason) if reason else None)
    )


async def _kinds(storage: Storage) -> list[str]:
    return [str(getattr(row.event, "key", row.event.kind)) for row in await storage.outbox.pending(100)]


async def test_critical_events_come_first_the_rest_in_order(storage: Storage) -> None:
    await storage.outbox.tell(notable("a"), trouble("b"), notable("c"), trouble("d"))
    assert await _kinds(storage) == ["b", "d", "a", "c"]


async def test_nothing_of_one_order_overtakes_what_was_told_before(storage: Storage) -> None:
    hand = HandOrder(at=at(), found=broker_order(), order=replace(unnumbered(request()), no=OrderNo(1)))
    await storage.outbox.tell(notable("x"), _order_event(1, "first"), _order_event(2), hand, _order_event(1, "second"))
    rows = await storage.outbox.pending(10)
    of_one = [row.id for row in rows if getattr(row.event, "order", None) and row.event.order.no == 1]  # type: ignore[union-attr]
    assert of_one == sorted(of_one)
    await storage.outbox._database.change(  # an event of an order that is critical, as one may be
        "INSERT INTO outbox (kind, critical, order_no, body, added_at)"
        " SELECT kind, 1, order_no, body, added_at FROM outbox WHERE id = 5"
    )
    assert [row.id for row in await storage.outbox.pending(10)] == [2, 4, 5, 6, 1, 3]


async def test_critical_rows_after_one_are_found_by_number_whatever_is_more_urgent(storage: Storage) -> None:
    await storage.outbox.tell(trouble("a"), notable("b"), trouble("c"), trouble("d"), trouble("e"))
    first, _, third, *_ = sorted(await storage.outbox.pending(10), key=lambda row: row.id)
    await storage.outbox.mark_done(third.id, at(), 7)
    found = await storage.outbox.critical_after(first.id, 10)
    assert [getattr(row.event, "key", "") for row in found] == ["d", "e"]
    assert [row.id for row in await storage.outbox.critical_after(first.id, 1)] == [found[0].id]


async def test_events_come_back_as_they_were(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    events: list[Event] = [
        Started(
            at=at(),
            tickers=((TQQQ, None), (O, request().limit_price)),
            warmup=((TQQQ, "day", 99, 100),),
            stream=made_up("연결", "up"),
            mode=ModeState(mode=Mode.RUN, symbol=None, set_by=1, set_at=at(), reason="r", until=None),
            session=made_up("장", "open"),
            holdings=None,
        ),
        OrderChanged(at=at(), order=order, decision=decision(), last_fill=fill(order, "f")),
        HandOrder(at=at(), found=broker_order(), order=None),
    ]
    await storage.outbox.add(events)
    rows = await storage.outbox.pending(10)
    assert [row.event for row in sorted(rows, key=lambda row: row.id)] == events
    assert all(row.added_at == at() for row in rows)


async def test_fills_stops_and_unknown_outcomes_overtake_what_is_routine(storage: Storage) -> None:
    order = unnumbered(request())
    stop = replace(order, no=OrderNo(2), request=replace(request(), origin=Origin.STOP_LOSS))
    filled = order_changed(replace(order, no=OrderNo(3)), last_fill=fill(replace(order, no=OrderNo(3)), "f"))
    unknown = order_changed(replace(order, no=OrderNo(4), status=OrderStatus.UNKNOWN))
    early = order_changed(replace(order, no=OrderNo(3)))
    await storage.outbox.tell(notable("a"), _order_event(1), early, order_changed(stop), filled, unknown, trouble("t"))
    assert [row.id for row in await storage.outbox.pending(10)] == [7, 3, 4, 5, 6, 1, 2]


async def test_what_an_order_has_told_is_found_again(storage: Storage) -> None:
    await storage.outbox.tell(_order_event(1, "first"), notable(), _order_event(2), _order_event(1, "second"))
    await storage.outbox.mark_done(1, at(1), 5)
    assert [row.id for row in await storage.outbox.order_events(OrderNo(1))] == [1, 4]


async def test_a_span_finds_what_was_told_in_it(storage: Storage) -> None:
    await storage.outbox.tell(*(notable(str(n)) for n in range(4)))
    for row_id, minute in ((1, 1), (2, 3), (3, 2)):
        await storage.outbox.mark_done(row_id, at(minute), None if row_id == 2 else 70 + row_id)
    rows = await storage.outbox.told_between(at(1), at(3))
    assert [(row.id, row.done_at, row.message_id) for row in rows] == [(1, at(1), 71), (3, at(2), 73)]


async def test_critical_rows_are_repeated_until_somebody_has_seen_them(storage: Storage) -> None:
    await storage.outbox.tell(trouble("a"), notable("b"), trouble("c"), trouble("d"))
    assert not await storage.outbox.unacknowledged(10)  # nothing told yet
    for row_id in (1, 2, 3):
        await storage.outbox.mark_done(row_id, at(row_id), row_id)
    assert [row.id for row in await storage.outbox.unacknowledged(10)] == [1, 3]
    assert [row.id for row in await storage.outbox.unacknowledged(1)] == [3]
    await storage.outbox.mark_repeated([1], at(5))
    (one, three) = await storage.outbox.unacknowledged(10)
    assert (one.repeats, one.repeated_at, three.repeats, three.repeated_at) == (1, at(5), 0, None)
    assert await storage.outbox.acknowledge(1, 77, at(6)) == 1
    await storage.outbox.mark_done(4, at(7), 4)
    assert await storage.outbox.acknowledge(4, 77, at(8)) == 2
    assert await storage.outbox.acknowledge(4, 77, at(9)) == 0
    assert not await storage.outbox.unacknowledged(10)


async def test_retries_of_a_refused_stop_are_not_repeated_by_themselves(storage: Storage) -> None:
    """They would displace the first run, which is; one that ended in any other way is repeated like any stop."""
    first = StopFinished(
        at=at(),
        symbol=TQQQ,
        trigger=StopTrigger.STOP_LOSS,
        sold=0,
        left=10,
        average_price=None,
        realized=None,
        fees=None,
        reason=SaleEnd.REJECTED,
    )
    ends = [
        first,
        replace(first, attempt=2),
        replace(first, attempt=3, sold=4),
        replace(first, reason=SaleEnd.SESSION_END),
    ]
    await storage.outbox.tell(*ends, trouble("a"))
    for row_id in range(1, 6):
        await storage.outbox.mark_done(row_id, at(row_id), row_id)
    assert [row.id for row in await storage.outbox.unacknowledged(10)] == [1, 3, 4, 5]


async def test_an_upgrade_asks_about_nothing_told_before(tmp_path: Path) -> None:
    async with connected(tmp_path / "old.db") as database:
        await migrate(database, load_migrations()[:3])
        for done in (None, "2026-03-10T00:00:00+00:00"):
            await database.change(
                "INSERT INTO outbox (kind, critical, body, added_at, done_at) VALUES ('x', 1, '', '', ?)", (done,)
            )
        await migrate(database, load_migrations())
        rows = await database.rows("SELECT seen_at IS NULL AS unseen FROM outbox ORDER BY id")
        assert [bool(row["unseen"]) for row in rows] == [True, False]


async def test_a_delivered_row_is_pending_no_more(storage: Storage) -> None:
    await storage.outbox.tell(notable("a"), notable("b"))
    await storage.outbox.mark_sending(1, at(1))
    await storage.outbox.mark_done(1, at(2), 77)
    assert await _kinds(storage) == ["b"]


async def test_a_failed_send_is_tried_again_until_given_up(storage: Storage) -> None:
    await storage.outbox.tell(notable("a"))
    await storage.outbox.mark_sending(1, at(1))
    (row,) = await storage.outbox.pending(1)
    assert (row.attempts, row.sending_since) == (1, at(1))
    await storage.outbox.mark_failed(1, at(2), "429", give_up=False)
    (row,) = await storage.outbox.pending(1)
    assert (row.attempts, row.sending_since) == (1, None)
    await storage.outbox.mark_sending(1, at(3))
    await storage.outbox.mark_failed(1, at(4), "403", give_up=True)
    assert not await storage.outbox.pending(1)


async def test_a_send_cut_off_by_a_crash_is_seen_after_the_restart(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        await storage.outbox.tell(notable("a"))
        await storage.outbox.mark_sending(1, at(1))
    async with open_storage(tmp_path) as storage:
        (row,) = await storage.outbox.pending(1)
        assert row.sending_since == at(1)


async def test_the_limit_is_kept(storage: Storage) -> None:
    await storage.outbox.tell(*(notable(str(n)) for n in range(5)))
    assert len(await storage.outbox.pending(3)) == 3


async def test_sleepers_wake_after_a_commit_that_added_rows(storage: Storage) -> None:
    with storage.outbox.added() as wake:
        await storage.notes.put("k", "v")  # adds no row
        assert not wake._added.is_set()
        await storage.orders.send(request(), at(), events=[notable()])
        async with asyncio.timeout(5):
            await wake.wait()
        assert await storage.outbox.pending(1)
        assert not wake._added.is_set()
        await storage.outbox.tell(notable())
        await storage.decisions.add(decision(), events=[notable()])
        async with asyncio.timeout(5):
            await wake.wait()
    await storage.outbox.tell(notable())
    assert not wake._added.is_set()  # unsubscribed


async def test_an_event_that_cannot_be_read_is_told_as_such(storage: Storage) -> None:
    await storage.outbox._database.change(
        "INSERT INTO outbox (kind, critical, body, added_at) VALUES ('gone', 0, '{\"kind\": \"gone\"}', ?)",
        (at().isoformat(),),
    )
    (row,) = await storage.outbox.pending(1)
    assert isinstance(row.event, Trouble)
    assert "gone" in english(row.event.what)


@pytest.mark.parametrize("body", ["{", "", "\x00", '{"kind": 7}'])
async def test_one_damaged_row_keeps_no_other_from_being_told_or_repeated(storage: Storage, body: str) -> None:
    """A flipped bit inside an event made every question about unseen alerts fail, and with it all reminders."""
    await storage.outbox._database.change(
        "INSERT INTO outbox (kind, critical, urgency, body, added_at) VALUES ('stop_finished', 1, 0, ?, ?)",
        (body, at().isoformat()),
    )
    await storage.outbox.tell(trouble())
    pending = await storage.outbox.pending(10)
    assert len(pending) == 2
    for row in pending:
        await storage.outbox.mark_done(row.id, at(), 5)
    assert len(await storage.outbox.unacknowledged(10)) == 2


async def test_what_is_to_be_told_cannot_be_edited(storage: Storage) -> None:
    await storage.outbox.tell(notable())
    with pytest.raises(StorageError):
        await storage.outbox._run("UPDATE outbox SET body = '{}'")


async def test_delivery_in_pending_order_keeps_each_orders_story(storage: Storage) -> None:
    """Whatever is added while rows are delivered or fail, an order's rows are delivered as they were added."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    delivered: list[tuple[int | None, int]] = []
    for _ in range(60):
        routine = chance.random() < 0.5
        await storage.outbox.tell(notable() if routine else trouble(), _order_event(chance.randint(1, 3)))
        for row in await storage.outbox.pending(chance.randint(0, 3)):
            if chance.random() < 0.2:
                await storage.outbox.mark_failed(row.id, at(), "x", give_up=False)
                break  # as a deliverer does: nothing overtakes
            order = getattr(row.event, "order", None)
            delivered.append((order.no if order else None, row.id))
            await storage.outbox.mark_done(row.id, at(), None)
    for no in (1, 2, 3):
        ids = [row_id for of, row_id in delivered if of == no]
        assert ids == sorted(ids)


async def test_an_empty_telling_costs_nothing(storage: Storage) -> None:
    with storage.outbox.added() as wake:
        await storage.outbox.tell()
        assert not wake._added.is_set()


def test_every_kind_of_event_says_whether_it_is_critical() -> None:
    assert Trouble.critical
    assert not Notable.critical
    assert not SettingChanged.critical

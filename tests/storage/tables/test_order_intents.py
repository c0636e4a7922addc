"""An order leaves once its intent is on disk; the rows of the tables follow before anybody looks."""

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from storage.connection import connected
from storage.database import FILE_NAME, Storage, open_storage
from storage.errors import DatabaseTooNew
from storage.migrations import Migration, load_migrations, migrate
from storage.orders import order_intents
from strategy.model import InvalidOrder, OrderNo, OrderRequest, OrderStatus, StorageError, TickerLock, Trouble, VenueNo
from tests.fakes.stored_samples import TQQQ, O, at, decision, notable, order_changed, request, unnumbered
from tests.support.words import english

INTENTS, ORDERS = "SELECT order_no FROM order_intents", "SELECT no FROM orders"
FOLLOW = "storage.orders.order_intents.follow"


def on_disk(directory: Path, sql: str) -> list[Any]:
    """Return what another tool finds in the file at this moment."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as database:
        return [row[0] for row in database.execute(sql)]


def power_cut(directory: Path, to: Path) -> Path:
    """Return a copy of the files as they are at this moment."""
    return Path(shutil.copytree(directory, to, ignore=shutil.ignore_patterns("*.lock")))


async def decided(storage: Storage, symbol: Any = TQQQ) -> OrderRequest:
    """Store what leads to an order, as a stop does; return the order to send."""
    lock = TickerLock(symbol=symbol, reason="stop_loss", locked_at=at(), until=at() + timedelta(days=1))
    stored = await storage.decisions.add(decision(symbol=symbol), [notable("before")], lock=lock)
    return request(symbol=symbol, decision_id=stored.id)


async def test_an_order_leaves_with_its_intent_on_disk_and_its_rows_owed(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        order = await storage.orders.send(await decided(storage), at(1))
        assert len(on_disk(tmp_path, INTENTS)) == 1
        assert on_disk(tmp_path, ORDERS) == []
        assert (await storage.orders.get(order.no)) == order
        assert on_disk(tmp_path, INTENTS) == []
        assert on_disk(tmp_path, ORDERS) == [order.no]


async def test_everything_intended_is_there_after_a_power_cut(tmp_path: Path) -> None:
    async with open_storage(tmp_path / "cut") as storage:
        asked, other = await decided(storage), await decided(storage, O)
        told = order_changed(unnumbered(asked))
        first = await storage.orders.send(asked, at(1), events=(told,))
        second = await storage.orders.send(other, at(2))
        copy = power_cut(tmp_path / "cut", tmp_path / "copy")
        facts = await _facts(storage)
    assert len(on_disk(copy, INTENTS)) == 2
    async with open_storage(copy) as storage:
        assert on_disk(copy, INTENTS) == []
        assert await storage.orders.open() == [first, second]
        assert await _facts(storage) == facts
        [before, _, after] = await storage.outbox.pending(9)
        assert getattr(after.event, "order", None) == first
        assert before.event == notable("before")


async def _facts(storage: Storage) -> list[Any]:
    return [
        await storage.orders.open(),
        [await storage.orders.history(order.no) for order in await storage.orders.open()],
        [await storage.decisions.get(order.request.decision_id or 0) for order in await storage.orders.open()],
        await storage.modes.locks(),
        await storage.outbox.pending(9),
    ]


async def test_numbers_go_on_over_intents_whose_rows_are_owed(storage: Storage) -> None:
    """Stops that fire together wait for one small commit each, and for none of each other's tables."""
    asked = await asyncio.gather(*(decided(storage) for _ in range(4)))
    orders = await asyncio.gather(*(storage.orders.send(one, at(n)) for n, one in enumerate(asked)))
    assert [order.no for order in orders] == [1, 2, 3, 4]
    assert [order.request.decision_id for order in orders] == [1, 2, 3, 4]
    later = await storage.orders.send(request(), at(9))
    assert later.no == 5
    assert [order.no for order in await storage.orders.recent(9)] == [5, 4, 3, 2, 1]


async def test_a_ticket_is_used_up_by_an_intent(storage: Storage) -> None:
    asked = request(ticket="t")
    outcomes = await asyncio.gather(*(storage.orders.send(asked, at(n)) for n in range(3)), return_exceptions=True)
    assert [isinstance(outcome, InvalidOrder) for outcome in outcomes] == [False, True, True]
    assert len(await storage.orders.open()) == 1


async def test_the_decision_of_an_intent_may_lead_to_a_second_order(storage: Storage) -> None:
    asked = await decided(storage)
    first, second = await storage.orders.send(asked, at()), await storage.orders.send(asked, at(1))
    assert await storage.orders.recent(9) == [second, first]


async def test_an_intent_that_cannot_be_stored_sends_nothing_and_costs_no_number(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("storage.orders.orders.add_intent", _refuse)
        with pytest.raises(StorageError):
            await storage.orders.send(request(), at())
    assert not await storage.orders.open()
    assert (await storage.orders.send(request(), at())).no == 1


async def test_rows_that_cannot_be_written_yet_stay_owed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the order has left, so its rows are not given up, and nobody sees a state without them."""
    async with open_storage(tmp_path / "data") as storage:
        order = await storage.orders.send(await decided(storage), at())
        with monkeypatch.context() as patch:
            patch.setattr(FOLLOW, _then_full)
            for _ in range(2):
                with pytest.raises(StorageError, match="disk is full"):
                    await storage.orders.open()
            with pytest.raises(StorageError, match="disk is full"):
                await storage.notes.put("k", "v")
        assert await storage.notes.get("k") is None
        assert await storage.orders.open() == [order]
        assert [event for _, event, _ in await storage.orders.history(order.no)] == [
            OrderStatus.INTENDED,
            OrderStatus.SENT,
        ]


async def test_while_rows_cannot_be_written_for_lack_of_room_no_other_order_leaves(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nearly full disk takes intents longer than what follows from them; the chat says that nothing is sent."""
    first = await storage.orders.send(await decided(storage), at())
    with monkeypatch.context() as patch:
        patch.setattr(FOLLOW, _then_full)
        with pytest.raises(StorageError):
            await storage.orders.open()
        for _ in range(2):
            with pytest.raises(StorageError, match="disk is full"):
                await storage.orders.send(request(symbol=O), at(1))
    second = await storage.orders.send(request(symbol=O), at(2))
    assert await storage.orders.open() == [first, second]
    assert second.no == 2


async def test_each_intent_goes_with_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut between the rows of two intents loses neither, and writes neither twice."""
    async with open_storage(tmp_path / "data") as storage:
        orders = [await storage.orders.send(request(), at(n)) for n in range(2)]
        whole = order_intents.follow

        def first_only(connection: sqlite3.Connection, no: OrderNo) -> None:
            if no != orders[0].no:
                _refuse()
            whole(connection, no)

        with monkeypatch.context() as patch:
            patch.setattr(FOLLOW, first_only)
            with pytest.raises(StorageError):
                await storage.orders.open()
        copy = power_cut(tmp_path / "data", tmp_path / "copy")
        assert on_disk(copy, ORDERS) == [1]
        assert on_disk(copy, INTENTS) == [2]
    async with open_storage(copy) as storage:
        assert await storage.orders.open() == orders


async def test_an_intent_overtakes_what_waits_for_the_thread(storage: Storage) -> None:
    database, done, go = storage.orders._database, list[str](), threading.Event()

    async def send() -> None:
        await storage.orders.send(request(), at())
        done.append("order")

    async def read() -> None:
        await storage.notes.get("k")
        done.append("note")

    async with asyncio.TaskGroup() as group:
        group.create_task(database.read(lambda _: go.wait(10)))
        await asyncio.sleep(0)
        group.create_task(read())
        group.create_task(send())
        await asyncio.sleep(0)
        go.set()
    assert done == ["order", "note"]


async def test_an_intent_goes_through_an_upgrade(tmp_path: Path) -> None:
    """Its values are brought to the new schema like those of any other table, and its rows follow there."""
    async with open_storage(tmp_path / "data") as storage:
        order = await storage.orders.send(request(), at())
        copy = power_cut(tmp_path / "data", tmp_path / "copy")
    number = len(load_migrations()) + 1
    next_one = Migration(number, f"{number:04}_next.sql", "UPDATE order_intents SET asked_price = '61.30';")
    async with connected(copy / FILE_NAME) as database:
        assert await migrate(database, (*load_migrations(), next_one)) == number
        await database.change(f"PRAGMA user_version = {number - 1}")
    async with open_storage(copy) as storage:
        [found] = await storage.orders.open()
        assert (found.no, found.request.limit_price) == (order.no, Decimal("61.30"))


@pytest.mark.parametrize("qty", [2**63, 2**80])
async def test_what_no_table_could_hold_does_not_leave(storage: Storage, qty: int) -> None:
    with pytest.raises(StorageError):
        await storage.orders.send(request(qty=qty), at(), events=[notable()])
    assert not await storage.orders.open()
    assert not await storage.outbox.pending(9)
    assert (await storage.orders.send(request(qty=2**63 - 1), at())).no == 1
    assert len(await storage.orders.open()) == 1


async def test_closed_in_order_nothing_is_owed_and_a_full_disk_leaves_the_intent_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_storage(tmp_path) as storage:
        await storage.orders.send(request(), at())
    assert on_disk(tmp_path, ORDERS) == [1]
    with monkeypatch.context() as patch:
        async with open_storage(tmp_path) as storage:
            await storage.orders.send(request(), at())
            patch.setattr(FOLLOW, _refuse)
    assert on_disk(tmp_path, ORDERS) == [1]
    async with open_storage(tmp_path) as storage:
        assert [order.no for order in await storage.orders.open()] == [1, 2]


async def test_a_database_of_a_newer_version_keeps_its_intents(tmp_path: Path) -> None:
    async with open_storage(tmp_path / "data") as storage:
        await storage.orders.send(request(), at())
        copy = power_cut(tmp_path / "data", tmp_path / "copy")
    with closing(sqlite3.connect(copy / FILE_NAME)) as database:
        database.execute("PRAGMA user_version = 9999")
    with pytest.raises(DatabaseTooNew):
        async with open_storage(copy):
            raise AssertionError
    assert len(on_disk(copy, INTENTS)) == 1


# one whose rows break a constraint: another tool has written into the file meanwhile

_TAKEN = (
    "INSERT INTO orders ({no}symbol, side, qty, asked_price, order_type, origin, created_at, traded_on, ticket, status,"
    " limit_price, updated_at) VALUES ({value}'NASDAQ:SOXX', 'buy', 1, '1', 'limit', 'manual',"
    " '2026-03-10T13:30:00+00:00', '2026-03-10', {ticket}, 'filled', '1', '2026-03-10T13:30:00+00:00')"
)
BY_ANOTHER_TOOL = {
    "ticket": _TAKEN.format(no="no, ", value="900, ", ticket="'t'"),
    "decision": "DELETE FROM decisions",
    "number": _TAKEN.format(no="no, ", value="1, ", ticket="NULL"),
}


def by_another_tool(directory: Path, sql: str) -> None:
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as database:
        database.execute(sql)


@pytest.mark.parametrize("what", ["ticket", "decision"])
async def test_an_order_whose_rows_break_a_constraint_is_kept_as_unknown_and_goes_on(tmp_path: Path, what: str) -> None:
    """It may have left: it is owned, told, and takes the broker's word; and no other order waits for it."""
    async with open_storage(tmp_path) as storage:
        caused = await storage.decisions.add(decision())
        order = await storage.orders.send(request(ticket="t", decision_id=caused.id), at(1))
        by_another_tool(tmp_path, BY_ANOTHER_TOOL[what])
        other = await storage.orders.send(request(symbol=O), at(2))
        assert [(one.no, one.status) for one in await storage.orders.open()] == [
            (order.no, OrderStatus.UNKNOWN),
            (other.no, OrderStatus.SENT),
        ]
        [told] = [row.event for row in await storage.outbox.pending(9) if isinstance(row.event, Trouble)]
        assert f"#{order.no} {order.request.symbol.ticker}" in english(told.what)
        assert told.key == f"intent:{order.no}"
        changed = await storage.orders.change(order.no, OrderStatus.ACCEPTED, at(3), venue_no=VenueNo("12"))
        assert changed.status is OrderStatus.ACCEPTED
    async with open_storage(tmp_path) as storage:  # and the next start neither tells nor does anything again
        assert [one.no for one in await storage.orders.open()] == [order.no, other.no]
        assert len([row for row in await storage.outbox.pending(9) if isinstance(row.event, Trouble)]) == 1


async def test_an_order_whose_number_was_taken_is_kept_under_another_and_never_mixed_up(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        order = await storage.orders.send(request(), at(1))
        by_another_tool(tmp_path, BY_ANOTHER_TOOL["number"])
        [kept] = await storage.orders.open()
        assert (kept.no, kept.status, kept.request) == (2, OrderStatus.UNKNOWN, order.request)
        with pytest.raises(StorageError, match="kept as order 2"):  # the broker's word to the number it left under
            await storage.orders.change(order.no, OrderStatus.ACCEPTED, at(2), venue_no=VenueNo("12"))
        foreign = await storage.orders.get(order.no)
        assert foreign is not None
        assert foreign.venue_no is None
        assert (await storage.orders.send(request(symbol=O), at(3))).no == 3
        assert (await storage.orders.change(kept.no, OrderStatus.ACCEPTED, at(4), venue_no=VenueNo("12"))).no == kept.no


def _refuse(*_: object, **__: object) -> Any:
    raise sqlite3.OperationalError("database or disk is full")


def _then_full(connection: sqlite3.Connection, no: OrderNo, whole: Any = order_intents.follow) -> None:
    """Write all rows, then find the disk full."""
    whole(connection, no)
    _refuse()

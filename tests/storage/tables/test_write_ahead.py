"""An order leaves once a note of what its storing takes is on disk; the tables follow before anybody looks."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import storage.connection as storage_connection
from storage.connection import Statement, connected
from storage.database import FILE_NAME, Storage, open_storage
from storage.errors import DatabaseTooNew
from storage.migrations import Migration, load_migrations, migrate
from strategy.model import InvalidOrder, Lead, OrderStatus, StorageError, TickerLock
from tests.fakes.stored_samples import TQQQ, O, at, decision, notable, order_changed, request, unnumbered

NOTES, ORDERS = "SELECT body FROM redo", "SELECT no FROM orders"


def on_disk(directory: Path, sql: str) -> list[Any]:
    """Return what another tool finds in the file at this moment."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as database:
        return [row[0] for row in database.execute(sql)]


def power_cut(directory: Path, to: Path) -> Path:
    """Return a copy of the files as they are at this moment."""
    return Path(shutil.copytree(directory, to, ignore=shutil.ignore_patterns("*.lock")))


def lead(symbol: Any = TQQQ) -> Lead:
    lock = TickerLock(symbol=symbol, reason="stop_loss", locked_at=at(), until=at() + timedelta(days=1))
    return Lead(decision=decision(symbol=symbol), lock=lock, events=(notable("before"),))


async def test_an_order_leaves_with_its_note_on_disk_and_its_rows_owed(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        order = await storage.orders.send(request(), at(1), lead=lead())
        assert len(on_disk(tmp_path, NOTES)) == 1
        assert on_disk(tmp_path, ORDERS) == []
        assert (await storage.orders.get(order.no)) == order
        assert on_disk(tmp_path, NOTES) == []
        assert on_disk(tmp_path, ORDERS) == [order.no]


async def test_everything_noted_is_there_after_a_power_cut(tmp_path: Path) -> None:
    told = order_changed(unnumbered(request()))
    async with open_storage(tmp_path / "cut") as storage:
        first = await storage.orders.send(request(), at(1), lead=lead(), events=(told,))
        second = await storage.orders.send(request(symbol=O), at(2), lead=lead(O))
        copy = power_cut(tmp_path / "cut", tmp_path / "copy")
        facts = await _facts(storage)
    assert len(on_disk(copy, NOTES)) == 2
    async with open_storage(copy) as storage:
        assert on_disk(copy, NOTES) == []
        assert await storage.orders.open() == [first, second]
        assert await _facts(storage) == facts
        [before, after, _] = await storage.outbox.pending(9)
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


async def test_numbers_go_on_over_notes_not_carried_out(storage: Storage) -> None:
    """Stops that fire together wait for one small commit each, and for none of each other's tables."""
    orders = await asyncio.gather(*(storage.orders.send(request(), at(n), lead=lead()) for n in range(4)))
    assert [order.no for order in orders] == [1, 2, 3, 4]
    assert [order.request.decision_id for order in orders] == [1, 2, 3, 4]
    later = await storage.orders.send(request(), at(9))
    assert later.no == 5
    assert (await storage.decisions.add(decision())).id == 5
    assert [order.no for order in await storage.orders.recent(9)] == [5, 4, 3, 2, 1]


async def test_a_ticket_is_used_up_by_a_note(storage: Storage) -> None:
    asked = request(ticket="t")
    outcomes = await asyncio.gather(*(storage.orders.send(asked, at(n)) for n in range(3)), return_exceptions=True)
    assert [isinstance(outcome, InvalidOrder) for outcome in outcomes] == [False, True, True]
    assert len(await storage.orders.open()) == 1


async def test_the_decision_of_a_note_may_lead_to_a_second_order(storage: Storage) -> None:
    first = await storage.orders.send(request(), at(), lead=lead())
    second = await storage.orders.send(request(decision_id=first.request.decision_id), at(1))
    assert second.request.decision_id == first.request.decision_id


async def test_a_note_that_cannot_be_stored_sends_nothing_and_costs_no_number(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("storage.connection.orjson", SimpleNamespace(dumps=_refuse))
        with pytest.raises(StorageError):
            await storage.orders.send(request(), at(), lead=lead())
    assert not await storage.orders.open()
    order = await storage.orders.send(request(), at(), lead=lead())
    assert (order.no, order.request.decision_id) == (1, 1)


async def test_what_cannot_be_carried_out_yet_stays_owed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the order has left, so its rows are not given up, and nobody sees a state without them."""
    async with open_storage(tmp_path / "data") as storage:
        order = await storage.orders.send(request(), at(), lead=lead())
        with monkeypatch.context() as patch:
            patch.setattr("storage.connection.carry_out", _half())
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


async def test_while_a_note_cannot_be_carried_out_no_other_order_leaves(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nearly full disk takes notes longer than what follows from them; the chat says that nothing is sent."""
    first = await storage.orders.send(request(), at(), lead=lead())
    with monkeypatch.context() as patch:
        patch.setattr("storage.connection.carry_out", _half())
        with pytest.raises(StorageError):
            await storage.orders.open()
        for _ in range(2):
            with pytest.raises(StorageError, match="disk is full"):
                await storage.orders.send(request(symbol=O), at(1), lead=lead(O))
    second = await storage.orders.send(request(symbol=O), at(2), lead=lead(O))
    assert await storage.orders.open() == [first, second]
    assert second.no == 2


async def test_each_note_goes_with_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut between the rows of two notes loses neither, and writes neither twice."""
    async with open_storage(tmp_path / "data") as storage:
        orders = [await storage.orders.send(request(), at(n)) for n in range(2)]
        said: list[str] = []
        whole = storage_connection.carry_out

        def first_only(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
            if any(statement.startswith("INSERT INTO orders") for statement in said):
                _refuse()
            connection.set_trace_callback(said.append)
            whole(connection, statements)

        with monkeypatch.context() as patch:
            patch.setattr("storage.connection.carry_out", first_only)
            with pytest.raises(StorageError):
                await storage.orders.open()
        began = next(n for n, statement in enumerate(said) if statement.startswith("INSERT INTO orders"))
        noted = next(n for n, statement in enumerate(said) if statement.startswith("DELETE FROM redo"))
        assert began < noted < said.index("COMMIT")
        copy = power_cut(tmp_path / "data", tmp_path / "copy")
        assert on_disk(copy, ORDERS) == [1]
    async with open_storage(copy) as storage:
        assert await storage.orders.open() == orders


async def test_a_note_overtakes_what_waits_for_the_thread(storage: Storage) -> None:
    database, done, go = storage.orders._database, list[str](), threading.Event()

    async def note() -> None:
        await storage.orders.send(request(), at())
        done.append("order")

    async def read() -> None:
        await storage.notes.get("k")
        done.append("note")

    async with asyncio.TaskGroup() as group:
        group.create_task(database.read(lambda _: go.wait(10)))
        await asyncio.sleep(0)
        group.create_task(read())
        group.create_task(note())
        await asyncio.sleep(0)
        go.set()
    assert done == ["order", "note"]


async def test_a_note_is_carried_out_on_the_schema_it_was_written_for(tmp_path: Path) -> None:
    async with open_storage(tmp_path / "data") as storage:
        await storage.orders.send(request(), at())
        copy = power_cut(tmp_path / "data", tmp_path / "copy")
    number = len(load_migrations()) + 1
    renamed = Migration(number, f"{number:04}_next.sql", "ALTER TABLE orders RENAME COLUMN asked_price TO first_price;")
    async with connected(copy / FILE_NAME) as database:
        assert await migrate(database, (*load_migrations(), renamed)) == number
        [row] = await database.rows("SELECT first_price FROM orders")
        assert row["first_price"] == "61.20"


@pytest.mark.parametrize("qty", [2**63, 2**80])
async def test_what_could_never_be_carried_out_is_not_noted(storage: Storage, qty: int) -> None:
    with pytest.raises(StorageError):
        await storage.orders.send(request(qty=qty), at())
    assert not await storage.orders.open()
    assert (await storage.orders.send(request(qty=2**63 - 1), at())).no == 1
    assert len(await storage.orders.open()) == 1


async def test_closed_in_order_nothing_is_owed_and_a_full_disk_leaves_the_note_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_storage(tmp_path) as storage:
        await storage.orders.send(request(), at())
    assert on_disk(tmp_path, ORDERS) == [1]
    with monkeypatch.context() as patch:
        async with open_storage(tmp_path) as storage:
            await storage.orders.send(request(), at())
            patch.setattr("storage.connection.carry_out", _refuse)
    assert on_disk(tmp_path, ORDERS) == [1]
    async with open_storage(tmp_path) as storage:
        assert [order.no for order in await storage.orders.open()] == [1, 2]


async def test_a_database_of_a_newer_version_keeps_its_notes(tmp_path: Path) -> None:
    async with open_storage(tmp_path / "data") as storage:
        await storage.orders.send(request(), at())
        copy = power_cut(tmp_path / "data", tmp_path / "copy")
    with closing(sqlite3.connect(copy / FILE_NAME)) as database:
        database.execute("PRAGMA user_version = 9999")
    with pytest.raises(DatabaseTooNew):
        async with open_storage(copy):
            raise AssertionError
    assert len(on_disk(copy, NOTES)) == 1


def _refuse(*_: object, **__: object) -> Any:
    raise sqlite3.OperationalError("database or disk is full")


def _half() -> Any:
    """Carry out all but the last statement, then find the disk full."""
    whole = storage_connection.carry_out

    def half(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
        whole(connection, statements[:-1])
        _refuse()

    return half

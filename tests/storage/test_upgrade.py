"""A database that the program before this one left, with everything under way, is upgraded whole and traded on from."""

import gzip
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from storage.database import FILE_NAME, open_storage
from strategy.model import (
    BrokerOrder,
    CapsGate,
    CashGate,
    CrossGate,
    DelayGate,
    Event,
    OrderChanged,
    OrderNo,
    OrderStatus,
    Origin,
    PanicProgress,
    ProposalClosed,
    Proposed,
    RsiGate,
    Side,
    SignalBlocked,
    StopFinished,
    StopGate,
    StopTrigger,
    Symbol,
    Trouble,
    VenueNo,
    WrittenGate,
)
from strategy.signals.approval import TickerSignal
from tests.fakes.broker import _Book
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import Bench, World, running
from tests.support.words import english

OLD = Path(__file__).parent / "old" / "schema_12.sql.gz"
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
KILLED_AT = datetime(2026, 11, 18, 15, 42, 37, tzinfo=UTC)

Row = tuple[Any, ...]
Facts = Mapping[str, list[Row]]

GONE = {"redo", "order_messages", "notes", "sqlite_sequence"}  # or changed by the upgrade, each looked at by itself
CARRIED = ("agreed positions", "panic", "day start", "told stops", "living messages", "dashboard", "reminder")
FAMILIES = {
    family: re.compile(pattern)
    for family, pattern in {
        "agreed positions": r"reconcile\.agreed",
        "approval cards": r"approval:.+",
        "armed": r"armed_once|code_step|disclaimer",
        "calendar": r"calendar_notice|ready_check|session_opened|session_closed",
        "dashboard": r"chat\.dashboard\.-\d+",
        "day start": r"day:\d{4}-\d\d-\d\d",
        "dialogs": r"chat\.dialog\..+",
        "digest": r"chat\.digest\.-\d+",
        "evenings": r"evening:.+",
        "hearing": r"chat\.(deaf|clock_off|token_worked|in_private)",
        "language": r"chat\.language\.\d+",
        "living messages": r"chat\.message\.-\d+\..+",
        "loss limit": r"(loss_limit|unvalued):.+",
        "moved chat": r"chat\.moved\.-\d+",
        "moved listings": r"moved",
        "no cost": r"no_cost:.+",
        "order contexts": r"order\.\d+\.context",
        "panic": r"panic",
        "peaks": r"peak:.+",
        "reminder": r"chat\.reminder\.-\d+",
        "splits": r"splits:.+",
        "told stops": r"stop\.told:.+",
        "topics": r"chat\.topic\.-\d+\.\w+",
        "writable": r"health|stops_can_store",
    }.items()
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data directory as the killed program left it."""
    directory = tmp_path / "data"
    directory.mkdir()
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as database:
        database.executescript(gzip.decompress(OLD.read_bytes()).decode())
    return directory


def facts(path: Path) -> Facts:
    """Return every row of every table; what was noted and not carried out counts as if it had been."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if "redo" in tables:
            for (body,) in database.execute("SELECT body FROM redo ORDER BY id").fetchall():
                for statement, values in json.loads(body):
                    database.execute(statement, values)
        found = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608 - of the file
        database.execute("ROLLBACK")
        return found


def family(key: str) -> str:
    return next(name for name, pattern in FAMILIES.items() if pattern.fullmatch(key))


def test_the_old_database_holds_something_of_everything(old: Path) -> None:
    """A fixture without it would prove nothing about it."""
    before = facts(old / FILE_NAME)
    with closing(sqlite3.connect(old / FILE_NAME)) as database:
        statuses = {status for (status,) in database.execute("SELECT status FROM orders")} | {"sent"}  # of its notes
        assert statuses == {str(status) for status in OrderStatus}
        origins = {origin for (origin,) in database.execute("SELECT DISTINCT origin FROM orders")} | {"panic"}
        assert origins >= {"signal", "manual", "external", "stop_loss", "panic"}
        [counts] = database.execute(
            "SELECT SUM(done_at IS NULL), SUM(sending_since IS NOT NULL), SUM(gave_up), SUM(seen_at IS NOT NULL),"
            " SUM(repeats > 0), SUM(done_at IS NOT NULL) FROM outbox"
        ).fetchall()
        assert all(counts), counts
        assert len(database.execute("SELECT * FROM redo").fetchall()) == 2
    assert not [name for name, rows in before.items() if not rows and name != "redo"]
    assert {family(key) for key, _ in before["notes"]} == FAMILIES.keys()


async def test_nothing_is_lost_in_the_upgrade(old: Path) -> None:
    before = facts(old / FILE_NAME)
    async with open_storage(old):
        pass
    after = facts(old / FILE_NAME)
    for name in before.keys() - GONE:
        assert after[name] == before[name], name
    assert after["order_intents"] == after["kept_aside"] == []
    assert dict(after["notes"]) == {k: v for k, v in before["notes"] if family(k) not in CARRIED}


async def test_what_the_program_goes_on_with_is_carried_into_its_tables(old: Path) -> None:
    """Compared with the notes as the program before this one read them."""
    before = facts(old / FILE_NAME)
    notes = {key: value for key, value in before["notes"] if value}
    with closing(sqlite3.connect(old / FILE_NAME)) as database:
        shown = {
            (chat, f"order:{no}"): message for no, chat, message in database.execute("SELECT * FROM order_messages")
        }
    async with open_storage(old) as storage:
        agreed, kept = json.loads(notes["reconcile.agreed"]), await storage.agreements.last()
        assert kept is not None
        assert (kept.since.isoformat(), kept.at.isoformat()) == (agreed["since"], agreed["at"])
        assert {str(symbol): [one.qty, one.net] for symbol, one in kept.positions.items()} == agreed["symbols"]
        costs = {str(symbol): str(one.average_cost) for symbol, one in kept.positions.items() if one.average_cost}
        assert costs == {name: cost for name, cost in agreed["costs"].items() if Decimal(cost)}

        job, panic = json.loads(notes["panic"]), await storage.panics.at_work()
        assert panic is not None
        assert (panic.run, panic.asked_by, panic.everything) == (job["run"], job["asked_by"], job["everything"])
        assert panic.started_at.isoformat() == job["started_at"]
        assert {str(symbol): qty for symbol, qty in panic.shares.items()} == job["shares"]
        assert list(panic.orders) == job["orders"]

        days = [key.removeprefix("day:") for key in notes if key.startswith("day:")]
        assert len(days) == 2
        for day in days:
            begun, start = json.loads(notes[f"day:{day}"]), await storage.day_starts.of(date.fromisoformat(day))
            assert start is not None
            assert (str(start.equity), str(start.value)) == (begun["equity"], begun["value"])
            assert start.looked_at.isoformat() == begun["at"]
            assert {str(symbol): qty for symbol, qty in start.held.items()} == begun["held"]
            assert {str(symbol): str(value) for symbol, value in start.values.items()} == begun["values"]
            assert sorted(map(str, start.left_out)) == begun["left_out"]
            assert sorted(map(str, start.unvalued)) == begun["unvalued"]

        for key, value in notes.items():
            if family(key) in ("dashboard", "reminder", "living messages"):
                kind, chat, what = re.fullmatch(r"chat\.(\w+)\.(-\d+)\.?(.*)", key).groups()  # type: ignore[union-attr]
                shown[int(chat), what or kind] = int(value)
        assert len({what.partition(":")[0] for _, what in shown}) == 5
        for (chat, what), message in shown.items():
            assert await storage.messages.of(chat, what) == message

        [run] = await storage.stop_runs.unfinished()
        decision = await storage.decisions.get(run.decision_id)
        stop = await storage.orders.get(THE_STOP)
        assert decision is not None
        assert stop is not None
        assert run.decision_id == stop.request.decision_id != int(notes["stop.told:AMEX:SOXL"])
        assert (run.symbol, run.trigger, run.price, run.qty, run.attempt, run.begun_at) == (
            decision.symbol,
            StopTrigger(decision.reason),
            decision.last,
            decision.qty,
            decision.attempt,
            decision.decided_at,
        )
    after = facts(old / FILE_NAME)
    assert len(after["chat_messages"]) == len(shown)
    assert len(after["stop_runs"]) == 2


CANNOT_BE_READ = {
    "reconcile.agreed": '{"since": "2026-11-15T19:30:55+00:00"}',
    "panic": '{"run": "3F9uKaJA", "asked_by"',
    "day:2026-11-17": '{"equity": "x", "value": "1", "held": {}, "at": "2026-11-17T19:30:55+00:00"}',
    "day:2026-11-18": '{"equity": "1", "value": "1", "held": {}, "at": "2026-11-18 10:30"}',
    "stop.told:AMEX:SOXL": "a while ago",
    "chat.dashboard.-1002000000003": "thirty",
    "chat.message.-1002000000003.horoscope:7": "12",
}


async def test_notes_that_cannot_be_read_are_kept_aside_and_named(old: Path) -> None:
    with closing(sqlite3.connect(old / FILE_NAME, isolation_level=None)) as database:
        for key, value in CANNOT_BE_READ.items():
            database.execute(
                "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (key, value)
            )
    async with open_storage(old) as storage:
        assert await storage.agreements.last() is None
        assert await storage.panics.at_work() is None
        assert await storage.messages.of(-1002000000003, "reminder") == 41  # what can be read is there all the same
        [told] = [row.event for row in await storage.outbox.pending(9) if isinstance(row.event, Trouble)]
        assert all(key in english(told.what) for key in CANNOT_BE_READ)
    assert {row[1]: row[2] for row in facts(old / FILE_NAME)["kept_aside"]} == CANNOT_BE_READ


async def test_noted_statements_that_break_a_constraint_are_kept_aside_and_named(old: Path) -> None:
    """A program before this one stood still for ever over such a note; its good ones are carried out all the same."""
    bad = json.dumps([["INSERT INTO orders (no, symbol) VALUES (?, ?)", [900, "NASDAQ:SOXX"]]])
    with closing(sqlite3.connect(old / FILE_NAME, isolation_level=None)) as database:
        database.execute("UPDATE redo SET id = -id")
        database.execute("INSERT INTO redo (id, body) VALUES (-9, ?)", (bad,))
    for _ in range(2):  # told once
        async with open_storage(old) as storage:
            assert [int(order.no) for order in await storage.orders.open()][-2:] == [77, 78]
            news = [row.event for row in await storage.outbox.pending(9) if isinstance(row.event, Trouble)]
            assert [(event.key, "redo -9" in english(event.what)) for event in news] == [("kept_aside", True)]
    [aside] = facts(old / FILE_NAME)["kept_aside"]
    assert aside[1:3] == ("redo -9", bad)


# trading on


HELD = {
    "NASDAQ:MSFT": (21, "442.0986", "446.80"),
    "NASDAQ:TQQQ": (27, "62.8958", "63.29"),
    "NYSE:BRK/B": (10, "472.2879", "472.40"),
    "AMEX:SOXL": (68, "31.2000", "27.62"),
    "AMEX:XLF": (572, "16.4545", "16.44"),
    "NASDAQ:AAPL": (4, "231.0000", "232.15"),
}
SOXL = Symbol.parse("AMEX:SOXL")
THE_STOP, THE_PANIC = OrderNo(75), (OrderNo(76), OrderNo(77))


def working() -> Iterator[BrokerOrder]:
    """The orders that work at the broker at that moment, as its own books had them."""
    for symbol, side, qty, filled, price, number, replaced in (
        ("NASDAQ:MSFT", Side.BUY, 3, 0, "432.71", "1471", ()),
        ("AMEX:XLF", Side.SELL, 5, 0, "17.09", "1475", ()),
        ("NASDAQ:TQQQ", Side.BUY, 30, 5, "63.31", "1477", ()),
        ("AMEX:SOXL", Side.SELL, 68, 0, "27.05", "1482", ("1481",)),
    ):
        yield BrokerOrder(
            venue_no=VenueNo(number),
            symbol=Symbol.parse(symbol),
            side=side,
            qty=qty,
            limit_price=Decimal(price),
            filled_qty=filled,
            filled_amount=filled * Decimal(price),
            open_qty=qty - filled,
            status=OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED,
            ordered_at=KILLED_AT - timedelta(seconds=16),
            traded_on=date(2026, 11, 18),
            reason="",
            replaced=tuple(map(VenueNo, replaced)),
            by_api=True,
        )


def world() -> World:
    """Market and account as they were, ten seconds after the death."""
    found = World.at(KILLED_AT - timedelta(seconds=10), cash="71311.11")
    for name, (qty, cost, last) in HELD.items():
        found.ready(Symbol.parse(name), last)
        found.broker.hold(Symbol.parse(name), qty, Decimal(cost))
    found.broker.matching = False
    for order in working():
        book = _Book(order)
        found.broker._books.append(book)
        found.broker._become(book, order)
    found.clock.set(KILLED_AT + timedelta(seconds=10))
    found.broker.matching = True
    return found


async def test_the_program_trades_on_from_it(old: Path) -> None:
    """The stop's order is found under its new number and sold by, once; the panic sells the rest to its end."""
    with closing(sqlite3.connect(old / FILE_NAME)) as database:
        [told] = database.execute("SELECT MAX(id) FROM outbox").fetchone()
    here = world()
    settings = trading_settings(
        trading_tickers=",".join(HELD), stop_loss_rate="-5", trailing_stop_pct="20", daily_loss_limit_pct="20"
    )
    async with running(old, here, settings=settings) as bench:
        await bench.pass_time(1)
        stop = await bench.storage.orders.get(THE_STOP)
        assert stop is not None
        assert stop.venue_no == VenueNo("1482")
        end = await _panic_over(bench, told)
        assert end.flat
        assert {line.symbol for line in end.lines} == set(map(Symbol.parse, HELD))
        assert not any(here.broker.qty_held(Symbol.parse(name)) for name in HELD)
        ends = [event for event in await _news(bench, told) if isinstance(event, StopFinished)]
        assert [(end.symbol, end.sold, end.left) for end in ends] == [(SOXL, 68, 0)]
        for no in THE_PANIC:  # noted as leaving, and never there: nobody may think they sold
            order = await bench.storage.orders.get(no)
            assert order is not None
            assert (order.request.origin, order.status) == (Origin.PANIC, OrderStatus.REJECTED)
        assert not await bench.storage.orders.open()
    async with running(old, here, settings=settings) as bench:  # and nothing of it goes on after the next start
        told = max(row.id for row in await bench.storage.outbox.pending(10_000))
        await bench.pass_time(60)
        assert not [one for one in await _news(bench, told) if isinstance(one, StopFinished | PanicProgress)]
        assert not await bench.storage.orders.open()


async def _news(bench: Bench, after: int) -> list[Event]:
    return [row.event for row in await bench.storage.outbox.pending(10_000) if row.id > after]


async def _panic_over(bench: Bench, after: int) -> PanicProgress:
    """Let time pass until the panic's end is told, and return that."""
    for _ in range(60):
        await bench.pass_time(10)
        news = [event for event in await _news(bench, after) if isinstance(event, PanicProgress)]
        if news and news[-1].done:
            return news[-1]
    held = {name: bench.broker.qty_held(Symbol.parse(name)) for name in HELD}
    raise AssertionError(f"still held: {held}, told: {news[-1:]}")


async def test_every_gate_of_the_old_decisions_is_read_into_values(old: Path) -> None:
    """Those of decisions, of alerts that carry one, and of the card a person may still tap: none is left as words."""
    async with open_storage(old) as storage:
        decisions = list(await storage.decisions.since(datetime(2026, 1, 1, tzinfo=UTC)))
        note = await storage.notes.get("approval:NASDAQ:AAPL")
    standing = TypeAdapter(TickerSignal).validate_json(note or "")
    assert standing.card is not None
    decisions.append(standing.card.decision)
    with closing(sqlite3.connect(old / FILE_NAME)) as database:
        bodies = [body for (body,) in database.execute("SELECT body FROM outbox")]
    events = [EVENTS.validate_json(body) for body in bodies]
    decisions += [event.decision for event in events if isinstance(event, SignalBlocked)]
    decisions += [event.proposal.decision for event in events if isinstance(event, Proposed | ProposalClosed)]
    decisions += [event.decision for event in events if isinstance(event, OrderChanged) and event.decision is not None]
    gates = [gate for decision in decisions for gate in decision.gates]
    assert len(gates) > 2_500
    assert {type(gate) for gate in gates} >= {RsiGate, CrossGate, DelayGate, CashGate, CapsGate, StopGate}
    assert [gate for gate in gates if isinstance(gate, WrittenGate)] == []

"""What a restart goes on with: stop runs, a panic, agreed positions, day starts, and which message shows what."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from storage.database import Storage
from strategy.model import (
    AgreedPosition,
    AgreedPositions,
    CashBasis,
    DayStart,
    DecisionAction,
    DecisionReason,
    KnownDeposit,
    OrderNo,
    PanicRecord,
    StopRun,
    StopTrigger,
    StorageError,
    Symbol,
    TickerLock,
)
from tests.fakes.stored_samples import TQQQ, O, at, decision, notable, request

BOND = Symbol.stored("NASDAQ:US912810TM09")


async def begin(storage: Storage, seconds: float = 0, symbol: Symbol = TQQQ, attempt: int = 1) -> StopRun:
    """Store a stop's decision as the monitor does, and return the run it begins."""
    stop = decision(
        symbol=symbol, action=DecisionAction.STOP, reason=DecisionReason.STOP_LOSS, decided_at=at(seconds), qty=10
    )
    lock = TickerLock(symbol=symbol, reason="stop_loss", locked_at=at(seconds), until=at(9_000))
    stored = await storage.decisions.add(replace(stop, attempt=attempt), lock=lock)
    return StopRun(
        decision_id=stored.id,
        symbol=symbol,
        trigger=StopTrigger.STOP_LOSS,
        price=Decimal("61.20"),
        qty=10,
        attempt=attempt,
        begun_at=at(seconds),
    )


async def test_a_stops_decision_begins_its_run_and_no_other_decision_does(storage: Storage) -> None:
    await storage.decisions.add(decision())
    runs = [await begin(storage), await begin(storage, 60, O), await begin(storage, 120, attempt=2)]
    assert await storage.stop_runs.unfinished() == runs


async def test_a_run_ends_with_what_is_told_of_it(storage: Storage) -> None:
    first, second = await begin(storage), await begin(storage, 60, O)
    await storage.stop_runs.end(first.decision_id, at(90), "flat", [notable("ended")])
    assert await storage.stop_runs.unfinished() == [second]
    assert [row.event for row in await storage.outbox.pending(9)] == [notable("ended")]


async def test_who_releases_a_ticker_settles_what_its_stop_has_left(storage: Storage) -> None:
    run, other = await begin(storage), await begin(storage, 60, O)
    assert await storage.modes.release(O, None, at(70))  # the program's own doing
    assert await storage.stop_runs.unfinished() == [run, other]
    assert await storage.modes.release(TQQQ, 7, at(80))
    assert await storage.stop_runs.unfinished() == [other]


async def test_an_end_that_cannot_be_told_is_not_stored(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await begin(storage)
    broken = replace(notable(), key="\ud800")  # no text SQLite could store
    with pytest.raises((StorageError, ValueError)):
        await storage.stop_runs.end(run.decision_id, at(90), "flat", [notable("ended"), broken])
    assert await storage.stop_runs.unfinished() == [run]
    assert not await storage.outbox.pending(9)


def panic(run: str = "r1", seconds: float = 0, orders: tuple[OrderNo, ...] = ()) -> PanicRecord:
    shares = {TQQQ: 10, O: 4}
    return PanicRecord(run=run, asked_by=7, started_at=at(seconds), everything=False, shares=shares, orders=orders)


async def test_a_panic_is_at_work_until_its_end(storage: Storage) -> None:
    assert await storage.panics.at_work() is None
    order = await storage.orders.send(request(), at())
    begun = panic(orders=(order.no,))
    await storage.panics.begin(begun)
    assert await storage.panics.at_work() == begun
    await storage.panics.end(begun.run, at(60))
    assert await storage.panics.at_work() is None


async def test_a_panic_never_waits_for_one_that_nobody_carries_out(storage: Storage) -> None:
    """Its caller was cancelled as it was stored: the next press must work."""
    await storage.panics.begin(panic())
    await storage.panics.begin(panic("r2", 30))
    assert await storage.panics.at_work() == panic("r2", 30)
    await storage.panics.end("r2", at(60))
    assert await storage.panics.at_work() is None


async def test_a_panic_knows_no_order_that_is_not_there(storage: Storage) -> None:
    with pytest.raises(StorageError):
        await storage.panics.begin(panic(orders=(OrderNo(99),)))
    assert await storage.panics.at_work() is None


async def test_the_newest_agreement_is_the_one_that_is_kept(storage: Storage) -> None:
    assert await storage.agreements.last() is None
    first = AgreedPositions(
        since=at(-1000),
        at=at(),
        positions={TQQQ: AgreedPosition(10, -5, Decimal("61.2000")), O: AgreedPosition(0, 3, None)},
    )
    await storage.agreements.keep(first)
    assert await storage.agreements.last() == first
    then = AgreedPositions(since=at(-1000), at=at(30), positions={O: AgreedPosition(4, 7, Decimal("55.10"))})
    await storage.agreements.keep(then)
    assert await storage.agreements.last() == then


async def test_a_days_start_is_its_first_look(storage: Storage) -> None:
    start = DayStart(
        session_on=date(2026, 3, 10),
        equity=Decimal("10000.10"),
        value=Decimal("612.00"),
        looked_at=at(),
        held={TQQQ: 10, BOND: 3},
        values={TQQQ: Decimal("612.00")},
        left_out=frozenset({BOND}),
        unvalued=frozenset({O}),
    )
    assert await storage.day_starts.of(start.session_on) is None
    await storage.day_starts.keep(start)
    await storage.day_starts.keep(replace(start, equity=Decimal(1), looked_at=at(5)))
    assert await storage.day_starts.of(start.session_on) == start
    assert await storage.day_starts.of(start.session_on + timedelta(days=1)) is None


async def test_the_newest_deposit_is_the_one_that_is_kept(storage: Storage) -> None:
    assert await storage.deposits.last() is None
    first = KnownDeposit(
        basis=CashBasis.DEPOSIT,
        cash=Decimal("7840.22"),
        flow=Decimal("-1002.50"),
        gross=Decimal("1000.00"),
        since=at(-1000),
        at=at(),
    )
    await storage.deposits.keep(first)
    assert await storage.deposits.last() == first
    then = replace(first, basis=CashBasis.RECKONED, cash=Decimal("7840.23"), at=at(30))
    await storage.deposits.keep(then)
    assert await storage.deposits.last() == then


async def test_a_message_is_found_by_chat_and_by_what_it_shows(storage: Storage) -> None:
    messages = storage.messages
    for message, (chat, what) in enumerate([(-5, "order:1"), (6, "order:1"), (-5, "panic:r"), (-5, "dashboard")], 10):
        assert await messages.of(chat, what) is None
        await messages.keep(chat, what, message)
    await messages.keep(-5, "order:1", 20)
    await messages.forget(-5, "dashboard")
    await messages.forget(-5, "reminder")
    assert [await messages.of(-5, what) for what in ("order:1", "panic:r", "dashboard")] == [20, 12, None]
    assert await messages.of(6, "order:1") == 11
    with pytest.raises(StorageError):
        await messages.keep(-5, "horoscope:7", 1)

"""The stop guard (rows S7, S62 to S64; decisions D1, D3, D7, D13; promise 4)."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import (
    DecisionAction,
    Mode,
    ModeState,
    OrderChanged,
    OrderStatus,
    Origin,
    Protection,
    Side,
    StopFinished,
    StopsOff,
    StopTriggered,
    TickerLocked,
    Trouble,
    TryLater,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, World, running

QUIET = {
    "trading_tickers": "NASDAQ:TQQQ",
    "rsi_oversold": "1",
    "rsi_overbought": "99",
    "stop_poll_s": "5",
}


def holding(
    path: Path,
    *,
    qty: int = 10,
    cost: str = "100",
    world: World | None = None,
    ticks: bool = True,
    may_crash: bool = False,
    **changes: Any,
) -> AbstractAsyncContextManager[Bench]:
    """Run a core that holds TQQQ ten minutes into a session, with no signals about."""
    if world is None:
        world = World.at(OPEN + timedelta(minutes=10))
        world.ready(TQQQ)
        if qty:
            world.broker.hold(TQQQ, qty, Decimal(cost))
    settings = trading_settings(**{**QUIET, **changes})
    return running(path, world, settings=settings, ticks=ticks, may_crash=may_crash)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with holding(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("price", "fires"), [("95.01", False), ("95.00", True), ("94.99", True)])
async def test_fires_at_or_below_the_threshold_s62_d1(bench: Bench, price: str, fires: bool) -> None:
    """S62, D1: -4.99 % no, -5.00 % yes, -5.01 % yes; told with our rate beside the broker's."""
    bench.price(TQQQ, price)
    await bench.settle()
    triggered = await bench.told(StopTriggered)
    assert bool(triggered) is fires
    if fires:
        assert triggered[0].broker_rate is not None
        assert triggered[0].threshold == Decimal(-5)
        assert (triggered[0].source, triggered[0].qty) == ("tick", 10)


async def test_sells_the_whole_position_at_the_bid_less_a_collar_s63(bench: Bench) -> None:
    """S63, D3: a marketable limit, filled at once; trigger, order and result are told."""
    bench.price(TQQQ, "94")
    await bench.settle()
    [order] = await bench.orders()
    assert (order.request.side, order.request.qty, order.request.origin) == (Side.SELL, 10, Origin.STOP_LOSS)
    assert order.request.limit_price == Decimal("93.05")  # the bid of 93.99 less 1 %, down to the tick
    assert order.status is OrderStatus.FILLED
    [finished] = await bench.told(StopFinished)
    assert (finished.reason, finished.sold, finished.left) == ("flat", 10, 0)
    assert finished.realized is not None
    assert finished.realized < -60
    decision = await bench.storage.decisions.get(order.request.decision_id or 0)
    assert decision is not None
    assert (decision.action, decision.reason) == (DecisionAction.STOP, "stop_loss")
    kinds = [event.kind for event in await bench.events()]
    assert kinds.index("stop_triggered") < kinds.index("order_changed") < kinds.index("stop_finished")


async def test_locks_the_ticker_until_the_next_session_s64(tmp_path: Path) -> None:
    """S64: after a stop the rule neither buys nor sells in that session, although a buy signal stands."""
    async with holding(tmp_path) as bench:
        bench.price(TQQQ, "94")
        await bench.settle()
        draft = bench.core.base.book.draft("RSI_OVERSOLD", "98", symbol=None, until=None)
        await bench.core.base.book.apply(draft, user_id=OWNER)
        await bench.pass_time(600)
        assert [order.request.side for order in await bench.orders()] == [Side.SELL]
        [locked] = await bench.told(TickerLocked)
        assert locked.lock.until == OPEN + timedelta(days=1)
        decision = await bench.storage.decisions.latest(TQQQ)
        assert decision is not None
        assert decision.reason == "blocked:lock"
        assert await bench.core.control.modes.release(OWNER, TQQQ)
        await bench.pass_time(60)
        assert [order.request.side for order in await bench.orders()] == [Side.SELL, Side.BUY]


async def test_ladder_goes_deeper_until_filled_d3(bench: Bench) -> None:
    """D3: re-priced every few seconds, each step deeper, partial fills on the way."""
    bench.broker.matching = False
    bench.price(TQQQ, "94")
    await bench.settle()
    [first] = await bench.orders()
    assert first.status is OrderStatus.ACCEPTED
    assert first.venue_no is not None
    bench.broker.fill(first.venue_no, 4)
    bench.price(TQQQ, "93.99")
    await bench.pass_time(3)
    [second] = await bench.orders()
    assert second.limit_price < first.limit_price
    bench.price(TQQQ, "94.01")
    await bench.pass_time(3)
    [third] = await bench.orders()
    assert third.limit_price < second.limit_price
    assert third.venue_no is not None
    bench.broker.fill(third.venue_no)
    await bench.settle()
    [finished] = await bench.told(StopFinished)
    assert (finished.reason, finished.sold, finished.left) == ("flat", 10, 0)


async def test_resting_sells_are_canceled_and_confirmed_first_s63(bench: Bench) -> None:
    """S63: a hand-made sell that holds the shares goes first, then the whole position is sold."""
    bench.broker.hand_order(TQQQ, Side.SELL, 6, Decimal(120))
    await bench.pass_time(61)
    bench.price(TQQQ, "94")
    await bench.settle()
    await bench.pass_time(10)
    hand, stop = await bench.orders()
    assert hand.status is OrderStatus.CANCELED
    assert (stop.request.origin, stop.request.qty, stop.status) == (Origin.STOP_LOSS, 10, OrderStatus.FILLED)


async def test_stop_ends_with_the_session_and_says_what_is_left(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(hours=6, minutes=29, seconds=50))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.pass_time(135)  # the broker's list has its time after the close
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.left) == ("session_end", 10)
        assert all(order.status.closed or order.status is OrderStatus.CANCEL_SENT for order in await bench.orders())


async def test_rejected_steps_are_told_and_tried_again_later(bench: Bench) -> None:
    bench.broker.fail("submit", "reject", times=3)
    bench.price(TQQQ, "94")
    await bench.pass_time(12)
    [finished] = await bench.told(StopFinished)
    assert (finished.reason, finished.left) == ("rejected", 10)
    bench.price(TQQQ, "93.90")
    await bench.settle()
    assert len(await bench.orders()) == 3
    await bench.pass_time(61)
    assert (await bench.orders())[-1].status is OrderStatus.FILLED


async def test_unknown_outcome_is_looked_up_and_never_sold_twice(bench: Bench) -> None:
    """Promise 1: the reply of the stop's order is lost; it is adopted, and no second sell goes out."""
    bench.broker.fail("submit", "lost_reply")
    bench.price(TQQQ, "94")
    await bench.pass_time(30)
    [order] = await bench.orders()
    assert order.status is OrderStatus.FILLED
    assert len(bench.broker.submitted) == 1
    [finished] = await bench.told(StopFinished)
    assert finished.reason == "flat"


def _mode(bench: Bench, mode: Mode) -> ModeState:
    return ModeState(mode=mode, symbol=None, set_by=OWNER, set_at=bench.clock.now(), reason="test", until=None)


@pytest.mark.parametrize("mode", list(Mode))
async def test_runs_in_every_mode_but_halted_promise_4(bench: Bench, mode: Mode) -> None:
    await bench.core.base.modes.set(_mode(bench, mode))
    bench.price(TQQQ, "94")
    await bench.settle()
    assert bool(await bench.orders()) is (mode is not Mode.HALTED)


async def test_polling_takes_over_when_ticks_are_silent(bench: Bench) -> None:
    """A price that no tick told is found by the poll within STOP_POLL_S."""
    bench.price(TQQQ, "100")
    await bench.settle()
    assert bench.core.protection.watchdog.state(TQQQ) == "ticks"
    bench.price(TQQQ, "94", tick=False)
    await bench.pass_time(6)
    [triggered] = await bench.told(StopTriggered)
    assert triggered.source == "poll"


async def test_polling_when_ticks_are_not_offered(tmp_path: Path) -> None:
    async with holding(tmp_path, ticks=False) as bench:
        await bench.pass_time(6)
        assert bench.core.protection.watchdog.state(TQQQ) == "polling"
        bench.price(TQQQ, "94")
        await bench.pass_time(6)
        assert await bench.told(StopTriggered)


async def test_owner_is_told_within_30_s_when_stops_cannot_run_promise_4(bench: Bench) -> None:
    await bench.pass_time(20)
    assert not await bench.told(Protection)
    bench.stream.drop()
    bench.market.broken[TQQQ] = TryLater("down")
    await bench.pass_time(30)
    [lost] = await bench.told(Protection)
    assert (lost.armed, lost.symbols) == (False, (TQQQ,))
    assert not bench.core.protection.watchdog.state(TQQQ).works
    del bench.market.broken[TQQQ]
    await bench.pass_time(15)
    assert [event.armed for event in await bench.told(Protection)] == [False, True]


async def test_a_split_fires_no_stop_and_asks_d13(tmp_path: Path) -> None:
    """D13: 645 one evening, 93 the next morning, the average cost unchanged: blocked, told; back once it follows."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ, "645")
    world.broker.hold(TQQQ, 10, Decimal(640))
    settings: dict[str, Any] = {"stop_poll_s": "600", "check_interval_minutes": "30"}
    async with holding(tmp_path, world=world, **settings) as bench:
        await bench.until(OPEN + timedelta(hours=7, minutes=5))
    async with holding(tmp_path, world=world, **settings) as bench:
        await bench.until(OPEN + timedelta(days=1) - timedelta(seconds=1))
        bench.price(TQQQ, "93", tick=False)
        await bench.until(OPEN + timedelta(days=1, seconds=1))
        bench.price(TQQQ, "92.9")
        await bench.pass_time(60)
        assert await bench.orders() == []
        [locked] = await bench.told(TickerLocked)
        assert (locked.lock.reason, locked.lock.blocks_stop) == ("split_guard", True)
        assert any(event.key.startswith("split_guard") for event in await bench.told(Trouble))
        bench.broker.hold(TQQQ, 70, Decimal("91.43"))
        await bench.pass_time(1900)
        assert bench.core.base.modes.lock(TQQQ) is None
        assert await bench.orders() == []
        bench.price(TQQQ, "86")
        await bench.settle()
        [order] = await bench.orders()
        assert order.request.qty == 70


async def test_a_ticker_not_held_waits_until_its_bars_are_adjusted_d13(tmp_path: Path) -> None:
    """A split must not look like a crash worth buying: no signal until the source's bars have followed."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ, "645")
    settings: dict[str, Any] = {"check_interval_minutes": "30", "rsi_oversold": "40"}
    async with holding(tmp_path, world=world, qty=0, **settings) as bench:
        await bench.until(OPEN + timedelta(days=1) - timedelta(seconds=1))
        bench.price(TQQQ, "93", tick=False)
        await bench.until(OPEN + timedelta(days=1, minutes=31))
        assert await bench.orders() == []
        lock = bench.core.base.modes.lock(TQQQ)
        assert lock is not None
        assert lock.reason == "split_guard"
        adjusted = World(bench.clock, bench.broker, bench.market)
        bench.market.forget(TQQQ)
        adjusted.ready(TQQQ, "93")
        await bench.until(OPEN + timedelta(days=1, minutes=61))
        assert bench.core.base.modes.lock(TQQQ) is None
        assert await bench.orders() == []


async def test_a_position_first_seen_far_below_its_cost_is_asked_about_d13(tmp_path: Path) -> None:
    async with holding(tmp_path, cost="640") as bench:
        bench.price(TQQQ, "99")
        await bench.pass_time(61)
        assert not await bench.orders()
        assert [event.lock.reason for event in await bench.told(TickerLocked)] == ["split_guard"]
        assert await bench.core.control.modes.release(OWNER, TQQQ)  # the owner says that the price is real
        await bench.pass_time(61)
        assert [order.request.origin for order in await bench.orders()] == [Origin.STOP_LOSS]


async def test_take_profit_and_trailing_stop_on_top(tmp_path: Path) -> None:
    async with holding(tmp_path / "profit", take_profit_rate="8") as bench:
        bench.price(TQQQ, "107.99")
        await bench.settle()
        assert not await bench.orders()
        bench.price(TQQQ, "108")
        await bench.settle()
        assert [order.request.origin for order in await bench.orders()] == [Origin.TAKE_PROFIT]
    async with holding(tmp_path / "trail", trailing_stop_pct="3") as bench:
        for price in ("103", "110", "107"):
            bench.price(TQQQ, price)
            await bench.settle()
        assert not await bench.orders()
        bench.price(TQQQ, "106.70")
        await bench.settle()
        assert [order.request.origin for order in await bench.orders()] == [Origin.TRAILING_STOP]


async def test_peak_of_a_trailing_stop_survives_a_restart(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world, trailing_stop_pct="3") as bench:
        bench.price(TQQQ, "110")
        await bench.pass_time(40)
    async with holding(tmp_path, world=world, trailing_stop_pct="3") as bench:
        assert not await bench.orders()
        bench.price(TQQQ, "106.70")
        await bench.settle()
        assert [order.request.origin for order in await bench.orders()] == [Origin.TRAILING_STOP]


async def test_a_ladder_cut_off_by_a_restart_goes_on(tmp_path: Path) -> None:
    """Nothing rests unattended: the stop's order found working after the restart is replaced and sold out."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        world.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.settle()
        assert len(await bench.orders()) == 1
    world.broker.matching = True
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(15)
        first, second = await bench.orders()
        assert first.status is OrderStatus.CANCELED
        assert (second.status, second.request.qty) == (OrderStatus.FILLED, 10)


async def test_shares_of_tickers_not_configured_are_never_sold(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    for symbol in (TQQQ, XLF):
        world.ready(symbol)
    world.broker.hold(XLF, 10, Decimal(100))
    async with holding(tmp_path, world=world, qty=0) as bench:
        bench.price(XLF, "80")
        await bench.pass_time(61)
        assert not await bench.orders()
        assert not bench.core.protection.watchdog.state(XLF).works
        halt = await bench.core.control.modes.preview(OWNER, Mode.HALTED, symbol=None)
        assert halt.stops_off == StopsOff(shares=(), known=True)


@pytest.mark.parametrize(("cost", "sells"), [("117", False), ("100", True)])
async def test_a_stored_peak_is_of_the_shares_it_was_seen_with(tmp_path: Path, cost: str, sells: bool) -> None:
    """Sold and bought anew by hand while the program was down, the new shares were sold at the start."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world, trailing_stop_pct="3") as bench:
        bench.price(TQQQ, "120")
        await bench.pass_time(90)
    world.broker.hold(TQQQ, 10, Decimal(cost))
    world.price(TQQQ, "117")
    async with holding(tmp_path, world=world, trailing_stop_pct="3") as bench:
        bench.price(TQQQ, "116.30")
        await bench.pass_time(10)
        assert bool(await bench.orders()) is sells


async def test_a_peak_does_not_outlive_its_position(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world, trailing_stop_pct="3") as bench:
        for price in ("120", "116"):
            bench.price(TQQQ, price)
            await bench.pass_time(30)
        assert world.broker.qty_held(TQQQ) == 0
        assert not await bench.storage.notes.get(f"peak:{TQQQ}")
    world.broker.hold(TQQQ, 10, Decimal(100))
    world.clock.set(OPEN + timedelta(days=1, minutes=10))
    world.price(TQQQ, "100")
    async with holding(tmp_path, world=world, trailing_stop_pct="3") as bench:
        bench.price(TQQQ, "99")
        await bench.settle()
        assert len(await bench.orders()) == 1


async def test_scope_bot_leaves_the_owners_own_shares_d7(tmp_path: Path) -> None:
    async with holding(tmp_path, position_scope="bot") as bench:
        bench.price(TQQQ, "94")
        await bench.pass_time(10)
        assert not await bench.orders()


async def test_off_means_no_stop(tmp_path: Path) -> None:
    async with holding(tmp_path, stop_loss_rate="off") as bench:
        bench.price(TQQQ, "50")
        await bench.pass_time(10)
        assert not await bench.orders()
        assert not bench.core.protection.watchdog.state(TQQQ).works


async def test_a_fresh_buy_is_guarded_from_its_first_fill(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=0, rsi_oversold="98", max_position_rate="1") as bench:
        await bench.pass_time(1)
        bought = [event for event in await bench.told(OrderChanged) if event.order.status is OrderStatus.FILLED]
        assert bought
        bench.price(TQQQ, "90")
        await bench.settle()
        assert [order.request.origin for order in await bench.orders()] == [Origin.SIGNAL, Origin.STOP_LOSS]


async def test_no_stop_outside_the_session(tmp_path: Path) -> None:
    world = World.at(OPEN - timedelta(minutes=30))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        bench.price(TQQQ, "90")
        await bench.pass_time(60)
        assert not await bench.orders()
        await bench.until(OPEN + timedelta(seconds=1))
        assert [order.request.origin for order in await bench.orders()] == [Origin.STOP_LOSS]


async def test_a_halted_ticker_is_told_and_sold_when_it_trades_again(bench: Bench) -> None:
    bench.market.halted.add(TQQQ)
    bench.price(TQQQ, "94", tick=False)
    await bench.pass_time(20)
    assert not bench.broker.submitted
    bench.market.halted.clear()
    await bench.pass_time(10)
    assert [order.status for order in await bench.orders()] == [OrderStatus.FILLED]

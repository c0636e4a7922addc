"""Checks of the engine: pace, hours, gates, isolation of failures (rows S3, S8, S10, S29 to S41, S50 to S61).

Rows S30, S31, S32, S33, S36, S37, S40, S53, S54, S79, S99.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.market import session_on
from strategy.market.trading_window import missed, next_check, window_of
from strategy.model import (
    BothSignals,
    DataUnavailable,
    Decision,
    DecisionAction,
    Interval,
    Mode,
    ModeChanged,
    ModeState,
    Notable,
    OrderStatus,
    SessionClosed,
    Side,
    SignalBlocked,
    Started,
    Symbol,
    Tick,
    Trouble,
    TryLater,
)
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, O, World, running
from tests.support.words import english

BUYS = {"rsi_oversold": "98", "rsi_overbought": "99", "max_position_rate": "1", "stop_poll_s": "600"}


def one(**changes: Any) -> TradingSettings:
    """Settings of one ticker with a buy signal that always stands."""
    return trading_settings(**{"trading_tickers": "NASDAQ:TQQQ", **BUYS, **changes})


def ready(minutes: float = -1, *symbols: Symbol, cash: str = "10000") -> World:
    world = World.at(OPEN + timedelta(minutes=minutes), cash=cash)
    for symbol in symbols or (TQQQ,):
        world.ready(symbol)
    return world


async def checked_at(bench: Bench, symbol: Symbol = TQQQ) -> list[datetime]:
    since = await bench.storage.decisions.since(OPEN - timedelta(days=10))
    return [decision.decided_at for decision in since if decision.symbol == symbol]


async def newest(bench: Bench, symbol: Symbol = TQQQ) -> Decision:
    decision = await bench.storage.decisions.latest(symbol)
    assert decision is not None
    return decision


def gate(decision: Decision, name: str, side: str = "buy") -> bool | None:
    return next(one.passed for one in decision.gates if (one.key, one.side) == (name, side))


async def test_every_ticker_once_per_cycle_and_failures_stay_alone_s3(tmp_path: Path) -> None:
    """S3: one ticker without a price or bars changes nothing for the others; it is told."""
    world = ready(-1, TQQQ, O, XLF)
    world.market.broken[O] = TryLater("down")
    world.market.bars_broken[XLF] = DataUnavailable("no bars")
    settings = trading_settings(**{**BUYS, "rsi_oversold": "97"})
    async with running(tmp_path, world, settings=settings) as bench:
        await bench.until(OPEN + timedelta(minutes=2, seconds=30))
        for symbol in (TQQQ, O, XLF):
            assert len(await checked_at(bench, symbol)) == 3
        assert [order.request.symbol for order in await bench.orders()] == [TQQQ]
        assert any(event.symbol == O for event in await bench.told(Trouble))
        assert gate(await newest(bench, XLF), "data_fresh") is None


async def test_one_bad_print_is_no_signal(tmp_path: Path) -> None:
    """Today's bar closes at the last price (D2): a print 30 % below its own book would make any RSI oversold."""
    async with running(tmp_path, ready(10), settings=one(rsi_oversold="30")) as bench:
        await bench.until(OPEN + timedelta(minutes=10, seconds=59))
        now, bid, ask = bench.clock.now(), Decimal("99.99"), Decimal("100.01")
        bench.core.session.inbox.on_tick(Tick(TQQQ, Decimal(70), bid, ask, 1, now, now))
        await bench.pass_time(2)
        decision = await newest(bench)
        assert decision.last == 70
        assert decision.reason == "blocked:quote_usable"
        bench.price(TQQQ, "100")
        await bench.pass_time(120)
        assert await bench.orders() == []


async def test_tickers_are_verified_by_a_quote_and_trade_once_they_have_one_s29(tmp_path: Path) -> None:
    world = ready(-1, TQQQ, O)
    world.ready(XLF)
    world.market.broken[XLF] = DataUnavailable("unknown ticker")
    async with running(tmp_path, world, settings=trading_settings(**{**BUYS, "buy_rate": "0.1"})) as bench:
        [started] = await bench.told(Started)
        assert dict(started.tickers)[XLF] is None
        assert dict(started.tickers)[TQQQ] == 100
        [trouble] = await bench.told(Trouble)
        assert (trouble.symbol, "could not be verified" in english(trouble.what)) == (XLF, True)
        await bench.until(OPEN + timedelta(seconds=30))
        assert {order.request.symbol for order in await bench.orders()} == {TQQQ, O}
        del world.market.broken[XLF]
        await bench.until(OPEN + timedelta(seconds=90))
        assert XLF in {order.request.symbol for order in await bench.orders()}


async def test_says_at_start_when_the_call_limit_is_too_low_s3(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-1), calls_per_second=0.1) as bench:
        [started] = await bench.told(Started)
        assert any("some checks will be left out" in english(note) for note in started.notes)


async def test_looks_asked_for_at_the_same_time_are_shared(tmp_path: Path) -> None:
    async with running(tmp_path, ready(10), settings=one(rsi_oversold="1")) as bench:
        before = bench.broker.asked["holdings"]
        await asyncio.gather(*[bench.core.trading.account_sync.take("asked") for _ in range(5)])
        assert bench.broker.asked["holdings"] == before + 2  # the one under way served nobody who came later


async def test_checks_begin_at_the_open_on_an_exact_grid_and_end_at_the_close_s10_s33_s50(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-30), settings=one(check_interval_minutes="30", rsi_oversold="1")) as bench:
        await bench.until(OPEN + timedelta(hours=8))
        at = await checked_at(bench)
        assert at == [OPEN + timedelta(minutes=30 * n) for n in range(13)]


async def test_hours_of_the_settings_s30_s31_s32(tmp_path: Path) -> None:
    settings = one(
        market_start_time="10:00",
        market_end_time="11:00",
        auto_shutdown_time="11:30",
        check_interval_minutes="20",
        rsi_oversold="1",
    )
    async with running(tmp_path, ready(-1), settings=settings) as bench:
        await bench.until(OPEN + timedelta(hours=1, minutes=59))
        assert await checked_at(bench) == [OPEN + timedelta(minutes=minute) for minute in (30, 50, 70)]
        assert not await bench.told(SessionClosed)
        await bench.until(OPEN + timedelta(hours=2))
        [closed] = await bench.told(SessionClosed)
        assert closed.next_open == OPEN + timedelta(days=1)
        await bench.until(OPEN + timedelta(days=1, minutes=31))  # D6: the next session starts by itself
        assert (await checked_at(bench))[-1] == OPEN + timedelta(days=1, minutes=30)


@pytest.mark.parametrize("day", ["2026-03-06", "2026-03-09", "2026-10-30", "2026-11-02", "2026-11-27"])
async def test_first_check_over_both_clock_changes_and_a_half_day_s10(tmp_path: Path, day: str) -> None:
    session = session_on(datetime.fromisoformat(day).replace(tzinfo=UTC).date())
    assert session is not None
    world = World.at(session.opens_at - timedelta(minutes=5))
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=one(check_interval_minutes="60", rsi_oversold="1")) as bench:
        await bench.until(session.closes_at + timedelta(minutes=40))
        since = await bench.storage.decisions.since(session.opens_at - timedelta(hours=1))
        assert since[0].decided_at == session.opens_at
        assert since[-1].decided_at < session.closes_at


def test_grid_leaves_out_what_a_long_cycle_missed_s33() -> None:
    session = session_on(OPEN.date())
    assert session is not None
    window, minute = window_of(session, one()), timedelta(minutes=1)
    assert next_check(window, None, minute, OPEN - minute) == OPEN
    assert next_check(window, OPEN, minute, OPEN + timedelta(seconds=20)) == OPEN + minute
    assert next_check(window, OPEN, minute, OPEN + timedelta(seconds=150)) == OPEN + 3 * minute
    assert missed(OPEN, OPEN + 3 * minute, minute) == 2
    assert next_check(window, session.closes_at - minute, minute, session.closes_at - minute) is None


async def test_overruns_are_counted_and_told_s33(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-1), settings=one(rsi_oversold="1")) as bench:
        await bench.until(OPEN + timedelta(seconds=30))
        bench.broker.fail("holdings", "hang")
        await bench.until(OPEN + timedelta(minutes=3, seconds=30))
        bench.broker.unhang()
        await bench.settle()
        await bench.until(OPEN + timedelta(minutes=5))
        assert bench.core.session.day.overruns == 2
        assert [event.key for event in await bench.told(Notable)] == ["overrun"]
        assert (await checked_at(bench))[-1] == OPEN + timedelta(minutes=5)


async def test_interval_changed_in_the_chat_holds_from_the_next_check(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-1), settings=one(rsi_oversold="1")) as bench:
        await bench.until(OPEN + timedelta(seconds=70))
        draft = bench.core.base.book.draft("CHECK_INTERVAL_MINUTES", "5", symbol=None, until=None)
        await bench.core.base.book.apply(draft, user_id=OWNER)
        await bench.until(OPEN + timedelta(minutes=12))
        assert await checked_at(bench) == [OPEN + timedelta(minutes=minute) for minute in (0, 1, 6, 11)]


@pytest.mark.parametrize("start", [0, 87])
async def test_buy_delay_is_exact_and_survives_a_restart_s34(tmp_path: Path, start: int) -> None:
    """S34, D5: no second buy at 4:59, one at 5:00 after the broker's acceptance; over a restart and Korean midnight."""
    world, begin = ready(start), OPEN + timedelta(minutes=start)  # 87 minutes in it is 23:57 in Seoul
    async with running(tmp_path, world, settings=one()) as bench:
        await bench.until(begin + timedelta(minutes=3))
        assert len(await bench.orders()) == 1
    async with running(tmp_path, world, settings=one()) as bench:
        await bench.until(begin + timedelta(minutes=4, seconds=59))
        assert len(await bench.orders()) == 1
        assert gate(await newest(bench), "buy_delay") is False
        await bench.until(begin + timedelta(minutes=6))
        assert len(await bench.orders()) == 2


@pytest.mark.parametrize("put_s", [-86_400, -3600, -60, 60, 3600])
async def test_a_clock_that_is_set_makes_the_buy_delay_neither_longer_nor_shorter_s34(
    tmp_path: Path, put_s: int
) -> None:
    """The check after a jump is made at once, and the next ones a minute apart from there."""
    world = ready(120)
    async with running(tmp_path, world, settings=one()) as bench:
        await bench.pass_time(130)
        assert len(await bench.orders()) == 1
        world.clock.put(put_s)
        await bench.pass_time(169)
        assert len(await bench.orders()) == 1
        assert gate(await newest(bench), "buy_delay") is False
        await bench.pass_time(12)
        assert len(await bench.orders()) == 2


async def test_after_a_restart_on_a_clock_put_back_the_delay_is_waited_once_more_at_most_s34(tmp_path: Path) -> None:
    world = ready(120)
    async with running(tmp_path, world, settings=one()) as bench:
        await bench.pass_time(130)
        assert len(await bench.orders()) == 1
    world.clock.put(-3600)
    async with running(tmp_path, world, settings=one()) as bench:
        await bench.pass_time(290)
        assert len(await bench.orders()) == 1
        await bench.pass_time(71)
        assert len(await bench.orders()) == 2


async def test_a_rejected_order_starts_no_delay_d5(tmp_path: Path) -> None:
    async with running(tmp_path, ready(0), settings=one()) as bench:
        [order] = await bench.orders()
        assert order.status is OrderStatus.FILLED
    world = ready(0)
    world.broker.fail("submit", "reject")
    async with running(tmp_path / "rejected", world, settings=one()) as bench:
        await bench.until(OPEN + timedelta(seconds=61))
        assert [order.status for order in await bench.orders()] == [OrderStatus.REJECTED, OrderStatus.FILLED]


async def test_twenty_tickers_at_300_ms_a_call_finish_within_one_interval_s3(tmp_path: Path) -> None:
    symbols = [Symbol.parse(f"NASDAQ:T{letter}") for letter in "ABCDEFGHIJKLMNOPQRST"]
    world = ready(-1, *symbols)
    settings = trading_settings(
        trading_tickers=",".join(str(symbol) for symbol in symbols), rsi_oversold="1", rsi_overbought="99"
    )
    async with running(tmp_path, world, settings=settings, ticks=False) as bench:
        world.market.latency_s = 0.3
        await bench.until(OPEN + timedelta(minutes=1, seconds=59))
        assert bench.core.session.day.overruns == 0
        for symbol in symbols:
            first, second = await checked_at(bench, symbol)
            assert first < OPEN + timedelta(seconds=59)
            assert second >= OPEN + timedelta(minutes=1)


async def test_sizing_and_d4_nothing_for_zero_shares_s36_d12(tmp_path: Path) -> None:
    async with running(tmp_path / "some", ready(-1), settings=one()) as bench:
        await bench.until(OPEN + timedelta(seconds=5))
        [order] = await bench.orders()
        assert order.request.qty == 29  # floor(3000 / (100.01 x 1.0025))
        assert order.request.limit_price == Decimal("100.01")
    async with running(tmp_path / "none", ready(-1, cash="300"), settings=one()) as bench:
        await bench.until(OPEN + timedelta(seconds=5))
        assert await bench.orders() == []
        decision = await newest(bench)
        assert (decision.reason, gate(decision, "cash")) == ("qty_zero", False)


async def test_a_small_holding_sells_one_share_d4_s37(tmp_path: Path) -> None:
    world = ready(-1)
    world.broker.hold(TQQQ, 2, Decimal(90))
    settings = one(rsi_oversold="1", rsi_overbought="2", sell_confirm="none", min_order_usd="off")
    async with running(tmp_path, world, settings=settings) as bench:
        await bench.until(OPEN + timedelta(seconds=5))
        [order] = await bench.orders()
        assert (order.request.side, order.request.qty) == (Side.SELL, 1)
        await bench.until(OPEN + timedelta(minutes=4, seconds=59))  # S35
        assert len(await bench.orders()) == 1
        await bench.until(OPEN + timedelta(minutes=5))
        assert len(await bench.orders()) == 2


async def test_both_signals_trade_nothing_and_warn_once_d11(tmp_path: Path) -> None:
    world = ready(-1)
    world.broker.hold(TQQQ, 2, Decimal(90))
    settings = one(rsi_oversold="50", rsi_overbought="60", sell_confirm="none")
    async with running(tmp_path, world, settings=settings) as bench:
        book = bench.core.base.book
        weird = settings.model_copy(update={"rsi_oversold": Decimal(90), "rsi_overbought": Decimal(1)})
        book._base = weird
        book._forget()
        await bench.until(OPEN + timedelta(minutes=3))
        assert await bench.orders() == []
        assert len(await bench.told(BothSignals)) == 1
        assert (await newest(bench)).reason == "both_signals"


@pytest.mark.parametrize("set_by", [None, OWNER])
async def test_a_blocked_signal_is_told_once_with_the_guards_name_s8(tmp_path: Path, set_by: int | None) -> None:
    """Not where it is the mode a person chose: that is no news to them."""
    async with running(tmp_path, ready(-1), settings=one()) as bench:
        await bench.core.base.modes.set(
            ModeState(mode=Mode.PAUSE_BUYS, symbol=None, set_by=set_by, set_at=bench.clock.now(), reason="", until=None)
        )
        await bench.until(OPEN + timedelta(minutes=3))
        told = [(blocked.side, blocked.guards) for blocked in await bench.told(SignalBlocked)]
        assert told == ([("buy", ("mode",))] if set_by is None else [])
        assert (await newest(bench)).reason == "blocked:mode"
        assert await bench.orders() == []


async def test_a_sell_signal_of_a_ticker_not_held_is_no_news(tmp_path: Path) -> None:
    settings = one(rsi_oversold="1", rsi_overbought="2", sell_confirm="none")
    async with running(tmp_path, ready(-1), settings=settings) as bench:
        await bench.until(OPEN + timedelta(minutes=3))
        assert (await newest(bench)).reason == "blocked:holding"
        assert await bench.told(SignalBlocked) == []


@pytest.mark.parametrize("interval", list(Interval))
async def test_every_interval_gives_values_s40_s41(tmp_path: Path, interval: Interval) -> None:
    settings = one(rsi_interval=interval.value, macd_interval=interval.value, rsi_oversold="1")
    async with running(tmp_path, ready(65), settings=settings) as bench:
        await bench.pass_time(61)
        indicators = (await newest(bench)).indicators
        assert indicators is not None
        assert indicators.rsi is not None
        assert indicators.macd is not None
        assert indicators.rsi_interval == interval.value
        assert indicators.bars_used == ("live" if interval is Interval.DAY else "closed")  # D2


async def test_minute_bars_from_ticks_where_none_can_be_asked_for_d9(tmp_path: Path) -> None:
    world = ready(-1)
    world.market.minute_bars = False
    async with running(tmp_path, world, settings=one(macd_interval="1", rsi_oversold="1")) as bench:
        for minute in range(105):
            await bench.until(OPEN + timedelta(minutes=minute, seconds=30))
            bench.price(TQQQ, "100.5" if minute % 2 else "99.5")
        await bench.until(OPEN + timedelta(minutes=106))
        decision = await newest(bench)
        assert decision.indicators is not None
        assert decision.indicators.macd_bars >= 100
        assert decision.indicators.macd is not None
        [started] = await bench.told(Started)
        assert any("QUOTE_APP_KEY" in english(note) for note in started.notes)
        assert [event.key for event in await bench.told(Notable)] == ["warm:NASDAQ:TQQQ"]


async def test_a_history_that_failed_at_start_is_fetched_though_ticks_made_bars_meanwhile_s47(tmp_path: Path) -> None:
    """S47: bars begun by ticks while the source was down are no history; with it back, the warm-up is complete."""
    world = ready(-1)
    world.market.bars_broken[TQQQ] = TryLater("down")
    async with running(tmp_path, world, settings=one(macd_interval="1", rsi_oversold="1")) as bench:
        for minute in range(4):
            await bench.until(OPEN + timedelta(minutes=minute, seconds=30))
            bench.price(TQQQ, "100.5" if minute % 2 else "99.5")
        del world.market.bars_broken[TQQQ]
        await bench.until(OPEN + timedelta(minutes=6))
        decision = await newest(bench)
        assert decision.indicators is not None
        assert decision.indicators.macd_bars >= 100


async def test_a_hand_made_order_blocks_both_sides_s54(tmp_path: Path) -> None:
    world = ready(-1)
    async with running(tmp_path, world, settings=one()) as bench:
        world.broker.hand_order(TQQQ, Side.BUY, 1, Decimal(50))
        await bench.until(OPEN + timedelta(seconds=5))
        decision = await newest(bench)
        assert decision.reason == "blocked:no_open_order"
        assert gate(decision, "no_open_order", "sell") is False


async def test_unknown_is_blocked_when_the_account_cannot_be_asked_s54(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-1), settings=one()) as bench:
        bench.broker.fail("orders", "try_later", times=50)
        await bench.until(OPEN + timedelta(seconds=5))
        decision = await newest(bench)
        assert gate(decision, "no_open_order") is None
        assert decision.action is DecisionAction.NONE
        assert await bench.orders() == []


async def test_no_buy_until_reconciled_promise_2(tmp_path: Path) -> None:
    world = ready(1)
    world.broker.fail("orders", "try_later", times=2)
    async with running(tmp_path, world, settings=one()) as bench:
        assert await bench.orders() == []
        await bench.pass_time(61)
        assert bench.core.trading.account_sync.reconciled
        assert len(await bench.orders()) == 1


async def test_cash_for_the_limit_price_with_fees_s53(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-1), settings=one(buy_rate="1")) as bench:
        await bench.until(OPEN + timedelta(seconds=5))
        [order] = await bench.orders()
        cost = order.request.qty * order.request.limit_price * Decimal("1.0025")
        assert cost <= 10_000 < cost + Decimal("100.5")


async def test_caps_hold_when_several_tickers_buy_in_the_same_check(tmp_path: Path) -> None:
    """Section 7: MAX_OPEN_TICKERS and MAX_ORDERS_PER_DAY are never passed by orders placed side by side."""
    world = ready(-1, TQQQ, O, XLF)
    settings = trading_settings(**{**BUYS, "max_open_tickers": "2", "max_orders_per_day": "2"})
    async with running(tmp_path, world, settings=settings) as bench:
        await bench.until(OPEN + timedelta(minutes=20))
        assert len(await bench.orders()) == 2
        assert len({order.request.symbol for order in await bench.orders()}) == 2


async def test_max_position_rate_makes_the_order_smaller_then_none(tmp_path: Path) -> None:
    settings = one(buy_delay_min="0", max_position_rate="0.5", buy_rate="0.4")
    async with running(tmp_path, ready(-1), settings=settings) as bench:
        await bench.until(OPEN + timedelta(minutes=5))
        held = sum(order.filled_qty for order in await bench.orders())
        assert 45 <= held <= 50
        assert gate(await newest(bench), "caps") is not True


async def test_daily_loss_limit_leaves_protect_only_until_released(tmp_path: Path) -> None:
    world = ready(-1)
    world.broker.hold(TQQQ, 90, Decimal(100))
    settings = one(rsi_oversold="1", stop_loss_rate="off", daily_loss_limit_pct="3")
    async with running(tmp_path, world, settings=settings) as bench:
        await bench.until(OPEN + timedelta(minutes=1))
        bench.price(TQQQ, "92")
        await bench.until(OPEN + timedelta(minutes=3))
        assert bench.core.base.modes.account.mode == "protect_only"
        [changed] = await bench.told(ModeChanged)
        assert changed.state.reason == "daily_loss_limit"
        await bench.core.base.modes.set(
            ModeState(mode=Mode.RUN, symbol=None, set_by=OWNER, set_at=bench.clock.now(), reason="", until=None)
        )
        await bench.until(OPEN + timedelta(minutes=6))
        assert bench.core.base.modes.account.mode == "run"


async def test_wide_spread_and_old_quotes_refuse_a_trade(tmp_path: Path) -> None:
    world = ready(-1)
    world.market.spread = Decimal(4)
    async with running(tmp_path, world, settings=one()) as bench:
        await bench.until(OPEN + timedelta(seconds=5))
        assert (await newest(bench)).reason == "blocked:quote_usable"
        world.market.spread = Decimal("0.02")
        world.market.broken[TQQQ] = TryLater("down")
        await bench.until(OPEN + timedelta(minutes=1))
        decision = await newest(bench)
        assert decision.reason == "blocked:data_fresh"
        assert decision.quote_age_s is not None
        assert decision.quote_age_s > 30
        assert await bench.orders() == []


async def test_a_decision_records_every_gate_of_both_sides_s99(tmp_path: Path) -> None:
    async with running(tmp_path, ready(-1), settings=one(rsi_oversold="1")) as bench:
        await bench.until(OPEN + timedelta(seconds=5))
        decision = await newest(bench)
        names = {(one.side, one.key) for one in decision.gates}
        common = {"mode", "hours", "lock", "data_fresh", "quote_usable", "no_open_order", "caps"}
        assert {("buy", name) for name in common | {"rsi_oversold", "buy_delay", "cash", "reconciled"}} <= names
        sell = common | {"rsi_overbought", "macd_confirm", "sell_delay", "holding"}
        assert {("sell", name) for name in sell} <= names
        assert decision.settings["RSI_OVERSOLD"] == "1"
        assert decision.quote_age_s is not None


async def test_signal_orders_do_not_rest(tmp_path: Path) -> None:
    """D10: re-priced at fresh quotes, then canceled and told."""
    settings = one(order_timeout_s="10", order_reprices="1", check_interval_minutes="60")
    async with running(tmp_path, ready(-1), settings=settings) as bench:
        bench.broker.matching = False
        await bench.until(OPEN + timedelta(seconds=5))
        bench.price(TQQQ, "101")
        await bench.until(OPEN + timedelta(seconds=45))
        [order] = await bench.orders()
        assert order.reprices == 1
        assert order.limit_price == Decimal("101.01")
        assert order.status is OrderStatus.CANCELED

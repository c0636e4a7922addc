"""A scripted day without any human action (rows S1, S2, S6 to S8, S49, S50, S99)."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from strategy.model import (
    DecisionAction,
    OrderChanged,
    OrderStatus,
    Origin,
    SessionClosed,
    SessionOpened,
    Side,
    Started,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import BEFORE_OPEN, OPEN, TQQQ, World, running
from tests.support.words import english

ONE = {
    "trading_tickers": "NASDAQ:TQQQ",
    "rsi_oversold": "45",
    "rsi_overbought": "55",
    "rsi_interval": "day",
    "macd_interval": "1",
    "stop_poll_s": "600",
    "check_interval_minutes": "5",
}


async def test_a_day_open_oversold_fill_overbought_cross_fill_close_s1_s2(tmp_path: Path) -> None:
    """S1, S2: exactly the expected orders, fills, positions and messages; each order knows its indicators."""
    world = World.at(BEFORE_OPEN)
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=trading_settings(**ONE, buy_delay_min="600")) as bench:
        await bench.until(OPEN + timedelta(minutes=1))
        assert await bench.orders() == []

        bench.price(TQQQ, "97")
        await bench.until(OPEN + timedelta(minutes=6))
        [buy] = await bench.orders()
        assert (buy.request.side, buy.request.origin, buy.status) == (Side.BUY, Origin.SIGNAL, OrderStatus.FILLED)
        assert buy.request.qty == 30  # floor(10,000 x 0.30 / (97.01 incl. 0.25 %)) = 30
        assert buy.request.limit_price == Decimal("97.01")
        decision = await bench.storage.decisions.get(buy.request.decision_id or 0)
        assert decision is not None
        assert decision.action is DecisionAction.BUY
        assert decision.indicators is not None
        assert decision.indicators.rsi is not None
        assert decision.indicators.rsi < 45
        assert all(gate.passed for gate in decision.gates if gate.side == "buy")
        [fill] = await bench.storage.orders.fills(order=buy.no)
        assert (fill.qty, fill.side) == (30, Side.BUY)

        bench.price(TQQQ, "104")
        await bench.until(OPEN + timedelta(minutes=11))
        sells = [order for order in await bench.orders() if order.request.side is Side.SELL]
        assert [(order.request.qty, order.status) for order in sells] == [(9, OrderStatus.FILLED)]  # floor(30 x 0.30)
        sold = await bench.storage.decisions.get(sells[0].request.decision_id or 0)
        assert sold is not None
        assert sold.indicators is not None
        assert sold.indicators.golden_cross is not None

        bench.price(TQQQ, "100")
        await bench.until(OPEN + timedelta(hours=7, minutes=1))
        assert len(await bench.orders()) == 2
        held = (await bench.core.trading.account_sync.take("asked")).of(TQQQ)
        assert held is not None
        assert held.qty == 21

        kinds = [event.kind for event in await bench.events()]
        assert kinds.count("started") == kinds.count("session_opened") == kinds.count("session_closed") == 1
        [closed] = await bench.told(SessionClosed)
        assert (closed.orders, closed.fills) == (2, 2)
        assert closed.bought == Decimal("97.01") * 30
        assert closed.checks == 78
        assert closed.overruns == 0
        states = [event.order.status for event in await bench.told(OrderChanged) if event.order.no == buy.no]
        assert states[0] is OrderStatus.SENT
        assert states[-1] is OrderStatus.FILLED


async def test_start_card_and_one_open_card_per_session_s46_s49(tmp_path: Path) -> None:
    """S46 to S49: prices, warm-up, the stream's own word, holdings; the open is told once, restarts included."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 5, Decimal(99))
    settings = trading_settings(**{**ONE, "rsi_oversold": "5"})
    async with running(tmp_path, world, settings=settings) as bench:
        [started] = await bench.told(Started)
        assert started.tickers == ((TQQQ, Decimal(100)),)
        assert all(there >= needed for _, _, there, needed in started.warmup)
        assert english(started.stream) == "connected, order notices subscribed"
        assert started.holdings is not None
        assert [(p.qty, p.sellable_qty) for p in started.holdings.positions] == [(5, 5)]
        [opened] = await bench.told(SessionOpened)
        assert opened.session_on == "2026-09-15"
        assert opened.holdings is not None
    async with running(tmp_path, world, settings=settings) as bench:
        assert len(await bench.told(Started)) == 2
        assert len(await bench.told(SessionOpened)) == 1

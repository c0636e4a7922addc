"""One consistent snapshot per decision; halted or wide quotes refuse a trade with the reason, by rule and by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ta.momentum import RSIIndicator
from ta.trend import MACD

from strategy.market import indicators
from strategy.model import (
    Amount,
    AmountKind,
    FreshGate,
    Indicators,
    Side,
    Symbol,
    TryLater,
    return_percent,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import english

SETTINGS = trading_settings(
    trading_tickers="NASDAQ:TQQQ", rsi_oversold="60", rsi_overbought="99", stop_loss_rate="-50", buy_delay_min="0"
)
ONE = Amount(kind=AmountKind.SHARES, value=Decimal(1))


@pytest.fixture
def world() -> World:
    made = World.at(OPEN + timedelta(minutes=10))
    made.ready(TQQQ)
    made.broker.hold(TQQQ, 5, Decimal(100))
    return made


@pytest.fixture
async def bench(tmp_path: Path, world: World) -> AsyncIterator[Bench]:
    """Without ticks: each price is asked for."""
    async with running(tmp_path, world, settings=SETTINGS, ticks=False) as made:
        yield made


async def test_every_gate_of_a_decision_speaks_of_the_same_moment(bench: Bench) -> None:
    """The price moves while each answer is on its way; what is recorded and ordered still fits together."""
    bench.market.latency_s = 0.4
    for n in range(40):
        bench.price(TQQQ, Decimal("99.00") - Decimal(n) / 20, tick=False)
        await bench.pass_time(3)
    decisions = await bench.storage.decisions.since(OPEN)
    assert len(decisions) >= 2
    for decision in decisions:
        if decision.last is None or decision.average_cost is None or decision.quote_age_s is None:
            continue
        assert decision.bid == decision.last - Decimal("0.01")
        assert decision.ask == decision.last + Decimal("0.01")
        assert decision.return_percent == return_percent(decision.average_cost, decision.last)
        ages = {gate.observed for gate in decision.gates if isinstance(gate, FreshGate)}
        assert ages == {decision.quote_age_s}
        assert decision.indicators is not None
        if decision.limit_price is not None:
            assert decision.limit_price == decision.ask
    orders = {order.request.decision_id: order for order in await bench.orders()}
    assert orders
    for decision in decisions:
        if decision.id in orders:
            assert orders[decision.id].request.limit_price == decision.limit_price


async def test_a_halted_ticker_is_neither_bought_by_rule_nor_by_hand_and_says_why(bench: Bench) -> None:
    before = len(bench.broker.submitted)
    bench.market.halted.add(TQQQ)
    await bench.pass_time(130)
    decision = await bench.core.control.tickers.why(TQQQ)
    assert decision is not None
    assert "quote_usable" in {gate.key for gate in decision.gates if gate.side == "buy" and gate.passed is not True}
    assert len(bench.broker.submitted) == before
    for side in Side:
        preview = await bench.core.control.orders.manual.preview(OWNER, side, TQQQ, ONE, None)
        assert preview.ticket is None
        assert "Trading of this ticker is halted." in [english(refusal) for refusal in preview.refusals]


async def test_a_wide_spread_refuses_the_rule_and_is_pointed_out_by_hand(bench: Bench) -> None:
    before = len(bench.broker.submitted)
    bench.market.spread = Decimal(4)
    await bench.pass_time(130)
    decision = await bench.core.control.tickers.why(TQQQ)
    assert decision is not None
    assert decision.reason == "blocked:quote_usable"
    assert len(bench.broker.submitted) == before
    preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, ONE, None)
    assert any("spread is wide" in english(warning) for warning in preview.warnings)


async def test_a_price_that_is_too_old_refuses_the_rule_with_its_age(bench: Bench) -> None:
    await bench.pass_time(20)
    before = len(bench.broker.submitted)
    bench.market.broken[TQQQ] = TryLater("down")
    await bench.pass_time(121)
    decision = await bench.core.control.tickers.why(TQQQ)
    assert decision is not None
    assert decision.reason == "blocked:data_fresh"
    assert decision.quote_age_s is not None
    assert decision.quote_age_s > SETTINGS.quote_max_age_s
    assert len(bench.broker.submitted) == before


async def test_between_the_two_indicators_of_a_ticker_everybody_else_has_a_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is the longest thing the loop does in one go, and the first one's work is not done twice."""
    watch = bench.core.trading.watch
    seen: list[str] = []

    def told(kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def compute(*args: Any, **kwargs: Any) -> Any:
            seen.append(kind)
            return real(*args, **kwargs)

        return compute

    monkeypatch.setattr("strategy.market.indicators.RSIIndicator", told("rsi", RSIIndicator))
    monkeypatch.setattr("strategy.market.indicators.MACD", told("macd", MACD))

    async def ticking() -> None:
        while "macd" not in seen:
            seen.append("tick")
            await asyncio.sleep(0)

    indicators.rsi.cache_clear()
    indicators.macd.cache_clear()
    async with asyncio.TaskGroup() as group:
        computing = group.create_task(watch.indicators_in_turn(TQQQ, Decimal("98.76")))
        group.create_task(ticking())
    assert [what for what in seen if what != "tick"] == ["rsi", "macd"]
    assert "tick" in seen[seen.index("rsi") : seen.index("macd")]
    assert computing.result() == watch.indicators(TQQQ, Decimal("98.76"))


async def test_between_the_indicators_of_two_tickers_everybody_else_has_a_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Computing takes milliseconds: all tickers at once would hold up ticks and stops; an order goes first."""
    watch = bench.core.trading.watch
    seen: list[str] = []
    real = watch.indicators

    def computing(symbol: Symbol, last: Decimal | None) -> Indicators:
        seen.append("computed")
        return real(symbol, last)

    async def ticking() -> None:
        while seen.count("computed") < 5:
            seen.append("tick")
            await asyncio.sleep(0)

    monkeypatch.setattr(watch, "indicators", computing)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(watch.indicators_in_turn(TQQQ, None))
        group.create_task(ticking())
    at = [n for n, what in enumerate(seen) if what == "computed"]
    assert len(at) == 5
    assert all("tick" in seen[earlier:later] for earlier, later in pairwise(at))

    del seen[:]
    async with asyncio.TaskGroup() as group:
        with bench.core.trading.desk.precedence():
            group.create_task(watch.indicators_in_turn(TQQQ, None))
            for _ in range(20):
                await asyncio.sleep(0)
            assert seen == []
    assert seen == ["computed"]

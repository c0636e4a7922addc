"""Asked before trading, a ticker added, a price waited for: through the client and the simulated broker."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from bot.localchat import DEFAULT_OWNER_ID
from kis.simulator.demo import demo
from kis.simulator.options import KeySpec, Served, SimulatorOptions
from strategy.model import InvalidInput, OutcomeKind, Symbol
from tests.scenarios.test_alarms import told
from tests.scenarios.world import QUOTE_KEY, World, running

TQQQ = Symbol.parse("NASDAQ:TQQQ")
ASKING = {
    "trading_tickers": "NASDAQ:TQQQ",
    "trade_mode": "approve",
    "rsi_oversold": "98",
    "rsi_overbought": "99",
    "max_position_rate": "1",
    "approval_drift_pct": "10",
    "approval_min": "60",
}


Answer = TypeVar("Answer")


async def meanwhile(world: World, call: Coroutine[Any, Any, Answer], seconds: float = 30) -> Answer:
    """Let market time pass while a call is under way: the broker's client paces its requests by it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(call)
        await world.until(world.clock.now() + timedelta(seconds=seconds))
    return task.result()


async def refused(call: Coroutine[Any, Any, object]) -> bool:
    try:
        await call
    except InvalidInput:
        return True
    return False


async def test_an_approved_buy_a_new_ticker_and_a_price_alert(tmp_path: Path) -> None:
    day = demo()
    options = SimulatorOptions(keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=ASKING) as world:
        control = world.program.core.control
        await world.until(day.start + timedelta(minutes=3))
        [card] = control.orders.proposals.open()
        assert (await world.state())["orders"] == []
        assert card.ticket is not None
        outcome = await meanwhile(world, control.confirmations.confirm(card.ticket, DEFAULT_OWNER_ID))
        assert outcome.kind is OutcomeKind.DONE
        [order] = (await world.state())["orders"]
        assert (order["side"], order["qty"]) == ("buy", card.qty)

        assert await meanwhile(world, refused(control.watchlist.preview_add(DEFAULT_OWNER_ID, "QQQQX")))
        preview = await meanwhile(world, control.watchlist.preview_add(DEFAULT_OWNER_ID, "XLF"))
        assert str(preview.symbol) == "AMEX:XLF"  # NASDAQ and NYSE do not quote it
        assert preview.ticket is not None
        await meanwhile(world, control.confirmations.confirm(preview.ticket, DEFAULT_OWNER_ID), 90)
        assert await world.program.storage.decisions.latest(preview.symbol) is not None

        await meanwhile(world, control.price_alerts.add(DEFAULT_OWNER_ID, TQQQ, above=False, price=Decimal("59.00")))
        await world.control("tick", symbol="TQQQ", last="58.90", bid="58.89", ask="58.91")
        await world.until(world.clock.now() + timedelta(seconds=5))
        chat = await told(world)
        assert list(await control.price_alerts.all()) == []
    assert chat.count("$59.00") == 1

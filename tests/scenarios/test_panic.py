"""The panic through the whole program: simulated KIS, real client, storage and chat."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from bot.localchat import DEFAULT_OWNER_ID
from kis.simulator.demo import demo
from kis.simulator.options import Holding, SimulatorOptions
from strategy.model import Mode
from tests.scenarios.test_alarms import NO_SIGNALS, QUOTES, told
from tests.scenarios.world import World, running

Answer = TypeVar("Answer")


async def asked(world: World, question: Coroutine[Any, Any, Answer]) -> Answer:
    """Let the market's time go on while something is asked that waits for the broker's pace."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(question)
        await world.until(world.clock.now() + timedelta(seconds=20))
    return task.result()


async def test_everything_is_sold_by_the_brokers_own_books_and_told(tmp_path: Path) -> None:
    """A traded ticker and one that is not: both go, an order by hand is canceled, the mode is Protect only."""
    day = demo()
    options = SimulatorOptions(
        keys=(QUOTES,),
        holdings=(
            Holding(symbol="TQQQ", qty=100, average=Decimal("61.00")),
            Holding(symbol="O", qty=7, average=Decimal("55.00")),
        ),
    )
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(minutes=2))
        await world.control("order", symbol="TQQQ", side="sell", qty=5, price="90.00")
        await world.until(world.clock.now() + timedelta(minutes=2))
        control = world.program.core.control
        shown = await asked(world, control.orders.panic.preview(DEFAULT_OWNER_ID))
        assert {line.symbol.ticker: (line.qty, line.watched) for line in shown.lines} == {
            "TQQQ": (100, True),
            "O": (7, False),
        }
        assert len(shown.orders) == 1
        assert shown.ticket_all is not None
        await asked(world, control.confirmations.confirm(shown.ticket_all, DEFAULT_OWNER_ID))
        await world.until(world.clock.now() + timedelta(minutes=5))
        books, chat = await world.state(), await told(world)
        assert books["positions"] == []
        assert books["open_orders"] == []
        assert world.program.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert "남은 주식도 미체결 주문도 없습니다" in chat

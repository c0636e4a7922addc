"""The whole program about itself: health, diagnosis, results and files, with the broker and the chat beside it.

Rows S103, S109.
"""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from kis.simulator.demo import demo
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from strategy.model import HealthLine, Period, Service
from tests.scenarios.world import KEY, QUOTE_KEY, SECRET, World, running
from tests.support.words import bilingual, english

QUOTES = KeySpec(app_key=QUOTE_KEY, environment=Served.REAL)
NO_SIGNALS = {"trading_tickers": "NASDAQ:TQQQ", "rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "60"}


async def diagnosed(world: World) -> list[HealthLine]:
    """Run the diagnosis while market time passes: its calls wait for their turn in it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(world.program.core.control.system.diagnose())
        async with asyncio.timeout(60):
            while not task.done():
                await world.until(world.clock.now() + timedelta(seconds=1))
                await asyncio.sleep(0.001)  # names are looked up in a thread
    return list(task.result())


async def test_a_healthy_program_says_so_and_places_nothing_s103_s109(tmp_path: Path) -> None:
    day = demo()
    options = SimulatorOptions(keys=(QUOTES,), holdings=(Holding(symbol="TQQQ", qty=10, average=Decimal("61.00")),))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(minutes=2))
        health = await world.program.core.control.system.health()
        steps = await diagnosed(world)
        books = await world.state()
        assert tuple(world.program.kis.book.watched()) == world.program.core.base.book.tickers
    bad = [
        line for line in health.lines if line.ok is False and english(line.name) != "Loop lag"
    ]  # tests share a machine
    assert bad == []
    names = {english(line.name): line for line in health.lines}
    assert {"Stops", "Storage", "Outbox", "Telegram", "KIS token", "KIS calls", "Memory"} <= names.keys()
    assert names["Stops"].ok
    assert names["KIS token"].ok
    assert {Service.LAG, Service.ALERTS, Service.CHAT, Service.ENGINE} <= {task.service for task in health.tasks}
    assert [line for line in steps if line.ok is not True] == []
    told = {english(line.name) for line in steps}
    assert {"Access token", "Account inquiry", "Quote of TQQQ", "WebSocket handshake", "Telegram bot (getMe)"} <= told
    assert books["orders"] == []
    words = "".join(bilingual(line.name) + bilingual(line.detail) for line in (*health.lines, *steps))
    assert not any(secret in words for secret in (KEY, QUOTE_KEY, SECRET, "5012345601", "50123456"))


async def test_a_stop_is_in_the_results_and_its_warning_in_the_logs(tmp_path: Path) -> None:
    day = demo()
    options = SimulatorOptions(keys=(QUOTES,), holdings=(Holding(symbol="TQQQ", qty=100, average=Decimal("61.00")),))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(minutes=2))
        await world.control("tick", symbol="TQQQ", last="57.00", bid="56.99", ask="57.01")
        await world.until(world.clock.now() + timedelta(minutes=2))
        control = world.program.core.control
        books = await world.state()
        today = await control.results.periods(Period.DAY, 1)
        statistics = await control.results.statistics()
        trades = await control.results.trades(500)
        files = [each async for each in control.results.export()]
    assert today.total.sold == sum(Decimal(fill["price"]) * fill["qty"] for fill in books["fills"])
    assert (statistics.wins, statistics.losses, statistics.stops) == (0, 1, 1)
    assert statistics.worst is not None
    assert statistics.worst.sold == 100
    assert today.total.realized == statistics.worst.realized
    assert today.total.result == statistics.worst.result
    assert sum(trade.fill.qty for trade in trades) == 100
    assert files[0].rows == len(trades)
    assert files[2].rows == statistics.decisions

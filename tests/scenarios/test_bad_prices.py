"""What a real feed does to prices, through the whole program: bad prints, old stamps, standing quotes (D15)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kis.simulator.demo import demo
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from tests.scenarios.test_alarms import told
from tests.scenarios.world import QUOTE_KEY, World, running

QUOTES = KeySpec(app_key=QUOTE_KEY, environment=Served.REAL)
QUIET = {"trading_tickers": "NASDAQ:TQQQ", "rsi_oversold": "1", "rsi_overbought": "99"}
BOOK = "HHDFS76200100"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Hold 50 TQQQ near the market, whose stop is at 58.14, three minutes into the demo's session."""
    day = demo()
    options = SimulatorOptions(keys=(QUOTES,), holdings=(Holding(symbol="TQQQ", qty=50, average=Decimal("61.20")),))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=QUIET) as made:
        await made.until(day.start + timedelta(minutes=3))
        yield made


async def held(world: World) -> int:
    return sum(position["qty"] for position in (await world.state())["positions"])


async def pass_time(world: World, seconds: float) -> None:
    await world.until(world.clock.now() + timedelta(seconds=seconds))


async def test_one_print_ten_percent_off_its_book_sells_nothing(world: World) -> None:
    await world.control("tick", symbol="TQQQ", last="54.90", alone=True)
    await pass_time(world, 60)
    assert await held(world) == 50


async def test_a_print_of_two_hours_ago_sells_nothing(world: World) -> None:
    for _ in range(3):
        await world.control("tick", symbol="TQQQ", last="54.90", bid="54.89", ask="54.91", alone=True, stamp_s=-7200)
    await pass_time(world, 60)
    assert await held(world) == 50


async def test_a_real_gap_is_sold_within_two_seconds(world: World) -> None:
    await world.control("tick", symbol="TQQQ", last="54.90", bid="54.88", ask="54.91")
    await pass_time(world, 2)
    assert await held(world) == 0


async def test_a_delayed_stream_is_told_within_thirty_seconds_and_the_stop_goes_by_polling(world: World) -> None:
    await world.control("fault", kind="ws_stale", age_s=900)
    await pass_time(world, 30)
    chat = await told(world)
    assert "15분쯤 늦게" in chat
    assert "실시간 시세" in chat
    await world.control("tick", symbol="TQQQ", last="54.90", bid="54.88", ask="54.91")
    await pass_time(world, 7)
    assert await held(world) == 0


async def test_a_standing_quote_is_told_within_thirty_seconds_and_sells_nothing(world: World) -> None:
    await world.control("fault", kind="ws_silence", seconds=600, pongs=True)
    await world.control("fault", kind="stale_quotes", tr_id=BOOK)
    await pass_time(world, 40)
    chat = await told(world)
    assert "같은 시각에 멈춰" in chat
    await world.say("/status")
    assert "시세가 멈춤" in await world.texts()


async def test_without_book_and_stream_a_second_answer_sells(tmp_path: Path) -> None:
    """The virtual environment alone: no book, no stamp, one call a second, and the trades do not come."""
    day = demo()
    options = SimulatorOptions(holdings=(Holding(symbol="TQQQ", qty=50, average=Decimal("61.20")),))
    trading = {**QUIET, "rsi_interval": "day", "macd_interval": "day"}
    async with running(
        tmp_path, replay=day.path, start=day.start, options=options, trading=trading, quotes=False
    ) as world:
        await world.until(day.start + timedelta(minutes=6))
        await world.control("fault", kind="ws_silence", seconds=600, pongs=True)
        await pass_time(world, 6)
        await world.control("tick", symbol="TQQQ", last="54.90", bid="54.88", ask="54.91")
        await pass_time(world, 10)
        assert await held(world) == 0

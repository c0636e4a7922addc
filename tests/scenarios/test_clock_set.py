"""Fault 23's kind: somebody sets the machine's clock while shares are held. The market's own time goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.demo import demo
from kis.simulator.options import Holding, Served, SimulatorOptions
from strategy.model import Moment, StopFinished, SystemClock, Trouble
from tests.fakes.clock import FakeClock
from tests.scenarios.client_world import TQQQ, ClientWorld, running
from tests.support.words import korean

TRADING = {
    "trading_tickers": "NASDAQ:TQQQ",
    "rsi_oversold": "1",
    "rsi_overbought": "99",
    "stop_loss_rate": "-5",
    "daily_loss_limit_pct": "off",
    "check_interval_minutes": "1",
}
MINUTE, HOUR, DAY = 60, 3600, 86_400
HELD = 50


class Machine(SystemClock):
    """The machine whose clock was set: the time KIS dates its answers by is compared with it."""

    def __init__(self, market: FakeClock) -> None:
        self._market, self._began = market, market.now()

    def now(self) -> Moment:
        real = super().now()
        return Moment.of(real + self._market.now().set_since(self._began), real.ran, self)


@asynccontextmanager
async def holding(directory: Path) -> AsyncIterator[ClientWorld]:
    """Run with fifty shares held two hours after the open, all of it known and reconciled."""
    day = demo()
    options = SimulatorOptions(
        environment=Served.REAL,
        prints_a_minute=2,
        pingpong_s=1800,
        holdings=(Holding(symbol="TQQQ", qty=HELD, average=Decimal("60.00")),),
    )
    start = day.start + timedelta(hours=2)
    async with running(directory, replay=day.path, start=start, trading=TRADING, options=options) as world:
        world.kis.http.transport._machine = Machine(world.clock)
        await world.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.01")
        assert await world.wait_for(
            lambda: (
                world.kis.stream.connected
                and world.core.trading.account_sync.reconciled
                and world.core.protection.watchdog.state(TQQQ).works
            ),
            within_s=60,
        )
        yield world


async def requests(world: ClientWorld) -> int:
    by_tr: dict[str, int] = (await world.books())["requests_by_tr"]
    return sum(by_tr.values())


async def sold(world: ClientWorld) -> int:
    left: int = sum(one["qty"] for one in (await world.books())["positions"] if one["symbol"] == "TQQQ")
    return HELD - left


async def assert_the_stop_sells(world: ClientWorld, *, within_s: float) -> None:
    await world.forget()
    await world.control("tick", symbol="TQQQ", last="55.00", bid="54.99", ask="55.01")
    for _ in range(int(within_s)):
        await world.pass_time(1)
        if await sold(world) == HELD:
            break
    assert await sold(world) == HELD
    await world.pass_time(10)
    assert [event.sold for event in await world.news(StopFinished)] == [HELD]


@pytest.mark.parametrize("put_s", [-HOUR, -MINUTE, MINUTE, HOUR])
async def test_a_clock_that_is_set_stops_no_call_and_no_stop_and_is_told(tmp_path: Path, put_s: int) -> None:
    async with holding(tmp_path) as world:
        before = await requests(world)
        world.clock.put(put_s)
        await world.pass_time(10)
        assert world.core.trading.account_sync.reconciled, "looked at anew within ten seconds"
        assert await requests(world) > before
        told = [event for event in await world.news(Trouble) if event.key == "clock_set"]
        assert len(told) == 1
        assert ("뒤로" in korean(told[0].what)) is (put_s < 0)
        assert ("1시간" in korean(told[0].what)) is (abs(put_s) == HOUR)
        await assert_the_stop_sells(world, within_s=5)


@pytest.mark.parametrize("put_s", [-HOUR, HOUR])
async def test_a_stop_under_way_goes_on_while_the_clock_is_set(tmp_path: Path, put_s: int) -> None:
    async with holding(tmp_path) as world:
        await world.control("tick", symbol="TQQQ", last="55.00", bid="54.99", ask="55.01")
        world.clock.put(put_s)
        await world.pass_time(10)
        assert await sold(world) == HELD


@pytest.mark.parametrize("put_s", [-DAY, -HOUR, HOUR])
@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "timeout_after_accept", "hold_s": 0}])
async def test_a_stop_without_an_answer_ends_as_soon_and_once_though_the_clock_is_set(
    tmp_path: Path, put_s: int, fault: dict[str, Any]
) -> None:
    """It never arrived, or was taken and filled: nobody was told which (fault 34, beside 23)."""
    async with holding(tmp_path) as world:
        await world.forget()
        await world.control("fault", tr_id="TTTT1006U", count=1, **fault)
        await world.control("tick", symbol="TQQQ", last="55.00", bid="54.99", ask="55.01")
        assert await world.wait_for(lambda: world.core.trading.desk.doubts > 0, within_s=5)
        world.clock.put(put_s)
        await world.wait_for(lambda: not world.core.trading.desk.unknown, within_s=45)
        await world.pass_time(15)
        assert await sold(world) == HELD
        sells = [order for order in (await world.books())["orders"] if order["side"] == "sell"]
        assert len(sells) == 1
        assert [event.sold for event in await world.news(StopFinished)] == [HELD]


@pytest.mark.parametrize("put_s", [-DAY, DAY])
async def test_a_day_there_and_back_is_survived(tmp_path: Path, put_s: int) -> None:
    async with holding(tmp_path) as world:
        world.clock.put(put_s)
        await world.pass_time(20)
        world.clock.put(-put_s)
        await world.pass_time(10)
        assert world.core.trading.account_sync.reconciled
        assert world.core.protection.watchdog.state(TQQQ).works
        cycles = world.core.session.day.cycles
        await world.pass_time(61)
        assert world.core.session.day.cycles > cycles, "checks go on"
        await assert_the_stop_sells(world, within_s=5)


async def test_a_machine_that_slept_says_so_and_looks_at_everything(tmp_path: Path) -> None:
    async with holding(tmp_path) as world:
        before = await requests(world)
        await world.simulator.advance_to(world.clock.now() + timedelta(minutes=10))
        world.clock.stand_still(10 * MINUTE)
        await world.pass_time(10)
        assert world.core.trading.account_sync.reconciled
        assert await requests(world) > before
        told = [event for event in await world.news(Trouble) if event.key == "stood_still"]
        assert len(told) == 1
        assert "10분" in korean(told[0].what)
        await world.wait_for(lambda: world.core.protection.watchdog.state(TQQQ).works, within_s=20)
        await assert_the_stop_sells(world, within_s=5)

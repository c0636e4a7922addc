"""Market time from a simulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from kis.simclock import RemoteSimClock, remote_sim_clock
from strategy.model import InvalidInput, TryLater

START = datetime(2013, 10, 7, 13, 30, tzinfo=UTC)


@asynccontextmanager
async def simulator(state: dict[str, object]) -> AsyncIterator[str]:
    async def clock(request: web.Request) -> web.Response:
        return web.json_response(state)

    app = web.Application()
    app.router.add_get("/sim/clock", clock)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_it_follows_a_clock_that_stands_still_and_is_advanced() -> None:
    state: dict[str, object] = {"now": START.isoformat(), "speed": 0}
    async with simulator(state) as url, remote_sim_clock(url) as clock:
        assert clock.now() == START
        waiting = asyncio.timeout(5)
        async with waiting, asyncio.TaskGroup() as group:
            sleeper = group.create_task(clock.sleep(3600))
            state["now"] = (START + timedelta(hours=1)).isoformat()
            await sleeper
        assert clock.now() == START + timedelta(hours=1)


async def test_it_runs_at_the_simulators_speed() -> None:
    state: dict[str, object] = {"now": START.isoformat(), "speed": 3600}
    async with simulator(state) as url, remote_sim_clock(url) as clock:
        async with asyncio.timeout(2):
            await clock.sleep_until(START + timedelta(seconds=60))
        assert clock.now() >= START + timedelta(seconds=60)


async def test_a_changed_speed_shortens_a_sleep_under_way() -> None:
    clock = RemoteSimClock(START, 0.001)
    async with asyncio.timeout(2), asyncio.TaskGroup() as group:
        sleeper = group.create_task(clock.sleep(600))
        await asyncio.sleep(0)
        clock.learn(START, 100_000)
        await sleeper


def test_a_late_poll_does_not_turn_it_back() -> None:
    clock = RemoteSimClock(START, 0)
    clock.learn(START - timedelta(seconds=0.9), 0)
    assert clock.now() == START
    clock.learn(START + timedelta(seconds=1), 0)
    assert clock.now() == START + timedelta(seconds=1)
    clock.learn(START - timedelta(minutes=1), 60, asked_s_ago=2)  # asked two minutes of market time ago
    assert clock.now() >= START + timedelta(seconds=1)


async def test_a_simulator_put_back_is_followed_and_holds_up_nobody_who_waits() -> None:
    clock = RemoteSimClock(START, 0)
    due = clock.now() + timedelta(seconds=30)
    clock.learn(START - timedelta(hours=1), 0)
    assert clock.now() == START - timedelta(hours=1)
    assert clock.now().set_since(due) == -timedelta(hours=1)
    assert due - clock.now() == timedelta(seconds=30)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(clock.sleep_until(due))
        await asyncio.sleep(0)
        clock.learn(START - timedelta(hours=1) + timedelta(seconds=30), 0)


@pytest.mark.parametrize("url", ["https://openapi.koreainvestment.com:9443", "http://example.com", "http://10.0.0.1"])
async def test_only_this_machines_simulator_is_taken(url: str) -> None:
    with pytest.raises(InvalidInput):
        async with remote_sim_clock(url):
            pass


async def test_no_simulator_is_told_at_once() -> None:
    with pytest.raises(TryLater):
        async with remote_sim_clock("http://127.0.0.1:9"):
            pass

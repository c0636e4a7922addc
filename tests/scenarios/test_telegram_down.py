"""Promise 5 through the whole program: Telegram being down, or hanging, changes no trade and loses no alert."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.demo import demo
from kis.simulator.options import Holding, SimulatorOptions
from tests.scenarios.test_alarms import NO_SIGNALS, QUOTES
from tests.scenarios.world import World, facts, running

Fault = dict[str, Any]
Fall = tuple[list[tuple[object, ...]], str]


async def a_fall(directory: Path, fault: Fault | None) -> Fall:
    """Let a stop fire, with a fault of Telegram or none; return when the orders moved, and the chat at the end."""
    day = demo()
    options = SimulatorOptions(keys=(QUOTES,), holdings=(Holding(symbol="TQQQ", qty=100, average=Decimal("61.00")),))
    async with running(directory, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(minutes=2))
        await until_told_all(world)
        if fault is not None:
            await user(world, "POST", fault)
        await world.control("tick", symbol="TQQQ", last="57.00", bid="56.99", ask="57.01")
        await world.until(world.clock.now() + timedelta(minutes=2))
        assert (await world.state())["positions"] == []
        moves = facts(directory)["order_states"]
        if fault is not None:
            assert await world.program.storage.outbox.pending(1)  # nothing could be told meanwhile
            await user(world, "DELETE", {})
        await until_told_all(world)
        chat = await world.texts()
    began = day.start
    return [(since(began, move["at"]), move["status"], move["limit_price"], move["filled_qty"]) for move in moves], chat


def since(began: datetime, at: str) -> float:
    """Return market seconds, to a tenth."""
    return round((datetime.fromisoformat(at) - began).total_seconds(), 1)


async def user(world: World, verb: str, body: Fault) -> None:
    async with world.http.request(verb, f"{world.chat.url}/user/fault", json=body) as response:
        response.raise_for_status()


async def until_told_all(world: World) -> None:
    """Wait, in real time and no market time, until nothing is left to be told."""
    async with asyncio.timeout(60):
        while await world.program.storage.outbox.pending(1):
            world.program.bot.outbox_worker.nudge()
            await world.idle()


@pytest.fixture(scope="module")
def as_usual(tmp_path_factory: pytest.TempPathFactory) -> Fall:
    """Return how it goes while Telegram is well."""
    return asyncio.run(a_fall(tmp_path_factory.mktemp("fine"), None))


@pytest.mark.parametrize(
    "fault",
    [{"kind": "down"}, {"kind": "slow", "seconds": 5, "times": 99}],
    ids=lambda fault: str(fault["kind"]),
)
async def test_no_trade_waits_for_telegram_promise_5(tmp_path: Path, as_usual: Fall, fault: Fault) -> None:
    expected, told = as_usual
    found, told_late = await a_fall(tmp_path / "faulty", fault)
    assert found == expected
    for part in ("🟧", "손절 종료: TQQQ", "/release TQQQ", "체결 완료"):
        assert part in told
        assert part in told_late

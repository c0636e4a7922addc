"""A fault in one service of the whole program: the others go on, the owner is told, nothing is lost."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.alerts.outbox_worker import OutboxWorker
from bot.transport.polling import poll
from kis.simulator.demo import demo
from kis.simulator.options import Holding, SimulatorOptions
from strategy.execution.execution_reports import Notices
from strategy.model import Service, TaskState
from tests.scenarios.test_alarms import NO_SIGNALS, QUOTES
from tests.scenarios.world import World, running

Patch = pytest.MonkeyPatch


def once(whole: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a call that fails the first time."""
    calls = 0

    async def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("injected")
        return await whole(*args, **kwargs)

    return failing


async def until_told(world: World, *words: str) -> str:
    """Wait, in real time and no market time, until the chat has every one of these words."""
    async with asyncio.timeout(30):
        while True:
            chat = await world.texts()
            if all(word in chat for word in words):
                return chat
            await world.idle()


async def test_faults_of_our_own_delay_no_trade_and_lose_no_alert_promise_5(tmp_path: Path, monkeypatch: Patch) -> None:
    """Chat, alerts and order desk fail once each: a stop sells meanwhile, every alert comes, the books agree."""
    monkeypatch.setattr("bot.app.poll", once(poll))
    monkeypatch.setattr(OutboxWorker, "run", once(OutboxWorker.run))
    monkeypatch.setattr(Notices, "apply", once(Notices.apply))
    day = demo()
    options = SimulatorOptions(keys=(QUOTES,), holdings=(Holding(symbol="TQQQ", qty=100, average=Decimal("61.00")),))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(minutes=2))
        await world.control("tick", symbol="TQQQ", last="57.00", bid="56.99", ask="57.01")
        await world.until(world.clock.now() + timedelta(minutes=2))
        books = await world.state()
        assert books["positions"] == []
        names = ("채팅 명령이", "알림 전달이", "주문 처리가")
        stopped = (f"{name} 멈췄습니다" for name in names)
        chat = await until_told(world, *stopped, "규칙으로 거래하지 않습니다", "🟧", "보호 전용")
        assert "injected" not in chat
        supervisor = world.program.core.supervisor
        async with asyncio.timeout(30):
            while not all(one.state is TaskState.RUNNING for one in supervisor.health()):
                await world.idle()
        await world.until(world.clock.now() + timedelta(minutes=1))
        fills = await world.program.storage.orders.fills()
        assert sum(fill.qty for fill in fills) == sum(fill["qty"] for fill in books["fills"]) == 100
        failed = [one for one in supervisor.health() if one.crashed_at is not None]
        assert {(one.service, one.state, one.restarts, one.error) for one in failed} == {
            (name, TaskState.RUNNING, 1, "RuntimeError") for name in (Service.CHAT, Service.ALERTS, Service.DESK)
        }
        await world.say("/status")
        await until_told(world, "보유")

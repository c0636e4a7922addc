"""The order of a stop: commands, then what begins orders, then what carries them, alerts last."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import main
from strategy.model import Service
from strategy.runtime import Activity
from strategy.runtime.supervisor import Supervisor
from tests.fakes.clock import FakeClock, settle

CORE = (Service.DESK, Service.STOPS, Service.PRICE_WATCHDOG, Service.PANIC, Service.STREAM, Service.ENGINE)


class Stand:
    """A program whose services only write down when they end."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.activity = Activity()
        clock = FakeClock(datetime(2026, 9, 15, 13, 30, tzinfo=UTC))
        unasked = cast("Any", None)
        supervisor = Supervisor(notifier=unasked, clock=clock, wall=clock, consequences=unasked)
        core = SimpleNamespace(
            supervisor=supervisor,
            tasks=[(service, self.run(service)) for service in CORE],
            trading=SimpleNamespace(desk=SimpleNamespace(hurry=lambda _: self.ended.append("hurry"))),
            base=SimpleNamespace(activity=self.activity),
            session=SimpleNamespace(engine=SimpleNamespace(begun=asyncio.Event())),  # a start that takes long
        )
        bot = SimpleNamespace(
            tasks=[(Service.REMINDERS, self.run(Service.REMINDERS))],
            chat=self.run(Service.CHAT),
            deliver=self.run(Service.ALERTS),
            drain=self.drain,
        )
        lag, sweeper = SimpleNamespace(run=self.run(Service.LAG)), SimpleNamespace(run=self.run(Service.MEMORY))
        self.program = cast("main.Program", SimpleNamespace(core=core, bot=bot, lag=lag, sweeper=sweeper))

    def run(self, service: Service) -> Callable[[], Awaitable[None]]:
        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.ended.append(service)

        return wait

    async def drain(self, _: float) -> None:
        self.ended.append("drained")


async def test_what_begins_orders_ends_before_what_carries_them() -> None:
    stand, stop = Stand(), asyncio.Event()
    serving = asyncio.create_task(main.serve(stand.program, stop))  # noqa: TID251 - awaited below
    await settle()
    with stand.activity():  # a request is in flight: whoever carries it goes on
        stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), 0.3)
        begun = list(stand.ended)
    await serving
    assert begun == ["hurry", Service.CHAT, Service.REMINDERS, Service.ENGINE, Service.PANIC, Service.STOPS]
    rest = [
        Service.STREAM,
        Service.PRICE_WATCHDOG,
        Service.DESK,
        Service.LAG,
        Service.MEMORY,
        Service.ALERTS,
        "drained",
    ]
    assert stand.ended[len(begun) :] == rest

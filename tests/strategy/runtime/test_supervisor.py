"""Services that fail: logged, told, restarted with back-off, given up when they keep failing (section 8)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest

from strategy.model import Event, Notable, Said, Service, StorageError, TaskState, Trouble
from strategy.runtime.supervisor import GIVEN_UP_PAUSE_S, MOST_CRASHES, PAUSES, PROVEN_S, QUIET_S, Supervisor
from tests.fakes.clock import FakeClock, settle
from tests.support.words import bilingual, english, korean, made_up

NOW = datetime(2026, 9, 15, 13, 30, tzinfo=UTC)


class Told:
    """A notifier that may refuse."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.full = False

    async def tell(self, *events: Event) -> None:
        if self.full:
            raise StorageError("disk full")
        self.events += events

    def keys(self) -> list[str]:
        return [event.key for event in self.events if isinstance(event, Trouble | Notable)]


class Noted:
    """Consequences that only remember."""

    def __init__(self) -> None:
        self.calls: list[tuple[Service, int, bool]] = []
        self.back: list[Service] = []

    async def crashed(self, service: Service, *, crashes: int, storage: bool) -> Sequence[Said]:
        self.calls.append((service, crashes, storage))
        return [made_up("그래서", "therefore")]

    async def works_again(self, service: Service) -> None:
        self.back.append(service)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.told = Told()
        self.noted = Noted()
        self.supervisor = Supervisor(notifier=self.told, clock=self.clock, wall=self.clock, consequences=self.noted)
        self.runs = 0

    def failing(
        self, times: int, error: BaseException | None = None, *, after_s: float = 0
    ) -> Callable[[], Awaitable[None]]:
        """Return a service that fails that often and then runs on."""

        async def run() -> None:
            self.runs += 1
            if self.runs <= times:
                if after_s:
                    await self.clock.sleep(after_s)
                raise error or ValueError("the secret 12345 must not be told")
            await asyncio.Event().wait()

        return run

    def state(self) -> TaskState:
        [health] = self.supervisor.health()
        return health.state


async def test_a_crash_is_logged_told_restarted_and_told_again_when_it_works(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.ENGINE, bench.failing(1)))
        await settle()
        assert bench.state() is TaskState.RESTARTING
        assert bench.told.keys() == ["task:engine"]
        [trouble] = bench.told.events
        assert isinstance(trouble, Trouble)
        assert "신호 점검" in korean(trouble.what)
        assert "therefore" in english(trouble.what)
        assert "12345" not in bilingual(trouble.what)
        await bench.clock.advance(PAUSES.pauses_s[0])
        assert bench.state() is TaskState.RUNNING
        assert bench.runs == 2
        await bench.clock.advance(PROVEN_S)
        await bench.clock.advance(QUIET_S)
        assert bench.told.keys() == ["task:engine", "task:engine:again"]
        assert bench.noted.back == [Service.ENGINE]
        [health] = bench.supervisor.health()
        assert (health.restarts, health.error, health.crashed_at) == (1, "ValueError", NOW)
        task.cancel()
    [record] = [record for record in caplog.records if record.message == "service crashed"]
    assert record.exc_info is not None
    assert bench.state() is TaskState.STOPPED


async def test_pauses_grow_and_shrink_again_after_a_quiet_while() -> None:
    bench = Bench()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.PRICE_WATCHDOG, bench.failing(3)))
        await settle()
        for count, pause in enumerate(PAUSES.pauses_s[:3], start=1):
            assert bench.runs == count
            await bench.clock.advance(pause - 0.1)
            assert bench.runs == count
            await bench.clock.advance(0.1)
        assert bench.runs == 4
        assert bench.noted.calls == [
            (Service.PRICE_WATCHDOG, 1, False),
            (Service.PRICE_WATCHDOG, 2, False),
            (Service.PRICE_WATCHDOG, 3, False),
        ]
        await bench.clock.advance(QUIET_S)
        task.cancel()
    async with asyncio.TaskGroup() as group:
        bench.runs = 0
        task = group.create_task(bench.supervisor.keep(Service.PRICE_WATCHDOG, bench.failing(1, after_s=QUIET_S + 1)))
        await bench.clock.advance(QUIET_S + 1)
        assert bench.noted.calls[-1] == (Service.PRICE_WATCHDOG, 1, False)
        task.cancel()


async def test_what_keeps_crashing_is_given_up_told_and_tried_rarely() -> None:
    bench = Bench()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.CHAT, bench.failing(MOST_CRASHES + 1)))
        await bench.clock.advance(PAUSES.pauses_s[-1] * MOST_CRASHES)
        assert bench.runs == MOST_CRASHES + 1
        assert bench.state() is TaskState.GIVEN_UP
        assert bench.told.keys()[-1] == "task:chat:given_up"
        assert set(bench.told.keys()[:-1]) == {"task:chat"}
        await bench.clock.advance(GIVEN_UP_PAUSE_S)
        assert bench.state() is TaskState.RUNNING
        await bench.clock.advance(PROVEN_S)
        assert bench.told.keys()[-1] == "task:chat:again"
        task.cancel()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (asyncio.CancelledError(), "CancelledError"),
        (ExceptionGroup("two", [ValueError("a"), StorageError("b")]), "ValueError"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_whatever_ends_a_service_it_is_started_again(error: BaseException, name: str) -> None:
    """A cancellation nobody asked for ends no service in silence; groups are opened."""
    bench = Bench()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.DESK, bench.failing(1, error)))
        await bench.clock.advance(PAUSES.pauses_s[0])
        assert bench.runs == 2
        [health] = bench.supervisor.health()
        assert health.error == name
        assert bench.noted.calls == [(Service.DESK, 1, isinstance(error, ExceptionGroup))]
        task.cancel()


async def test_a_service_that_ends_by_itself_is_started_again() -> None:
    bench = Bench()

    async def run() -> None:
        bench.runs += 1

    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.CHAT, run))
        await bench.clock.advance(PAUSES.pauses_s[0])
        assert bench.runs == 2
        task.cancel()


async def test_a_failure_while_it_is_stopped_is_logged_and_not_restarted(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()

    async def run() -> None:
        bench.runs += 1
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("while leaving")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.ENGINE, run))
        await settle()
        task.cancel()
    assert bench.runs == 1
    assert bench.state() is TaskState.STOPPED
    assert bench.told.events == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_stopping_during_a_pause_ends_at_once() -> None:
    bench = Bench()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.ENGINE, bench.failing(9)))
        await settle()
        task.cancel()
    assert bench.runs == 1


async def test_what_cannot_be_stored_is_told_later() -> None:
    bench = Bench()
    bench.told.full = True
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.ENGINE, bench.failing(2, StorageError("disk full"))))
        await bench.clock.advance(PAUSES.pauses_s[0] + PAUSES.pauses_s[1])
        assert bench.told.events == []
        bench.told.full = False
        await bench.clock.advance(PROVEN_S)
        assert bench.told.keys() == ["task:engine", "task:engine", "task:engine:again"]
        task.cancel()


async def test_a_second_fault_in_what_follows_from_the_first_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    async def fails(*_: object, **__: object) -> Sequence[Said]:
        raise RuntimeError("a fault of its own")

    for owner, name in ((bench.noted, "crashed"), (bench.noted, "works_again"), (bench.told, "tell")):
        monkeypatch.setattr(owner, name, fails)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.supervisor.keep(Service.ENGINE, bench.failing(2)))
        await bench.clock.advance(PAUSES.pauses_s[0] + PAUSES.pauses_s[1])
        await bench.clock.advance(PROVEN_S)
        assert bench.state() is TaskState.RUNNING
        monkeypatch.undo()
        await bench.clock.advance(QUIET_S)
        task.cancel()

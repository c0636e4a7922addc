"""Keeps the program's services running: a crash is logged, told, and followed by a restart with growing pauses.

A service is a coroutine function that runs until cancelled and may be called again after it failed. Time is real
time: a fault in the program does not know how fast a simulated market runs. See decision 0047.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from strategy.model import Clock, Event, Notable, Said, Service, StorageError, TaskHealth, TaskState, Trouble
from strategy.ports import Notifier
from strategy.runtime.backoff import Backoff

log = logging.getLogger(__name__)


class ServiceNote(StrEnum):
    CRASHED = "services.crashed"
    GIVEN_UP = "services.given_up"
    AGAIN = "services.again"


PAUSES = Backoff((1.0, 2.0, 5.0, 15.0, 60.0))  # before each restart
PROVEN_S = 10.0  # a restarted service that has run this long works again
QUIET_S = 300.0  # ... and after this its crashes are forgotten
WINDOW = timedelta(minutes=15)
MOST_CRASHES = 7  # within the window; one more and it is given up
GIVEN_UP_PAUSE_S = 600.0  # what is given up is still tried this often: a full disk may be emptied
_UNTOLD_KEPT = 50


class Consequences(Protocol):
    """What the core does about a service that is down; `strategy.stops.safe_mode` has it."""

    async def crashed(self, service: Service, *, crashes: int, storage: bool) -> Sequence[Said]:
        """Give up what can no longer be promised; return what a person should know of it."""

    async def works_again(self, service: Service) -> None:
        """Take back what was given up for the time being."""


@dataclass(slots=True)
class _Kept:
    service: Service
    state: TaskState = TaskState.RUNNING
    restarts: int = 0
    crashes: list[datetime] = field(default_factory=list)  # within the window; real time
    crashed_at: datetime | None = None  # market time, as everything told
    error: str = ""
    down: bool = False  # told to have crashed, and not yet to work again


class Supervisor:
    """Runs services by `keep`. One of them failing never ends another."""

    def __init__(self, *, notifier: Notifier, clock: Clock, wall: Clock, consequences: Consequences) -> None:
        self._notifier = notifier
        self._clock = clock
        self._wall = wall
        self._consequences = consequences
        self._kept: dict[Service, _Kept] = {}
        self._untold: list[Event] = []

    def health(self) -> tuple[TaskHealth, ...]:
        """Return how every service is, in the order they were started."""
        return tuple(
            TaskHealth(
                service=one.service,
                state=one.state,
                restarts=one.restarts,
                crashed_at=one.crashed_at,
                error=one.error,
            )
            for one in self._kept.values()
        )

    async def keep(self, service: Service, run: Callable[[], Awaitable[None]]) -> None:
        """Run a service until cancelled, again and again if need be."""
        kept = self._kept[service] = _Kept(service)
        try:
            while True:
                kept.state = TaskState.RUNNING
                pause = await self._crashed(kept, await self._attempt(kept, run))
                await self._wall.sleep(pause)
                kept.restarts += 1
        finally:
            kept.state = TaskState.STOPPED

    async def _attempt(self, kept: _Kept, run: Callable[[], Awaitable[None]]) -> BaseException:
        """Run a service once and return what ended it; raise only when we are cancelled, once it has ended.

        It runs as a task of its own: a TaskGroup that fails may leave its task marked as cancelled (Python 3.11).
        """
        work = asyncio.create_task(_called(run), name=f"{kept.service}: work")  # noqa: TID251 - awaited below
        aside = [work]
        if kept.crashes:
            aside.append(
                asyncio.create_task(self._prove(kept), name=f"{kept.service}: proof")  # noqa: TID251 - as above
            )
        try:
            await asyncio.wait({work})
        finally:
            await _ended(aside, kept.service)
        if work.cancelled():
            return asyncio.CancelledError()  # nobody asked for it, so it ends a service like any fault
        return work.exception() or RuntimeError("the service ended by itself")

    async def _crashed(self, kept: _Kept, error: BaseException) -> float:
        """Log, tell and count a crash; return how long to wait before the restart."""
        log.error("service crashed", extra={"task": kept.service}, exc_info=error)
        found = list(leaves(error))
        now = self._wall.now()
        kept.crashes = [at for at in kept.crashes if now - at < WINDOW] + [now]
        kept.crashed_at, kept.error = self._clock.now(), type(found[0]).__name__
        count = len(kept.crashes)
        over = count > MOST_CRASHES
        kept.state = TaskState.GIVEN_UP if over else TaskState.RESTARTING
        pause = GIVEN_UP_PAUSE_S if over else PAUSES.pause(count - 1)
        said = await self._consequences_of(kept, count, storage=any(isinstance(one, StorageError) for one in found))
        note = ServiceNote.GIVEN_UP if over else ServiceNote.CRASHED
        what = Said(note, service=kept.service, pause=timedelta(seconds=pause), consequences=tuple(said))
        key = f"task:{kept.service}:given_up" if over else f"task:{kept.service}"
        await self._tell(Trouble(at=self._clock.now(), key=key, what=what))
        kept.down = True
        return pause

    async def _consequences_of(self, kept: _Kept, count: int, *, storage: bool) -> list[Said]:
        try:
            return list(await self._consequences.crashed(kept.service, crashes=count, storage=storage))
        except Exception:  # a door: a second fault must not end what keeps the others running
            log.exception("what follows from a crash could not be done", extra={"task": kept.service})
            return []

    async def _prove(self, kept: _Kept) -> None:
        """Say that a restarted service works again, once, and forget its crashes after a quiet while."""
        await self._wall.sleep(PROVEN_S)
        try:
            await self._consequences.works_again(kept.service)
        except Exception:  # a door, as above
            log.exception("what follows from a restart could not be done", extra={"task": kept.service})
        if kept.down:
            kept.down = False
            key = f"task:{kept.service}:again"
            await self._tell(Notable(at=self._clock.now(), key=key, what=Said(ServiceNote.AGAIN, service=kept.service)))
        await self._wall.sleep(QUIET_S - PROVEN_S)
        kept.crashes.clear()

    async def _tell(self, event: Event) -> None:
        """Tell, together with what could not be stored before."""
        waiting = [*self._untold, event]
        try:
            await self._notifier.tell(*waiting)
        except Exception:  # a door, as above
            log.exception("a crash could not be told; told with the next news")
            self._untold = waiting[-_UNTOLD_KEPT:]
        else:
            self._untold = []


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Return the errors inside groups, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each)
    else:
        yield error


async def _called(run: Callable[[], Awaitable[None]]) -> None:
    await run()


async def _ended(tasks: Sequence[asyncio.Task[None]], service: Service) -> None:
    """Cancel what still runs and wait for its end, however often we are cancelled meanwhile."""
    gone: asyncio.CancelledError | None = None
    running = {task for task in tasks if not task.done()}
    for task in running:
        task.cancel()
    while any(not task.done() for task in running):
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            gone = error
    for task in running:
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a service failed while it was stopped", extra={"task": service}, exc_info=failure)
    if gone is not None:
        raise gone

"""Drives market time step by step while every part is real: HTTP, WebSocket and SQLite on one event loop.

Between two steps the loop is run until nothing is left to do: no callback ready, no socket readable, no database
call in a worker thread. Then time moves to the next moment anybody waits for. So a whole day needs seconds, and the
same day gives the same result each time.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from storage.worker import Worker
from tests.fakes.clock import FakeClock

_QUIET_ROUNDS = 4


class DatabaseCalls:
    """Counts database calls under way in worker threads, which the event loop cannot see."""

    def __init__(self) -> None:
        self.running = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count every call of a database made inside the block, and whatever else is handed to a thread."""
        original: Any = Worker.run
        to_thread: Any = asyncio.to_thread

        async def counting(worker: Worker, work: Any) -> Any:
            self.running += 1
            try:
                return await original(worker, work)
            finally:
                self.running -= 1

        async def counting_thread(function: Any, *args: Any, **kwargs: Any) -> Any:
            self.running += 1
            try:
                return await to_thread(function, *args, **kwargs)
            finally:
                self.running -= 1

        Worker.run = counting  # type: ignore[method-assign,assignment]
        asyncio.to_thread = counting_thread  # type: ignore[assignment]
        try:
            yield
        finally:
            Worker.run = original  # type: ignore[method-assign]
            asyncio.to_thread = to_thread


async def until_idle(calls: DatabaseCalls, *, limit_s: float = 30.0) -> None:
    """Return when every task only waits for market time, for a timer or for nothing at all."""
    loop: Any = asyncio.get_running_loop()
    quiet = 0
    async with asyncio.timeout(limit_s):
        while quiet < _QUIET_ROUNDS:
            await asyncio.sleep(0)
            if calls.running:
                await asyncio.sleep(0.0002)  # a worker thread needs the interpreter to finish
                quiet = 0
            elif loop._ready or loop._selector.select(0):
                quiet = 0
            else:
                quiet += 1


class Stepper:
    """Moves the market and the trader's clock together, from one awaited moment to the next.

    They show the same time until the trader's is set by hand: the market's time is the true one.
    """

    def __init__(
        self,
        clock: FakeClock,
        *,
        market_due: Callable[[], datetime | None],
        market_advance: Callable[[datetime], Any],
        calls: DatabaseCalls,
    ) -> None:
        self._clock = clock
        self._market_due = market_due
        self._market_advance = market_advance
        self._calls = calls
        self.steps = 0

    async def run_until(self, end: datetime, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until `end`, or until `stop` says so between two steps."""
        await until_idle(self._calls)
        while not stop():
            due = self._next(end)
            self.steps += 1
            await self._market_advance(self._clock.start + due)
            await until_idle(self._calls)
            self._clock.set(self._clock.after(due))
            await until_idle(self._calls)
            if due >= self._clock.ran_by(end):
                return

    def _next(self, end: datetime) -> timedelta:
        """Return how long time will have run when somebody is due."""
        wake, market = self._clock.next_wake, self._market_due()
        dues = [self._clock.ran_by(end)]
        if wake is not None:
            dues.append(self._clock.ran_by(wake))
        if market is not None:
            dues.append(market - self._clock.start)
        return min(dues)

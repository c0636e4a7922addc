"""Market time taken from a simulator (`--sim-clock URL`): `GET /sim/clock` answers `{now, speed}`. Loopback only."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import aiohttp

from kis.errors import KisInput, KisLater
from kis.settings import is_loopback
from strategy.model import SMALL, Disturbance, Moment, Said

log = logging.getLogger("kis.simclock")


class SimClockNote(StrEnum):
    NOT_HERE = "sim_clock.not_here"
    UNREADABLE = "sim_clock.unreadable"


_POLL_S = 0.1
_TIMEOUT_S = 2.0
_LONGEST_SLEEP_S = 0.1  # real seconds between looks at the clock, so that a changed speed is noticed
_SHORTEST_SLEEP_S = 0.001
_PUT_BACK_S = 1.0  # market seconds a simulator may seem behind by before it was put back


class RemoteSimClock:
    """A `strategy.model.clock.Clock` over a simulator's clock; between polls it runs on at the last known speed.

    A simulator put forward has let that time pass. One put back by little stands still here until it has caught up (a
    poll tells no better); by more, this clock shows the earlier time, and has run no shorter for it.
    """

    def __init__(self, now: datetime, speed: float) -> None:
        self._at = now
        self._speed = speed
        self._measured = time.monotonic()
        self._newest = Moment.of(now, timedelta(0), self)
        self._moved = asyncio.Event()

    def now(self) -> Moment:
        """Return the simulated instant, aware UTC."""
        elapsed = time.monotonic() - self._measured
        passed = self._at + timedelta(seconds=elapsed * self._speed) - self._newest
        if passed > timedelta(0):
            self._newest += passed
        return self._newest

    @property
    def speed(self) -> float:
        """Return market seconds per real second."""
        return self._speed

    async def sleep_until(self, when: datetime) -> None:
        """Return at or just after `when`; looks again whenever the clock was set or its speed changed."""
        while (left := (when - self.now()).total_seconds()) > 0:
            real = left / self._speed if self._speed > 0 else _LONGEST_SLEEP_S
            moved = self._moved
            try:
                async with asyncio.timeout(min(max(real, _SHORTEST_SLEEP_S), _LONGEST_SLEEP_S)):
                    await moved.wait()
            except TimeoutError:
                continue

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + timedelta(seconds=seconds))

    async def disturbed(self, since: Moment) -> Disturbance:
        """Return once the simulator was put back after that moment; what it skips forward has passed."""
        while (put := self.now().set_since(since)) > -SMALL:
            await self._moved.wait()
        return Disturbance(at=self.now(), put=put)

    def learn(self, now: datetime, speed: float, *, asked_s_ago: float = 0.0) -> None:
        """Take over a reading, which is as old as the question at most."""
        expected = self.now()
        self._at, self._speed, self._measured = now, speed, time.monotonic()
        moved = (now - expected).total_seconds()
        if moved + asked_s_ago * speed < -max(_PUT_BACK_S, speed * _POLL_S):
            self._newest = Moment.of(now, expected.ran, self)
        if abs(moved) > max(0.05, speed * _POLL_S):  # set, not drifted
            self._moved.set()
            self._moved = asyncio.Event()


@asynccontextmanager
async def remote_sim_clock(url: str) -> AsyncIterator[RemoteSimClock]:
    """Follow a simulator's clock while the block runs.

    Raise KisInput for a host that is not this machine, KisLater when no clock answers.
    """
    if not is_loopback(url):
        raise KisInput(
            f"--sim-clock {url}",
            user_message=Said(SimClockNote.NOT_HERE),
        )
    base = url.rstrip("/").removesuffix("/sim/clock")
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        clock = RemoteSimClock(*await _read(session, base))
        follower = asyncio.create_task(  # noqa: TID251 - awaited below; a TaskGroup would wrap the block's errors
            _follow(session, base, clock), name="sim clock"
        )
        try:
            yield clock
        finally:
            follower.cancel()
            with suppress(asyncio.CancelledError):
                await follower


async def _follow(session: aiohttp.ClientSession, base: str, clock: RemoteSimClock) -> None:
    lost = False
    while True:
        await asyncio.sleep(_POLL_S)
        try:
            asked = time.monotonic()
            now, speed = await _read(session, base)
            clock.learn(now, speed, asked_s_ago=time.monotonic() - asked)
        except KisLater:
            if not lost:
                log.warning("the simulator's clock does not answer; running on at the last speed")
            lost = True
        else:
            lost = False


async def _read(session: aiohttp.ClientSession, base: str) -> tuple[datetime, float]:
    try:
        async with session.get(f"{base}/sim/clock") as response:
            answer = await response.json(content_type=None)
            now = datetime.fromisoformat(answer["now"])
            speed = float(answer["speed"])
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
        raise KisLater(
            f"{base}/sim/clock: {type(error).__name__}",
            user_message=Said(SimClockNote.UNREADABLE, url=base),
        ) from error
    if now.utcoffset() is None or speed < 0:
        raise KisLater(f"{base}/sim/clock answered without zone, or with a negative speed")
    return now.astimezone(UTC), speed

"""Clocks for the client's tests."""

import asyncio
from datetime import UTC, datetime, timedelta


class JumpClock:
    """Market time that jumps to whatever anybody waits for: pauses cost nothing and can be read off."""

    def __init__(self, start: datetime = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)) -> None:
        self._now = start
        self.slept = 0.0

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, when: datetime) -> None:
        if when > self._now:
            self.slept += (when - self._now).total_seconds()
            self._now = when
        await asyncio.sleep(0)

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self._now + timedelta(seconds=seconds))

    def set(self, when: datetime) -> None:
        self._now = when

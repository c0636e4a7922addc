"""Time comes through a Clock; only SystemClock reads the machine's."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Market time. In the demo and in tests it is the simulated market's, and may stand still or run fast."""

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""

    async def sleep_until(self, when: datetime) -> None:
        """Return at or just after `when` in market time; at once when it has passed."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of market time."""


class SystemClock:
    """The machine's clock, for real markets."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place that may

    async def sleep_until(self, when: datetime) -> None:
        # a long sleep is cut into pieces so that a corrected or resumed machine clock is noticed
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself, no event to wait for
            await asyncio.sleep(min(left, 30.0))

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + timedelta(seconds=seconds))

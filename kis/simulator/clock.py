"""Market time: the one clock every rule of the simulator runs on. See decision 0085."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(instant: datetime) -> int:
    """Return an aware instant as milliseconds since 1970 UTC; raise ValueError for a naive one."""
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs a zone: {instant.isoformat()}")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """Return milliseconds since 1970 as an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=ms)


def wall_now() -> datetime:
    """Return the machine's own time, used only to choose where market time starts."""
    return _EPOCH + timedelta(seconds=time.time())


class SimClock:
    """Market time = base + speed x real time since the base was set; speed 0 stands still until advanced."""

    def __init__(
        self, start: datetime, *, speed: float | Decimal = 0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin at `start`; `speed` is market seconds per real second."""
        self._monotonic = monotonic
        self._base_ms = to_ms(start)
        self._speed = _checked_speed(speed)
        self._origin = monotonic()
        self._changed = asyncio.Event()

    @property
    def speed(self) -> float:
        """Market seconds per real second."""
        return self._speed

    def now_ms(self) -> int:
        if self._speed == 0:
            return self._base_ms
        return self._base_ms + int((self._monotonic() - self._origin) * self._speed * 1000)

    def now(self) -> datetime:
        """Return market time, aware, UTC."""
        return from_ms(self.now_ms())

    def set_speed(self, speed: float | Decimal) -> None:
        """Pace market time from this moment on; raise ValueError below 0 or above one day a second."""
        checked = _checked_speed(speed)
        self._rebase(self.now_ms())
        self._speed = checked

    def set_ms(self, ms: int) -> None:
        self._rebase(ms)

    def advance(self, seconds: float) -> None:
        """Move market time forward; raise ValueError for a negative step."""
        if seconds < 0:
            raise ValueError("market time is advanced forwards; use set_ms to go back")
        self._rebase(self.now_ms() + round(seconds * 1000))

    def real_seconds_until(self, ms: int) -> float | None:
        """Return the real wait until a market instant, or None while time stands still."""
        if self._speed == 0:
            return None
        return max(0.0, (ms - self.now_ms()) / 1000 / self._speed)

    async def wait_change(self, timeout_s: float | None) -> None:
        """Return when somebody moved or paced the clock (or called nudge), at the latest after the time limit."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._changed.clear()

    def nudge(self) -> None:
        """Wake whoever waits, because something nearer than their next event came up."""
        self._changed.set()

    def _rebase(self, ms: int) -> None:
        self._base_ms = ms
        self._origin = self._monotonic()
        self._changed.set()


def _checked_speed(speed: float | Decimal) -> float:
    value = float(speed)
    if not 0 <= value <= 86_400:
        raise ValueError(f"speed is 0 to 86400 market seconds a second, was {speed}")
    return value

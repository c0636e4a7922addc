"""How the machine under the program does: how late the event loop is, and how much memory is used."""

import asyncio
import resource
import sys
from collections import deque
from datetime import timedelta
from pathlib import Path

from strategy.runtime.probes import LoopLag

_EVERY_S = 0.25
_OVER_S = 300.0
_STATUS = Path("/proc/self/statm")


class LagMeter:
    """Sleeps a little again and again, and remembers how much too long it slept. Real time, never market time."""

    def __init__(self, *, every_s: float = _EVERY_S, over_s: float = _OVER_S) -> None:
        self._every_s = every_s
        self._lags: deque[float] = deque(maxlen=max(1, int(over_s / every_s)))

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._every_s
            await asyncio.sleep(self._every_s)
            self.note(loop.time() - due)

    def note(self, late_s: float) -> None:
        """Remember one delay in seconds."""
        self._lags.append(max(0.0, late_s))

    def reading(self) -> LoopLag | None:
        """Return the last minutes; None before the first measurement."""
        if not self._lags:
            return None
        ordered = sorted(self._lags)
        return LoopLag(
            p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
            longest_ms=ordered[-1] * 1000,
            over=timedelta(seconds=len(ordered) * self._every_s),
        )


def resident_memory() -> int:
    """Return the bytes this process holds in memory; where the system does not say, the most it ever held."""
    try:
        return int(_STATUS.read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024

"""What happens when: scheduled deeds in the order of market time."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

from kis.simulator.clock import from_ms


class Timeline:
    """A queue of deeds; `now_ms` is the instant being lived through, never ahead of what was done."""

    def __init__(self, start_ms: int) -> None:
        self.now_ms = start_ms
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()

    @property
    def now(self) -> datetime:
        return from_ms(self.now_ms)

    def at(self, ms: int, deed: Callable[[], None]) -> None:
        """Do something at an instant; what is already due is done with the next run."""
        heapq.heappush(self._queue, (ms, next(self._numbers), deed))

    def after(self, seconds: float, deed: Callable[[], None]) -> None:
        """Do something after market seconds; at once when there is nothing to wait for."""
        if seconds <= 0:
            deed()
        else:
            self.at(self.now_ms + round(seconds * 1000), deed)

    def next_ms(self) -> int | None:
        return self._queue[0][0] if self._queue else None

    def step(self) -> None:
        """Do the next deed at its own instant."""
        ms, _, deed = heapq.heappop(self._queue)
        self.now_ms = max(self.now_ms, ms)
        deed()

"""Time of the local chat: the real one, or one that a test moves by hand."""

import time
from typing import Protocol


class ChatClock(Protocol):
    def now(self) -> float:
        """Return Unix time in seconds."""
        ...


class RealClock:
    """The machine's own clock: a chat lives in real time, also beside a market that runs faster."""

    def now(self) -> float:
        return time.time()


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: float = 1_780_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds

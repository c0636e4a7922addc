"""When the chat may be written to again: what refuses one call holds the sends and the edits alike."""

import asyncio
from datetime import datetime, timedelta

from bot.failures import Failure
from bot.waiting import pause
from strategy.clock import Clock

_LONGEST_PAUSE_S = 30.0
_BARRED_PAUSE_S = 60.0
_LONGEST_BARRED_PAUSE_S = 600.0


class Barrier:
    """Closed after a failure for as long as the failure calls for; a person who is heard of opens it."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._opens_at: datetime | None = None
        self._flooded = False
        self._failures = 0  # in a row
        self._heard = asyncio.Event()

    @property
    def closed(self) -> bool:
        return self._opens_at is not None and self._wall.now() < self._opens_at

    def fine(self) -> None:
        """Note that a call went well."""
        self._failures = 0

    def failed(self, kind: Failure, retry_after: float = 0) -> None:
        """Close after a failure: as long as Telegram asks for, or longer each time."""
        doublings = float(2 ** min(self._failures, 8))
        self._failures += 1
        seconds = {
            Failure.FLOOD: retry_after,
            Failure.BARRED: min(_BARRED_PAUSE_S * doublings, _LONGEST_BARRED_PAUSE_S),
            Failure.UNFIT: 1.0,
        }.get(kind, min(doublings, _LONGEST_PAUSE_S))
        opens_at = self._wall.now() + timedelta(seconds=seconds)
        self._opens_at = max(opens_at, self._opens_at) if self._opens_at is not None and self.closed else opens_at
        self._flooded = kind is Failure.FLOOD or (self._flooded and self.closed and opens_at < self._opens_at)

    def nudge(self) -> None:
        """Open now: the person has just been heard of, so a block may be over. A 429 is waited for all the same."""
        if self.closed and not self._flooded:
            self._opens_at = None
            self._heard.set()

    async def opened(self) -> None:
        """Return when the chat may be written to."""
        while self._opens_at is not None and (left := (self._opens_at - self._wall.now()).total_seconds()) > 0:
            self._heard.clear()
            await pause(self._wall, left, self._heard)

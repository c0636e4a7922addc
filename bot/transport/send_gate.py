"""When the chat may be written to again: what refuses one call holds the sends and the edits alike."""

import asyncio
from datetime import datetime, timedelta

from bot.transport.api_errors import CHAT_PAUSES, Failure
from strategy.model import Clock
from strategy.runtime import wait_until_or


class SendGate:
    """Closed after a failure for as long as the failure calls for; a person who is heard of opens it."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._opens_at: datetime | None = None
        self._flooded = False
        self._failures = 0  # in a row
        self._heard = asyncio.Event()
        self.through = 0  # messages that got into the chat for certain
        self.in_doubt = False  # an answer was lost, and none has come since
        self.barred_since: datetime | None = None  # nothing has got through since then, and the chat is the reason
        self.barred_by: Failure | None = None

    @property
    def closed(self) -> bool:
        return self._opens_at is not None and self._wall.now() < self._opens_at

    def fine(self) -> None:
        """Note that a message got through."""
        self.through += 1
        self.answered()
        self._failures = 0
        self.barred_since = self.barred_by = None

    def answered(self) -> None:
        """Note that an answer came: what is sent now will not be in doubt."""
        self.in_doubt = False

    def failed(self, kind: Failure, retry_after: float = 0) -> None:
        """Close after a failure: as long as Telegram asks for, or longer each time."""
        seconds = retry_after or CHAT_PAUSES[kind].pause(self._failures)
        self._failures += 1
        now = self._wall.now()
        self.in_doubt |= kind is Failure.DOUBTFUL
        if kind.by_the_chat or kind is Failure.FLOOD:
            self.barred_since, self.barred_by = self.barred_since or now, kind
        opens_at = now + timedelta(seconds=seconds)
        self._opens_at = max(opens_at, self._opens_at) if self._opens_at is not None and self.closed else opens_at
        self._flooded = kind is Failure.FLOOD or (self._flooded and self.closed and opens_at < self._opens_at)

    def hold(self, seconds: float) -> None:
        """Close for a moment that counts for no failure."""
        opens_at = self._wall.now() + timedelta(seconds=seconds)
        self._opens_at = opens_at if self._opens_at is None else max(opens_at, self._opens_at)

    def nudge(self) -> None:
        """Open now: the person has just been heard of, so a block may be over. A 429 is waited for all the same."""
        if self.closed and not self._flooded:
            self._opens_at = None
            self._heard.set()

    async def opened(self) -> None:
        """Return when the chat may be written to."""
        while self.closed:
            self._heard.clear()
            await wait_until_or(self._wall, self._opens_at, self._heard)

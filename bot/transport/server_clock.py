"""What time it is for Telegram: messages are stamped by its clock, and this machine's may be minutes off.

Measured at every answer by its Date, and by the stamp of what was just sent. See decision 0135.
"""

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message

from strategy.model import Clock, Event, Notable, Said, StorageError, Trouble
from strategy.ports import Notes

log = logging.getLogger(__name__)


class ServerClockNote(StrEnum):
    AGREES = "server_clock.agrees"
    AHEAD = "server_clock.ahead"
    BEHIND = "server_clock.behind"


MOST_OFF = timedelta(seconds=30)  # more than this is told
_MADE_UP = timedelta(days=1)  # a clock this far off is nobody's mistake but made-up time
_GOOD_AGAIN = timedelta(seconds=10)
_NOTE = "chat.clock_off"
_KEY = "clock_off_telegram"


class TelegramTime:
    """Telegram's clock as this machine knows it."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        # Telegram's time, and this machine's then: the stamps' own clock, and the one there is from the first answer on
        self._stamp: tuple[datetime, datetime] | None = None
        self._date: tuple[datetime, datetime] | None = None

    @property
    def ahead(self) -> timedelta | None:
        """Return how far Telegram's clock is ahead of this machine's, to a second; None before the first answer."""
        return self._by(self._stamp) if self._stamp is not None else self._by(self._date)

    def now(self) -> datetime:
        """Return the earliest time that any measure allows: what is fresh by one of them is not taken for old."""
        ahead_by = [ahead for ahead in (self._by(self._stamp), self._by(self._date)) if ahead is not None]
        return self._wall.now() + min(ahead_by) if ahead_by else self._wall.now()

    def since(self, then: datetime) -> timedelta:
        """Return how long ago an instant of this machine's clock was."""
        return self._wall.now() - then

    def heard(self, date: str) -> None:
        """Note the Date of an answer; what is no date is passed by."""
        try:
            server = parsedate_to_datetime(date)
        except ValueError:
            return
        self._date = (server if server.tzinfo is not None else server.replace(tzinfo=UTC), self._wall.now())

    def stamped(self, at: datetime) -> None:
        """Note the stamp of a message that has just been sent."""
        self._stamp = (at, self._wall.now())

    def _by(self, measured: tuple[datetime, datetime] | None) -> timedelta | None:
        if measured is None:
            return None
        server, then = measured
        now = self._wall.now()
        return server - now + (now - then)  # a clock set meanwhile counts


class Stamps(BaseRequestMiddleware):
    """Measures by the messages that are sent."""

    def __init__(self, time: TelegramTime) -> None:
        self._time = time

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        response = await make_request(bot, method)
        if isinstance(response, Message) and response.edit_date is None:
            self._time.stamped(response.date)
        return response


class ClockWatch:
    """Tells that this machine's clock is off, once, and that it is right again."""

    def __init__(self, time: TelegramTime, notes: Notes, clock: Clock) -> None:
        self._time = time
        self._notes = notes
        self._clock = clock
        self._told: bool | None = None  # not read yet
        self._seen_off = 0

    async def check(self) -> None:
        """Judge the newest measure; one alone proves nothing."""
        ahead = self._time.ahead
        if ahead is None:
            return
        self._seen_off = self._seen_off + 1 if MOST_OFF < abs(ahead) < _MADE_UP else 0
        try:
            if self._told is None:
                self._told = bool(await self._notes.get(_NOTE))
            if self._seen_off > 1 and not self._told:
                log.warning("clock off", extra={"telegram_ahead_s": ahead.total_seconds()})
                await self._keep("off", Trouble(at=self._clock.now(), key=_KEY, what=_off(ahead)))
            elif self._told and abs(ahead) <= _GOOD_AGAIN:
                await self._keep("", Notable(at=self._clock.now(), key=_KEY, what=_RIGHT))
        except StorageError as error:
            log.warning("clock not noted", extra={"error": type(error).__name__})

    async def _keep(self, note: str, event: Event) -> None:
        await self._notes.put(_NOTE, note, [event])
        self._told = bool(note)


_RIGHT = Said(ServerClockNote.AGREES)


def _off(ahead: timedelta) -> Said:
    by = timedelta(seconds=5 * round(abs(ahead).total_seconds() / 5))
    return Said(ServerClockNote.AHEAD if ahead < timedelta(0) else ServerClockNote.BEHIND, by=by)  # ours

"""Cards told by the calendar: the ready check before each open, and the evening's notice of a closed or half day.

Each is told once, over restarts too: what was told is noted in the transaction that tells it.
"""

import asyncio
import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from strategy.market import OPEN_TIME, following, next_session, session_on
from strategy.market.coming_days import day
from strategy.model import (
    CalendarNotice,
    Clock,
    Kept,
    ReadyCheck,
    Said,
    TradingError,
    from_new_york,
    from_seoul,
    new_york,
    seoul,
)
from strategy.ports import Notes
from strategy.reports.ready_check import ReadyLines
from strategy.runtime import Activity

log = logging.getLogger(__name__)

READY_BEFORE = timedelta(minutes=10)
EVENING = time(18, 0)  # Korean time, the day before
_DAY = timedelta(days=1)
_RETRY = timedelta(seconds=60)
_READY_KEY, _NOTICE_KEY = "ready_check", "calendar_notice"


class SessionCards:
    """Waits for the moments of the calendar. `begun` is set once start-up is over: before, nothing is ready."""

    def __init__(
        self, *, ready: ReadyLines, begun: asyncio.Event, notes: Notes, clock: Clock, activity: Activity
    ) -> None:
        self._ready = ready
        self._begun = begun
        self._notes = notes
        self._clock = clock
        self._activity = activity

    async def run(self) -> None:
        """Tell each card at its time, or as soon as the program is up within it, until cancelled."""
        await self._begun.wait()
        while True:
            now = self._clock.now()
            wake_at = min(next_ready(now), next_evening(now))
            with self._activity():
                try:
                    await self._notice(now)
                    await self._ready_check(now)
                except TradingError:
                    log.exception("a card could not be told; it is tried again")
                    wake_at = now + _RETRY
            await self._clock.sleep_until(wake_at)

    async def _ready_check(self, now: datetime) -> None:
        session = next_session(now)
        on = session.on.isoformat()
        if now < session.opens_at - READY_BEFORE or await self._notes.get(_READY_KEY) == on:
            return
        found = await self._ready.of(session)
        card = ReadyCheck(
            at=self._clock.now(), session_on=on, opens_at=session.opens_at, half_day=session.half_day, lines=found
        )
        await self._notes.put(_READY_KEY, on, [card])

    async def _notice(self, now: datetime) -> None:
        told = await self._notes.get(_NOTICE_KEY) or ""
        for on in notices(now):
            if on.isoformat() > told:
                await self._notes.put(_NOTICE_KEY, on.isoformat(), [notice(on, now)])


def notices(now: datetime) -> Iterator[date]:
    """Yield the New York dates, closed or half, whose evening has come and whose usual open has not."""
    today = new_york(now).date()
    for on in (today + _DAY * n for n in range(3)):
        session = session_on(on)
        special = on.weekday() < 5 and (session is None or session.half_day)
        if special and evening_before(on) <= now < from_new_york(on, OPEN_TIME):
            yield on


def notice(on: date, now: datetime) -> CalendarNotice:
    """Return what is told of a closed or half day; the next open is the one after it, or its own."""
    session = session_on(on)
    opens = (session or following(on)).opens_at
    return CalendarNotice(
        at=now,
        on=on.isoformat(),
        closed=session is None,
        closes_at=session.closes_at if session else None,
        note=day(on).note or Said(Kept.WORDS, words=""),
        next_open=opens,
    )


def evening_before(on: date) -> datetime:
    """Return 18:00 in Korea on the day before a New York date."""
    return from_seoul(on - _DAY, EVENING)


def next_ready(now: datetime) -> datetime:
    """Return when the next ready check is due, strictly later than `now`."""
    session = next_session(now)
    at = session.opens_at - READY_BEFORE
    return at if at > now else following(session.on).opens_at - READY_BEFORE


def next_evening(now: datetime) -> datetime:
    """Return the next 18:00 in Korea, strictly later than `now`."""
    at = from_seoul(seoul(now).date(), EVENING)
    return at if at > now else from_seoul(seoul(now).date() + _DAY, EVENING)

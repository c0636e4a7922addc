"""The trading day: sessions by the calendar, checks on an exact grid, the summary, and on to the next."""

import asyncio
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from strategy.market import Session, latest, next_session
from strategy.market.trading_window import missed, next_check, window_of
from strategy.model import Clock, Said, TradingError
from strategy.runtime import Activity, wait_until_or
from strategy.runtime.telling import Telling
from strategy.session.bar_warm_up import BarWarmUp
from strategy.session.housekeeping import Housekeeping
from strategy.session.session_news import SessionNews
from strategy.settings.schema import SettingsInForce

log = logging.getLogger(__name__)


class CheckRunNote(StrEnum):
    FAILED = "checks.failed"
    SKIPPED = "checks.skipped"


_BEFORE_OPEN = timedelta(seconds=60)  # the account is synced this long before the open


class RuleChecks(Protocol):
    async def run(self) -> None:
        """Check every ticker by the rule once, and order what it says."""


class SessionProposals(Protocol):
    async def end_session(self) -> None:
        """Close the cards that still wait for a tap."""


class TradingDay:
    """Runs one session after the other. Survives whatever a check raises; only its own storage can stop it."""

    def __init__(
        self,
        *,
        checks: RuleChecks,
        proposals: SessionProposals,
        bars: BarWarmUp,
        housekeeping: Housekeeping,
        news: SessionNews,
        settings: SettingsInForce,
        telling: Telling,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._checks = checks
        self._proposals = proposals
        self._bars = bars
        self._housekeeping = housekeeping
        self._news = news
        self._settings = settings
        self._telling = telling
        self._clock = clock
        self._activity = activity
        self._resettled = asyncio.Event()  # settings changed: the next check may be due at another time
        self._disturbed = asyncio.Event()  # the clock was: another session may be on or next
        self._last_check: datetime | None = None
        self._grid: timedelta | None = None  # the interval of the last check
        self._counted_on: date | None = None  # the session the counts below belong to
        self._session_checks = 0
        self._session_overruns = 0
        self.started_at = clock.now()
        self.next_check_at: datetime | None = None
        self.cycles = 0
        self.overruns = 0

    def resettled(self) -> None:
        """Think again about the next check: settings changed."""
        self._resettled.set()

    def disturbed(self) -> None:
        """Think again about the session and the next check: the clock was set, or stood still."""
        self._disturbed.set()
        self._resettled.set()

    async def session(self) -> None:
        """Wait for the session that is on or next, run it, and return when its day has ended.

        A clock that was set ends it early: which session is on or next is asked again.
        """
        self._disturbed.clear()
        session = self._due(self._clock.now())
        await self._before_open(session)
        if self._disturbed.is_set():
            return
        with self._activity():
            await self._news.opened(session)
        if self._counted_on != session.on:
            self._counted_on = session.on
            self._session_checks = self._session_overruns = 0
        await self._check_on_grid(session)
        self.next_check_at = None
        if self._clock.now() < self._ends_at(session) and self._disturbed.is_set():
            return
        await self._end_proposals()
        await self._until(lambda: self._ends_at(session))
        if self._clock.now() >= self._ends_at(session):
            await self._close(session)

    def _due(self, now: datetime) -> Session:
        """Return the session whose day has not ended yet."""
        newest = latest(now)
        return newest if now < self._ends_at(newest) else next_session(now)

    def _ends_at(self, session: Session) -> datetime:
        return window_of(session, self._settings.account).shutdown_at

    async def _before_open(self, session: Session) -> None:
        """Sync the account shortly before the open, so that the open itself waits for nobody."""
        ready_at = session.opens_at - _BEFORE_OPEN
        if self._clock.now() < ready_at:
            await wait_until_or(self._clock, ready_at, self._disturbed)
            if self._disturbed.is_set():
                return
            with self._activity():
                await self._housekeeping.sync()
                await self._bars.fetch()
        await wait_until_or(self._clock, session.opens_at, self._disturbed)

    async def _check_on_grid(self, session: Session) -> None:
        """Check on the grid until the window ends; its settings may change on the way."""
        self._last_check = None
        while not self._disturbed.is_set():
            self._resettled.clear()
            window = window_of(session, self._settings.account)
            interval = self._interval()
            due = self.next_check_at = next_check(window, self._last_check, interval, self._clock.now())
            if due is None and self._clock.now() >= window.ends_at:
                return
            await wait_until_or(self._clock, due or window.ends_at, self._resettled)
            if due is not None and not self._resettled.is_set():
                await self._check(due, interval)

    async def _check(self, due: datetime, interval: timedelta) -> None:
        skipped = missed(self._last_check, due, interval) if self._last_check and self._grid == interval else 0
        self._grid = interval
        self._last_check = due
        if skipped:
            await self._count_overrun(skipped)
        with self._activity():
            try:
                await self._checks.run()
            except Exception:
                log.exception("a cycle failed")
                what = Said(CheckRunNote.FAILED)
                await self._telling.trouble("cycle", what)
            await self._bars.tell_warm()
        self.cycles += 1
        self._session_checks += 1

    async def _count_overrun(self, skipped: int) -> None:
        self.overruns += skipped
        self._session_overruns += skipped
        what = Said(CheckRunNote.SKIPPED, skipped=skipped)
        with self._activity():
            await self._telling.note("overrun", what)

    async def _end_proposals(self) -> None:
        with self._activity():
            try:
                await self._proposals.end_session()
            except TradingError:
                log.exception("proposals could not be closed; they run out by themselves")

    async def _close(self, session: Session) -> None:
        """Tell the summary once (D6)."""
        with self._activity():
            if await self._news.told_closed(session):
                return
            await self._housekeeping.sync()
            await self._news.closed(session, checks=self._session_checks, overruns=self._session_overruns)

    async def _until(self, when: Callable[[], datetime]) -> None:
        """Wait for an instant that settings may move, unless the clock is disturbed."""
        while self._clock.now() < when() and not self._disturbed.is_set():
            self._resettled.clear()
            await wait_until_or(self._clock, when(), self._resettled)

    def _interval(self) -> timedelta:
        return timedelta(minutes=self._settings.account.check_interval_minutes)

"""Keeps the minute bars of every session of the watched tickers: after the close, and whatever is missing of the month
that the source still offers. See decision 0168."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.market import Session, sessions
from strategy.model import (
    BarSource,
    BarsStanding,
    BrokerError,
    Clock,
    DayFactor,
    DayFactors,
    KeptSession,
    KnownSessions,
    Said,
    StorageError,
    Symbol,
    TradingError,
    new_york_date,
)
from strategy.ports import BarArchive, BarHistory
from strategy.runtime import Backoff, wait_until_or
from strategy.session.bar_news import BarNews
from strategy.session.session_pages import SessionPages, Whole
from strategy.settings.schema import SettingsInForce

log = logging.getLogger(__name__)


class BarKeepingNote(StrEnum):
    ARCHIVE = "bar_keeping.archive"


_SETTLED = timedelta(minutes=10)  # after the close: late prints and corrections are in
_REACH = timedelta(days=30)  # of the source (kis-protocol 3.23)
_PAUSE_S = 1.0  # market seconds between two pages
_RETRIES = Backoff.growing(600.0, 3600.0)  # after a round that failed
_DAY = timedelta(days=1)
_UNCHANGED = DayFactor(day=Decimal(1), minutes=Decimal(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class BarKeeping:
    """What keeping bars needs from outside."""

    archive: BarArchive
    history: BarHistory
    source: BarSource


@dataclass(frozen=True, slots=True)
class _Owed:
    """What is to be fetched of a ticker."""

    sessions: list[Session]
    since: date  # New York: as far back as what is kept follows splits


class MinuteBarKeeper:
    """Fails nobody: what cannot be kept now is tried again, and said."""

    def __init__(self, *, keeping: BarKeeping, settings: SettingsInForce, news: BarNews, clock: Clock) -> None:
        self._archive = keeping.archive
        self._history = keeping.history
        self._source = keeping.source
        self._settings = settings
        self._news = news
        self._clock = clock
        self._stirred = asyncio.Event()
        self._known: frozenset[Symbol] = frozenset()
        self._fruitless = 0
        self._missing: dict[Symbol, list[date]] = {}
        self._never: dict[str, list[date]] = {}
        self._standing = BarsStanding(offered=keeping.history.offered())

    def compare(self) -> None:
        """Begin at once with a ticker that is new on the list; called after each change of a setting."""
        if not self._known.issuperset(self._settings.tickers):
            self._stirred.set()

    def told(self) -> BarsStanding:
        """Return how the keeping stands, what is being fetched included."""
        return replace(self._standing, missing={symbol.ticker: tuple(days) for symbol, days in self._missing.items()})

    async def run(self) -> None:
        """Keep what is owed, then wait for the next close or the next try, until cancelled."""
        while True:
            self._stirred.clear()
            self._known = frozenset(self._settings.tickers)
            due = _over(self._clock.now())
            why = await self._keep_all(due) if self._history.offered() else None
            self._fruitless = self._fruitless + 1 if why is not None else 0
            again_at = self._next(due)
            await self._take_stock(why, again_at)
            await wait_until_or(self._clock, again_at, self._stirred)

    def _next(self, due: Sequence[Session]) -> datetime:
        """Return when to go on: at the next close, or earlier after a failure."""
        now = self._clock.now()
        coming = sessions(new_york_date(now), new_york_date(now) + 14 * _DAY)
        last = due[-1].on if due else date.min
        at = next(each.closes_at + _SETTLED for each in coming if each.on > last)
        return min(at, now + timedelta(seconds=_RETRIES.pause(self._fruitless - 1))) if self._fruitless else at

    async def _keep_all(self, due: Sequence[Session]) -> Said | None:
        """Fetch what is missing of every ticker; return why something still is, None where nothing failed."""
        self._missing, self._never = {}, {}
        why: Said | None = None
        owed: dict[Symbol, _Owed] = {}
        for symbol in self._settings.tickers:
            try:
                known = await self._archive.known(self._source, symbol.ticker, due[0].on)
            except StorageError as error:
                why = self._failed(symbol, error)
                continue
            self._note_lost(symbol, known, due)
            missing = [each for each in due if each.on not in known.kept | known.given_up]
            if missing:
                owed[symbol] = _Owed(missing, _newest_kept(known, missing[0].on) or missing[0].on)
                self._missing[symbol] = [each.on for each in missing]
        await self._news.begin({symbol: len(each.sessions) for symbol, each in owed.items()})
        for symbol, each in owed.items():
            try:
                await self._fetch(symbol, each)
            except (BrokerError, StorageError) as error:
                why = self._failed(symbol, error)
        await self._news.end(why)
        return why

    async def _fetch(self, symbol: Symbol, owed: _Owed) -> None:
        """Fetch a ticker's pages and keep each session as soon as it is whole, so that a restart loses nothing."""
        asked = SessionPages(owed.sessions)
        factors: DayFactors = {}
        async with aclosing(self._history.pages(symbol)) as pages:
            async for page in pages:
                if whole := asked.take(page):
                    factors = await self._keep(symbol, whole, owed.since)
                if asked.complete:
                    break
                await self._clock.sleep(_PAUSE_S)
        if lacking := asked.lacking:
            days = [f"{on}" for on in lacking]
            log.warning("the source has no whole minutes of a session", extra={"ticker": str(symbol), "days": days})
            await self._archive.lacked(self._source, symbol.ticker, lacking, self._clock.now())
            self._never.setdefault(symbol.ticker, []).extend(lacking)
            self._missing.pop(symbol, None)
        days_now = {on: factor.day for on, factor in factors.items()}
        await self._archive.rescale(self._source, symbol.ticker, days_now)

    async def _keep(self, symbol: Symbol, whole: Sequence[Whole], since: date) -> DayFactors:
        closes = {session.on: bars[-1].close for session, bars in whole}
        factors = await self._history.factors(symbol, since, closes)
        now = self._clock.now()
        await self._archive.keep([self._session(symbol, each, factors, now) for each in whole])
        still = {session.on for session, _ in whole}
        self._missing[symbol] = [on for on in self._missing.get(symbol, []) if on not in still]
        if not self._missing[symbol]:
            del self._missing[symbol]
        log.info("bars kept", extra={"ticker": str(symbol), "sessions": len(whole)})
        await self._news.kept(symbol, len(whole))
        return factors

    def _session(self, symbol: Symbol, whole: Whole, factors: DayFactors, now: datetime) -> KeptSession:
        session, bars = whole
        factor = _factor(factors, session.on)
        return KeptSession(
            source=self._source,
            ticker=symbol.ticker,
            on=session.on,
            opens_at=session.opens_at,
            closes_at=session.closes_at,
            bars=bars,
            factor=factor.minutes,
            day_factor=factor.day,
            kept_at=now,
        )

    def _note_lost(self, symbol: Symbol, known: KnownSessions, due: Sequence[Session]) -> None:
        """Take down the nights between what is kept and what the source still offers: they are lost for good."""
        never = sorted(known.given_up)
        if known.before is not None:
            lost = [each.on for each in sessions(known.before + _DAY, due[0].on - _DAY)]
            if lost and not known.kept:
                days = f"{lost[0]} - {lost[-1]}"
                log.warning(
                    "nights were not kept and are not offered any more", extra={"ticker": str(symbol), "days": days}
                )
            never = lost + never
        if never:
            self._never[symbol.ticker] = never

    def _failed(self, symbol: Symbol, error: TradingError) -> Said:
        days = [f"{on}" for on in self._missing.get(symbol, [])]
        log.warning("bars not kept", extra={"ticker": str(symbol), "days": days, "error": str(error)})
        return _why(error)

    async def _take_stock(self, why: Said | None, again_at: datetime) -> None:
        totals = None
        try:
            totals = await self._archive.totals(self._source)
        except StorageError as error:
            why = why or _why(error)
        self._standing = BarsStanding(
            offered=self._history.offered(),
            totals=totals,
            never={ticker: tuple(days) for ticker, days in self._never.items()},
            why=why,
            again_at=again_at,
        )


def _over(now: datetime) -> tuple[Session, ...]:
    """Return the sessions within the source's reach that are over long enough, oldest first."""
    today = new_york_date(now)
    return tuple(each for each in sessions(today - _REACH, today) if each.closes_at + _SETTLED <= now)


def _newest_kept(known: KnownSessions, before: date) -> date | None:
    """Return the newest kept session before that New York date: splits since then concern it and all older ones."""
    return max((on for on in known.kept if on < before), default=known.before)


def _why(error: TradingError) -> Said:
    """Return the reason for people; of a file that cannot be used, that it is not trading's own."""
    return Said(BarKeepingNote.ARCHIVE) if isinstance(error, StorageError) else error.user_message


def _factor(factors: DayFactors, on: date) -> DayFactor:
    """Return a day's factor; a day the source left out has that of the next one."""
    return factors[min(later)] if (later := [each for each in factors if each >= on]) else _UNCHANGED

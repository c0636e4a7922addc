"""Sessions of the US exchanges: weekends, holidays, special closures, 13:00 closes and both clock changes.

Dates are New York dates, instants aware UTC. Holidays come from `holidays.NYSE`, half days from its half-day
category; the tests hold both against a second source for every date of 2024 to 2027 (D14).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from holidays import financial_holidays
from holidays.constants import HALF_DAY, PUBLIC

from strategy.model import from_new_york, new_york_date

OPEN_TIME = time(9, 30)
CLOSE_TIME = time(16, 0)
HALF_DAY_CLOSE_TIME = time(13, 0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One regular trading session."""

    on: date  # New York
    opens_at: datetime
    closes_at: datetime
    half_day: bool

    def contains(self, instant: datetime) -> bool:
        """Return whether the venue trades then; the open belongs to the session, the close does not."""
        return self.opens_at <= instant < self.closes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingWindow:
    """When the rule may trade within one session, and when its trading session ends."""

    session: Session
    starts_at: datetime
    ends_at: datetime  # not after the close; at or before `starts_at` when the settings leave no time
    shutdown_at: datetime  # AUTO_SHUTDOWN_TIME of that date (D6)

    def contains(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at


@lru_cache(maxsize=64)
def _closed_days(year: int) -> dict[date, str]:
    return dict(financial_holidays("NYSE", years=year, categories=PUBLIC).items())


@lru_cache(maxsize=64)
def _half_days(year: int) -> dict[date, str]:
    return dict(financial_holidays("NYSE", years=year, categories=HALF_DAY).items())


def holiday_name(on: date) -> str | None:
    """Return the English name of the exchange holiday or half day on that date, or None."""
    return _closed_days(on.year).get(on) or _half_days(on.year).get(on)


@lru_cache(maxsize=4096)
def session_on(on: date) -> Session | None:
    """Return the session of a New York date, or None when the exchanges stay closed."""
    if on.weekday() >= 5 or on in _closed_days(on.year):
        return None
    half_day = on in _half_days(on.year)
    return Session(
        on=on,
        opens_at=from_new_york(on, OPEN_TIME),
        closes_at=from_new_york(on, HALF_DAY_CLOSE_TIME if half_day else CLOSE_TIME),
        half_day=half_day,
    )


def current(now: datetime) -> Session | None:
    """Return the session going on, or None outside of one."""
    session = session_on(new_york_date(now))
    return session if session is not None and session.contains(now) else None


def next_session(now: datetime) -> Session:
    """Return the first session that opens after `now`; the one going on is not it."""
    on = new_york_date(now)
    while (session := session_on(on)) is None or session.opens_at <= now:
        on += _DAY
    return session


def next_open(now: datetime) -> datetime:
    """Return when the next session opens; strictly later than `now`."""
    return next_session(now).opens_at


def latest(now: datetime) -> Session:
    """Return the session going on or, outside of one, the last that opened."""
    on = new_york_date(now)
    while (session := session_on(on)) is None or session.opens_at > now:
        on -= _DAY
    return session


def previous(on: date) -> Session:
    """Return the last session before that New York date."""
    on -= _DAY
    while (session := session_on(on)) is None:
        on -= _DAY
    return session


def following(on: date) -> Session:
    """Return the first session after that New York date."""
    on += _DAY
    while (session := session_on(on)) is None:
        on += _DAY
    return session


def sessions(first: date, last: date) -> tuple[Session, ...]:
    """Return the sessions of those New York dates, both ends included."""
    days = (first + _DAY * n for n in range((last - first).days + 1))
    return tuple(session for day in days if (session := session_on(day)) is not None)


def trading_window(session: Session, start: time, end: time, shutdown: time) -> TradingWindow:
    """Cut MARKET_START_TIME to MARKET_END_TIME (New York) to the session (rows S30-S32)."""
    return TradingWindow(
        session=session,
        starts_at=max(session.opens_at, from_new_york(session.on, start)),
        ends_at=min(session.closes_at, from_new_york(session.on, end)),
        shutdown_at=from_new_york(session.on, shutdown),
    )


def day_start(now: datetime) -> datetime:
    """Return midnight of the New York date, where counts per day begin."""
    return from_new_york(new_york_date(now), time(0))

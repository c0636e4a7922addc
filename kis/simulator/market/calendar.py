"""The US trading calendar and the KIS trading windows (kis-protocol 8)."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import cast

import holidays
import pytz

from kis.simulator.clock import from_ms, to_ms

NEW_YORK = pytz.timezone("America/New_York")
SEOUL = pytz.timezone("Asia/Seoul")
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
KST_OFFSET_MS = 9 * HOUR_MS


class Phase(StrEnum):
    """What kind of trading is open at an instant."""

    DAY_MARKET = "day_market"
    PRE = "pre"
    REGULAR = "regular"
    AFTER = "after"
    AFTER_EXTENSION = "after_extension"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TradingSession:
    """One US trading day; all instants are milliseconds since 1970 UTC."""

    day: date
    pre_open_ms: int
    open_ms: int
    close_ms: int
    after_close_ms: int  # end of the exchange's extended session: 20:00 New York, 17:00 on half days
    offset_ms: int  # New York minus UTC on this day

    @property
    def is_half_day(self) -> bool:
        return self.close_ms - self.open_ms < 6 * HOUR_MS

    @property
    def minutes(self) -> int:
        return (self.close_ms - self.open_ms) // MINUTE_MS


def new_york(day: date, at: time) -> datetime:
    """Return that New York time as an aware instant."""
    return NEW_YORK.localize(datetime.combine(day, at))


def seoul(day: date, at: time) -> datetime:
    """Return that time in Seoul as an aware instant."""
    return SEOUL.localize(datetime.combine(day, at))


def new_york_at(ms: int) -> datetime:
    return from_ms(ms).astimezone(NEW_YORK)


def seoul_at(ms: int) -> datetime:
    return from_ms(ms).astimezone(SEOUL)


@lru_cache(maxsize=256)
def sessions_of_year(year: int) -> tuple[date, ...]:
    """Return the trading days of a year, in order. New York dates."""
    closed = holidays.financial_holidays("NYSE", years=year)
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range(366))
    return tuple(d for d in days if d.year == year and d.weekday() < 5 and d not in closed)


@lru_cache(maxsize=256)
def _half_days(year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays("NYSE", years=year, categories=("half_day",)))


def is_session(day: date) -> bool:
    days = sessions_of_year(day.year)
    at = bisect_left(days, day)
    return at < len(days) and days[at] == day


@lru_cache(maxsize=4096)
def session_of(day: date) -> TradingSession:
    """Return the instants of a trading day; raise ValueError when the exchanges are closed on it. A New York date."""
    if not is_session(day):
        raise ValueError(f"{day.isoformat()} is not a trading day")
    opened = new_york(day, time(9, 30))
    offset = cast("timedelta", opened.utcoffset())
    half = day in _half_days(day.year)
    return TradingSession(
        day=day,
        pre_open_ms=to_ms(new_york(day, time(4, 0))),
        open_ms=to_ms(opened),
        close_ms=to_ms(new_york(day, time(13, 0) if half else time(16, 0))),
        after_close_ms=to_ms(new_york(day, time(17, 0) if half else time(20, 0))),
        offset_ms=offset // timedelta(milliseconds=1),
    )


def session_on_or_after(day: date) -> date:
    """Return the next trading day from that New York date on."""
    year = day.year
    while True:
        days = sessions_of_year(year)
        at = bisect_left(days, day)
        if at < len(days):
            return days[at]
        year += 1


def session_before(day: date) -> date:
    """Return the trading day before that New York date."""
    year = day.year
    while True:
        days = sessions_of_year(year)
        at = bisect_left(days, day)
        if at > 0:
            return days[at - 1]
        year -= 1


def session_after(day: date) -> date:
    """Return the trading day after that New York date."""
    return session_on_or_after(day + timedelta(days=1))


def next_open_ms(ms: int) -> int | None:
    """Return when the exchanges open next; None while their regular session runs. Both in milliseconds of UTC."""
    today = new_york_at(ms).date()
    session = session_of(session_on_or_after(today))
    if ms >= session.close_ms:
        session = session_of(session_after(session.day))
    return session.open_ms if ms < session.open_ms else None


def sessions_between(first: date, last: date) -> list[date]:
    """Return trading days of [first, last], in order. New York dates."""
    found: list[date] = []
    for year in range(first.year, last.year + 1):
        days = sessions_of_year(year)
        found.extend(days[bisect_left(days, first) : bisect_right(days, last)])
    return found


def shift_session(day: date, count: int) -> date:
    """Return the trading day a number of sessions away from a day, which counts as zero. New York dates."""
    moved = day
    for _ in range(abs(count)):
        moved = session_after(moved) if count > 0 else session_before(moved)
    return moved


def business_date(ms: int) -> date:
    """Return the US trading date an instant belongs to: it turns at 20:00 New York (kis-protocol 8.2)."""
    return _business_date(ms // HOUR_MS)


@lru_cache(maxsize=4096)
def _business_date(hour: int) -> date:
    """Answer for a whole hour since 1970: every print asks, and New York's hours begin with UTC's."""
    local = new_york_at(hour * HOUR_MS)
    day = local.date() + timedelta(days=1) if local.hour >= 20 else local.date()
    return session_on_or_after(day)


@dataclass(frozen=True, slots=True)
class TradingWindows:
    """The KIS windows around the exchange session; the ends in KST are settings because they change."""

    after_end_kst: time = time(7, 0)
    extension_end_kst: time = time(9, 0)
    day_start_kst: time = time(10, 0)
    day_end_winter_kst: time = time(18, 0)
    day_end_summer_kst: time = time(17, 0)

    def phase(self, ms: int) -> Phase:
        """Return what is open at an instant."""
        local = new_york_at(ms)
        if is_session(local.date()):
            today = session_of(local.date())
            if today.pre_open_ms <= ms < today.open_ms:
                return Phase.PRE
            if today.open_ms <= ms < today.close_ms:
                return Phase.REGULAR
            if today.close_ms <= ms < self.after_end_ms(today):
                return Phase.AFTER
            if self.after_end_ms(today) <= ms < self.extension_end_ms(today):
                return Phase.AFTER_EXTENSION
        korean_day = seoul_at(ms).date()
        if is_session(korean_day):
            start, end = self.day_market_ms(korean_day)
            if start <= ms < end:
                return Phase.DAY_MARKET
        return Phase.CLOSED

    def after_end_ms(self, session: TradingSession) -> int:
        """Return the end of the KIS after-market: fixed in Korean time, the morning after."""
        return to_ms(seoul(session.day + timedelta(days=1), self.after_end_kst))

    def extension_end_ms(self, session: TradingSession) -> int:
        return to_ms(seoul(session.day + timedelta(days=1), self.extension_end_kst))

    def day_market_ms(self, day: date) -> tuple[int, int]:
        """Return start and end of the day market that belongs to a US trading date."""
        summer = is_summer_time(day)
        end = self.day_end_summer_kst if summer else self.day_end_winter_kst
        return to_ms(seoul(day, self.day_start_kst)), to_ms(seoul(day, end))


def is_summer_time(day: date) -> bool:
    """Return whether New York keeps daylight saving time on a day."""
    return bool(new_york(day, time(12, 0)).dst())


def default_start(wall: datetime) -> datetime:
    """Return where market time starts by default: now in a regular session, else 10:00 New York of this or the next."""
    local = wall.astimezone(NEW_YORK)
    if is_session(local.date()):
        today = session_of(local.date())
        if today.open_ms <= to_ms(wall) < today.close_ms:
            return wall.astimezone(UTC)
    return new_york(session_on_or_after(local.date()), time(10, 0)).astimezone(UTC)

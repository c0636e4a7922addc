"""The coming trading days for a person in Korea: sessions, holidays with their names, half days, clock changes."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from strategy.market.calendar import HALF_DAY_CLOSE_TIME, Session, holiday_name, previous, session_on
from strategy.model import CalendarDay, Said, new_york, new_york_date


class DayNote(StrEnum):
    CLOSED = "day.closed"
    MOURNING = "day.mourning"
    HOLIDAY = "day.holiday"
    OBSERVED = "day.observed"
    CLOCKS_FORWARD = "day.clocks_forward"
    CLOCKS_BACK = "day.clocks_back"
    HALF = "day.half"
    ALL = "day.all"


MOST_DAYS = 400
_DAY = timedelta(days=1)
_OBSERVED = " (observed)"
_EARLY = " (markets close at 1:00pm)"
_MOURNING = "National Day of Mourning"


def coming_days(now: datetime, days: int) -> tuple[CalendarDay, ...]:
    """Return the New York dates from today on, that many days long; weekends left out."""
    today = new_york_date(now)
    dates = (today + _DAY * n for n in range(max(0, min(days, MOST_DAYS))))
    return tuple(day(on) for on in dates if on.weekday() < 5)


def day(on: date) -> CalendarDay:
    """Describe one weekday in New York."""
    session = session_on(on)
    if session is None:
        return CalendarDay(on=on, opens_at=None, closes_at=None, half_day=False, note=holiday_text(on))
    notes = [each for each in (_half_day(session), clock_change(session)) if each is not None]
    return CalendarDay(
        on=on,
        opens_at=session.opens_at,
        closes_at=session.closes_at,
        half_day=session.half_day,
        note=Said(DayNote.ALL, notes=tuple(notes)) if notes else None,
    )


def holiday_text(on: date) -> Said:
    """Return the name of a holiday or half day; closures without a name are just closed."""
    name = holiday_name(on)
    if name is None:
        return Said(DayNote.CLOSED)
    plain = name.removesuffix(_EARLY)
    named = plain.removesuffix(_OBSERVED)
    if named.startswith(_MOURNING):
        return Said(DayNote.MOURNING, name=plain)
    return Said(DayNote.OBSERVED if named != plain else DayNote.HOLIDAY, name=named)


def clock_change(session: Session) -> Said | None:
    """Return what the owner should know when New York has moved its clocks since the session before."""
    before = previous(session.on)
    shift = _offset(session) - _offset(before)
    if not shift:
        return None
    forward = shift > timedelta(0)
    return Said(DayNote.CLOCKS_FORWARD if forward else DayNote.CLOCKS_BACK, opens_at=session.opens_at)


def _half_day(session: Session) -> Said | None:
    if not session.half_day:
        return None
    return Said(DayNote.HALF, name=holiday_text(session.on), closes=f"{HALF_DAY_CLOSE_TIME:%H:%M}")


def _offset(session: Session) -> timedelta:
    return new_york(session.opens_at).utcoffset() or timedelta(0)

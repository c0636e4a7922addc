"""Sessions of the US exchanges, held against a second source. Rows S10, S11, S30, S31, S32, S81."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from exchange_calendars import get_calendar
from hypothesis import example, given
from hypothesis import strategies as st

from strategy.market import Session, calendar, session_on
from strategy.market.calendar import trading_window
from strategy.model import new_york, new_york_date

FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.filterwarnings("ignore:Series.values returning")  # exchange_calendars lags behind pandas
@pytest.mark.parametrize("year", [2013, 2014, 2024, 2025, 2026, 2027])
def test_sessions_equal_the_second_source_s11(year: int) -> None:
    """Every date: open or not, the open, the close, 13:00 closes and both clock changes."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    exchange = get_calendar("XNYS", start="2013-01-02", end="2027-12-31")
    theirs = {
        row.Index.date(): (row.open.to_pydatetime(), row.close.to_pydatetime())
        for row in exchange.schedule.itertuples()
        if first <= row.Index.date() <= last
    }
    ours = {on: (s.opens_at, s.closes_at) for on in _days(first, last) if (s := session_on(on)) is not None}
    assert ours == theirs


# The exchange's published list: weekdays without a session, and 13:00 closes.
CLOSED = """
2024 01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25
2025 01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25
2026 01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25
2027 01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24
"""
HALF = """
2024 07-03 11-29 12-24
2025 07-03 11-28 12-24
2026 11-27 12-24
2027 11-26
"""


def _listed(table: str) -> set[date]:
    rows = (line.split() for line in table.split("\n") if line)
    return {date.fromisoformat(f"{year}-{day}") for year, *days in rows for day in days}


def test_sessions_equal_the_checked_in_list_s11() -> None:
    weekdays = {on for on in _days(FIRST, LAST) if on.weekday() < 5}
    assert {on for on in weekdays if session_on(on) is None} == _listed(CLOSED)
    assert {session.on for session in calendar.sessions(FIRST, LAST) if session.half_day} == _listed(HALF)


@pytest.mark.parametrize(
    ("on", "is_open"),
    [
        (date(2024, 3, 29), False),  # Good Friday
        (date(2025, 4, 18), False),
        (date(2025, 10, 13), True),  # Columbus Day
        (date(2025, 11, 11), True),  # Veterans Day
        (date(2025, 1, 9), False),  # day of mourning
        (date(2026, 7, 3), False),  # Independence Day observed
        (date(2026, 3, 7), False),  # Saturday
        (date(2026, 3, 8), False),  # Sunday
        (date(2027, 12, 31), True),  # New Year's Day on a Saturday moves nothing
    ],
)
def test_named_days_s11(on: date, is_open: bool) -> None:
    assert (session_on(on) is not None) is is_open


@pytest.mark.parametrize(
    "on", [date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24), date(2025, 7, 3), date(2026, 11, 27)]
)
def test_half_days_close_at_13_s11(on: date) -> None:
    session = session_on(on)
    assert session is not None
    assert session.half_day
    assert new_york(session.closes_at).time() == time(13)
    assert calendar.holiday_name(on)


@pytest.mark.parametrize(
    ("on", "opens_at"),
    [
        (date(2026, 3, 6), datetime(2026, 3, 6, 14, 30, tzinfo=UTC)),  # winter: 23:30 in Seoul
        (date(2026, 3, 9), datetime(2026, 3, 9, 13, 30, tzinfo=UTC)),  # summer: 22:30 in Seoul
        (date(2026, 10, 30), datetime(2026, 10, 30, 13, 30, tzinfo=UTC)),
        (date(2026, 11, 2), datetime(2026, 11, 2, 14, 30, tzinfo=UTC)),
    ],
)
def test_the_open_follows_both_clock_changes_s10(on: date, opens_at: datetime) -> None:
    session = session_on(on)
    assert session is not None
    assert session.opens_at == opens_at
    assert calendar.current(opens_at) == session
    assert calendar.current(opens_at - timedelta(microseconds=1)) is None


def test_a_year_of_sessions_begins_and_ends_by_the_clock_s10() -> None:
    for session in calendar.sessions(date(2026, 1, 1), date(2026, 12, 31)):
        assert calendar.current(session.opens_at) == session
        assert calendar.current(session.closes_at - timedelta(seconds=1)) == session
        assert calendar.current(session.closes_at) is None
        assert calendar.next_open(session.opens_at - timedelta(seconds=1)) == session.opens_at
        assert calendar.next_session(session.opens_at) == calendar.following(session.on)
        assert calendar.previous(calendar.following(session.on).on) == session
        assert calendar.latest(session.closes_at + timedelta(hours=1)) == session


def test_a_weekend_lies_between_friday_and_monday() -> None:
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert calendar.latest(saturday).on == date(2026, 3, 6)
    assert calendar.next_session(saturday).on == date(2026, 3, 9)
    assert calendar.holiday_name(date(2026, 3, 7)) is None


@given(st.timedeltas(timedelta(0), timedelta(days=1400)))
def test_every_instant_lies_in_a_session_or_between_two(since: timedelta) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + since
    session, last, upcoming = calendar.current(now), calendar.latest(now), calendar.next_session(now)
    assert last.opens_at <= now < upcoming.opens_at
    assert calendar.following(last.on) == upcoming
    assert session in (None, last)
    assert (session is None) is (now >= last.closes_at)


def _session(on: date) -> Session:
    session = session_on(on)
    assert session is not None
    return session


INSTANTS = st.datetimes(datetime(2006, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC


@given(INSTANTS)
@example(datetime(2026, 3, 9, 3, 59, 59, 999999, tzinfo=UTC))  # the day after the clock went forward
@example(datetime(2026, 3, 9, 4, tzinfo=UTC))
@example(datetime(2026, 11, 1, 3, 59, 59, 999999, tzinfo=UTC))  # the day it goes back
@example(datetime(2026, 11, 2, 5, tzinfo=UTC))
def test_the_date_in_new_york_is_that_of_its_clock(instant: datetime) -> None:
    assert new_york_date(instant) == new_york(instant).date()


def test_the_window_is_the_later_start_and_the_earlier_end_s30_s31() -> None:
    session = _session(date(2026, 3, 10))
    wide = trading_window(session, time(4), time(20), time(20, 30))
    assert (wide.starts_at, wide.ends_at) == (session.opens_at, session.closes_at)
    narrow = trading_window(session, time(10), time(15, 30), time(16, 30))
    assert narrow.starts_at == session.opens_at + timedelta(minutes=30)
    assert narrow.ends_at == session.closes_at - timedelta(minutes=30)
    assert not narrow.contains(narrow.starts_at - timedelta(seconds=1))
    assert narrow.contains(narrow.starts_at)
    assert not narrow.contains(narrow.ends_at)


def test_a_half_day_ends_the_window_at_13_s31() -> None:
    session = _session(date(2026, 11, 27))
    window = trading_window(session, time(9, 30), time(16), time(16, 30))
    assert window.ends_at == session.closes_at
    late = trading_window(session, time(14), time(16), time(16, 30))  # nothing is left of such a day
    assert not any(late.contains(session.opens_at + timedelta(minutes=n)) for n in range(600))


def test_the_trading_session_ends_at_the_time_set_s32() -> None:
    window = trading_window(_session(date(2026, 3, 6)), time(9, 30), time(16), time(16, 30))
    assert window.shutdown_at == datetime(2026, 3, 6, 21, 30, tzinfo=UTC)

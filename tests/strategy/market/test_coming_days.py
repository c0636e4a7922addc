"""The coming days for a person in Korea (rows S10, S11, S113)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from strategy.market import holiday_name, session_on
from strategy.market.coming_days import MOST_DAYS, coming_days, day, holiday_text
from strategy.model import new_york, seoul
from tests.support.words import english, korean


def test_days_begin_with_todays_new_york_date_and_leave_weekends_out() -> None:
    now = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)  # Tuesday in Korea and UTC, still Monday in New York
    days = coming_days(now, 7)
    assert [each.on for each in days] == [date(2026, 9, d) for d in (14, 15, 16, 17, 18)]


def test_a_strange_number_of_days_is_cut() -> None:
    now = datetime(2026, 9, 15, tzinfo=UTC)
    assert coming_days(now, 0) == coming_days(now, -3) == ()
    assert len(coming_days(now, 10_000)) <= MOST_DAYS


def test_a_holiday_says_its_name_in_both_languages() -> None:
    closed = day(date(2026, 11, 26))
    assert (closed.opens_at, closed.closes_at, closed.half_day) == (None, None, False)
    assert closed.note is not None
    assert (korean(closed.note), english(closed.note)) == ("추수감사절", "Thanksgiving Day")


def test_an_observed_holiday_says_so() -> None:
    note = day(date(2026, 7, 3)).note  # the 4th is a Saturday
    assert note is not None
    assert (korean(note), english(note)) == ("독립기념일 (대체 휴일)", "Independence Day (observed)")


def test_a_mourning_day_is_named() -> None:
    note = day(date(2025, 1, 9)).note
    assert note is not None
    assert korean(note) == "국가 애도일"
    assert "Carter" in english(note)


def test_a_half_day_closes_at_one() -> None:
    half = day(date(2026, 11, 27))
    assert half.half_day
    assert half.closes_at is not None
    assert new_york(half.closes_at).hour == 13
    assert half.note is not None
    assert korean(half.note) == "추수감사절 다음 날: 뉴욕 13:00 조기 마감"
    assert "1:00pm" not in english(half.note)


@pytest.mark.parametrize(
    ("on", "ko", "hour"), [(date(2026, 3, 9), "서머타임 시작", 22), (date(2026, 11, 2), "서머타임 끝", 23)]
)
def test_the_session_after_a_clock_change_tells_the_new_korean_hour(on: date, ko: str, hour: int) -> None:
    changed = day(on)
    assert changed.note is not None
    assert ko in korean(changed.note)
    assert f"{hour}:30" in korean(changed.note)
    assert f"{hour}:30" in english(changed.note)
    assert changed.opens_at is not None
    assert seoul(changed.opens_at).hour == hour
    assert day(on + timedelta(days=1)).note is None


def test_every_holiday_of_two_decades_has_a_korean_name() -> None:
    on = date(2018, 1, 1)
    while on < date(2038, 1, 1):
        if holiday_name(on) is not None and on.weekday() < 5:
            assert any("가" <= letter <= "힣" for letter in korean(holiday_text(on))), on
        on += timedelta(days=1)


def test_every_weekday_without_a_session_has_a_reason() -> None:
    for each in coming_days(datetime(2026, 1, 1, 15, tzinfo=UTC), 365):
        assert (each.opens_at is None) == (session_on(each.on) is None)
        assert each.opens_at is not None or each.note is not None

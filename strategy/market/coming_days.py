"""The coming trading days for a person in Korea: sessions, holidays with their names, half days, clock changes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from strategy.market.calendar import HALF_DAY_CLOSE_TIME, Session, holiday_name, previous, session_on
from strategy.model import CalendarDay, Text, new_york, seoul

MOST_DAYS = 400
_DAY = timedelta(days=1)
_OBSERVED = " (observed)"
_EARLY = " (markets close at 1:00pm)"
_KOREAN = {
    "New Year's Day": "새해 첫날",
    "Martin Luther King Jr. Day": "마틴 루서 킹의 날",
    "Washington's Birthday": "대통령의 날 (워싱턴 탄생일)",
    "Good Friday": "성금요일",
    "Memorial Day": "메모리얼 데이 (현충일)",
    "Juneteenth National Independence Day": "준틴스 (노예 해방일)",
    "Independence Day": "독립기념일",
    "Day before Independence Day": "독립기념일 전날",
    "Labor Day": "노동절",
    "Thanksgiving Day": "추수감사절",
    "Day after Thanksgiving Day": "추수감사절 다음 날",
    "Christmas Day": "성탄절",
    "Christmas Eve": "성탄절 전날",
}
_MOURNING = "National Day of Mourning"


def coming_days(now: datetime, days: int) -> tuple[CalendarDay, ...]:
    """Return the New York dates from today on, that many days long; weekends left out."""
    today = new_york(now).date()
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
        note=_joined(notes) if notes else None,
    )


def holiday_text(on: date) -> Text:
    """Return the name of a holiday or half day in both languages; closures without a name are just closed."""
    name = holiday_name(on)
    if name is None:
        return Text("휴장", "closed")
    plain = name.removesuffix(_EARLY)
    named = plain.removesuffix(_OBSERVED)
    if named.startswith(_MOURNING):
        return Text("국가 애도일", plain)
    korean = _KOREAN.get(named, named)
    return Text(f"{korean} (대체 휴일)" if named != plain else korean, plain)


def clock_change(session: Session) -> Text | None:
    """Return what the owner should know when New York has moved its clocks since the session before."""
    before = previous(session.on)
    shift = _offset(session) - _offset(before)
    if not shift:
        return None
    opens = seoul(session.opens_at)
    if shift > timedelta(0):
        return Text(
            f"미국 서머타임 시작: 이날부터 한국 시간 {opens:%H:%M} 개장 (1시간 빨라짐)",
            f"US clocks went forward: opens {opens:%H:%M} Korean time from here on (an hour earlier)",
        )
    return Text(
        f"미국 서머타임 끝: 이날부터 한국 시간 {opens:%H:%M} 개장 (1시간 늦어짐)",
        f"US clocks went back: opens {opens:%H:%M} Korean time from here on (an hour later)",
    )


def _half_day(session: Session) -> Text | None:
    if not session.half_day:
        return None
    name = holiday_text(session.on)
    early = f"{HALF_DAY_CLOSE_TIME:%H:%M}"
    return Text(f"{name.ko}: 뉴욕 {early} 조기 폐장", f"{name.en}: closes early, {early} New York time")


def _offset(session: Session) -> timedelta:
    return new_york(session.opens_at).utcoffset() or timedelta(0)


def _joined(notes: Sequence[Text]) -> Text:
    return Text("; ".join(each.ko for each in notes), "; ".join(each.en for each in notes))

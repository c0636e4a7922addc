"""Time comes through a Clock, of which only SystemClock reads the machine's; the two zones of this product (pytz).

See decision 0100.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from typing import Protocol, Self, overload

import pytz

NEW_YORK = pytz.timezone("America/New_York")
SEOUL = pytz.timezone("Asia/Seoul")
_NONE = timedelta(0)
SMALL = timedelta(seconds=2)  # what a clock is corrected by without anybody having to know
_STOOD_STILL = timedelta(seconds=10)
_LONGEST_NAP_S = 2.0  # a calendar's instant is looked at again this often: the machine's clock may have been set
# counts on while the machine sleeps, where the system has such a clock: a deadline passes on a closed lid, too
_RUNNING = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)
_MACHINE = object()  # what all SystemClocks run by


class Moment(datetime):
    """An instant of a clock that anybody may set, which also knows how long that clock has run, which nobody can set.

    Two moments of one clock are compared and subtracted by the running time: a deadline, a pause, an age or a pacer's
    slot stays what it was when the clock is put forward or back. Beside any other datetime (the calendar's, a venue's
    stamp, one read from disk) the shown time counts, as it does for `==`, for every text and for every date.
    """

    __slots__ = ("ran", "runs_by")
    ran: timedelta  # how long its clock had run by then; unset, as below, in what `replace` makes of a moment
    runs_by: object  # which clock that was

    @classmethod
    def of(cls, shown: datetime, ran: timedelta, clock: object) -> Self:
        """Return the moment at which `clock` shows that instant after having run for so long."""
        moment = cls.combine(shown.date(), shown.timetz())
        moment.ran, moment.runs_by = ran, clock
        return moment

    def since(self, other: object) -> timedelta | None:
        """Return how long the clock ran between; None where `other` is no moment of the same clock."""
        if not isinstance(other, Moment):
            return None
        clock = getattr(self, "runs_by", None)
        return None if clock is not getattr(other, "runs_by", self) else self.ran - other.ran

    def set_since(self, other: datetime) -> timedelta:
        """Return how far the clock has been put forward since an earlier moment; negative: put back."""
        ran = self.since(other)
        return _NONE if ran is None else datetime.__sub__(self, other) - ran

    def __add__(self, value: timedelta) -> Self:
        later = super().__add__(value)
        if later is not NotImplemented and hasattr(self, "ran"):
            later.ran, later.runs_by = self.ran + value, self.runs_by
        return later

    __radd__ = __add__

    @overload  # type: ignore[override]  # wider than the parent's: any datetime may be subtracted, as ever
    def __sub__(self, value: timedelta) -> Self: ...

    @overload
    def __sub__(self, value: datetime) -> timedelta: ...

    def __sub__(self, value: timedelta | datetime) -> Self | timedelta:
        if isinstance(value, timedelta):
            return self + -value
        ran = self.since(value)
        return datetime.__sub__(self, value) if ran is None else ran

    def __lt__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime does
        ran = self.since(other)
        return super().__lt__(other) if ran is None else ran < _NONE

    def __le__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime does
        ran = self.since(other)
        return super().__le__(other) if ran is None else ran <= _NONE

    def __gt__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime does
        ran = self.since(other)
        return super().__gt__(other) if ran is None else ran > _NONE

    def __ge__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime does
        ran = self.since(other)
        return super().__ge__(other) if ran is None else ran >= _NONE


class Clock(Protocol):
    """Market time. In the demo and in tests it is the simulated market's, and may stand still or run fast."""

    def now(self) -> datetime:
        """Return the instant, aware, UTC: a Moment wherever somebody may set the clock."""

    async def sleep_until(self, when: datetime) -> None:
        """Return at or just after `when` in market time; at once when it has passed."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of market time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """What was done to a clock, or to the program that goes by it."""

    at: Moment
    put: timedelta  # forward; negative: back
    stood: timedelta = _NONE  # nothing of the program ran for so long: the machine slept, or was too busy


class SettableClock(Clock, Protocol):
    """A clock that somebody may set, of a machine that may sleep."""

    def now(self) -> Moment: ...

    async def disturbed(self, since: Moment) -> Disturbance:
        """Return within seconds of such a thing, or at once if it happened after `since`; small ones are let pass."""


class SystemClock:
    """The machine's clock, for real markets."""

    def now(self) -> Moment:
        return Moment.of(datetime.now(UTC), _running(), _MACHINE)  # noqa: TID251 - the one place that may

    async def sleep_until(self, when: datetime) -> None:
        # a long sleep is cut into pieces so that a corrected or resumed machine clock is noticed
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself, no event to wait for
            await asyncio.sleep(min(left, _LONGEST_NAP_S))

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + timedelta(seconds=seconds))

    async def disturbed(self, since: Moment) -> Disturbance:
        """Return within seconds of such a thing, or at once if it happened after `since`; small ones are let pass."""
        looked = self.now()
        while True:
            now = self.now()
            put, stood = now.set_since(since), now - looked - timedelta(seconds=_LONGEST_NAP_S)
            if abs(put) >= SMALL or stood >= _STOOD_STILL:
                return Disturbance(at=now, put=put, stood=max(stood, _NONE))
            looked = now
            await asyncio.sleep(_LONGEST_NAP_S)


def _running() -> timedelta:
    """Return how long the machine has run, its sleep included where the system counts it."""
    ns = time.monotonic_ns() if _RUNNING is None else time.clock_gettime_ns(_RUNNING)
    return timedelta(microseconds=ns // 1000)


def new_york(instant: datetime) -> datetime:
    """Return the instant on New York's wall clock."""
    return instant.astimezone(NEW_YORK)


def new_york_date(instant: datetime) -> date:
    """Return the date in New York; it changes with a whole hour of UTC."""
    return _date_of_hour(int(instant.timestamp()) // 3600)


@lru_cache(maxsize=1024)
def _date_of_hour(hour: int) -> date:
    return new_york(datetime.fromtimestamp(hour * 3600, UTC)).date()


def seoul(instant: datetime) -> datetime:
    """Return the instant on Seoul's wall clock."""
    return instant.astimezone(SEOUL)


@lru_cache(maxsize=1024)
def from_new_york(on: date, at: time_of_day) -> datetime:
    """Return the UTC instant of a New York wall-clock time (first of two where the clock goes back)."""
    return NEW_YORK.localize(datetime.combine(on, at), is_dst=True).astimezone(UTC)


def from_seoul(on: date, at: time_of_day) -> datetime:
    """Return the UTC instant of a Seoul wall-clock time."""
    return SEOUL.localize(datetime.combine(on, at)).astimezone(UTC)

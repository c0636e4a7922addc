"""The two zones of this product, and the only place that names them (pytz)."""

from datetime import UTC, date, datetime, time
from functools import lru_cache

import pytz

NEW_YORK = pytz.timezone("America/New_York")
SEOUL = pytz.timezone("Asia/Seoul")


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
def from_new_york(on: date, at: time) -> datetime:
    """Return the UTC instant of a New York wall-clock time (first of two where the clock goes back)."""
    return NEW_YORK.localize(datetime.combine(on, at), is_dst=True).astimezone(UTC)


def from_seoul(on: date, at: time) -> datetime:
    """Return the UTC instant of a Seoul wall-clock time."""
    return SEOUL.localize(datetime.combine(on, at)).astimezone(UTC)

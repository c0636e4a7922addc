"""Reading KIS's text values (kis-protocol 3.0): an empty value is missing, never zero; what is missing is named."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from kis.errors import FieldFault
from strategy.model import from_new_york, from_seoul

Row = Mapping[str, Any]

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
_MOST = 10**12  # shares of one row; a database's numbers end later, at 19 digits
_YEARS = range(1970, 2200)
_DATE = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"[0-9]{6}")
_SEOUL_MORNING = time(9, 30)  # later than the end of every session that began the evening before


def number(text: str) -> Decimal | None:
    """Return a plain decimal text's value, None when it is not one (blank, exponent, NaN, separators). It has no unit
    yet."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def text(row: Row, field: str) -> str:
    """Return a field's text without its padding; raise FieldFault when the field is absent."""
    if row.get(field) is None:
        raise FieldFault(field, "is missing")
    return maybe_text(row, field)


def maybe_text(row: Row, field: str) -> str:
    """Return a field's text without its padding, empty when absent; what no database or chat would take is marked."""
    value = row.get(field)
    if value is None:
        return ""
    found = str(value)
    if not found.isprintable():
        found = "".join(sign if sign.isprintable() else (" " if sign.isspace() else "\ufffd") for sign in found)
    return found.strip()


def maybe_decimal(row: Row, field: str) -> Decimal | None:
    """Return a number, None when absent or blank; raise FieldFault for what is neither. The caller knows its unit."""
    raw = maybe_text(row, field)
    if not raw:
        return None
    value = number(raw)
    if value is None:
        raise FieldFault(field, "is not a number")
    return value


def decimal(row: Row, field: str) -> Decimal:
    """Return a number; raise FieldFault when absent, blank or malformed. The caller knows its unit."""
    value = maybe_decimal(row, field)
    if value is None:
        raise FieldFault(field, "is blank" if field in row else "is missing")
    return value


def positive(row: Row, field: str) -> Decimal:
    """Return a number above zero; raise FieldFault for anything else: a price of zero is no price. The caller knows its
    unit."""
    value = decimal(row, field)
    if value <= 0:
        raise FieldFault(field, "is not above zero")
    return value


def maybe_positive(row: Row, field: str) -> Decimal | None:
    """Return a number above zero, None when absent, blank or zero (an empty book level). The caller knows its unit."""
    value = maybe_decimal(row, field)
    return value if value is not None and value > 0 else None


def integer(row: Row, field: str) -> int:
    """Return a whole number, also one written `12.00000000`; raise FieldFault for anything else."""
    value = decimal(row, field)
    if value != value.to_integral_value():
        raise FieldFault(field, "is not whole")
    if abs(value) > _MOST:
        raise FieldFault(field, "is beyond belief")
    return int(value)


def not_negative(row: Row, field: str) -> Decimal:
    """Return a number that is not below zero; raise FieldFault for anything else. The caller knows its unit."""
    value = decimal(row, field)
    if value < 0:
        raise FieldFault(field, "is below zero")
    return value


def quantity(row: Row, field: str) -> int:
    """Return a whole number that is not below zero; raise FieldFault for anything else. Mostly of shares."""
    not_negative(row, field)
    return integer(row, field)


def whole(row: Row, field: str) -> int:
    """Return the whole shares of a number that may have a fraction of one; raise FieldFault below zero."""
    return integer({field: not_negative(row, field).to_integral_value(ROUND_FLOOR)}, field)


def maybe_integer(row: Row, field: str) -> int | None:
    """Return a whole number, None when absent or blank."""
    return None if not maybe_text(row, field) else integer(row, field)


def parse_date(raw: str) -> date | None:
    """Return a YYYYMMDD date, None for blank, zeros or what is no date. Whether it is New York's or Seoul's the field
    tells."""
    raw = raw.strip()
    if not _DATE.fullmatch(raw):
        return None
    try:
        found = date(int(raw[:4]), int(raw[4:6]), int(raw[6:]))
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def parse_time(raw: str) -> time | None:
    """Return an HHMMSS time of day, None for blank or what is no time. Whether it is New York's or Seoul's the field
    tells."""
    raw = raw.strip()
    if not _TIME.fullmatch(raw):
        return None
    try:
        return time(int(raw[:2]), int(raw[2:4]), int(raw[4:]))
    except ValueError:
        return None


def day(row: Row, field: str) -> date:
    """Return a date; raise FieldFault when absent, blank or malformed. Whether it is New York's or Seoul's the field
    tells."""
    value = parse_date(text(row, field))
    if value is None:
        raise FieldFault(field, "is not a date")
    return value


def maybe_day(row: Row, field: str) -> date | None:
    """Return a date, None when absent, blank, zeros or malformed. Whether it is New York's or Seoul's the field
    tells."""
    return parse_date(maybe_text(row, field))


def clock_time(row: Row, field: str) -> time:
    """Return a time of day; raise FieldFault when absent, blank or malformed. Whether it is New York's or Seoul's the
    field tells."""
    value = parse_time(text(row, field))
    if value is None:
        raise FieldFault(field, "is not a time")
    return value


def ordered_instant(trading_date: date, seoul_time: time, seoul_date: date | None) -> datetime:
    """Return when an order was placed: `ord_tmd` is Seoul's clock, `ord_dt` New York's date (kis-protocol quirk 5).

    Without `dmst_ord_dt` the Seoul date follows from the clock: the small hours belong to the day after the
    trading date, everything from the day market's morning on to the trading date itself.
    """
    if seoul_date is None:
        seoul_date = trading_date + timedelta(days=1) if seoul_time < _SEOUL_MORNING else trading_date
    return from_seoul(seoul_date, seoul_time)


def quote_instant(on: date, at: time, now: datetime) -> datetime:
    """Return the UTC instant of a book's `dymd`, `dhms`.

    The published example is on Seoul's clock, which is nowhere said (kis-protocol 3.20). New York's is half a day away,
    so that the reading nearer to `now` is the one that is meant.
    """
    return min(from_seoul(on, at), from_new_york(on, at), key=lambda instant: abs(instant - now))


def seoul_stamp(raw: str) -> datetime | None:
    """Return the UTC instant of `YYYY-MM-DD HH:MM:SS` on Seoul's clock (token expiry), None for anything else."""
    try:
        stamp = datetime.strptime(raw.strip(), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - Seoul, localized below
    except ValueError:
        return None
    return from_seoul(stamp.date(), stamp.time()).astimezone(UTC)


def price_text(price: Decimal) -> str:
    """Return a price as KIS takes it: plain, no exponent, no needless zeros. Dollars."""
    plain = f"{price:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain

"""Numbers, dates and padding in the spelling of the wire (kis-protocol 3.0).

Prices inside the simulator are whole ten-thousandths of a dollar, so that sums and comparisons are exact.
"""

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from kis.simulator.market.calendar import new_york_at, seoul_at

UNIT: Final = 10_000
UP, FLAT, DOWN = "2", "3", "5"


def dollars(price: int) -> Decimal:
    """Return a price of ten-thousandths as dollars."""
    return Decimal(price).scaleb(-4)


def to_units(value: Decimal) -> int:
    """Return dollars as ten-thousandths, rounded half up."""
    return int((value * UNIT).to_integral_value(ROUND_HALF_UP))


def price4(price: int) -> str:
    """Format ten-thousandths with four decimals: 4311500 -> 431.1500. Of a dollar."""
    sign = "-" if price < 0 else ""
    whole, part = divmod(abs(price), UNIT)
    return f"{sign}{whole}.{part:04d}"


def fixed(value: Decimal, places: int) -> str:
    """Format with exactly so many decimals, rounded half up, never with an exponent. Of any unit."""
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def cents_down(value: Decimal) -> Decimal:
    """Round dollars down to the cent."""
    return value.quantize(Decimal("0.01"), ROUND_DOWN)


def cents(value: Decimal) -> Decimal:
    """Round dollars to the cent, half up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def won(value: Decimal) -> str:
    """Format whole won, rounded half up."""
    return f"{value.quantize(Decimal(1), ROUND_HALF_UP):f}"


def sign_of(last: int, base: int) -> str:
    """Return KIS's code for a price against its base, both in ten-thousandths of a dollar."""
    if last == base:
        return FLAT
    return UP if last > base else DOWN


def percent(last: int, base: int) -> Decimal:
    """Return the change in per cent, two decimals, zero for an unknown base."""
    if base == 0:
        return Decimal(0)
    return (Decimal(last - base) * 100 / base).quantize(Decimal("0.01"), ROUND_HALF_UP)


def rate(last: int, base: int) -> str:
    """Format a change: signed, two decimals, zero with a leading blank. Of prices in ten-thousandths of a dollar."""
    change = percent(last, base)
    return f"{change:+.2f}" if change else " 0.00"


@lru_cache(maxsize=1024)
def ymd(day: date) -> str:
    return day.strftime("%Y%m%d")


def parse_ymd(text: str) -> date | None:
    """Return the date of YYYYMMDD, or None for anything else. New York's or Seoul's, as the field says."""
    if len(text) != 8 or not text.isdigit():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def kst_hms(ms: int) -> str:
    return seoul_at(ms).strftime("%H%M%S")


def kst_ymd(ms: int) -> str:
    return seoul_at(ms).strftime("%Y%m%d")


def et_hms(ms: int) -> str:
    return new_york_at(ms).strftime("%H%M%S")


def et_ymd(ms: int) -> str:
    return new_york_at(ms).strftime("%Y%m%d")


def clean(text: str) -> str:
    """Return text as a record field may carry it: without the separators of the stream format."""
    return text.replace("^", " ").replace("|", " ")

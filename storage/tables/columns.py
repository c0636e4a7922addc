"""How values are written to columns and read back: decimals and instants are text."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import overload

from strategy.model import Said, StorageDamaged, Symbol


@overload
def instant_text(value: datetime) -> str: ...
@overload
def instant_text(value: datetime | None) -> str | None: ...
def instant_text(value: datetime | None) -> str | None:
    """Write an aware instant in UTC with microseconds, so that text order is time order; refuse a naive one."""
    if value is None:
        return None
    if value.utcoffset() is None:
        raise ValueError(f"a stored instant needs its zone: {value!r}")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


@overload
def instant(value: str) -> datetime: ...
@overload
def instant(value: str | None) -> datetime | None: ...
def instant(value: str | None) -> datetime | None:
    """Return a stored instant (aware UTC). Raises StorageDamaged for what is none."""
    try:
        return None if value is None else datetime.fromisoformat(value)
    except ValueError as error:
        raise StorageDamaged("a stored instant cannot be read") from error


def said_text(said: Said | None) -> str:
    """Return a sentence as it is stored; nothing for none."""
    return "" if said is None else said.stored()


def said(stored: str) -> Said | None:
    """Return a stored sentence, also one that an earlier build stored as words."""
    return Said.read(stored) if stored else None


def day_text(value: date) -> str:
    """Return a New York date as it is stored."""
    return value.isoformat()


@overload
def decimal_text(value: Decimal) -> str: ...
@overload
def decimal_text(value: Decimal | None) -> str | None: ...
def decimal_text(value: Decimal | None) -> str | None:
    """Return a number of any unit as it is stored."""
    return None if value is None else str(value)


@overload
def decimal(value: str) -> Decimal: ...
@overload
def decimal(value: str | None) -> Decimal | None: ...
def decimal(value: str | None) -> Decimal | None:
    """Return a stored number of any unit. Raises StorageDamaged for what is none."""
    try:
        return None if value is None else Decimal(value)
    except ArithmeticError as error:
        raise StorageDamaged("a stored number cannot be read") from error


@overload
def symbol_text(value: Symbol) -> str: ...
@overload
def symbol_text(value: Symbol | None) -> str | None: ...
def symbol_text(value: Symbol | None) -> str | None:
    return None if value is None else str(value)


@overload
def symbol(value: str) -> Symbol: ...
@overload
def symbol(value: str | None) -> Symbol | None: ...
def symbol(value: str | None) -> Symbol | None:
    return None if value is None else _parsed(value)


@lru_cache(maxsize=1024)  # the same few are read again and again
def _parsed(value: str) -> Symbol:
    return Symbol.stored(value)

"""One session's minute bars as a few thousand bytes, and back without a loss; see decision 0168.

Head: version, places, count, checksum. Then zlib over columns of 64-bit numbers, their bytes sorted by place: minutes
since the open, and closes, each as the difference to the one before; open, high and low as the difference to the close;
volumes. Prices are whole numbers of 10^-places dollars, with as many places as the session needs.
"""

import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from operator import add, sub
from struct import Struct
from typing import NamedTuple

from strategy.model import Bar

_HEAD = Struct("<BBII")  # version, places, count, checksum of key and rest
_VERSION = 1
_WIDTH = 8
_COLUMNS = 6
_MINUTE = timedelta(minutes=1)
_LEVEL = 9


class UnreadableBars(ValueError):
    """Bytes that are no session of this key: torn, changed, or of a later version."""


def pack(key: str, opens_at: datetime, bars: Sequence[Bar]) -> bytes:
    """Return the session's bytes; `key` says whose they are, so that they are read as nobody else's.

    Raise ValueError for a bar that is not a whole minute of the session, but for a last one that the close cuts.
    """
    places = max((_places(price) for bar in bars for price in _prices(bar)), default=0)
    minutes = [_minute(bar, opens_at) for bar in bars]
    opened, highs, lows, closes = ([_whole(price, places) for price in each] for each in _price_columns(bars))
    columns = (
        _steps(minutes),
        _steps(closes),
        map(sub, opened, closes),
        map(sub, highs, closes),
        map(sub, lows, closes),
        [bar.volume for bar in bars],
    )
    body = zlib.compress(b"".join(_shuffled(column) for column in columns), _LEVEL)
    head = _HEAD.pack(_VERSION, places, len(bars), 0)
    return _HEAD.pack(_VERSION, places, len(bars), _checksum(key, head, body)) + body


class Columns(NamedTuple):
    """A session as whole numbers, a list each: what sums over years are made from."""

    minutes: list[int]  # since the open
    open: list[int]  # in 10^-places dollars, like the next three
    high: list[int]
    low: list[int]
    close: list[int]
    volume: list[int]  # whole shares
    places: int


def columns(key: str, packed: bytes) -> Columns:
    """Return the session's numbers; raise UnreadableBars for bytes that `pack` did not make of this key."""
    places, count, body = _checked(key, packed)
    try:
        plain = zlib.decompress(body)
    except zlib.error as error:
        raise UnreadableBars(str(error)) from error
    size = count * _WIDTH
    if len(plain) != _COLUMNS * size:
        raise UnreadableBars(f"{len(plain)} bytes for {count} bars")
    minutes, closes, opened, highs, lows, volumes = (
        _column(plain[n * size : (n + 1) * size], count) for n in range(_COLUMNS)
    )
    close = list(accumulate(closes))
    return Columns(
        minutes=list(accumulate(minutes)),
        open=list(map(add, opened, close)),
        high=list(map(add, highs, close)),
        low=list(map(add, lows, close)),
        close=close,
        volume=list(volumes),
        places=places,
    )


def unpack(key: str, opens_at: datetime, closes_at: datetime, packed: bytes) -> tuple[Bar, ...]:
    """Return the bars; raise UnreadableBars for bytes that `pack` did not make of this key."""
    found = columns(key, packed)
    places = -found.places
    return tuple(
        Bar(
            start=(start := opens_at + minute * _MINUTE),
            end=min(start + _MINUTE, closes_at),
            open=Decimal(open_).scaleb(places),
            high=Decimal(high).scaleb(places),
            low=Decimal(low).scaleb(places),
            close=Decimal(close).scaleb(places),
            volume=volume,
            closed=True,
        )
        for minute, open_, high, low, close, volume in zip(*found[:6], strict=True)
    )


def intact(key: str, packed: bytes) -> bool:
    """Return whether the bytes are what was stored under that key; far cheaper than reading them."""
    try:
        _checked(key, packed)
    except UnreadableBars:
        return False
    return True


def _checked(key: str, packed: bytes) -> tuple[int, int, bytes]:
    """Return places, count and body."""
    if len(packed) < _HEAD.size:
        raise UnreadableBars("too short")
    version, places, count, checksum = _HEAD.unpack_from(packed)
    body = packed[_HEAD.size :]
    if version != _VERSION:
        raise UnreadableBars(f"version {version}")
    if checksum != _checksum(key, _HEAD.pack(version, places, count, 0), body):
        raise UnreadableBars("the checksum differs")
    return places, count, body


def _checksum(key: str, head: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(head, zlib.crc32(key.encode())))


def _prices(bar: Bar) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    return bar.open, bar.high, bar.low, bar.close


def _price_columns(bars: Sequence[Bar]) -> Iterator[tuple[Decimal, ...]]:
    return (tuple(_prices(bar)[n] for bar in bars) for n in range(4))


def _places(price: Decimal) -> int:
    """Return how many places after the point a price needs."""
    exponent = price.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or price <= 0:
        raise ValueError(f"not a price: {price}")
    return max(0, -exponent)


def _whole(price: Decimal, places: int) -> int:
    return int(price.scaleb(places))


def _minute(bar: Bar, opens_at: datetime) -> int:
    minute, rest = divmod(bar.start - opens_at, _MINUTE)
    if rest or minute < 0 or bar.end - bar.start > _MINUTE:
        raise ValueError(f"not a minute of the session: {bar.start}")
    return minute


def _steps(values: Sequence[int]) -> list[int]:
    return [*values[:1], *map(sub, values[1:], values[:-1])]


def _shuffled(values: Iterable[int]) -> bytes:
    """Return the numbers with all their lowest bytes first, then all the next: nearly all of them are alike."""
    column = array("q", values)
    if sys.byteorder == "big":
        column.byteswap()
    plain = column.tobytes()
    return b"".join(plain[n::_WIDTH] for n in range(_WIDTH))


def _column(shuffled: bytes, count: int) -> "array[int]":
    plain = bytearray(len(shuffled))
    for n in range(_WIDTH):
        plain[n::_WIDTH] = shuffled[n * count : (n + 1) * count]
    column = array("q", bytes(plain))
    if sys.byteorder == "big":
        column.byteswap()
    return column

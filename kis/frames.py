"""Decoding the stream's data frames (kis-protocol 7.6, 7.7). The hot path: one split, a few look-ups, one tuple.

Texts repeat (prices move in cents, a second holds many trades), so each distinct text is parsed and checked once
and then looked up; the tables are emptied when they grow.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from kis.fields import number, parse_date, parse_time
from strategy.instruments import Symbol
from strategy.quotes import Tick
from strategy.zones import from_new_york

_TABLE_LIMIT = 50_000
_STREAM_PREFIXES = ("DNAS", "DNYS", "DAMS", "RBAQ", "RBAY", "RBAA", "RNAS", "RNYS", "RAMS")
_FEWEST = 20  # a trade record is read up to its size, field 19 when RSYM comes first
_new_tick = tuple.__new__


class BadFrame(Exception):
    """A frame or record that cannot be read; it is counted and skipped."""


class Frame(NamedTuple):
    """`<flag>|<TR id>|<count>|<payload>`"""

    encrypted: bool
    tr_id: str
    records: int
    payload: str


def split_frame(text: str) -> Frame:
    """Take a data frame apart; raise BadFrame."""
    parts = text.split("|", 3)
    if len(parts) != 4 or parts[0] not in ("0", "1") or not parts[2].isdecimal() or not parts[2].isascii():
        raise BadFrame("not a data frame")
    count = int(parts[2])
    if not 1 <= count <= 999:
        raise BadFrame("no record count")
    return Frame(parts[0] == "1", parts[1], count, parts[3])


class _Prices(dict[str, Decimal | None]):
    """Price texts to prices; None for blank, zero, negative or anything that is no plain number."""

    def __missing__(self, text: str) -> Decimal | None:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        value = number(text)
        self[text] = value = value if value is not None and value > 0 else None
        return value


class _Sizes(dict[str, int | None]):
    """Size texts to whole numbers; None for anything else."""

    def __missing__(self, text: str) -> int | None:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        value = number(text)
        whole = value is not None and value >= 0 and value == value.to_integral_value()
        self[text] = size = int(value) if whole and value is not None else None
        return size


class _Instants(dict[str, datetime | None]):
    """`YYYYMMDDHHMMSS` on New York's clock to UTC instants; None for anything else."""

    def __missing__(self, text: str) -> datetime | None:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        on, at = parse_date(text[:8]), parse_time(text[8:])
        self[text] = instant = None if on is None or at is None else from_new_york(on, at)
        return instant


class TradeDecoder:
    """Turns trade payloads (HDFSCNT0) into ticks of the symbols it knows."""

    def __init__(self) -> None:
        self._symbols: dict[str, Symbol] = {}
        self._prices = _Prices()
        self._sizes = _Sizes()
        self._instants = _Instants()

    def know(self, keys: Mapping[str, Symbol]) -> None:
        """Replace the stream keys (`DNASMSFT`) and their symbols."""
        self._symbols = dict(keys)

    def decode(self, payload: str, count: int, received_at: datetime) -> list[Tick]:
        """Return the records' ticks in order; raise BadFrame when any record cannot be read.

        Records are as long as the payload divided by their count, never a fixed length (quirk 26). Without RSYM in
        front the record starts at the ticker.
        """
        if count == 1:
            fields = payload.split("^", 20)
            return [self._tick(fields, 0, len(fields), received_at)]
        fields = payload.split("^")
        width, rest = divmod(len(fields), count)
        if rest:
            raise BadFrame("the records do not fill the payload")
        return [self._tick(fields, start, width, received_at) for start in range(0, len(fields), width)]

    def _tick(self, fields: list[str], start: int, width: int, received_at: datetime) -> Tick:
        if width < _FEWEST:
            raise BadFrame("a trade record is too short")
        symbol = self._symbols.get(fields[start])
        if symbol is None:
            symbol, start = self._unkeyed(fields, start)
        last = self._prices[fields[start + 11]]
        size = self._sizes[fields[start + 19]]
        traded_at = self._instants[fields[start + 4] + fields[start + 5]]
        if last is None or size is None or traded_at is None:
            raise BadFrame("a trade record without price, size or time")
        return _new_tick(
            Tick,
            (
                symbol,
                last,
                self._prices[fields[start + 15]],
                self._prices[fields[start + 16]],
                size,
                traded_at,
                received_at,
            ),
        )

    def _unkeyed(self, fields: list[str], start: int) -> tuple[Symbol, int]:
        """Return the symbol of a record that does not begin with a known key, and where its field 0 would be."""
        if fields[start].startswith(_STREAM_PREFIXES) and fields[start + 1] and fields[start + 2].isdecimal():
            raise BadFrame("a trade of a symbol nobody subscribed")
        for key, symbol in self._symbols.items():
            if key[4:] == fields[start]:
                return symbol, start - 1
        raise BadFrame("a trade of an unknown symbol")


class BookTop(NamedTuple):
    """Best level of a streamed book."""

    symbol: Symbol
    bid: Decimal | None
    ask: Decimal | None
    bid_size: int | None
    ask_size: int | None
    at: datetime  # aware UTC, the venue's
    received_at: datetime


def decode_book(payload: str, symbols: Mapping[str, Symbol], received_at: datetime) -> BookTop:
    """Return the best level of a book payload (HDFSASP0), with or without RSYM in front; raise BadFrame."""
    fields = payload.split("^")
    symbol = symbols.get(fields[0])
    if symbol is not None:
        fields = fields[1:]
    else:
        symbol = next((known for key, known in symbols.items() if key[4:] == fields[0]), None)
    if symbol is None or len(fields) < 16 or (len(fields) - 10) % 6:
        raise BadFrame("a book of another shape")
    at = _Instants()[fields[2] + fields[3]]
    if at is None:
        raise BadFrame("a book without time")
    prices, sizes = _Prices(), _Sizes()
    return BookTop(
        symbol=symbol,
        bid=prices[fields[10]],
        ask=prices[fields[11]],
        bid_size=sizes[fields[12]],
        ask_size=sizes[fields[13]],
        at=at,
        received_at=received_at,
    )

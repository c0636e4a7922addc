"""Decoding the stream's data frames (kis-protocol 7.6, 7.7). The hot path: one split, a few look-ups, one tuple.

Texts repeat (prices move in cents, a second holds many trades), so each distinct text is parsed and checked once
and then looked up; the tables are emptied when they grow.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from kis.rest.fields import number, parse_date
from strategy.model import Symbol, Tick, from_new_york

_TABLE_LIMIT = 50_000
_STREAM_PREFIXES = ("DNAS", "DNYS", "DAMS", "RBAQ", "RBAY", "RBAA", "RNAS", "RNYS", "RAMS")
_FEWEST = 20  # a trade record is read up to its size, field 19 when RSYM comes first
_FLAGS = {"0": False, "1": True}
_COUNTS = {f"{count:0{width}d}": count for count in range(1, 1000) for width in (1, 2, 3)}
_NOON = time(12)
_HALF_DAY = timedelta(hours=12)
_HOURS = {f"{hour:02d}": hour for hour in range(24)}
_SIXTY = {f"{part:02d}": part for part in range(60)}
_CLOCKS_SETTLED = 3  # New York moves its clocks at two in the morning
_new_tuple = tuple.__new__  # what a NamedTuple's own constructor does, less a Python call


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
    try:
        flag, tr_id, count, payload = text.split("|", 3)
        return _new_tuple(Frame, (_FLAGS[flag], tr_id, _COUNTS[count], payload))
    except (ValueError, KeyError):
        raise BadFrame("not a data frame") from None


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


class _Midnights(dict[str, datetime | None]):
    """`YYYYMMDD` to the UTC instant twelve hours before New York's noon; None for what is no date."""

    def __missing__(self, text: str) -> datetime | None:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        on = parse_date(text)
        self[text] = midnight = None if on is None else from_new_york(on, _NOON) - _HALF_DAY
        return midnight


class _Instants(dict[str, datetime | None]):
    """`YYYYMMDDHHMMSS` on New York's clock to UTC instants; None for anything else."""

    def __init__(self) -> None:
        super().__init__()
        self._midnights = _Midnights()

    def __missing__(self, text: str) -> datetime | None:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        self[text] = instant = self._parse(text[:8], text[8:])
        return instant

    def _parse(self, day: str, clock: str) -> datetime | None:
        midnight = self._midnights[day]
        try:
            hour, minute, second = _HOURS[clock[:2]], _SIXTY[clock[2:4]], _SIXTY[clock[4:]]
        except KeyError:
            return None
        if midnight is None:
            return None
        if hour < _CLOCKS_SETTLED:  # the zone has to be asked
            return from_new_york((midnight + _HALF_DAY).date(), time(hour, minute, second))
        return midnight + timedelta(seconds=hour * 3600 + minute * 60 + second)


class TradeDecoder:
    """Turns trade payloads (HDFSCNT0) into ticks of the symbols it knows."""

    def __init__(self) -> None:
        self._symbols: dict[str, Symbol] = {}
        self._heads: dict[str, Symbol] = {}
        self._prices = _Prices()
        self._sizes = _Sizes()
        self._instants = _Instants()

    def know(self, keys: Mapping[str, Symbol], tr_id: str = "HDFSCNT0") -> None:
        """Replace the stream keys (`DNASMSFT`) and their symbols."""
        self._symbols = dict(keys)
        self._heads = {f"0|{tr_id}|001|{key}": symbol for key, symbol in keys.items()}

    def single(self, text: str, received_at: datetime) -> Tick | None:
        """Return the tick of a whole frame with one plain trade of a known symbol, None for any other frame.

        Nearly every frame is of that kind, and its head with the key is one of a few texts: a single split does.
        """
        fields = text.split("^", _FEWEST)
        symbol = self._heads.get(fields[0])
        if symbol is None or len(fields) < _FEWEST:
            return None
        prices = self._prices
        last, size = prices[fields[11]], self._sizes[fields[19]]
        traded_at = self._instants[fields[4] + fields[5]]
        if last is None or size is None or traded_at is None:
            return None
        return _new_tuple(Tick, (symbol, last, prices[fields[15]], prices[fields[16]], size, traded_at, received_at))

    def decode(self, payload: str, count: int, received_at: datetime) -> list[Tick]:
        """Return the records' ticks in order; raise BadFrame when any record cannot be read.

        Records are as long as the payload divided by their count, never a fixed length (quirk 26). Without RSYM in
        front the record starts at the ticker.
        """
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
        return _new_tuple(
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

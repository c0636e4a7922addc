"""Recorded bars from files, in the format of `--replay`: all of them are read and found right before one is stored.

Rows are `time,open,high,low,close,volume`, one-minute or one-second bars, plain or gzip, named SYMBOL.csv; a folder may
hold many, at any depth, with `splits.csv` (`symbol,date,ratio`) beside them. What lies outside regular sessions is left
out, as it is from KIS's bars, the auction's row at the close included.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import IO

from strategy.market import session_on
from strategy.model import Bar, BarSource, InvalidInput, KeptSession, Said, from_new_york, new_york_date


class RecordedFault(StrEnum):
    NOTHING_THERE = "recorded.nothing_there"
    NO_FILES = "recorded.no_files"
    COLUMNS = "recorded.columns"
    DAYS = "recorded.days"
    TIME = "recorded.time"
    PRICES = "recorded.prices"
    RANGE = "recorded.range"
    VOLUME = "recorded.volume"
    TWICE = "recorded.twice"
    WIDE = "recorded.wide"
    SPLIT = "recorded.split"
    UNREADABLE = "recorded.unreadable"
    NO_SESSION = "recorded.no_session"
    TWO_FILES = "recorded.two_files"


class RecordedBarsWrong(InvalidInput):
    """A file of bars cannot be taken as it is; its message says which, where, and what to do. Nothing was stored."""


@dataclass(slots=True)
class Recorded:
    """What the files hold, ready to be stored."""

    sessions: list[KeptSession] = field(default_factory=list)
    outside: int = 0  # rows outside of regular sessions
    daily: int = 0  # files of daily bars, which hold no minutes


_SUFFIXES = (".csv", ".csv.gz")
_SPLITS, _LISTINGS = "splits.csv", "listings.csv"
_NEEDED = ("time", "open", "high", "low", "close")
_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)
_MOST_PRICE = Decimal(10_000_000)
_MOST_PLACES = 6
_MOST_VOLUME = 10**15

Splits = Mapping[str, Sequence[tuple[date, Fraction]]]


def read_recorded(source: Path, now: datetime) -> Recorded:
    """Read a file or a folder; raise RecordedBarsWrong for the first thing that is not right. `now` is aware."""
    if not source.exists():
        raise _wrong(Said(RecordedFault.NOTHING_THERE, path=str(source)))
    files = sorted(_files(source))
    if not files:
        raise _wrong(Said(RecordedFault.NO_FILES, path=str(source)))
    splits = _read_splits(source if source.is_dir() else source.parent)
    found = Recorded()
    by_key: dict[tuple[str, date], Path] = {}
    for path in files:
        ticker = path.name.split(".")[0].replace("_", "/").upper()
        rows = _read(path)
        if rows is None:
            found.daily += 1
            continue
        sessions, outside = _sessions(rows, ticker, splits.get(ticker, ()), now)
        for each in sessions:
            if (other := by_key.setdefault((ticker, each.on), path)) != path:
                raise _wrong(
                    Said(RecordedFault.TWO_FILES, first=str(other), second=str(path), ticker=ticker, on=each.on)
                )
        found.sessions += sessions
        found.outside += outside
    if not found.sessions and found.daily:
        raise _wrong(Said(RecordedFault.DAYS, path=str(source)))
    if not found.sessions:
        raise _wrong(Said(RecordedFault.NO_SESSION, path=str(source)))
    return found


def _files(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
        name = path.name.lower()
        if path.is_file() and name.endswith(_SUFFIXES) and name not in {_SPLITS, _LISTINGS}:
            yield path


def _open(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _read(path: Path) -> list[Bar] | None:
    """Return a file's bars by time, each a second wide yet; None for daily bars."""
    try:
        with _open(path) as stream:
            reader = csv.DictReader(stream)
            names = {name.strip().lower(): name for name in reader.fieldnames or ()}
            if "date" in names and "time" not in names:
                return None
            if missing := [name for name in _NEEDED if name not in names]:
                raise _wrong(Said(RecordedFault.COLUMNS, path=str(path), missing=", ".join(missing)))
            rows = list(_rows(path, reader, names))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise _wrong(Said(RecordedFault.UNREADABLE, path=str(path))) from error
    rows.sort(key=lambda bar: bar.start)
    _check_width(path, rows)
    return rows


def _sessions(
    rows: Sequence[Bar], ticker: str, splits: Sequence[tuple[date, Fraction]], now: datetime
) -> tuple[list[KeptSession], int]:
    """Return the whole sessions of a file's bars, and how many rows belong to none."""
    found, outside = [], 0
    for on, of_day in groupby(rows, key=lambda bar: new_york_date(bar.start)):
        bars, session = list(of_day), session_on(on)
        within = [bar for bar in bars if session is not None and session.contains(bar.start)]
        outside += len(bars) - len(within)
        if session is None or not within or session.closes_at > now:
            continue
        factor = _inverse(ratio for day, ratio in splits if day > on)
        found.append(
            KeptSession(
                source=BarSource.RECORDED,
                ticker=ticker,
                on=on,
                opens_at=session.opens_at,
                closes_at=session.closes_at,
                bars=tuple(_minutes(within)),
                factor=factor,
                day_factor=factor,
                kept_at=now,
            )
        )
    return found, outside


def _rows(path: Path, reader: "csv.DictReader[str]", names: Mapping[str, str]) -> Iterator[Bar]:
    """Give a file's bars in the order of its rows; each checked, none twice."""
    seen: set[datetime] = set()
    for row in reader:
        line = reader.line_num
        start = _instant(path, line, row[names["time"]])
        if start in seen:
            raise _wrong(Said(RecordedFault.TWICE, path=str(path), line=line, value=row[names["time"]]))
        seen.add(start)
        prices = [_price(path, line, row[names[name]]) for name in ("open", "high", "low", "close")]
        opened, high, low, close = prices
        if high != max(prices) or low != min(prices):
            raise _wrong(Said(RecordedFault.RANGE, path=str(path), line=line, value=" ".join(map(str, prices))))
        volume = _volume(path, line, row[names["volume"]]) if "volume" in names else 0
        end = start + _SECOND
        yield Bar(start=start, end=end, open=opened, high=high, low=low, close=close, volume=volume, closed=True)


def _instant(path: Path, line: int, text: str | None) -> datetime:
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        raise _wrong(Said(RecordedFault.TIME, path=str(path), line=line, value=text or "")) from None
    if found.microsecond:
        raise _wrong(Said(RecordedFault.TIME, path=str(path), line=line, value=text or ""))
    return from_new_york(found.date(), found.time()) if found.utcoffset() is None else found.astimezone(UTC)


def _price(path: Path, line: int, text: str | None) -> Decimal:
    try:
        found = Decimal((text or "").strip())
        exponent = found.normalize().as_tuple().exponent
        if 0 < found < _MOST_PRICE and isinstance(exponent, int) and exponent >= -_MOST_PLACES:
            return found
    except InvalidOperation:
        pass
    raise _wrong(Said(RecordedFault.PRICES, path=str(path), line=line, value=text or ""))


def _volume(path: Path, line: int, text: str | None) -> int:
    try:
        found = Decimal((text or "").strip() or 0)
        if found == found.to_integral_value() and 0 <= found < _MOST_VOLUME:
            return int(found)
    except InvalidOperation:
        pass
    raise _wrong(Said(RecordedFault.VOLUME, path=str(path), line=line, value=text or ""))


def _check_width(path: Path, rows: Sequence[Bar]) -> None:
    """Raise for bars wider than a minute: nobody can tell what happened within."""
    if len(rows) < 2 or any(bar.start.second for bar in rows):
        return
    narrowest = min(later.start - bar.start for bar, later in pairwise(rows))
    if narrowest > _MINUTE:
        raise _wrong(Said(RecordedFault.WIDE, path=str(path), minutes=narrowest // _MINUTE))


def _minutes(bars: Iterable[Bar]) -> Iterator[Bar]:
    """Join bars into whole minutes."""
    for start, group in groupby(bars, key=lambda bar: bar.start.replace(second=0)):
        parts = list(group)
        yield replace(
            parts[0],
            start=start,
            end=start + _MINUTE,
            high=max(bar.high for bar in parts),
            low=min(bar.low for bar in parts),
            close=parts[-1].close,
            volume=sum(bar.volume for bar in parts),
        )


def _read_splits(folder: Path) -> Splits:
    """Read what `splits.csv` files declare."""
    found: dict[str, list[tuple[date, Fraction]]] = {}
    for path in sorted(folder.rglob("*.csv")):
        if path.name.lower() != _SPLITS:
            continue
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            for row in reader:
                try:
                    ratio = _ratio(row["ratio"])
                    found.setdefault(row["symbol"].strip().upper(), []).append(
                        (date.fromisoformat(row["date"].strip()), ratio)
                    )
                except (KeyError, ValueError, ArithmeticError, AttributeError):
                    raise _wrong(Said(RecordedFault.SPLIT, path=str(path), line=reader.line_num)) from None
    return found


def _ratio(text: str) -> Fraction:
    """Read 7, 0.1, 3/2 or 3:2; raise ValueError or ArithmeticError."""
    found = Fraction(text.strip().replace(":", "/"))
    if found <= 0:
        raise ValueError("a split ratio is above zero")
    return found


def _inverse(ratios: Iterable[Fraction]) -> Decimal:
    """Return what the splits make of a price."""
    product = Fraction(1)
    for ratio in ratios:
        product *= ratio
    return Decimal(product.denominator) / Decimal(product.numerator)


def _wrong(said: Said) -> RecordedBarsWrong:
    return RecordedBarsWrong(str(said), user_message=said)

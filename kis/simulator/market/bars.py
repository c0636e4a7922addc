"""Bars of any width, their sums, and their reading from CSV."""

import csv
import gzip
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from kis.simulator.clock import to_ms
from kis.simulator.market.calendar import MINUTE_MS, NEW_YORK, TradingSession
from kis.simulator.text import UNIT


class BadMarketFile(ValueError):
    """A file of bars cannot be understood; the message names file and line."""


@dataclass(frozen=True, slots=True)
class TapeBar:
    """Trades of [start, start + width); prices in ten-thousandths of a dollar, times in ms since 1970 UTC."""

    start_ms: int
    width_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def amount(self) -> int:
        """Turnover in whole dollars, estimated at the typical price where trades are not known one by one."""
        return (self.high + self.low + self.close) * self.volume // (3 * UNIT)


@dataclass(frozen=True, slots=True)
class DayBar:
    """One trading day (or week, or month) of the regular session, as traded then: not adjusted for splits. Prices are
    ten-thousandths of a dollar, the volume whole shares."""

    day: date
    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def amount(self) -> int:
        """Return about what was traded for, in whole dollars."""
        return (self.high + self.low + self.close) * self.volume // (3 * UNIT)


def merge_days(days: list[DayBar]) -> DayBar:
    """Return the bar over consecutive days, dated by the last of them."""
    return DayBar(
        days[-1].day,
        days[0].open,
        max(bar.high for bar in days),
        min(bar.low for bar in days),
        days[-1].close,
        sum(bar.volume for bar in days),
    )


def bucket_start(start_ms: int, session: TradingSession, width_ms: int) -> int:
    """Return the start of the bucket an instant falls into: counted from the open, and again from the close."""
    anchor = session.open_ms if start_ms < session.close_ms else session.close_ms
    return anchor + (start_ms - anchor) // width_ms * width_ms


def merge(bars: Iterable[TapeBar], session: TradingSession, width_ms: int) -> list[TapeBar]:
    """Return wider bars of one day, oldest first; buckets without trades are left out."""
    merged: list[TapeBar] = []
    for bar in bars:
        start = bucket_start(bar.start_ms, session, width_ms)
        if merged and merged[-1].start_ms == start:
            last = merged[-1]
            merged[-1] = TapeBar(
                start,
                width_ms,
                last.open,
                max(last.high, bar.high),
                min(last.low, bar.low),
                bar.close,
                last.volume + bar.volume,
            )
        else:
            merged.append(TapeBar(start, width_ms, bar.open, bar.high, bar.low, bar.close, bar.volume))
    return merged


def regular_day(bars: Iterable[TapeBar], session: TradingSession) -> DayBar | None:
    """Return the day's bar of the regular session; the close is the closing auction where the data show one."""
    regular = [bar for bar in bars if session.open_ms <= bar.start_ms < session.close_ms]
    if not regular:
        return None
    auction = next((bar for bar in bars if bar.start_ms == session.close_ms), None)
    close = auction.open if auction is not None else regular[-1].close
    return DayBar(
        session.day,
        regular[0].open,
        max(close, *(bar.high for bar in regular)),
        min(close, *(bar.low for bar in regular)),
        close,
        sum(bar.volume for bar in regular),
    )


@dataclass(frozen=True, slots=True)
class BarFile:
    """The rows of one CSV: either days, or bars within days."""

    days: tuple[DayBar, ...]
    bars: tuple[TapeBar, ...]


def read_csv(path: Path) -> BarFile:
    """Read `date,open,high,low,close,volume` or `time,...` rows, plain or gzip; raise BadMarketFile."""
    with _open(path) as stream:
        rows = csv.DictReader(stream)
        names = _columns(path, rows)
        if "time" in names:
            return BarFile((), tuple(_widths(sorted(_bars(path, rows, names), key=lambda bar: bar.start_ms))))
        return BarFile(tuple(sorted(_days(path, rows, names), key=lambda bar: bar.day)), ())


@dataclass(frozen=True, slots=True)
class Head:
    """What the first rows of a file say: days, or instants within days, perhaps of seconds."""

    day: date | None
    instant_ms: int | None
    seconds: bool


def read_head(path: Path) -> Head | None:
    """Look at the beginning of a file; None for one without rows. Raise BadMarketFile."""
    with _open(path) as stream:
        rows = csv.DictReader(stream)
        names = _columns(path, rows)
        first = list(islice(rows, 200))
    if not first:
        return None
    if "time" not in names:
        return Head(_date(path, 2, first[0][names["date"]]), None, seconds=False)
    instants = [to_ms(_instant(path, n + 2, row[names["time"]])) for n, row in enumerate(first)]
    return Head(None, min(instants), seconds=any(ms % MINUTE_MS for ms in instants))


def _columns(path: Path, rows: "csv.DictReader[str]") -> dict[str, str]:
    names = {name.strip().lower(): name for name in rows.fieldnames or ()}
    missing = [name for name in ("open", "high", "low", "close") if name not in names]
    if missing or not ({"date", "time"} & names.keys()):
        raise BadMarketFile(f"{path}: needs the columns time or date, open, high, low, close, volume")
    return names


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _bars(path: Path, rows: "csv.DictReader[str]", names: dict[str, str]) -> Iterator[TapeBar]:
    for line, row in enumerate(rows, start=2):
        prices = _prices(path, line, row, names)
        yield TapeBar(to_ms(_instant(path, line, row[names["time"]])), MINUTE_MS, *prices)


def _days(path: Path, rows: "csv.DictReader[str]", names: dict[str, str]) -> Iterator[DayBar]:
    for line, row in enumerate(rows, start=2):
        yield DayBar(_date(path, line, row[names["date"]]), *_prices(path, line, row, names))


def _date(path: Path, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError as error:
        raise BadMarketFile(f"{path}:{line}: {error}") from error


def _instant(path: Path, line: int, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadMarketFile(f"{path}:{line}: {error}") from error
    if instant.utcoffset() is None:  # a file without zones means exchange time
        return NEW_YORK.localize(instant).astimezone(UTC)
    return instant.astimezone(UTC)


def _prices(path: Path, line: int, row: dict[str, str], names: dict[str, str]) -> tuple[int, int, int, int, int]:
    try:
        opened = _units(row[names["open"]])
        high = _units(row[names["high"]])
        low = _units(row[names["low"]])
        close = _units(row[names["close"]])
        volume_text = row[names["volume"]] if "volume" in names else ""
        volume = int(float(volume_text)) if volume_text and volume_text.strip() else 0
    except (ValueError, TypeError, OverflowError) as error:
        raise BadMarketFile(f"{path}:{line}: not a row of prices") from error
    if min(opened, high, low, close) <= 0 or volume < 0:
        raise BadMarketFile(f"{path}:{line}: prices are above zero and volumes not below")
    high, low = max(opened, high, low, close), min(opened, high, low, close)
    return opened, high, low, close, volume or 100  # a bar without a volume still was a trade


def _units(text: str) -> int:
    """Return text as ten-thousandths; a float is exact enough here, and four times as fast over a day of seconds."""
    return round(float(text) * UNIT)


def _widths(bars: list[TapeBar]) -> Iterator[TapeBar]:
    """Give each bar the file's own width: the commonest gap, a second or whole minutes."""
    seconds = any(bar.start_ms % MINUTE_MS for bar in bars)
    if seconds:
        width = 1000
    else:
        gaps = sorted({b.start_ms - a.start_ms for a, b in itertools.pairwise(bars) if b.start_ms > a.start_ms})
        width = gaps[0] if gaps and gaps[0] % MINUTE_MS == 0 and gaps[0] <= 60 * MINUTE_MS else MINUTE_MS
    seen: set[int] = set()
    for bar in bars:
        if bar.start_ms in seen:
            continue
        seen.add(bar.start_ms)
        yield TapeBar(bar.start_ms, width, bar.open, bar.high, bar.low, bar.close, bar.volume)

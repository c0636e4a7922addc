"""Recorded bars from a CSV file or a folder of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path

from kis.simulator.clock import from_ms
from kis.simulator.market.bars import BadMarketFile, DayBar, Head, TapeBar, read_csv, read_head
from kis.simulator.market.calendar import NEW_YORK, new_york, session_of, session_on_or_after, shift_session
from kis.simulator.market.listings import Listing, parse_listing
from kis.simulator.market.splits import ShareSplit, read_splits

_SUFFIXES = (".csv", ".csv.gz")


class Recording:
    """Everything recorded for one ticker; a file is read when somebody first asks for what is in it."""

    def __init__(self) -> None:
        self._heads: dict[Path, Head] = {}

    def add(self, path: Path, head: Head) -> None:
        self._heads[path] = head

    @cached_property
    def days(self) -> tuple[DayBar, ...]:
        return tuple(bar for path in self._files(days=True) for bar in read_csv(path).days)

    @cached_property
    def minutes(self) -> tuple[TapeBar, ...]:
        return self._bars(seconds=False)

    @cached_property
    def seconds(self) -> tuple[TapeBar, ...]:
        return self._bars(seconds=True)

    @property
    def first_day(self) -> date | None:
        """Return the first New York date recorded."""
        return min((head.day for head in self._heads.values() if head.day is not None), default=None)

    @property
    def first_ms(self) -> int | None:
        """The first instant recorded within days."""
        return min((head.instant_ms for head in self._heads.values() if head.instant_ms is not None), default=None)

    def _bars(self, *, seconds: bool) -> tuple[TapeBar, ...]:
        return tuple(bar for path in self._files(seconds=seconds) for bar in read_csv(path).bars)

    def _files(self, *, days: bool = False, seconds: bool = False) -> list[Path]:
        return [p for p, head in self._heads.items() if (head.day is not None) is days and head.seconds is seconds]


@dataclass(slots=True)
class Replay:
    """Recorded bars of several tickers, with the splits and exchanges declared beside them."""

    recordings: dict[str, Recording] = field(default_factory=dict)
    splits: list[ShareSplit] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)

    def start(self) -> datetime:
        """Return where market time starts: 20 s before the open of the first recorded day within days.

        Daily files alone start 300 sessions after their first row, so that indicators are warm.
        """
        instants = [recording.first_ms for recording in self.recordings.values() if recording.first_ms is not None]
        if instants:
            day = session_on_or_after(from_ms(min(instants)).astimezone(NEW_YORK).date())
            return from_ms(session_of(day).open_ms) - timedelta(seconds=20)
        first = min(recording.first_day for recording in self.recordings.values() if recording.first_day is not None)
        last = max(recording.days[-1].day for recording in self.recordings.values() if recording.days)
        chosen = min(shift_session(first, 300), session_on_or_after(last))
        return (new_york(chosen, time(9, 30)) - timedelta(seconds=20)).astimezone(UTC)


def read_replay(source: Path) -> Replay:
    """Read a CSV or a folder with CSVs named by ticker, at any depth; raise BadMarketFile or FileNotFoundError."""
    replay = Replay()
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            _take(replay, path)
    elif source.exists():
        _take(replay, source)
        beside = source.parent / "splits.csv"
        if beside.exists() and beside != source:
            replay.splits.extend(read_splits(beside))
    else:
        raise FileNotFoundError(f"no such file or folder: {source}")
    if not replay.recordings:
        raise BadMarketFile(f"{source}: no bars found; files are named SYMBOL.csv or SYMBOL.csv.gz")
    return replay


def _take(replay: Replay, path: Path) -> None:
    if not path.is_file() or not path.name.lower().endswith(_SUFFIXES):
        return
    if path.name.lower() == "splits.csv":
        replay.splits.extend(read_splits(path))
        return
    if path.name.lower() == "listings.csv":
        replay.listings.extend(_read_listings(path.read_text("utf-8-sig").splitlines()))
        return
    symbol = path.name.split(".")[0].replace("_", "/").upper()
    head = read_head(path)
    if head is not None:
        replay.recordings.setdefault(symbol, Recording()).add(path, head)


def _read_listings(lines: Iterable[str]) -> list[Listing]:
    rows = (line.strip() for line in lines)
    return [parse_listing(row.replace(",", ":")) for row in rows if row and not row.lower().startswith("symbol")]

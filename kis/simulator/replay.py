"""Recorded bars from a CSV file or a folder of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from kis.simulator.bars import BadMarketFile, Bar, DayBar, first_row, read_csv
from kis.simulator.calendar import NEW_YORK, new_york, session_of, session_on_or_after, shift_session
from kis.simulator.clock import from_ms
from kis.simulator.listings import Listing, parse_listing
from kis.simulator.splits import Split, read_splits

_SUFFIXES = (".csv", ".csv.gz")


class Recording:
    """Everything recorded for one ticker; files are read when somebody first asks."""

    def __init__(self) -> None:
        self._unread: list[Path] = []
        self._days: tuple[DayBar, ...] = ()
        self._minutes: tuple[Bar, ...] = ()
        self._seconds: tuple[Bar, ...] = ()

    def add(self, path: Path) -> None:
        self._unread.append(path)

    @property
    def days(self) -> tuple[DayBar, ...]:
        self._read()
        return self._days

    @property
    def minutes(self) -> tuple[Bar, ...]:
        self._read()
        return self._minutes

    @property
    def seconds(self) -> tuple[Bar, ...]:
        self._read()
        return self._seconds

    def first(self) -> tuple[date | None, int | None]:
        """Return the first recorded day, and the first instant within days, from the heads of the files."""
        heads = [first_row(path) for path in self._unread]
        days = [head for head in heads if isinstance(head, date)]
        instants = [head for head in heads if isinstance(head, int)]
        if not self._unread:
            days = [bar.day for bar in self._days[:1]]
            instants = [bar.start_ms for bars in (self._minutes, self._seconds) for bar in bars[:1]]
        return min(days, default=None), min(instants, default=None)

    def _read(self) -> None:
        while self._unread:
            read = read_csv(self._unread.pop())
            if read.days:
                self._days = read.days
            elif read.bars and read.bars[0].width_ms < 60_000:
                self._seconds = read.bars
            elif read.bars:
                self._minutes = read.bars


@dataclass(slots=True)
class Replay:
    """Recorded bars of several tickers, with the splits and exchanges declared beside them."""

    recordings: dict[str, Recording] = field(default_factory=dict)
    splits: list[Split] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)

    def start(self) -> datetime:
        """Return where market time starts: 20 s before the open of the first recorded day within days.

        Daily files alone start 300 sessions after their first row, so that indicators are warm.
        """
        heads = [recording.first() for recording in self.recordings.values()]
        instants = [instant for _, instant in heads if instant is not None]
        if instants:
            day = session_on_or_after(from_ms(min(instants)).astimezone(NEW_YORK).date())
            return from_ms(session_of(day).open_ms) - timedelta(seconds=20)
        first = min(day for day, _ in heads if day is not None)
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
    if first_row(path) is not None:
        replay.recordings.setdefault(symbol, Recording()).add(path)


def _read_listings(lines: Iterable[str]) -> list[Listing]:
    rows = (line.strip() for line in lines)
    return [parse_listing(row.replace(",", ":")) for row in rows if row and not row.lower().startswith("symbol")]

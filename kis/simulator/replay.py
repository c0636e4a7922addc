"""Recorded bars from a CSV file or a folder of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from kis.simulator.bars import BadMarketFile, Bar, DayBar, read_csv
from kis.simulator.calendar import NEW_YORK, new_york, session_of, shift_session
from kis.simulator.clock import from_ms
from kis.simulator.listings import Listing, parse_listing
from kis.simulator.splits import Split, read_splits

_SUFFIXES = (".csv", ".csv.gz")


@dataclass(slots=True)
class Recording:
    """Everything read for one ticker."""

    days: tuple[DayBar, ...] = ()
    minutes: tuple[Bar, ...] = ()
    seconds: tuple[Bar, ...] = ()


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
        intraday = [bars[0].start_ms for rec in self.recordings.values() for bars in (rec.minutes, rec.seconds) if bars]
        if intraday:
            local = from_ms(min(intraday)).astimezone(NEW_YORK)
            return from_ms(session_of(local.date()).open_ms) - timedelta(seconds=20)
        first = min(rec.days[0].day for rec in self.recordings.values() if rec.days)
        last = max(rec.days[-1].day for rec in self.recordings.values() if rec.days)
        warm = shift_session(first, 300)
        chosen = warm if warm <= last else shift_session(last, 0)
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
    read = read_csv(path)
    recording = replay.recordings.setdefault(symbol, Recording())
    if read.days:
        recording.days = read.days
    elif read.bars and read.bars[0].width_ms < 60_000:
        recording.seconds = read.bars
    elif read.bars:
        recording.minutes = read.bars


def _read_listings(lines: Iterable[str]) -> list[Listing]:
    rows = (line.strip() for line in lines)
    return [parse_listing(row.replace(",", ":")) for row in rows if row and not row.lower().startswith("symbol")]

"""The archive of minute bars: a database of its own, so that trading's is neither grown nor waited for.

See decision 0168.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from storage.bars.packing import UnreadableBars, intact, pack, unpack
from storage.connection import Database, connected
from storage.damage import examine
from storage.migrations import load_migrations, migrate
from storage.tables.columns import day_text, decimal_text, instant, instant_text
from strategy.model import (
    Bar,
    BarSource,
    KeptSession,
    KeptTotals,
    KnownSessions,
    StorageDamaged,
    StorageError,
    new_york_date,
)

log = logging.getLogger(__name__)

FILE_NAME = "bars.db"
MIGRATIONS = Path(__file__).parent / "migrations"
MOST_TRIES = 3  # on different evenings: from then on the source is held to have none
_SPLIT = Decimal("0.01")  # a factor that moves by less is a rounding or a cash dividend, as for prices (decision 0041)
_SIDE_FILES = ("", "-wal", "-shm")


class BarRepository:
    """Implements `strategy.ports.BarArchive`. What is written needs no flush: a power cut may cost the newest sessions,
    which are then fetched again, and no order ever waits for the disk because of bars."""

    def __init__(self, database: Database | StorageError, path: Path) -> None:
        """Take the error in place of the database where it could not be opened: whoever asks hears it."""
        self._database = database
        self._path = path

    @property
    def _open(self) -> Database:
        if isinstance(self._database, StorageError):
            raise StorageError(str(self._database), user_message=self._database.user_message)
        return self._database

    async def known(self, source: BarSource, ticker: str, since: date) -> KnownSessions:
        """Look through the sessions since that New York date; throw away and name what is damaged."""
        span = (source, ticker, day_text(since))

        def examined(connection: sqlite3.Connection) -> KnownSessions:
            rows = connection.execute(
                "SELECT session_on, bars FROM sessions WHERE source = ? AND ticker = ? AND session_on >= ?", span
            ).fetchall()
            fine = {row["session_on"] for row in rows if intact(_key(source, ticker, row["session_on"]), row["bars"])}
            damaged = {row["session_on"] for row in rows} - fine
            _throw_away(connection, source, ticker, damaged)
            lacking = connection.execute(
                "SELECT session_on FROM lacking WHERE source = ? AND ticker = ? AND session_on >= ? AND tries >= ?",
                (*span, MOST_TRIES),
            ).fetchall()
            [before] = connection.execute(
                "SELECT MAX(session_on) AS day FROM sessions WHERE source = ? AND ticker = ? AND session_on < ?", span
            )
            return KnownSessions(
                kept=_dates(fine),
                given_up=_dates(row["session_on"] for row in lacking),
                before=_day(before["day"]),
                damaged=_dates(damaged),
            )

        found = await self._open.write(examined, flush=False)
        _report(source, ticker, found.damaged)
        return found

    async def keep(self, sessions: Sequence[KeptSession]) -> None:
        await self.put(sessions, flush=False)

    async def put(self, sessions: Sequence[KeptSession], *, flush: bool = True) -> int:
        """Store them all or none, and return how many took the place of others."""

        def store(connection: sqlite3.Connection) -> int:
            before = _count(connection)
            connection.executemany(_STORE, [_row(each) for each in sessions])
            connection.executemany(
                "DELETE FROM lacking WHERE source = ? AND ticker = ? AND session_on = ?",
                [(each.source, each.ticker, day_text(each.on)) for each in sessions],
            )
            return len(sessions) - (_count(connection) - before)

        return await self._open.write(store, flush=flush)

    async def lacked(self, source: BarSource, ticker: str, days: Sequence[date], at: datetime) -> None:
        """Count one more evening, by its UTC date, on which the source had nothing of those New York dates."""
        rows = [(source, ticker, day_text(on), instant_text(at)) for on in days]

        def note(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO lacking (source, ticker, session_on, tries, asked_at) VALUES (?, ?, ?, 1, ?)"
                " ON CONFLICT (source, ticker, session_on) DO UPDATE SET"
                " tries = tries + (substr(asked_at, 1, 10) < substr(excluded.asked_at, 1, 10)),"
                " asked_at = excluded.asked_at",
                rows,
            )

        await self._open.write(note, flush=False)

    async def rescale(self, source: BarSource, ticker: str, factors: Mapping[date, Decimal]) -> int:
        """Follow what days are multiplied by now, by New York date; return how many factors changed."""
        if not factors:
            return 0

        def follow(connection: sqlite3.Connection) -> int:
            rows = connection.execute(
                "SELECT session_on, factor, day_factor FROM sessions WHERE source = ? AND ticker = ?"
                " ORDER BY session_on DESC",
                (source, ticker),
            ).fetchall()
            changed = [
                (decimal_text(Decimal(row["factor"]) * by), decimal_text(Decimal(row["day_factor"]) * by), *key)
                for row, by in _moved(rows, factors)
                for key in [(source, ticker, row["session_on"])]
            ]
            connection.executemany(
                "UPDATE sessions SET factor = ?, day_factor = ? WHERE source = ? AND ticker = ? AND session_on = ?",
                changed,
            )
            return len(changed)

        return await self._open.write(follow, flush=False)

    async def sessions(self, source: BarSource, ticker: str, since: date, until: date) -> Sequence[KeptSession]:
        """Return those of the New York dates, oldest first; throw away and name what is damaged."""
        span = (source, ticker, day_text(since), day_text(until))

        def examined(connection: sqlite3.Connection) -> tuple[list[KeptSession], list[str]]:
            found, damaged = [], []
            for row in connection.execute(
                "SELECT * FROM sessions WHERE source = ? AND ticker = ? AND session_on BETWEEN ? AND ?"
                " ORDER BY session_on",
                span,
            ):
                try:
                    found.append(_session(row))
                except UnreadableBars:
                    damaged.append(row["session_on"])
            return found, damaged

        found, damaged = await self._open.read(examined)
        if damaged:
            await self._open.write(lambda connection: _throw_away(connection, source, ticker, damaged), flush=False)
            _report(source, ticker, _dates(damaged))
        return found

    async def bars(self, source: BarSource, ticker: str, since: datetime, until: datetime) -> Sequence[Bar]:
        found = await self.sessions(source, ticker, new_york_date(since), new_york_date(until))
        return [bar for each in found for bar in each.adjusted() if since <= bar.start and bar.end <= until]

    async def totals(self, source: BarSource) -> KeptTotals:
        [row] = await self._open.rows(
            "SELECT COUNT(DISTINCT ticker) AS tickers, COUNT(*) AS sessions, COALESCE(SUM(count), 0) AS bars,"
            " MAX(session_on) AS newest FROM sessions WHERE source = ?",
            (source,),
        )
        return KeptTotals(
            tickers=row["tickers"],
            sessions=row["sessions"],
            bars=row["bars"],
            newest=_day(row["newest"]),
            size=await asyncio.to_thread(_size, self._path),
        )


@asynccontextmanager
async def open_archive(data_dir: Path) -> AsyncIterator[BarRepository]:
    """Open `bars.db`, made when it is missing; a damaged one is set aside under another name, and a new one begun.

    Raise nothing: without bars the program trades as it does with them, and whoever asks for some hears why.
    """
    async with AsyncExitStack() as stack:
        try:
            archive = await open_repository(stack, data_dir)
        except (StorageError, OSError) as error:
            log.exception("bars are not kept: their file cannot be used")
            why = error if isinstance(error, StorageError) else StorageError(str(error))
            archive = BarRepository(why, data_dir / FILE_NAME)
        yield archive


async def open_repository(stack: AsyncExitStack, data_dir: Path) -> BarRepository:
    """Open `bars.db` for as long as the stack, at this program's version; raise StorageError or OSError."""
    path = data_dir / FILE_NAME
    await asyncio.to_thread(set_damaged_aside, path)
    database = await stack.enter_async_context(connected(path))
    await migrate(database, load_migrations(MIGRATIONS), before={})
    return BarRepository(database, path)


def set_damaged_aside(path: Path) -> None:
    """Give a damaged archive another name, so that a new one can begin and nothing is lost that may be read yet."""
    try:
        examine(path)
    except StorageDamaged:
        aside = next(each for n in range(1, 10_000) if not (each := path.with_name(f"bars.damaged-{n}.db")).exists())
        log.exception("bars.db is damaged and set aside", extra={"as": aside.name})
        for side in _SIDE_FILES:
            if (file := path.with_name(path.name + side)).exists():
                file.rename(aside.with_name(aside.name + side))


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM sessions").fetchone()[0])


def _row(each: KeptSession) -> tuple[object, ...]:
    on = day_text(each.on)
    return (
        each.source,
        each.ticker,
        on,
        instant_text(each.opens_at),
        instant_text(each.closes_at),
        decimal_text(each.factor),
        decimal_text(each.day_factor),
        instant_text(each.kept_at),
        len(each.bars),
        pack(_key(each.source, each.ticker, on), each.opens_at, each.bars),
    )


def _session(row: sqlite3.Row) -> KeptSession:
    """Return a row's session; raise UnreadableBars."""
    opens_at, closes_at = instant(row["opens_at"]), instant(row["closes_at"])
    key = _key(BarSource(row["source"]), row["ticker"], row["session_on"])
    return KeptSession(
        source=BarSource(row["source"]),
        ticker=row["ticker"],
        on=date.fromisoformat(row["session_on"]),
        opens_at=opens_at,
        closes_at=closes_at,
        bars=unpack(key, opens_at, closes_at, row["bars"]),
        factor=Decimal(row["factor"]),
        day_factor=Decimal(row["day_factor"]),
        kept_at=instant(row["kept_at"]),
    )


def _moved(rows: Sequence[sqlite3.Row], factors: Mapping[date, Decimal]) -> list[tuple[sqlite3.Row, Decimal]]:
    """Return the rows, given newest first, whose factor has moved, each with by how much."""
    found = []
    by = Decimal(1)
    oldest = min(factors)
    for row in rows:
        on = date.fromisoformat(row["session_on"])
        if on in factors:
            by = factors[on] / Decimal(row["day_factor"])
        elif on >= oldest:
            continue  # the source left that day out: nothing is known of it
        if abs(by - 1) >= _SPLIT:
            found.append((row, by))
    return found


def _throw_away(connection: sqlite3.Connection, source: BarSource, ticker: str, days: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM sessions WHERE source = ? AND ticker = ? AND session_on = ?",
        [(source, ticker, on) for on in days],
    )


def _report(source: BarSource, ticker: str, damaged: frozenset[date]) -> None:
    for on in sorted(damaged):
        extra = {"source": source.value, "ticker": ticker, "session": day_text(on)}
        log.error(
            "a session's bars are damaged and thrown away; they are fetched again while KIS has them", extra=extra
        )


def _key(source: BarSource, ticker: str, on: str) -> str:
    return f"{source.value}|{ticker}|{on}"


def _dates(texts: Iterable[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(text) for text in texts)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _size(path: Path) -> int:
    files = [path.with_name(path.name + side) for side in _SIDE_FILES]
    return sum(each.stat().st_size for each in files if each.exists())


_STORE = (
    "INSERT OR REPLACE INTO sessions"
    " (source, ticker, session_on, opens_at, closes_at, factor, day_factor, kept_at, count, bars)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

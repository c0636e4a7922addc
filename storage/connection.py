"""One SQLite connection and its thread: the only way to the database. See decisions 0011 and 0012."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from storage.damage import refused, shows_damage
from storage.worker import Worker
from strategy.model import StorageDamaged, StorageError

Result = TypeVar("Result")
Follow = Callable[[sqlite3.Connection], bool]

_FULL, _NORMAL = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    _FULL,  # an intent must outlive a power cut, not only a crash
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # somebody may look at the file with another tool
)
# what SQLite says, and values it could not be given at all: numbers of more than 64 bits, text that is no Unicode
_REFUSALS = (sqlite3.Error, OverflowError, UnicodeEncodeError)


@dataclass(slots=True)
class Trust:
    """What all connections to one file share: once damage shows on any of them, none is used any more."""

    lost: StorageDamaged | None = None


class Database:
    """The connection. Its thread does one thing after the other, so nobody sees what may yet be rolled back."""

    def __init__(self, worker: Worker, path: Path, trust: Trust, follow: Follow) -> None:
        """`follow` writes the rows of what was written ahead, one at a time, and returns whether more is owed."""
        self._worker = worker
        self._follow = follow
        self._path = path
        self._trust = trust
        self._turn = asyncio.Lock()  # to hand work to the thread, for whoever can wait
        # the rest is touched by the connection's thread only
        self._committed: list[Callable[[], None]] = []  # of the transaction going on
        self._flushes: bool | None = True
        self._owes = False  # rows that follow from what was written ahead
        self._stuck = False  # they could not be written: the disk is full, or the file is held by another tool

    async def write(
        self, work: Callable[[sqlite3.Connection], Result], *, flush: bool = True, urgent: bool = False
    ) -> Result:
        """Commit what `work` did, or nothing of it. Raise StorageError for what SQLite refuses.

        Every commit outlives a crash of the program. One with `flush` also outlives a power cut, and everything
        committed before it; without, the newest commits may be undone by one, which suits what is learned anew from
        the broker or is followed by a commit that flushes. `urgent` is what an order waits for: it goes to the thread
        at once, in the order of the calls, all else one at a time. Whoever is cancelled once it has begun leaves it to
        its end.

        `work` runs in another thread: it gets all it needs as values, and touches nothing else.
        """

        loop = asyncio.get_running_loop()

        def transaction(connection: sqlite3.Connection) -> Result:
            self._settle(connection)
            return self._transaction(connection, work, flush=flush, loop=loop)

        return await self._run(transaction, urgent=urgent)

    async def write_ahead(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Commit, flushed, what `work` did before the rows that follow from it are written; as urgent as it gets.

        They are written before anything else is read or written, and after a crash or a power cut when the database is
        opened again: nobody but `work` sees a state without them. One short row is written and flushed in half the
        time that twenty pages of tables and indexes take, which is what an order has to wait for.

        While what follows from an earlier one cannot be written, nothing is added. Raise StorageError for what SQLite
        refuses.
        """
        loop = asyncio.get_running_loop()

        def transaction(connection: sqlite3.Connection) -> Result:
            if self._stuck:
                self._settle(connection)
            result = self._transaction(connection, work, flush=True, loop=loop)
            self._owes = True
            return result

        return await self._run(transaction, urgent=True)

    async def recover(self) -> None:
        """Write what follows from what a process that died wrote ahead. Call once the schema is this program's."""

        def recover(connection: sqlite3.Connection) -> None:
            self._owes = True
            self._settle(connection)

        await self._run(recover)

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Write what is owed, oldest first. What cannot be written stays owed, and whoever came for it fails too.

        Nothing of it needs a flush: until it is on disk, what it follows from is.
        """
        self._stuck = self._owes
        while self._owes:
            self._owes = self._transaction(connection, self._follow, flush=False)
        self._stuck = False

    def _transaction(
        self,
        connection: sqlite3.Connection,
        work: Callable[[sqlite3.Connection], Result],
        *,
        flush: bool,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> Result:
        self._set_flush(connection, flush)
        connection.execute("BEGIN IMMEDIATE")
        self._committed.clear()
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.OperationalError):  # COMMIT itself failed and left nothing open
                connection.execute("ROLLBACK")
            raise
        if loop is not None:
            for callback in self._committed:
                with suppress(RuntimeError):  # the loop has gone: so has whoever waited
                    loop.call_soon_threadsafe(callback)
        with suppress(sqlite3.Error):
            self._set_flush(connection, True)  # now, so that what is in a hurry need not
        return result

    def _set_flush(self, connection: sqlite3.Connection, flush: bool) -> None:
        if flush is not self._flushes:
            self._flushes = None  # not known should the switch fail
            connection.execute(_FULL if flush else _NORMAL)
            self._flushes = flush

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what `work` finds between transactions. Raise StorageError for what SQLite refuses."""

        def reading(connection: sqlite3.Connection) -> Result:
            self._settle(connection)
            return work(connection)

        return await self._run(reading)

    async def rows(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[sqlite3.Row]:
        """Return what one SELECT finds."""
        return await self.read(lambda connection: connection.execute(sql, values).fetchall())

    async def change(self, sql: str, values: Sequence[object] = (), *, flush: bool = True) -> int:
        """Carry out one statement as a transaction and return how many rows it changed."""
        return await self.write(lambda connection: connection.execute(sql, values).rowcount, flush=flush)

    async def _run(self, work: Callable[[sqlite3.Connection], Result], *, urgent: bool = False) -> Result:
        if (lost := self._trust.lost) is not None:
            raise StorageDamaged(str(lost), user_message=lost.user_message)
        try:
            if urgent:
                return await self._worker.run(work)
            async with self._turn:  # a cancelled caller's work may still run: what follows comes behind it
                return await self._worker.run(work)
        except _REFUSALS as error:
            if not shows_damage(error):
                raise refused(self._path, error) from error
            meant = await asyncio.to_thread(refused, self._path, error)
            self._trust.lost = meant if isinstance(meant, StorageDamaged) else None
            raise meant from error

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back in the loop once the transaction going on is committed; for use inside of `work` or a plan."""
        if callback not in self._committed:
            self._committed.append(callback)

    async def apply(self, script: str) -> None:
        """Run a script of statements that carries its own BEGIN and COMMIT; raise sqlite3.Error with all undone."""

        def run(connection: sqlite3.Connection) -> None:
            try:
                connection.executescript(script)
            except BaseException:
                with suppress(sqlite3.OperationalError):
                    connection.execute("ROLLBACK")
                raise

        await self._worker.run(run)


def nothing_owed(_: sqlite3.Connection) -> bool:
    """Follow nothing: for a connection on which nothing is written ahead."""
    return False


@asynccontextmanager
async def connected(
    path: Path, trust: Trust | None = None, *, follow: Follow = nothing_owed, read_only: bool = False
) -> AsyncIterator[Database]:
    """Open the file, created when it is not there, and close it at the end; connections to one file share a trust.

    Connections see each other's commits, and in WAL mode none waits for one that only reads.
    """
    try:
        worker = await Worker.opened(partial(_connect, path, read_only=read_only))
    except sqlite3.Error as error:
        raise refused(path, error) from error
    try:
        database = Database(worker, path, trust or Trust(), follow)
        yield database
        with suppress(StorageError):  # the next to open it tries again
            await database.read(lambda _: None)  # what is owed is carried out
    finally:
        await worker.close()


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        for pragma in (*_PRAGMAS, "PRAGMA query_only = ON") if read_only else _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection

"""One SQLite connection and its thread: the only way to the database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiosqlite

from strategy.errors import StorageError

Result = TypeVar("Result")

_FULL, _NORMAL = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    _FULL,  # an intent must outlive a power cut, not only a crash
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # somebody may look at the file with another tool
)


class Worker(aiosqlite.Connection):
    """A connection whose thread carries out whole functions: one hop between threads for a transaction, not ten."""

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Call `work` in the connection's thread, after everything handed to it before."""
        result: Result = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # of the parent class
        return result


class Database:
    """The connection. Its thread does one thing after the other, so nobody sees what may yet be rolled back."""

    def __init__(self, connection: Worker) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()  # to hand work to the thread, for whoever can wait
        self._committed: list[Callable[[], None]] = []  # of the transaction going on; only its thread touches it
        self._flushes: bool | None = True

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
            if flush is not self._flushes:
                self._flushes = None  # not known should the switch fail
                connection.execute(_FULL if flush else _NORMAL)
                self._flushes = flush
            connection.execute("BEGIN IMMEDIATE")
            self._committed.clear()
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.OperationalError):  # COMMIT itself failed and left nothing open
                    connection.execute("ROLLBACK")
                raise
            for callback in self._committed:
                with suppress(RuntimeError):  # the loop has gone: so has whoever waited
                    loop.call_soon_threadsafe(callback)
            return result

        return await self._run(transaction, urgent=urgent)

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what `work` finds between transactions. Raise StorageError for what SQLite refuses."""
        return await self._run(work)

    async def rows(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[sqlite3.Row]:
        """Return what one SELECT finds."""
        return await self.read(lambda connection: connection.execute(sql, values).fetchall())

    async def change(self, sql: str, values: Sequence[object] = (), *, flush: bool = True) -> int:
        """Carry out one statement as a transaction and return how many rows it changed."""
        return await self.write(lambda connection: connection.execute(sql, values).rowcount, flush=flush)

    async def _run(self, work: Callable[[sqlite3.Connection], Result], *, urgent: bool = False) -> Result:
        try:
            if urgent:
                return await self._connection.run(work)
            async with self._turn:  # a cancelled caller's work may still run: what follows comes behind it
                return await self._connection.run(work)
        except sqlite3.Error as error:
            raise StorageError(f"the database refused: {error}") from error

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back in the loop once the transaction going on is committed; for use inside of `work`."""
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

        await self._connection.run(run)


@asynccontextmanager
async def connected(path: Path, *, read_only: bool = False) -> AsyncIterator[Database]:
    """Open the file, created when it is not there, and close it at the end.

    Connections see each other's commits, and in WAL mode none waits for one that only reads.
    """
    try:
        connection = Worker(lambda: sqlite3.connect(path, isolation_level=None), iter_chunk_size=64)
        await connection
    except sqlite3.Error as error:
        raise StorageError(f"cannot open {path}: {error}") from error
    try:
        connection.row_factory = sqlite3.Row
        try:
            for pragma in (*_PRAGMAS, "PRAGMA query_only = ON") if read_only else _PRAGMAS:
                await connection.execute(pragma)
        except sqlite3.Error as error:
            raise StorageError(f"cannot use {path}: {error}") from error
        yield Database(connection)
    finally:
        await connection.close()

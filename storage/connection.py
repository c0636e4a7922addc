"""One SQLite connection behind one lock: the only way to the database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiosqlite

from strategy.errors import StorageError

_FULL, _NORMAL = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    _FULL,  # an intent must outlive a power cut, not only a crash
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # somebody may look at the file with another tool
)


class Database:
    """The connection. Coroutines share it, so reading waits as well: nobody sees what may yet be rolled back."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()
        self._after_commit: list[Callable[[], None]] = []
        self._flushes: bool | None = True

    @asynccontextmanager
    async def transaction(self, *, flush: bool = True) -> AsyncIterator[aiosqlite.Connection]:
        """Commit what the block did, or nothing of it. Raise StorageError for what SQLite refuses.

        The transaction begins with the block's first change. Every commit outlives a crash of the program. One with
        `flush` also outlives a power cut, and everything committed before it; without, the newest commits may be
        undone by one, which suits what is learned anew from the broker or is followed by a commit that flushes.

        Never await the network in the block. A block cancelled during its COMMIT may have been stored.
        """
        async with self._lock:
            try:
                if flush is not self._flushes:
                    self._flushes = None  # not known while the switch may be cut off
                    await self._connection.execute(_FULL if flush else _NORMAL)
                    self._flushes = flush
                yield self._connection
                await self._connection.commit()
            except BaseException as error:
                with suppress(sqlite3.OperationalError):
                    await self._connection.rollback()
                if isinstance(error, sqlite3.Error):
                    raise StorageError(f"the database refused: {error}") from error
                raise
            finally:  # also after a failure: a cancelled COMMIT may have happened, and a needless wake-up harms nobody
                callbacks, self._after_commit = self._after_commit, []
                for callback in callbacks:
                    callback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        """Give the connection between transactions. Raise StorageError for what SQLite refuses."""
        async with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise StorageError(f"the database refused: {error}") from error

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the transaction going on has ended."""
        if callback not in self._after_commit:
            self._after_commit.append(callback)

    async def apply(self, script: str) -> None:
        """Run a script of statements that carries its own BEGIN and COMMIT; raise sqlite3.Error with all undone."""
        async with self._lock:
            try:
                await self._connection.executescript(script)
            except BaseException:
                with suppress(sqlite3.OperationalError):
                    await self._connection.execute("ROLLBACK")
                raise


@asynccontextmanager
async def connected(path: Path, *, read_only: bool = False) -> AsyncIterator[Database]:
    """Open the file, created when it is not there, and close it at the end.

    Connections see each other's commits, and in WAL mode none waits for one that only reads.
    """
    try:
        connection = await aiosqlite.connect(path, isolation_level="IMMEDIATE")
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

"""One SQLite connection and its thread: the only way to the database."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import orjson

from storage.damage import refused, shows_damage
from storage.worker import Worker
from strategy.model import StorageDamaged, StorageError

Result = TypeVar("Result")
Statement = tuple[str, Sequence[str | int | None]]  # SQL and its values

_FULL, _NORMAL = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    _FULL,  # an intent must outlive a power cut, not only a crash
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # somebody may look at the file with another tool
)
# what SQLite says, and values it could not be given at all: numbers of more than 64 bits, text that is no Unicode
_REFUSALS = (sqlite3.Error, OverflowError, UnicodeEncodeError, orjson.JSONEncodeError)


@dataclass(slots=True)
class Trust:
    """What all connections to one file share: once damage shows on any of them, none is used any more."""

    lost: StorageDamaged | None = None


class Database:
    """The connection. Its thread does one thing after the other, so nobody sees what may yet be rolled back."""

    def __init__(self, worker: Worker, path: Path, trust: Trust) -> None:
        self._worker = worker
        self._path = path
        self._trust = trust
        self._turn = asyncio.Lock()  # to hand work to the thread, for whoever can wait
        # the rest is touched by the connection's thread only
        self._committed: list[Callable[[], None]] = []  # of the transaction going on
        self._flushes: bool | None = True
        self._owed: deque[tuple[int, Sequence[Statement]]] = deque()  # noted, not carried out
        self._stuck = False  # it could not be carried out
        self._given: dict[str, int] = {}  # the newest number of a table given to a row that may not be in it yet

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

    async def write_ahead(
        self, plan: Callable[[sqlite3.Connection], tuple[Sequence[Statement], Result]], *, settled: bool
    ) -> Result:
        """Commit, flushed, a note of the statements that `plan` returns, and nothing else yet; as urgent as it gets.

        They are carried out, in their order, before anything else is read or written, and after a crash or a power
        cut when the database is opened again: nobody sees a state without them. One short row is written and flushed
        in half the time that twenty pages of tables and indexes take, which is what an order has to wait for.

        `plan` sees the tables without what is still owed, unless `settled` has that carried out first; it numbers its
        rows by `next_number`, and must have checked whatever could make the statements fail. While an older note cannot
        be carried out, none is added. Raise StorageError for what SQLite refuses.
        """
        loop = asyncio.get_running_loop()

        def note(connection: sqlite3.Connection) -> tuple[int, Sequence[Statement], Result]:
            statements, result = plan(connection)
            if not all(_storable(value) for _, values in statements for value in values):
                raise StorageError("a value that SQLite does not store as it is")
            cursor = connection.execute("INSERT INTO redo (body) VALUES (?)", (orjson.dumps(statements).decode(),))
            return cursor.lastrowid or 0, statements, result

        def transaction(connection: sqlite3.Connection) -> Result:
            if settled or self._stuck:
                self._settle(connection)
            given = dict(self._given)
            try:
                number, statements, result = self._transaction(connection, note, flush=True, loop=loop)
            except BaseException:
                self._given = given
                raise
            self._owed.append((number, statements))
            return result

        return await self._run(transaction, urgent=True)

    def next_number(self, connection: sqlite3.Connection, table: str) -> int:
        """Return the number the next row of a table with AUTOINCREMENT gets; for use inside of a plan."""
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        self._given[table] = max(0 if row is None else int(row[0]), self._given.get(table, 0)) + 1
        return self._given[table]

    async def recover(self) -> None:
        """Carry out what a process that died had only noted. Call before the schema is changed."""

        def recover(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'redo'").fetchone() is None:
                return
            for row in connection.execute("SELECT id, body FROM redo ORDER BY id"):
                self._owed.append((row["id"], orjson.loads(row["body"])))
            self._settle(connection)

        await self._run(recover)

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Carry out what is owed, oldest first. What fails stays owed, and whoever came for something else fails too.

        Nothing of it needs a flush: until it is on disk its note is.
        """
        self._stuck = bool(self._owed)
        while self._owed:
            number, statements = self._owed[0]

            def work(
                connection: sqlite3.Connection, number: int = number, due: Sequence[Statement] = statements
            ) -> None:
                carry_out(connection, due)
                connection.execute("DELETE FROM redo WHERE id = ?", (number,))

            self._transaction(connection, work, flush=False)
            self._owed.popleft()
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


def _storable(value: object) -> bool:
    """Return whether a value survives a note: one that can never be carried out keeps everything else waiting."""
    return value is None or type(value) is str or (type(value) is int and -(2**63) <= value < 2**63)


def carry_out(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    """Execute statements one after the other."""
    for sql, values in statements:
        connection.execute(sql, values)


@asynccontextmanager
async def connected(path: Path, trust: Trust | None = None, *, read_only: bool = False) -> AsyncIterator[Database]:
    """Open the file, created when it is not there, and close it at the end; connections to one file share a trust.

    Connections see each other's commits, and in WAL mode none waits for one that only reads.
    """
    try:
        worker = await Worker.opened(partial(_connect, path, read_only=read_only))
    except sqlite3.Error as error:
        raise refused(path, error) from error
    try:
        database = Database(worker, path, trust or Trust())
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

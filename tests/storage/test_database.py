"""Opening, upgrading, locking, and what a killed writer leaves behind."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from storage.connection import Database, connected
from storage.database import FILE_NAME, bundle, open_storage
from storage.errors import DatabaseTooNew, MigrationFailed
from storage.migrations import Migration, load_migrations, migrate
from strategy.model import InstanceLocked, Market, OrderChanged, OrderStatus, StorageError, Symbol
from tests.fakes.stored_samples import at, intend, notable, request
from tests.support.words import english, korean

BRK_B = Symbol(Market.NYSE, "BRK/B")

MIGRATIONS = load_migrations()


@asynccontextmanager
async def _raw(path: Path) -> AsyncIterator[Database]:
    async with connected(path) as database:
        yield database


async def _scalar(database: Database, sql: str) -> object:
    [row] = await database.rows(sql)
    return row[0]


async def test_a_fresh_directory_gets_the_newest_version(tmp_path: Path) -> None:
    async with open_storage(tmp_path / "new" / "data") as storage:
        database = storage.orders._database
        assert await _scalar(database, "PRAGMA user_version") == len(MIGRATIONS)
        assert await _scalar(database, "PRAGMA journal_mode") == "wal"
        assert await _scalar(database, "PRAGMA foreign_keys") == 1
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700


async def test_every_table_is_strict(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        rows = await storage.orders._database.rows(
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    assert len(rows) >= 11
    assert all(row["strict"] for row in rows)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_an_old_database_is_upgraded_with_its_facts(tmp_path: Path, version: int) -> None:
    """Write as the old version did (its tables only), then open with this one."""
    path = tmp_path / FILE_NAME
    async with _raw(path) as database:
        assert await migrate(database, MIGRATIONS[:version]) == version
        order = await intend(bundle(database).orders, request())
    async with open_storage(tmp_path) as storage:
        assert await _scalar(storage.orders._database, "PRAGMA user_version") == len(MIGRATIONS)
        assert await storage.orders.get(order.no) == order
        await storage.outbox.tell(notable())
        await storage.notes.put("k", "v")
    async with open_storage(tmp_path) as storage:  # and once more, with nothing to do
        assert await storage.notes.get("k") == "v"


async def test_a_failed_migration_changes_nothing(tmp_path: Path) -> None:
    broken = Migration(len(MIGRATIONS) + 1, "broken.sql", "CREATE TABLE half (x TEXT) STRICT; SELECT nonsense;")
    async with _raw(tmp_path / FILE_NAME) as database:
        await migrate(database, MIGRATIONS)
        with pytest.raises(MigrationFailed):
            await migrate(database, (*MIGRATIONS, broken))
        assert await _scalar(database, "PRAGMA user_version") == len(MIGRATIONS)
        assert await _scalar(database, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'half'") == 0
        await bundle(database).notes.put("k", "v")  # and no transaction is left open


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as raw:
        raw.execute("PRAGMA user_version = 999")
    raw.close()
    with pytest.raises(DatabaseTooNew):
        async with open_storage(tmp_path):
            pass


@pytest.mark.parametrize(
    "names", [["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["first.sql"], ["0001_a.sql", "0001_b.sql"]]
)
def test_migrations_are_numbered_without_a_gap(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(MigrationFailed):
        load_migrations(tmp_path)


async def test_what_is_no_database_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("not a database, " * 100)
    with pytest.raises(StorageError):
        async with open_storage(tmp_path):
            pass


async def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        async with open_storage(tmp_path / "file" / "data"):
            pass


async def test_an_instance_is_refused_while_another_runs_and_told_which(tmp_path: Path) -> None:
    """S44: a second instance refuses to start, naming the first."""
    holder = subprocess.Popen(  # noqa: ASYNC220 - our own interpreter, a few lines
        [sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    try:
        assert await asyncio.to_thread(holder.stdout.readline) == "open\n"
        with pytest.raises(InstanceLocked) as raised:
            async with open_storage(tmp_path):
                pass
        assert str(holder.pid) in korean(raised.value.user_message)
        assert str(holder.pid) in english(raised.value.user_message)
    finally:
        holder.kill()
        holder.communicate()
    async with open_storage(tmp_path):  # the kernel has let go of the killed one's lock
        pass


async def test_the_lock_names_nobody_when_its_holder_has_not_written_yet(tmp_path: Path) -> None:
    async with open_storage(tmp_path):
        (tmp_path / "instance.lock").write_text("")
        with pytest.raises(InstanceLocked):
            async with open_storage(tmp_path):
                pass


async def test_a_lock_is_free_after_an_orderly_end(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_storage(tmp_path):
            pass
    assert (tmp_path / "instance.lock").read_text() == ""


_HOLDER = """
import asyncio, sys
from pathlib import Path
from storage.database import open_storage

async def main():
    async with open_storage(Path(sys.argv[1])):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""

_WRITER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from storage.database import open_storage
from strategy.model import OrderStatus, VenueNo
from tests.fakes.stored_samples import at, fill, order_changed, request, unnumbered

async def main():
    async with open_storage(Path(sys.argv[1])) as storage:
        n = len(await storage.orders.recent(100000))
        while True:
            n += 1
            asked = request()
            order = await storage.orders.send(asked, at(1), events=[order_changed(unnumbered(asked))])
            print("sent", order.no, flush=True)
            order = await storage.orders.change(
                order.no, OrderStatus.FILLED, at(2), venue_no=VenueNo(str(n)), fills=[fill(order, f"f{n}", 10)],
                events=[order_changed(order)],
            )
            print("filled", order.no, flush=True)

asyncio.run(main())
"""


async def test_a_killed_writer_leaves_a_whole_database(tmp_path: Path) -> None:
    """SIGKILL at varying moments: what was acknowledged is there, and each fact with its state and its alert."""
    acknowledged: dict[int, str] = {}
    for lines in (1, 6, 15):
        writer = subprocess.Popen(  # noqa: ASYNC220 - our own interpreter, a few lines
            [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        try:
            for _ in range(lines):
                word, no = (await asyncio.to_thread(writer.stdout.readline)).split()
                acknowledged[int(no)] = word
        finally:
            writer.send_signal(signal.SIGKILL)
            rest, _ = writer.communicate()
        for line in rest.splitlines():
            word, _, no = line.partition(" ")
            if no:
                acknowledged[int(no)] = word
    async with open_storage(tmp_path) as storage:
        assert await _scalar(storage.orders._database, "PRAGMA integrity_check") == "ok"
        orders = {int(order.no): order for order in await storage.orders.recent(100_000)}
        told = [row.event for row in await storage.outbox.pending(100_000)]
        for acked, last_word in acknowledged.items():
            assert orders[acked].filled_qty == 10 or last_word == "sent"
        for order in orders.values():
            states = await storage.orders.history(order.no)
            assert (
                sum(isinstance(event, OrderChanged) and event.order.no == order.no for event in told) == len(states) - 1
            )
            assert [state for _, state, _ in states[:2]] == [OrderStatus.INTENDED, OrderStatus.SENT]
            assert states[-1][1] == order.status
            assert sum(fill.qty for fill in await storage.orders.fills(order=order.no)) == order.filled_qty


async def test_a_reader_never_sees_what_is_rolled_back(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:

        def fail(conn: sqlite3.Connection) -> None:
            conn.execute("INSERT INTO notes VALUES ('k', 'v')")
            conn.execute("INSERT INTO notes VALUES ('k', 'again')")

        outcomes = await asyncio.gather(
            storage.notes._database.write(fail), storage.notes.get("k"), return_exceptions=True
        )
        assert isinstance(outcomes[0], StorageError)
        assert outcomes[1] is None


async def test_whatever_fails_in_a_transaction_undoes_it_and_comes_out_as_it_is(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:

        def fail(conn: sqlite3.Connection) -> None:
            conn.execute("INSERT INTO notes VALUES ('k', 'v')")
            raise KeyError("k")

        with pytest.raises(KeyError):
            await storage.notes._database.write(fail)
        await storage.notes.put("other", "v")
        assert await storage.notes.get("k") is None


async def test_what_an_order_waits_for_overtakes_what_has_not_begun(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        database, done, go = storage.orders._database, [], threading.Event()

        async def write(name: str, *, urgent: bool) -> None:
            await database.write(lambda _: done.append(name), urgent=urgent)

        async with asyncio.TaskGroup() as group:
            group.create_task(database.write(lambda _: go.wait(10)))
            await asyncio.sleep(0)
            for name in ("alert", "other"):
                group.create_task(write(name, urgent=False))
            gone = group.create_task(write("gone", urgent=False))
            group.create_task(write("order", urgent=True))
            await asyncio.sleep(0)
            gone.cancel()
            go.set()
        assert done == ["order", "alert", "other"]


async def test_commits_are_flushed_where_asked(tmp_path: Path) -> None:
    """That an order is being sent is flushed to the disk; what is learned again is not, by itself."""
    async with open_storage(tmp_path) as storage:
        said: list[str] = []
        await storage.orders._database.read(lambda conn: conn.set_trace_callback(said.append))
        order = await storage.orders.send(request(), at(1))
        assert _flushes(said) == [True]  # the intent
        await storage.orders.change(order.no, OrderStatus.ACCEPTED, at(2))
        assert _flushes(said) == [False, False]  # the rows that follow from it, and the change
        await storage.tickets.take("t", at(3))
        assert _flushes(said) == [True]
        await storage.outbox.mark_done(1, at(4), None)
        assert _flushes(said) == [False]
        await storage.outbox.mark_sending(2, at(5))
        assert _flushes(said) == [True]
        await storage.orders._database.read(lambda conn: conn.set_trace_callback(None))


def _flushes(said: list[str]) -> list[bool]:
    """Return for each commit said since the last call whether it was flushed; between calls a commit would be."""
    flushes, found = True, []
    for statement in said:
        if statement.startswith("PRAGMA synchronous"):
            flushes = statement.endswith("FULL")
        elif statement == "COMMIT":
            found.append(flushes)
    assert flushes
    said.clear()
    return found


async def test_a_database_kept_busy_by_another_tool_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        database = storage.notes._database
        await database.rows("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError):
                await storage.notes.put("k", "v")
            other.execute("ROLLBACK")
        await storage.notes.put("k", "v")


def test_the_lock_file_holds_pid_and_start(tmp_path: Path) -> None:
    from storage.instance import instance_lock  # noqa: PLC0415 - used here alone

    with instance_lock(tmp_path, at()):
        assert json.loads((tmp_path / "instance.lock").read_text())["started_at"] == "2026-03-10T13:30:00+00:00"


async def test_an_old_databases_class_shares_get_the_one_spelling(tmp_path: Path) -> None:
    """BRK.B and BRK/B were two tickers: what is looked up by symbol must be found under the one that is left."""
    path = tmp_path / FILE_NAME
    async with _raw(path) as database:
        await migrate(database, MIGRATIONS[:10])
        await database.apply(
            "INSERT INTO orders (symbol, side, qty, asked_price, order_type, origin, created_at, traded_on, status,"
            " limit_price, updated_at) VALUES ('NYSE:BRK.B', 'buy', 1, '1', 'limit', 'signal',"
            " '2026-03-10T13:30:00.000000+00:00', '2026-03-10', 'intended', '1', '2026-03-10T13:30:00.000000+00:00');"
            "INSERT INTO decisions (id, symbol, decided_at, action, reason, body) VALUES (3, 'NYSE:BRK.B',"
            " '2026-03-10T00:00:00.000000+00:00', 'stop', 'stop_loss', '{\"last\": \"1\", \"qty\": 1}');"
            "INSERT INTO notes VALUES ('peak:NYSE:BRK.B', '510.5'), ('stop.told:NYSE:BRK.B', '3'),"
            " ('order.1.context', 'x.y');"
            "INSERT INTO price_alerts (symbol, above, price, set_by, set_at)"
            " VALUES ('NYSE:BRK.B', 1, '1', 7, '2026-03-10T00:00:00+00:00');"
            "INSERT INTO ticker_locks (symbol, reason, locked_at, blocks_stop) VALUES"
            " ('NYSE:BRK.B', 'stop_loss', '2026-03-10T00:00:00+00:00', 0),"
            " ('NYSE:BRK/B', 'stop_loss', '2026-03-10T00:00:00+00:00', 0);"
        )
        states = await _scalar(database, "SELECT COUNT(*) FROM order_states")
    async with open_storage(tmp_path) as storage:
        assert len(await storage.orders.recent(5, symbol=BRK_B)) == 1
        assert await _scalar(storage.orders._database, "SELECT COUNT(*) FROM order_states") == states
        assert await storage.notes.get("peak:NYSE:BRK/B") == "510.5"
        runs = await storage.orders._database.rows("SELECT symbol, decision_id FROM stop_runs")
        assert [tuple(row) for row in runs] == [("NYSE:BRK/B", 3)]
        assert await storage.stop_runs.unfinished() == [], "or the end of a stop is told again"
        assert await storage.notes.get("order.1.context") == "x.y"
        assert [lock.symbol for lock in await storage.modes.locks()] == [BRK_B]
        assert [alert.symbol for alert in await storage.price_alerts.all()] == [BRK_B]
        assert await storage.modes.release(BRK_B, 7, at())
        with pytest.raises(StorageError):
            await storage.orders._database.write(lambda conn: conn.execute("UPDATE orders SET symbol = 'x'"))

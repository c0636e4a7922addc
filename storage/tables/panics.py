"""Tables panics, panic_shares and panic_orders: what a confirmed panic was to sell and to cancel."""

from datetime import datetime
from sqlite3 import Connection

from storage.connection import Database
from storage.tables.columns import instant, instant_text, symbol, symbol_text
from strategy.model import OrderNo, PanicRecord


class PanicRepository:
    """Implements `strategy.ports.Panics`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, panic: PanicRecord) -> None:
        """Store a panic before anything is done for it, in place of one nobody carries out; raise StorageError."""
        await self._database.write(lambda conn: add_panic(conn, panic))

    async def at_work(self) -> PanicRecord | None:
        """Return the panic that has no end, with what it was to do."""
        return await self._database.read(_at_work)

    async def end(self, run: str, at: datetime) -> None:
        """Store that a panic is over."""
        await self._database.change("UPDATE panics SET ended_at = ? WHERE run = ?", (instant_text(at), run))


def add_panic(conn: Connection, panic: PanicRecord) -> None:
    """Store a panic in the transaction going on; one that has no end by now is at work nowhere."""
    conn.execute("UPDATE panics SET ended_at = ? WHERE ended_at IS NULL", (instant_text(panic.started_at),))
    conn.execute(
        "INSERT INTO panics (run, asked_by, started_at, everything) VALUES (?, ?, ?, ?)",
        (panic.run, panic.asked_by, instant_text(panic.started_at), int(panic.everything)),
    )
    conn.executemany(
        "INSERT INTO panic_shares (run, symbol, qty) VALUES (?, ?, ?)",
        [(panic.run, symbol_text(each), qty) for each, qty in panic.shares.items()],
    )
    conn.executemany("INSERT INTO panic_orders (run, order_no) VALUES (?, ?)", [(panic.run, no) for no in panic.orders])


def _at_work(conn: Connection) -> PanicRecord | None:
    row = conn.execute("SELECT * FROM panics WHERE ended_at IS NULL").fetchone()
    if row is None:
        return None
    shares = conn.execute("SELECT symbol, qty FROM panic_shares WHERE run = ? ORDER BY symbol", (row["run"],))
    orders = conn.execute("SELECT order_no FROM panic_orders WHERE run = ? ORDER BY order_no", (row["run"],))
    return PanicRecord(
        run=row["run"],
        asked_by=row["asked_by"],
        started_at=instant(str(row["started_at"])),
        everything=bool(row["everything"]),
        shares={symbol(str(each["symbol"])): each["qty"] for each in shares},
        orders=tuple(OrderNo(each["order_no"]) for each in orders),
    )

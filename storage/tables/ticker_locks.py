"""Table ticker_locks: tickers locked after a stop or by the split guard; a released lock stays as history."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from storage.tables.columns import instant, instant_text, symbol, symbol_text
from strategy.model import Symbol, TickerLock


def put_lock(conn: Connection, lock: TickerLock) -> None:
    """Lock a ticker; a lock it already has ends as this one begins."""
    end_lock(conn, lock.symbol, None, lock.locked_at)
    conn.execute(
        "INSERT INTO ticker_locks (symbol, reason, locked_at, until, blocks_stop) VALUES (?, ?, ?, ?, ?)",
        (
            symbol_text(lock.symbol),
            lock.reason,
            instant_text(lock.locked_at),
            instant_text(lock.until),
            int(lock.blocks_stop),
        ),
    )


def end_lock(conn: Connection, of: Symbol, by: int | None, at: datetime) -> bool:
    """Release a ticker; return False when it was not locked."""
    cursor = conn.execute(
        "UPDATE ticker_locks SET released_at = ?, released_by = ? WHERE symbol = ? AND released_at IS NULL",
        (instant_text(at), by, symbol_text(of)),
    )
    return cursor.rowcount == 1


def find_locks(conn: Connection) -> Sequence[TickerLock]:
    """Return locks not released, oldest first, those whose time has passed included."""
    rows = conn.execute("SELECT * FROM ticker_locks WHERE released_at IS NULL ORDER BY id")
    return [_lock(row) for row in rows]


def _lock(row: Row) -> TickerLock:
    return TickerLock(
        symbol=symbol(str(row["symbol"])),
        reason=row["reason"],
        locked_at=instant(str(row["locked_at"])),
        until=instant(row["until"]),
        blocks_stop=bool(row["blocks_stop"]),
    )

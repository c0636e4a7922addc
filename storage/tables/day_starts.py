"""Tables day_starts and day_start_positions: where each session's result is counted from."""

from collections.abc import Iterator
from datetime import date
from sqlite3 import Connection

from storage.connection import Database
from storage.tables.columns import day_text, decimal, decimal_text, instant, instant_text, symbol, symbol_text
from strategy.model import DayStart, Symbol


class DayStartRepository:
    """Implements `strategy.ports.DayStarts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, session_on: date) -> DayStart | None:
        """Return where the session of that New York date began, None while that was not seen."""
        return await self._database.read(lambda conn: _of(conn, session_on))

    async def keep(self, start: DayStart) -> None:
        """Store where a session began, unless that is stored already; raise StorageError."""
        await self._database.write(lambda conn: add_day_start(conn, start))


def add_day_start(conn: Connection, start: DayStart) -> None:
    """Store where a session began in the transaction going on."""
    on = day_text(start.session_on)
    cursor = conn.execute(
        "INSERT INTO day_starts (session_on, equity, value, looked_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (session_on) DO NOTHING",
        (on, decimal_text(start.equity), decimal_text(start.value), instant_text(start.looked_at)),
    )
    if cursor.rowcount == 0:
        return
    conn.executemany(
        "INSERT INTO day_start_positions (session_on, symbol, counts, qty, value) VALUES (?, ?, ?, ?, ?)",
        [(on, *row) for row in _rows(start)],
    )


def first_day_start(conn: Connection) -> DayStart | None:
    """Return the earliest start of a session."""
    row = conn.execute("SELECT MIN(session_on) AS session_on FROM day_starts").fetchone()
    return None if row["session_on"] is None else _of(conn, date.fromisoformat(row["session_on"]))


def _rows(start: DayStart) -> Iterator[tuple[str, str, int | None, str | None]]:
    for each in sorted({*start.held, *start.left_out, *start.unvalued}):
        counts = "left_out" if each in start.left_out else "unvalued" if each in start.unvalued else "yes"
        yield symbol_text(each), counts, start.held.get(each), decimal_text(start.values.get(each))


def _of(conn: Connection, session_on: date) -> DayStart | None:
    on = day_text(session_on)
    row = conn.execute("SELECT * FROM day_starts WHERE session_on = ?", (on,)).fetchone()
    if row is None:
        return None
    rows = conn.execute("SELECT * FROM day_start_positions WHERE session_on = ? ORDER BY symbol", (on,)).fetchall()
    of_symbol: dict[Symbol, str] = {symbol(str(each["symbol"])): each["counts"] for each in rows}
    return DayStart(
        session_on=session_on,
        equity=decimal(str(row["equity"])),
        value=decimal(str(row["value"])),
        looked_at=instant(str(row["looked_at"])),
        held={symbol(str(each["symbol"])): each["qty"] for each in rows if each["qty"] is not None},
        values={symbol(str(each["symbol"])): decimal(str(each["value"])) for each in rows if each["value"] is not None},
        left_out=frozenset(each for each, counts in of_symbol.items() if counts == "left_out"),
        unvalued=frozenset(each for each, counts in of_symbol.items() if counts == "unvalued"),
    )

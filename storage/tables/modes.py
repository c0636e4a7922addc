"""Table mode_changes, and the mode journal over it and the ticker locks."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from storage.connection import Database
from storage.tables.columns import instant, instant_text, symbol, symbol_text
from storage.tables.outbox import OutboxRepository
from storage.tables.stop_runs import release_runs
from storage.tables.ticker_locks import end_lock, find_locks, put_lock
from strategy.model import Event, Mode, ModeState, Symbol, TickerLock


class ModeRepository:
    """Implements `strategy.ports.ModeJournal`."""

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def current(self) -> Sequence[ModeState]:
        """Return the newest state of the account and of each ticker, expired ones included."""
        rows = await self._database.rows(
            "SELECT * FROM mode_changes WHERE id IN"
            " (SELECT MAX(id) FROM mode_changes GROUP BY COALESCE(symbol, '')) ORDER BY id"
        )
        return [_state(row) for row in rows]

    async def add(self, state: ModeState, events: Sequence[Event] = ()) -> None:
        def insert(conn: Connection) -> None:
            conn.execute(
                "INSERT INTO mode_changes (mode, symbol, set_by, set_at, reason, until) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    state.mode.value,
                    symbol_text(state.symbol),
                    state.set_by,
                    instant_text(state.set_at),
                    state.reason,
                    instant_text(state.until),
                ),
            )
            self._outbox.append(conn, events)

        await self._database.write(insert)

    async def locks(self) -> Sequence[TickerLock]:
        """Return locks not released, those whose time has passed included."""
        return await self._database.read(find_locks)

    async def set_lock(self, lock: TickerLock, events: Sequence[Event] = ()) -> None:
        """Lock a ticker; a lock it already has is replaced. The order of the stop flushes it with its own intent."""

        def put(conn: Connection) -> None:
            put_lock(conn, lock)
            self._outbox.append(conn, events)

        await self._database.write(put, flush=False, urgent=True)

    async def release(self, symbol: Symbol, by: int | None, at: datetime, events: Sequence[Event] = ()) -> bool:
        """Release a ticker and return True; for one not locked return False and tell nothing.

        A person (`by`) settles with it what a stop of the ticker has left.
        """

        def end(conn: Connection) -> bool:
            released = end_lock(conn, symbol, by, at)
            if released:
                self._outbox.append(conn, events)
                if by is not None:
                    release_runs(conn, symbol, at)
            return released

        return await self._database.write(end)


def _state(row: Row) -> ModeState:
    return ModeState(
        mode=Mode(row["mode"]),
        symbol=symbol(row["symbol"]),
        set_by=row["set_by"],
        set_at=instant(str(row["set_at"])),
        reason=row["reason"],
        until=instant(row["until"]),
    )

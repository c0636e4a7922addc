"""Table stop_runs: each stop from its decision to the end that was told."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from storage.connection import Database
from storage.tables.columns import decimal, decimal_text, instant, instant_text, symbol, symbol_text
from storage.tables.outbox import OutboxRepository
from strategy.model import Decision, Event, StopRun, StopTrigger, Symbol


class StopRunRepository:
    """Implements `strategy.ports.StopRuns`. A run begins where its decision is stored (`storage.tables.decisions`)."""

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def unfinished(self) -> Sequence[StopRun]:
        """Return the runs whose end was not told, oldest first."""
        rows = await self._database.rows("SELECT * FROM stop_runs WHERE ended_at IS NULL ORDER BY decision_id")
        return [_run(row) for row in rows]

    async def end(self, decision_id: int, at: datetime, outcome: str, events: Sequence[Event] = ()) -> None:
        """Store the end of a run with what is told of it, in one transaction; raise StorageError."""

        def end(conn: Connection) -> None:
            conn.execute(
                "UPDATE stop_runs SET ended_at = ?, outcome = ? WHERE decision_id = ?",
                (instant_text(at), outcome, decision_id),
            )
            self._outbox.append(conn, events)

        await self._database.write(end)


def begin_run(conn: Connection, decision_id: int, decision: Decision) -> None:
    """Store that a stop begins with its decision. The price must be known: it is what fired."""
    conn.execute(
        "INSERT INTO stop_runs (decision_id, symbol, trigger, price, qty, attempt, begun_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            decision_id,
            symbol_text(decision.symbol),
            str(decision.reason),
            decimal_text(decision.last),
            decision.qty,
            decision.attempt,
            instant_text(decision.decided_at),
        ),
    )


def release_runs(conn: Connection, of: Symbol, at: datetime) -> None:
    """End the runs of a ticker that a person has released: with that it is settled, and not taken up again."""
    conn.execute(
        "UPDATE stop_runs SET ended_at = ?, outcome = 'released' WHERE symbol = ? AND ended_at IS NULL",
        (instant_text(at), symbol_text(of)),
    )


def _run(row: Row) -> StopRun:
    return StopRun(
        decision_id=row["decision_id"],
        symbol=symbol(str(row["symbol"])),
        trigger=StopTrigger(row["trigger"]),
        price=decimal(str(row["price"])),
        qty=row["qty"],
        attempt=row["attempt"],
        begun_at=instant(str(row["begun_at"])),
    )

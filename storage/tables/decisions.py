"""Table decisions: one record per check of a ticker (S99)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection, Row

from pydantic import TypeAdapter

from storage.connection import Database
from storage.tables.columns import instant_text, symbol_text
from storage.tables.outbox import OutboxRepository
from storage.tables.stop_runs import begin_run
from storage.tables.ticker_locks import put_lock
from strategy.model import Decision, DecisionAction, Event, Symbol, TickerLock

_DECISIONS: TypeAdapter[Decision] = TypeAdapter(Decision)


class DecisionRepository:
    """Implements `strategy.ports.DecisionJournal`."""

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def add(
        self, decision: Decision, events: Sequence[Event] = (), *, lock: TickerLock | None = None
    ) -> Decision:
        """Store and return it with its id, and the lock it puts on its ticker with it.

        An order it leads to flushes both with its own intent.
        """

        def insert(conn: Connection) -> int:
            decision_id = _insert(conn, decision)
            if lock is not None:
                put_lock(conn, lock)
            self._outbox.append(conn, events)
            return decision_id

        return replace(decision, id=await self._database.write(insert, flush=False, urgent=True))

    async def latest(self, symbol: Symbol, *, before: datetime | None = None) -> Decision | None:
        """Return the newest decision on a ticker, at or before an instant when one is given."""
        found = await self._select(
            "WHERE symbol = :symbol AND (:before IS NULL OR decided_at <= :before)"
            " ORDER BY decided_at DESC, id DESC LIMIT 1",
            {"symbol": symbol_text(symbol), "before": instant_text(before)},
        )
        return next(iter(found), None)

    async def get(self, decision_id: int) -> Decision | None:
        return next(iter(await self._select("WHERE id = :id", {"id": decision_id})), None)

    async def since(self, since: datetime) -> Sequence[Decision]:
        """Return decisions from then on, oldest first."""
        return await self._select("WHERE decided_at >= :since ORDER BY decided_at, id", {"since": instant_text(since)})

    async def forget(self, before: datetime, *, limit: int = 1_000) -> int:
        """Delete decisions older than that which led to no action, oldest first; return how many.

        A check a minute for each ticker makes some megabytes a session, of which only the recent are asked for. They
        stay counted by date and outcome. `limit` keeps a transaction short: call again until it returns 0.
        """

        def forget(conn: Connection) -> int:
            rows = conn.execute(
                "SELECT id FROM decisions WHERE decided_at < ? AND action = 'none'"
                " AND NOT EXISTS (SELECT 1 FROM orders WHERE decision_id = decisions.id)"
                " ORDER BY decided_at LIMIT ?",
                (instant_text(before), limit),
            )
            ids = [row["id"] for row in rows]
            gone = f"WHERE id IN ({','.join('?' * len(ids))})"
            counts = f"SELECT substr(decided_at, 1, 10), reason, COUNT(*) FROM decisions {gone} GROUP BY 1, 2"  # noqa: S608 - marks
            conn.execute(
                f"INSERT INTO decision_counts (decided_on, reason, count) {counts}"
                " ON CONFLICT (decided_on, reason) DO UPDATE SET count = count + excluded.count",
                ids,
            )
            conn.execute(f"DELETE FROM decisions {gone}", ids)  # noqa: S608 - marks
            return len(ids)

        return await self._database.write(forget)

    async def _select(self, rest: str, values: dict[str, object]) -> list[Decision]:
        rows = await self._database.rows(f"SELECT id, body FROM decisions {rest}", values)  # noqa: S608 - ours
        return [read_decision(row) for row in rows]


def _insert(conn: Connection, decision: Decision) -> int:
    values = (
        symbol_text(decision.symbol),
        instant_text(decision.decided_at),
        decision.action.value,
        decision.reason.value,
        _DECISIONS.dump_json(decision).decode(),
    )
    sql = "INSERT INTO decisions (symbol, decided_at, action, reason, body) VALUES (?, ?, ?, ?, ?)"
    decision_id = conn.execute(sql, values).lastrowid or 0
    if decision.action is DecisionAction.STOP and decision.last is not None:
        begin_run(conn, decision_id, decision)
    return decision_id


def read_decision(row: Row) -> Decision:
    """Read a row of id and body."""
    return replace(_DECISIONS.validate_json(row["body"]), id=row["id"])

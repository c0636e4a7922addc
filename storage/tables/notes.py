"""Table notes: small facts by key."""

from collections.abc import Sequence
from sqlite3 import Connection

from storage.connection import Database
from storage.tables.outbox import OutboxRepository
from strategy.model import Event


class NoteRepository:
    """Implements `strategy.ports.Notes`."""

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def get(self, key: str) -> str | None:
        rows = await self._database.rows("SELECT value FROM notes WHERE key = ?", (key,))
        return next((str(row["value"]) for row in rows), None)

    async def put(self, key: str, value: str, events: Sequence[Event] = ()) -> None:
        """Store a note and what is told of it in one transaction."""

        def put(conn: Connection) -> None:
            conn.execute(
                "INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )
            self._outbox.append(conn, events)

        await self._database.write(put)

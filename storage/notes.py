"""Table notes: small facts by key."""

from storage.connection import Database


class NoteRepository:
    """Implements `strategy.ports.Notes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        async with self._database.reading() as conn:
            rows = await conn.execute_fetchall("SELECT value FROM notes WHERE key = ?", (key,))
        return next((str(row["value"]) for row in rows), None)

    async def put(self, key: str, value: str) -> None:
        async with self._database.transaction() as conn:
            await conn.execute(
                "INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

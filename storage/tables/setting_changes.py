"""Table setting_changes: settings changed in the chat, insert only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection, Row

from storage.connection import Database
from storage.tables.columns import instant, instant_text, symbol, symbol_text
from storage.tables.outbox import OutboxRepository
from strategy.model import Event, SettingChange, SettingChanged


class SettingChangeRepository:
    """Implements `strategy.ports.SettingsJournal`."""

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def current(self, at: datetime) -> Sequence[SettingChange]:
        """Return the newest unexpired change of each (name, symbol), resets left out.

        So when a change "for 2h" expires, the one before it is in force again.
        """
        return await self._select(
            "WHERE new IS NOT NULL AND id IN (SELECT MAX(id) FROM setting_changes"
            " WHERE until IS NULL OR until > ? GROUP BY name, COALESCE(symbol, '')) ORDER BY id",
            instant_text(at),
        )

    async def add(self, row: SettingChange, events: Sequence[Event] = ()) -> SettingChange:
        """Store and return it with its id; a SettingChanged event whose change has no id tells this one."""

        def insert(conn: Connection) -> SettingChange:
            cursor = conn.execute(
                "INSERT INTO setting_changes (name, symbol, old, new, set_by, set_at, until, undoes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    row.name,
                    symbol_text(row.symbol),
                    row.old,
                    row.new,
                    row.set_by,
                    instant_text(row.set_at),
                    instant_text(row.until),
                    row.undoes,
                ),
            )
            stored = replace(row, id=cursor.lastrowid or 0)
            named = [
                replace(event, change=stored) if isinstance(event, SettingChanged) and not event.change.id else event
                for event in events
            ]
            self._outbox.append(conn, named)
            return stored

        return await self._database.write(insert)

    async def history(self, limit: int) -> Sequence[SettingChange]:
        """Return the newest changes, newest first."""
        return await self._select("ORDER BY id DESC LIMIT ?", limit)

    async def _select(self, rest: str, *values: object) -> list[SettingChange]:
        rows = await self._database.rows(f"SELECT * FROM setting_changes {rest}", values)  # noqa: S608 - ours
        return [_change(row) for row in rows]


def _change(row: Row) -> SettingChange:
    return SettingChange(
        id=row["id"],
        name=row["name"],
        symbol=symbol(row["symbol"]),
        old=row["old"],
        new=row["new"],
        set_by=row["set_by"],
        set_at=instant(str(row["set_at"])),
        until=instant(row["until"]),
        undoes=row["undoes"],
    )

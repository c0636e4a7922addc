"""Table tickets: what stands behind the money buttons."""

from datetime import datetime
from sqlite3 import Row

from storage.connection import Database
from storage.tables.columns import instant, instant_text
from strategy.model import Ticket


class TicketRepository:
    """Implements `strategy.ports.Tickets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, ticket: Ticket) -> None:
        await self._database.change(
            "INSERT INTO tickets (id, action, payload, fingerprint, user_id, created_at, expires_at, used_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ticket.id,
                ticket.action,
                ticket.payload,
                ticket.fingerprint,
                ticket.user_id,
                instant_text(ticket.created_at),
                instant_text(ticket.expires_at),
                instant_text(ticket.used_at),
            ),
        )

    async def get(self, ticket_id: str) -> Ticket | None:
        rows = await self._database.rows("SELECT * FROM tickets WHERE id = ?", (ticket_id,))
        return next((_ticket(row) for row in rows), None)

    async def take(self, ticket_id: str, at: datetime) -> bool:
        """Mark used; True for exactly one caller ever."""
        taken = await self._database.change(
            "UPDATE tickets SET used_at = ? WHERE id = ? AND used_at IS NULL", (instant_text(at), ticket_id)
        )
        return taken == 1


def _ticket(row: Row) -> Ticket:
    return Ticket(
        id=row["id"],
        action=row["action"],
        payload=row["payload"],
        fingerprint=row["fingerprint"],
        user_id=row["user_id"],
        created_at=instant(str(row["created_at"])),
        expires_at=instant(str(row["expires_at"])),
        used_at=instant(row["used_at"]),
    )

"""Table price_alerts: prices somebody waits for; a row goes in the transaction that tells it."""

from collections.abc import Sequence
from dataclasses import replace
from sqlite3 import Connection, Row

from storage.connection import Database
from storage.tables.columns import decimal, instant, instant_text, symbol, symbol_text
from storage.tables.outbox import OutboxRepository
from strategy.model import Event, PriceAlert


class PriceAlertRepository:
    """Implements `strategy.ports.PriceAlerts`."""

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def add(self, alert: PriceAlert) -> PriceAlert:
        """Store and return it with its id; ids are never used again."""

        def insert(conn: Connection) -> int:
            cursor = conn.execute(
                "INSERT INTO price_alerts (symbol, above, price, set_by, set_at) VALUES (?, ?, ?, ?, ?)",
                (
                    symbol_text(alert.symbol),
                    int(alert.above),
                    str(alert.price),
                    alert.set_by,
                    instant_text(alert.set_at),
                ),
            )
            return cursor.lastrowid or 0

        return replace(alert, id=await self._database.write(insert))

    async def all(self) -> Sequence[PriceAlert]:
        """Return them in the order they were set."""
        return [_alert(row) for row in await self._database.rows("SELECT * FROM price_alerts ORDER BY id")]

    async def remove(self, alert_id: int, events: Sequence[Event] = ()) -> bool:
        """Take one away with what is told of it; True for exactly one caller, and only then is it told."""

        def delete(conn: Connection) -> bool:
            found = conn.execute("DELETE FROM price_alerts WHERE id = ?", (alert_id,)).rowcount == 1
            if found:
                self._outbox.append(conn, events)
            return found

        return await self._database.write(delete)


def _alert(row: Row) -> PriceAlert:
    return PriceAlert(
        id=row["id"],
        symbol=symbol(str(row["symbol"])),
        above=bool(row["above"]),
        price=decimal(str(row["price"])),
        set_by=row["set_by"],
        set_at=instant(str(row["set_at"])),
    )

"""Tables agreement and positions_agreed: the positions broker and bot last agreed on."""

from sqlite3 import Connection

from storage.connection import Database
from storage.tables.columns import decimal, decimal_text, instant, instant_text, symbol, symbol_text
from strategy.model import AgreedPosition, AgreedPositions


class AgreementRepository:
    """Implements `strategy.ports.Agreements`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self) -> AgreedPositions | None:
        """Return the newest agreement, None before the first."""
        return await self._database.read(_last)

    async def keep(self, agreement: AgreedPositions) -> None:
        """Store an agreement in place of the one before; raise StorageError."""
        await self._database.write(lambda conn: keep_agreement(conn, agreement))


def keep_agreement(conn: Connection, agreement: AgreedPositions) -> None:
    """Store an agreement in the transaction going on."""
    conn.execute(
        "INSERT INTO agreement (id, since, at) VALUES (1, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET since = excluded.since, at = excluded.at",
        (instant_text(agreement.since), instant_text(agreement.at)),
    )
    conn.execute("DELETE FROM positions_agreed")
    conn.executemany(
        "INSERT INTO positions_agreed (symbol, qty, net, average_cost) VALUES (?, ?, ?, ?)",
        [
            (symbol_text(each), agreed.qty, agreed.net, decimal_text(agreed.average_cost))
            for each, agreed in agreement.positions.items()
        ],
    )


def _last(conn: Connection) -> AgreedPositions | None:
    row = conn.execute("SELECT since, at FROM agreement").fetchone()
    if row is None:
        return None
    positions = {
        symbol(str(each["symbol"])): AgreedPosition(each["qty"], each["net"], decimal(each["average_cost"]))
        for each in conn.execute("SELECT * FROM positions_agreed ORDER BY symbol")
    }
    return AgreedPositions(since=instant(str(row["since"])), at=instant(str(row["at"])), positions=positions)

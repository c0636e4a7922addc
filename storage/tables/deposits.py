"""Table deposit: the deposit last told, and which fills are in it."""

from sqlite3 import Connection

from storage.connection import Database
from storage.tables.columns import decimal, decimal_text, instant, instant_text
from strategy.model import CashBasis, KnownDeposit


class DepositRepository:
    """Implements `strategy.ports.Deposits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self) -> KnownDeposit | None:
        """Return the deposit kept last, None before the first."""
        return await self._database.read(_last)

    async def keep(self, deposit: KnownDeposit) -> None:
        """Store a deposit in place of the one before; raise StorageError."""
        await self._database.write(lambda conn: _keep(conn, deposit))


def _keep(conn: Connection, deposit: KnownDeposit) -> None:
    conn.execute(
        "INSERT INTO deposit (id, basis, cash, flow, gross, since, at) VALUES (1, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET basis = excluded.basis, cash = excluded.cash, flow = excluded.flow,"
        " gross = excluded.gross, since = excluded.since, at = excluded.at",
        (
            deposit.basis.value,
            *(decimal_text(amount) for amount in (deposit.cash, deposit.flow, deposit.gross)),
            instant_text(deposit.since),
            instant_text(deposit.at),
        ),
    )


def _last(conn: Connection) -> KnownDeposit | None:
    row = conn.execute("SELECT * FROM deposit").fetchone()
    if row is None:
        return None
    return KnownDeposit(
        basis=CashBasis(row["basis"]),
        cash=decimal(str(row["cash"])),
        flow=decimal(str(row["flow"])),
        gross=decimal(str(row["gross"])),
        since=instant(str(row["since"])),
        at=instant(str(row["at"])),
    )

"""Table exchange_rates: won per dollar, as the broker first told it on each New York date."""

from datetime import date
from decimal import Decimal

from storage.connection import Database
from storage.tables.columns import day_text, decimal_text

_KEEP = "INSERT INTO exchange_rates (told_on, won_per_dollar) VALUES (?, ?) ON CONFLICT (told_on) DO NOTHING"


class ExchangeRateRepository:
    """Implements `strategy.ports.ExchangeRates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, on: date, rate: Decimal) -> None:
        """Store the won per dollar of a New York date, unless it is stored already; raise StorageError."""
        row = (day_text(on), decimal_text(rate))
        await self._database.write(lambda conn: conn.execute(_KEEP, row))

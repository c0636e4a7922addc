"""A price somebody waits for: told once, then gone."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strategy.instruments import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlert:
    """Tell when the last price is above (or below) a price. `id` is 0 until stored."""

    symbol: Symbol
    above: bool
    price: Decimal  # dollars
    set_by: int
    set_at: datetime
    id: int = 0

    def hit(self, last: Decimal) -> bool:
        """Return whether a last price is at or beyond the one waited for."""
        return last >= self.price if self.above else last <= self.price

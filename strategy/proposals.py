"""Trades the engine proposes where a ticker's TRADE_MODE asks a person (spec section 6, approval mode)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strategy.decisions import Decision
from strategy.instruments import Symbol
from strategy.money import tick_down, tick_up
from strategy.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One card. `ticket` None: a signal to be told only (TRADE_MODE=signal)."""

    id: str  # of the card; also the key of its message
    symbol: Symbol
    side: Side
    qty: int
    limit_price: Decimal
    decision: Decision
    ticket: str | None  # anybody who may trade may press it
    expires_at: datetime | None  # wall time; aware UTC
    drift_pct: Decimal | None = None  # APPROVAL_DRIFT_PCT as the card shows it; None on cards of earlier versions


def agreed(price: Decimal, side: Side, shown: Decimal, drift_pct: Decimal) -> Decimal:
    """Return a limit that is no more than that percentage worse than the one a person agreed to; on the tick."""
    if side is Side.BUY:
        return min(price, tick_down(shown * (1 + drift_pct / 100)))
    return max(price, tick_up(shown * (1 - drift_pct / 100)))

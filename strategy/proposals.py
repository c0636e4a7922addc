"""Trades the engine proposes where a ticker's TRADE_MODE asks a person (spec section 6, approval mode)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strategy.decisions import Decision
from strategy.instruments import Symbol
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

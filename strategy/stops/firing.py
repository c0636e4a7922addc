"""A stop that has fired, and what stood around it: read once, and decided, stored and begun by."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strategy.market import Session
from strategy.model import FiredBy, Mode, Origin, Position, Quote, Said, StopTrigger, Symbol, TickerLock
from strategy.settings.schema import TradingSettings
from strategy.stops.stop_lines import StopLine

ORIGINS: dict[StopTrigger, Origin] = {
    StopTrigger.STOP_LOSS: Origin.STOP_LOSS,
    StopTrigger.TAKE_PROFIT: Origin.TAKE_PROFIT,
    StopTrigger.TRAILING_STOP: Origin.TRAILING_STOP,
}
TRIGGERS: dict[Origin, StopTrigger] = {origin: trigger for trigger, origin in ORIGINS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is in force for a ticker at an instant (aware UTC, market clock)."""

    at: datetime
    session: Session | None
    settings: TradingSettings
    mode: Mode
    lock: TickerLock | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContext:
    """All that a stop is decided, stored and begun by."""

    symbol: Symbol
    standing: Standing
    line: StopLine
    position: Position | None  # in POSITION_SCOPE
    quote: Quote | None
    cash: Decimal | None  # dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A stop that must be carried out. The price is in dollars."""

    symbol: Symbol
    trigger: StopTrigger
    price: Decimal
    source: FiredBy
    at: datetime
    context: StopContext | None = None  # what stood around it; None of one taken up
    resumed: bool = False  # it goes on where an earlier run was cut off, by a restart or a fact not stored
    decision_id: int | None = None  # ... and what that one's decision was stored as
    had: int | None = None  # shares it was to sell, of one taken up that has no order out
    attempt: int = 1  # above 1 for a retry: the runs before it were refused, and sold nothing
    refusal: Said | None = None  # the broker's reason then
    orders_refused: int = 0  # in those runs


@dataclass(frozen=True, slots=True)
class Before:
    """The runs of one stop just before that were refused."""

    runs: int = 0
    said: Said | None = None
    orders: int = 0

"""The record of one check of one ticker: every gate with its value, threshold and data age."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from strategy.model.gates import CrossView, GateKey, Gates
from strategy.model.instruments import Side, Symbol
from strategy.model.money import tick_down, tick_up


class DecisionAction(StrEnum):
    BUY = "buy"
    SELL = "sell"
    STOP = "stop"  # stop-loss, take-profit or trailing stop
    NONE = "none"


class DecisionReason(StrEnum):
    """How a check ended, as stored, counted and exported."""

    BUY = "buy"
    SELL = "sell"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    NO_SIGNAL = "no_signal"
    BOTH_SIGNALS = "both_signals"  # at once: no trade (D11)
    QTY_ZERO = "qty_zero"  # cash or shares give none (D4)
    BELOW_MINIMUM = "below_minimum"  # a buy of less than MIN_ORDER_USD
    PROPOSED = "proposed"  # a person is asked
    WAITING = "waiting_approval"
    DISMISSED = "dismissed"
    UNANSWERED = "unanswered"
    TOLD = "told"  # TRADE_MODE=signal
    BLOCKED_BY_MODE = "blocked:mode"  # a signal was given, and this is the first gate that did not let it pass
    BLOCKED_BY_HOURS = "blocked:hours"
    BLOCKED_BY_LOCK = "blocked:lock"
    BLOCKED_BY_DATA = "blocked:data_fresh"
    BLOCKED_BY_QUOTE = "blocked:quote_usable"
    BLOCKED_BY_RECONCILING = "blocked:reconciled"
    BLOCKED_BY_BUY_DELAY = "blocked:buy_delay"
    BLOCKED_BY_SELL_DELAY = "blocked:sell_delay"
    BLOCKED_BY_HOLDING = "blocked:holding"
    BLOCKED_BY_OPEN_ORDER = "blocked:no_open_order"
    BLOCKED_BY_CASH = "blocked:cash"
    BLOCKED_BY_CAPS = "blocked:caps"

    @classmethod
    def blocked_by(cls, gate: GateKey) -> "DecisionReason":
        return cls(f"{_BLOCKED}{gate}")

    @property
    def held_back(self) -> bool:
        """Return whether a signal stands that a person keeps from being an order."""
        held = (DecisionReason.WAITING, DecisionReason.DISMISSED, DecisionReason.UNANSWERED, DecisionReason.TOLD)
        return self in held

    @property
    def gate(self) -> GateKey | None:
        """Return the gate that blocked a signal, or None."""
        return GateKey(self.removeprefix(_BLOCKED)) if self.startswith(_BLOCKED) else None


_BLOCKED = "blocked:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """Indicator values of one check. Floats: they are statistics, not money."""

    rsi: float | None
    rsi_interval: str
    rsi_bars: int  # that it was computed from
    macd: float | None
    macd_signal: float | None
    macd_histogram: float | None
    macd_interval: str
    macd_bars: int
    golden_cross: CrossView | None
    dead_cross: CrossView | None
    bars_used: str  # "closed" or "live": whether the forming bar took part (D2)
    newest_bar_at: datetime | None
    rsi_moves: int | None = None  # how many of the newest bars moved (RSI_MIN_MOVES); None: an older record


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One check of one ticker. `id` is 0 until stored. Prices, cost and cash are dollars, quantities whole shares; None
    is unknown."""

    symbol: Symbol
    decided_at: datetime
    action: DecisionAction
    reason: DecisionReason
    gates: Gates
    indicators: Indicators | None
    last: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    quote_age_s: float | None
    position_qty: int | None
    average_cost: Decimal | None
    return_percent: Decimal | None
    cash: Decimal | None
    qty: int = 0
    limit_price: Decimal | None = None
    id: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)  # the settings in force, by their .env names
    attempt: int = 1  # of a stop: above 1 when the runs before it were refused and sold nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One card. `ticket` None: a signal to be told only (TRADE_MODE=signal). The quantity is in whole shares, the limit
    in dollars."""

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
    """Return a limit that is no more than that percentage worse than the one a person agreed to; on the tick. Prices
    are dollars, `drift_pct` is percent."""
    if side is Side.BUY:
        return min(price, tick_down(shown * (1 + drift_pct / 100)))
    return max(price, tick_up(shown * (1 - drift_pct / 100)))

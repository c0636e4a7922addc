"""The record of one check of one ticker: every gate with its value, threshold and data age."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from strategy.model.instruments import Side, Symbol
from strategy.model.money import tick_down, tick_up


class DecisionAction(StrEnum):
    BUY = "buy"
    SELL = "sell"
    STOP = "stop"  # stop-loss, take-profit or trailing stop
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition of a rule. `passed` is None when it could not be known: that blocks like False."""

    name: str  # stable key: rsi_oversold, macd_confirm, buy_delay, cash, no_open_order, mode, caps, ...
    side: str  # "buy", "sell" or "stop"
    passed: bool | None
    value: str  # as shown: "48.20", "2 bars ago, holds", "unknown"
    threshold: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossView:
    """A cross within the look-back: how many bars ago, and whether it still holds. The age is in bars."""

    age: int  # 0 is the newest bar
    holds: bool


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
    reason: str  # key of the outcome: "buy", "both_signals", "no_signal", "blocked:<gate>", "qty_zero", ...
    gates: tuple[Gate, ...]
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
    settings: dict[str, str] = field(default_factory=dict)  # the settings in force, by their .env names
    attempt: int = 1  # of a stop: above 1 when the runs before it were refused and sold nothing

    @property
    def blocked_by(self) -> tuple[Gate, ...]:
        """Gates that stopped the side whose signal was otherwise given."""
        return tuple(gate for gate in self.gates if gate.passed is not True)


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

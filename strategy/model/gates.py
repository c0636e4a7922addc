"""What each condition of a rule saw and wanted, as values. `bot` says them in words, an export writes them in cells.

In every gate `observed` None is unknown (or not asked for); where nothing is an answer too, it stands in `Known`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Discriminator

from strategy.model.modes import Mode
from strategy.model.money import cents, percent
from strategy.model.said import Said
from strategy.model.written_gates import typed

Value = TypeVar("Value")


class FiredBy(StrEnum):
    """How the price that fired a stop was seen."""

    TICK = "tick"  # a streamed trade
    POLL = "poll"  # asked for, because no trades are streamed
    CHECK = "check"  # the regular check, or the program by itself


class GateKey(StrEnum):
    """The stable keys of the conditions, in stored decisions, exports and statistics."""

    RSI_OVERSOLD = "rsi_oversold"
    RSI_OVERBOUGHT = "rsi_overbought"
    MACD_CONFIRM = "macd_confirm"
    MODE = "mode"
    HOURS = "hours"
    LOCK = "lock"
    DATA_FRESH = "data_fresh"
    QUOTE_USABLE = "quote_usable"
    RECONCILED = "reconciled"
    BUY_DELAY = "buy_delay"
    SELL_DELAY = "sell_delay"
    HOLDING = "holding"
    NO_OPEN_ORDER = "no_open_order"
    CASH = "cash"
    CAPS = "caps"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    WRITTEN = "written"  # of an earlier version, in its words


class GateSide(StrEnum):
    BUY = "buy"
    SELL = "sell"
    STOP = "stop"  # stop-loss, take-profit or trailing stop


class CapKey(StrEnum):
    """The limits of spec section 7, by their settings' names in lower case."""

    MAX_ORDER_USD = "max_order_usd"
    MAX_ORDERS_PER_DAY = "max_orders_per_day"
    MAX_POSITION_RATE = "max_position_rate"
    MAX_OPEN_TICKERS = "max_open_tickers"
    DAILY_LOSS_LIMIT_PCT = "daily_loss_limit_pct"


class CapNote(StrEnum):
    """What is said of a cap in the way."""

    MAX_ORDER_USD = "cap.max_order_usd"
    MAX_ORDERS_PER_DAY = "cap.max_orders_per_day"
    MAX_POSITION_RATE = "cap.max_position_rate"
    MAX_OPEN_TICKERS = "cap.max_open_tickers"
    DAILY_LOSS = "cap.daily_loss"
    PROTECTS_ONLY = "cap.protects_only"  # the day's loss has changed the mode
    UNKNOWN = "cap.unknown"


class Bound(StrEnum):
    """What a quantity was bounded by, where it was none of the caps."""

    RATE = "rate"
    CASH = "cash"
    BROKER_MAX = "broker_max"
    MINIMUM_ONE = "minimum_one"
    SELLABLE = "sellable"
    HOLDING = "holding"
    MIN_ORDER = "min_order"  # MIN_ORDER_USD


class SellConfirm(StrEnum):
    """Which cross of MACD a rule sell asks for (D8)."""

    GOLDEN = "golden"
    DEAD = "dead"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Known(Generic[Value]):
    """An answer, even one that says there is none."""

    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossView:
    """A cross within the look-back: how many bars ago, and whether it still holds. The age is in bars."""

    age: int  # 0 is the newest bar
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsSeen:
    """The bars an indicator was computed from."""

    interval: str
    count: int
    moved: int | None = None  # how many of the newest moved, where an RSI is unknown since too few did


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One cap that an order would break, or that cannot be judged: unknown is never yes.

    Both figures are dollars, counts, or percent; MAX_POSITION_RATE's limit is a fraction, as it is set.
    """

    cap: CapKey
    value: Decimal | int | None  # what the order would make of it; None: unknown
    limit: Decimal | int

    @property
    def known(self) -> bool:
        """Return whether it is known to be broken; one that is not can be overridden by nobody."""
        return self.value is not None

    @property
    def figures(self) -> tuple[str | None, str]:
        """Return value and limit as they are written, with their units."""
        value, limit = self.value, self.limit
        if self.cap is CapKey.MAX_ORDER_USD:
            return None if value is None else f"${cents(Decimal(value)):,}", f"${limit:,}"
        if self.cap is CapKey.DAILY_LOSS_LIMIT_PCT:
            return None if value is None else f"{value}%", f"{limit}%"
        if value is None:
            return None, str(limit)
        if self.cap is CapKey.MAX_POSITION_RATE:
            return f"{value}%", f"{percent(Decimal(limit) * 100)}%"
        return str(value), str(limit)

    @property
    def said(self) -> Said:
        """Return what to tell a person of it."""
        value, limit = self.value, self.limit
        if value is None:
            return Said(CapNote.UNKNOWN, name=self.cap.upper())
        match self.cap:
            case CapKey.MAX_ORDER_USD:
                return Said(CapNote.MAX_ORDER_USD, value=cents(Decimal(value)), limit=limit)
            case CapKey.MAX_ORDERS_PER_DAY:
                return Said(CapNote.MAX_ORDERS_PER_DAY, limit=limit)
            case CapKey.MAX_POSITION_RATE:
                return Said(CapNote.MAX_POSITION_RATE, share=value, limit=percent(Decimal(limit) * 100))
            case CapKey.MAX_OPEN_TICKERS:
                return Said(CapNote.MAX_OPEN_TICKERS, count=value, limit=limit)
            case CapKey.DAILY_LOSS_LIMIT_PCT:
                return Said(CapNote.DAILY_LOSS, loss=value, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """One condition of a rule. `passed` is None when it could not be known: that blocks like False."""

    side: GateSide
    passed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RsiGate(_Gate):
    key: Literal[GateKey.RSI_OVERSOLD, GateKey.RSI_OVERBOUGHT]
    observed: float | None
    threshold: Decimal  # points of 100, as RSI itself
    bars: BarsSeen | None

    @property
    def sign(self) -> str:
        return "<=" if self.key is GateKey.RSI_OVERSOLD else ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossGate(_Gate):
    key: Literal[GateKey.MACD_CONFIRM] = GateKey.MACD_CONFIRM
    observed: Known[CrossView | None] | None
    wanted: SellConfirm
    within: int  # bars
    bars: BarsSeen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeGate(_Gate):
    key: Literal[GateKey.MODE] = GateKey.MODE
    observed: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursGate(_Gate):
    key: Literal[GateKey.HOURS] = GateKey.HOURS
    observed: bool
    begins: time  # New York
    ends: time  # New York


@dataclass(frozen=True, slots=True, kw_only=True)
class LockGate(_Gate):
    key: Literal[GateKey.LOCK] = GateKey.LOCK
    observed: str | None  # why the ticker is locked; here None is free: a lock is always known


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshGate(_Gate):
    key: Literal[GateKey.DATA_FRESH] = GateKey.DATA_FRESH
    observed: float | None  # age of the quote in seconds
    threshold: int  # seconds
    bars_complete: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteGate(_Gate):
    key: Literal[GateKey.QUOTE_USABLE] = GateKey.QUOTE_USABLE
    observed: bool | None
    threshold: Decimal  # the widest spread, percent
    book_asked: bool = True  # False: of a version that did not compare the last price with its book


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledGate(_Gate):
    key: Literal[GateKey.RECONCILED] = GateKey.RECONCILED
    observed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayGate(_Gate):
    key: Literal[GateKey.BUY_DELAY, GateKey.SELL_DELAY]
    observed: Known[timedelta | None] | None  # since the last own order of the side; none yet
    threshold: int  # minutes; 0 is off


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrdersGate(_Gate):
    key: Literal[GateKey.NO_OPEN_ORDER] = GateKey.NO_OPEN_ORDER
    observed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashGate(_Gate):
    key: Literal[GateKey.CASH] = GateKey.CASH
    observed: int | None  # shares
    threshold: Decimal  # the share of the cash that must pay for one, fees included
    asked: bool
    bound: Bound | CapKey | None
    wanted: int | None  # shares, by the rate alone


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingGate(_Gate):
    key: Literal[GateKey.HOLDING] = GateKey.HOLDING
    observed: int | None  # orderable shares
    size: int | None  # shares to sell; None: not sized
    bound: Bound | CapKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsGate(_Gate):
    key: Literal[GateKey.CAPS] = GateKey.CAPS
    observed: Refusal | None  # the first cap in the way
    broken: tuple[CapKey, ...]  # all of them
    asked: bool


StopKey = Literal[GateKey.STOP_LOSS, GateKey.TAKE_PROFIT, GateKey.TRAILING_STOP]
STOP_KEYS: Mapping[str, StopKey] = {
    "stop_loss": GateKey.STOP_LOSS,
    "take_profit": GateKey.TAKE_PROFIT,
    "trailing_stop": GateKey.TRAILING_STOP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StopGate(_Gate):
    """A stop as it stands, in percent of the average cost: it passes when it fires."""

    key: StopKey
    side: Literal[GateSide.STOP] = GateSide.STOP
    observed: Decimal | None
    threshold: Decimal | None  # None: off
    fired_by: FiredBy | None = None  # what saw the price that fired it
    broker_rate: Known[Decimal | None] | None = None  # the broker's own figure where it is shown beside ours

    @property
    def sign(self) -> str:
        return ">=" if self.key is GateKey.TAKE_PROFIT else "<="


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGate(_Gate):
    """A gate in the words of an earlier version that this one cannot read; shown as it was written."""

    key: Literal[GateKey.WRITTEN] = GateKey.WRITTEN
    name: str
    observed: str
    threshold: str
    detail: str


Gate = Annotated[
    RsiGate
    | CrossGate
    | ModeGate
    | HoursGate
    | LockGate
    | FreshGate
    | QuoteGate
    | ReconciledGate
    | DelayGate
    | OpenOrdersGate
    | CashGate
    | HoldingGate
    | CapsGate
    | StopGate
    | WrittenGate,
    Discriminator("key"),
]
Gates = Annotated[tuple[Gate, ...], BeforeValidator(typed)]


def was_asked(gate: Gate) -> bool:
    """Return whether the gate was put to the test at all; what costs a request is asked only when all else says yes."""
    return gate.asked if isinstance(gate, CashGate | CapsGate) else True


def name_of(gate: Gate) -> str:
    """Return the stable name of a gate, also of one only its words are known of."""
    return gate.name if isinstance(gate, WrittenGate) else gate.key.value

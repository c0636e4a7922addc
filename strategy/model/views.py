"""What a person asked to see, as facts; `bot` chooses the words and the form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from strategy.model.account import DayResult, Holdings, PanicLine, Position
from strategy.model.changes import ModeState, TickerLock
from strategy.model.decisions import Decision
from strategy.model.instruments import Side, Symbol
from strategy.model.modes import Mode, TradeMode
from strategy.model.orders import BrokerOrder, Fill, Order, OrderStatus
from strategy.model.said import Language, Said
from strategy.model.stop_state import StopsOff, StopState


class Environment(StrEnum):
    """Whose money it is; shown on every message that speaks of money."""

    REAL = "real"
    VIRTUAL = "virtual"
    DEMO = "demo"


class SessionPhase(StrEnum):
    CLOSED = "closed"  # before the open or after the close of a day with a session
    NO_SESSION = "no_session"  # a weekend or a holiday in New York
    BEFORE_START = "before_start"  # the exchange is open, MARKET_START_TIME is not yet
    OPEN = "open"
    AFTER_END = "after_end"  # no new entries, session not yet shut down

    @property
    def shut(self) -> bool:
        """Return whether no session is on, nor winding down."""
        return self in (SessionPhase.CLOSED, SessionPhase.NO_SESSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    phase: SessionPhase
    opens_at: datetime | None  # of the session that is on, else None
    closes_at: datetime | None
    half_day: bool
    next_open: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerView:
    """One line of /status. The price is dollars, the position whole shares."""

    symbol: Symbol
    last: Decimal | None
    price_age_s: float | None
    rsi: float | None
    position_qty: int | None
    return_percent: Decimal | None
    mode: ModeState
    lock: TickerLock | None
    stop: StopState
    warm: bool
    last_decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    environment: Environment
    armed: bool  # real environment: trading was armed since the start; True elsewhere
    account: str  # masked
    mode: ModeState
    session: SessionView
    holdings: Holdings | None  # the last look and the fills since
    today: DayResult | None
    tickers: tuple[TickerView, ...]
    open_orders: int
    unknown_orders: int
    reconciled: bool
    reconciled_at: datetime | None
    stream_up: bool
    stream_reason: Said | None
    calls_used: str  # "3/s of 18", from the client's pacers; empty when unknown (S103)
    orders_today: int
    max_orders_per_day: int
    cycles: int
    overruns: int
    next_check_at: datetime | None
    outbox_waiting: int
    started_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingsView:
    """For /balance and /positions. `holdings` None: the broker could not be asked, `problem` says why. Money and stop
    prices are dollars."""

    holdings: Holdings | None
    problem: Said | None
    resting_buys: Decimal | None  # dollars of the cash that open buys hold, with their fees; None when not known
    today: DayResult | None  # None while nobody can say
    locks: tuple[TickerLock, ...]
    stop_prices: tuple[tuple[Symbol, Decimal], ...]  # where the stop would fire
    scoped: tuple[tuple[Symbol, Position | None], ...] = ()  # with POSITION_SCOPE=bot: what rules and stops go by


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersView:
    open: tuple[Order, ...]
    recent: tuple[Order, ...]  # newest first, closed ones


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    order: Order
    history: tuple[tuple[datetime, OrderStatus, Said | None], ...]
    fills: tuple[Fill, ...]
    decision: Decision | None


class AmountKind(StrEnum):
    SHARES = "shares"
    DOLLARS = "dollars"
    PERCENT = "percent"  # of buyable cash for a buy, of the holding for a sell
    ALL = "all"
    DEFAULT = "default"  # BUY_RATE / SELL_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much, as typed: `3`, `$500`, `25%`, `all`, or nothing. The value is shares, dollars or percent, as its kind
    says."""

    kind: AmountKind
    value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsUsed:
    """What a buy would take up of the caps. None is unknown."""

    position_pct: Decimal | None  # percent of equity in its ticker, with this buy
    max_position_pct: Decimal
    orders_today: int | None  # with this one
    max_orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPreview:
    """What a manual order would do. `ticket` None: it cannot be placed, `refusals` say why. Money is dollars,
    quantities whole shares."""

    symbol: Symbol
    side: Side
    qty: int
    limit_price: Decimal
    price_source: str  # "typed", "ask", "bid" or "last"
    last: Decimal | None
    cost: Decimal  # dollars, without fees
    fees: Decimal  # estimated
    cash_after: Decimal | None  # buys
    position_after: int | None
    expected_profit: Decimal | None  # sells with a known average cost, after fees
    warnings: tuple[Said, ...]  # caps overridden by a second confirm, wide spread, closed session, ...
    refusals: tuple[Said, ...]
    needs_second_confirm: bool
    ticket: str | None
    expires_at: datetime | None
    caps: CapsUsed | None = None  # of a buy
    fx_rate: Decimal | None = None  # won per dollar, of the last look at the account


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendPreview:
    """What changing an open order would do. `ticket` None: it cannot be changed, `refusals` say why. Money is dollars,
    the quantity whole shares."""

    order: Order
    qty: int  # still open, after the change
    limit_price: Decimal
    last: Decimal | None
    cost: Decimal  # dollars of the open quantity at the new price, without fees
    warnings: tuple[Said, ...]
    refusals: tuple[Said, ...]
    needs_second_confirm: bool
    ticket: str | None
    expires_at: datetime | None


class HandChoice(StrEnum):
    """What to do about an order somebody placed by hand in the broker's app."""

    ADOPT = "adopt"  # from here on the bot watches over it like over one of its own
    IGNORE = "ignore"  # leave it alone; while it is open its ticker stays blocked
    PAUSE = "pause"  # leave it alone and pause buys of its ticker


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleChoice:
    """One thing an order of unknown outcome may turn out to be."""

    candidate: BrokerOrder | None  # None: it never reached the broker
    label: Said
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePreview:
    """What a person may declare about an order whose outcome is unknown; nothing is sent by it."""

    order: Order
    choices: tuple[SettleChoice, ...]
    refusals: tuple[Said, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicPreview:
    """What a panic would cancel and sell. Two tickets where the account also holds what is not traded here."""

    orders: tuple[Order, ...]
    lines: tuple[PanicLine, ...]
    value: Decimal | None  # dollars, at the last prices
    market_open: bool
    next_open: datetime
    refusals: tuple[Said, ...]
    ticket_all: str | None  # every position of the account
    ticket_watched: str | None  # only the tickers traded here; None when that is the same
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPreview:
    """A change of the watch list before it is confirmed. `last` is dollars."""

    symbol: Symbol
    name: str
    adds: bool
    last: Decimal | None
    tickers: tuple[Symbol, ...]  # the list as it would be
    warnings: tuple[Said, ...]
    refusals: tuple[Said, ...]
    ticket: str | None  # for an added one: to trade it as TRADE_MODE says now
    expires_at: datetime | None
    effects: tuple[Said, ...] = ()  # what the rule would do at once with one that is added
    tickets: Mapping[TradeMode, str] = field(default_factory=dict)  # of an added one: how its signals are traded


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPreview:
    orders: tuple[Order, ...]
    refusals: tuple[Said, ...]
    ticket: str | None
    expires_at: datetime | None


class SettingSource(StrEnum):
    DEFAULT = "default"
    ENV = "env"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingView:
    """One setting for the menu. Values are text as in `.env`."""

    name: str  # RSI_OVERSOLD
    group: str  # hours, pace, size, rsi, macd, stop, orders, limits, other
    value: str
    source: SettingSource
    allowed: Said  # "0 .. 100"
    choices: tuple[str, ...] | None
    step: Decimal | None  # of a number stepper, in the unit of the value: dollars, percent, minutes, a fraction
    changeable: bool  # False for what has commands of its own (TRADING_TICKERS)
    of_ticker: bool  # it may differ for one ticker
    until: datetime | None
    per_ticker: tuple[tuple[Symbol, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingPreview:
    """A change before it is confirmed; `ticket` None when nothing would change."""

    name: str
    symbol: Symbol | None
    old: str
    new: str
    allowed: Said
    effects: tuple[Said, ...]  # what this would change right now
    until: datetime | None
    ticket: str | None
    expires_at: datetime | None
    stops_off: StopsOff | None = None  # what it would leave without a stop
    typed_words: Mapping[Language, str] = field(default_factory=dict)  # as in `ModePreview`


@dataclass(frozen=True, slots=True, kw_only=True)
class ModePreview:
    """A mode change that needs a confirmation (running, halting)."""

    target: Mode
    symbol: Symbol | None
    until: datetime | None
    stops_off: StopsOff | None  # what a halt would leave without a stop
    typed_words: Mapping[Language, str]  # what must be typed to confirm, in either language; empty where a press does
    refusals: tuple[Said, ...]  # running the real environment before it is armed
    ticket: str | None
    expires_at: datetime | None
    effects: tuple[Said, ...] = ()  # what the rules would do at once


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePreview:
    """Taking a lock off before it is confirmed; `lock` and `ticket` None where none holds."""

    symbol: Symbol
    lock: TickerLock | None
    effects: tuple[Said, ...]  # what rules and stop would do at once
    ticket: str | None
    expires_at: datetime | None

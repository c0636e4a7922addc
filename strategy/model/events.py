"""What the core wants to tell the owner. Facts only: `bot` chooses words, language and form.

Events are stored (JSON through pydantic, discriminated by `kind`) in the transaction of the fact they tell, and
delivered later. So each carries all it needs; a view made at delivery must not have to ask the broker.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator

from strategy.model.account import Holdings
from strategy.model.alerts import PriceAlert
from strategy.model.decisions import Decision, Proposal
from strategy.model.health import HealthLine
from strategy.model.instruments import Symbol
from strategy.model.modes import ModeState, TickerLock
from strategy.model.orders import BrokerOrder, Fill, Order, OrderNo, OrderStatus, Origin
from strategy.model.setting_changes import SettingChange
from strategy.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicLine:
    """One position in a panic: how much there was, is sold, is left, and why it is left.

    Quantities are whole shares, `last` is dollars.
    """

    symbol: Symbol
    watched: bool
    qty: int
    sold: int = 0
    last: Decimal | None = None
    reason: str = (
        ""  # "", "flat", or why shares are left: session_end, closed, not_orderable, rejected, halted, unknown
    )


_URGENT = (Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP, Origin.PANIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    at: datetime  # aware UTC, market clock
    critical: ClassVar[bool] = False  # told before routine ones and with sound whatever the quiet hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(_Event):
    """The program is up: what it runs with and what start-up found (rows S46-S49). Prices are dollars."""

    kind: Literal["started"] = "started"
    tickers: tuple[tuple[Symbol, Decimal | None], ...]  # with last price
    warmup: tuple[tuple[Symbol, str, int, int], ...]  # symbol, interval, bars there, bars needed before a signal
    stream: Text  # connected and subscribed, or why not
    mode: ModeState
    session: Text
    holdings: Holdings | None
    notes: tuple[Text, ...] = ()  # warnings: base URL overridden, .env readable by others, ticks not offered, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(_Event):
    """What reconciling found after a start or a gap; silent when nothing differed and nothing was open."""

    kind: Literal["recovered"] = "recovered"
    trigger: Literal["start", "reconnect", "timer", "before_buy", "asked"] = "start"
    lines: tuple[Text, ...]  # one difference each: found, matched, adopted, by hand, unexplained
    clean: bool  # True when broker and bot agree now, so that buying may go on


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(_Event):
    kind: Literal["session_opened"] = "session_opened"
    session_on: str  # New York date, ISO
    closes_at: datetime
    half_day: bool
    holdings: Holdings | None
    open_orders: int
    mode: ModeState


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(_Event):
    """The summary at AUTO_SHUTDOWN_TIME (D6).

    Money is dollars: what was bought and sold for, what the fees were, what was realized after them.
    """

    kind: Literal["session_closed"] = "session_closed"
    session_on: str
    orders: int
    fills: int
    bought: Decimal
    sold: Decimal
    fees: Decimal
    realized: Decimal
    checks: int
    overruns: int
    holdings: Holdings | None
    open_orders: tuple[Order, ...]
    next_open: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(_Event):
    """The living message of an order; told at each state. `decision` explains signal and stop orders (S91-S93).

    Money is dollars, an average cost dollars a share.
    """

    kind: Literal["order_changed"] = "order_changed"
    order: Order
    decision: Decision | None = None
    cash_before: Decimal | None = None
    position_qty_before: int | None = None
    average_cost: Decimal | None = None  # before a sell, for the profit of the sold part
    last_fill: Fill | None = None  # set when this change is a fill: also told as a reply
    realized: Decimal | None = None  # dollars after fees, so far
    fees: Decimal | None = None  # dollars, so far


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalBlocked(_Event):
    """A signal was there and a guard stopped it (S8); folded while it repeats."""

    kind: Literal["signal_blocked"] = "signal_blocked"
    decision: Decision
    side: Literal["buy", "sell"]
    guards: tuple[str, ...]  # gate names


@dataclass(frozen=True, slots=True, kw_only=True)
class BothSignals(_Event):
    """Buy and sell at once: no trade (D11)."""

    kind: Literal["both_signals"] = "both_signals"
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTriggered(_Event):
    """A price touched a stop: `rate` has reached `threshold`, both percent.

    Price and cost are dollars, the quantity is in whole shares.
    """

    critical: ClassVar[bool] = True
    kind: Literal["stop_triggered"] = "stop_triggered"
    symbol: Symbol
    trigger: Literal["stop_loss", "take_profit", "trailing_stop"]
    rate: Decimal  # percent, ours
    broker_rate: Decimal | None  # percent, the broker's figure (S62)
    threshold: Decimal
    average_cost: Decimal
    price: Decimal
    qty: int
    source: Literal["tick", "poll", "check"]
    attempt: int = 1  # above 1 when the broker refused every order of the runs before; told within their message
    refusal: Text | None = None  # the broker's newest reason then
    orders_refused: int = 0  # in the runs before


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFinished(_Event):
    """The stop's ladder ended: flat, or what is left and why (S93).

    Shares are whole ones; price, result and fees are dollars.
    """

    critical: ClassVar[bool] = True
    kind: Literal["stop_finished"] = "stop_finished"
    symbol: Symbol
    trigger: Literal["stop_loss", "take_profit", "trailing_stop"]
    sold: int
    left: int
    average_price: Decimal | None
    realized: Decimal | None
    fees: Decimal | None
    reason: str  # "flat", "session_end", "not_orderable", "rejected", "halted", "unknown", "interrupted"
    attempt: int = 1  # as the trigger's
    refusal: Text | None = None  # the broker's newest reason, where it refused an order of this run
    orders_refused: int = 0  # in this run and those before; 0 in what was stored before they were counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection(_Event):
    """Stops became armed or not; told within 30 s when not."""

    critical: ClassVar[bool] = True
    kind: Literal["protection"] = "protection"
    armed: bool
    source: Literal["ticks", "polling", "none"]
    symbols: tuple[Symbol, ...]
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState(_Event):
    """The live connection went down or is back. One that drops again and again is told in one message from then on."""

    kind: Literal["stream"] = "stream"
    up: bool
    reason: Text
    since: datetime | None = None  # when it went down, on the way up
    drops: int = 1  # this one counted, and those since it last held for some minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(_Event):
    """Something failed: what it means and what to do (S95). Same `key` within an hour is folded with a count."""

    critical: ClassVar[bool] = True
    kind: Literal["trouble"] = "trouble"
    key: str
    what: Text
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notable(_Event):
    """A fact worth telling that is no trouble (overrun counted, warm-up done, expired commands answered)."""

    kind: Literal["notable"] = "notable"
    key: str
    what: Text
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged(_Event):
    kind: Literal["mode_changed"] = "mode_changed"
    state: ModeState
    previous: ModeState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerLocked(_Event):
    critical: ClassVar[bool] = True
    kind: Literal["ticker_locked"] = "ticker_locked"
    lock: TickerLock


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(_Event):
    kind: Literal["setting_changed"] = "setting_changed"
    change: SettingChange


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOrder(_Event):
    """An order or trade made by hand in the broker's app was found; `order` is its row here, by which to decide."""

    kind: Literal["hand_order"] = "hand_order"
    found: BrokerOrder
    order: Order | None  # filled in by the journal that stores the row


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicProgress(_Event):
    """How a panic stands; told at each change into one living message, and at its end in a new one (`done`)."""

    critical: ClassVar[bool] = True
    kind: Literal["panic_progress"] = "panic_progress"
    run: str  # of this panic; the key of its message
    started_at: datetime
    asked_by: int
    canceled: int  # orders canceled so far
    cancels_left: int
    lines: tuple[PanicLine, ...]
    done: bool
    flat: bool | None  # at the end: whether the broker confirms that nothing is left; None while it goes on
    note: Text | None = None  # what is left and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(_Event):
    """The engine proposes a trade, or tells a signal (TRADE_MODE)."""

    kind: Literal["proposed"] = "proposed"
    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalClosed(_Event):
    """A proposal is over: taken, refused, expired, or void; its card says so and loses its buttons."""

    kind: Literal["proposal_closed"] = "proposal_closed"
    proposal: Proposal
    how: Literal["taken", "dismissed", "expired", "drifted", "changed"]
    order_no: OrderNo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCheck(_Event):
    """Ten minutes before the open: what works."""

    kind: Literal["ready_check"] = "ready_check"
    session_on: str  # New York date, ISO
    opens_at: datetime
    half_day: bool
    lines: tuple[HealthLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarNotice(_Event):
    """The evening before (Korean time): a holiday or a half day is coming."""

    kind: Literal["calendar_notice"] = "calendar_notice"
    on: str  # New York date, ISO
    closed: bool
    closes_at: datetime | None
    note: Text
    next_open: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlertHit(_Event):
    """A price somebody waited for was reached; `last` is dollars."""

    kind: Literal["price_alert"] = "price_alert"
    alert: PriceAlert
    last: Decimal


Event = Annotated[
    Started
    | Recovered
    | SessionOpened
    | SessionClosed
    | OrderChanged
    | SignalBlocked
    | BothSignals
    | StopTriggered
    | StopFinished
    | Protection
    | StreamState
    | Trouble
    | Notable
    | ModeChanged
    | TickerLocked
    | SettingChanged
    | HandOrder
    | PanicProgress
    | Proposed
    | ProposalClosed
    | ReadyCheck
    | CalendarNotice
    | PriceAlertHit,
    Discriminator("kind"),
]


def urgent(event: Event) -> bool:
    """Return whether an event is told before others of its loudness.

    Of critical ones stops, panics and what leaves shares unprotected; of routine ones fills, orders of stops and
    panics, and unknown outcomes.
    """
    match event:
        case StopTriggered() | StopFinished() | Protection() | PanicProgress():
            return True
        case OrderChanged():
            order = event.order
            of_a_stop = order.request.origin in _URGENT
            return event.last_fill is not None or of_a_stop or order.status is OrderStatus.UNKNOWN
        case _:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event in the outbox."""

    id: int
    event: Event
    added_at: datetime  # aware UTC, market clock
    attempts: int
    sending_since: datetime | None  # a send was started and never ended: it may have arrived
    done_at: datetime | None = None  # wall time
    message_id: int | None = None
    repeats: int = 0  # how often an alert nobody acknowledged was told again
    repeated_at: datetime | None = None  # wall time

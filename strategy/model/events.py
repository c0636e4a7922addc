"""What the core wants to tell the owner. Facts only: `bot` chooses words, language and form.

Events are stored (JSON through pydantic, discriminated by `kind`) in the transaction of the fact they tell, and
delivered later. So each carries all it needs; a view made at delivery must not have to ask the broker.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator

from strategy.model.account import DayResult, Holdings, PanicLine, SaleEnd
from strategy.model.alerts import AlertGroup, PriceAlert, Topic
from strategy.model.changes import ModeState, SettingChange, TickerLock
from strategy.model.decisions import Decision, Proposal
from strategy.model.gates import FiredBy, GateKey
from strategy.model.health import HealthLine
from strategy.model.instruments import Side, Symbol
from strategy.model.orders import BrokerOrder, Fill, Order, OrderNo, OrderStatus, Origin
from strategy.model.said import Said
from strategy.model.stop_state import StopPriceSource, StopsOff, StopTrigger

_URGENT = (Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP, Origin.PANIC)
_UNTAKEN = (OrderStatus.INTENDED, OrderStatus.SENT, OrderStatus.REJECTED)


def _stop_key(symbol: Symbol, trigger: str) -> str:
    return f"stop:{symbol}:{trigger}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What is known of a kind of event stands at it, so that a new one cannot be forgotten by those who tell events.

    Each names its `group`, the setting that says how loud it is (None where no level governs it), and its `topic`:
    they have no default.
    """

    at: datetime  # aware UTC, market clock
    critical: ClassVar[bool] = False  # told before routine ones and with sound whatever the quiet hours
    short: ClassVar[bool] = False  # without a button that acts, too: late ones are told together
    counts_itself: ClassVar[bool] = False  # knows how often it came
    sounds_again: ClassVar[bool] = False  # repeated for an hour, it is told anew

    @property
    def urgent(self) -> bool:
        """Return whether it is told before others of its loudness."""
        return False

    @property
    def rings(self) -> bool:
        """Return whether it may come with a sound: where not, whoever looks finds it, and nobody has to act now."""
        return True

    @property
    def needs_person(self) -> bool:
        """Return whether somebody has something to do: then it is never kept back, at most without a sound."""
        return False

    @property
    def needs_ack(self) -> bool:
        """Return whether it is told again until somebody has seen it."""
        return self.critical

    @property
    def story(self) -> str | None:
        """Return what it tells a part of, in order; None where it stands alone."""
        return None

    @property
    def fold_key(self) -> str | None:
        """Return what makes two events the same news, or None for one that always stands alone."""
        return None

    @property
    def opens_fold(self) -> bool:
        """Return whether it is the first of its kind although another of the same key came shortly before."""
        return False

    @property
    def is_retry(self) -> bool:
        """Return whether it is told within the message of an earlier one, which is the one to be seen."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _CriticalEvent(_Event):
    critical: ClassVar[bool] = True
    group: ClassVar[AlertGroup | None] = None
    topic: ClassVar[Topic] = Topic.CRITICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class _StopEvent(_CriticalEvent):
    """Of one run of a stop."""

    counts_itself: ClassVar[bool] = True
    sounds_again: ClassVar[bool] = True
    symbol: Symbol
    trigger: StopTrigger
    attempt: int = 1  # above 1 when the broker refused every order of the runs before; told within their message
    refusal: Said | None = None  # the broker's newest reason, where it refused an order
    orders_refused: int = 0  # so far; 0 in what was stored before they were counted

    @property
    def urgent(self) -> bool:
        return True

    @property
    def story(self) -> str:
        return f"stop:{self.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProposalEvent(_Event):
    group: ClassVar[AlertGroup | None] = AlertGroup.ORDERS
    topic: ClassVar[Topic] = Topic.ORDERS
    proposal: Proposal

    @property
    def needs_person(self) -> bool:
        return self.proposal.ticket is not None

    @property
    def story(self) -> str:
        return f"proposal:{self.proposal.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(_Event):
    """The program is up: what it runs with and what start-up found (rows S46-S49). Prices are dollars."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SESSION
    topic: ClassVar[Topic] = Topic.SYSTEM
    kind: Literal["started"] = "started"
    tickers: tuple[tuple[Symbol, Decimal | None], ...]  # with last price
    warmup: tuple[tuple[Symbol, str, int, int], ...]  # symbol, interval, bars there, bars needed before a signal
    stream: Said  # connected and subscribed, or why not
    mode: ModeState
    session: Said
    holdings: Holdings | None
    notes: tuple[Said, ...] = ()  # warnings: base URL overridden, .env readable by others, ticks not offered, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(_Event):
    """What reconciling found after a start or a gap; silent when nothing differed and nothing was open."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SESSION
    topic: ClassVar[Topic] = Topic.SYSTEM
    kind: Literal["recovered"] = "recovered"
    trigger: Literal["start", "reconnect", "timer", "before_buy", "asked"] = "start"
    lines: tuple[Said, ...]  # one difference each: found, matched, adopted, by hand, unexplained
    clean: bool  # True when broker and bot agree now, so that buying may go on

    @property
    def needs_person(self) -> bool:
        return not self.clean


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(_Event):
    group: ClassVar[AlertGroup | None] = AlertGroup.SESSION
    topic: ClassVar[Topic] = Topic.SYSTEM
    kind: Literal["session_opened"] = "session_opened"
    session_on: str  # New York date, ISO
    closes_at: datetime
    half_day: bool
    holdings: Holdings | None
    open_orders: int
    mode: ModeState

    @property
    def rings(self) -> bool:
        """Return False: the clock says it as well, and what does not work the ready check has told."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(_Event):
    """The summary at AUTO_SHUTDOWN_TIME (D6). Money is dollars: what was bought and sold for, what the fees were, what
    sales brought after all fees, and as the broker shows it."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SESSION
    topic: ClassVar[Topic] = Topic.SYSTEM
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
    result: Decimal | None = None  # dollars of sales after all fees
    today: DayResult | None = None  # None: not known, or told by an earlier build


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(_Event):
    """The living message of an order; told at each state. `decision` explains signal and stop orders (S91-S93). Money
    is dollars, an average cost dollars a share."""

    group: ClassVar[AlertGroup | None] = AlertGroup.ORDERS
    topic: ClassVar[Topic] = Topic.ORDERS
    kind: Literal["order_changed"] = "order_changed"
    order: Order
    decision: Decision | None = None
    cash_before: Decimal | None = None
    position_qty_before: int | None = None
    average_cost: Decimal | None = None  # before a sell, for the profit of the sold part
    last_fill: Fill | None = None  # set when this change is a fill: also told as a reply
    realized: Decimal | None = None  # dollars as the broker shows it, so far
    result: Decimal | None = None  # dollars after all fees of both sides, so far
    fees: Decimal | None = None  # dollars, so far

    @property
    def urgent(self) -> bool:
        """Return whether it is a fill, an order of a stop or a panic, or an outcome nobody knows."""
        return self.last_fill is not None or self.order.request.origin in _URGENT or self._unknown

    @property
    def rings(self) -> bool:
        """Return whether the order's own message sounds: refused or unknown it does, and its fill is told apart."""
        return self.order.status is OrderStatus.REJECTED or self._unknown

    @property
    def needs_person(self) -> bool:
        return self._unknown

    @property
    def story(self) -> str:
        return f"order:{self.order.no}"

    @property
    def told_within(self) -> str | None:
        """Return the news within which a retry's order is told that nobody has taken yet; it must know its decision.

        From the moment the broker accepts it, and where its outcome is unknown, an order is told by itself.
        """
        untaken = self.order.status in _UNTAKEN and not self.order.filled_qty
        if self.decision is None or self.decision.attempt == 1 or not untaken:
            return None
        return _stop_key(self.order.request.symbol, self.decision.reason)

    @property
    def _unknown(self) -> bool:
        return self.order.status is OrderStatus.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalBlocked(_Event):
    """A signal was there and a guard stopped it (S8); folded while it repeats."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SIGNALS
    topic: ClassVar[Topic] = Topic.ORDERS
    kind: Literal["signal_blocked"] = "signal_blocked"
    decision: Decision
    side: Side
    guards: tuple[GateKey, ...]

    @property
    def fold_key(self) -> str | None:
        return f"blocked:{self.decision.symbol}:{self.side}:{','.join(sorted(self.guards))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BothSignals(_Event):
    """Buy and sell at once: no trade (D11)."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SIGNALS
    topic: ClassVar[Topic] = Topic.ORDERS
    kind: Literal["both_signals"] = "both_signals"
    decision: Decision

    @property
    def fold_key(self) -> str | None:
        return f"both:{self.decision.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTriggered(_StopEvent):
    """A price touched a stop: `rate` has reached `threshold`, both percent.

    Price and cost are dollars, the quantity is in whole shares.
    """

    kind: Literal["stop_triggered"] = "stop_triggered"
    rate: Decimal  # percent, ours
    broker_rate: Decimal | None  # percent, the broker's figure (S62)
    threshold: Decimal
    average_cost: Decimal
    price: Decimal
    qty: int
    source: FiredBy

    @property
    def needs_ack(self) -> bool:
        return not self.is_retry

    @property
    def fold_key(self) -> str | None:
        return _stop_key(self.symbol, self.trigger) if self.is_retry else None

    @property
    def is_retry(self) -> bool:
        return self.attempt > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFinished(_StopEvent):
    """The stop's ladder ended: flat, or what is left and why (S93). Shares are whole ones; price, result and fees are
    dollars."""

    kind: Literal["stop_finished"] = "stop_finished"
    sold: int
    left: int
    average_price: Decimal | None
    realized: Decimal | None  # as the broker shows it
    fees: Decimal | None
    reason: SaleEnd
    result: Decimal | None = None  # after all fees of both sides

    @property
    def needs_ack(self) -> bool:
        return self.left > 0 and not self.is_retry

    @property
    def fold_key(self) -> str | None:
        """Return the news of a stop that is refused; one that sold anything stands alone, and so does a success."""
        return _stop_key(self.symbol, self.trigger) if self.reason is SaleEnd.REJECTED and not self.sold else None

    @property
    def opens_fold(self) -> bool:
        return self.attempt == 1

    @property
    def is_retry(self) -> bool:
        return self.attempt > 1 and self.fold_key is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection(_CriticalEvent):
    """Stops became armed or not; told within 30 s when not."""

    kind: Literal["protection"] = "protection"
    armed: bool
    source: StopPriceSource
    symbols: tuple[Symbol, ...]
    reason: Said

    @property
    def urgent(self) -> bool:
        return True

    @property
    def needs_ack(self) -> bool:
        return not self.armed

    @property
    def story(self) -> str:
        return self.kind

    @property
    def pair(self) -> str:
        """Return what its loss and its return have in common: the tickers."""
        return f"{self.kind}:{','.join(str(symbol) for symbol in self.symbols)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState(_Event):
    """The live connection went down or is back. One that drops again and again is told in one message from then on."""

    group: ClassVar[AlertGroup | None] = AlertGroup.STREAM
    topic: ClassVar[Topic] = Topic.SYSTEM
    counts_itself: ClassVar[bool] = True
    short: ClassVar[bool] = True
    kind: Literal["stream"] = "stream"
    up: bool
    reason: Said
    since: datetime | None = None  # when it went down, on the way up
    drops: int = 1  # this one counted, and those since it last held for some minutes

    @property
    def story(self) -> str:
        return self.kind

    @property
    def fold_key(self) -> str | None:
        """Return the news of one that drops on; the first drop and its end are told by themselves."""
        return self.kind if self.drops > 1 else None

    @property
    def opens_fold(self) -> bool:
        return not self.up and self.drops == 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(_CriticalEvent):
    """Something failed: what it means and what to do (S95). Same `key` within an hour is folded with a count."""

    sounds_again: ClassVar[bool] = True
    kind: Literal["trouble"] = "trouble"
    key: str
    what: Said
    symbol: Symbol | None = None

    @property
    def fold_key(self) -> str | None:
        return f"trouble:{self.key}:{self.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notable(_Event):
    """A fact worth telling that is no trouble (overrun counted, warm-up done, expired commands answered)."""

    group: ClassVar[AlertGroup | None] = AlertGroup.NOTES
    topic: ClassVar[Topic] = Topic.SYSTEM
    short: ClassVar[bool] = True
    kind: Literal["notable"] = "notable"
    key: str
    what: Said
    symbol: Symbol | None = None

    @property
    def fold_key(self) -> str | None:
        """Return the news of checks that are late: a slow broker makes one each minute."""
        return self.key if self.key == "overrun" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged(_Event):
    group: ClassVar[AlertGroup | None] = AlertGroup.CHANGES
    topic: ClassVar[Topic] = Topic.SYSTEM
    short: ClassVar[bool] = True
    kind: Literal["mode_changed"] = "mode_changed"
    state: ModeState
    previous: ModeState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerLocked(_CriticalEvent):
    kind: Literal["ticker_locked"] = "ticker_locked"
    lock: TickerLock

    @property
    def story(self) -> str | None:
        """Return the story of the stop that made it, told in order with that; a split's lock stands alone."""
        return None if self.lock.blocks_stop else f"stop:{self.lock.symbol}"

    @property
    def needs_ack(self) -> bool:
        """Return whether the stop is off, too: else the lock comes with the stop that made it."""
        return self.lock.blocks_stop


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(_Event):
    group: ClassVar[AlertGroup | None] = AlertGroup.CHANGES
    topic: ClassVar[Topic] = Topic.SYSTEM
    short: ClassVar[bool] = True
    kind: Literal["setting_changed"] = "setting_changed"
    change: SettingChange


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOrder(_Event):
    """An order or trade made by hand in the broker's app was found; `order` is its row here, by which to decide."""

    group: ClassVar[AlertGroup | None] = AlertGroup.ORDERS
    topic: ClassVar[Topic] = Topic.ORDERS
    kind: Literal["hand_order"] = "hand_order"
    found: BrokerOrder
    order: Order | None  # filled in by the journal that stores the row

    @property
    def needs_person(self) -> bool:
        return self.order is not None

    @property
    def story(self) -> str | None:
        return None if self.order is None else f"order:{self.order.no}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicProgress(_CriticalEvent):
    """How a panic stands; told at each change into one living message, and at its end in a new one (`done`)."""

    kind: Literal["panic_progress"] = "panic_progress"
    run: str  # of this panic; the key of its message
    started_at: datetime
    asked_by: int
    canceled: int  # orders canceled so far
    cancels_left: int
    lines: tuple[PanicLine, ...]
    done: bool
    flat: bool | None  # at the end: whether the broker confirms that nothing is left; None while it goes on
    note: Said | None = None  # what is left and what to do

    @property
    def urgent(self) -> bool:
        return True

    @property
    def needs_ack(self) -> bool:
        return self.done and not self.flat

    @property
    def story(self) -> str:
        return f"panic:{self.run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(_ProposalEvent):
    """The engine proposes a trade, or tells a signal (TRADE_MODE)."""

    kind: Literal["proposed"] = "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalClosed(_ProposalEvent):
    """A proposal is over: taken, refused, expired, or void; its card says so and loses its buttons."""

    kind: Literal["proposal_closed"] = "proposal_closed"
    how: Literal["taken", "dismissed", "expired", "drifted", "changed"]
    order_no: OrderNo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCheck(_Event):
    """Ten minutes before the open: what works."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SESSION
    topic: ClassVar[Topic] = Topic.SYSTEM
    kind: Literal["ready_check"] = "ready_check"
    session_on: str  # New York date, ISO
    opens_at: datetime
    half_day: bool
    lines: tuple[HealthLine, ...]

    @property
    def rings(self) -> bool:
        """Return whether something does not work."""
        return any(line.ok is False for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarNotice(_Event):
    """The evening before (Korean time): a holiday or a half day is coming."""

    group: ClassVar[AlertGroup | None] = AlertGroup.SESSION
    topic: ClassVar[Topic] = Topic.SYSTEM
    short: ClassVar[bool] = True
    kind: Literal["calendar_notice"] = "calendar_notice"
    on: str  # New York date, ISO
    closed: bool
    closes_at: datetime | None
    note: Said
    next_open: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedSessions:
    """How many of a ticker's past sessions are kept, of how many that were missing."""

    symbol: Symbol
    kept: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsProgress(_Event):
    """Many past sessions are being fetched; told in one message that is edited, without a sound."""

    group: ClassVar[AlertGroup | None] = AlertGroup.NOTES
    topic: ClassVar[Topic] = Topic.SYSTEM
    kind: Literal["bars_progress"] = "bars_progress"
    run: str  # the New York date it began on: what is begun again that day goes on in the same message
    tickers: tuple[FetchedSessions, ...]
    done: bool
    why: Said | None = None  # something is still missing

    @property
    def story(self) -> str:
        return f"reminder:bars:{self.run}"  # of the kinds that `chat_messages` stores


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlertHit(_Event):
    """A price somebody waited for was reached; `last` is dollars."""

    group: ClassVar[AlertGroup | None] = None
    topic: ClassVar[Topic] = Topic.ORDERS
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
    | BarsProgress
    | PriceAlertHit,
    Discriminator("kind"),
]


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


class OutcomeKind(StrEnum):
    DONE = "done"
    LEFT = "left"  # dismissed: nothing was done, as the press asked
    WAITING = "waiting"  # certainly not taken yet, and sent again by itself for a while
    UNKNOWN = "unknown"  # the order may have arrived; it is being looked up
    REJECTED = "rejected"  # by the broker
    DENIED = "denied"  # by a limit or guard, or a mode
    SECOND_CONFIRM = "second_confirm"  # over a cap: `next_ticket` must be pressed too
    CHANGED = "changed"  # what was shown is no longer true; ask for a new preview
    EXPIRED = "expired"
    USED = "used"  # pressed before; `order` is what that press placed
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a press of a confirm button did."""

    kind: OutcomeKind
    text: Said
    order: Order | None = None
    order_nos: tuple[OrderNo, ...] = ()
    next_ticket: str | None = None
    stops_off: StopsOff | None = None  # what it has left without a stop: done, but no good news
    again: tuple[str, str] | None = None  # action and ticket whose terms may be previewed once more
    becomes: str | None = None  # the story its card tells from here on: `order:12`, or `order:cancel:12` to its end
    news: tuple[Event, ...] = ()  # alerts that tell this change: needless where the answer to the press tells it

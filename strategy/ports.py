"""What the core needs from outside. `kis` and `storage` implement these; `tests.fakes.clock` holds the fakes.

Conventions: money is Decimal dollars, instants are aware UTC, dates are New York trading dates. Every broker method
raises from `strategy.model.errors`: OrderRejected (certainly refused), OutcomeUnknown (may have arrived), TryLater
(certainly not carried out), BrokerFault/NotOffered (asking again cannot help), DataUnavailable.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from strategy.model import (
    Acceptance,
    AgreedPositions,
    Bar,
    BarSource,
    BrokerOrder,
    BuyingPower,
    CostAnchor,
    DayFactors,
    DayStart,
    Decision,
    Deposit,
    Event,
    EventRow,
    Fill,
    Forbidden,
    Holdings,
    Interval,
    KeptSession,
    KeptTotals,
    KnownDeposit,
    KnownSessions,
    ListingName,
    LogLine,
    MinutePage,
    ModeState,
    Notice,
    Order,
    OrderList,
    OrderNo,
    OrderRequest,
    OrderStatus,
    OutboxState,
    PanicRecord,
    PriceAlert,
    Quote,
    Said,
    SettingChange,
    Side,
    StopRun,
    StorageState,
    Symbol,
    Tick,
    TickerLock,
    Ticket,
    Trade,
    VenueNo,
)


class Broker(Protocol):
    """The account at the broker. Methods that place or change orders send once and never retry."""

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far the clock that stamps its orders is ahead of ours, as its answers tell it; None while unknown."""

    async def submit(self, request: OrderRequest) -> Acceptance: ...

    async def amend(self, symbol: Symbol, venue_no: VenueNo, qty: int, limit_price: Decimal) -> Acceptance:
        """Change the open quantity and price; the acceptance carries a new number (kis-protocol 3.2). The quantity is
        in whole shares, the limit in dollars on the tick."""

    async def cancel(self, symbol: Symbol, venue_no: VenueNo, qty: int) -> Acceptance:
        """Ask to cancel the open quantity; only a notice or an inquiry confirms it. The quantity is in whole shares."""

    async def orders(self, since: date, until: date) -> OrderList:
        """Every order of those New York dates, hand-made ones included, siblings folded; the judge of all states."""

    async def open_orders(self) -> OrderList: ...

    async def holdings(self) -> Holdings:
        """Positions of all three exchanges, without cash."""

    async def deposit(self) -> Deposit | None:
        """The account's dollars, whatever open buys hold of them; None where the environment does not tell them."""

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        """Return what can be bought of the symbol at that price in dollars."""


class MarketFeed(Protocol):
    """Prices on request. All methods raise DataUnavailable rather than return a zero or stale value."""

    async def quote(self, symbol: Symbol) -> Quote: ...

    async def bars(self, symbol: Symbol, interval: Interval, count: int) -> Sequence[Bar]:
        """Newest `count` bars, ascending, unique, split-adjusted, regular session only; the forming one last."""

    async def adjustment(self, symbol: Symbol, on: date) -> Decimal | None:
        """Return what the source multiplies that day's close by today, freshly asked: 1 unless a split or a stock
        dividend came since (2/3 for 3-for-2); None when it does not know the day."""

    async def listing_name(self, symbol: Symbol) -> ListingName:
        """What the listing is called; NotOffered where names cannot be asked for."""

    def has_minute_bars(self) -> bool:
        """Return whether minute bars can be asked for; if not they must be built from ticks (D9)."""


class BarHistory(Protocol):
    """Minute bars of past sessions, asked for behind everything else: nobody's order or price waits for them."""

    def offered(self) -> bool:
        """Return whether the source gives minute bars at all."""

    def pages(self, symbol: Symbol) -> AsyncGenerator[MinutePage]:
        """Give one-minute bars from now backwards as far as the source keeps them, not adjusted here; BrokerError."""

    async def factors(self, symbol: Symbol, since: date, closes: Mapping[date, Decimal]) -> DayFactors:
        """Return what each day since that New York date is multiplied by now; `closes` are the last minutes' in
        dollars, by which it is seen whether the source has adjusted its minutes already. Raise BrokerError."""


class BarArchive(Protocol):
    """Sessions of minute bars, kept apart from trading's own records. Every method raises StorageError."""

    async def known(self, source: BarSource, ticker: str, since: date) -> KnownSessions:
        """Return which sessions are kept since that New York date; each is looked through, and what is damaged is
        thrown away."""

    async def keep(self, sessions: Sequence[KeptSession]) -> None:
        """Store them all or none, in place of what is kept of the same source, ticker and day."""

    async def lacked(self, source: BarSource, ticker: str, days: Sequence[date], at: datetime) -> None:
        """Note that the source had nothing of those New York dates when it was asked."""

    async def rescale(self, source: BarSource, ticker: str, factors: Mapping[date, Decimal]) -> int:
        """Let the factors follow splits that came since, by what days are multiplied by now; return how many changed.

        What is older than all of `factors` follows the oldest of them.
        """

    async def sessions(self, source: BarSource, ticker: str, since: date, until: date) -> Sequence[KeptSession]:
        """Return the sessions kept of those New York dates, both included, oldest first; a damaged one is thrown
        away and logged."""

    async def bars(self, source: BarSource, ticker: str, since: datetime, until: datetime) -> Sequence[Bar]:
        """Return the split-adjusted bars that lie within two instants, oldest first."""

    async def totals(self, source: BarSource) -> KeptTotals: ...


class StreamSink(Protocol):
    """Where the stream delivers. Called from its reader, so nothing here may block or await."""

    def on_tick(self, tick: Tick) -> None: ...

    def on_notice(self, notice: Notice) -> None: ...

    def on_unread_notice(self) -> None:
        """One came that could not be read: what it told has to be asked for."""

    def on_connected(self, *, gap: bool) -> None:
        """Subscriptions are confirmed again; after a gap, notices and ticks may have been missed."""

    def on_disconnected(self, reason: Said) -> None: ...

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: Said | None) -> None:
        """A subscription was confirmed or refused; `symbol` None is the order notices."""


class Stream(Protocol):
    """The broker's push channel: one connection, run as a task."""

    async def run(self, sink: StreamSink) -> None:
        """Connect, keep subscribed, reconnect, until cancelled."""

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Set the tick subscriptions in priority order; takes effect soon, survives reconnects."""

    @property
    def connected(self) -> bool: ...


class OrderJournal(Protocol):
    """Orders, their history and fills. Every method commits before it returns, `events` in the same transaction."""

    async def send(self, request: OrderRequest, at: datetime, *, events: Sequence[Event] = ()) -> Order:
        """Store an order as intended and as being sent; return it with its number.

        It outlives a power cut, and so does whatever was stored before it. Raises InvalidOrder when `request.ticket`
        was used before, StorageError when there is no decision of that number.
        """

    async def add_external(self, found: BrokerOrder, at: datetime, events: Sequence[Event] = ()) -> Order:
        """Store an order placed by hand, found at the broker."""

    async def change(
        self,
        no: OrderNo,
        status: OrderStatus,
        at: datetime,
        *,
        reason: Said | None = None,
        venue_no: VenueNo | None = None,
        limit_price: Decimal | None = None,
        accepted_at: datetime | None = None,
        reprices: int | None = None,
        working_qty: int | None = None,
        adopted_by: int | None = None,
        fills: Sequence[Fill] = (),
        corrected: Sequence[Fill] = (),
        events: Sequence[Event] = (),
    ) -> Order:
        """Append a state change with its fills (those already stored are ignored) and return the order.

        `corrected` are stored fills at the price the broker's list leads to; `fills` tells that price from then on.
        Prices are dollars, `working_qty` whole shares.
        """

    async def get(self, no: OrderNo) -> Order | None: ...

    async def by_venue_no(self, venue_no: VenueNo, traded_on: date, ticker: str, side: Side) -> Order | None:
        """Find the order of that ticker and side that carries or carried this number on that New York date.

        A number alone is unique within a branch only.
        """

    async def by_ticket(self, ticket: str) -> Order | None: ...

    async def open(self) -> Sequence[Order]:
        """Orders not closed, oldest first, UNKNOWN ones included."""

    async def recent(self, limit: int, *, symbol: Symbol | None = None) -> Sequence[Order]: ...

    async def history(self, no: OrderNo) -> Sequence[tuple[datetime, OrderStatus, Said | None]]: ...

    async def venue_nos(self, no: OrderNo) -> Sequence[VenueNo]: ...

    async def fills(self, *, order: OrderNo | None = None, since: datetime | None = None) -> Sequence[Fill]: ...

    async def cost_entries(self) -> Sequence[Fill | CostAnchor]:
        """Return all fills, at the prices that count, and all anchors, in the order in which they were stored."""

    async def add_anchor(self, anchor: CostAnchor) -> None:
        """Store what the shares of a ticker have cost, after every fill stored so far."""

    async def recost(self, fills: Sequence[Fill]) -> None:
        """Store what the shares of these sales had cost, and what was left (`paid`, `held`), in place of what was
        stored: both follow from the fills and are no facts."""

    async def last_accepted(self, symbol: Symbol, side: str) -> datetime | None:
        """When the broker last accepted an own order of that side (D5): not external, rejected or denied ones."""

    async def count_since(self, since: datetime) -> int:
        """Own orders sent since then, for MAX_ORDERS_PER_DAY."""


class DecisionJournal(Protocol):
    async def add(
        self, decision: Decision, events: Sequence[Event] = (), *, lock: TickerLock | None = None
    ) -> Decision:
        """Store and return it with its id, and the lock it puts on its ticker with it; a stop's begins its run.

        Both outlive the program at once, and a power cut as soon as the order they lead to is stored.
        """

    async def latest(self, symbol: Symbol, *, before: datetime | None = None) -> Decision | None: ...

    async def get(self, decision_id: int) -> Decision | None: ...

    async def since(self, since: datetime) -> Sequence[Decision]: ...

    async def forget(self, before: datetime, *, limit: int = 1_000) -> int:
        """Delete some decisions older than that which led to nothing, keeping their counts; return how many."""


class Records(Protocol):
    """Long looks at what is stored, for accounts, statistics and exports; they hold up neither trading nor the loop."""

    async def newest_trades(self, limit: int, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        """Return the newest fills by their own time, newest first."""

    def trades(self, *, since: datetime | None = None, until: datetime | None = None) -> AsyncIterator[Sequence[Trade]]:
        """Give the fills of the orders asked for in `[since, until)`, in pages: newest order first, and so its fills.

        All fills of an order are on one page.
        """

    async def orders_by_status(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Mapping[OrderStatus, int]:
        """Count the own orders asked for in `[since, until)` by where they stand."""

    async def decisions_by_reason(self, *, since: date | None = None, until: date | None = None) -> Mapping[str, int]:
        """Count the decisions of those New York dates (both included) by outcome, forgotten ones too."""

    async def exchange_rates(self) -> Mapping[date, Decimal]:
        """Return the won per dollar of each New York date on which it was told."""

    async def first_day_start(self) -> DayStart | None:
        """Return where the first session of all began."""

    def decisions(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Decision]]:
        """Give the decisions kept, newest first, in pages."""


class SettingsJournal(Protocol):
    """Settings changed in the chat, with their history."""

    async def current(self, at: datetime) -> Sequence[SettingChange]:
        """Overrides in force then: the newest of each (name, symbol), expired and reset ones left out."""

    async def add(self, row: SettingChange, events: Sequence[Event] = ()) -> SettingChange: ...

    async def history(self, limit: int) -> Sequence[SettingChange]: ...


class ModeJournal(Protocol):
    async def current(self) -> Sequence[ModeState]:
        """Newest state of the account and of each ticker, expired ones included."""

    async def add(self, state: ModeState, events: Sequence[Event] = ()) -> None: ...

    async def locks(self) -> Sequence[TickerLock]: ...

    async def set_lock(self, lock: TickerLock, events: Sequence[Event] = ()) -> None: ...

    async def release(self, symbol: Symbol, by: int | None, at: datetime, events: Sequence[Event] = ()) -> bool:
        """End a lock; by a person, also what is left of the ticker's stops. False where there was none."""


class Notes(Protocol):
    """Small facts that must survive a restart, by key: last session told, disclaimer accepted, peaks."""

    async def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str, events: Sequence[Event] = ()) -> None:
        """Store a note, with what is told of it in the same transaction."""


class StopRuns(Protocol):
    """Stops from their decision to the end that was told. One begins where its decision is stored."""

    async def unfinished(self) -> Sequence[StopRun]:
        """Return the runs whose end was not told, oldest first: a restart has cut them off."""

    async def end(self, decision_id: int, at: datetime, outcome: str, events: Sequence[Event] = ()) -> None:
        """Store the end of a run with what is told of it, in one transaction; raise StorageError."""


class Panics(Protocol):
    """What confirmed panics are to do, so that a restart can go on with one."""

    async def begin(self, panic: PanicRecord) -> None:
        """Store it before anything is done for it, in place of one nobody carries out; raise StorageError."""

    async def at_work(self) -> PanicRecord | None: ...

    async def end(self, run: str, at: datetime) -> None: ...


class Agreements(Protocol):
    """The positions broker and bot last agreed on."""

    async def last(self) -> AgreedPositions | None: ...

    async def keep(self, agreement: AgreedPositions) -> None:
        """Store it in place of the one before; raise StorageError."""


class Deposits(Protocol):
    """The deposit last told, and which fills were in it."""

    async def last(self) -> KnownDeposit | None: ...

    async def keep(self, deposit: KnownDeposit) -> None:
        """Store it in place of the one before; raise StorageError."""


class ExchangeRates(Protocol):
    """Won per dollar, by New York date."""

    async def keep(self, on: date, rate: Decimal) -> None:
        """Store the won per dollar of a day, unless it is stored already; raise StorageError."""


class DayStarts(Protocol):
    """Where each session's result is counted from, by its New York date."""

    async def of(self, session_on: date) -> DayStart | None: ...

    async def keep(self, start: DayStart) -> None:
        """Store it, unless that session's is stored already; raise StorageError."""


class ChatMessages(Protocol):
    """Which message of a chat shows `order:12`, `panic:RUN` or `proposal:ID`, the `dashboard` or the `reminder`."""

    async def of(self, chat_id: int, what: str) -> int | None: ...

    async def keep(self, chat_id: int, what: str, message_id: int) -> None: ...

    async def forget(self, chat_id: int, what: str) -> None: ...


class Tickets(Protocol):
    """Single-use buttons, kept so that a restart changes nothing."""

    async def add(self, ticket: Ticket) -> None: ...

    async def get(self, ticket_id: str) -> Ticket | None: ...

    async def take(self, ticket_id: str, at: datetime) -> bool:
        """Mark used; True for exactly one caller ever."""


class PriceAlerts(Protocol):
    async def add(self, alert: PriceAlert) -> PriceAlert:
        """Store and return it with its id."""

    async def all(self) -> Sequence[PriceAlert]: ...

    async def remove(self, alert_id: int, events: Sequence[Event] = ()) -> bool:
        """Take one away, with what is told of it; True for exactly one caller."""


class Vitals(Protocol):
    """How storage is, for /health."""

    async def storage(self) -> StorageState:
        """Try a write and look at the disk; a failure is told in the state, not raised."""

    async def outbox(self) -> OutboxState: ...


class LogReader(Protocol):
    async def newest(self, count: int) -> Sequence[LogLine]:
        """Return the newest lines of WARNING and above, redacted, newest last."""


class Outbox(Protocol):
    """Events waiting to be told, in order. The core only adds; the bot delivers."""

    async def add(self, events: Sequence[Event]) -> None: ...

    async def pending(self, limit: int) -> Sequence[EventRow]:
        """Rows not delivered and not given up, critical ones first, then by number."""

    async def count_pending(self) -> int:
        """Return how many rows are neither delivered nor given up."""

    async def critical_after(self, row_id: int, limit: int) -> Sequence[EventRow]:
        """Critical rows neither delivered nor given up and newer than that one, oldest first."""

    async def mark_sending(self, row_id: int, at: datetime) -> None:
        """Remember that a send was started: one that never ended may have arrived (spec 6, alerts)."""

    async def mark_done(self, row_id: int, at: datetime, message_id: int | None) -> None: ...

    async def mark_many_sending(self, row_ids: Sequence[int], at: datetime) -> None:
        """The same for all rows of one message, together."""

    async def mark_many_done(self, row_ids: Sequence[int], at: datetime, message_id: int | None) -> None: ...

    async def mark_failed(self, row_id: int, at: datetime, error: str, *, give_up: bool) -> None: ...

    async def order_events(self, no: OrderNo) -> Sequence[EventRow]:
        """Everything told or to be told of an order, oldest first."""

    async def told_between(self, since: datetime, until: datetime) -> Sequence[EventRow]:
        """Rows delivered (or kept back) in that span of wall time, oldest first; for a digest."""

    async def unacknowledged(self, limit: int) -> Sequence[EventRow]:
        """Critical rows delivered and not acknowledged yet, oldest first."""

    async def acknowledge(self, until_id: int, user_id: int, at: datetime) -> int:
        """Note that somebody has seen every critical row delivered so far up to that one; return how many."""

    async def mark_repeated(self, row_ids: Sequence[int], at: datetime) -> None: ...

    def added(self) -> AbstractContextManager["Wake"]:
        """Subscribe to a wake-up that fires after each commit that added rows."""


class Wake(Protocol):
    async def wait(self) -> None:
        """Return when something was added since the last wait."""


class Notifier(Protocol):
    """What the core wants to say without another fact to store with it."""

    async def tell(self, *events: Event) -> None: ...


class Permits(Protocol):
    """What the desk asks before anything that may trade leaves."""

    def may_send(self, request: OrderRequest) -> Forbidden | None: ...

    def may_amend(self, order: Order, qty: int, price: Decimal, *, by_rule: bool) -> Forbidden | None:
        """Return what stands against changing an order to `qty` open shares at `price` dollars, or None."""

    def may_reprice(self, order: Order, price: Decimal) -> AbstractAsyncContextManager[Said | None]:
        """Give why an order that follows its price must end instead of moving to `price` dollars, or None.

        What lets it holds while the block lasts. Raises StorageError.
        """

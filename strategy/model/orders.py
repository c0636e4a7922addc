"""Orders, their states, and fills."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NewType

from pydantic import BeforeValidator

from strategy.model.errors import InvalidOrder
from strategy.model.instruments import Side, Symbol, UnreadRow
from strategy.model.said import Said

OrderNo = NewType("OrderNo", int)  # ours, shown as #12; exists before anything is sent
VenueNo = NewType("VenueNo", str)  # the broker's, digits without leading zeros (kis-protocol 10, line 2)


def _or_none(stored: object) -> object:
    """Return None for the empty words that earlier builds stored where there was no reason."""
    return None if stored == "" else stored


class OrderType(StrEnum):
    LIMIT = "limit"
    LOO = "loo"
    LOC = "loc"
    MOO = "moo"
    MOC = "moc"


class Origin(StrEnum):
    """Who wanted the order."""

    SIGNAL = "signal"
    MANUAL = "manual"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    PANIC = "panic"
    EXTERNAL = "external"  # placed by hand in the broker's own app, found by reconciling

    @property
    def is_stop(self) -> bool:
        """Return whether a stop-loss, a take-profit or a trailing stop wanted it."""
        return self in _STOPS


_STOPS = frozenset({Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP})
_PROTECTING = _STOPS | {Origin.PANIC}


class OrderStatus(StrEnum):
    INTENDED = "intended"  # on disk, not yet sent
    SENT = "sent"  # the request has left; no answer yet
    ACCEPTED = "accepted"  # the broker gave a number
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCEL_SENT = "cancel_sent"
    CANCELED = "canceled"
    REJECTED = "rejected"  # by the broker or the venue
    DENIED = "denied"  # by us, before sending
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # sent, and nobody can say yet what became of it

    @property
    def closed(self) -> bool:
        """Return whether the order is finished for good."""
        return self in _CLOSED


_CLOSED = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.DENIED, OrderStatus.EXPIRED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What we want done; never edited. Raises InvalidOrder for a quantity of no whole shares, a price that cannot be,
    or a naive time."""

    symbol: Symbol
    side: Side
    qty: int  # whole shares
    limit_price: Decimal  # dollars, on the tick
    origin: Origin
    created_at: datetime  # aware UTC, our clock
    order_type: OrderType = OrderType.LIMIT
    decision_id: int | None = None  # the decision record that caused it
    asked_by: int | None = None  # Telegram user id, for manual and panic orders
    ticket: str | None = None  # the single-use button that placed it; unique, so a second press finds this order

    @property
    def protects(self) -> bool:
        """Return whether it is the way out of a position, which waits for nothing but another sell."""
        return self.origin in _PROTECTING

    def __post_init__(self) -> None:
        if self.qty <= 0 or self.limit_price < 0:
            raise InvalidOrder(f"qty and price must be positive, were {self.qty} and {self.limit_price}")
        if self.limit_price == 0 and self.order_type not in (OrderType.MOO, OrderType.MOC):
            raise InvalidOrder("only MOO and MOC orders have no price")
        if self.created_at.utcoffset() is None:
            raise InvalidOrder("created_at must be timezone-aware")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as we know it now: the request and what has become of it. Prices are dollars, quantities whole
    shares."""

    no: OrderNo
    request: OrderRequest
    status: OrderStatus
    venue_no: VenueNo | None  # the newest: an amend gives a new number (kis-protocol 3.2)
    limit_price: Decimal  # the newest, after re-pricing
    filled_qty: int
    filled_amount: Decimal  # dollars, sum of qty x price of its fills
    reason: Annotated[Said | None, BeforeValidator(_or_none)]  # why rejected, denied, expired or unknown
    updated_at: datetime
    accepted_at: datetime | None = None  # the broker's acceptance, which delays count from (D5)
    reprices: int = 0
    working_qty: int | None = None  # shares it is for since it was amended down; None: all that was asked for
    adopted_by: int | None = None  # who made the bot watch over an order placed by hand

    @property
    def open_qty(self) -> int:
        """Return the shares still working at the venue."""
        if self.status.closed:
            return 0
        whole = self.request.qty if self.working_qty is None else self.working_qty
        return max(whole - self.filled_qty, 0)

    @property
    def ours(self) -> bool:
        """Return whether the bot answers for it: its own, or one by hand that it was told to adopt."""
        return self.request.origin is not Origin.EXTERNAL or self.adopted_by is not None

    @property
    def average_price(self) -> Decimal | None:
        """Return the average price of its fills in dollars a share; None without any."""
        return self.filled_amount / self.filled_qty if self.filled_qty else None

    def by_clock(self, now: datetime) -> "Order":
        """Return it with its instants as the clock of `now` would have shown them, had it always been set as it is.

        What the disk holds may be from before the clock was put back: nothing is younger than now.
        """
        asked, told = (now - max(now - when, timedelta(0)) for when in (self.request.created_at, self.updated_at))
        return replace(self, request=replace(self.request, created_at=asked), updated_at=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution, a fact; insert only."""

    key: str  # unique; made by the desk, since the venue gives no execution id (kis-protocol 7.7)
    order_no: OrderNo
    venue_no: VenueNo
    symbol: Symbol
    side: Side
    qty: int  # whole shares
    price: Decimal  # dollars, may be finer than the tick
    filled_at: datetime  # aware UTC
    fees: Decimal  # dollars, estimated by the settings' rates until the broker's statement
    realized: Decimal | None  # dollars of a sale as the broker shows it: fees of buys left out (kis-protocol 3.14)
    source: str  # "notice" or "inquiry"
    paid: Decimal | None = None  # dollars the shares sold had cost, fees of their buys included; None: nobody knows
    held: int | None = None  # whole shares of the ticker the account had after it, as far as counted

    @property
    def result(self) -> Decimal | None:
        """Return what a sale brought after all fees of both sides, in dollars; None for a buy or an unknown cost."""
        return None if self.paid is None else self.price * self.qty - self.fees - self.paid


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """An order as the broker tells it: amended and canceled siblings already folded into one. Quantities are whole
    shares, money is dollars."""

    venue_no: VenueNo
    symbol: Symbol
    side: Side
    qty: int
    limit_price: Decimal
    filled_qty: int
    filled_amount: Decimal  # dollars
    open_qty: int
    status: OrderStatus  # ACCEPTED, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED, EXPIRED or UNKNOWN (all zero yet)
    ordered_at: datetime  # aware UTC, the broker's
    traded_on: date  # New York trading date
    reason: str  # the broker's reject or expiry text
    replaced: tuple[VenueNo, ...] = ()  # earlier numbers of the same order, oldest first
    by_api: bool | None = None  # False when the medium says it was placed by hand; None when it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadOrder:
    """A row of the broker's list of orders that is no order here; it exists all the same."""

    row: UnreadRow
    venue_no: VenueNo | None
    traded_on: date | None  # New York trading date


class OrderList(list[BrokerOrder]):
    """The broker's orders, and beside them the rows of its list that are none here."""

    __slots__ = ("unread",)

    def __init__(self, orders: Iterable[BrokerOrder] = (), unread: Iterable[UnreadOrder] = ()) -> None:
        super().__init__(orders)
        self.unread = tuple(unread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The broker took the instruction; it has not said what the venue does with it."""

    venue_no: VenueNo
    accepted_at: datetime  # aware UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A streamed order notice (kis-protocol 7.7), still without our order number. The quantity is in whole shares, the
    price in dollars."""

    class Kind(StrEnum):
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        AMENDED = "amended"
        CANCELED = "canceled"
        FILLED = "filled"

    kind: "Notice.Kind"
    venue_no: VenueNo
    original_no: VenueNo | None
    ticker: str
    side: Side
    qty: int  # of this execution in a fill, else of the order
    price: Decimal
    venue_time: str  # HHMMSS text as delivered, may be empty; only told apart, never trusted
    received_at: datetime  # aware UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicRecord:
    """What a confirmed panic was to do, as it was at the start."""

    run: str
    asked_by: int  # Telegram user id
    started_at: datetime  # aware UTC, market clock
    everything: bool  # every position of the account, else the tickers traded here
    shares: Mapping[Symbol, int]  # whole shares to sell
    orders: tuple[OrderNo, ...]  # open then, own and by hand

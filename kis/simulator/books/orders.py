"""Orders as the broker's books hold them."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from kis.simulator.books.accounts import BookAccount, BookFill
from kis.simulator.market.listings import Listing
from kis.simulator.text import dollars


class Kind(StrEnum):
    """ORD_DVSN codes of US orders (kis-protocol 3.1)."""

    LIMIT = "00"
    MOO = "31"
    LOO = "32"
    MOC = "33"
    LOC = "34"
    TWAP = "35"
    VWAP = "36"


AT_OPEN = frozenset({Kind.MOO, Kind.LOO})
AT_CLOSE = frozenset({Kind.MOC, Kind.LOC})
ALGO = frozenset({Kind.TWAP, Kind.VWAP})
UNPRICED = frozenset({Kind.MOO, Kind.MOC})


class State(StrEnum):
    """Where an order stands at the broker."""

    WORKING = "working"
    FILLED = "filled"
    CANCELED = "canceled"
    REPLACED = "replaced"
    EXPIRED = "expired"
    REJECTED = "rejected"
    INSTRUCTION = "instruction"  # the row of a cancel: never works by itself


@dataclass(slots=True)
class BookOrder:
    """One order row: a new order, or the sibling row of an amendment or cancellation. Whole shares; amounts are
    dollars."""

    odno: int
    account: BookAccount
    listing: Listing
    side: str
    qty: int
    price: int  # ten-thousandths; 0 for market-type orders and cancellations
    kind: Kind
    placed_ms: int
    day: date  # US trading date
    state: State = State.WORKING
    original: int | None = None
    change: str = "00"  # 00 new, 01 amendment, 02 cancellation
    open_qty: int = 0
    filled: int = 0
    amount: Decimal = Decimal(0)
    shown_filled: int = 0
    shown_amount: Decimal = Decimal(0)
    reason: str = ""
    medium: str = "OpenAPI"
    day_market: bool = False
    resting: bool = False  # seen by the matching and not fully taken
    start_ms: int = 0  # TWAP/VWAP window
    end_ms: int = 0
    window_text: str = ""
    pieces: int = 0  # fill in so many parts (a fault)
    doomed: str = ""  # the exchange will refuse it after its acknowledgement, for this reason (a fault)
    fills: list[BookFill] = field(default_factory=list)

    @property
    def buying(self) -> bool:
        return self.side == "buy"

    @property
    def working(self) -> bool:
        return self.state is State.WORKING and self.open_qty > 0

    @property
    def held_value(self) -> Decimal:
        """Return what the open part of a buy may still cost, without fees. Dollars."""
        return dollars(self.price) * self.open_qty if self.buying and self.working else Decimal(0)

    @property
    def average(self) -> Decimal:
        """Return the average price of its fills in dollars; 0 without any."""
        return self.amount / self.filled if self.filled else Decimal(0)

    @property
    def shown_average(self) -> Decimal:
        """Return the same in dollars, of the fills inquiries show already."""
        return self.shown_amount / self.shown_filled if self.shown_filled else Decimal(0)


@dataclass(slots=True)
class Reservation:
    """A reserved order waiting for the open (kis-protocol 3.5). Whole shares at a price in ten-thousandths of a
    dollar."""

    number: int
    account: BookAccount
    listing: Listing
    side: str
    qty: int
    price: int
    kind: Kind
    received_ms: int
    send_day: date
    canceled: bool = False
    sent: BookOrder | None = None
    failure: str = ""

"""What the account holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from strategy.model.instruments import Symbol, UnreadRow
from strategy.model.money import cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Shares held, as the broker tells it."""

    symbol: Symbol
    name: str
    qty: int
    sellable_qty: int
    average_cost: Decimal  # dollars a share
    last: Decimal | None  # dollars it is worth now: by our own fresh price, else the broker's; None: nobody says
    profit_rate: Decimal | None  # percent, the broker's figure; None where it values it at nothing or cannot be read
    buy_fees: Decimal = Decimal(0)  # dollars paid for buying the shares, which `average_cost` leaves out

    @property
    def cost(self) -> Decimal:
        """Return what the shares have cost, in dollars, as the broker shows it: fees left out."""
        return self.average_cost * self.qty

    @property
    def average_paid(self) -> Decimal:
        """Return what a share has cost with the fees of its buy, in dollars; there must be one."""
        return self.average_cost + self.buy_fees / self.qty

    @property
    def rate(self) -> Decimal | None:
        """Return value over what was paid, fees of the buys included, in percent; None while one is unknown."""
        known = self.last is not None and self.qty > 0 and self.average_cost > 0
        return return_percent(self.average_paid, self.last) if known and self.last is not None else None

    @property
    def value(self) -> Decimal | None:
        """Return what they are worth at the last price, in dollars; None while that is unknown."""
        return None if self.last is None else self.last * self.qty

    @property
    def profit(self) -> Decimal | None:
        """Return value less all that was paid, fees of the buys too, in dollars; None while the value is unknown."""
        return None if self.last is None else self.last * self.qty - self.cost - self.buy_fees


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum; None as soon as one amount is unknown: a part of it would pass for the whole. Dollars in, dollars
    out."""
    known = list(amounts)
    return None if None in known else sum((amount for amount in known if amount is not None), Decimal(0))


def known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of what is known, None where nothing is. Dollars in, dollars out."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def return_percent(average_cost: Decimal, price: Decimal) -> Decimal:
    """Return the unrounded return on cost in percent; the cost must be above zero. Cost and price are dollars a
    share."""
    return (price - average_cost) / average_cost * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingPower:
    """What can be bought of one symbol at one price (kis-protocol 3.12). Prices are dollars, `max_qty` whole shares."""

    symbol: Symbol
    price: Decimal
    cash: Decimal  # dollars orderable
    max_qty: int
    fx_rate: Decimal | None  # won per dollar
    free: Decimal | None = None  # dollars no open buy holds, before the fees of a further one; None: not told


class CashBasis(StrEnum):
    """What the figure called cash is."""

    DEPOSIT = "deposit"  # the broker's own deposit in dollars
    MOVED_ON = "moved_on"  # ... and the fills it does not show yet
    RECKONED = "reckoned"  # no deposit is told: the dollars free to order with, and what open buys hold of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """The account's dollars as the broker tells them (kis-protocol 3.11)."""

    cash: Decimal  # dollars, whatever open buys hold of them
    fx_rate: Decimal | None  # won per dollar, the first one posted that day


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeposit:
    """A deposit, and which fills are in it: what the next one is compared with. Money is dollars."""

    basis: CashBasis
    cash: Decimal
    flow: Decimal  # what the fills of the window that are in it brought in, less what they cost and their fees
    gross: Decimal  # what those fills came to, buys and sells alike
    since: datetime  # aware UTC: the start of the window
    at: datetime  # aware UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """One consistent look at the account."""

    positions: tuple[Position, ...]
    cash: Decimal | None  # dollars of the account, whatever open buys hold of them; None when the broker did not say
    fx_rate: Decimal | None  # won per dollar
    taken_at: datetime
    unread: tuple[UnreadRow, ...] = ()  # rows not counted in full: no part of the positions, or not all of it known
    basis: CashBasis = CashBasis.DEPOSIT
    buyable: Decimal | None = None  # dollars the broker lets be ordered for; None when it did not say

    def of(self, symbol: Symbol) -> Position | None:
        return next((position for position in self.positions if position.symbol == symbol), None)

    @property
    def doubted(self) -> frozenset[Symbol]:
        """Tickers with a row that could not be read, or not all of it."""
        return frozenset(row.symbol for row in self.unread if row.symbol is not None)

    @property
    def anonymous(self) -> bool:
        """Return whether there is a row of which nobody can say what it is about."""
        return any(row.symbol is None and not row.aside for row in self.unread)

    @property
    def value(self) -> Decimal | None:
        """Dollars the positions are worth, each to the cent; None while one of them is unknown."""
        values = [position.value for position in self.positions]
        return total(None if value is None else cents(value) for value in values)

    @property
    def equity(self) -> Decimal | None:
        """Dollars: cash and the value of the positions, as every screen shows it; None while any of them is unknown.

        To the cent, so that the parts add up as they are shown. No order changes it, a fill by its fees.
        """
        return total([None if self.cash is None else cents(self.cash), self.value])

    @property
    def least(self) -> "Holdings":
        """Return them with what nobody values counting as nothing, so that no more is counted than is known."""
        valued = (one if one.last is not None else replace(one, last=Decimal(0)) for one in self.positions)
        return replace(self, positions=tuple(valued))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidShares:
    """Shares of a ticker and what they have cost. Whole shares, dollars."""

    qty: int = 0
    amount: Decimal = Decimal(0)  # what they were bought for
    fees: Decimal = Decimal(0)  # of those buys


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAnchor:
    """What the shares of a ticker have cost at a moment, where the fills do not tell it: they were held before, split,
    or moved by hand while nobody listened."""

    ticker: str
    at: datetime  # aware UTC
    shares: PaidShares


class SaleEnd(StrEnum):
    """Why the selling of a stop or a panic is over."""

    GOING_ON = ""  # it is not: of a panic's line
    FLAT = "flat"
    SESSION_END = "session_end"
    CLOSED = "closed"  # a panic's: the session was closed when it was asked for
    NOT_ORDERABLE = "not_orderable"  # the broker lets the rest not be ordered
    REJECTED = "rejected"  # by the broker, again and again
    HALTED = "halted"  # by a person, or the venue
    UNKNOWN = "unknown"  # what became of an order is not known
    INTERRUPTED = "interrupted"  # a stop's: cut off by a restart with no order out


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
    reason: SaleEnd = SaleEnd.GOING_ON


class AgreedPosition(NamedTuple):
    """What broker and bot agreed on in one ticker."""

    qty: int  # whole shares
    net: int  # whole shares bought less sold by the fills since the window's start
    average_cost: Decimal | None  # dollars a share


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedPositions:
    """The positions broker and bot last agreed on."""

    since: datetime  # aware UTC: the start of the window whose fills are summed
    at: datetime  # aware UTC
    positions: Mapping[Symbol, AgreedPosition]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStart:
    """The first look at the account in a session: what the day's result is counted from."""

    session_on: date  # New York date
    equity: Decimal  # dollars: cash and the positions that count
    value: Decimal  # dollars: of those positions
    looked_at: datetime  # aware UTC
    held: Mapping[Symbol, int]  # whole shares
    values: Mapping[Symbol, Decimal]  # dollars of all shares of a ticker
    left_out: frozenset[Symbol]  # on purpose: their value was in doubt
    unvalued: frozenset[Symbol]  # nobody said what they were worth


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """What a session has come to so far: realised and unrealised together, after fees. Money is dollars.

    The day's loss limit goes by this figure, and so does every screen that says "today".
    """

    session_on: date  # New York date
    start: Decimal  # the equity it began with
    amount: Decimal
    limit_pct: Decimal | None  # DAILY_LOSS_LIMIT_PCT, a loss in percent of the start; None: off
    unvalued: frozenset[Symbol] = frozenset()  # not in it: nobody says what they are worth

    @property
    def percent(self) -> Decimal | None:
        """Return it in percent of the start; None for a day that began with nothing."""
        return self.amount / self.start * 100 if self.start > 0 else None

    @property
    def until_limit(self) -> Decimal | None:
        """Return the dollars that may still be lost before the limit, 0 once it is reached; None without a limit."""
        if self.limit_pct is None:
            return None
        return max(self.start * self.limit_pct / 100 + self.amount, Decimal(0))

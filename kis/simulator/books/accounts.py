"""Brokerage accounts: cash, positions, holds and what each fill did to them."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kis.simulator.options import Served
from kis.simulator.text import cents, dollars


@dataclass(slots=True)
class Lot:
    """Shares of one ticker; the cost is what they were bought for, without fees. Whole shares, dollars."""

    symbol: str
    qty: int = 0
    cost: Decimal = Decimal(0)

    @property
    def average(self) -> Decimal:
        """Return the cost of a share in dollars; 0 without any."""
        return self.cost / self.qty if self.qty else Decimal(0)


@dataclass(frozen=True, slots=True)
class BookFill:
    """One execution of one order. Whole shares at a price in ten-thousandths of a dollar; all other money is
    dollars."""

    number: int
    odno: int
    account: str
    symbol: str
    side: str  # "buy" or "sell"
    qty: int
    price: int
    at_ms: int
    day: date  # US trading date
    fee: Decimal
    local_fee: Decimal  # the US part of the fee
    realised: Decimal  # of a sale, after its fee
    cost: Decimal  # of a sale: what the sold shares had cost

    @property
    def amount(self) -> Decimal:
        """Return what was paid or got, in dollars, before fees."""
        return dollars(self.price) * self.qty


@dataclass(slots=True)
class Ledger:
    """Cash and positions after some set of fills. Dollars."""

    cash: Decimal
    positions: dict[str, Lot] = field(default_factory=dict)
    realised: Decimal = Decimal(0)

    def position(self, symbol: str) -> Lot:
        return self.positions.setdefault(symbol, Lot(symbol))

    def qty(self, symbol: str) -> int:
        """Return the shares held of a ticker."""
        held = self.positions.get(symbol)
        return held.qty if held is not None else 0

    def held(self) -> list[Lot]:
        """Return positions that are not empty, by ticker."""
        return [self.positions[symbol] for symbol in sorted(self.positions) if self.positions[symbol].qty]

    def cost_of(self, symbol: str, qty: int) -> Decimal:
        """Return what so many shares have cost on average, in dollars."""
        return self.position(symbol).average * qty

    def book(self, fill: BookFill) -> None:
        """Apply a fill: buys add cost, sales take the average cost out."""
        position = self.position(fill.symbol)
        if fill.side == "buy":
            position.qty += fill.qty
            position.cost += fill.amount
            self.cash -= fill.amount + fill.fee
        else:
            position.cost -= position.average * fill.qty
            position.qty -= fill.qty
            self.cash += fill.amount - fill.fee
            self.realised += fill.realised
            if position.qty == 0:
                position.cost = Decimal(0)

    def split(self, symbol: str, ratio: Fraction) -> None:
        """Turn shares into what they are after a split; fractions of a share are paid out of the cost."""
        position = self.positions.get(symbol)
        if position is None or position.qty == 0:
            return
        exact = Fraction(position.qty) * ratio
        position.cost = (
            position.cost * int(exact) / (Decimal(exact.numerator) / exact.denominator) if exact else Decimal(0)
        )
        position.qty = int(exact)


@dataclass(slots=True)
class BookAccount:
    """One account with what it has and what inquiries already show of it."""

    number: str  # ten digits, empty until a key binds it
    environment: Served
    ledger: Ledger
    shown: Ledger
    fills: list[BookFill] = field(default_factory=list)
    hts_id: str = ""

    @property
    def cano(self) -> str:
        return self.number[:8]

    @property
    def product(self) -> str:
        return self.number[8:] or "01"


@dataclass(frozen=True, slots=True)
class Fees:
    """What a trade costs (kis-protocol 9). Fractions of the amount."""

    commission: Decimal
    sec: Decimal
    virtual: Decimal

    def rate(self, environment: Served) -> Decimal:
        """Return the part of the notional reserved beside a buy. A fraction."""
        return self.virtual if environment is Served.VIRTUAL else self.commission

    def of(self, environment: Served, side: str, amount: Decimal) -> tuple[Decimal, Decimal]:
        """Return the broker's and the US fee of an execution, in cents."""
        if environment is Served.VIRTUAL:
            return cents(amount * self.virtual), Decimal(0)
        local = cents(amount * self.sec) if side == "sell" else Decimal(0)
        return cents(amount * self.commission), local

"""Counting fills from two witnesses: streamed notices and the inquiry, which is the judge (kis-protocol 7.7, 3.9).

Notices carry no execution id. Let N be the quantity of the distinct notices of an order and Q the newest cumulative
quantity of the inquiry: filled = max(N, Q). Neither can exceed the truth, so neither can their maximum: a notice
identical to an earlier one is held back until the inquiry shows its quantity, and one that would lift N above the
order is a repeat. Whatever is added makes the running amount equal the total of the witness that leads, so the
amounts are exact whenever that witness is complete. Once an order has ended and every share of it is counted, an amount
that differs from the judge's by more than rounding is corrected by facts of its own: a fill stays as it was told.
See decision 0017.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from strategy.model import BrokerOrder, Fill, Notice, OrderNo, VenueNo, known_sum

_NOTHING = Decimal(0)
_FINE = Decimal("0.000001")  # finer than any price the broker tells
_FINEST = Decimal("0.00000001")  # of the inquiry's average price (kis-protocol 3.9)
_ROUNDED = Decimal("0.0001")  # a share: a notice's price has four decimals, which may have been cut (kis-protocol 7.7)


class Sight(NamedTuple):
    """All by which one streamed execution can be told from another. Whole shares, a price in dollars."""

    venue_no: VenueNo
    qty: int
    price: Decimal
    venue_time: str


class Part(NamedTuple):
    """An execution to store. Whole shares, a price in dollars."""

    key: str
    qty: int
    price: Decimal
    venue_no: VenueNo
    filled_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is counted of one order, and on whose word. Money is dollars, quantities whole shares."""

    order_no: OrderNo
    total: int  # ordered shares
    qty: int = 0  # counted: stored fills
    amount: Decimal = _NOTHING
    fees: Decimal = _NOTHING
    realized: Decimal | None = None
    result: Decimal | None = None
    sights: frozenset[Sight] = frozenset()

    @classmethod
    def of(cls, order_no: OrderNo, total: int, fills: Sequence[Fill]) -> "Tally":
        """Rebuild the tally of stored fills; their keys say which notices they came from."""
        tally = cls(order_no=order_no, total=total, sights=frozenset(filter(None, (_sight(fill) for fill in fills))))
        return tally.with_fills(fills)

    def with_fills(self, fills: Sequence[Fill]) -> "Tally":
        return replace(
            self,
            qty=self.qty + sum(fill.qty for fill in fills),
            amount=self.amount + sum((fill.price * fill.qty for fill in fills), _NOTHING),
            fees=self.fees + sum((fill.fees for fill in fills), _NOTHING),
            realized=known_sum((self.realized, *(fill.realized for fill in fills))),
            result=known_sum((self.result, *(fill.result for fill in fills))),
        )

    def noticed(self, notice: Notice) -> "Noticed":
        """Weigh a fill notice: what to store, and whether the judge should be asked soon."""
        sight = Sight(notice.venue_no, notice.qty, notice.price, notice.venue_time.replace(":", ""))
        seen_qty = sum(one.qty for one in self.sights)
        if notice.qty <= 0 or sight in self.sights or seen_qty + notice.qty > self.total:
            return Noticed(self, (), doubtful=True)
        tally = replace(self, sights=self.sights | {sight})
        new = seen_qty + notice.qty - self.qty
        if new <= 0:  # the inquiry was faster, or brought one whose notice was lost: it will say
            return Noticed(tally, (), doubtful=True)
        # the notices account for every share now; an inquiry before may have told of another of them than was heard
        amount = sum((one.qty * one.price for one in tally.sights), _NOTHING) - self.amount
        told = f":{sight.venue_no}:{sight.qty}:{_plain(sight.price)}:{sight.venue_time}"
        parts = _parts(self.order_no, self.qty, new, amount, notice.price)
        return Noticed(
            tally,
            tuple(
                Part(key + told, qty, price, notice.venue_no, notice.received_at, "notice") for key, qty, price in parts
            ),
            doubtful=new != notice.qty or amount != notice.price * new,
        )

    def inquired(
        self, qty: int, amount: Decimal, *, venue_no: VenueNo, at: datetime, about: Decimal
    ) -> tuple[Part, ...]:
        """Return what the inquiry's cumulative quantity and amount add; `about` prices an amount that cannot be. The
        quantity is in whole shares, the amount in dollars, `about` in dollars a share."""
        parts = _parts(self.order_no, self.qty, qty - self.qty, amount - self.amount, about) if qty > self.qty else ()
        return tuple(Part(key, n, price, venue_no, at, "inquiry") for key, n, price in parts)

    def agrees(self, found: BrokerOrder) -> bool:
        """Return whether the judge tells nothing else of the amount than was counted, as far as it can be said.

        Only of an order that has ended, with every share of it counted, are both amounts of the same executions. What
        rounding explains is none of its business, nor is an amount it leaves at zero.
        """
        whole = found.status.closed and found.filled_qty == self.qty > 0
        if not whole or found.filled_amount <= 0:
            return True
        return abs(found.filled_amount - self.amount) <= _ROUNDED * self.qty

    def recounted(self, fills: Sequence[Fill]) -> "Tally":
        """Return the tally with all fills of the order at corrected prices."""
        return replace(self, qty=0, amount=_NOTHING, fees=_NOTHING, realized=None, result=None).with_fills(fills)


def corrected(fills: Sequence[Fill], amount: Decimal) -> tuple[Fill, ...]:
    """Return all fills of an order at prices that come to `amount`, to a hundred-millionth of a dollar a share.

    The judge tells the sum only, so each share takes an equal part of the difference; where that leaves no price to be
    believed, all take the average. Fees move with the amount, the profit by what both did: neither the rates nor the
    average cost of then are asked for again.
    """
    shares = sum(fill.qty for fill in fills)
    average = amount / shares
    change = average - sum((fill.price * fill.qty for fill in fills), _NOTHING) / shares
    movable = all(fill.price + change >= _ROUNDED for fill in fills)

    def at_new_price(fill: Fill) -> Fill:
        price = _short((fill.price + change if movable else average).quantize(_FINEST))
        fees = fill.fees * price / fill.price if fill.price else fill.fees
        realized = fill.realized
        if realized is not None:
            realized += (price - fill.price) * fill.qty - (fees - fill.fees)
        return replace(fill, price=price, fees=fees, realized=realized)

    return tuple(at_new_price(fill) for fill in fills)


class Noticed(NamedTuple):
    """The weight of a notice."""

    tally: Tally  # with the notice remembered, before its parts are stored
    parts: tuple[Part, ...]
    doubtful: bool


def _parts(no: OrderNo, start: int, qty: int, amount: Decimal, about: Decimal) -> tuple[tuple[str, int, Decimal], ...]:
    """Split an amount over shares so that quantity x price adds up exactly; keys name the cumulative range."""
    if amount <= 0:
        amount = about * qty
    price = (amount / qty).quantize(_FINE, ROUND_DOWN)
    if price * qty == amount:
        return ((f"{no}:{start}-{start + qty}", qty, _short(price)),)
    last = amount - price * (qty - 1)
    one = (f"{no}:{start + qty - 1}-{start + qty}", 1, last)
    return ((f"{no}:{start}-{start + qty - 1}", qty - 1, _short(price)), one) if qty > 1 else (one,)


def _sight(fill: Fill) -> Sight | None:
    fields = fill.key.split(":")
    if len(fields) != 6:
        return None
    return Sight(VenueNo(fields[2]), int(fields[3]), Decimal(fields[4]), fields[5])


def _plain(price: Decimal) -> str:
    return format(_short(price), "f")


def _short(price: Decimal) -> Decimal:
    """Drop zeros that say nothing, but keep cents."""
    cents = price.quantize(Decimal("0.01"))
    return cents if cents == price else price.normalize()

"""How many shares: pure functions of cash, holding, price, fees and caps (D4, D12, rows S36, S37, S53)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from strategy.model import Bound, CapKey, Side, cents

_HUNDRED = Decimal(100)
_ONE = Decimal(1)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Dollars of order value (price x qty, without fees) that a limit leaves for this order."""

    key: CapKey
    room: Decimal  # may be zero or below: nothing left


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A quantity and what bounded it. `qty` 0 means no order, and `bound` is the reason (D4). Quantities are whole
    shares."""

    qty: int
    bound: Bound | CapKey
    wanted: int  # by the rate alone, before caps and the broker's maximum
    cost: Decimal  # dollars: price x qty, for a buy with fees


def fee_estimate(side: Side, amount: Decimal, commission_pct: Decimal, sec_fee_pct: Decimal) -> Decimal:
    """Return estimated fees in dollars, rounded to cents: commission, and on sells the SEC fee."""
    rate = commission_pct + (sec_fee_pct if side is Side.SELL else Decimal(0))
    return cents(amount * rate / _HUNDRED)


def buy_cost(price: Decimal, qty: int, commission_pct: Decimal) -> Decimal:
    """Return what a buy takes from cash in dollars, fees included, unrounded. `qty` is whole shares."""
    return price * qty * (_ONE + commission_pct / _HUNDRED)


def buy_size(
    *,
    cash: Decimal,
    rate: Decimal,
    price: Decimal,
    commission_pct: Decimal,
    max_qty: int | None,
    caps: Sequence[Cap] = (),
    least: Decimal = _NOTHING,
) -> Size:
    """Return floor(cash x rate / price incl. fees), at most what caps and the broker's maximum allow.

    `cash` is the broker's orderable amount in dollars, `max_qty` its largest quantity at that price (None when it
    does not say). A cap of 0 dollars or a fraction of a share gives 0, never 1. An order worth less than `least`
    dollars (without fees) is not made at all: 0, and `bound` says so.
    """
    share = buy_cost(price, 1, commission_pct)
    wanted = max(0, _floor(cash * rate / share))
    qty = wanted
    bound: Bound | CapKey = Bound.RATE if wanted else Bound.CASH
    if max_qty is not None and max_qty < qty:
        qty, bound = max(0, max_qty), Bound.BROKER_MAX
    qty, bound = _capped(qty, bound, price, caps)
    if 0 < price * qty < least:
        qty, bound = 0, Bound.MIN_ORDER
    return Size(qty=qty, bound=bound, wanted=wanted, cost=buy_cost(price, qty, commission_pct))


def sell_size(
    *,
    held: int,
    sellable: int,
    rate: Decimal,
    price: Decimal,
    caps: Sequence[Cap] = (),
    least: Decimal = _NOTHING,
) -> Size:
    """Return floor(held x rate), at least 1 (D4), at most what is orderable and what caps allow.

    `held` and `sellable` are whole shares within POSITION_SCOPE. `rate` is a fraction, the price dollars. A step worth
    less than `least` dollars is made that large, and one that would leave less than that sells the rest with it.
    """
    if held <= 0 or sellable <= 0:
        return Size(qty=0, bound=Bound.HOLDING if held <= 0 else Bound.SELLABLE, wanted=0, cost=Decimal(0))
    by_rate = _floor(held * rate)
    wanted = max(1, by_rate)
    qty = wanted
    bound: Bound | CapKey = Bound.RATE if by_rate else Bound.MINIMUM_ONE
    if (step := _worth_selling(held, qty, price, least)) > qty:
        qty, bound = step, Bound.MIN_ORDER
    if sellable < qty:
        qty, bound = sellable, Bound.SELLABLE
    qty, bound = _capped(qty, bound, price, caps)
    return Size(qty=qty, bound=bound, wanted=wanted, cost=price * qty)


def _worth_selling(held: int, qty: int, price: Decimal, least: Decimal) -> int:
    """Return the shares of a step of so many that is worth its fees: all of them where too little would be left."""
    step = max(qty, min(held, int((least / price).to_integral_value(ROUND_CEILING))))
    return held if price * (held - step) < least else step


def _capped(qty: int, bound: Bound | CapKey, price: Decimal, caps: Sequence[Cap]) -> tuple[int, Bound | CapKey]:
    for cap in caps:
        if (most := max(0, _floor(cap.room / price))) < qty:
            qty, bound = most, cap.key
    return qty, bound


def _floor(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_FLOOR))

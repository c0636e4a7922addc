"""How many shares. Rows S36, S37, S53."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.model import (
    Bound,
    CapKey,
    Side,
)
from strategy.risk.sizing import Cap, Size, buy_cost, buy_size, fee_estimate, sell_size

D = Decimal
FEE = D("0.25")


def _buy(cash: str = "10000", rate: str = "0.30", price: str = "61.20", **more: object) -> Size:
    values: dict[str, object] = {"commission_pct": FEE, "max_qty": None, "caps": ()}
    return buy_size(cash=D(cash), rate=D(rate), price=D(price), **{**values, **more})  # type: ignore[arg-type]


def test_quantity_is_the_floor_of_cash_times_rate_over_price_with_fees_s36() -> None:
    size = _buy()  # 3000 / 61.353 = 48.89
    assert (size.qty, size.bound, size.wanted) == (48, "rate", 48)
    assert size.cost == D("61.20") * 48 * D("1.0025")


@pytest.mark.parametrize(("cash", "qty"), [("100.25", 1), ("100.24", 0), ("200.50", 2)])
def test_fees_count_to_the_cent_s36(cash: str, qty: int) -> None:
    assert _buy(cash=cash, rate="1", price="100").qty == qty


def test_a_fraction_that_gives_no_share_gives_no_order_and_a_reason_s36_d4() -> None:
    size = _buy(cash="100")
    assert (size.qty, size.bound, size.cost) == (0, "cash", D(0))


def test_never_more_than_the_broker_allows_s53() -> None:
    assert _buy(max_qty=10) == Size(qty=10, bound=Bound.BROKER_MAX, wanted=48, cost=buy_cost(D("61.20"), 10, FEE))
    assert _buy(max_qty=0).qty == 0
    assert _buy(max_qty=-1).qty == 0
    assert _buy(max_qty=500).qty == 48


def test_never_past_the_caps_d12() -> None:
    caps = (Cap(key=CapKey.MAX_ORDER_USD, room=D(1000)), Cap(key=CapKey.MAX_POSITION_RATE, room=D(700)))
    assert (_buy(caps=caps).qty, _buy(caps=caps).bound) == (11, "max_position_rate")
    gone = (Cap(key=CapKey.MAX_POSITION_RATE, room=D(-5)),)
    assert (_buy(caps=gone).qty, _buy(caps=gone).bound) == (0, "max_position_rate")


@pytest.mark.parametrize(
    ("held", "qty", "bound"), [(10, 3, "rate"), (3, 1, "minimum_one"), (1, 1, "minimum_one"), (33, 9, "rate")]
)
def test_a_small_holding_can_be_sold_s37_d4(held: int, qty: int, bound: str) -> None:
    size = sell_size(held=held, sellable=held, rate=D("0.30"), price=D(10))
    assert (size.qty, size.bound) == (qty, bound)


def test_never_above_what_is_orderable_s37() -> None:
    assert sell_size(held=100, sellable=7, rate=D("0.30"), price=D(10)).bound == "sellable"
    assert sell_size(held=100, sellable=7, rate=D("0.30"), price=D(10)).qty == 7
    assert sell_size(held=100, sellable=0, rate=D("0.30"), price=D(10)) == Size(
        qty=0, bound=Bound.SELLABLE, wanted=0, cost=D(0)
    )
    assert sell_size(held=0, sellable=0, rate=D(1), price=D(10)).bound == "holding"


def test_a_cap_on_the_order_bounds_a_sell_too() -> None:
    size = sell_size(held=100, sellable=100, rate=D(1), price=D(10), caps=[Cap(key=CapKey.MAX_ORDER_USD, room=D(250))])
    assert (size.qty, size.bound) == (25, "max_order_usd")


MONEY = st.decimals("0.01", 10_000_000, places=2)
PRICE = st.one_of(st.decimals(1, 5000, places=2), st.decimals("0.0001", "0.9999", places=4))
RATE = st.decimals("0.01", 1, places=2)
ROOMS = st.lists(
    st.decimals(-1000, 100_000, places=2).map(lambda room: Cap(key=CapKey.MAX_ORDER_USD, room=room)), max_size=3
)


@given(MONEY, RATE, PRICE, st.integers(0, 100_000) | st.none(), ROOMS)
def test_a_buy_is_the_largest_that_every_bound_allows(
    cash: Decimal, rate: Decimal, price: Decimal, most: int | None, caps: list[Cap]
) -> None:
    size = buy_size(cash=cash, rate=rate, price=price, commission_pct=FEE, max_qty=most, caps=caps)

    def allowed(qty: int) -> bool:
        cost = Fraction(price) * qty * Fraction("1.0025")
        return (
            cost <= Fraction(cash) * Fraction(rate)
            and (most is None or qty <= most)
            and all(price * qty <= cap.room for cap in caps)
        )

    assert size.qty == 0 or allowed(size.qty)
    assert not allowed(size.qty + 1)
    assert size.cost <= cash


@given(st.integers(0, 10_000), st.integers(0, 10_000), RATE, PRICE)
def test_a_sell_never_exceeds_what_is_there(held: int, sellable: int, rate: Decimal, price: Decimal) -> None:
    size = sell_size(held=held, sellable=sellable, rate=rate, price=price)
    assert 0 <= size.qty <= sellable
    assert (size.qty > 0) is (held > 0 and sellable > 0)


def test_fees_are_estimated_to_the_cent() -> None:
    assert fee_estimate(Side.BUY, D(1000), FEE, D("0.00206")) == D("2.50")
    assert fee_estimate(Side.SELL, D(1000), FEE, D("0.00206")) == D("2.52")

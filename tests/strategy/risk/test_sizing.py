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
from strategy.signals.order_size import smallest_order
from tests.fakes.clock import trading_settings

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


def test_a_buy_worth_less_than_the_minimum_is_not_made_and_says_so() -> None:
    assert _buy(cash="300", price="50", least=D(100)) == Size(qty=0, bound=Bound.MIN_ORDER, wanted=1, cost=D(0))
    assert _buy(cash="700", price="50", least=D(200)).qty == 4  # exactly the minimum is enough
    assert _buy(cash="1", price="50", least=D(100)).bound == "cash"  # no share at all is another reason
    assert _buy(caps=[Cap(key=CapKey.MAX_POSITION_RATE, room=D(99))], price="30", least=D(100)).bound == "min_order"


@pytest.mark.parametrize(
    ("held", "price", "qty", "bound"),
    [
        (40, "57", 12, "rate"),  # 684 dollars, and 1,596 are left
        (5, "57", 2, "min_order"),  # one share would be 57 dollars: two are 114, and 171 are left
        (3, "57", 3, "min_order"),  # 57 dollars would be left
        (1, "57", 1, "minimum_one"),  # all there is, however little
        (4, "100", 1, "rate"),
        (11, "10", 11, "min_order"),  # ten would leave ten dollars
    ],
)
def test_a_sell_is_worth_the_minimum_and_leaves_nothing_below_it(held: int, price: str, qty: int, bound: str) -> None:
    size = sell_size(held=held, sellable=held, rate=D("0.30"), price=D(price), least=D(100))
    assert (size.qty, size.bound) == (qty, bound)


def test_the_minimum_sells_no_more_than_is_orderable() -> None:
    size = sell_size(held=3, sellable=1, rate=D("0.30"), price=D(57), least=D(100))
    assert (size.qty, size.bound) == (1, "sellable")


def test_a_smaller_largest_order_takes_the_place_of_the_minimum() -> None:
    assert smallest_order(trading_settings()) == 100
    assert smallest_order(trading_settings(max_order_usd="60")) == 60
    assert smallest_order(trading_settings(min_order_usd="off")) == 0


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


@given(MONEY, RATE, PRICE, st.decimals(1, 1000, places=2))
def test_a_minimum_takes_a_buy_away_or_leaves_it_as_it_is(
    cash: Decimal, rate: Decimal, price: Decimal, least: Decimal
) -> None:
    plain = buy_size(cash=cash, rate=rate, price=price, commission_pct=FEE, max_qty=None)
    bounded = buy_size(cash=cash, rate=rate, price=price, commission_pct=FEE, max_qty=None, least=least)
    assert bounded.qty == (plain.qty if price * plain.qty >= least else 0)


@given(st.integers(1, 10_000), RATE, PRICE, st.decimals(1, 1000, places=2))
def test_no_step_and_no_rest_of_a_sell_is_below_the_minimum_but_the_last(
    held: int, rate: Decimal, price: Decimal, least: Decimal
) -> None:
    qty = sell_size(held=held, sellable=held, rate=rate, price=price, least=least).qty
    assert sell_size(held=held, sellable=held, rate=rate, price=price).qty <= qty <= held
    assert qty == held or (price * qty >= least and price * (held - qty) >= least)


@given(st.integers(0, 10_000), st.integers(0, 10_000), RATE, PRICE)
def test_a_sell_never_exceeds_what_is_there(held: int, sellable: int, rate: Decimal, price: Decimal) -> None:
    size = sell_size(held=held, sellable=sellable, rate=rate, price=price)
    assert 0 <= size.qty <= sellable
    assert (size.qty > 0) is (held > 0 and sellable > 0)


def test_fees_are_estimated_to_the_cent() -> None:
    assert fee_estimate(Side.BUY, D(1000), FEE, D("0.00206")) == D("2.50")
    assert fee_estimate(Side.SELL, D(1000), FEE, D("0.00206")) == D("2.52")

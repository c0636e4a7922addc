"""Thresholds, ladder prices and the split guard. Rows S62, S63."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.model import StopTrigger, on_tick, return_percent, tick_size
from strategy.risk.overnight_prices import split_suspected
from strategy.stops.stop_lines import StopLine, ladder_price, stop_line, threshold_price

D = Decimal
PRICE = st.one_of(st.decimals(1, 5000, places=2), st.decimals("0.0001", "0.9999", places=4))
COST = st.decimals("0.0001", 5000, places=4)
RATE = st.decimals("-99.99", "-0.01", places=2)


def _line(cost: str = "100", rate: str | None = "-5", **more: Decimal) -> StopLine:
    return stop_line(average_cost=D(cost), stop_loss_rate=None if rate is None else D(rate), **more)


@pytest.mark.parametrize(("price", "fires"), [("95.01", False), ("95.00", True), ("94.99", True)])
def test_at_the_threshold_the_stop_fires_s62_d1(price: str, fires: bool) -> None:
    """-4.99 no, -5.00 yes, -5.01 yes."""
    line = _line()
    assert line.touched(D(price)) is fires
    assert (line.trigger(D(price)) == "stop_loss") is fires


@given(COST, RATE, PRICE)
def test_the_comparison_equals_the_return_on_cost_s62(cost: Decimal, rate: Decimal, price: Decimal) -> None:
    exact = (Fraction(price) - Fraction(cost)) / Fraction(cost) * 100
    fires = price <= threshold_price(cost, rate)
    assert fires is (exact <= Fraction(rate))
    assert fires is (return_percent(cost, price) <= rate)


@given(st.integers(1, 10**6), st.integers(1, 999), RATE)
def test_a_cost_with_endless_digits_is_compared_exactly_s62(amount: int, qty: int, rate: Decimal) -> None:
    cost = Decimal(amount) / qty
    at = threshold_price(cost, rate)
    assert Fraction(at) == Fraction(cost) * (100 + Fraction(rate)) / 100


@pytest.mark.parametrize(
    ("price", "trigger"), [("94", "stop_loss"), ("109.99", None), ("110", "take_profit"), ("111", "take_profit")]
)
def test_take_profit_fires_at_or_above(price: str, trigger: str | None) -> None:
    line = _line(take_profit_rate=D(10))
    assert line.trigger(D(price)) == trigger
    assert line.touched(D(price)) is (trigger is not None)


def test_a_trailing_stop_follows_the_peak_and_never_comes_down() -> None:
    line = _line(rate=None, trailing_stop_pct=D(10))
    assert [line.peak, line.low] == [100, 90]
    line = line.at_peak(D(120))
    assert [line.peak, line.low] == [120, 108]
    assert line.at_peak(D(110)) is line
    assert line.trigger(D("108.01")) is None
    assert line.trigger(D(108)) == "trailing_stop"
    assert line.touched(D(121))  # a new peak wants to be remembered
    assert line.trigger(D(121)) is None


def test_the_stop_loss_comes_before_the_trailing_stop() -> None:
    line = _line(rate="-5", trailing_stop_pct=D(2))
    assert line.trigger(D(98)) == "trailing_stop"
    assert line.trigger(D(95)) == "stop_loss"
    raised = line.at_peak(D(200))
    assert raised.trigger(D(196)) == "trailing_stop"


def test_a_remembered_peak_is_taken_up_again() -> None:
    assert _line(trailing_stop_pct=D(10), peak=D(150)).low == 135
    assert _line(trailing_stop_pct=D(10), peak=D(50)).peak == 100


def test_a_line_with_everything_off_is_never_touched() -> None:
    line = _line(rate=None)
    assert not line.touched(D("0.0001"))
    assert not line.touched(D(10**9))
    assert line.at_peak(D(500)) is line
    with pytest.raises(ValueError, match="off"):
        line.threshold(StopTrigger.STOP_LOSS)


def test_each_stop_names_its_threshold() -> None:
    line = _line(take_profit_rate=D(10), trailing_stop_pct=D(3))
    thresholds = [
        line.threshold(StopTrigger.STOP_LOSS),
        line.threshold(StopTrigger.TAKE_PROFIT),
        line.threshold(StopTrigger.TRAILING_STOP),
    ]
    assert thresholds == [95, 110, 97]


@given(
    COST,
    st.none() | RATE,
    st.none() | st.decimals("0.01", 100, places=2),
    st.none() | st.decimals("0.01", "99.99", places=2),
    st.lists(PRICE, max_size=20),
)
def test_an_untouched_price_never_fires_and_a_peak_only_rises(
    cost: Decimal, loss: Decimal | None, profit: Decimal | None, trail: Decimal | None, prices: list[Decimal]
) -> None:
    line = stop_line(average_cost=cost, stop_loss_rate=loss, take_profit_rate=profit, trailing_stop_pct=trail)
    for price in prices:
        if not line.touched(price):
            assert line.trigger(price) is None
            assert line.at_peak(price) is line
        after = line.at_peak(price)
        assert after.low >= line.low
        if trail is not None:
            assert after.peak is not None
            assert after.peak >= price
        line = after


def test_the_ladder_begins_at_the_bid_less_the_collar_s63_d3() -> None:
    assert ladder_price(bid=D("61.20"), last=D("61.30"), collar_pct=D("1.0"), step=0) == D("60.58")  # 60.588 down
    assert ladder_price(bid=None, last=D("61.30"), collar_pct=D("1.0"), step=0) == D("60.68")
    assert ladder_price(bid=D("61.20"), last=D("61.30"), collar_pct=D("1.0"), step=2) == D("59.36")


def test_without_a_collar_each_step_goes_a_tick_deeper_d3() -> None:
    prices = [ladder_price(bid=D("61.20"), last=D(61), collar_pct=D(0), step=step) for step in range(3)]
    assert prices == [D("61.20"), D("61.19"), D("61.18")]


@given(st.none() | PRICE, PRICE, st.decimals(0, 20, places=1), st.integers(0, 200))
def test_a_ladder_price_can_always_be_sent_and_never_rises_s63(
    bid: Decimal | None, last: Decimal, collar: Decimal, step: int
) -> None:
    base = bid if bid is not None else last
    price = ladder_price(bid=bid, last=last, collar_pct=collar, step=step)
    assert on_tick(price)
    assert price <= base
    assert ladder_price(bid=bid, last=last, collar_pct=collar, step=step + 1) <= price
    assert base * D("0.5") - price <= max(tick_size(base) * (step + 1), tick_size(price))  # not past half the price


@pytest.mark.parametrize(
    ("previous", "price", "before", "now", "suspected"),
    [
        ("645.57", "92.22", "600", "600", True),  # 7-for-1, the average cost not yet adjusted
        ("645.57", "92.22", "600", "85.71", False),  # the broker has adjusted it: no stop is wrong
        ("645.57", "92.22", None, "600", True),
        ("100", "70", "100", "100", False),  # a crash of 30 %
        ("100", "59.99", "100", "100", True),
        ("100", "60", "100", "100", False),  # beyond, not at
        ("2", "20", "3", "3", True),  # reverse split
        ("2", "20", "3", "30", False),
        ("100", "100", "100", "14.28", True),  # the cost jumped and the price did not
    ],
)
def test_a_jump_the_average_cost_does_not_share_is_suspect_d13(
    previous: str, price: str, before: str | None, now: str, suspected: bool
) -> None:
    assert (
        split_suspected(
            previous_close=D(previous),
            price=D(price),
            guard_pct=D(40),
            average_cost=D(now),
            average_cost_before=None if before is None else D(before),
        )
        is suspected
    )


def test_without_prices_nothing_can_be_said_d13() -> None:
    assert not split_suspected(
        previous_close=D(0), price=D(5), guard_pct=D(40), average_cost=None, average_cost_before=None
    )

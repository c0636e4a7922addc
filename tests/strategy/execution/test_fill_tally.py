"""Counting fills from notices and the inquiry (kis-protocol 7.7: no execution id)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.execution.fill_tally import Part, Tally, corrected
from strategy.model import BrokerOrder, Fill, Notice, OrderNo, OrderStatus, Side, Symbol, VenueNo

AT = datetime(2026, 9, 15, 14, tzinfo=UTC)
NO = OrderNo(7)
NUMBER = VenueNo("51877")


def notice(qty: int, price: str = "61.20", time: str = "230001", number: str = NUMBER) -> Notice:
    return Notice(
        kind=Notice.Kind.FILLED,
        venue_no=VenueNo(number),
        original_no=None,
        ticker="TQQQ",
        side=Side.BUY,
        qty=qty,
        price=Decimal(price),
        venue_time=time,
        received_at=AT,
    )


def stored(parts: Sequence[Part]) -> list[Fill]:
    return [
        Fill(
            key=part.key,
            order_no=NO,
            venue_no=part.venue_no,
            symbol=Symbol.parse("NASDAQ:TQQQ"),
            side=Side.BUY,
            qty=part.qty,
            price=part.price,
            filled_at=part.filled_at,
            fees=Decimal(0),
            realized=None,
            source=part.source,
        )
        for part in parts
    ]


class Counter:
    """Applies witnesses one by one, as the cache does; `restart` forgets all but the stored fills."""

    def __init__(self, total: int = 10) -> None:
        self.total = total
        self.fills: list[Fill] = []
        self.tally = Tally(order_no=NO, total=total)

    def hear(self, *notices: Notice) -> bool:
        doubtful = False
        for one in notices:
            weighed = self.tally.noticed(one)
            doubtful |= weighed.doubtful
            self._add(weighed.tally, weighed.parts)
        return doubtful

    def look(self, qty: int, amount: Decimal | str) -> None:
        self._add(self.tally, self.tally.inquired(qty, Decimal(amount), venue_no=NUMBER, at=AT, about=Decimal("61.20")))

    def restart(self) -> None:
        self.tally = Tally.of(NO, self.total, self.fills)

    def _add(self, tally: Tally, parts: Sequence[Part]) -> None:
        new = stored(parts)
        assert not {fill.key for fill in new} & {fill.key for fill in self.fills}
        self.fills += new
        self.tally = tally.with_fills(new)

    @property
    def qty(self) -> int:
        return sum(fill.qty for fill in self.fills)

    @property
    def amount(self) -> Decimal:
        return sum((fill.qty * fill.price for fill in self.fills), Decimal(0))


def test_a_duplicate_notice_is_recognised() -> None:
    counter = Counter()
    assert not counter.hear(notice(3))
    assert counter.hear(notice(3))
    assert counter.qty == 3


def test_a_duplicate_is_recognised_after_a_restart() -> None:
    counter = Counter()
    counter.hear(notice(3))
    counter.restart()
    assert counter.hear(notice(3))
    assert counter.qty == 3


def test_two_equal_fills_are_not_lost() -> None:
    counter = Counter()
    counter.hear(notice(3), notice(3))
    counter.look(6, "367.20")
    assert (counter.qty, counter.amount) == (6, Decimal("367.20"))


def test_equal_executions_in_different_seconds_count_at_once() -> None:
    counter = Counter()
    assert not counter.hear(notice(3), notice(3, time="230002"))
    assert counter.qty == 6


def test_a_notice_after_the_inquiry_adds_nothing() -> None:
    counter = Counter()
    counter.look(5, "306.00")
    assert counter.hear(notice(5))
    assert counter.qty == 5
    assert not counter.hear(notice(2, "61.30"))
    assert (counter.qty, counter.amount) == (7, Decimal("428.60"))


def test_a_notice_beyond_the_order_is_a_duplicate() -> None:
    counter = Counter(10)
    counter.hear(notice(6), notice(6, time="230009"))
    assert counter.qty == 6


def test_amounts_stay_exact_when_shares_do_not_divide_them() -> None:
    counter = Counter()
    counter.look(3, "183.61000")
    counter.look(7, "428.62345")
    assert (counter.qty, counter.amount) == (7, Decimal("428.62345"))


def test_a_late_notice_that_fills_a_gap_keeps_the_amount_exact() -> None:
    counter = Counter(11)
    counter.hear(notice(5, "61.00"))
    counter.look(7, "427.20")  # 5 @ 61.00 and 2 @ 61.10, whose notice is late
    counter.hear(notice(4, "61.40"))
    counter.hear(notice(2, "61.10", "230003"))
    assert (counter.qty, counter.amount) == (11, Decimal("672.80"))


def test_an_inquiry_that_told_of_another_execution_than_was_heard_first_is_put_right_by_the_notices() -> None:
    """The list lags and shows the first execution; the notice of the second is heard before the first one's."""
    counter = Counter(9)
    counter.look(3, "183.00")  # 3 @ 61.00
    assert counter.hear(notice(3, "61.30", "230002"))
    assert counter.hear(notice(3, "61.00", "230001"))  # in doubt: the judge is asked
    assert (counter.qty, counter.amount) == (6, Decimal("366.90"))
    assert not counter.hear(notice(3, "61.50", "230003"))
    assert (counter.qty, counter.amount) == (9, Decimal("551.40"))


def test_an_amount_of_zero_is_priced_at_the_limit() -> None:
    counter = Counter()
    counter.look(2, "0")
    assert counter.amount == Decimal("122.40")


executions = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["61.20", "61.25", "0.3333"]), st.sampled_from(["230001", ""])),
    min_size=1,
    max_size=6,
)


@given(executions, st.data())
def test_whatever_arrives_in_whatever_order_is_never_more_than_the_truth_and_ends_equal(
    truth: list[tuple[int, str, str]], data: st.DataObject
) -> None:
    total = sum(qty for qty, _, _ in truth) + data.draw(st.integers(0, 3))
    counter = Counter(total)
    waiting = [notice(*one) for one in truth for _ in range(data.draw(st.integers(0, 2)))]
    waiting = data.draw(st.permutations(waiting))
    happened = 0

    def whole(count: int) -> tuple[int, Decimal]:
        done = truth[:count]
        return sum(qty for qty, _, _ in done), sum((qty * Decimal(price) for qty, price, _ in done), Decimal(0))

    for one in waiting:
        step = data.draw(st.sampled_from(["hear", "look", "restart"]))
        if step == "look":
            happened = max(happened, data.draw(st.integers(0, len(truth))))
            counter.look(*whole(happened))
        elif step == "restart":
            counter.restart()
        counter.hear(one)
        assert counter.qty <= whole(len(truth))[0]
    counter.look(*whole(len(truth)))
    counter.restart()
    counter.hear(*waiting)
    assert counter.qty == whole(len(truth))[0]
    assert all(fill.price > 0 for fill in counter.fills)


def judged(qty: int, amount: str, status: OrderStatus = OrderStatus.FILLED) -> BrokerOrder:
    return BrokerOrder(
        venue_no=NUMBER,
        symbol=Symbol.parse("NASDAQ:TQQQ"),
        side=Side.BUY,
        qty=10,
        limit_price=Decimal("61.20"),
        filled_qty=qty,
        filled_amount=Decimal(amount),
        open_qty=0,
        status=status,
        ordered_at=AT,
        traded_on=AT.date(),
        reason="",
    )


@pytest.mark.parametrize(
    ("found", "agrees"),
    [
        (judged(10, "612"), True),
        (judged(10, "612.001"), True),  # each of the ten prices may have been cut at its fourth decimal
        (judged(10, "612.00101"), False),
        (judged(10, "611.99899"), False),
        (judged(10, "0"), True),  # it says nothing
        (judged(9, "500"), True),  # it lags
        (judged(10, "500", OrderStatus.PARTIALLY_FILLED), True),  # perhaps other executions than were heard
        (judged(10, "500", OrderStatus.CANCELED), False),
    ],
)
def test_the_judge_is_heard_about_the_amount_of_an_order_that_has_ended(found: BrokerOrder, agrees: bool) -> None:
    counter = Counter()
    counter.hear(notice(4), notice(6))
    assert counter.tally.agrees(found) is agrees


prices = st.decimals(min_value="0.0001", max_value="5000", places=4)


@given(
    st.lists(st.tuples(st.integers(1, 500), prices), min_size=1, max_size=6),
    st.decimals(min_value="0.5", max_value="2", places=3),
)
def test_corrected_prices_come_to_the_judges_amount_and_fees_and_profit_follow(
    told: list[tuple[int, Decimal]], factor: Decimal
) -> None:
    cost, rate = Decimal(50), Decimal("0.0025")
    fills = [
        replace(
            stored([Part(f"7:{n}", qty, price, NUMBER, AT, "notice")])[0],
            fees=price * qty * rate,
            realized=price * qty * (1 - rate) - cost * qty,
        )
        for n, (qty, price) in enumerate(told)
    ]
    shares = sum(fill.qty for fill in fills)
    amount = sum((fill.price * fill.qty for fill in fills), Decimal(0)) * factor
    right = corrected(fills, amount)
    total = sum((fill.price * fill.qty for fill in right), Decimal(0))
    assert abs(total - amount) <= Decimal("0.00000001") * shares
    for fill in right:
        assert fill.realized is not None
        assert abs(fill.fees - fill.price * fill.qty * rate) < Decimal("1e-15")
        assert abs(fill.realized - (fill.price * fill.qty - cost * fill.qty - fill.fees)) < Decimal("1e-15")
    assert Tally.of(NO, shares, fills).recounted(right) == replace(Tally.of(NO, shares, right))

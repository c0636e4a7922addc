"""The cash of the account by the broker's deposit and the fills it does not show yet. Decision D16."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import CashBasis, Fill, OrderNo, Side, VenueNo
from strategy.portfolio.deposits import DepositTracker
from tests.support.order_bench import TQQQ, Bench, bench

LAG = timedelta(minutes=2)
DEPOSIT = CashBasis.DEPOSIT


class Fills:
    """What was filled, as the journal tells it."""

    def __init__(self, made: Bench) -> None:
        self.made = made
        self.found: list[Fill] = []

    async def fills(self, **_: object) -> list[Fill]:
        return self.found

    def passes(self, time: timedelta) -> None:
        self.made.clock.set(self.made.clock.now() + time)

    def add(self, side: Side, qty: int, price: str, fees: str = "0") -> None:
        self.found.append(
            Fill(
                key=str(len(self.found)),
                order_no=OrderNo(len(self.found) + 1),
                venue_no=VenueNo(""),
                symbol=TQQQ,
                side=side,
                qty=qty,
                price=Decimal(price),
                filled_at=self.made.clock.now(),
                fees=Decimal(fees),
                realized=None,
                source="notice",
            )
        )


@pytest.fixture
async def fills(tmp_path: Path) -> AsyncIterator[Fills]:
    async with bench(tmp_path) as made:
        yield Fills(made)


def tracker_of(fills: Fills) -> DepositTracker:
    made = fills.made
    return DepositTracker(orders=fills, deposits=made.storage.deposits, clock=made.clock, lag=LAG)  # type: ignore[arg-type]


async def cash(tracker: DepositTracker, told: str, *, basis: CashBasis = DEPOSIT) -> tuple[Decimal, CashBasis]:
    found = await tracker.cash(Decimal(told), basis, quiet=True)
    return found.amount, found.basis


async def test_fills_a_deposit_does_not_show_yet_are_added_until_it_does(fills: Fills) -> None:
    tracker = tracker_of(fills)
    assert await cash(tracker, "10000") == (Decimal(10_000), DEPOSIT)
    fills.add(Side.BUY, 10, "100", fees="2.50")
    assert await cash(tracker, "10000") == (Decimal("8997.50"), CashBasis.MOVED_ON)
    fills.passes(timedelta(hours=5))
    fills.add(Side.SELL, 4, "110", fees="1.10")
    assert await cash(tracker, "10000") == (Decimal("9436.40"), CashBasis.MOVED_ON)
    assert await cash(tracker, "8997.50") == (Decimal("9436.40"), CashBasis.MOVED_ON), "the first of two is shown"
    assert await cash(tracker, "9436.38") == (Decimal("9436.38"), DEPOSIT), "and both, at the fees that were charged"
    assert await cash(tracker, "9436.38") == (Decimal("9436.38"), DEPOSIT)


async def test_what_is_not_shown_yet_outlives_a_restart(fills: Fills) -> None:
    await cash(tracker_of(fills), "10000")
    fills.add(Side.BUY, 10, "100", fees="2.50")
    assert await cash(tracker_of(fills), "10000") == (Decimal("8997.50"), CashBasis.MOVED_ON)
    fills.passes(timedelta(hours=20))
    assert await cash(tracker_of(fills), "8997.50") == (Decimal("8997.50"), DEPOSIT)


async def test_a_fill_the_deposit_shows_before_it_is_heard_of_is_not_taken_for_money_that_went(fills: Fills) -> None:
    tracker = tracker_of(fills)
    await cash(tracker, "10000")
    assert await cash(tracker, "9000") == (Decimal(10_000), DEPOSIT), "positions do not show the shares yet either"
    fills.add(Side.BUY, 10, "100")
    assert await cash(tracker, "9000") == (Decimal(9_000), DEPOSIT)


async def test_money_paid_in_counts_once_it_has_stood_and_unshown_fills_stay_unshown(fills: Fills) -> None:
    tracker = tracker_of(fills)
    await cash(tracker, "10000")
    fills.add(Side.BUY, 10, "100")
    assert await cash(tracker, "10000") == (Decimal(9_000), CashBasis.MOVED_ON)
    assert await cash(tracker, "15000") == (Decimal(9_000), CashBasis.MOVED_ON)
    fills.passes(LAG)
    assert await cash(tracker, "15000") == (Decimal(14_000), CashBasis.MOVED_ON)
    assert await cash(tracker, "14000") == (Decimal(14_000), DEPOSIT)
    assert await cash(tracker, "14500") == (Decimal(14_000), DEPOSIT)
    fills.passes(LAG)
    assert await cash(tracker, "14500") == (Decimal(14_500), DEPOSIT)


async def test_a_figure_of_another_kind_is_not_compared_with_a_deposit(fills: Fills) -> None:
    tracker = tracker_of(fills)
    await cash(tracker, "10000")
    fills.add(Side.BUY, 10, "100")
    assert await cash(tracker, "9000", basis=CashBasis.RECKONED) == (Decimal(9_000), CashBasis.RECKONED)


async def test_what_an_old_deposit_has_not_shown_for_a_week_is_in_it(fills: Fills) -> None:
    tracker = tracker_of(fills)
    await cash(tracker, "10000")
    fills.add(Side.BUY, 10, "100")
    assert await cash(tracker, "10000") == (Decimal(9_000), CashBasis.MOVED_ON)
    fills.passes(timedelta(days=8))
    assert await cash(tracker, "10000") == (Decimal(10_000), DEPOSIT)

"""Two things at once, each of which is dealt with alone elsewhere: a stop must come out of both of them right."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Mode, ModeState, OrderStatus, Origin, Side, StopFinished, TryLater
from tests.strategy.control.test_control_orders import shares
from tests.strategy.panic.test_panic import press
from tests.strategy.risk.test_split_guard import _locked, _next_morning, _world
from tests.strategy.stops.test_price_confirmation import print_of, sold
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World
from tests.support.words import english


async def chosen(bench: Bench, mode: Mode) -> None:
    now = bench.clock.now()
    state = ModeState(mode=mode, symbol=None, set_by=OWNER, set_at=now, reason="", until=None)
    await bench.core.base.modes.set(state)


# a halt


async def test_a_halt_lifted_again_brings_the_stop_back_at_once(tmp_path: Path) -> None:
    """Halted by mistake while it sold: nobody but the owner has taken it away, so nothing else may keep it away."""
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.settle()
        await chosen(bench, Mode.HALTED)
        await bench.pass_time(5)
        assert [one.reason for one in await bench.told(StopFinished)] == ["halted"]
        await chosen(bench, Mode.RUN)
        bench.broker.matching = True
        bench.price(TQQQ, "93.90")
        await bench.pass_time(5)
        assert await sold(bench) == 10


async def test_a_halt_takes_a_stops_order_down_although_the_broker_takes_no_cancels_for_half_a_minute(
    tmp_path: Path,
) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.settle()
        bench.broker.fail("cancel", TryLater("too many calls"), times=30)
        await chosen(bench, Mode.HALTED)
        await bench.pass_time(120)
        assert [order.status for order in await bench.orders()] == [OrderStatus.CANCELED]


async def test_a_restart_while_halted_takes_down_what_the_stop_left_and_nothing_of_a_persons(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        world.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.settle()
        await chosen(bench, Mode.HALTED)
    world.broker.hold(TQQQ, 15, Decimal(100))
    world.broker.hand_order(TQQQ, Side.SELL, 3, Decimal(120))
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(60)
        assert {order.request.origin: order.status for order in await bench.orders()} == {
            Origin.STOP_LOSS: OrderStatus.CANCELED,
            Origin.EXTERNAL: OrderStatus.ACCEPTED,
        }
        assert [one.reason for one in await bench.told(StopFinished)] == ["halted"]


async def test_a_stop_that_waits_for_its_next_try_is_not_sent_once_everything_is_halted(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.fail("submit", TryLater("too many calls"), times=5)
        bench.price(TQQQ, "94")
        await bench.pass_time(2.5)
        await chosen(bench, Mode.HALTED)
        tried = len(bench.broker.submitted)
        await bench.pass_time(60)
        assert len(bench.broker.submitted) == tried
        assert {order.status for order in await bench.orders()} == {OrderStatus.DENIED}
        assert [one.reason for one in await bench.told(StopFinished)] == ["halted"]
        await chosen(bench, Mode.RUN)
        await bench.pass_time(6)
        assert await sold(bench) == 10


# prices


@pytest.mark.parametrize("lasts", [("94.00", "108.00"), ("108.00", "94.00")])
async def test_two_prints_to_either_side_confirm_nothing(tmp_path: Path, lasts: tuple[str, str]) -> None:
    """A wide book: one print below the stop, one above the profit. Neither says that the other is true."""
    async with holding(tmp_path, take_profit_rate="8") as bench:
        bench.market.broken[TQQQ] = TryLater("down")  # nobody can be asked
        for last in lasts:
            print_of(bench, last, bid="90", ask="112")
            await bench.pass_time(0.4)
        await bench.pass_time(10)
        assert await sold(bench) == 0


# splits


async def test_a_stop_that_sells_is_not_taken_for_a_split_when_the_fall_goes_on(tmp_path: Path) -> None:
    """30 % down at the open, asked about and found to be a fall; a minute later it is 45 %."""
    async with _next_morning(tmp_path, _world(), Decimal(100)) as bench:
        draft = bench.core.base.book.draft("CHECK_INTERVAL_MINUTES", "1", symbol=None, until=None)
        await bench.core.base.book.apply(draft, user_id=OWNER)
        bench.broker.matching = False
        bench.price(TQQQ, "70")
        await bench.pass_time(5)
        assert [order.request.origin for order in await bench.orders()] == [Origin.STOP_LOSS]
        for last in ("62", "58", "55"):
            bench.price(TQQQ, last)
            await bench.until(bench.clock.now() + timedelta(seconds=90))
        assert not _locked(bench)
        bench.broker.matching = True
        bench.price(TQQQ, "54.90")
        await bench.pass_time(10)
        assert await sold(bench) == 100


# orders by hand


async def test_a_sale_by_hand_is_heard_of_while_a_stop_waits_for_its_next_try(tmp_path: Path) -> None:
    async with holding(tmp_path, reconcile_interval_s="600") as bench:
        bench.broker.fail("submit", TryLater("too many calls"), times=30)
        bench.price(TQQQ, "94")
        await bench.pass_time(3)
        bench.broker.hand_order(TQQQ, Side.SELL, 4, Decimal(93))
        await bench.pass_time(15)
        [position] = (await bench.core.trading.account_sync.take("asked", max_age_s=600)).positions
        assert position.qty == 6
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        assert await sold(bench) == 10


async def test_a_buy_by_hand_that_waited_for_its_next_try_is_not_sent_after_the_stop(tmp_path: Path) -> None:
    """Taken at once it would have been canceled or sold with the rest."""
    async with holding(tmp_path) as bench:
        bench.broker.fail("submit", TryLater("too many calls"))
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(4), None)
        await press(bench, preview.ticket)
        await bench.pass_time(0.4)
        bench.price(TQQQ, "94")
        await bench.pass_time(15)
        assert bench.broker.qty_held(TQQQ) == 0
        [buy] = [order for order in await bench.orders() if order.request.side is Side.BUY]
        assert buy.status is OrderStatus.DENIED
        assert "/buy" in english(buy.reason)
        again = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(4), None)
        await press(bench, again.ticket)
        await bench.pass_time(5)
        assert bench.broker.qty_held(TQQQ) == 4


async def test_many_resting_sells_whose_cancels_take_their_time_hold_a_stop_up_once_and_not_each(
    tmp_path: Path,
) -> None:
    """A ladder of profits to take, placed by hand: four of ten shares are free and need not wait for all of it."""
    async with holding(tmp_path) as bench:
        for price in (120, 130, 140):
            bench.broker.hand_order(TQQQ, Side.SELL, 2, Decimal(price))
        await bench.pass_time(61)
        bench.broker.slow_cancels = True
        bench.price(TQQQ, "94")
        await bench.pass_time(14)
        assert await sold(bench) == 4


# the close


async def test_a_stop_that_never_got_to_a_venue_is_told_at_the_close(tmp_path: Path) -> None:
    """Not now, not now, closed: no auction can have filled what no venue had, so nobody waits for its list."""
    closes_at = OPEN + timedelta(hours=6, minutes=30)
    world = World.at(closes_at - timedelta(seconds=15))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        bench.broker.fail("submit", TryLater("too many calls"), times=100)
        bench.price(TQQQ, "94")
        await bench.pass_time(25)
        tried = len(bench.broker.submitted)
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.sold, finished.left) == ("session_end", 0, 10)
        await bench.pass_time(600)
        assert len(bench.broker.submitted) == tried

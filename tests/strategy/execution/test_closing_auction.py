"""Orders out at the close may fill seconds later: nothing is concluded before the broker's list has had its time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.market import current
from strategy.model import Order, OrderStatus, StopFinished
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, TQQQ, Bench, World
from tests.support.order_bench import PRICE
from tests.support.order_bench import bench as order_bench

S = OrderStatus


@asynccontextmanager
async def stop_out_at_the_close(path: Path) -> AsyncIterator[Bench]:
    """Let the stop of 50 shares be out, unfilled, three seconds before the close; it can be canceled no more."""
    session = current(OPEN)
    assert session is not None
    world = World.at(session.closes_at - timedelta(seconds=3))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 50, Decimal(100))
    world.broker.matching = False
    world.broker.fail("cancel", "reject", times=100)
    async with holding(path, world=world) as bench:
        bench.price(TQQQ, "94")
        await bench.settle()
        assert [one.status for one in await bench.orders()] == [S.ACCEPTED]
        await bench.until(session.closes_at)
        yield bench


async def the_order(bench: Bench) -> Order:
    [order] = await bench.orders()
    return order


@pytest.mark.parametrize("notices", ["at_once", "lost"])
@pytest.mark.parametrize("lag", [0, 90])
async def test_a_stop_filled_two_seconds_after_the_close_is_told_as_sold(
    tmp_path: Path, notices: str, lag: int
) -> None:
    async with stop_out_at_the_close(tmp_path) as bench:
        bench.broker.notices = "lost" if notices == "lost" else "at_once"
        bench.broker.lag_s = lag
        await bench.pass_time(2)
        assert not await bench.told(StopFinished)
        [found] = bench.broker.truth()
        bench.broker.fill(found.venue_no)
        await bench.pass_time(150)
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.sold, finished.left) == ("flat", 50, 0)


async def test_one_that_ends_unfilled_is_told_when_the_list_has_had_its_time(tmp_path: Path) -> None:
    async with stop_out_at_the_close(tmp_path) as bench:
        await bench.pass_time(1)
        bench.broker.end_session()
        await bench.pass_time(110)
        assert not await bench.told(StopFinished)
        assert not (await the_order(bench)).status.closed
        await bench.pass_time(30)
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.sold, finished.left) == ("session_end", 0, 50)
        assert (await the_order(bench)).status is S.EXPIRED


async def test_a_part_filled_in_the_closing_auction_is_told_as_a_part(tmp_path: Path) -> None:
    async with stop_out_at_the_close(tmp_path) as bench:
        await bench.pass_time(2)
        [found] = bench.broker.truth()
        bench.broker.fill(found.venue_no, 20)
        bench.broker.end_session()
        await bench.pass_time(150)
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.sold, finished.left) == ("session_end", 20, 30)


async def test_an_order_nobody_can_say_the_end_of_is_told_as_unknown(tmp_path: Path) -> None:
    async with stop_out_at_the_close(tmp_path) as bench:
        bench.broker.fail("orders", "try_later", times=1000)
        await bench.pass_time(150)
        [finished] = await bench.told(StopFinished)
        assert finished.reason == "unknown"


async def test_an_order_is_not_called_expired_before_the_list_has_had_its_time(tmp_path: Path) -> None:
    """The list says expired right after the close, and tells of the last fill a minute later."""
    session = current(OPEN)
    assert session is not None
    async with order_bench(tmp_path) as made:
        made.broker.notices = "lost"
        order = await made.buy()
        await made.pass_time((session.closes_at - made.clock.now()).total_seconds())
        [book] = made.broker._books
        working = book.now
        made.broker.end_session()
        await made.desk.poll_orders()
        assert (await made.order(order.no)).status is S.ACCEPTED
        await made.pass_time(60)
        book.now = working
        made.broker.fill(working.venue_no, price=PRICE)
        await made.desk.poll_orders()
        assert (await made.order(order.no)).status is S.FILLED


async def test_an_order_called_expired_within_the_session_has_ended_at_once(tmp_path: Path) -> None:
    async with order_bench(tmp_path) as made:
        order = await made.buy()
        await made.pass_time(1)
        made.broker.end_session()
        await made.desk.poll_orders()
        assert (await made.order(order.no)).status is S.EXPIRED


async def test_a_restart_right_after_the_close_still_tells_how_the_stop_ended(tmp_path: Path) -> None:
    async with stop_out_at_the_close(tmp_path) as bench:
        await bench.pass_time(1)
        world = bench.world
    async with holding(tmp_path, world=world) as again:
        await again.pass_time(2)
        assert not await again.told(StopFinished)
        world.broker.fill(world.broker.truth()[0].venue_no)
        await again.pass_time(40 * 60)
        [finished] = await again.told(StopFinished)
        assert (finished.sold, finished.left) == (50, 0)

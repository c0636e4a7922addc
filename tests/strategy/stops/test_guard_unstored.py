"""A disk that fails while a stop is under way: the stop goes on with what is out, and is no second one."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import OrderStatus, Side, StopFinished, StopTriggered, StorageError, Trouble
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World


async def full(*_: object, **__: object) -> Any:
    raise StorageError("disk full")


async def _decisions(bench: Bench) -> set[int | None]:
    return {order.request.decision_id for order in await bench.orders()} - {None}


@pytest.mark.parametrize("fills", [True, False])
@pytest.mark.parametrize("method", ["change", "get"])
async def test_a_stop_goes_on_when_a_fact_about_its_order_could_not_be_stored_promise_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, fills: bool
) -> None:
    """What failed after the order had left starts no second stop, asks nobody for a price, and sells nothing twice."""
    async with holding(tmp_path) as bench:
        bench.broker.matching = fills
        with monkeypatch.context() as patch:
            patch.setattr(bench.storage.orders, method, full)
            bench.price(TQQQ, "94")
            await bench.pass_time(4)
            assert len(bench.broker.submitted) == 1
        told = [event.key for event in await bench.told(Trouble) if event.symbol == TQQQ]
        assert told == ["stop:NASDAQ:TQQQ"]
        assert await bench.told(StopFinished) == []
        bench.broker.matching = True
        bench.price(TQQQ, "94.50", tick=False)
        for _ in range(10):
            await bench.pass_time(30)
            bench.price(TQQQ, "94.40")
        assert bench.broker.qty_held(TQQQ) == 0
        assert sum(order.filled_qty for order in await bench.orders()) == 10
        assert all(order.status.closed for order in await bench.orders())
        assert len(await bench.told(StopTriggered)) == 1
        assert len(await _decisions(bench)) == 1
        [finished] = await bench.told(StopFinished)
        assert (finished.sold, finished.left, finished.reason) == (10, 0, "flat")


async def test_a_stop_goes_on_after_failing_again_and_again_promise_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing rests unattended: as soon as the disk takes it, the order that is out is taken up, without a price."""
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        with monkeypatch.context() as patch:
            patch.setattr(bench.storage.orders, "change", full)
            bench.price(TQQQ, "94")
            await bench.pass_time(65)
            assert len(bench.broker.submitted) == 1
        bench.world.price(TQQQ, Decimal(97))
        await bench.pass_time(60)
        assert len(await bench.told(StopTriggered)) == 1
        bench.broker.matching = True
        bench.world.price(TQQQ, Decimal("97.10"))
        await bench.pass_time(60)
        assert bench.broker.qty_held(TQQQ) == 0
        assert {order.status for order in await bench.orders()} <= {OrderStatus.CANCELED, OrderStatus.FILLED}
        assert len(await bench.told(StopTriggered)) == 1
        assert len(await bench.told(StopFinished)) == 1


async def test_an_order_that_could_not_be_stored_lets_the_end_tell_of_no_earlier_stop_s93(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What led to the stop was stored by itself, its first order was not: the order of the next run carries it."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 7, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        bench.price(TQQQ, "94")  # an earlier stop of the same session
        await bench.pass_time(5)
        await bench.core.base.modes.release(TQQQ, by=OWNER)
        bench.price(TQQQ, "100")
        world.broker.hand_order(TQQQ, Side.BUY, 10, Decimal("100.50"))
        await bench.pass_time(180)
        world.broker.hand_order(TQQQ, Side.SELL, 3, Decimal(120))  # canceled before anything is sold
        await bench.core.trading.account_sync.take("asked")
        with monkeypatch.context() as patch:
            patch.setattr(bench.storage.orders, "send", full)
            bench.price(TQQQ, "94")
            await bench.pass_time(20)
        await bench.pass_time(10)
        assert [(each.sold, each.left) for each in await bench.told(StopFinished)] == [(7, 0), (10, 0)]
        assert len(await _decisions(bench)) == 2
        assert (await bench.orders())[-1].request.decision_id is not None


async def test_what_stood_behind_an_order_not_noted_changes_nothing_of_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with holding(tmp_path) as bench:
        monkeypatch.setattr(bench.core.trading.desk._cache, "keep_context", full)
        bench.price(TQQQ, "94")
        await bench.pass_time(2)
        assert bench.broker.qty_held(TQQQ) == 0
        assert await bench.told(Trouble) == []
        assert [event.sold for event in await bench.told(StopFinished)] == [10]


async def _die(path: Path, world: World, *, sell: int) -> None:
    """Start, let a stop's order fill in part, and end with the order working."""
    async with holding(path, world=world) as bench:
        world.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.pass_time(12)
        [order] = [order for order in await bench.orders() if not order.status.closed]
        assert order.venue_no is not None
        world.broker.fill(order.venue_no, sell)
        await bench.settle()


async def test_the_end_of_a_stop_tells_what_it_sold_before_restarts_too_d3(tmp_path: Path) -> None:
    """Row S93: shares, average price, profit and fees of all its orders, and of no earlier stop's."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 7, Decimal(100))
    async with holding(tmp_path, world=world) as bench:  # an earlier stop of the same session
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        [earlier] = await bench.told(StopFinished)
        assert earlier.sold == 7
        await bench.core.base.modes.release(TQQQ, by=OWNER)
        bench.price(TQQQ, "100")
        world.broker.hand_order(TQQQ, Side.BUY, 10, Decimal("100.50"))
        await bench.pass_time(180)
    await _die(tmp_path, world, sell=2)
    await _die(tmp_path, world, sell=3)
    world.broker.matching = True
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(30)
        [_, finished] = await bench.told(StopFinished)
        orders = [order for order in await bench.orders() if order.request.side is Side.SELL][1:]
        fills = [fill for order in orders for fill in await bench.storage.orders.fills(order=order.no)]
    assert len(orders) == 3
    assert len({order.request.decision_id for order in orders}) == 1
    assert (finished.sold, finished.left, finished.reason) == (10, 0, "flat")
    assert finished.average_price == sum(order.filled_amount for order in orders) / 10
    assert finished.fees == sum(fill.fees for fill in fills)
    assert finished.realized == sum(fill.realized or 0 for fill in fills)


async def test_a_cut_off_stop_waits_until_it_is_known_what_is_held_d3(tmp_path: Path) -> None:
    """A start that cannot look at the account cancels no order that sells, and calls nothing flat."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    await _die(tmp_path, world, sell=2)
    world.broker.fail("holdings", "fault", times=100)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(20)
        assert [order.status for order in await bench.orders()] == [OrderStatus.PARTIALLY_FILLED]
        assert await bench.told(StopFinished) == []
        world.broker.matching = True
        world.broker._faults["holdings"].clear()
        await bench.pass_time(90)
        assert world.broker.qty_held(TQQQ) == 0
        [finished] = await bench.told(StopFinished)
        assert (finished.sold, finished.left, finished.reason) == (10, 0, "flat")
        assert len(await bench.told(StopTriggered)) == 1

"""Killed at every numbered step between intent and stored fill (spec 8, promises 1 and 2)."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from storage.database import open_storage
from strategy.model import OrderRequest, OrderStatus, Origin, Side, TradingError
from tests.fakes.broker import FakeBroker, FaultKind
from tests.fakes.clock import FakeClock, settle
from tests.support.mortal import Killed, Life, Process
from tests.support.order_bench import OPEN, PRICE, TQQQ


async def quiet(process: Process) -> None:
    for _ in range(3):
        await settle(10)
        if not process.life.dead:
            await process.activity.until_quiet()


async def pass_time(process: Process, clock: FakeClock, seconds: float) -> None:
    end = clock.now().timestamp() + seconds
    await quiet(process)
    while (due := clock.next_wake) is not None and due.timestamp() <= end:
        clock.set(due)
        await quiet(process)
    await clock.advance(end - clock.now().timestamp())
    await quiet(process)


async def trade(process: Process, broker: FakeBroker, clock: FakeClock) -> None:
    """Buy, fill a part, amend, fill another part, cancel; then a sell that fills at once."""
    desk = process.desk
    await process.recon.reconcile("start")

    def request(side: Side, qty: int, price: Decimal) -> OrderRequest:
        return OrderRequest(
            symbol=TQQQ, side=side, qty=qty, limit_price=price, origin=Origin.MANUAL, created_at=clock.now()
        )

    order = await desk.place(request(Side.BUY, 9, PRICE))
    if order.venue_no is not None:
        broker.fill(order.venue_no, 3, Decimal("61.15"))
    await quiet(process)
    with suppress(TradingError):
        order = await desk.amend(order.no, limit_price=Decimal("61.30"))
    if order.venue_no is not None and not order.status.closed:
        broker.fill(order.venue_no, 2, Decimal("61.25"))
    with suppress(TradingError):
        await desk.cancel(order.no)
    await quiet(process)
    await pass_time(process, clock, 3)
    broker.set_price(TQQQ, Decimal("61.40"))
    with suppress(TradingError):
        await desk.place(request(Side.SELL, 4, Decimal("61.20")))
    await quiet(process)


async def live_and_die(path: Path, broker: FakeBroker, clock: FakeClock, steps: int) -> bool:
    """Trade until killed at that step; return whether the end came first."""
    life = Life(steps)
    async with open_storage(path) as storage:
        process = Process(storage, broker, clock, life)
        loop = asyncio.get_running_loop()
        work = [loop.create_task(process.desk.run()), loop.create_task(trade(process, broker, clock))]
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finished = work[1] in done and not life.dead
        life.left = -1  # whatever still runs is dead from here on
        broker.sink = None
        for task in work:
            task.cancel()
        for outcome in await asyncio.gather(*work, return_exceptions=True):
            assert not isinstance(outcome, AssertionError)
    return finished


async def recover(path: Path, broker: FakeBroker, clock: FakeClock) -> None:
    """Start again and compare everything with the broker."""
    async with open_storage(path) as storage:
        process = Process(storage, broker, clock, Life())
        running = asyncio.get_running_loop().create_task(process.desk.run())
        await process.recon.reconcile("start")
        await pass_time(process, clock, 130)
        await process.recon.reconcile("timer")
        await pass_time(process, clock, 130)
        holdings = await process.recon.reconcile("timer")
        assert process.recon.reconciled
        orders = {order.venue_no: order for order in await storage.orders.recent(100)}
        for found in broker.truth():
            order = orders[found.venue_no]
            assert order.request.origin is Origin.MANUAL  # zero unowned orders
            assert (order.filled_qty, order.filled_amount) == (found.filled_qty, found.filled_amount)
            assert order.status.closed == found.status.closed
        fills = await storage.orders.fills()
        held = sum(fill.qty if fill.side is Side.BUY else -fill.qty for fill in fills)
        assert held == broker.qty_held(TQQQ) == sum(position.qty for position in holdings.positions)
        sent = [
            order.no
            for order in orders.values()
            if OrderStatus.SENT in [status for _, status, _ in await storage.orders.history(order.no)]
        ]
        assert len(broker.submitted) <= len(sent)  # zero duplicates, none without an intent
        assert len({(request.side, request.created_at) for request in broker.submitted}) == len(broker.submitted)
        broker.sink = None
        running.cancel()
        await asyncio.wait([running])


@pytest.mark.parametrize("fault", [None, "lost_reply"])
async def test_killed_at_every_step_nothing_is_doubled_or_lost(tmp_path: Path, fault: FaultKind | None) -> None:
    for steps in range(200):
        clock = FakeClock(OPEN)
        broker = FakeBroker(clock)
        if fault is not None:
            broker.fail("submit", fault)
        path = tmp_path / str(steps)
        with suppress(Killed):
            finished = await live_and_die(path, broker, clock, steps)
        await recover(path, broker, clock)
        if finished:
            break
    assert finished
    assert steps > 10

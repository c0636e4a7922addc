"""Work that a cancelled caller must not tear, waiting for the first of two, and hearing of changed orders."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from strategy.execution.order_feed import OrderFeed
from strategy.model import OrderNo, OrderStatus
from strategy.runtime import run_to_end, wait_until_or
from tests.fakes.clock import FakeClock, settle
from tests.strategy.execution.test_desk_unknown import _order
from tests.support.order_bench import OPEN


async def test_sheltered_work_gives_its_result_and_its_error() -> None:
    async def work(value: int) -> int:
        await asyncio.sleep(0)
        return 10 // value

    assert await run_to_end(work(2)) == 5
    with pytest.raises(ZeroDivisionError):
        await run_to_end(work(0))


async def test_sheltered_work_ends_before_its_cancelled_caller_does() -> None:
    gate, left, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.set()

    async with asyncio.TaskGroup() as tasks:
        caller = tasks.create_task(run_to_end(work(), left))
        await settle(3)
        for _ in range(2):  # impatient
            caller.cancel()
            await settle(3)
        assert left.is_set()
        assert not caller.done()
        gate.set()
    assert done.is_set()
    assert caller.cancelled()


async def test_work_that_goes_on_for_longer_than_its_grace_is_cancelled_too() -> None:
    torn = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            torn.set()

    async with asyncio.TaskGroup() as tasks:
        caller = tasks.create_task(run_to_end(work(), grace_s=0.02))
        await settle(3)
        caller.cancel()
        await settle(3)
        assert not torn.is_set()
    assert torn.is_set()
    assert caller.cancelled()


async def test_a_failure_after_the_caller_has_gone_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()
        raise ValueError("nobody waits for this")

    async with asyncio.TaskGroup() as tasks:
        caller = tasks.create_task(run_to_end(work()))
        await settle(3)
        caller.cancel()
        await settle(3)
        gate.set()
    assert caller.cancelled()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_the_first_of_time_and_wake_ends_the_wait() -> None:
    clock, wake = FakeClock(OPEN), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        timed = tasks.create_task(wait_until_or(clock, OPEN + timedelta(seconds=5), wake))
        endless = tasks.create_task(wait_until_or(clock, None, wake))
        await clock.advance(4)
        assert not timed.done()
        await clock.advance(1)
        assert timed.done()
        assert not endless.done()
        wake.set()
    assert clock.next_wake is None


async def test_a_subscriber_hears_the_newest_state_of_each_order_once() -> None:
    feed = OrderFeed()
    first, second = _order(1), _order(2)

    with feed.subscribe() as changes:
        feed.publish(first)
        feed.publish(second)
        feed.publish(replace(first, status=OrderStatus.FILLED))
        heard = [await changes.next(), await changes.next()]
        assert [(order.no, order.status) for order in heard] == [
            (OrderNo(2), OrderStatus.UNKNOWN),
            (OrderNo(1), OrderStatus.FILLED),
        ]
        assert not changes.wake.is_set()
        feed.publish(first)
        changes.clear()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(changes.next())
            await settle(3)
            assert not waiting.done()
            feed.publish(second)
    feed.publish(first)
    assert not changes.wake.is_set()

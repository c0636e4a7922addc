"""What an order on its way out has over everything that can wait."""

import asyncio

import pytest

from strategy.runtime import Activity, Precedence, WorkQueue


async def test_whoever_can_wait_goes_on_when_the_last_order_has_left() -> None:
    precedence, seen = Precedence(), []
    first, second = precedence(), precedence()
    first.__enter__()
    second.__enter__()

    async def wait() -> None:
        await precedence.yielded()
        seen.append("alert")

    async with asyncio.TaskGroup() as group:
        group.create_task(wait())
        await asyncio.sleep(0)
        first.__exit__(None, None, None)
        await asyncio.sleep(0)
        assert seen == []
        second.__exit__(None, None, None)
    assert seen == ["alert"]


async def test_an_order_that_begins_before_the_wake_up_is_heard_goes_first_too() -> None:
    precedence, seen = Precedence(), []
    first = precedence()
    first.__enter__()

    async def wait() -> None:
        await precedence.yielded()
        seen.append("alert")

    async with asyncio.TaskGroup() as group:
        group.create_task(wait())
        await asyncio.sleep(0)
        first.__exit__(None, None, None)
        with precedence():  # in the same breath
            for _ in range(5):
                await asyncio.sleep(0)
            assert seen == []
    assert seen == ["alert"]


async def test_an_answer_that_does_not_come_holds_nobody_up_for_long() -> None:
    precedence = Precedence()
    with precedence():
        async with asyncio.timeout(5):
            await precedence.yielded()


async def test_without_an_order_nobody_waits() -> None:
    precedence = Precedence()
    waiting = precedence.yielded()
    with pytest.raises(StopIteration):  # done without giving up its turn
        waiting.send(None)


async def test_what_waits_in_a_queue_counts_until_it_is_handled() -> None:
    activity, precedence = Activity(), Precedence()
    queue: WorkQueue[str] = WorkQueue(activity, precedence)
    queue.put("stop")
    assert not activity.quiet
    item, handled = queue.pop()
    assert (item, activity.quiet) == ("stop", False)
    waiting = precedence.yielded()
    assert waiting.send(None) is not None  # it waits
    waiting.close()
    handled()
    handled()  # a second word changes nothing
    assert activity.quiet
    await precedence.yielded()

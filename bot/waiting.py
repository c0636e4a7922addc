"""A pause that ends early when something happens."""

import asyncio

from strategy.clock import Clock


async def pause(wall: Clock, seconds: float, unless: asyncio.Event) -> None:
    """Return after that many seconds of real time, or as soon as the event is set."""
    async with asyncio.TaskGroup() as group:
        ends = [group.create_task(wall.sleep(seconds)), group.create_task(unless.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()

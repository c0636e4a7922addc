"""A pause that ends early when something happens."""

import asyncio

from strategy.model import Clock


async def pause(wall: Clock, seconds: float, unless: asyncio.Event) -> None:
    """Return after that many seconds of real time, or as soon as the event is set."""
    async with asyncio.TaskGroup() as group:
        ends = [group.create_task(wall.sleep(seconds)), group.create_task(unless.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in ends:
            task.cancel()


class Stirred:
    """An event that is waited for, for a while or for good, and forgotten once it was seen."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, seconds: float | None = None) -> None:
        if seconds is None:
            await self._event.wait()
        else:
            await pause(self._wall, seconds, self._event)
        self._event.clear()

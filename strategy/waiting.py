"""Waiting for whichever comes first."""

import asyncio
from collections.abc import Awaitable


async def first(*waits: Awaitable[object]) -> None:
    """Return when the first of them returns; the others are cancelled. An error of one ends all."""
    done = asyncio.Event()

    async def run(wait: Awaitable[object]) -> None:
        await wait
        done.set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(wait)) for wait in waits]
        await done.wait()
        for task in tasks:
            task.cancel()

"""A step that a cancellation does not tear: a send under way gets a moment to be answered and noted."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

_GRACE_S = 3.0


async def unhurried(step: Coroutine[Any, Any, None]) -> None:
    """Run a step; when cancelled, let it end within a limit before the cancellation goes on."""
    task = asyncio.create_task(step)  # noqa: TID251 - awaited here whatever happens
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await task
        raise

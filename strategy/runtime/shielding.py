"""Work that must not be torn by a cancelled caller, and waiting for whichever comes first."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar

from strategy.model import Clock

T = TypeVar("T")
log = logging.getLogger(__name__)


async def run_to_end(
    work: Coroutine[Any, Any, T], left: asyncio.Event | None = None, *, grace_s: float | None = None
) -> T:
    """Run `work` to its end whatever happens to the caller; a cancellation is passed on afterwards.

    `left` is set as soon as the caller is cancelled, so that the work can choose not to begin its next step. Work that
    goes on for `grace_s` seconds more is cancelled, too.
    """
    task = asyncio.create_task(work)  # noqa: TID251 - awaited right here, to its end, also by a cancelled caller
    gone: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task}, timeout=None if gone is None else grace_s)
        except asyncio.CancelledError as error:
            gone = error
            if left is not None:
                left.set()
        else:
            task.cancel()  # which does nothing to a task that is done
    if gone is None:
        return task.result()
    if not task.cancelled() and (failure := task.exception()) is not None:
        log.error("sheltered work failed after its caller had gone", exc_info=failure)
    raise gone


async def wait_until_or(clock: Clock, when: datetime | None, wake: asyncio.Event) -> None:
    """Return at `when` in market time (None: never) or as soon as `wake` is set."""
    if wake.is_set() or when is None:
        await wake.wait()
        return
    async with asyncio.TaskGroup() as waits:
        either = {waits.create_task(clock.sleep_until(when)), waits.create_task(wake.wait())}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in either:
                one.cancel()

"""One SQLite connection and the one thread that may touch it. See decision 0156."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


class Worker:
    """Carries out whole functions, one after the other: one hop between threads for a transaction, not ten."""

    def __init__(self, thread: ThreadPoolExecutor, connection: sqlite3.Connection) -> None:
        self._thread = thread
        self._connection = connection

    @classmethod
    async def opened(cls, connect: Callable[[], sqlite3.Connection]) -> "Worker":
        """Start the thread and call `connect` in it; where that fails, or its caller is cancelled, the thread ends."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        connecting = thread.submit(connect)
        try:
            return cls(thread, await asyncio.wrap_future(connecting))
        except BaseException:
            thread.submit(_let_go, connecting)
            thread.shutdown(wait=False)
            raise

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Call `work` after everything handed over before it; one whose caller is cancelled is begun no more."""
        return await asyncio.wrap_future(self._thread.submit(work, self._connection))

    async def close(self) -> None:
        """Close the connection behind everything handed over, and end the thread; also for a cancelled caller."""
        closing = self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)  # takes nothing more, and ends once it is done
        await asyncio.shield(asyncio.wrap_future(closing))
        self._thread.shutdown()  # has nothing left to do: no wait


def _let_go(connecting: "Future[sqlite3.Connection]") -> None:
    """Close a connection nobody waits for any more; runs behind what opens it."""
    with suppress(CancelledError, sqlite3.Error):
        connecting.result().close()

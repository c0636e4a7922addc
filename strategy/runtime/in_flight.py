"""Counts the work in flight, so that a stop can wait for it and a stepped clock knows when all is quiet."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Activity:
    """Work that must not be torn: a request sent, a state change being stored, a queue being emptied."""

    def __init__(self) -> None:
        self._running = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Count the block as work in flight."""
        self._running += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._quiet.set()

    @property
    def quiet(self) -> bool:
        return not self._running

    async def until_quiet(self) -> None:
        """Return when nothing is in flight."""
        await self._quiet.wait()


_WAITED_FOR_S = 0.05  # real seconds: an answer may take as long as the network likes, and fills must be told


class Precedence:
    """Lets an order leave before anything else is begun that can wait: to read the outbox, to put an alert into words
    and to send it costs the event loop and the disk milliseconds, which a stop should not pay."""

    def __init__(self) -> None:
        self._leaving = 0
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Count the block as an order on its way out."""
        self._leaving += 1
        self._free.clear()
        try:
            yield
        finally:
            self._leaving -= 1
            if not self._leaving:
                self._free.set()

    async def yielded(self) -> None:
        """Return when no order is on its way out, or one has been for so long that it must have left."""
        if self._leaving:
            with suppress(TimeoutError):
                async with asyncio.timeout(_WAITED_FOR_S):
                    while self._leaving:  # another one may begin before the wake-up is heard
                        await self._free.wait()

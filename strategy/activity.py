"""Counts the work in flight, so that a stop can wait for it and a stepped clock knows when all is quiet."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


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


class Precedence:
    """Lets an order leave before anything else is begun that can wait: putting an alert into words costs the event
    loop milliseconds, which a stop should not pay."""

    def __init__(self) -> None:
        self._leaving = 0
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Count the block as an order on its way out; it must not wait for anybody but the disk."""
        self._leaving += 1
        self._free.clear()
        try:
            yield
        finally:
            self._leaving -= 1
            if not self._leaving:
                self._free.set()

    async def yielded(self) -> None:
        """Return when no order is on its way out."""
        await self._free.wait()

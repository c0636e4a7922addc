"""A queue whose waiting items count as work in flight, so that a stepped clock and an orderly stop see them."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Generic, TypeVar

Item = TypeVar("Item")


class WorkQueue(Generic[Item]):
    """Items wait in order and are never dropped. `put` may be called from where nothing can be awaited."""

    def __init__(self, *counts: Callable[[], AbstractContextManager[None]]) -> None:
        """`counts` are entered by what waits and left when it is handled: an Activity, a Precedence."""
        self._counts = counts
        self._items: deque[tuple[Item, ExitStack]] = deque()
        self._there = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        """Add an item; the activity is not quiet until it has been handled."""
        hold = ExitStack()
        for count in self._counts:
            hold.enter_context(count())
        self._items.append((item, hold))
        self._there.set()

    async def wait(self) -> None:
        """Return when something is waiting."""
        await self._there.wait()

    def pop(self) -> tuple[Item, Callable[[], None]]:
        """Hand out the oldest item, and what to call once it no longer counts as work in flight."""
        item, hold = self._items.popleft()
        if not self._items:
            self._there.clear()

        return item, hold.close

    @contextmanager
    def take(self) -> Iterator[Item]:
        """Hand out the oldest item; it is handled when the block ends, however it ends."""
        item, handled = self.pop()
        try:
            yield item
        finally:
            handled()

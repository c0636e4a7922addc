"""Tells subscribers which orders changed. Of one order only the newest state waits, so a slow reader holds little."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from strategy.model import Order, OrderNo


class OrderChanges:
    """One subscriber's view: orders changed since it last asked, oldest change first."""

    def __init__(self) -> None:
        self._waiting: dict[OrderNo, Order] = {}
        self.wake = asyncio.Event()  # set while something waits

    def put(self, order: Order) -> None:
        self._waiting.pop(order.no, None)
        self._waiting[order.no] = order
        self.wake.set()

    async def next(self) -> Order:
        """Wait for the next changed order; of one order changed several times only the newest state comes."""
        while not self._waiting:
            self.wake.clear()
            await self.wake.wait()
        no = next(iter(self._waiting))
        order = self._waiting.pop(no)
        if not self._waiting:
            self.wake.clear()
        return order

    def clear(self) -> None:
        """Forget what waits: for a subscriber that only wants to be woken."""
        self._waiting.clear()
        self.wake.clear()


class OrderFeed:
    """Publishes to everybody subscribed at that moment; never blocks."""

    def __init__(self) -> None:
        self._subscribers: list[OrderChanges] = []

    def publish(self, order: Order) -> None:
        for subscriber in self._subscribers:
            subscriber.put(order)

    @contextmanager
    def subscribe(self) -> Iterator[OrderChanges]:
        changes = OrderChanges()
        self._subscribers.append(changes)
        try:
            yield changes
        finally:
            self._subscribers.remove(changes)

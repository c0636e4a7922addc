"""Streamed notices, applied to their orders; those of numbers nobody knows yet wait (kis-protocol 7.7)."""

import logging
from collections import deque
from datetime import datetime, timedelta

from strategy.execution.order_cache import OrderCache, OrderReason, traded_on
from strategy.model import Notice, Order, OrderNo, OrderStatus, Said

log = logging.getLogger(__name__)

_HELD_FOR = timedelta(minutes=10)  # market time; the inquiry has told by then
_HELD_MOST = 2000


class Notices:
    """Applies notices one by one; every method that touches the cache takes its lock."""

    def __init__(self, cache: OrderCache) -> None:
        self._cache = cache
        self._held: deque[Notice] = deque()

    @property
    def tickers_waiting(self) -> frozenset[str]:
        """Tickers with notices of numbers nobody knows."""
        return frozenset(notice.ticker for notice in self._held)

    async def apply(self, notice: Notice) -> bool:
        """Apply a notice or hold it for its order; return whether the judge should be asked soon."""
        async with self._cache.lock:
            return await self._apply(notice)

    async def retry(self, at: datetime) -> bool:
        """Try the held ones again after a number became known; return whether the judge should be asked soon."""
        async with self._cache.lock:
            doubtful = False
            for _ in range(len(self._held)):
                notice = self._held.popleft()
                try:
                    doubtful |= await self._apply(notice)  # holds it again, at the end, while nobody owns it
                except BaseException:
                    self._held.appendleft(notice)
                    raise
            while self._held and at - self._held[0].received_at > _HELD_FOR:
                self._drop(self._held.popleft())
        return doubtful

    def _hold(self, notice: Notice) -> None:
        self._held.append(notice)
        if len(self._held) > _HELD_MOST:
            self._drop(self._held.popleft())

    def _drop(self, notice: Notice) -> None:
        log.warning("notice of an unknown order let go", extra={"venue_no": notice.venue_no, "kind": notice.kind.value})

    async def _apply(self, notice: Notice) -> bool:
        numbers = (notice.venue_no, notice.original_no)
        no = await self._cache.find(numbers, traded_on(notice.received_at), notice.ticker, notice.side)
        if no is None:
            self._hold(notice)
            return False  # whoever waits for its order asks
        order = await self._cache.get(no)
        match notice.kind:
            case Notice.Kind.ACCEPTED:
                return False
            case Notice.Kind.AMENDED:
                return await self._amended(order, notice)
            case Notice.Kind.CANCELED:
                return await self._canceled(order, notice)
            case Notice.Kind.REJECTED:
                return await self._rejected(order, notice)
            case Notice.Kind.FILLED:
                return await self._filled(no, order, notice)

    async def _amended(self, order: Order, notice: Notice) -> bool:
        if notice.venue_no not in await self._cache.numbers(order.no):
            await self._cache.move(
                order.no,
                order.status,
                notice.received_at,
                venue_no=notice.venue_no,
                limit_price=notice.price if notice.price > 0 else None,
            )
        return order.status is OrderStatus.UNKNOWN

    async def _canceled(self, order: Order, notice: Notice) -> bool:
        if not order.status.closed:
            await self._cache.move(order.no, OrderStatus.CANCELED, notice.received_at)
        return True  # a fill just before the cancel may have been missed

    async def _rejected(self, order: Order, notice: Notice) -> bool:
        """A refused order ends; a refused amend or cancel (it names the original) leaves the order working."""
        if notice.original_no is not None and notice.original_no != notice.venue_no:
            numbers = await self._cache.numbers(order.no)
            undone = notice.venue_no == order.venue_no and notice.original_no in numbers
            if order.status is OrderStatus.CANCEL_SENT or undone:
                await self._cache.move(
                    order.no,
                    working(order) if order.status is OrderStatus.CANCEL_SENT else order.status,
                    notice.received_at,
                    venue_no=notice.original_no if undone else None,
                )
        elif not order.status.closed:
            await self._cache.move(
                order.no, OrderStatus.REJECTED, notice.received_at, reason=Said(OrderReason.REFUSED_BY_VENUE)
            )
        return True

    async def _filled(self, no: OrderNo, order: Order, notice: Notice) -> bool:
        weighed = (await self._cache.tally(no)).noticed(notice)
        if weighed.parts:
            filled = order.filled_qty + sum(part.qty for part in weighed.parts)
            await self._cache.move(
                no,
                after_fill(order, filled),
                notice.received_at,
                parts=weighed.parts,
                tally=weighed.tally,
            )
        else:
            self._cache.remember(no, weighed.tally)
        now = await self._cache.get(no)
        ended = not now.status.closed and not now.open_qty  # all of what it was amended down to
        return weighed.doubtful or ended


def working(order: Order) -> OrderStatus:
    """Return the state of an order that works at the venue."""
    return OrderStatus.PARTIALLY_FILLED if order.filled_qty else OrderStatus.ACCEPTED


def after_fill(order: Order, filled: int) -> OrderStatus:
    """Return the state after a fill: an end stays an end until the whole is filled, a doubt stays a doubt."""
    if filled >= order.request.qty:
        return OrderStatus.FILLED
    stays = order.status in (
        OrderStatus.CANCEL_SENT,
        OrderStatus.UNKNOWN,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.FILLED,
    )
    return order.status if stays else OrderStatus.PARTIALLY_FILLED

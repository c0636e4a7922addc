"""What leaves for the broker: each request once, and a true record of whatever comes back.
See decisions 0090 and 0015."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.execution.order_cache import NEVER_SENT, NO_ANSWER, Context, OrderCache
from strategy.execution.order_polling import SOON, OrderPolling
from strategy.execution.resending import Resending
from strategy.model import (
    Acceptance,
    BrokerError,
    BrokerFault,
    Clock,
    InvalidOrder,
    NotPermitted,
    OfferedMeanwhile,
    Order,
    OrderDenied,
    OrderNo,
    OrderRejected,
    OrderRequest,
    OrderStatus,
    OutcomeUnknown,
    Said,
    Side,
    StorageError,
    Symbol,
    TryLater,
    VenueNo,
    on_tick,
)
from strategy.ports import Broker, Permits

log = logging.getLogger(__name__)


class SendingNote(StrEnum):
    SENT_AGAIN = "sending.sent_again"
    CANNOT_SET = "sending.cannot_set"
    BEING_LOOKED_UP = "sending.being_looked_up"


_REFUSED = (OrderRejected, BrokerFault)  # proof that nothing was placed, changed or canceled, and asking again is idle
_CANCEL_AGAIN = timedelta(seconds=3)


class OrderSender:
    """Submits, amends and cancels. The caller holds the ticker's turn and shelters the work.

    Every method takes `left`: set when whoever asked has gone, so that nothing new is sent for them.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        cache: OrderCache,
        polling: OrderPolling,
        clock: Clock,
        in_flight: set[OrderNo],
        answer_limit_s: float,
        permissions: Permits,
        blocked: Callable[[OrderRequest], Said | None],
        numbered: Callable[[], Awaitable[None]],
    ) -> None:
        """`numbered` is called when an order got a number, for notices that wait for it."""
        self._broker = broker
        self._cache = cache
        self._polling = polling
        self._clock = clock
        self._in_flight = in_flight
        self._answer_limit_s = answer_limit_s
        self._permissions = permissions
        self._blocked = blocked
        self._numbered = numbered
        self.resending = Resending()
        self._cancel_sent_at: dict[OrderNo, datetime] = {}
        self._waiting: set[asyncio.Timeout] = set()  # for answers
        self._idle = asyncio.Event()  # ... none is waited for
        self._idle.set()

    def hurry(self, seconds: float) -> None:
        """Wait no longer than that (real time) for any answer from now on; what has none then is unknown."""
        self._answer_limit_s = min(self._answer_limit_s, seconds)
        latest = asyncio.get_running_loop().time() + seconds
        for limit in self._waiting:
            limit.reschedule(min(limit.when() or latest, latest))

    async def answered(self, within_s: float) -> bool:
        """Wait until the broker has answered all that is on its way, at most so many real seconds; say whether it has.

        What may leave was asked just before: nothing can follow that a mode set meanwhile forbids.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def place(
        self, request: OrderRequest, context: Context, left: asyncio.Event, offered: int | None = None
    ) -> Order:
        """Store the intent, then send; see `OrderDesk.place`. Raises OrderDenied, NotPermitted and StorageError as that
        does."""
        if request.ticket is not None and (placed := await self._cache.by_ticket(request.ticket)) is not None:
            return placed
        if (why := self._blocked(request)) is not None:
            raise OrderDenied(str(why), user_message=why)
        async with self._cache.lock:
            if (forbidden := self._permissions.may_send(request)) is not None:
                raise NotPermitted(forbidden)
            if offered is not None and self._offered(request.symbol) > offered:  # a sell by hand was heard of meanwhile
                raise OfferedMeanwhile(f"{request.symbol}: more shares are offered than the {offered} that were known")
            order = await self._cache.send(request, context, self._now())
            self._in_flight.add(order.no)
            forbidden = self._permissions.may_send(request)  # a person may have been faster than the disk
            if left.is_set() or forbidden is not None:  # whoever wanted it is gone, and nothing has been sent
                self._in_flight.discard(order.no)
                reason = NEVER_SENT if forbidden is None else forbidden.text
                try:
                    return await self._cache.move(order.no, OrderStatus.DENIED, self._now(), reason=reason)
                finally:
                    self._polling.reconsider()  # not stored, it blocks its ticker until a look finds it absent
        try:
            order = await self._send(order.no, request)
            if left.is_set() and self.resending.holds(order.no):
                return await self.take_back(order.no)  # the next try would be for nobody
            return order
        finally:
            self._landed(order.no)
            await self._keep_context(order.no)

    def _offered(self, symbol: Symbol) -> int:
        sells = (one for one in self._cache.open() if one.request.symbol == symbol and one.request.side is Side.SELL)
        return sum(one.open_qty for one in sells)

    def _landed(self, no: OrderNo) -> None:
        """End an order's being in flight, unless it waits here for its next try: then nobody needs to look for it."""
        if not self.resending.holds(no):
            self._in_flight.discard(no)
            self._polling.reconsider()

    async def again(self, no: OrderNo, left: asyncio.Event) -> Order:
        """Send an order once more that the broker certainly did not take; end it where that is not permitted now."""
        order = await self._cache.get(no)
        if not self.resending.holds(no):
            return order
        forbidden = self._permissions.may_send(order.request)
        if left.is_set() or forbidden is not None:
            return await self.take_back(no, NEVER_SENT if forbidden is None else forbidden.text)
        try:
            return await self._send(no, order.request)
        finally:
            self._landed(no)

    async def take_back(self, no: OrderNo, reason: Said = NEVER_SENT) -> Order:
        """End an order that waits for its next try: it is at no venue."""
        self.resending.drop(no)
        self._landed(no)
        async with self._cache.lock:
            return await self._cache.move(no, OrderStatus.DENIED, self._now(), reason=reason)

    async def _keep_context(self, no: OrderNo) -> None:
        """Note what stood behind an order; without it a message of a later run says less, and nothing else changes."""
        try:
            await self._cache.keep_context(no)
        except StorageError as error:
            log.warning("what stood behind an order could not be noted", extra={"order": no, "error": str(error)})

    async def _send(self, no: OrderNo, request: OrderRequest) -> Order:
        try:
            acceptance = await self._answer(self._broker.submit(request))
        except TryLater as error:
            return await self._not_now(no, request, error)
        except _REFUSED as error:
            log.warning("order refused", extra={"order": no, "error": str(error)})
            self.resending.drop(no)
            async with self._cache.lock:
                return await self._cache.move(no, OrderStatus.REJECTED, self._now(), reason=error.user_message)
        except BaseException as error:  # noqa: BLE001 - once sent, whatever happens leaves the outcome unknown
            # cancelled, or anything else after sending: the order may be at the broker, and the record says so
            self.resending.drop(no)
            await self._lose(no, error)
            return await self._cache.get(no)
        self.resending.drop(no)
        async with self._cache.lock:
            await self._cache.move(
                no, OrderStatus.ACCEPTED, self._now(), venue_no=acceptance.venue_no, accepted_at=acceptance.accepted_at
            )
        await self._numbered()
        return await self._cache.get(no)

    async def _not_now(self, no: OrderNo, request: OrderRequest, error: TryLater) -> Order:
        """Let an order wait for its next try; a rule's or a person's is given up after a while."""
        log.warning("order not taken now", extra={"order": no, "error": str(error)})
        said = error.user_message
        news = self.resending.said(no) != said
        waits = self.resending.hold(no, request, said, self._now())
        if waits and not news:
            return await self._cache.get(no)
        status, reason = (OrderStatus.SENT, _later(said)) if waits else (OrderStatus.REJECTED, said)
        async with self._cache.lock:
            return await self._cache.move(no, status, self._now(), reason=reason)

    async def amend(
        self, no: OrderNo, qty: int | None, limit_price: Decimal | None, reprices: int | None, left: asyncio.Event
    ) -> Order:
        """Change quantity or price; see `OrderDesk.amend`. The quantity is in whole shares, the limit in dollars.
        Raises as that does."""
        order = await self._cache.get(no)
        if order.status.closed:
            return order
        venue_no = _number(order)
        price = order.limit_price if limit_price is None else limit_price
        left_open = order.open_qty
        wanted = left_open if qty is None else qty
        if not (0 < wanted <= left_open) or not on_tick(price):
            raise InvalidOrder(f"cannot amend order {no} to {wanted} at {price}", user_message=_NOT_AMENDABLE)
        if left.is_set():
            return order
        forbidden = self._permissions.may_amend(order, wanted, price, by_rule=reprices is not None)
        if forbidden is not None:
            raise NotPermitted(forbidden)
        try:
            acceptance = await self._answer(self._broker.amend(order.request.symbol, venue_no, wanted, price))
        except TryLater:
            raise  # the order works on as it was: whoever asked knows whether the price is still wanted
        except _REFUSED as error:
            now = await self._refused(no, error, wanted)
            return now if now.status.closed or qty is not None else await self.amend(no, qty, price, reprices, left)
        except BaseException as error:  # noqa: BLE001 - once sent, whatever happens leaves the outcome unknown
            await self._lose(no, error)
            if not left.is_set():
                await self._polling.try_poll()
            return await self._cache.get(no)
        async with self._cache.lock:
            now = await self._cache.get(no)
            await self._cache.move(
                no,
                now.status,
                self._now(),
                venue_no=acceptance.venue_no,
                limit_price=price,
                reprices=reprices,
                working_qty=None if qty is None else order.filled_qty + wanted,
            )
        await self._numbered()
        return await self._cache.get(no)

    async def cancel(self, no: OrderNo, left: asyncio.Event) -> Order:
        """Ask to cancel; see `OrderDesk.cancel`."""
        order = await self._cache.get(no)
        if order.status is OrderStatus.UNKNOWN and order.venue_no is not None:
            await self._polling.try_poll()
            order = await self._cache.get(no)
        if order.status.closed or left.is_set() or self._cancel_is_fresh(order):
            self.resending.drop_cancel(no)
            return order
        if self.resending.holds(no):
            return await self.take_back(no)
        venue_no = _number(order, in_doubt=True)
        self._cancel_sent_at[no] = self._now()
        left_open = order.open_qty
        try:
            await self._answer(self._broker.cancel(order.request.symbol, venue_no, left_open))
        except TryLater as error:
            del self._cancel_sent_at[no]
            self.resending.hold_cancel(no, order.request, error.user_message, self._now())
            raise
        except _REFUSED as error:
            self.resending.drop_cancel(no)
            now = await self._refused(no, error, left_open)
            return now if now.status.closed else await self.cancel(no, left)
        except BaseException as error:  # noqa: BLE001 - once sent, whatever happens leaves the outcome unknown
            self.resending.drop_cancel(no)
            await self._cancel_sent(no, _unclear(error))
            _pass_on(no, error)
            if not left.is_set():
                await self._polling.try_poll()  # it may have been too late: the broker's list knows
            return await self._cache.get(no)
        self.resending.drop_cancel(no)
        await self._cancel_sent(no, None)
        return await self._cache.get(no)

    def _cancel_is_fresh(self, order: Order) -> bool:
        """A cancel may be asked again, unlike an order: a second one does nothing. But not while one is on its way."""
        at = self._cancel_sent_at.get(order.no)
        return order.status is OrderStatus.CANCEL_SENT and at is not None and self._now() - at < _CANCEL_AGAIN

    async def _cancel_sent(self, no: OrderNo, reason: Said | None) -> None:
        async with self._cache.lock:
            if not (await self._cache.get(no)).status.closed:
                await self._cache.move(no, OrderStatus.CANCEL_SENT, self._now(), reason=reason)
        self._polling.soon(2 * SOON)

    async def _answer(self, request: Awaitable[Acceptance]) -> Acceptance:
        async with asyncio.timeout(self._answer_limit_s) as limit:
            self._waiting.add(limit)
            self._idle.clear()
            try:
                return await request
            finally:
                self._waiting.discard(limit)
                if not self._waiting:
                    self._idle.set()

    async def _lose(self, no: OrderNo, error: BaseException) -> None:
        """Say that nobody knows; what a notice or a look told meanwhile stays. Cancellation is passed on."""
        async with self._cache.lock:
            order = await self._cache.get(no)
            if not order.status.closed and order.status is not OrderStatus.UNKNOWN:
                await self._cache.move(no, OrderStatus.UNKNOWN, self._now(), reason=_unclear(error))
        self._polling.soon()
        _pass_on(no, error)

    async def _refused(self, no: OrderNo, error: BrokerError, asked_qty: int) -> Order:
        """Look what became of an order whose amend or cancel was refused: mostly it has ended.

        Raises the refusal when it works on, unless a fill not heard of before made the asked quantity too large.
        """
        await self._polling.try_poll()
        order = await self._cache.get(no)
        if order.status.closed or order.open_qty < asked_qty:
            return order
        self._polling.soon()
        raise error

    def _now(self) -> datetime:
        return self._clock.now()


def _number(order: Order, *, in_doubt: bool = False) -> VenueNo:
    """Return the number to address; raise InvalidOrder while the order cannot be addressed."""
    if order.venue_no is None or (order.status is OrderStatus.UNKNOWN and not in_doubt):
        raise InvalidOrder(f"order {order.no} is {order.status}", user_message=_BEING_LOOKED_UP)
    return order.venue_no


def _unclear(error: BaseException) -> Said:
    """Return why an outcome is not known, in the broker's own words where it said any."""
    said = error.user_message if isinstance(error, OutcomeUnknown) else OutcomeUnknown.user_message
    return NO_ANSWER if said == OutcomeUnknown.user_message else said


def _later(said: Said) -> Said:
    return Said(SendingNote.SENT_AGAIN, refusal=said)


def _pass_on(no: OrderNo, error: BaseException) -> None:
    """Raise again what must end the task; log what nobody expected."""
    if not isinstance(error, Exception):
        raise error
    if not isinstance(error, OutcomeUnknown | TimeoutError):
        log.error("request failed in an unexpected way", extra={"order": no}, exc_info=error)


_NOT_AMENDABLE = Said(SendingNote.CANNOT_SET)
_BEING_LOOKED_UP = Said(SendingNote.BEING_LOOKED_UP)

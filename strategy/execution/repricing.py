"""Nothing a rule ordered rests unattended (D10): re-price after a while, a few times, then cancel and tell.
See decision 0096."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.execution.order_cache import DeskSettings
from strategy.execution.order_feed import OrderChanges
from strategy.execution.resending import AGAIN
from strategy.model import (
    Clock,
    Notable,
    NotPermitted,
    Order,
    OrderNo,
    OrderStatus,
    Origin,
    Said,
    TradingError,
    TryLater,
    on_tick,
)
from strategy.ports import Notifier, Permits
from strategy.runtime import Activity, wait_until_or

log = logging.getLogger(__name__)


class RepricingNote(StrEnum):
    NOT_FILLED = "repricing.not_filled"
    NOT_FOLLOWED = "repricing.not_followed"


PriceFor = Callable[[Order], Awaitable[Decimal | None]]

_RESTING = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.CANCEL_SENT})


class Desk(Protocol):
    """What the policy needs of the order desk."""

    @property
    def open(self) -> Sequence[Order]: ...

    async def amend(self, no: OrderNo, *, limit_price: Decimal | None = None, reprices: int | None = None) -> Order:
        """Move an order to another limit, in dollars."""

    async def cancel(self, no: OrderNo) -> Order: ...

    def changed(self) -> AbstractContextManager[OrderChanges]: ...


class Repricer:
    """Gives every SIGNAL order, and every adopted one, its rounds of ORDER_TIMEOUT_S each."""

    def __init__(
        self,
        *,
        desk: Desk,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
        settings: DeskSettings,
        permissions: Permits,
        price_for: PriceFor | None,
    ) -> None:
        self._desk = desk
        self._notifier = notifier
        self._clock = clock
        self._activity = activity
        self._settings = settings
        self._price_for = price_for
        self._permissions = permissions
        self._since: dict[OrderNo, datetime] = {}  # when the present round began
        self._rounds: dict[OrderNo, int] = {}  # rounds over, those without a new price included
        self._again: dict[OrderNo, datetime] = {}  # of a round the broker did not take: its next try
        self._told: set[OrderNo] = set()
        self._busy: set[OrderNo] = set()

    async def run(self) -> None:
        """Watch until cancelled; each order is worked apart, so that one hanging request holds up no other."""
        self._busy.clear()  # of a run before this one that ended before its hands had begun
        with self._desk.changed() as changes:
            async with asyncio.TaskGroup() as hands:
                while True:
                    resting = self._resting()
                    now = self._clock.now()
                    for order in resting:
                        if self._due(order) <= now:
                            self._busy.add(order.no)
                            hands.create_task(self._work(order.no, changes), name=f"working order {order.no}")
                    due = min((self._due(order) for order in resting if order.no not in self._busy), default=None)
                    await wait_until_or(self._clock, due, changes.wake)
                    changes.clear()

    def _resting(self) -> Sequence[Order]:
        """Return the orders to watch, none of them being worked now; forget those that have ended."""
        orders = {order.no: order for order in self._desk.open if _watched(order)}
        for memory in (self._since, self._rounds, self._again):
            for no in [no for no in memory if no not in orders]:
                del memory[no]
        self._told &= orders.keys()
        return [order for order in orders.values() if order.status in _RESTING and order.no not in self._busy]

    def _due(self, order: Order) -> datetime:
        since = self._since.setdefault(order.no, order.updated_at)
        if order.no in self._again:
            return self._again[order.no]
        return since + timedelta(seconds=self._settings.of(order.request.symbol).order_timeout_s)

    async def _work(self, no: OrderNo, changes: OrderChanges) -> None:
        try:
            with self._activity():
                order = next((order for order in self._desk.open if order.no == no), None)
                if order is not None and order.status in _RESTING:
                    await self._round(order)
        except TryLater as error:  # certainly not done, so it is no round either
            log.warning("working order not changed now", extra={"order": no, "error": str(error)})
            self._again[no] = self._clock.now() + AGAIN
        except TradingError as error:
            log.warning("working order not changed", extra={"order": no, "error": str(error)})
            self._over(no)
        except BaseException:
            self._over(no)
            raise
        else:
            self._over(no)
        finally:
            self._busy.discard(no)
            changes.wake.set()

    def _over(self, no: OrderNo) -> None:
        self._again.pop(no, None)
        self._since[no] = self._clock.now()
        self._rounds[no] = self._rounds.get(no, 0) + 1

    async def _round(self, order: Order) -> None:
        """End a round: a new price, or the end of the order."""
        over = self._rounds.setdefault(order.no, order.reprices)
        limit = self._settings.of(order.request.symbol).order_reprices
        if order.status is OrderStatus.CANCEL_SENT or over >= limit:
            await self._end(order, _not_filled(order, over))
            return
        price = await self._fresh_price(order)
        if price is None or price == order.limit_price:
            return
        async with self._permissions.may_reprice(order, price) as refused:
            if refused is None:
                try:
                    await self._desk.amend(order.no, limit_price=price, reprices=order.reprices + 1)
                except NotPermitted as error:
                    if not error.why.lasts:
                        raise  # it may follow its price later
                    why: Said = error.user_message
                else:
                    return
            else:
                why = refused
        await self._end(order, _not_followed(order, price, why))

    async def _fresh_price(self, order: Order) -> Decimal | None:
        price = None if self._price_for is None else await self._price_for(order)
        return price if price is not None and on_tick(price) else None

    async def _end(self, order: Order, why: Said) -> None:
        if order.no not in self._told:
            self._told.add(order.no)
            at = self._clock.now()
            symbol = order.request.symbol
            await self._notifier.tell(Notable(at=at, key=f"timeout:{order.no}", what=why, symbol=symbol))
        await self._desk.cancel(order.no)


def _not_filled(order: Order, rounds: int) -> Said:
    ticker, left = order.request.symbol.ticker, order.open_qty
    return Said(RepricingNote.NOT_FILLED, order=order.no, ticker=ticker, qty=left, rounds=rounds)


def _not_followed(order: Order, price: Decimal, refused: Said) -> Said:
    ticker, left = order.request.symbol.ticker, order.open_qty
    return Said(RepricingNote.NOT_FOLLOWED, order=order.no, ticker=ticker, qty=left, price=price, refusal=refused)


def _watched(order: Order) -> bool:
    """Return whether an order is the policy's: the rule's own, and those by hand that it was told to adopt."""
    return order.request.origin is Origin.SIGNAL or order.adopted_by is not None

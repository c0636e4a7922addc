"""When to ask the broker for all orders: shared among callers, soon after a doubt, rarely when all is settled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, datetime, timedelta

from strategy.execution.order_cache import OrderCache, traded_on
from strategy.execution.order_matching import Evidence, early_polls
from strategy.model import (
    BrokerError,
    BrokerOrder,
    Clock,
    Order,
    OrderList,
    OrderNo,
    OrderStatus,
    Said,
    Side,
    TradingError,
    TryLater,
    VenueNo,
)
from strategy.ports import Broker
from strategy.runtime import Activity, Backoff, wait_until_or

log = logging.getLogger(__name__)

SOON = timedelta(seconds=1)  # the broker's list is asked this long after a doubt
_PAUSES = Backoff((1, 2, 3, 5, 10, 20, 30))  # of market time between polls while something is unsettled
_QUIET_POLL = timedelta(minutes=5)  # orders resting over the close end without a notice (kis-protocol 7.7)
_UNSETTLED = frozenset({OrderStatus.UNKNOWN, OrderStatus.SENT, OrderStatus.CANCEL_SENT})
_DAY = timedelta(days=1)
_EVIDENCE_AFTER = timedelta(seconds=20)  # an order without an answer is looked for in the other lists, too
_STOP_WAITS = timedelta(seconds=10)  # ... a sell that often, until the visibility lag is over


_Name = tuple[VenueNo, str, Side]  # a number alone is unique within a branch only


class OrderPolling:
    """Asks and applies; `apply` is the desk's word on what was seen."""

    def __init__(
        self,
        *,
        broker: Broker,
        cache: OrderCache,
        clock: Clock,
        activity: Activity,
        in_flight: Collection[OrderNo],
        lag: timedelta,
        unplaced: Callable[[], Collection[str]],
        apply: Callable[[OrderList, datetime, Evidence | None], Awaitable[Sequence[Said]]],
    ) -> None:
        """`in_flight` are orders whose reply is awaited, `unplaced` tickers with notices of unknown numbers."""
        self._broker = broker
        self._cache = cache
        self._clock = clock
        self._activity = activity
        self._in_flight = in_flight
        self._lag = lag
        self._traded: dict[_Name, tuple[date, datetime]] = {}  # orders seen with fills, their date, and since when
        self._unplaced = unplaced
        self._apply = apply
        self._turn = asyncio.Lock()
        self._started = 0
        self._done = 0  # number of the newest look that succeeded
        self._lines: Sequence[Said] = ()  # what it found
        self._looked_at = clock.now()
        self._due: datetime | None = None
        self._doubted_until: datetime | None = None  # something was told that could not be read
        self._polls = 0  # in a row that settled nothing
        self._wake = asyncio.Event()

    async def poll(self, since: datetime | None = None) -> Sequence[Said]:
        """Ask now, or share a look that starts after this call; raise BrokerError when the broker cannot be asked.

        One that needs older dates is not shared.
        """
        started = self._started
        async with self._turn:
            if self._done <= started or since is not None:
                with self._activity():
                    self._started += 1
                    number, at = self._started, self._clock.now()
                    seen = await self._broker.orders(*self._dates(at, since))
                    self._refuse_holes(seen, at)
                    self._lines = await self._apply(seen, at, await self._evidence(at))
                    self._done = number
            return self._lines

    def _refuse_holes(self, seen: OrderList, at: datetime) -> None:
        """Raise TryLater for a list without an order that an older one showed with fills: what traded stays traded.

        An empty or cut answer would otherwise pass for a day without orders, hand-made ones included (S54). A row that
        cannot be read is there all the same.
        """
        names = {_name(order, number) for order in seen for number in (order.venue_no, *order.replaced)}
        unread = {row.venue_no for row in seen.unread}
        today = traded_on(at)
        self._traded = {name: known for name, known in self._traded.items() if known[0] == today}
        lost = [
            name
            for name, (_, since) in self._traded.items()
            if name not in names and name[0] not in unread and at - since > self._lag
        ]
        if len(lost) > sum(row.venue_no is None for row in seen.unread):
            raise TryLater(f"the list of orders lacks {len(lost)} that were on it")
        for order in seen:
            if order.filled_qty and order.traded_on == today:
                self._traded.setdefault(_name(order, order.venue_no), (today, at))

    async def _evidence(self, at: datetime) -> Evidence | None:
        """Ask the other lists where an order may soon be called absent; None: nobody needs them, or no answer."""
        if not any(at - order.request.created_at >= _EVIDENCE_AFTER for order in self._unanswered()):
            return None
        evidence = None
        try:
            async with asyncio.TaskGroup() as asking:
                open_orders = asking.create_task(self._broker.open_orders(), name="open orders")
                holdings = asking.create_task(self._broker.holdings(), name="holdings")
            evidence = Evidence(open_orders=open_orders.result(), holdings=holdings.result())
        except* BrokerError as group:
            log.warning("open orders and holdings could not be asked", extra={"error": str(group.exceptions[0])})
        return evidence

    def _unanswered(self) -> Sequence[Order]:
        lost = (OrderStatus.SENT, OrderStatus.UNKNOWN)
        orders = [order for order in self._cache.open() if order.no not in self._in_flight]
        return [order for order in orders if order.venue_no is None and order.status in lost]

    async def try_poll(self) -> None:
        """Ask now; when that fails, plan to ask again."""
        try:
            await self.poll()
        except TradingError as error:
            log.warning("orders could not be asked", extra={"error": str(error)})
            self.looked()
            self._plan(timedelta(seconds=_PAUSES.pause(self._polls)))

    def soon(self, after: timedelta = SOON) -> None:
        """Plan a look; the pauses after it start short again."""
        self._polls = 0
        self._plan(after)

    def missed_news(self) -> None:
        """Ask now, at most once a second, and again until the broker's list must show what is not known."""
        now = self._clock.now()
        self._doubted_until = now + self._lag
        self.soon(max(SOON - (now - self._looked_at), timedelta(0)))

    def looked(self) -> None:
        """Note that the broker has just been asked, and think again about the next time."""
        self._looked_at = self._clock.now()
        self._wake.set()

    def reconsider(self) -> None:
        """Think again about the next time: there is one more order to keep an eye on."""
        self._wake.set()

    async def run(self) -> None:
        """Look whenever it is due, until cancelled."""
        while True:
            due = self._next()
            if due is None or due > self._clock.now():
                await wait_until_or(self._clock, due, self._wake)
                self._wake.clear()
                continue
            self._due = None
            self._polls += 1
            await self.try_poll()

    def _plan(self, after: timedelta) -> None:
        due = self._clock.now() + after
        self._due = due if self._due is None else min(due, self._due)
        self._wake.set()

    def _next(self) -> datetime | None:
        """Return when the broker should be asked next, or None when nothing is open or in doubt."""
        dues = [] if self._due is None else [self._due]
        orders = [order for order in self._cache.open() if order.no not in self._in_flight]
        again = self._looked_at + timedelta(seconds=_PAUSES.pause(self._polls))
        if self._doubted_until is not None and again < self._doubted_until:
            dues.append(again)
        if self._unplaced() or any(order.status in _UNSETTLED for order in orders):
            dues.append(again)
            dues += filter(None, (self._early(order) for order in orders))
        elif orders:
            dues.append(self._looked_at + _QUIET_POLL)
        return min(dues, default=None)

    def _early(self, order: Order) -> datetime | None:
        """Return when to look for a sell without an answer sooner than for anything else: a stop may wait for it."""
        polls = early_polls(order)
        if polls is None or self._looked_at - order.updated_at >= self._lag:
            return None
        return next((poll for poll in polls if poll > self._looked_at), self._looked_at + _STOP_WAITS)

    def _dates(self, at: datetime, since: datetime | None) -> tuple[date, date]:
        """Return New York dates that cover today, its neighbours, and the day of everything still open."""
        first = min([at, since or at, *(order.request.created_at for order in self._cache.open())])
        return traded_on(first) - _DAY, traded_on(at) + _DAY


def _name(order: BrokerOrder, number: VenueNo) -> _Name:
    return number, order.symbol.ticker, order.side

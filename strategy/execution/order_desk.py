"""The order desk: the only code that may submit, amend or cancel.

Whatever the broker, the caller or the process does, the record stays true: the intent is on disk before a request
leaves, a request leaves once, and a missing answer is "unknown" until the broker's own list settles it.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from strategy.execution.cost_book import CostBook
from strategy.execution.execution_reports import Notices
from strategy.execution.interface import OrderDesk
from strategy.execution.order_cache import Context, DeskSettings, OrderCache
from strategy.execution.order_feed import OrderChanges, OrderFeed
from strategy.execution.order_matching import Evidence
from strategy.execution.order_polling import OrderPolling
from strategy.execution.order_reconciliation import OrderReconciler
from strategy.execution.order_sender import OrderSender
from strategy.execution.repricing import PriceFor, Repricer
from strategy.model import (
    BrokerError,
    BrokerOrder,
    Clock,
    Decision,
    Holdings,
    InvalidOrder,
    Notice,
    Order,
    OrderList,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Position,
    Said,
    Side,
    StorageError,
    Symbol,
    TradingError,
)
from strategy.ports import Broker, DecisionJournal, Notes, Notifier, OrderJournal, Permits
from strategy.runtime import Activity, Precedence, run_to_end, wait_until_or

log = logging.getLogger(__name__)


class DeskNote(StrEnum):
    NOT_READ = "desk.not_read"
    OUTCOME_UNKNOWN = "desk.outcome_unknown"
    ADOPTED = "desk.adopted"
    NO_SUCH = "desk.no_such"


_UNANSWERED = frozenset({OrderStatus.INTENDED, OrderStatus.SENT, OrderStatus.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecords:
    """Where orders are kept and told of; `notes` and `decisions` let their messages keep the reasons over a restart."""

    orders: OrderJournal
    notifier: Notifier
    notes: Notes | None = None
    decisions: DecisionJournal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWaits:
    """How long the broker may take to show an order (market seconds), and to answer (real seconds, a last guard)."""

    visibility_lag_s: float = 120.0
    answer_limit_s: float = 20.0


class LiveOrderDesk(OrderDesk):
    """Intents, the one request, facts from notices and inquiries, and the orders' ends.

    Requests of one ticker go one at a time, but for what protects: a stop's or a panic's sell waits for no buy. Facts
    are applied at once even while a request hangs. Nothing here holds `activity` while it only waits for the clock.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        records: OrderRecords,
        clock: Clock,
        activity: Activity,
        settings: DeskSettings,
        precedence: Precedence,
        permissions: Permits,
        price_for: PriceFor | None = None,
        waits: DeskWaits = DeskWaits(),
    ) -> None:
        """`precedence` is what orders on their way out have over what can wait.

        `permissions` is asked when the ticker's turn is taken, last before an intent is stored or a change is sent.
        """
        self.on_unstored: Callable[[StorageError], Awaitable[None]] = _nothing  # called when a fact could not be stored
        self.unexplained: Callable[[Symbol, Holdings], Awaitable[int]] = _no_shares  # see `Reconciler.unexplained`
        self._clock = clock
        self._activity = activity
        self._acting: defaultdict[tuple[Symbol, Side], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._in_flight: set[OrderNo] = set()
        self.precedence = precedence
        self._queue: asyncio.Queue[tuple[Notice, AbstractContextManager[None]]] = asyncio.Queue()
        self._feed = OrderFeed()
        self._cache = OrderCache(
            orders=records.orders,
            settings=settings,
            feed=self._feed,
            notes=records.notes,
            decisions=records.decisions,
        )
        self._reconciler = OrderReconciler(
            cache=self._cache,
            notifier=records.notifier,
            lag=timedelta(seconds=waits.visibility_lag_s),
            ahead=lambda: broker.clock_ahead,
            unexplained=self._unexplained,
        )
        self._notices = Notices(self._cache)
        self._polling = OrderPolling(
            broker=broker,
            cache=self._cache,
            clock=clock,
            activity=activity,
            in_flight=self._in_flight,
            lag=timedelta(seconds=waits.visibility_lag_s),
            unplaced=lambda: self._notices.tickers_waiting,
            apply=self._apply,
        )
        self._sender = OrderSender(
            broker=broker,
            cache=self._cache,
            polling=self._polling,
            clock=clock,
            in_flight=self._in_flight,
            answer_limit_s=waits.answer_limit_s,
            permissions=permissions,
            blocked=lambda request: self.blocked(request.symbol, protects=request.protects),
            numbered=self._retry_notices,
        )
        self._working = Repricer(
            desk=self,
            notifier=records.notifier,
            clock=clock,
            activity=activity,
            settings=settings,
            permissions=permissions,
            price_for=price_for,
        )

    async def load(self) -> None:
        if not self._cache.loaded:
            with self._activity():
                await run_to_end(self._cache.load(self._clock.now()))
            if self.unknown:
                self._polling.soon(timedelta())

    # acting

    async def place(
        self,
        request: OrderRequest,
        *,
        decision: Decision | None = None,
        cash_before: Decimal | None = None,
        position: Position | None = None,
        offered: int | None = None,
    ) -> Order:
        await self.load()
        context = Context.of(decision, cash_before, position)
        async with self._place_turn(request):
            return await self._act(lambda left: self._sender.place(request, context, left, offered))

    async def amend(
        self,
        no: OrderNo,
        *,
        qty: int | None = None,
        limit_price: Decimal | None = None,
        reprices: int | None = None,
    ) -> Order:
        async with self._turn(await self._order(no)):
            return await self._act(lambda left: self._sender.amend(no, qty, limit_price, reprices, left))

    async def cancel(self, no: OrderNo) -> Order:
        async with self._turn(await self._order(no)):
            return await self._act(lambda left: self._sender.cancel(no, left))

    async def cancel_and_confirm(self, no: OrderNo, *, within_s: float) -> Order:
        deadline = self._clock.now() + timedelta(seconds=within_s)
        with self.changed() as changes:
            pause = iter((1, 2, 3, 5))
            while True:
                order = await self._try_cancel(no)
                now = self._clock.now()
                if order.status.closed or now >= deadline:
                    return order
                poll_at = min(deadline, now + timedelta(seconds=next(pause, 5)))
                while now < poll_at and not (await self._order(no)).status.closed:
                    await wait_until_or(self._clock, poll_at, changes.wake)
                    changes.clear()
                    now = self._clock.now()
                if not (await self._order(no)).status.closed:
                    await self._polling.try_poll()

    async def adopt(self, no: OrderNo, by: int) -> Order:
        order = await self._order(no)
        if order.ours:
            return order
        with self._activity():
            return await run_to_end(self._adopt(no, by))

    async def answered(self, within_s: float) -> bool:
        return await self._sender.answered(within_s)

    def hurry(self, seconds: float) -> None:
        self._sender.hurry(seconds)

    # what only a person can settle

    def candidates(self, no: OrderNo) -> Sequence[BrokerOrder]:
        return self._reconciler.candidates(no)

    def absence_counts(self, order: Order) -> bool:
        return self._reconciler.absence_counts(order, self._clock.now())

    async def settle(self, no: OrderNo, found: BrokerOrder | None, by: int) -> Order:
        async with self._turn(await self._order(no)):
            with self._activity():
                return await run_to_end(self._settle(no, found, by))

    # hearing

    def on_notice(self, notice: Notice) -> None:
        at_work = self._activity()
        at_work.__enter__()  # left by the worker when the notice is handled
        self._queue.put_nowait((notice, at_work))

    def on_unread_notice(self) -> None:
        self._polling.missed_news()

    async def run(self) -> None:
        await self.load()
        try:
            async with asyncio.TaskGroup() as workers:
                workers.create_task(self._work_notices(), name="order notices")
                workers.create_task(self._polling.run(), name="order looks")
                workers.create_task(self._working.run(), name="working orders")
                workers.create_task(self._send_again(workers), name="orders again")
        finally:
            await run_to_end(self._empty_queue())
            await run_to_end(self._take_back())

    async def poll_orders(self, *, since: datetime | None = None) -> Sequence[Said]:
        await self.load()
        return await self._polling.poll(since)

    # telling

    def blocked(self, symbol: Symbol, *, protects: bool = False) -> Said | None:
        if not self._cache.loaded:
            return Said(DeskNote.NOT_READ)
        for order in self._cache.open():
            asked = order.request
            if asked.symbol != symbol or order.status not in _UNANSWERED or (protects and asked.side is Side.BUY):
                continue
            if (said := self._sender.resending.said(order.no)) is not None:
                return said
            return Said(DeskNote.OUTCOME_UNKNOWN, order=order.no, ticker=symbol.ticker)
        return None

    @property
    def unknown(self) -> Sequence[Order]:
        lost = (OrderStatus.UNKNOWN, OrderStatus.SENT)
        return [one for one in self._cache.open() if one.status in lost and one.no not in self._in_flight]

    @property
    def doubts(self) -> int:
        return self._cache.doubts

    @property
    def open(self) -> Sequence[Order]:
        return self._cache.open()

    @property
    def unread(self) -> frozenset[Symbol]:
        return self._reconciler.unread

    async def open_in(self, symbol: Symbol) -> Sequence[Order]:
        await self.load()
        return [order for order in self._cache.open() if order.request.symbol == symbol]

    @property
    def costs(self) -> CostBook:
        return self._cache.costs

    async def agree_costs(self, held: Mapping[str, Position | None], states: Mapping[str, int]) -> None:
        await self._cache.agree_costs(held, states, self._clock.now())

    @contextmanager
    def changed(self) -> Iterator[OrderChanges]:
        with self._feed.subscribe() as changes:
            yield changes

    # inside

    @asynccontextmanager
    async def _place_turn(self, request: OrderRequest) -> AsyncIterator[None]:
        """Take the ticker's turn for a new order: after every other request of it, but for what protects.

        That goes as soon as no other sell is on its way; a buy that has yet to leave waits for it.
        """
        buys, sells = (self._acting[request.symbol, side] for side in (Side.BUY, Side.SELL))
        if request.protects:
            async with sells:
                yield
        elif request.side is Side.SELL:
            async with buys, sells:
                yield
        else:
            async with buys:
                async with sells:
                    pass  # taken while the buy is on its way, it would hold up a stop
                yield

    def _turn(self, order: Order) -> asyncio.Lock:
        """Return the turn for a request about an order that is out."""
        return self._acting[order.request.symbol, order.request.side]

    async def _act(self, work: Callable[[asyncio.Event], Coroutine[Any, Any, Order]]) -> Order:
        """Carry work out to its end, whatever happens to the caller, who has taken the ticker's turn."""
        with self._activity(), self.precedence():
            left = asyncio.Event()
            return await run_to_end(work(left), left)

    async def _adopt(self, no: OrderNo, by: int) -> Order:
        async with self._cache.lock:
            order = await self._cache.get(no)
            said = Said(DeskNote.ADOPTED, user=by)
            return await self._cache.move(no, order.status, self._clock.now(), reason=said, adopted_by=by)

    async def _settle(self, no: OrderNo, found: BrokerOrder | None, by: int) -> Order:
        order = await self._reconciler.settle(no, found, self._clock.now(), by)
        await self._retry_notices()
        self._polling.soon()
        return order

    async def _try_cancel(self, no: OrderNo) -> Order:
        try:
            return await self.cancel(no)
        except (BrokerError, InvalidOrder) as error:
            log.warning("cancel not taken", extra={"order": no, "error": str(error)})
            return await self._order(no)

    async def _order(self, no: OrderNo) -> Order:
        await self.load()
        try:
            return await self._cache.get(no)
        except KeyError:
            raise InvalidOrder(f"no order {no}", user_message=_NO_SUCH_ORDER) from None

    async def _apply(self, seen: OrderList, at: datetime, evidence: Evidence | None) -> Sequence[Said]:
        """Apply the broker's word as asked for at `at`; return one line per difference found."""
        return await run_to_end(self._refresh(seen, at, evidence))

    async def _refresh(self, seen: OrderList, at: datetime, evidence: Evidence | None) -> Sequence[Said]:
        lines = await self._reconciler.apply(
            seen, at, in_flight=self._in_flight, heard=self._notices.tickers_waiting, evidence=evidence
        )
        self._polling.looked()
        await self._retry_notices()
        return lines

    async def _unexplained(self, symbol: Symbol, holdings: Holdings) -> int:
        return await self.unexplained(symbol, holdings)

    async def _retry_notices(self) -> None:
        if self._notices.tickers_waiting and await self._notices.retry(self._clock.now()):
            self._polling.soon()

    async def _work_notices(self) -> None:
        while True:
            await run_to_end(self._handle(*await self._queue.get()))

    async def _send_again(self, hands: asyncio.TaskGroup) -> None:
        """Ask again for what the broker certainly did not take; each apart, so that one answer holds up no other."""
        resending = self._sender.resending
        resending.begin()
        while True:
            await wait_until_or(self._clock, resending.next_due, resending.wake)
            resending.wake.clear()
            orders, cancels = resending.take_due(self._clock.now())
            for no in orders:
                hands.create_task(self._again(no), name=f"order {no} again")
            for no in cancels:
                hands.create_task(self._cancel_again(no), name=f"cancel {no} again")

    async def _again(self, no: OrderNo) -> None:
        order = await self._order(no)
        try:
            async with self._place_turn(order.request):
                await self._act(lambda left: self._sender.again(no, left))
        except StorageError as error:
            log.exception("what became of an order could not be stored", extra={"order": no})
            await self.on_unstored(error)

    async def _cancel_again(self, no: OrderNo) -> None:
        try:
            await self.cancel(no)
        except TradingError as error:
            log.warning("cancel not taken", extra={"order": no, "error": str(error)})

    async def _take_back(self) -> None:
        """End what waits for its next try: nobody is here any more to send it."""
        for no in self._sender.resending.orders:
            try:
                await self._sender.take_back(no)
            except StorageError:
                log.exception("an order that was not taken could not be ended", extra={"order": no})

    async def _empty_queue(self) -> None:
        """Store what was heard already: a stop loses no fact it has in hand."""
        while not self._queue.empty():
            await self._handle(*self._queue.get_nowait())

    async def _handle(self, notice: Notice, at_work: AbstractContextManager[None]) -> None:
        try:
            await self._hear(notice)
        except StorageError as error:
            log.exception("notice not stored; the inquiry will bring its fact", extra={"venue_no": notice.venue_no})
            self._polling.soon()
            await self.on_unstored(error)
        except Exception:
            self._polling.soon()  # whatever it was, the inquiry brings its fact
            raise
        finally:
            at_work.__exit__(None, None, None)

    async def _hear(self, notice: Notice) -> None:
        resending = self._sender.resending  # what waits there has no number that a notice could be of
        on_their_way = [one for one in self._cache.open() if one.no in self._in_flight and not resending.holds(one.no)]
        awaited = {order.request.symbol.ticker for order in on_their_way}
        doubtful = await self._notices.apply(notice)
        if doubtful or notice.ticker in self._notices.tickers_waiting - awaited:
            self._polling.soon()


_NO_SUCH_ORDER = Said(DeskNote.NO_SUCH)


async def _nothing(_: StorageError) -> None:
    """Stand for a listener nobody has given."""


async def _no_shares(_: Symbol, __: Holdings) -> int:
    """Stand for a reconciler nobody has given."""
    return 0

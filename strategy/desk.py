"""The order desk: the only code that may submit, amend or cancel.

Whatever the broker, the caller or the process does, the record stays true: the intent is on disk before a request
leaves, a request leaves once, and a missing answer is "unknown" until the broker's own list settles it.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.account import Position
from strategy.activity import Activity
from strategy.clock import Clock
from strategy.decisions import Decision
from strategy.errors import (
    BrokerError,
    BrokerFault,
    InvalidOrder,
    OrderDenied,
    OrderRejected,
    OutcomeUnknown,
    StorageError,
    TradingError,
    TryLater,
)
from strategy.inquiry import Inquiry
from strategy.instruments import Symbol
from strategy.ledger import NEVER_SENT, NO_ANSWER, Context, DeskSettings, Ledger, spoken, traded_on
from strategy.money import on_tick
from strategy.notices import Notices
from strategy.order_feed import OrderChanges, OrderFeed
from strategy.orders import Acceptance, BrokerOrder, Notice, Order, OrderNo, OrderRequest, OrderStatus, VenueNo
from strategy.ports import Broker, DecisionJournal, Notes, Notifier, OrderJournal
from strategy.shelter import first_of, sheltered
from strategy.text import Text
from strategy.working import PriceFor, WorkingOrders

log = logging.getLogger(__name__)

_REFUSED = (OrderRejected, BrokerFault, TryLater)  # proof that nothing was placed, changed or canceled
_UNANSWERED = frozenset({OrderStatus.INTENDED, OrderStatus.SENT, OrderStatus.UNKNOWN})
_SOON = timedelta(seconds=1)  # the broker's list is asked this long after a doubt
_PAUSES = (1, 2, 3, 5, 10, 20, 30)  # seconds of market time between looks while something is unsettled
_QUIET_LOOK = timedelta(minutes=5)  # orders resting over the close end without a notice (kis-protocol 7.7)
_CANCEL_AGAIN = timedelta(seconds=3)
_DAY = timedelta(days=1)


class OrderDesk:
    """Intents, the one request, facts from notices and inquiries, and the orders' ends.

    Requests of one ticker go one at a time; facts are applied at once even while a request hangs. Nothing here holds
    `activity` while it only waits for the clock.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        orders: OrderJournal,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
        settings: DeskSettings,
        price_for: PriceFor | None = None,
        notes: Notes | None = None,
        decisions: DecisionJournal | None = None,
        visibility_lag_s: float = 120.0,
        answer_limit_s: float = 20.0,
    ) -> None:
        """`visibility_lag_s` is market time; `answer_limit_s` real time, a last guard over the client's own limits.

        `notes` and `decisions` let the messages of an order keep their reasons over a restart.
        """
        self._broker = broker
        self._clock = clock
        self._activity = activity
        self._answer_limit_s = answer_limit_s
        self._feed = OrderFeed()
        self._ledger = Ledger(orders=orders, settings=settings, feed=self._feed, notes=notes, decisions=decisions)
        self._inquiry = Inquiry(ledger=self._ledger, notifier=notifier, lag=timedelta(seconds=visibility_lag_s))
        self._notices = Notices(self._ledger)
        self._working = WorkingOrders(
            desk=self, notifier=notifier, clock=clock, activity=activity, settings=settings, price_for=price_for
        )
        self._acting: defaultdict[Symbol, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._in_flight: set[OrderNo] = set()
        self._cancel_sent_at: dict[OrderNo, datetime] = {}
        self._queue: asyncio.Queue[tuple[Notice, AbstractContextManager[None]]] = asyncio.Queue()
        self._looking = asyncio.Lock()
        self._looks_started = 0
        self._look_done = 0  # number of the newest look that succeeded
        self._lines: Sequence[Text] = ()  # what it found
        self._looked_at: datetime | None = None
        self._look_due: datetime | None = None
        self._pause = 0  # index into _PAUSES
        self._look_wake = asyncio.Event()

    async def load(self) -> None:
        """Read the open orders once: intents never sent become DENIED, sent ones without an answer UNKNOWN."""
        if not self._ledger.loaded:
            with self._activity():
                await sheltered(self._ledger.load(self._now()))
            self._looked_at = self._looked_at or self._now()
            if self.unknown:
                self._ask_look(timedelta())

    # acting

    async def place(
        self,
        request: OrderRequest,
        *,
        decision: Decision | None = None,
        cash_before: Decimal | None = None,
        position: Position | None = None,
    ) -> Order:
        """Store the intent, send once, and return the order as it is after the answer (ACCEPTED, REJECTED, UNKNOWN).

        A ticket used before returns its order and sends nothing. Raises OrderDenied when nothing was sent because
        the ticker is blocked, StorageError when the intent could not be stored.
        """
        await self.load()
        context = Context.of(decision, cash_before, position)
        async with self._acting[request.symbol]:
            with self._activity():
                left = asyncio.Event()
                return await sheltered(self._place(request, context, left), left)

    async def amend(
        self,
        no: OrderNo,
        *,
        qty: int | None = None,
        limit_price: Decimal | None = None,
        reprices: int | None = None,
    ) -> Order:
        """Change the open quantity (only downwards) or the price of a working order.

        Returns the order; a closed one when it ended meanwhile. Raises InvalidOrder for what cannot be asked and a
        BrokerError when the broker refused and the order works on unchanged. `reprices` is the working policy's count.
        """
        order = await self._order(no)
        async with self._acting[order.request.symbol]:
            with self._activity():
                left = asyncio.Event()
                return await sheltered(self._amend(no, qty, limit_price, reprices, left), left)

    async def cancel(self, no: OrderNo) -> Order:
        """Ask to cancel; returns CANCEL_SENT, or the order closed already. The notice or the inquiry confirms.

        Raises a BrokerError when the broker refused and the order works on, InvalidOrder while its number is unknown.
        """
        order = await self._order(no)
        async with self._acting[order.request.symbol]:
            with self._activity():
                left = asyncio.Event()
                return await sheltered(self._cancel(no, left), left)

    async def cancel_and_confirm(self, no: OrderNo, *, within_s: float) -> Order:
        """Cancel and wait up to `within_s` of market time for a closed state; return whatever is true then.

        Never raises for the broker's answers. Do not hold `activity` around it: it waits for the clock.
        """
        deadline = self._clock.now() + timedelta(seconds=within_s)
        with self.changed() as changes:
            pause = iter((1, 2, 3, 5))
            while True:
                order = await self._try_cancel(no)
                now = self._clock.now()
                if order.status.closed or now >= deadline:
                    return order
                look_at = min(deadline, now + timedelta(seconds=next(pause, 5)))
                while now < look_at and not (await self._order(no)).status.closed:
                    await first_of(self._clock, look_at, changes.wake)
                    changes.clear()
                    now = self._clock.now()
                if not (await self._order(no)).status.closed:
                    await self._try_look()

    # hearing

    def on_notice(self, notice: Notice) -> None:
        """Queue a notice; never blocks. Notices of numbers not known yet wait for their order."""
        at_work = self._activity()
        at_work.__enter__()  # left by the worker when the notice is handled
        self._queue.put_nowait((notice, at_work))

    async def run(self) -> None:
        """Work notices, look up unknown orders and keep SIGNAL orders from resting (D10), until cancelled."""
        await self.load()
        async with asyncio.TaskGroup() as workers:
            workers.create_task(self._work_notices(), name="order notices")
            workers.create_task(self._work_looks(), name="order looks")
            workers.create_task(self._working.run(), name="working orders")

    async def look(self, *, since: datetime | None = None) -> Sequence[Text]:
        """Ask the broker for all orders now and apply its word; raise BrokerError when it cannot be asked.

        Covers today, its neighbours and the dates of open orders, and every date from `since` on.
        A look started after this call serves; callers at the same time share one.
        """
        await self.load()
        started = self._looks_started
        async with self._looking:
            if self._look_done <= started:
                with self._activity():
                    self._looks_started += 1
                    number = self._looks_started
                    at = self._now()
                    seen = await self._broker.orders(*self._dates(at, since))
                    self._lines = await self.refresh(seen, at)
                    self._look_done = number
            return self._lines

    async def refresh(self, seen: Sequence[BrokerOrder], at: datetime) -> Sequence[Text]:
        """Apply the broker's word on all orders as asked for at `at`; return one line per difference found."""
        await self.load()
        with self._activity():
            return await sheltered(self._refresh(seen, at))

    # telling

    def blocked(self, symbol: Symbol) -> Text | None:
        """Return why nothing may be sent for the ticker: an order of it is UNKNOWN or has no answer yet."""
        if not self._ledger.loaded:
            return Text("주문 기록을 아직 읽지 않았습니다.", "The orders are not read yet.")
        for order in self._ledger.open():
            if order.request.symbol == symbol and order.status in _UNANSWERED:
                return Text(
                    f"#{order.no} 주문의 결과를 아직 모릅니다. 확인될 때까지 {symbol.ticker} 주문을 보내지 않습니다.",
                    f"The outcome of order #{order.no} is not known yet; nothing is sent for {symbol.ticker} so far.",
                )
        return None

    @property
    def unknown(self) -> Sequence[Order]:
        """Orders whose outcome nobody can say yet."""
        lost = (OrderStatus.UNKNOWN, OrderStatus.SENT)
        return [one for one in self._ledger.open() if one.status in lost and one.no not in self._in_flight]

    @property
    def doubts(self) -> int:
        """How many outcomes became unknown so far; a reconciler remembers the number it settled."""
        return self._ledger.doubts

    @property
    def open(self) -> Sequence[Order]:
        """Own and external orders not closed, oldest first, from memory."""
        return self._ledger.open()

    async def open_in(self, symbol: Symbol) -> Sequence[Order]:
        """Return own and external orders of the ticker that are not closed."""
        await self.load()
        return [order for order in self._ledger.open() if order.request.symbol == symbol]

    @contextmanager
    def changed(self) -> Iterator[OrderChanges]:
        """Subscribe: `with desk.changed() as changes: order = await changes.next()`."""
        with self._feed.subscribe() as changes:
            yield changes

    # the one request

    async def _place(self, request: OrderRequest, context: Context, left: asyncio.Event) -> Order:
        if request.ticket is not None and (placed := await self._ledger.by_ticket(request.ticket)) is not None:
            return placed
        if (why := self.blocked(request.symbol)) is not None:
            raise OrderDenied(why.en, user_message=why)
        async with self._ledger.lock:
            order = await self._ledger.intend(request, context)
            if left.is_set():  # whoever wanted it is gone, and nothing has been sent
                return await self._ledger.move(order.no, OrderStatus.DENIED, self._now(), reason=NEVER_SENT)
            self._in_flight.add(order.no)
            try:
                await self._ledger.move(order.no, OrderStatus.SENT, self._now())
            except BaseException:
                self._in_flight.discard(order.no)
                raise
        try:
            return await self._send(order.no, request)
        finally:
            self._in_flight.discard(order.no)
            self._look_wake.set()  # one more open order to keep an eye on

    async def _send(self, no: OrderNo, request: OrderRequest) -> Order:
        try:
            acceptance = await self._answer(self._broker.submit(request))
        except _REFUSED as error:
            log.warning("order refused", extra={"order": no, "error": str(error)})
            async with self._ledger.lock:
                return await self._ledger.move(no, OrderStatus.REJECTED, self._now(), reason=spoken(error.user_message))
        except BaseException as error:
            # cancelled, or anything else after sending: the order may be at the broker, and says so
            await self._lose(no)
            if isinstance(error, OutcomeUnknown):
                return await self._order(no)
            if isinstance(error, Exception):
                log.exception("order outcome unknown", extra={"order": no})
                return await self._order(no)
            raise
        async with self._ledger.lock:
            await self._ledger.move(
                no,
                OrderStatus.ACCEPTED,
                self._now(),
                venue_no=acceptance.venue_no,
                accepted_at=acceptance.accepted_at,
            )
        await self._retry_notices()
        return await self._order(no)

    async def _amend(
        self, no: OrderNo, qty: int | None, limit_price: Decimal | None, reprices: int | None, left: asyncio.Event
    ) -> Order:
        order = await self._order(no)
        if order.status.closed:
            return order
        venue_no = self._number(order)
        price = order.limit_price if limit_price is None else limit_price
        left_open = self._ledger.open_qty(order)
        wanted = left_open if qty is None else qty
        if not (0 < wanted <= left_open) or not on_tick(price):
            raise InvalidOrder(f"cannot amend order {no} to {wanted} at {price}", user_message=_NOT_AMENDABLE)
        if left.is_set():
            return order
        try:
            acceptance = await self._answer(self._broker.amend(order.request.symbol, venue_no, wanted, price))
        except _REFUSED as error:
            now = await self._refused(no, error, wanted)
            return now if now.status.closed or qty is not None else await self._amend(no, qty, price, reprices, left)
        except BaseException as error:
            await self._lose(no)
            if not isinstance(error, Exception):
                raise
            await self._try_look()
            return await self._order(no)
        async with self._ledger.lock:
            now = await self._order(no)
            await self._ledger.move(
                no, now.status, self._now(), venue_no=acceptance.venue_no, limit_price=price, reprices=reprices
            )
            if qty is not None:
                self._ledger.lower(no, order.filled_qty + wanted)
        await self._retry_notices()
        return await self._order(no)

    async def _cancel(self, no: OrderNo, left: asyncio.Event) -> Order:
        order = await self._order(no)
        if order.status is OrderStatus.UNKNOWN and order.venue_no is not None:
            await self._try_look()
            order = await self._order(no)
        if order.status.closed or left.is_set() or self._cancel_is_fresh(order):
            return order
        venue_no = self._number(order, in_doubt=True)
        self._cancel_sent_at[no] = self._now()
        left_open = self._ledger.open_qty(order)
        reason = ""
        try:
            await self._answer(self._broker.cancel(order.request.symbol, venue_no, left_open))
        except _REFUSED as error:
            now = await self._refused(no, error, left_open)
            return now if now.status.closed else await self._cancel(no, left)
        except BaseException as error:
            reason = NO_ANSWER
            if not isinstance(error, Exception):
                await self._cancel_sent(no, reason)
                raise
        order = await self._cancel_sent(no, reason)
        if reason:  # it may have been too late: the broker's list knows
            await self._try_look()
        return await self._order(no)

    def _cancel_is_fresh(self, order: Order) -> bool:
        """A cancel may be asked again, unlike an order: a second one does nothing. But not while one is on its way."""
        at = self._cancel_sent_at.get(order.no)
        return order.status is OrderStatus.CANCEL_SENT and at is not None and self._now() - at < _CANCEL_AGAIN

    async def _cancel_sent(self, no: OrderNo, reason: str) -> Order:
        async with self._ledger.lock:
            order = await self._order(no)
            if not order.status.closed:
                await self._ledger.move(no, OrderStatus.CANCEL_SENT, self._now(), reason=reason)
        self._ask_look(2 * _SOON)
        return await self._order(no)

    async def _answer(self, request: Awaitable[Acceptance]) -> Acceptance:
        async with asyncio.timeout(self._answer_limit_s):
            return await request

    async def _lose(self, no: OrderNo) -> None:
        """Say that nobody knows; what a notice or a look told meanwhile stays."""
        async with self._ledger.lock:
            order = await self._order(no)
            if not order.status.closed and order.status is not OrderStatus.UNKNOWN:
                await self._ledger.move(no, OrderStatus.UNKNOWN, self._now(), reason=NO_ANSWER)
        self._ask_look(_SOON)

    async def _refused(self, no: OrderNo, error: BrokerError, asked_qty: int) -> Order:
        """Look what became of an order whose amend or cancel was refused: mostly it has ended.

        Raises the refusal when it works on, unless a fill not heard of before made the asked quantity too large.
        """
        await self._try_look()
        order = await self._order(no)
        if order.status.closed or self._ledger.open_qty(order) < asked_qty:
            return order
        self._ask_look(_SOON)
        raise error

    async def _try_cancel(self, no: OrderNo) -> Order:
        try:
            return await self.cancel(no)
        except (BrokerError, InvalidOrder) as error:
            log.warning("cancel not taken", extra={"order": no, "error": str(error)})
            return await self._order(no)

    @staticmethod
    def _number(order: Order, *, in_doubt: bool = False) -> VenueNo:
        """Return the number to address; raise InvalidOrder while the order cannot be addressed."""
        if order.venue_no is None or (order.status is OrderStatus.UNKNOWN and not in_doubt):
            raise InvalidOrder(f"order {order.no} is {order.status}", user_message=_BEING_LOOKED_UP)
        return order.venue_no

    async def _order(self, no: OrderNo) -> Order:
        await self.load()
        try:
            return await self._ledger.get(no)
        except KeyError:
            raise InvalidOrder(f"no order {no}", user_message=_NO_SUCH_ORDER) from None

    # facts

    async def _refresh(self, seen: Sequence[BrokerOrder], at: datetime) -> Sequence[Text]:
        lines = await self._inquiry.apply(seen, at, in_flight=self._in_flight, heard=self._notices.tickers_waiting)
        self._looked_at = self._now()
        await self._retry_notices()
        self._look_wake.set()
        return lines

    async def _retry_notices(self) -> None:
        if self._notices.tickers_waiting and await self._notices.retry(self._now()):
            self._ask_look(_SOON)

    async def _work_notices(self) -> None:
        while True:
            notice, at_work = await self._queue.get()
            try:
                await sheltered(self._hear(notice))
            except StorageError:
                log.exception("notice not stored; the inquiry will bring its fact", extra={"venue_no": notice.venue_no})
                self._ask_look(_SOON)
            finally:
                at_work.__exit__(None, None, None)

    async def _hear(self, notice: Notice) -> None:
        awaited = {order.request.symbol.ticker for order in self._ledger.open() if order.no in self._in_flight}
        doubtful = await self._notices.apply(notice)
        if doubtful or notice.ticker in self._notices.tickers_waiting - awaited:
            self._ask_look(_SOON)

    # looking

    def _ask_look(self, after: timedelta) -> None:
        due = self._now() + after
        self._look_due = due if self._look_due is None else min(due, self._look_due)
        self._pause = 0
        self._look_wake.set()

    async def _work_looks(self) -> None:
        while True:
            due = self._next_look()
            if due is None or due > self._now():
                await first_of(self._clock, due, self._look_wake)
                self._look_wake.clear()
                continue
            self._look_due = None
            self._pause = min(self._pause + 1, len(_PAUSES) - 1)
            await self._try_look()

    def _next_look(self) -> datetime | None:
        """Return when the broker should be asked next, or None when nothing is open or in doubt."""
        dues = [] if self._look_due is None else [self._look_due]
        since = self._looked_at or self._now()
        unsettled = any(
            order.status in (OrderStatus.UNKNOWN, OrderStatus.SENT, OrderStatus.CANCEL_SENT)
            for order in self._ledger.open()
            if order.no not in self._in_flight
        )
        if unsettled or self._notices.tickers_waiting:
            dues.append(since + timedelta(seconds=_PAUSES[self._pause]))
        elif self._ledger.open():
            dues.append(since + _QUIET_LOOK)
        return min(dues, default=None)

    async def _try_look(self) -> None:
        try:
            await self.look()
        except TradingError as error:
            log.warning("orders could not be asked", extra={"error": str(error)})
            self._looked_at = self._now()
            self._ask_later()

    def _ask_later(self) -> None:
        due = self._now() + timedelta(seconds=_PAUSES[self._pause])
        self._look_due = due if self._look_due is None else max(due, self._look_due)
        self._look_wake.set()

    def _dates(self, at: datetime, since: datetime | None) -> tuple[date, date]:
        """Return New York dates that cover today, its neighbours, and the day of everything still open."""
        first = min([at, since or at, *(order.request.created_at for order in self._ledger.open())])
        return traded_on(first) - _DAY, traded_on(at) + _DAY

    def _now(self) -> datetime:
        return self._clock.now()


_NOT_AMENDABLE = Text(
    "정정할 수 없는 수량 또는 가격입니다. 수량은 남은 수량 이하로만 바꿀 수 있습니다.",
    "That quantity or price cannot be set. The quantity can only be lowered.",
)
_BEING_LOOKED_UP = Text(
    "결과를 확인 중인 주문입니다. 확인된 뒤에 다시 시도하세요.",
    "The outcome of this order is being looked up. Try again once it is known.",
)
_NO_SUCH_ORDER = Text("그런 번호의 주문이 없습니다.", "There is no order of that number.")

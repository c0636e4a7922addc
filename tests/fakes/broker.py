"""A broker in memory with the habits of the real one: late, forgetful about replies, and generous with notices."""

import asyncio
import bisect
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from strategy.model import (
    Acceptance,
    BrokerError,
    BrokerFault,
    BrokerOrder,
    BuyingPower,
    Clock,
    Deposit,
    Holdings,
    Notice,
    OrderList,
    OrderRejected,
    OrderRequest,
    OrderStatus,
    OutcomeUnknown,
    Position,
    Side,
    Symbol,
    TryLater,
    UnreadOrder,
    UnreadRow,
    VenueNo,
    new_york,
    return_percent,
)

Call = Literal["submit", "amend", "cancel", "orders", "holdings", "deposit", "buying_power"]
FaultKind = Literal["lost_reply", "lost_request", "reject", "try_later", "fault", "hang", "slow_reply"]
NoticeMode = Literal["at_once", "held", "lost", "twice"]

_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


@dataclass(frozen=True, slots=True)
class _Quote:
    last: Decimal
    bid: Decimal
    ask: Decimal


@dataclass(slots=True)
class _Held:
    qty: int = 0
    cost: Decimal = _NOTHING  # dollars for all shares


@dataclass(slots=True)
class _Book:
    """One order, and what the inquiry showed of it since when."""

    now: BrokerOrder
    versions: list[tuple[datetime, BrokerOrder]] = field(default_factory=list)


class FakeBroker:
    """A Broker over market time. Orders cross `set_price` quotes at once unless `matching` is off.

    `submitted`, `amended`, `canceled` list what arrived, for counting; `sink` gets notices as `notices` says; the
    inquiries and the holdings show what was true `lag_s` ago.
    """

    def __init__(
        self, clock: Clock, *, cash: Decimal = Decimal(10_000), lag_s: float = 0, fee_pct: Decimal = _NOTHING
    ) -> None:
        self.sink: Callable[[Notice], None] | None = None
        self.notices: NoticeMode = "at_once"
        self.matching = True
        self.slow_cancels = False  # cancels wait for `finish_cancel`
        self.fill_at_most: int | None = None  # shares per match, for partial fills
        self.blank_times = False  # some exchanges deliver no time (kis-protocol 7.7, field 10)
        self.nothing_left: type[BrokerError] = OrderRejected  # or OutcomeUnknown, as for code 40330000
        self.lag_s = lag_s
        self.valuations: dict[Symbol, Decimal | None] = {}  # what it says shares are worth, where that is not the price
        self.open_lag_s: float | None = None  # of the list of open orders, where it is not that of the others
        self.holdings_lag_s: float | None = None  # ... and of the holdings, orderable shares included
        self.stamps_ahead = timedelta(0)  # of the clock that stamps its orders
        self.clock_ahead: timedelta | None = timedelta(0)  # ... as far as it can be measured
        self.cash = cash
        self.tells_deposit = True
        self.withheld: dict[Symbol, int] = {}  # shares held that cannot be ordered
        self.refuses_wash_trades = False
        self.unread: dict[Symbol, UnreadRow] = {}  # holdings whose row cannot be read
        self.aside: list[UnreadRow] = []  # rows that are no US stock, or about nobody knows what
        self.unread_orders: list[UnreadOrder] = []
        self.submitted: list[OrderRequest] = []
        self.put_off: list[OrderRequest] = []  # those of them that were certainly not taken, and may come again
        self.amended: list[VenueNo] = []
        self.canceled: list[VenueNo] = []
        self.asked: dict[Call, int] = defaultdict(int)
        self._clock = clock
        self._fee_pct = fee_pct
        self._next_no = 51_877
        self._books: list[_Book] = []
        self._quotes: dict[Symbol, _Quote] = {}
        self._held: defaultdict[Symbol, _Held] = defaultdict(_Held)
        self._held_versions: list[tuple[datetime, tuple[Position, ...]]] = []
        self._faults: defaultdict[Call, deque[FaultKind | BrokerError]] = defaultdict(deque)
        self._gate = asyncio.Event()
        self._outgoing: list[Notice] = []

    # the market and the account, moved by the test

    def set_price(
        self, symbol: Symbol, last: Decimal, *, bid: Decimal | None = None, ask: Decimal | None = None
    ) -> None:
        """Quote a symbol; resting orders it crosses fill at the quote."""
        self._quotes[symbol] = _Quote(last, last if bid is None else bid, last if ask is None else ask)
        for book in list(self._books):
            if book.now.symbol == symbol:
                self._match(book)

    def hold(self, symbol: Symbol, qty: int, average_cost: Decimal) -> None:
        """Start with a position."""
        self._held[symbol] = _Held(qty, average_cost * qty)
        self._note_holdings()

    def fill(self, venue_no: VenueNo, qty: int | None = None, price: Decimal | None = None) -> None:
        """Execute part (or the rest) of a working order, at its limit unless a price is given."""
        book = self._book(venue_no)
        wanted = book.now.open_qty if qty is None else min(qty, book.now.open_qty)
        if wanted and book.now.status in _OPEN:
            self._execute(book, wanted, book.now.limit_price if price is None else price)

    def reject_later(self, venue_no: VenueNo, reason: str = "거부") -> None:
        """Let the venue refuse a working order the broker had taken."""
        book = self._book(venue_no)
        if book.now.status in _OPEN:
            self._become(book, replace(book.now, status=OrderStatus.REJECTED, open_qty=0, reason=reason))
            self._say(book, Notice.Kind.REJECTED, book.now.qty, book.now.limit_price)

    def finish_cancel(self, venue_no: VenueNo) -> None:
        """Carry out a cancel that was slow; nothing happens when the order ended first."""
        book = self._book(venue_no)
        if book.now.status in _OPEN:
            self._cancel(book, self._number())

    def end_session(self) -> None:
        """Expire everything that still works, without a notice (kis-protocol 7.7)."""
        for book in self._books:
            if book.now.status in _OPEN:
                self._become(
                    book, replace(book.now, status=OrderStatus.EXPIRED, open_qty=0, reason="DFD 장종료로 취소")
                )

    def hand_order(
        self, symbol: Symbol, side: Side, qty: int, price: Decimal, *, by_api: bool | None = False
    ) -> VenueNo:
        """Place an order outside the bot (HTS/MTS)."""
        return self._take(symbol, side, qty, price, by_api=by_api).now.venue_no

    def fail(self, call: Call, kind: FaultKind | BrokerError, *, times: int = 1) -> None:
        """Make the next calls fail; `lost_reply` does the deed and raises OutcomeUnknown, an error is raised as it is.

        `hang` waits for `unhang` before the deed, `slow_reply` of a submit after it.
        """
        self._faults[call].extend([kind] * times)

    def unhang(self) -> None:
        """Let hanging calls go on; later ones hang again."""
        self._gate.set()
        self._gate = asyncio.Event()

    def release_notices(self, *, backwards: bool = False) -> None:
        """Deliver the notices held back so far."""
        waiting, self._outgoing = self._outgoing, []
        for notice in reversed(waiting) if backwards else waiting:
            self._deliver(notice)

    # the truth, for comparing

    def truth(self) -> Sequence[BrokerOrder]:
        """Return every order as it is now, without lag."""
        return [book.now for book in self._books]

    def qty_held(self, symbol: Symbol) -> int:
        return self._held[symbol].qty

    # the port

    async def submit(self, request: OrderRequest) -> Acceptance:
        self.submitted.append(request)
        slow = bool(self._faults["submit"]) and self._faults["submit"][0] == "slow_reply"
        try:
            lost = await self._fault("submit")
        except TryLater:
            self.put_off.append(request)
            raise
        self._check(request.symbol, request.side, request.qty, request.limit_price)
        book = self._take(request.symbol, request.side, request.qty, request.limit_price, by_api=True)
        number = book.now.venue_no
        if slow:
            await self._gate.wait()
        return self._reply(number, lost=lost)

    async def amend(self, symbol: Symbol, venue_no: VenueNo, qty: int, limit_price: Decimal) -> Acceptance:
        self.amended.append(venue_no)
        lost = await self._fault("amend")
        book = self._changeable(symbol, venue_no)
        if qty > book.now.open_qty:
            raise OrderRejected("정정 수량이 미체결 수량보다 큽니다")
        new_no = self._number()
        self._become(
            book,
            replace(
                book.now,
                venue_no=new_no,
                replaced=(*book.now.replaced, venue_no),
                limit_price=limit_price,
                qty=book.now.filled_qty + qty,
                open_qty=qty,
            ),
        )
        self._say(book, Notice.Kind.AMENDED, qty, limit_price, original=venue_no)
        self._match(book)
        return self._reply(new_no, lost=lost)

    async def cancel(self, symbol: Symbol, venue_no: VenueNo, qty: int) -> Acceptance:
        self.canceled.append(venue_no)
        lost = await self._fault("cancel")
        book = self._changeable(symbol, venue_no)
        if qty > book.now.open_qty:
            raise OrderRejected("취소 수량이 미체결 수량보다 큽니다")
        number = self._number()
        if not self.slow_cancels:
            self._cancel(book, number)
        return self._reply(number, lost=lost)

    async def orders(self, since: date, until: date) -> OrderList:
        await self._read_fault("orders")
        return self._listed(shown for shown in self._shown() if since <= shown.traded_on <= until)

    async def open_orders(self) -> OrderList:
        await self._read_fault("orders")
        return self._listed(shown for shown in self._shown(self.open_lag_s) if shown.open_qty)

    def _listed(self, orders: Iterable[BrokerOrder]) -> OrderList:
        unread = {row.venue_no for row in self.unread_orders}
        return OrderList((order for order in orders if order.venue_no not in unread), self.unread_orders)

    async def holdings(self) -> Holdings:
        await self._read_fault("holdings")
        at = bisect.bisect(self._held_versions, self._visible_at(self.holdings_lag_s), key=lambda version: version[0])
        positions = self._held_versions[at - 1][1] if at else ()
        return Holdings(
            positions=tuple(self._valued(one) for one in positions if one.symbol not in self.unread),
            cash=None,
            fx_rate=None,
            taken_at=self._clock.now(),
            unread=(*self.unread.values(), *self.aside),
        )

    async def deposit(self) -> Deposit | None:
        await self._read_fault("deposit")
        return Deposit(cash=self.cash, fx_rate=Decimal(1400)) if self.tells_deposit else None

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        await self._read_fault("buying_power")
        cash = self._free_cash()
        whole = price * (1 + self._fee_pct / _HUNDRED)
        return BuyingPower(
            symbol=symbol, price=price, cash=cash, max_qty=int(cash / whole), fx_rate=Decimal(1400), free=cash
        )

    # inside: orders

    def _take(self, symbol: Symbol, side: Side, qty: int, price: Decimal, *, by_api: bool | None) -> _Book:
        now = self._clock.now()
        taken = BrokerOrder(
            venue_no=self._number(),
            symbol=symbol,
            side=side,
            qty=qty,
            limit_price=price,
            filled_qty=0,
            filled_amount=_NOTHING,
            open_qty=qty,
            status=OrderStatus.ACCEPTED,
            ordered_at=(now + self.stamps_ahead).replace(microsecond=0),
            traded_on=new_york(now).date(),
            reason="",
            by_api=by_api,
        )
        book = _Book(taken)
        self._books.append(book)
        self._become(book, taken)
        self._say(book, Notice.Kind.ACCEPTED, qty, price)
        self._match(book)
        return book

    def _match(self, book: _Book) -> None:
        order, quote = book.now, self._quotes.get(book.now.symbol)
        if not self.matching or quote is None or order.status not in _OPEN:
            return
        price = quote.ask if order.side is Side.BUY else quote.bid
        if order.limit_price >= price if order.side is Side.BUY else order.limit_price <= price:
            self._execute(book, min(order.open_qty, self.fill_at_most or order.open_qty), price)

    def _execute(self, book: _Book, qty: int, price: Decimal) -> None:
        order = book.now
        left = order.open_qty - qty
        self._become(
            book,
            replace(
                order,
                filled_qty=order.filled_qty + qty,
                filled_amount=order.filled_amount + price * qty,
                open_qty=left,
                status=OrderStatus.PARTIALLY_FILLED if left else OrderStatus.FILLED,
            ),
        )
        self._book_shares(order.symbol, order.side, qty, price)
        self._say(book, Notice.Kind.FILLED, qty, price)

    def _book_shares(self, symbol: Symbol, side: Side, qty: int, price: Decimal) -> None:
        held, amount = self._held[symbol], price * qty
        fee = amount * self._fee_pct / _HUNDRED
        if side is Side.BUY:
            held.qty, held.cost = held.qty + qty, held.cost + amount
            self.cash -= amount + fee
        else:
            held.cost -= held.cost * qty / held.qty if held.qty else _NOTHING
            held.qty -= qty
            self.cash += amount - fee
        self._note_holdings()

    def _cancel(self, book: _Book, number: VenueNo) -> None:
        self._become(book, replace(book.now, status=OrderStatus.CANCELED, open_qty=0))
        self._say(book, Notice.Kind.CANCELED, book.now.qty, _NOTHING, original=book.now.venue_no, number=number)

    def _become(self, book: _Book, order: BrokerOrder) -> None:
        book.now = order
        book.versions.append((self._clock.now(), order))
        if self.holdings_lag_s is not None:
            self._note_holdings()

    def _changeable(self, symbol: Symbol, venue_no: VenueNo) -> _Book:
        book = self._book(venue_no)
        if book.now.symbol != symbol or book.now.venue_no != venue_no or book.now.status not in _OPEN:
            raise self.nothing_left("정정/취소할 수량이 없습니다")
        return book

    def _book(self, venue_no: VenueNo) -> _Book:
        return next(book for book in self._books if venue_no in (book.now.venue_no, *book.now.replaced))

    def _check(self, symbol: Symbol, side: Side, qty: int, price: Decimal) -> None:
        if side is Side.BUY and price * qty * (1 + self._fee_pct / _HUNDRED) > self._free_cash():
            raise OrderRejected("주문가능금액을 초과 했습니다")
        others = [book.now for book in self._books if book.now.symbol == symbol and book.now.side is not side]
        against = any(order.open_qty for order in others)
        if self.refuses_wash_trades and against:
            raise OrderRejected("동일 종목 반대 주문이 있어 자전거래가 될 수 있습니다")
        if side is Side.SELL and qty > self._sellable(symbol):
            raise OrderRejected("주문 가능한 수량을 초과했습니다")

    def _number(self) -> VenueNo:
        self._next_no += 1
        return VenueNo(str(self._next_no))

    # inside: replies and notices

    async def _fault(self, call: Call) -> bool:
        """Take the next fault of a call; return whether its reply gets lost."""
        self.asked[call] += 1
        gate = self._gate  # `unhang` lets go on whatever was asked before it
        await asyncio.sleep(0)
        kind = self._faults[call].popleft() if self._faults[call] else None
        match kind:
            case BrokerError():
                raise kind
            case "hang":
                await gate.wait()
            case "lost_request":
                raise OutcomeUnknown("the request was lost")
            case "reject":
                raise OrderRejected("주문이 거부되었습니다")
            case "try_later":
                raise TryLater("초당 거래건수를 초과하였습니다")
            case "fault":
                raise BrokerFault("계좌 오류")
        return kind == "lost_reply"

    async def _read_fault(self, call: Call) -> None:
        if await self._fault(call):
            raise TryLater("the reply was lost")

    def _reply(self, number: VenueNo, *, lost: bool) -> Acceptance:
        if lost:
            raise OutcomeUnknown("the reply was lost")
        return Acceptance(venue_no=number, accepted_at=self._clock.now())

    def _say(
        self,
        book: _Book,
        kind: Notice.Kind,
        qty: int,
        price: Decimal,
        *,
        original: VenueNo | None = None,
        number: VenueNo | None = None,
    ) -> None:
        now = self._clock.now()
        notice = Notice(
            kind=kind,
            venue_no=number or book.now.venue_no,
            original_no=original,
            ticker=book.now.symbol.ticker,
            side=book.now.side,
            qty=qty,
            price=price,
            venue_time="" if self.blank_times else f"{now:%H%M%S}",
            received_at=now,
        )
        if self.notices == "held":
            self._outgoing.append(notice)
        elif self.notices != "lost":
            self._deliver(notice)
            if self.notices == "twice":
                self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        if self.sink is not None:
            self.sink(replace(notice, received_at=self._clock.now()))

    # inside: what is shown

    def _visible_at(self, lag_s: float | None = None) -> datetime:
        return self._clock.now() - timedelta(seconds=self.lag_s if lag_s is None else lag_s)

    def _shown(self, lag_s: float | None = None) -> Sequence[BrokerOrder]:
        at = self._visible_at(lag_s)
        known = [[order for told_at, order in book.versions if told_at <= at] for book in self._books]
        return [versions[-1] for versions in known if versions]

    def _free_cash(self) -> Decimal:
        reserved = sum(
            (book.now.limit_price * book.now.open_qty for book in self._books if book.now.side is Side.BUY), _NOTHING
        )
        return self.cash - reserved * (1 + self._fee_pct / _HUNDRED)

    def _sellable(self, symbol: Symbol) -> int:
        selling = sum(
            book.now.open_qty for book in self._books if book.now.side is Side.SELL and book.now.symbol == symbol
        )
        return self._held[symbol].qty - selling - self.withheld.get(symbol, 0)

    def _note_holdings(self) -> None:
        positions = tuple(
            Position(
                symbol=symbol,
                name=symbol.ticker,
                qty=held.qty,
                sellable_qty=self._sellable(symbol),
                average_cost=held.cost / held.qty,
                last=held.cost / held.qty,
                profit_rate=_NOTHING,
            )
            for symbol, held in self._held.items()
            if held.qty
        )
        self._held_versions.append((self._clock.now(), positions))

    def _valued(self, position: Position) -> Position:
        quote = self._quotes.get(position.symbol)
        price = position.average_cost if quote is None else quote.last
        last = self.valuations.get(position.symbol, price)
        return replace(
            position,
            last=last,
            sellable_qty=min(
                position.qty,
                max(self._sellable(position.symbol), 0) if self.holdings_lag_s is None else position.sellable_qty,
            ),
            profit_rate=return_percent(position.average_cost, last) if last and position.average_cost else None,
        )

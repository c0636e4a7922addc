"""The desk's memory of orders: one writer over the journal, and the newest state of every order it touched."""

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.execution.cost_book import CostBook, Terms, agreed, counted, replayed
from strategy.execution.fill_tally import Part, Tally
from strategy.execution.order_feed import OrderFeed
from strategy.execution.order_state_machine import may_move
from strategy.model import (
    BrokerOrder,
    CostAnchor,
    Decision,
    Event,
    Fill,
    Order,
    OrderChanged,
    OrderNo,
    OrderRequest,
    OrderStatus,
    PaidShares,
    Position,
    Said,
    Side,
    Symbol,
    VenueNo,
    cents,
    known_sum,
    new_york_date,
)
from strategy.ports import DecisionJournal, Notes, OrderJournal
from strategy.settings.schema import TradingSettings

log = logging.getLogger(__name__)


class OrderReason(StrEnum):
    NEVER_SENT = "order.never_sent"
    NOT_FOUND = "order.not_found"
    NO_ANSWER = "order.no_answer"
    NO_STOCK = "order.no_stock"
    NOT_SHOWN = "order.not_shown"
    REFUSED_BY_VENUE = "order.refused_by_venue"


_PERCENT = Decimal(100)
_KEPT = timedelta(days=4)  # closed orders are remembered that long; older ones are read again when needed

NEVER_SENT = Said(OrderReason.NEVER_SENT)
NOT_FOUND = Said(OrderReason.NOT_FOUND)
NO_ANSWER = Said(OrderReason.NO_ANSWER)
NO_STOCK = Said(OrderReason.NO_STOCK)
NOT_SHOWN = Said(OrderReason.NOT_SHOWN)


class DeskSettings(Protocol):
    """The settings in force; `SettingsBook` is one."""

    def of(self, symbol: Symbol | None) -> TradingSettings: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stood behind an order when it was placed; its messages repeat it. Cash is dollars, the cost dollars a share,
    the position whole shares."""

    decision: Decision | None = None
    cash_before: Decimal | None = None
    position_qty: int | None = None
    average_cost: Decimal | None = None

    @classmethod
    def of(cls, decision: Decision | None, cash_before: Decimal | None, position: Position | None) -> "Context":
        """Return it from what the caller knows; `cash_before` is dollars."""
        return cls(
            decision=decision,
            cash_before=cash_before,
            position_qty=None if position is None else position.qty,
            average_cost=None if position is None else position.average_cost,
        )

    @classmethod
    def of_decision(cls, decision: Decision | None) -> "Context":
        """Return what the decision alone tells, for an order whose note was not written any more."""
        if decision is None:
            return cls()
        return cls(
            decision=decision,
            cash_before=decision.cash,
            position_qty=decision.position_qty,
            average_cost=decision.average_cost,
        )

    def dump(self) -> str:
        cash, cost = (None if value is None else str(value) for value in (self.cash_before, self.average_cost))
        return json.dumps({"cash": cash, "qty": self.position_qty, "cost": cost})

    @classmethod
    def parse(cls, text: str, decision: Decision | None) -> "Context":
        fields = json.loads(text)
        cash, cost = (None if fields[name] is None else Decimal(fields[name]) for name in ("cash", "cost"))
        return cls(decision=decision, cash_before=cash, position_qty=fields["qty"], average_cost=cost)


class OrderCache:
    """Every write goes through here, under `lock`, sheltered by the caller, so that memory and disk agree."""

    def __init__(
        self,
        *,
        orders: OrderJournal,
        settings: DeskSettings,
        feed: OrderFeed,
        notes: Notes | None,
        decisions: DecisionJournal | None,
    ) -> None:
        self.lock = asyncio.Lock()  # held for reading and writing the disk, never while the broker is asked
        self.loaded = False
        self.doubts = 0  # outcomes that became unknown
        self.costs = CostBook()
        self.fresh = True  # nothing was ever stored: what closed before us is no news
        self.loaded_at: datetime | None = None
        self._orders = orders
        self._settings = settings
        self._feed = feed
        self._notes = notes
        self._decisions = decisions
        self._known: dict[OrderNo, Order] = {}
        self._open: dict[OrderNo, Order] = {}  # those of them not closed
        self._tallies: dict[OrderNo, Tally] = {}
        self._contexts: dict[OrderNo, Context] = {}
        self._numbers: dict[OrderNo, list[VenueNo]] = {}
        self._owners: dict[tuple[VenueNo, date, str, Side], OrderNo] = {}

    async def load(self, at: datetime) -> None:
        """Read what is open; nobody waits any more for answers to orders found here."""
        async with self.lock:
            if self.loaded:
                return
            for order in await self._orders.open():
                known = order.by_clock(at)
                if order.venue_no is None:  # looked for anew: how long nothing ran no clock can tell, it may be set
                    known = replace(known, updated_at=at)
                self._keep(known)
            recent = await self._orders.recent(50)
            self.fresh = not recent
            for order in recent:  # a verdict of "not found" stays open to better news
                if order.status is OrderStatus.REJECTED and order.venue_no is None:
                    self._known.setdefault(order.no, order.by_clock(at))
            await self._recount(at)
            self.loaded, self.loaded_at = True, at
            for order in list(self._known.values()):
                if order.status is OrderStatus.INTENDED:  # left by a version that stored the intent by itself
                    await self.move(order.no, OrderStatus.DENIED, at, reason=NEVER_SENT)
                elif order.status is OrderStatus.SENT:
                    await self.move(order.no, OrderStatus.UNKNOWN, at, reason=NO_ANSWER)
                elif not order.request.symbol.plain and not order.status.closed:  # a bond's, taken for a stock's once
                    await self.move(order.no, OrderStatus.CANCELED, at, reason=NO_STOCK, tell=False)

    # what is known

    def open(self) -> Sequence[Order]:
        return sorted(self._open.values(), key=lambda order: order.no)

    def unanswered(self) -> Sequence[Order]:
        """Orders of which the broker has told nothing yet, and those given up as never arrived."""
        lost = {OrderStatus.SENT, OrderStatus.UNKNOWN}
        return [
            order
            for order in self._known.values()
            if order.venue_no is None
            and (order.status in lost or (order.status is OrderStatus.REJECTED and order.reason == NOT_FOUND))
        ]

    def peek(self, no: OrderNo) -> Order | None:
        """Return what memory has."""
        return self._known.get(no)

    async def get(self, no: OrderNo) -> Order:
        """Return the newest state; raise KeyError for a number never given."""
        if no not in self._known:
            order = await self._orders.get(no)
            if order is None:
                raise KeyError(no)
            self._keep(order)
        return self._known[no]

    async def find(self, numbers: Iterable[VenueNo | None], on: date, ticker: str, side: Side) -> OrderNo | None:
        """Return the order of that ticker and side that carries or carried one of these numbers on that New York date.

        Numbers are unique per branch and day only (kis-protocol 10, line 2): one alone names nobody.
        """
        for number in numbers:
            if number is None:
                continue
            key = number, on, ticker, side
            if key not in self._owners:
                order = await self._orders.by_venue_no(number, on, ticker, side)
                if order is None:
                    continue
                if order.no not in self._known:
                    self._keep(order)
                self._owners[key] = order.no
            return self._owners[key]
        return None

    async def by_ticket(self, ticket: str) -> Order | None:
        order = await self._orders.by_ticket(ticket)
        return None if order is None else await self.get(order.no)

    async def tally(self, no: OrderNo) -> Tally:
        if no not in self._tallies:
            order = await self.get(no)
            fills = await self.fills(no)
            self._tallies[no] = Tally.of(no, order.request.qty, fills)
        return self._tallies[no]

    async def fills(self, no: OrderNo) -> Sequence[Fill]:
        """Return the stored fills of an order."""
        return await self._orders.fills(order=no)

    async def numbers(self, no: OrderNo) -> Sequence[VenueNo]:
        """Return the numbers an order carried, oldest first."""
        if no not in self._numbers:
            self._numbers[no] = list(await self._orders.venue_nos(no))
        return self._numbers[no]

    async def agree_costs(self, held: Mapping[str, Position | None], states: Mapping[str, int], at: datetime) -> None:
        """Let what shares have cost follow the broker where the fills do not tell it, by ticker.

        `states` are those of the book before the broker's answer was compared with the fills: what was filled since is
        not in it.
        """
        async with self.lock:
            for ticker, position in held.items():
                if self.costs.states().get(ticker, 0) != states.get(ticker, 0):
                    continue
                rate = self._settings.of(None if position is None else position.symbol).commission_pct
                shares = agreed(self.costs.of(ticker), position, rate)
                if shares is not None:
                    await self._orders.add_anchor(CostAnchor(ticker=ticker, at=at, shares=shares))
                    self.costs.set(ticker, shares)

    # what changes; the caller holds `lock`

    async def send(self, request: OrderRequest, context: Context, at: datetime) -> Order:
        """Store that an order is being sent, with what stood behind it in its message.

        The feed does not tell of it: whatever comes of the sending it tells, and until then the request must leave.
        """
        leaving = Order(
            no=OrderNo(0),  # storage puts the number in
            request=request,
            status=OrderStatus.SENT,
            venue_no=None,
            limit_price=request.limit_price,
            filled_qty=0,
            filled_amount=Decimal(0),
            reason=None,
            updated_at=at,
        )
        told = _changed(leaving, context, Tally(order_no=OrderNo(0), total=0))
        order = await self._orders.send(request, at, events=(told,))
        self._keep(order)
        self._contexts[order.no] = context
        self._tallies[order.no] = Tally(order_no=order.no, total=request.qty)
        self._numbers[order.no] = []
        self.fresh = False
        return order

    async def keep_context(self, no: OrderNo) -> None:
        """Note what the decision does not tell; done after sending, since a stop must not wait for it."""
        context = self._contexts.get(no, Context())
        if self._notes is not None and context != Context.of_decision(context.decision):
            await self._notes.put(_note(no), context.dump())

    async def add_by_hand(self, found: BrokerOrder, at: datetime, events: Sequence[Event]) -> Order:
        order = await self._orders.add_external(found, at, events)
        self._keep(order)
        for number in (*found.replaced, found.venue_no):
            self._owners[number, found.traded_on, found.symbol.ticker, found.side] = order.no
        self._feed.publish(order)
        return order

    async def move(
        self,
        no: OrderNo,
        status: OrderStatus,
        at: datetime,
        *,
        reason: Said | None = None,
        venue_no: VenueNo | None = None,
        limit_price: Decimal | None = None,
        accepted_at: datetime | None = None,
        reprices: int | None = None,
        working_qty: int | None = None,
        adopted_by: int | None = None,
        parts: Sequence[Part] = (),
        corrected: Sequence[Fill] = (),
        tally: Tally | None = None,
        tell: bool = True,
    ) -> Order:
        """Store a change with its fills and its event. Without a reason the old one stays while the status does.

        `corrected` are all fills of the order, at other prices than before; it comes without `parts`. The limit is
        dollars, `working_qty` whole shares.
        """
        old = await self.get(no)
        if not may_move(old.status, status):
            log.error("order move refused", extra={"order": no, "old": old.status, "new": status})
            status = old.status
        if reason is None:
            reason = old.reason if status is old.status else None
        context = await self._context(old)
        before = tally or await self.tally(no)
        fills, shares = self._fills(old, parts, context)
        after = before.recounted(corrected) if corrected else before.with_fills(fills)
        order = replace(
            old,
            status=status,
            reason=reason,
            updated_at=at,
            venue_no=venue_no or old.venue_no,
            limit_price=old.limit_price if limit_price is None else limit_price,
            accepted_at=old.accepted_at or accepted_at,
            reprices=old.reprices if reprices is None else reprices,
            working_qty=old.working_qty if working_qty is None else working_qty,
            adopted_by=old.adopted_by if adopted_by is None else adopted_by,
            filled_qty=after.qty,
            filled_amount=after.amount,
        )
        numbers = list(await self.numbers(no))
        stored = await self._orders.change(
            no,
            status,
            at,
            reason=reason,
            venue_no=venue_no,
            limit_price=limit_price,
            accepted_at=accepted_at,
            reprices=reprices,
            working_qty=working_qty,
            adopted_by=adopted_by,
            fills=fills,
            corrected=corrected,
            events=(_changed(order, context, after, fills),) if tell else (),
        )
        if venue_no is not None and venue_no not in numbers:
            self._numbers[no] = [*numbers, venue_no]
        self._keep(stored)
        self._tallies[no] = after
        if fills:
            self.costs.set(old.request.symbol.ticker, shares)
        if corrected:
            await self._recount(at)
        self.doubts += status is OrderStatus.UNKNOWN and old.status is not OrderStatus.UNKNOWN
        log.info(
            "order changed",
            extra={"order": no, "status": status.value, "filled": stored.filled_qty, "venue_no": stored.venue_no},
        )
        self._feed.publish(stored)
        return stored

    def remember(self, no: OrderNo, tally: Tally) -> None:
        """Keep a notice in mind that added no fill."""
        self._tallies[no] = tally

    def forget_old(self, at: datetime) -> None:
        """Drop closed orders of past days from memory."""
        for order in [one for one in self._known.values() if one.status.closed and at - one.updated_at > _KEPT]:
            for memory in (self._known, self._tallies, self._contexts, self._numbers):
                memory.pop(order.no, None)
        self._owners = {key: no for key, no in self._owners.items() if no in self._known}

    # inside

    def _keep(self, order: Order) -> None:
        """Remember an order as stored; of what was asked, which never changes, memory knows how long ago it was."""
        known = self._known.get(order.no)
        if known is not None:
            order = replace(order, request=known.request)
        self._known[order.no] = order
        if order.status.closed:
            self._open.pop(order.no, None)
        else:
            self._open[order.no] = order

    async def _context(self, order: Order) -> Context:
        if order.no not in self._contexts:
            self._contexts[order.no] = await self._stored_context(order)
        return self._contexts[order.no]

    async def _stored_context(self, order: Order) -> Context:
        decision = None
        if self._decisions is not None and order.request.decision_id is not None:
            decision = await self._decisions.get(order.request.decision_id)
        text = None if self._notes is None else await self._notes.get(_note(order.no))
        return Context.of_decision(decision) if text is None else Context.parse(text, decision)

    def _fills(self, order: Order, parts: Sequence[Part], context: Context) -> tuple[list[Fill], PaidShares]:
        """Return the fills to store, with what is counted of the ticker's shares after them."""
        shares = self.costs.of(order.request.symbol.ticker)
        commission = self._settings.of(order.request.symbol).commission_pct
        terms = Terms(average_cost=context.average_cost, commission_pct=commission)
        fills: list[Fill] = []
        fees = self._fees(order, parts)
        for part, fee in zip(parts, fees, strict=True):
            fill, shares = counted(shares, _fill(order, part, context, fee), terms)
            fills.append(fill)
        return fills, shares

    def _fees(self, order: Order, parts: Sequence[Part]) -> Iterator[Decimal]:
        """Give what each part is charged in dollars: cents of what they come to together, the last takes the rest."""
        settings = self._settings.of(order.request.symbol)
        rates = [settings.commission_pct]
        if order.request.side is Side.SELL:
            rates.append(settings.sec_fee_pct)
        amount = charged = Decimal(0)
        for part in parts:
            amount += part.price * part.qty
            fees = sum((cents(amount * rate / _PERCENT) for rate in rates), Decimal(0))
            yield fees - charged
            charged = fees

    async def _recount(self, at: datetime) -> None:
        """Count what shares have cost anew from all fills, and store what comes out otherwise than before."""
        again = replayed(await self._orders.cost_entries(), lambda fill: self._settings.of(fill.symbol).commission_pct)
        if again.changed:
            await self._orders.recost(again.changed)
        for ticker in again.taken_over:
            await self._orders.add_anchor(CostAnchor(ticker=ticker, at=at, shares=again.shares[ticker]))
        for ticker, shares in again.shares.items():
            self.costs.set(ticker, shares)


def _fill(order: Order, part: Part, context: Context, fees: Decimal) -> Fill:
    cost = context.average_cost if order.request.side is Side.SELL else None
    return Fill(
        key=part.key,
        order_no=order.no,
        venue_no=part.venue_no,
        symbol=order.request.symbol,
        side=order.request.side,
        qty=part.qty,
        price=part.price,
        filled_at=part.filled_at,
        fees=fees,
        realized=None if cost is None else (part.price - cost) * part.qty - fees,
        source=part.source,
    )


def traded_on(instant: datetime) -> date:
    """Return the New York date orders of that instant belong to (kis-protocol 8.2, regular hours)."""
    return new_york_date(instant)


def _note(no: OrderNo) -> str:
    return f"order.{no}.context"


def _changed(order: Order, context: Context, tally: Tally, fills: Sequence[Fill] = ()) -> OrderChanged:
    return OrderChanged(
        at=order.updated_at,
        order=order,
        decision=context.decision,
        cash_before=context.cash_before,
        position_qty_before=context.position_qty,
        average_cost=context.average_cost,
        last_fill=_together(fills),
        realized=tally.realized,
        result=tally.result,
        fees=tally.fees if order.filled_qty else None,
    )


def _together(fills: Sequence[Fill]) -> Fill | None:
    """Return one fill to tell: an inquiry's difference stored in two parts is one piece of news."""
    if len(fills) < 2:
        return fills[0] if fills else None
    qty = sum(fill.qty for fill in fills)
    paid = [fill.paid for fill in fills if fill.paid is not None]
    return replace(
        fills[0],
        qty=qty,
        price=sum((fill.price * fill.qty for fill in fills), Decimal(0)) / qty,
        fees=sum((fill.fees for fill in fills), Decimal(0)),
        realized=known_sum(fill.realized for fill in fills),
        paid=sum(paid, Decimal(0)) if len(paid) == len(fills) else None,
        held=fills[-1].held,
    )

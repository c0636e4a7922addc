"""The way out of a position (D3): resting orders canceled and confirmed, then marketable limits, each step deeper."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from strategy.activity import Activity
from strategy.book import SettingsBook
from strategy.clock import Clock
from strategy.desk import OrderDesk
from strategy.errors import BrokerError, DataUnavailable, InvalidOrder, OrderDenied, TradingError
from strategy.instruments import Symbol
from strategy.lead import Opening
from strategy.look import AccountLook
from strategy.order_feed import OrderChanges
from strategy.orders import Order, OrderNo, OrderRequest, OrderStatus, Origin, Side
from strategy.permissions import Permissions, Why
from strategy.ports import OrderJournal
from strategy.positions import Positions
from strategy.quotes import Quote
from strategy.shelter import first_of, sheltered
from strategy.stops import ladder_price
from strategy.text import Text
from strategy.watch import MarketWatch

MAX_REJECTS = 3
_CONFIRM_S = 10.0  # market time a cancel may take before the rest is sold without it
_BLOCKED_PAUSE_S = 2.0
_HELD_UP = timedelta(seconds=20)  # a ladder that may not send for that long says so, within 30 s (promise 4)

HeldUp = Callable[[Text], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """What one run of the ladder came to."""

    orders: tuple[OrderNo, ...]
    sold: int
    left: int
    amount: Decimal  # dollars
    reason: str  # "flat", "session_end", "rejected", "halted", "unknown"; the guard's own: "interrupted"
    refusal: Text | None = None  # why the broker refused the newest of its orders that were refused

    @property
    def average_price(self) -> Decimal | None:
        return self.amount / self.sold if self.sold else None


@dataclass(slots=True, kw_only=True)
class _Run:
    """Where one run stands."""

    symbol: Symbol
    origin: Origin
    opening: Opening | None
    decision_id: int | None
    asked_by: int | None
    wanted: int
    until: datetime
    scope: str
    held_up: HeldUp | None
    max_rejects: int
    nos: list[OrderNo]
    refused: set[OrderNo]
    step: int = 0
    blocked_from: datetime | None = None
    told_blocked: bool = False

    @property
    def given_up(self) -> bool:
        return len(self.refused) >= self.max_rejects


class Ladder:
    """Sells a position until flat, the session ends, or nothing more can be done."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        watch: MarketWatch,
        positions: Positions,
        look: AccountLook,
        settings: SettingsBook,
        permissions: Permissions,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._watch = watch
        self._positions = positions
        self._look = look
        self._settings = settings
        self.permissions = permissions
        self._clock = clock
        self._activity = activity

    async def descend(
        self,
        symbol: Symbol,
        *,
        qty: int,
        origin: Origin,
        until: datetime,
        opening: Opening | None = None,
        decision_id: int | None = None,
        asked_by: int | None = None,
        scope: str | None = None,
        held_up: HeldUp | None = None,
        max_rejects: int = MAX_REJECTS,
    ) -> Descent:
        """Sell `qty` shares; ends at `until` (the close) or when it is not permitted. Never raises for the broker.

        `opening` is stored with the first order, or at once where none can leave; `decision_id` is what an earlier
        run stored it as; `scope` overrides POSITION_SCOPE where the broker's quantity is believed again; `held_up` is
        told, once each time, why nothing can be sent for a while; `max_rejects` refused orders end it.
        """
        run = _Run(
            symbol=symbol,
            origin=origin,
            opening=opening,
            decision_id=decision_id,
            asked_by=asked_by,
            wanted=qty,
            until=until,
            scope=scope or self._settings.of(symbol).position_scope,
            held_up=held_up,
            max_rejects=max_rejects,
            nos=[],
            refused=set(),
        )
        with self._desk.changed() as changes:
            with self._activity():
                await self._clear(run)
            while True:
                with self._activity():
                    reason = await self._ended(run)
                if reason is not None:
                    await _open(run)
                    return await self._result(run, reason)
                await self._rung(run, changes)

    async def _clear(self, run: _Run) -> None:
        """Cancel what rests in the ticker and have it confirmed; then believe the broker's quantity."""
        unanswered = (OrderStatus.SENT, OrderStatus.UNKNOWN)  # it cannot be canceled yet, and a buy holds nothing up
        resting = [order for order in await self._desk.open_in(run.symbol) if order.status not in unanswered]
        if not resting:
            return
        await _open(run)
        for order in sorted(resting, key=lambda order: order.request.side is Side.BUY):  # sells hold the shares
            try:
                await self._desk.cancel_and_confirm(order.no, within_s=_CONFIRM_S)
            except TradingError:
                continue  # what still rests is left out of what is sold
        try:
            await self._look.take("asked")
        except BrokerError:
            return
        run.wanted = self._positions.in_scope(run.symbol, run.scope)[0]

    async def _ended(self, run: _Run) -> str | None:
        """Return why the ladder is over, canceling what still works, or None to go on."""
        sold, _ = await self._sold(run)
        if sold >= run.wanted and (sold or not await self._being_sold(run)):
            return "flat"
        over = self._clock.now() >= run.until
        forbidden = self.permissions.selling_out(run.symbol, run.origin)
        if not over and not forbidden and not run.given_up:
            return None
        with self._activity():
            for order in await self._working(run):
                try:
                    await self._desk.cancel(order.no)
                except TradingError:
                    continue
        if over or (forbidden and forbidden[0].why is Why.SESSION):
            return "unknown" if self._desk.blocked(run.symbol, protects=True) else "session_end"
        return "rejected" if run.given_up else "halted"

    async def _being_sold(self, run: _Run) -> bool:
        """Return whether an order of before may be what sells: its end must be known before anything can be told."""
        if self._desk.blocked(run.symbol, protects=True):
            return True
        return any(order.request.side is Side.SELL for order in await self._desk.open_in(run.symbol))

    async def _rung(self, run: _Run, changes: OrderChanges) -> None:
        """Place or re-price once, then wait for the order's end or the next re-pricing."""
        why = self._desk.blocked(run.symbol, protects=True)
        if why is not None:
            await _open(run)
            await self._say_held_up(run, why)
            await self._pause(run, changes, _BLOCKED_PAUSE_S)
            return
        run.blocked_from, run.told_blocked = None, False
        with self._activity():
            working = await self._working(run)
            if working:
                await self._deepen(run, working[-1])
            else:
                await self._place(run)
        if not run.given_up:
            await self._pause(run, changes, float(self._settings.of(run.symbol).stop_loss_reprice_s))

    async def _say_held_up(self, run: _Run, why: Text) -> None:
        now = self._clock.now()
        run.blocked_from = run.blocked_from or now
        if run.held_up is not None and not run.told_blocked and now - run.blocked_from >= _HELD_UP:
            run.told_blocked = True
            with self._activity():
                await run.held_up(why)

    async def _place(self, run: _Run) -> None:
        held, _ = self._positions.in_scope(run.symbol, run.scope)
        sold, _ = await self._sold(run)  # read after the position: a fill between the two lowers nothing
        run.wanted = min(run.wanted, sold + held)  # an order of before a restart may have sold what was wanted
        resting = sum(
            order.open_qty for order in await self._desk.open_in(run.symbol) if order.request.side is Side.SELL
        )
        qty = min(run.wanted - sold, run.wanted - sold - resting)
        if qty <= 0:
            await _open(run)
            await self._clear_rest(run)
            return
        quote = await self._quote(run)
        if quote is None or quote.halted:
            await _open(run)
            return  # no price or no trading: nothing can be sent, the guard tells that the stop cannot run
        if self._desk.busy(run.symbol):
            await _open(run)  # the turn is somebody else's until the broker has answered
        opening = run.opening if run.opening is not None and run.opening.lead is not None else None
        decision = run.opening.decision if run.opening is not None else None
        request = OrderRequest(
            symbol=run.symbol,
            side=Side.SELL,
            qty=qty,
            limit_price=self._price(run, quote),
            origin=run.origin,
            created_at=self._clock.now(),
            decision_id=decision.id if decision and not opening else run.decision_id,
            asked_by=run.asked_by,
        )
        try:
            order = await self._desk.place(
                request, decision=decision, position=self._positions.of(run.symbol), opening=opening
            )
        except OrderDenied:
            await _open(run)
            return  # an order of the ticker has no answer yet; asked again after the pause
        run.nos.append(order.no)
        run.step += 1
        if order.status is OrderStatus.REJECTED:
            await self._refused(run, order.no)

    async def _refused(self, run: _Run, no: OrderNo) -> None:
        """After a refusal believe the broker's quantity again: the shares may be fewer than thought."""
        run.refused.add(no)
        try:
            await self._look.take("asked")
        except BrokerError:
            return
        sold, _ = await self._sold(run)
        held, _ = self._positions.in_scope(run.symbol, run.scope)
        run.wanted = min(run.wanted, sold + held)

    async def _clear_rest(self, run: _Run) -> None:
        """Ask again to cancel sells that hold the shares."""
        for order in await self._desk.open_in(run.symbol):
            if order.request.side is Side.SELL and order.no not in run.nos:
                try:
                    await self._desk.cancel(order.no)
                except TradingError:
                    continue

    async def _deepen(self, run: _Run, order: Order) -> None:
        if order.status is OrderStatus.CANCEL_SENT:
            return
        quote = await self._quote(run)
        if quote is None or quote.halted:
            return
        price = self._price(run, quote)
        if price == order.limit_price:
            return
        try:
            await self._desk.amend(order.no, limit_price=price)
        except (BrokerError, InvalidOrder, OrderDenied):
            return  # refused because it filled, or for now: the next step looks again
        run.step += 1

    async def _pause(self, run: _Run, changes: OrderChanges, seconds: float) -> None:
        """Wait until an order of the ticker has ended, or for that much market time."""
        deadline = min(run.until, self._clock.now() + timedelta(seconds=seconds))

        while self._clock.now() < deadline:
            await first_of(self._clock, deadline, changes.wake)
            while changes.wake.is_set():
                order = await changes.next()
                if order.request.symbol != run.symbol or not order.status.closed:
                    continue
                if order.status is not OrderStatus.REJECTED or order.no not in run.nos:
                    return
                run.refused.add(order.no)  # refused by the venue: not asked again in a hurry

    def _price(self, run: _Run, quote: Quote) -> Decimal:
        collar = self._settings.of(run.symbol).stop_loss_collar_pct
        return ladder_price(bid=quote.bid, last=quote.last, collar_pct=collar, step=run.step)

    async def _quote(self, run: _Run) -> Quote | None:
        """Return the freshest price to be had: an old one, or the broker's valuation, is better than no way out."""
        symbol = run.symbol
        if not self._watch.priced(symbol):
            await _open(run)  # the price must be asked for: that may take long
        try:
            return await self._watch.quote(symbol)
        except (BrokerError, DataUnavailable):
            return self._watch.latest(symbol) or self._valued(symbol)

    def _valued(self, symbol: Symbol) -> Quote | None:
        position = self._positions.of(symbol)
        if position is None or position.last is None:
            return None
        return Quote(
            symbol=symbol,
            last=position.last,
            bid=None,
            ask=None,
            previous_close=None,
            received_at=self._clock.now(),
        )

    async def _working(self, run: _Run) -> list[Order]:
        return [order for order in await self._desk.open_in(run.symbol) if order.no in run.nos]

    async def _sold(self, run: _Run) -> tuple[int, Decimal]:
        qty, amount = 0, Decimal(0)
        for no in run.nos:
            order = await self._orders.get(no)
            if order is not None:
                qty, amount = qty + order.filled_qty, amount + order.filled_amount
        return qty, amount

    async def _result(self, run: _Run, reason: str) -> Descent:
        sold, amount = await self._sold(run)
        return Descent(
            orders=tuple(run.nos),
            sold=sold,
            left=max(0, run.wanted - sold),
            amount=amount,
            reason=reason,
            refusal=await self._refusal(run),
        )

    async def _refusal(self, run: _Run) -> Text | None:
        order = await self._orders.get(max(run.refused)) if run.refused else None
        return Text.read(order.reason) if order is not None and order.reason else None


async def _open(run: _Run) -> None:
    """Store what led to the run by itself, where no order takes it to disk at once."""
    if run.opening is not None:
        await sheltered(run.opening.store())  # stored, it is known to be: taken up again, the stop stores no second

"""The way out of a position (D3): resting orders canceled and confirmed, then marketable limits, each step deeper.
See decisions 0123 and 0124."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.execution.order_cache import NOT_FOUND
from strategy.execution.order_feed import OrderChanges
from strategy.execution.resending import AGAIN
from strategy.market import MarketData
from strategy.model import (
    BrokerError,
    Clock,
    DataUnavailable,
    Decision,
    Forbidden,
    Hitch,
    InvalidOrder,
    OfferedMeanwhile,
    Order,
    OrderDenied,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Position,
    PositionScope,
    Quote,
    Said,
    SaleEnd,
    Side,
    Symbol,
    TradingError,
    TryLater,
    Why,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import OrderJournal
from strategy.runtime import Activity, wait_until_or
from strategy.settings.schema import SettingsInForce
from strategy.stops.exit_result import MAX_REJECTS, ExitResult
from strategy.stops.stop_lines import ladder_price


class LadderNote(StrEnum):
    TIED_UP = "ladder.tied_up"
    TRADING_HALTED = "ladder.trading_halted"
    NO_TRADES = "ladder.no_trades"


_CONFIRM_S = 10.0  # market time a cancel may take before the rest is sold without it
_BLOCKED_PAUSE_S = 2.0
_SHORT_PAUSE_S = 10.0  # between looks for shares that cannot be ordered yet
_PROBE = timedelta(seconds=60)  # where not one share can be ordered, the broker's figure is tried that often
_HELD_UP = timedelta(seconds=20)  # a ladder that may not send for that long says so, within 30 s (promise 4)
_UNANSWERED = frozenset({OrderStatus.SENT, OrderStatus.UNKNOWN})  # cannot be canceled yet; a buy holds nothing up
_BLIND_STEPS = 5  # deeper without having seen the market move, where no book says that it does not

_AFTER_CLOSE = timedelta(seconds=120)  # the broker's list may be that late with what the closing auction filled
_ASK_AGAIN = timedelta(seconds=10)

HeldUp = Callable[[Hitch, Said], Awaitable[None]]
Mark = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _HeldUp:
    """What keeps a run from selling all it should."""

    kind: Hitch
    text: Said
    since: datetime
    certain: bool  # told at once, not only when it lasts


@dataclass(slots=True, kw_only=True)
class _Run:
    """Where one run stands."""

    symbol: Symbol
    origin: Origin
    decision: Decision | None
    decision_id: int | None
    asked_by: int | None
    wanted: int
    until: datetime
    scope: PositionScope
    held_up: HeldUp | None
    max_rejects: int
    permitted: bool
    nos: list[OrderNo]
    refused: set[OrderNo]
    cleared: set[OrderNo] = field(default_factory=set)  # buys that were asked to be canceled
    pause_s: float = 0.0  # until the next step
    step: int = 0  # collars below the first price; grows only when a venue has seen the one before
    collar_pct: Decimal = Decimal(0)  # as set when the present step began
    offered: int = 0  # shares of the ticker that open sells were known to offer when the present step was sized
    position: Position | None = None  # as it was when the present step asked for it
    mark: Mark = ()  # how the market stood when the price was set that is out
    blind: int = 0  # steps since the market was seen to move
    asked: bool = False  # the market answered when the newest price was asked for
    probed_at: datetime | None = None
    hitch: _HeldUp | None = None
    told: set[Hitch] = field(default_factory=set)  # hitches, while they last

    @property
    def given_up(self) -> bool:
        return len(self.refused) >= self.max_rejects


class MaySell(Protocol):
    """Says what stands against a sale that protects."""

    panic_from: datetime | None  # when the panic at work was asked for

    def selling_out(self, symbol: Symbol, origin: Origin) -> Sequence[Forbidden]: ...


class ExitLadder:
    """Sells a position until flat, the session ends, or nothing more can be done."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        watch: MarketData,
        positions: Positions,
        account_sync: AccountSync,
        settings: SettingsInForce,
        permissions: MaySell,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._watch = watch
        self._positions = positions
        self._account_sync = account_sync
        self._settings = settings
        self.permissions = permissions
        self._clock = clock
        self._activity = activity

    async def exit(
        self,
        symbol: Symbol,
        *,
        qty: int,
        origin: Origin,
        until: datetime,
        decision: Decision | None = None,
        decision_id: int | None = None,
        asked_by: int | None = None,
        scope: PositionScope | None = None,
        held_up: HeldUp | None = None,
        max_rejects: int = MAX_REJECTS,
        permitted: bool = False,
    ) -> ExitResult:
        """Sell `qty` shares; ends at `until` (the close) or when it is not permitted. Never raises for the broker.

        `decision` is the stored one that its orders follow from, `decision_id` the number alone of one an earlier run
        stored; `scope` overrides POSITION_SCOPE where the broker's quantity is believed again; `held_up` is told, once
        each time, why nothing can be sent for a while; `max_rejects` refused orders end it. `permitted`: it was asked
        a moment ago whether it may sell, so the first step goes to the desk's door, which asks again.
        """
        run = _Run(
            symbol=symbol,
            origin=origin,
            decision=decision,
            decision_id=decision_id if decision is None else decision.id,
            asked_by=asked_by,
            wanted=qty,
            until=until,
            scope=scope or self._settings.of(symbol).position_scope,
            held_up=held_up,
            max_rejects=max_rejects,
            permitted=permitted,
            nos=[],
            refused=set(),
        )
        with self._desk.changed() as changes:
            await self._clear(run)
            while True:
                with self._activity():
                    reason = await self._ended(run)
                if reason is not None:
                    if self._clock.now() >= run.until:
                        reason = await self._after_close(run, reason, changes)
                    return await self._result(run, reason)
                await self._step(run, changes)

    async def _clear(self, run: _Run) -> None:
        """Cancel what rests in the ticker and have it confirmed; then believe the broker's quantity."""
        resting = [order for order in await self._desk.open_in(run.symbol) if order.status not in _UNANSWERED]
        if resting and self.permissions.selling_out(run.symbol, run.origin):  # nothing is sold: a person's orders stay
            resting = [order for order in resting if order.request.protects]
        if not resting:
            return
        run.permitted = False  # that takes seconds: what may sell is asked anew
        await self._cancel_all(run, sorted(resting, key=lambda order: order.request.side is Side.BUY))
        if any(order.request.side is Side.SELL for order in resting):  # they held shares; a look takes seconds
            try:
                await self._account_sync.take("asked")
            except BrokerError:
                return
        run.wanted = self._positions.in_scope(run.symbol, run.scope)[0]

    async def _ended(self, run: _Run) -> SaleEnd | None:
        """Return why the ladder is over, canceling what still works, or None to go on."""
        sold, _ = await self._sold(run)
        if sold >= run.wanted and (sold or not await self._being_sold(run)):
            return SaleEnd.FLAT
        over = self._clock.now() >= run.until
        forbidden = [] if run.permitted else self.permissions.selling_out(run.symbol, run.origin)
        run.permitted = False
        if not over and not forbidden and not run.given_up:
            return None
        with self._activity():
            for order in await self._working(run):
                try:
                    await self._desk.cancel(order.no)
                except TradingError:
                    continue
        if over or (forbidden and forbidden[0].why is Why.SESSION):
            if self._desk.blocked(run.symbol, protects=True):
                return SaleEnd.UNKNOWN
            short = run.hitch is not None and run.hitch.kind is Hitch.NOT_ORDERABLE
            return SaleEnd.NOT_ORDERABLE if short else SaleEnd.SESSION_END
        return SaleEnd.REJECTED if run.given_up else SaleEnd.HALTED

    async def _after_close(self, run: _Run, reason: SaleEnd, changes: OrderChanges) -> SaleEnd:
        """Return why the ladder is over once the broker's list has had its time: the closing auction fills later."""
        if not await self._was_out(run):
            return reason
        certain_at = run.until + _AFTER_CLOSE
        while (await self._sold(run))[0] < run.wanted:
            now = self._clock.now()
            if now >= certain_at:
                still_out = self._desk.blocked(run.symbol, protects=True) or await self._working(run)
                return SaleEnd.UNKNOWN if still_out else reason
            await wait_until_or(self._clock, min(certain_at, now + _ASK_AGAIN), changes.wake)
            changes.clear()
            with self._activity(), suppress(BrokerError):
                await self._desk.poll_orders()
        return SaleEnd.FLAT

    async def _was_out(self, run: _Run) -> bool:
        """Return whether an order of the run, or one that may sell for it, was still out at the close."""
        for no in run.nos:
            order = await self._orders.get(no)
            if order is None or (order.status.closed and order.venue_no is None):
                continue  # it never was anywhere
            if not order.status.closed or order.updated_at >= run.until:
                return True
        return await self._being_sold(run)

    async def _being_sold(self, run: _Run) -> bool:
        """Return whether an order of before may be what sells: its end must be known before anything can be told."""
        if self._desk.blocked(run.symbol, protects=True):
            return True
        return any(order.request.side is Side.SELL for order in await self._desk.open_in(run.symbol))

    async def _step(self, run: _Run, changes: OrderChanges) -> None:
        """Place or re-price once, then wait for the order's end or the next re-pricing."""
        why = self._desk.blocked(run.symbol, protects=True)
        if why is not None:
            self._held_up(run, Hitch.BLOCKED, why, certain=False)
            run.pause_s = _BLOCKED_PAUSE_S
        else:
            orders = await self._desk.open_in(run.symbol)
            if await self._clear_buys(run, orders):
                orders = await self._desk.open_in(run.symbol)
            settings = self._settings.of(run.symbol)
            run.pause_s, run.collar_pct = float(settings.stop_loss_reprice_s), settings.stop_loss_collar_pct
            before, run.hitch = run.hitch, None
            with self._activity():
                working = [order for order in orders if order.no in run.nos]
                if working:
                    await self._reprice(run, working[-1])
                else:
                    await self._place(run, orders)
            self._compare(run, before)
        await self._tell_hitch(run)
        if not run.given_up:
            await self._pause(run, changes, run.pause_s)

    # what holds it up

    def _held_up(self, run: _Run, kind: Hitch, text: Said, *, certain: bool) -> None:
        since = run.hitch.since if run.hitch is not None and run.hitch.kind is kind else self._clock.now()
        run.hitch = _HeldUp(kind, text, since, certain)

    def _compare(self, run: _Run, before: _HeldUp | None) -> None:
        """Let a hitch that goes on keep its beginning, and one that is over be told again another time."""
        now = run.hitch
        if now is not None and before is not None and now.kind is before.kind:
            run.hitch = replace(now, since=before.since)
        elif before is not None and before.kind is not Hitch.NOT_ORDERABLE:  # the same shares come and go with it
            run.told.discard(before.kind)

    async def _tell_hitch(self, run: _Run) -> None:
        """Tell what holds the sale up: at once what is certain, anything else when it lasts."""
        hitch = run.hitch
        if hitch is None or run.held_up is None or hitch.kind in run.told:
            return
        if hitch.certain or self._clock.now() - hitch.since >= _HELD_UP:
            run.told.add(hitch.kind)
            with self._activity():
                await run.held_up(hitch.kind, hitch.text)

    # placing

    async def _place(self, run: _Run, orders: Sequence[Order]) -> None:
        qty = await self._quantity(run, orders)
        if qty <= 0:
            await self._clear_rest(run)
            return
        quote = await self._quote(run)
        if quote is None or self._halted(run, quote):
            return  # no price or no trading: nothing can be sent, the vigil tells that the stop cannot run
        if await self._fell_short(run):
            run.step += 1
        request = OrderRequest(
            symbol=run.symbol,
            side=Side.SELL,
            qty=qty,
            limit_price=self._price(run, quote, run.step),
            origin=run.origin,
            created_at=self._clock.now(),
            decision_id=run.decision_id,
            asked_by=run.asked_by,
        )
        try:
            order = await self._desk.place(request, decision=run.decision, position=run.position, offered=run.offered)
        except OfferedMeanwhile:
            run.pause_s = 0.0  # sized again at once
            return
        except OrderDenied:
            return  # an order of the ticker has no answer yet; asked again after the pause
        run.nos.append(order.no)
        run.mark, run.blind = self._mark(run.symbol, quote, order.filled_qty), 0
        if order.status is OrderStatus.REJECTED:
            await self._refused(run, order.no)

    async def _quantity(self, run: _Run, orders: Sequence[Order]) -> int:
        """Return how many shares to offer now: what is left and can be ordered."""
        rest, orderable = await self._rest(run, orders)
        untouched = not await self._was_seen(run)  # so the figure is no older than the run
        if rest <= 0 or (untouched and orderable >= rest):
            return rest
        if untouched and orderable > 0:
            return self._part(run, rest, orderable)  # at once: a look takes seconds
        try:
            await self._account_sync.take("asked")  # what can be ordered changes with every order
        except BrokerError:
            return rest  # not known, and the broker itself refuses what is too much
        rest, orderable = await self._rest(run, await self._desk.open_in(run.symbol))
        if orderable >= rest:
            return rest
        if orderable > 0:
            return self._part(run, rest, orderable)
        self._part(run, rest, 0)
        run.pause_s = _SHORT_PAUSE_S
        return rest if rest == run.wanted and self._may_probe(run) else 0

    def _part(self, run: _Run, rest: int, orderable: int) -> int:
        """Note that the others must wait; return what can be ordered."""
        self._held_up(run, Hitch.NOT_ORDERABLE, _not_orderable(rest, orderable), certain=True)
        return orderable

    def _may_probe(self, run: _Run) -> bool:
        """Return whether to try what the broker says cannot be ordered: a figure must not hold up a whole stop."""
        now = self._clock.now()
        if run.probed_at is not None and now - run.probed_at < _PROBE:
            return False
        run.probed_at = now
        return True

    async def _rest(self, run: _Run, orders: Sequence[Order]) -> tuple[int, int]:
        """Return the shares still to be offered, and how many of them the broker lets be ordered."""
        run.position = position = self._positions.scoped(run.symbol, run.scope)
        held, orderable = (0, 0) if position is None else (position.qty, position.sellable_qty)
        sold, _ = await self._sold(run)  # read after the position: a fill between the two lowers nothing
        run.wanted = min(run.wanted, sold + held)  # an order of before a restart may have sold what was wanted
        run.offered = sum(order.open_qty for order in orders if order.request.side is Side.SELL)
        return run.wanted - sold - run.offered, orderable

    async def _was_seen(self, run: _Run) -> bool:
        """Return whether a venue had the order before this one."""
        before = await self._orders.get(run.nos[-1]) if run.nos else None
        return before is not None and before.venue_no is not None

    async def _fell_short(self, run: _Run) -> bool:
        """Return whether a venue had the order before this one and left some of it: its price was not good enough."""
        before = await self._orders.get(run.nos[-1]) if run.nos else None
        return before is not None and before.venue_no is not None and before.status is not OrderStatus.FILLED

    async def _refused(self, run: _Run, no: OrderNo) -> None:
        """After a refusal look at what the broker has: fewer shares than thought, or orders that stand against ours."""
        try:
            await self._desk.poll_orders()  # the orders first: that is one question
            if await self._clear_buys(run, await self._desk.open_in(run.symbol)):
                run.pause_s = 0.0  # a sell against an own buy was refused as a wash trade: it may go now
                return
            await self._account_sync.take("asked")
        except BrokerError:
            run.refused.add(no)
            return
        if run.probed_at != self._clock.now():
            run.refused.add(no)
        sold, _ = await self._sold(run)
        held, _ = self._positions.in_scope(run.symbol, run.scope)
        run.wanted = min(run.wanted, sold + held)

    async def _clear_buys(self, run: _Run, orders: Sequence[Order]) -> bool:
        """Cancel what would buy from ourselves and have it confirmed, each once; return whether there was any."""
        opposing = [
            order
            for order in orders
            if order.request.side is Side.BUY and order.status not in _UNANSWERED and order.no not in run.cleared
        ]
        if opposing:
            await self._cancel_all(run, opposing)
        return bool(opposing)

    async def _cancel_all(self, run: _Run, orders: Sequence[Order]) -> None:
        """Cancel orders side by side and have it confirmed: one that takes its time must not hold up the next.

        What rests all the same is left out of what is sold, or the broker says that it stands against it.
        """
        async with asyncio.TaskGroup() as group:
            for order in orders:
                run.cleared.add(order.no)
                group.create_task(self._cancel(order.no), name=f"ladder: cancel {order.no}")

    async def _cancel(self, no: OrderNo) -> None:
        with suppress(TradingError):
            await self._desk.cancel_and_confirm(no, within_s=_CONFIRM_S)

    async def _clear_rest(self, run: _Run) -> None:
        """Ask again to cancel sells that hold the shares."""
        for order in await self._desk.open_in(run.symbol):
            if order.request.side is Side.SELL and order.no not in run.nos:
                try:
                    await self._desk.cancel(order.no)
                except TradingError:
                    continue

    # following the price

    async def _reprice(self, run: _Run, order: Order) -> None:
        if order.status is OrderStatus.CANCEL_SENT:
            return
        quote = await self._quote(run)
        if quote is None:
            return
        mark = self._mark(run.symbol, quote, order.filled_qty)
        if mark != run.mark:
            run.blind = 0
        elif quote.halted:
            self._held_up(run, Hitch.HALTED, _HALTED, certain=True)
            return
        elif (run.asked and quote.bid is not None) or run.blind >= _BLIND_STEPS:
            self._held_up(run, Hitch.UNMOVED, _UNMOVED, certain=False)
            return  # nothing has traded and no quote has changed: a deeper limit would only sell cheaper later
        price = self._price(run, quote, run.step + 1)
        if price == order.limit_price:
            return
        try:
            await self._desk.amend(order.no, limit_price=price)
        except TryLater:
            run.pause_s = AGAIN.total_seconds()
            return
        except (BrokerError, InvalidOrder, OrderDenied):
            return  # refused because it filled, or for now: the next step looks again
        run.step += 1
        run.blind += 1
        run.mark = mark

    async def _pause(self, run: _Run, changes: OrderChanges, seconds: float) -> None:
        """Wait until an order of the ticker has ended, or for that much market time."""
        deadline = min(run.until, self._clock.now() + timedelta(seconds=seconds))

        while self._clock.now() < deadline:
            await wait_until_or(self._clock, deadline, changes.wake)
            while changes.wake.is_set():
                order = await changes.next()
                if order.request.symbol != run.symbol or not order.status.closed:
                    continue
                refused = order.status is OrderStatus.REJECTED and order.reason != NOT_FOUND
                if not refused or order.no not in run.nos or order.no in run.refused:
                    return
                await self._refused(run, order.no)  # by the venue: not asked again in a hurry
                if order.no not in run.refused:
                    return

    @staticmethod
    def _price(run: _Run, quote: Quote, step: int) -> Decimal:
        return ladder_price(bid=quote.bid, last=quote.last, collar_pct=run.collar_pct, step=step)

    def _halted(self, run: _Run, quote: Quote) -> bool:
        """Return whether nothing trades: the broker says so, and the market has not moved since the last step.

        Its word covers tickers that may only not be bought, too: whatever trades is sold.
        """
        if not quote.halted:
            return False
        before, run.mark = run.mark, self._mark(run.symbol, quote, 0)
        if before and before != run.mark:
            return False
        self._held_up(run, Hitch.HALTED, _HALTED, certain=True)
        return True

    def _mark(self, symbol: Symbol, quote: Quote, filled: int) -> Mark:
        """Return what a trade or a changed quote changes; `filled` is what traded of our own order."""
        book = (quote.last, quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.volume)
        return (*book, self._watch.newest_tick(symbol), filled)

    async def _quote(self, run: _Run) -> Quote | None:
        """Return the freshest price to be had: an old one, or the broker's valuation, is better than no way out."""
        symbol, run.asked = run.symbol, False
        try:
            quote = await self._watch.quote(symbol)
        except (BrokerError, DataUnavailable):
            return self._watch.latest(symbol) or self._valued(symbol)
        run.asked = True
        return quote

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

    async def _result(self, run: _Run, reason: SaleEnd) -> ExitResult:
        sold, amount = await self._sold(run)
        return ExitResult(
            orders=tuple(run.nos),
            sold=sold,
            left=max(0, run.wanted - sold),
            amount=amount,
            reason=reason,
            refusal=await self._refusal(run),
            refused=len(run.refused),
        )

    async def _refusal(self, run: _Run) -> Said | None:
        order = await self._orders.get(max(run.refused)) if run.refused else None
        return None if order is None else order.reason


def _not_orderable(rest: int, orderable: int) -> Said:
    now = max(0, orderable)
    return Said(LadderNote.TIED_UP, rest=rest, now=now)


_HALTED = Said(LadderNote.TRADING_HALTED)
_UNMOVED = Said(LadderNote.NO_TRADES)

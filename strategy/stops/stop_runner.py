"""Carries out what has fired: stores why, sells by the ladder, tells the end; tries again, and goes on after a restart.

A ticker is locked, and why is stored, before anything is sent. Whatever goes wrong with one ticker changes nothing for
the others.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.execution.order_feed import OrderChanges
from strategy.model import Clock, Decision, FiredBy, Order, SaleEnd, StorageError, Symbol
from strategy.portfolio.interface import AccountSync
from strategy.ports import OrderJournal
from strategy.runtime import run_to_end
from strategy.stops.exit_ladder import ExitLadder
from strategy.stops.exit_result import ExitResult, refusals_borne
from strategy.stops.firing import ORIGINS, TRIGGERS, Firing, StopContext
from strategy.stops.stop_context import StopContexts
from strategy.stops.stop_lines import StopLine
from strategy.stops.stop_reports import StopReports
from strategy.stops.stops_at_work import StopsAtWork

_AGAIN_AFTER = timedelta(seconds=50)  # a ladder that ended with shares left: with STOP_POLL_S a try each minute
_UNSTORED_PAUSE = timedelta(seconds=5)  # and one that could not be stored
_OF_NOW = timedelta(seconds=1)  # what was read when a stop fired is as good as read anew for that long
_MISSED = 50  # orders that may have filled while nobody followed them


class Lines(Protocol):
    """What compares prices, as its runner needs it."""

    watching: bool
    unstored_at: datetime | None

    @property
    def lines(self) -> Mapping[Symbol, StopLine]: ...

    @property
    def sees(self) -> bool: ...

    async def load(self) -> None: ...

    def catch_up(self, orders: Sequence[Order]) -> None: ...

    async def judge_jumps(self) -> None: ...

    async def follow_fills(
        self, changes: OrderChanges, *, filled: Callable[[], None], ended: Callable[[Order], None]
    ) -> None: ...


class StopRunner:
    """Takes what the monitor fires, each ticker by itself, until its shares are sold or its selling is over."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        monitor: Lines,
        contexts: StopContexts,
        at_work: StopsAtWork,
        ladder: ExitLadder,
        reports: StopReports,
        account_sync: AccountSync,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._monitor = monitor
        self._contexts = contexts
        self._at_work = at_work
        self._ladder = ladder
        self._reports = reports
        self._account_sync = account_sync
        self._clock = clock
        self._unfinished: dict[Symbol, Firing] = {}  # begun and not ended: taken up when this is started anew
        self._ran = False  # `run` has been at work before
        self._resuming = False  # asked to go on with the stops that a restart has cut off
        self._taken_up = False  # ... and done
        self._untold: dict[Symbol, Firing] = {}  # those of them whose end was not told
        at_work.instead = self._of_before

    async def load(self) -> None:
        """Read the stored peaks and evenings of the watched tickers, and the stops that were cut off. Call once."""
        await self._monitor.load()
        self._untold = await self._reports.cut_off()

    @property
    def lines(self) -> Mapping[Symbol, StopLine]:
        """Return the stop prices in force."""
        return self._monitor.lines

    async def run(self) -> None:
        """Carry out what fires and follow fills, until cancelled; may be run again after it failed."""
        try:
            with self._desk.changed() as changes:
                if self._ran:
                    await self._catch_up()
                for firing in self._unfinished.values():
                    self._at_work.take_up(firing)
                self._unfinished.clear()
                self._monitor.watching = self._ran = True
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._work_fired(group), name="stops: fired")
                    group.create_task(self._monitor.judge_jumps(), name="stops: splits")
                    group.create_task(self._follow(changes), name="stops: fills")
        finally:
            self._monitor.watching = False

    async def _follow(self, changes: OrderChanges) -> None:
        await self._monitor.follow_fills(changes, filled=self._account_sync.spoil, ended=self._order_ended)

    async def _catch_up(self) -> None:
        """Count the fills told while nobody listened here: a ladder taken up again must not sell them once more."""
        self._account_sync.spoil()
        self._monitor.catch_up(await self._orders.recent(_MISSED))

    async def resume(self) -> None:
        """Go on with ladders a restart has cut off, once a look has told what is held: nothing rests unattended."""
        await self._desk.load()
        self._resuming = True
        self.take_up()

    def take_up(self) -> None:
        """Go on with cut off ladders once it is known what is held: before, an order out would only be canceled."""
        if not (self._resuming and self._monitor.sees):
            return
        out = () if self._taken_up else tuple(order.request.symbol for order in self._desk.open)
        for symbol in dict.fromkeys([*out, *self._untold]):
            if not self._at_work.running(symbol) and (firing := self._cut_off(symbol)) is not None:
                self._at_work.take_up(firing)
        self._resuming, self._taken_up = bool(self._untold), True

    def _cut_off(self, symbol: Symbol) -> Firing | None:
        """Return the stop of an earlier run whose order is still out, or whose end nobody was told."""
        untold = self._untold.pop(symbol, None)
        for order in self._desk.open:
            trigger = TRIGGERS.get(order.request.origin)
            if order.request.symbol == symbol and trigger is not None:
                if not self._contexts.in_session() or self._taken_up:
                    if untold is not None:
                        self._untold[symbol] = untold  # the broker ends it, and then its end is told
                    return None
                return Firing(
                    symbol=symbol,
                    trigger=trigger,
                    price=order.limit_price,
                    source=FiredBy.CHECK,
                    at=self._clock.now(),
                    resumed=True,
                    decision_id=order.request.decision_id,
                )
        return untold

    def _of_before(self, symbol: Symbol) -> Firing | None:
        """Return the stop that must go on instead of a new one: a price was faster than `resume`."""
        return None if self._taken_up else self._cut_off(symbol)

    def _order_ended(self, order: Order) -> None:
        if order.request.symbol in self._untold:
            self.take_up()

    async def _work_fired(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._at_work.fired.wait()
            firing, handled = self._at_work.fired.pop()
            self._unfinished[firing.symbol] = firing
            hand = group.create_task(self._carry_out(firing, handled), name=f"stop {firing.symbol}")
            hand.add_done_callback(partial(_let_go, handled))  # also when it is cancelled before it began

    async def _carry_out(self, firing: Firing, handled: Callable[[], None]) -> None:
        """Sell what a stop is to sell; whatever goes wrong with one ticker changes nothing for the others."""
        symbol = firing.symbol
        exit_result: ExitResult | None = None
        unstored = False
        try:
            try:
                decision, context = await run_to_end(self._begin(firing))
            finally:
                handled()
            exit_result = await self._cut_off_end(firing) or await self._sell(firing, decision, context)
        except Exception as error:  # noqa: BLE001 - a door: told, and the next price tries again
            unstored = isinstance(error, StorageError)
            if unstored:
                self._monitor.unstored_at = self._clock.now()
            await self._reports.tell_trouble(symbol, error)
            if unstored and (begun := self._begun(symbol)) is not None:
                await self._clock.sleep_until(self._clock.now() + _UNSTORED_PAUSE)
                self._unfinished.pop(symbol, None)  # it waits in one place only, should `run` fail now
                self._at_work.take_up(
                    begun
                )  # an order may be out, and must not rest unattended: no price is waited for
                return
        begun = self._unfinished.pop(symbol, firing)
        self._at_work.refusals.note(firing, exit_result, self._clock.now())
        self._at_work.ended(symbol, self._clock.now() + (_UNSTORED_PAUSE if unstored else _pause(exit_result)))
        if exit_result is not None:  # told also if another stop's fault ends this service now
            await run_to_end(self._finish(firing, exit_result, begun.decision_id))

    def _begun(self, symbol: Symbol) -> Firing | None:
        """Return the stop under way in the ticker, where what led to it is on disk."""
        firing = self._unfinished.get(symbol)
        return firing if firing is not None and firing.resumed else None

    async def _begin(self, firing: Firing) -> tuple[Decision | None, StopContext | None]:
        """Store why and the lock; from here on the stop is under way: taken up again, it needs no second decision."""
        if firing.resumed or firing.context is None:
            return None, None
        context = firing.context
        if self._clock.now() - context.standing.at > _OF_NOW:  # it had to wait until this was started again
            context = self._contexts.read(firing.symbol, self._contexts.standing(firing.symbol), context.line)
        decision = await self._reports.begin(firing, context)
        if decision is not None:
            self._monitor.unstored_at = None
            self._unfinished[firing.symbol] = replace(firing, resumed=True, decision_id=decision.id)
        return decision, context

    async def _finish(self, firing: Firing, exit_result: ExitResult, decision_id: int | None) -> None:
        self._account_sync.spoil()
        if not await self._reports.tell_end_safely(firing, exit_result, decision_id=decision_id):
            self._at_work.refusals.forget(firing.symbol)  # the next one must not be told as a repeat

    async def _cut_off_end(self, firing: Firing) -> ExitResult | None:
        """Return the end of a stop that a restart has cut off without an order out, None for any other.

        It sells nothing more: whose the shares are that are held by now is for the line to guard and a person to say.
        """
        if firing.had is None or firing.decision_id is None:
            return None
        left = self._contexts.left(firing.symbol)
        sold = await self._reports.sold(firing.decision_id, firing.symbol)
        if not left and sold == firing.had:
            reason = SaleEnd.FLAT
        elif not self._contexts.in_session():
            reason = SaleEnd.SESSION_END
        else:
            reason = SaleEnd.INTERRUPTED
        return ExitResult(orders=(), sold=sold, left=left, amount=Decimal(0), reason=reason)

    async def _sell(self, firing: Firing, decision: Decision | None, context: StopContext | None) -> ExitResult:
        """Sell by what was read when the stop fired, where that is of this moment; else by what holds now."""
        now, symbol = self._clock.now(), firing.symbol
        standing = context.standing if context is not None else self._contexts.standing(symbol)
        position = context.position if context is not None else None
        session, scope = standing.session, standing.settings.position_scope
        return await self._ladder.exit(
            symbol,
            qty=position.qty if position is not None else self._contexts.left(symbol),
            origin=ORIGINS[firing.trigger],
            until=session.closes_at if session else now,
            scope=scope,
            permitted=context is not None and now - standing.at <= _OF_NOW and not self._contexts.forbidden(standing),
            decision=decision,
            decision_id=firing.decision_id,
            held_up=partial(self._reports.tell_waiting, symbol),
            max_rejects=refusals_borne(firing.attempt),
        )


def _pause(exit_result: ExitResult | None) -> timedelta:
    """Return how long the next price that touches the line is left alone."""
    if exit_result is None:
        return _AGAIN_AFTER
    at_once = exit_result.left == 0 or exit_result.reason in (SaleEnd.INTERRUPTED, SaleEnd.HALTED)
    return timedelta(0) if at_once else _AGAIN_AFTER  # halted: whoever allows it again wants it at once


def _let_go(handled: Callable[[], None], _: asyncio.Task[None]) -> None:
    handled()

"""The stop guard: every price against the stops, and what a touched stop sets in motion.

A tick costs one lookup and one comparison. What it touches is queued, stored and carried out by the ladder; the
ticker is locked before anything is sent.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial

from strategy.execution.interface import OrderDesk
from strategy.execution.order_feed import OrderChanges
from strategy.market.calendar import current, next_open
from strategy.market.interface import MarketData
from strategy.market.price_confirmation import OF_NOW, PriceConfirmation
from strategy.model import (
    Clock,
    Decision,
    FiredBy,
    Hitch,
    Price,
    Quote,
    Said,
    SaleEnd,
    Side,
    StopState,
    StopTrigger,
    StorageError,
    Symbol,
    Text,
    Tick,
    TickerLock,
    TradingError,
    Trouble,
    Why,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import DecisionJournal, Notes, Notifier, OrderJournal
from strategy.risk.mode_store import ModeStore
from strategy.risk.split_guard import SplitGuard
from strategy.runtime.in_flight import Activity
from strategy.runtime.shielding import run_to_end
from strategy.runtime.work_queue import WorkQueue
from strategy.settings.store import SettingsStore
from strategy.stops.exit_ladder import ExitLadder, ExitResult
from strategy.stops.refused_stops import RefusedStops, refusals_borne
from strategy.stops.stop_lines import StopLine, stop_line
from strategy.stops.stop_reports import ORIGINS, TRIGGERS, Firing, StopReports

log = logging.getLogger(__name__)


class StopNote(StrEnum):
    FAILED = "stop.failed"
    WAITS = "stop.waits"


_AGAIN_AFTER = timedelta(seconds=50)  # a ladder that ended with shares left: with STOP_POLL_S a try each minute
_UNSTORED_PAUSE = timedelta(seconds=5)  # and one that could not be stored
_SAME_COST = Decimal("0.005")  # roundings of an average cost aside
_MISSED = 50  # orders that may have filled while the guard was down


class StopMonitor:
    """Keeps one line per held ticker and acts when a price touches it."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        decisions: DecisionJournal,
        watch: MarketData,
        modes: ModeStore,
        positions: Positions,
        account_sync: AccountSync,
        ladder: ExitLadder,
        splits: SplitGuard,
        prices: PriceConfirmation,
        story: StopReports,
        settings: SettingsStore,
        notifier: Notifier,
        notes: Notes,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._decisions = decisions
        self._watch = watch
        self._modes = modes
        self._permissions = ladder.permissions
        self._positions = positions
        self._account_sync = account_sync
        self._ladder = ladder
        self._splits = splits
        self._prices = prices
        self._story = story
        self._settings = settings
        self._notifier = notifier
        self._notes = notes
        self._clock = clock
        self._activity = activity
        self._lines: dict[Symbol, StopLine] = {}
        self._peaks: dict[Symbol, Decimal] = {}
        self._peaks_stored: dict[Symbol, str] = {}
        self._peak_costs: dict[
            Symbol, Decimal
        ] = {}  # what the shares of a stored peak had cost, until that is compared
        self._running: set[Symbol] = set()
        self._unfinished: dict[Symbol, Firing] = {}  # begun and not ended: taken up when the guard is started anew
        self.watching = False  # `run` is at work
        self.unstored_at: datetime | None = None  # when a stop was last held up because it could not be stored
        self._ran = False  # ... and has been at work before
        self._resuming = False  # asked to go on with the stops that a restart has cut off
        self._taken_up = False  # ... and done
        self._untold: dict[Symbol, Firing] = {}  # those of them whose end was not told
        self._not_before: dict[Symbol, datetime] = {}
        self._refusals = RefusedStops(modes=modes, positions=positions)
        self._fired: WorkQueue[Firing] = WorkQueue(activity, desk.precedence)
        self._compared: dict[Symbol, Tick] = {}  # the newest trade that was compared
        self._asked: dict[Symbol, Quote] = {}  # the newest answer that was compared
        self._stuck: set[Symbol] = set()  # whose newest answer has the stamp of the one before
        self._watchers: list[Callable[[], None]] = []
        settings.on_change(self.rearm)
        account_sync.on_sync(self.rearm)
        account_sync.on_sync(self._take_up)
        splits.on_accept(self._forget_peak)
        splits.on_clear(self._judge_again)

    async def load(self) -> None:
        """Read the stored peaks and evenings of the watched tickers, and the stops that were cut off. Call once."""
        await self._splits.load()
        self._untold = await self._story.cut_off()
        for symbol in self._settings.tickers:
            await self._load_peak(symbol)

    async def take_in(self, symbol: Symbol) -> None:
        """Read what is stored of a ticker that is watched from now on, and let its stop follow."""
        await self._splits.take_in(symbol)
        await self._load_peak(symbol)
        self.rearm()

    def peak(self, symbol: Symbol) -> Decimal | None:
        """Return from what price a trailing stop counts, as far as it has been seen. Dollars."""
        return self._peaks.get(symbol)

    async def keep_peak(self, symbol: Symbol, peak: Decimal) -> None:
        """Store from what price the trailing stop of a ticker shall count that is not watched yet. Dollars."""
        await self._notes.put(f"peak:{symbol}", str(peak))

    async def _load_peak(self, symbol: Symbol) -> None:
        stored = await self._notes.get(f"peak:{symbol}")
        if stored:
            peak, _, cost = stored.partition(" ")
            self._peaks[symbol], self._peaks_stored[symbol] = Decimal(peak), stored
            if cost:
                self._peak_costs[symbol] = Decimal(cost)

    # what others ask

    @property
    def lines(self) -> Mapping[Symbol, StopLine]:
        """Return the stop prices in force."""
        return self._lines

    @property
    def held(self) -> Sequence[Symbol]:
        """Return what is held as far as is known, watched or not."""
        return self._positions.held()

    @property
    def sees(self) -> bool:
        """Return whether it is known what is held; until then no stop can be in force."""
        return self._positions.known

    def ticked_at(self, symbol: Symbol) -> datetime | None:
        """Return the instant of the newest trade that was compared with the ticker's line, by the venue's stamp."""
        tick = self._compared.get(symbol)
        return self._prices.made_at(tick) if tick is not None else None

    def compared_at(self, symbol: Symbol) -> datetime | None:
        """Return the instant of the newest price that was compared with the ticker's line, by the venue's stamp."""
        asked = self._asked.get(symbol)
        known = (self.ticked_at(symbol), self._prices.made_at(asked) if asked is not None else None)
        return max((at for at in known if at is not None), default=None)

    def credible(self, quote: Quote) -> bool:
        """Return whether a quote may be judged by: of now, and not one bad print that its own book speaks against."""
        return self._prices.credible(quote)

    def ticks_late(self, symbol: Symbol) -> timedelta | None:
        """Return by how much the newest trade came late, by the venue's stamp; None where it did not."""
        tick = self._compared.get(symbol)
        late = self._prices.late(tick) if tick is not None else None
        return late if late is not None and late > OF_NOW else None

    def stale(self, symbol: Symbol) -> StopState:
        """Return why the newest price, if any, is none of now."""
        asked, tick = self._asked.get(symbol), self._compared.get(symbol)
        known = [price for price in (asked, tick) if price is not None]
        newest = max(known, key=lambda price: price.received_at, default=None)
        if newest is None or self._prices.made_at(newest) == newest.received_at:
            return StopState.SILENT
        return StopState.STUCK if newest is asked and symbol in self._stuck else StopState.DELAYED

    def bare(self, symbol: Symbol) -> StopState | None:
        """Return why a ticker has no stop price; None where it has one."""
        if symbol in self._lines:
            return None
        if not self._positions.known:
            return StopState.NOT_SEEN
        if not self._positions.knows(symbol):
            return StopState.UNREADABLE
        position = self._positions.of(symbol)
        if position is None or position.qty <= 0:
            return StopState.NOT_HELD
        if symbol not in self._settings.tickers:
            return StopState.NOT_WATCHED
        held, _ = self._positions.in_scope(symbol, self._settings.of(symbol).position_scope)
        if held <= 0:
            return StopState.NOT_HELD
        return StopState.NO_COST if position.average_cost <= 0 else StopState.OFF

    def forbidden(self, symbol: Symbol) -> StopState | None:
        """Return what keeps a stop of the ticker from selling at any hour: somebody's mode or a lock."""
        against = self._permissions.protecting(symbol)
        if not against:
            return None
        return StopState.HALTED if against[0].why is Why.MODE else StopState.LOCKED

    def wants_price(self, symbol: Symbol) -> bool:
        """Return whether a price touched the line that another one has to confirm, at once."""
        return self._prices.wants(symbol, self._clock.now())

    def on_rearm(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever other tickers may have lines, all are computed again, or a price counts again."""
        self._watchers.append(watcher)

    def running(self, symbol: Symbol) -> bool:
        """Return whether a stop of the ticker is being carried out, or somebody else has claimed its selling."""
        return symbol in self._running

    def claim(self, symbol: Symbol) -> bool:
        """Take the selling of a ticker over, so that no stop of it fires; False while one is at work."""
        if symbol in self._running:
            return False
        self._running.add(symbol)
        return True

    def give_back(self, symbol: Symbol) -> None:
        """End a claim: the stop works again."""
        self._running.discard(symbol)
        self._ring()

    def rearm(self) -> None:
        """Compute the lines again from positions and settings; tickers not configured are none of ours to sell."""
        self._compare_stored_peaks()
        lines = ((symbol, self._line(symbol)) for symbol in self._settings.tickers)
        self._lines = {symbol: line for symbol, line in lines if line is not None}
        for symbol in tuple(self._peaks):
            self._forget_sold(symbol)
        self._ring()

    def _rearm_one(self, symbol: Symbol) -> bool:
        """Do as `rearm` for the ticker of a fill, and for no other; return whether other tickers have lines now."""
        line = self._line(symbol) if symbol in self._settings.tickers else None
        self._forget_sold(symbol)
        if (line is None) == (symbol not in self._lines):
            if line is not None:
                self._lines[symbol] = line
            return False
        others = {other: of for other, of in self._lines.items() if other != symbol}
        self._lines = others if line is None else {**others, symbol: line}
        self._ring()
        return True

    def _line(self, symbol: Symbol) -> StopLine | None:
        settings = self._settings.of(symbol)
        position = self._positions.scoped(symbol, settings.position_scope)
        if position is None or position.average_cost <= 0:
            return None
        line = stop_line(
            average_cost=position.average_cost,
            stop_loss_rate=settings.stop_loss_rate,
            take_profit_rate=settings.take_profit_rate,
            trailing_stop_pct=settings.trailing_stop_pct,
            peak=self._peaks.get(symbol),
        )
        if line.stop_loss is None and line.take_profit is None and line.trailing_pct is None:
            return None
        return line

    def _compare_stored_peaks(self) -> None:
        """Forget the peaks of shares that are others by now: sold and bought anew while the program was down."""
        if not self._positions.known:
            return
        for symbol, cost in self._peak_costs.items():
            position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
            if position is None or abs(position.average_cost / cost - 1) > _SAME_COST:
                self._peaks.pop(symbol, None)
        self._peak_costs.clear()

    def _forget_sold(self, symbol: Symbol) -> None:
        """Forget the peak where nothing is left of what the stop would sell: what is bought next has its own."""
        held, _ = self._positions.in_scope(symbol, self._settings.of(symbol).position_scope)
        if self._positions.known and held <= 0:
            self._peaks.pop(symbol, None)

    def _ring(self) -> None:
        for watcher in self._watchers:
            watcher()

    # prices

    def on_tick(self, tick: Tick) -> None:
        """Compare a trade with its line; called from the stream's reader, so nothing here awaits."""
        line = self._lines.get(tick.symbol)
        if line is None:
            return
        if line.touched(tick.last):
            self._touched(tick, line, FiredBy.TICK)
        elif self._prices.doubts(tick.symbol):
            self._prices.refute(tick)
        self._compared[tick.symbol] = tick

    def check(self, symbol: Symbol, quote: Quote, source: FiredBy) -> StopTrigger | None:
        """Compare a quote with its line; return the stop it fired, if any."""
        line, fired = self._lines.get(symbol), None
        if line is not None and line.touched(quote.last):
            fired = self._touched(quote, line, source)
        else:
            self._prices.refute(quote)
        self._note(quote)
        return fired

    def _note(self, quote: Quote) -> None:
        """Remember an answer that was compared, and whether it tells the same instant as the one before."""
        symbol, known = quote.symbol, self._asked.get(quote.symbol)
        if known is None or known.received_at < quote.received_at:
            stands = known is not None and quote.stamped_at is not None and quote.stamped_at == known.stamped_at
            (self._stuck.add if stands else self._stuck.discard)(symbol)
            self._asked[symbol] = quote

    def _touched(self, price: Price, line: StopLine, source: FiredBy) -> StopTrigger | None:
        symbol = price.symbol
        trigger = line.trigger(price.last)
        if trigger is None:
            self._raise_peak(price, line)
            return None
        now = self._clock.now()
        if symbol in self._running:
            return None
        if not self.allowed(symbol) or not self.in_session():
            self._refusals.forget(symbol)
            return None
        if now < self._not_before.get(symbol, now):
            return None
        rises = trigger is StopTrigger.TAKE_PROFIT  # what confirms it must have moved the same way
        last = self._weighed(price, falling=not rises, reached=lambda one: line.fires(one, rises=rises))
        trigger = line.trigger(last) if last is not None else None
        if last is None or trigger is None:
            return None
        quote = price if isinstance(price, Quote) else self._watch.latest(symbol)
        if quote is not None and self._splits.suspicious(symbol, quote):
            self._splits.report(quote)
            return None
        self._running.add(symbol)
        if not self._taken_up and (cut_off := self._cut_off(symbol)) is not None:
            self._fired.put(cut_off)  # the price was faster than `resume`: it is the stop of before
            return trigger
        before = self._refusals.before(symbol, trigger, now)
        firing = Firing(
            symbol=symbol,
            trigger=trigger,
            price=last,
            source=source,
            at=now,
            attempt=before.runs + 1,
            refusal=before.said,
            orders_refused=before.orders,
        )
        self._fired.put(firing)
        return trigger

    def _judge_again(self, symbol: Symbol) -> None:
        """Compare the newest price once more: it was held back for a split that was none."""
        quote = self._watch.latest(symbol)
        if quote is not None:
            self.check(symbol, quote, FiredBy.CHECK)

    def _raise_peak(self, price: Price, line: StopLine) -> None:
        if line.at_peak(price.last) is line or not self.in_session():
            return
        last = self._weighed(price, falling=False, reached=lambda one: line.at_peak(one) is not line)
        raised = line.at_peak(last) if last is not None else line
        if raised is not line and raised.peak is not None:
            self._lines[price.symbol], self._peaks[price.symbol] = raised, raised.peak

    def _weighed(self, price: Price, *, falling: bool, reached: Callable[[Decimal], bool]) -> Decimal | None:
        """Return what a price that touches the line comes to (D15); where another has to confirm it, ask at once."""
        last = self._prices.weigh(price, falling=falling, reached=reached)
        if last is None and self.wants_price(price.symbol):
            self._ring()
        return last

    def allowed(self, symbol: Symbol) -> bool:
        """Return whether mode and locks let a stop of the ticker sell."""
        return not self._permissions.protecting(symbol)

    def in_session(self) -> bool:
        """Return whether stops may sell now: from MARKET_START_TIME or the open, to the venue's close."""
        return not self._permissions.stop_hours()

    # running

    async def run(self) -> None:
        """Carry out what fires and follow fills, until cancelled; may be run again after it failed."""
        try:
            with self._desk.changed() as changes:
                if self._ran:
                    await self._catch_up()
                for firing in self._unfinished.values():
                    self._fired.put(firing)
                self._unfinished.clear()
                self.watching = self._ran = True
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._work_fired(group), name="stops: fired")
                    group.create_task(self._splits.run(), name="stops: splits")
                    group.create_task(self._follow_fills(changes), name="stops: fills")
        finally:
            self.watching = False

    async def _catch_up(self) -> None:
        """Count the fills told while nobody listened here: a ladder taken up again must not sell them once more."""
        self._account_sync.spoil()
        for order in await self._orders.recent(_MISSED):
            self._positions.on_order(order)
        self.rearm()

    async def resume(self) -> None:
        """Go on with ladders a restart has cut off, once a look has told what is held: nothing rests unattended."""
        await self._desk.load()
        self._resuming = True
        self._take_up()

    def _take_up(self) -> None:
        """Go on with cut off ladders once it is known what is held: before, an order out would only be canceled."""
        if not (self._resuming and self._positions.known):
            return
        out = () if self._taken_up else tuple(order.request.symbol for order in self._desk.open)
        for symbol in dict.fromkeys([*out, *self._untold]):
            if symbol not in self._running and (firing := self._cut_off(symbol)) is not None:
                self._running.add(symbol)
                self._fired.put(firing)
        self._resuming, self._taken_up = bool(self._untold), True

    def _cut_off(self, symbol: Symbol) -> Firing | None:
        """Return the stop of an earlier run whose order is still out, or whose end nobody was told."""
        untold = self._untold.pop(symbol, None)
        for order in self._desk.open:
            trigger = TRIGGERS.get(order.request.origin)
            if order.request.symbol == symbol and trigger is not None:
                if not self.in_session() or self._taken_up:
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

    async def _work_fired(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._fired.wait()
            firing, handled = self._fired.pop()
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
                decision = await run_to_end(self._begin(firing))
            finally:
                handled()
            exit_result = await self._over(firing) or await self._descend(firing, decision)
        except Exception as error:  # noqa: BLE001 - a door: told, and the next price tries again
            unstored = isinstance(error, StorageError)
            if unstored:
                self.unstored_at = self._clock.now()
            await self._tell_trouble(symbol, error)
            if unstored and (begun := self._begun(symbol)) is not None:
                await self._clock.sleep_until(self._clock.now() + _UNSTORED_PAUSE)
                self._unfinished.pop(symbol, None)  # it waits in one place only, should `run` fail now
                self._fired.put(begun)  # an order may be out, and must not rest unattended: no price is waited for
                return
        begun = self._unfinished.get(symbol, firing)
        self._refusals.note(firing, exit_result, self._clock.now())
        self._ended(symbol, _UNSTORED_PAUSE if unstored else _pause(exit_result))
        if exit_result is not None:  # told also if another stop's fault ends this service now
            await run_to_end(self._finish_safely(firing, exit_result, begun.decision_id))

    def _begun(self, symbol: Symbol) -> Firing | None:
        """Return the stop under way in the ticker, where what led to it is on disk."""
        firing = self._unfinished.get(symbol)
        return firing if firing is not None and firing.resumed else None

    def _ended(self, symbol: Symbol, pause: timedelta) -> None:
        self._unfinished.pop(symbol, None)
        self._running.discard(symbol)
        self._not_before[symbol] = self._clock.now() + pause
        self._ring()  # its price counts again, also where no tick will tell it

    async def _finish_safely(self, firing: Firing, exit_result: ExitResult, decision_id: int | None) -> None:
        with self._activity():
            try:
                self._account_sync.spoil()
                await self._story.tell_end(firing, exit_result, decision_id=decision_id)
            except TradingError:
                self._refusals.forget(firing.symbol)  # with its end untold the next one must not be told as a repeat
                log.exception("the end of a stop could not be told", extra={"symbol": str(firing.symbol)})

    async def _begin(self, firing: Firing) -> Decision | None:
        """Lock the ticker, and store that with the reason; the first order's commit lets both outlive a power cut.

        From here on the stop is under way: taken up again, it needs no second decision.
        """
        symbol = firing.symbol
        position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
        line = self._lines.get(symbol)
        if position is None or firing.resumed or line is None:
            return None
        held = self._modes.lock(symbol) if firing.attempt > 1 else None  # of the run before: told then
        locked = self._modes.lock_now(
            held or TickerLock(symbol=symbol, reason=firing.trigger, locked_at=firing.at, until=next_open(firing.at))
        )
        triggered = self._story.triggered(firing, position, line)
        decision = await self._decisions.add(
            self._story.decision(firing, position, line),
            (triggered,) if held else (triggered, locked),
            lock=locked.lock,
        )
        self.unstored_at = None
        self._unfinished[symbol] = replace(firing, resumed=True, decision_id=decision.id)
        return decision

    async def _over(self, firing: Firing) -> ExitResult | None:
        """Return the end of a stop that a restart has cut off without an order out, None for any other.

        It sells nothing more: whose the shares are that are held by now is for the line to guard and a person to say.
        """
        if firing.had is None or firing.decision_id is None:
            return None
        symbol = firing.symbol
        left, _ = self._positions.in_scope(symbol, self._settings.of(symbol).position_scope)
        sold = await self._story.sold(firing.decision_id, symbol)
        if not left and sold == firing.had:
            reason = SaleEnd.FLAT
        elif not self.in_session():
            reason = SaleEnd.SESSION_END
        else:
            reason = SaleEnd.INTERRUPTED
        return ExitResult(orders=(), sold=sold, left=left, amount=Decimal(0), reason=reason)

    async def _descend(self, firing: Firing, decision: Decision | None) -> ExitResult:
        symbol = firing.symbol
        session = current(self._clock.now())
        qty, _ = self._positions.in_scope(symbol, self._settings.of(symbol).position_scope)
        return await self._ladder.descend(
            symbol,
            qty=qty,
            origin=ORIGINS[firing.trigger],
            until=session.closes_at if session else self._clock.now(),
            decision=decision,
            decision_id=firing.decision_id,
            held_up=partial(self._tell_waiting, symbol),
            max_rejects=refusals_borne(firing.attempt),
        )

    # peaks and fills

    def _forget_peak(self, symbol: Symbol) -> None:
        self._peaks.pop(symbol, None)
        self.rearm()

    async def _follow_fills(self, changes: OrderChanges) -> None:
        while True:
            order = await changes.next()
            if self._positions.on_order(order):
                self._refusals.forget(order.request.symbol)
                self._account_sync.spoil()
                if self._rearm_one(order.request.symbol) and order.request.side is Side.BUY:
                    self._watch.subscribe(self._lines)
            if order.status.closed and order.request.symbol in self._untold:
                self._take_up()

    async def store_peaks(self) -> None:
        """Keep the peaks of trailing stops over a restart, and forget those of positions that are gone."""
        for symbol in self._peaks_stored.keys() - self._peaks.keys():
            await self._notes.put(f"peak:{symbol}", "")
            del self._peaks_stored[symbol]
        for symbol, peak in list(self._peaks.items()):
            position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
            paid = position.average_cost if position is not None else Decimal(0)
            stored = f"{peak} {paid}" if paid > 0 else str(peak)
            if self._peaks_stored.get(symbol) != stored:
                await self._notes.put(f"peak:{symbol}", stored)
                self._peaks_stored[symbol] = stored

    async def _tell_trouble(self, symbol: Symbol, error: Exception) -> None:
        known = isinstance(error, TradingError)
        log.error(
            "stop could not be carried out",
            extra={"symbol": str(symbol), "error": str(error)},
            exc_info=None if known else error,
        )
        said = error.user_message if isinstance(error, TradingError) else TradingError.user_message
        what = Said(StopNote.FAILED, ticker=symbol.ticker, why=said)
        await self._tell_stop(symbol, what)

    async def _tell_waiting(self, symbol: Symbol, _: Hitch, why: Text) -> None:
        what = Said(StopNote.WAITS, ticker=symbol.ticker, why=why)
        await self._tell_stop(symbol, what)

    async def _tell_stop(self, symbol: Symbol, what: Text) -> None:
        try:
            await self._notifier.tell(Trouble(at=self._clock.now(), key=f"stop:{symbol}", symbol=symbol, what=what))
        except TradingError:
            log.exception("trouble with a stop could not be told", extra={"symbol": str(symbol)})


def _pause(exit_result: ExitResult | None) -> timedelta:
    """Return how long the next price that touches the line is left alone."""
    if exit_result is None:
        return _AGAIN_AFTER
    at_once = exit_result.left == 0 or exit_result.reason in (SaleEnd.INTERRUPTED, SaleEnd.HALTED)
    return timedelta(0) if at_once else _AGAIN_AFTER  # halted: whoever allows it again wants it at once


def _let_go(handled: Callable[[], None], _: asyncio.Task[None]) -> None:
    handled()

"""Compares every price with the stop of its ticker, and hands over what fires.

A tick costs one lookup and one comparison; only one that touches its line is looked at any closer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from strategy.execution.order_feed import OrderChanges
from strategy.market import MarketData, Session
from strategy.market.price_confirmation import OF_NOW, PriceConfirmation
from strategy.model import (
    Clock,
    FiredBy,
    Order,
    Price,
    Quote,
    Side,
    StopState,
    StopTrigger,
    Symbol,
    Tick,
    TickerLock,
    Why,
)
from strategy.portfolio.interface import Positions
from strategy.settings.schema import SettingsInForce
from strategy.stops.stop_context import StopContexts
from strategy.stops.stop_lines import StopLine, stop_line
from strategy.stops.stops_at_work import StopsAtWork
from strategy.stops.trailing_peaks import TrailingPeaks


class SplitJudge(Protocol):
    """Tells a split from a crash."""

    async def load(self) -> None: ...

    async def take_in(self, symbol: Symbol) -> None: ...

    def suspicious(
        self, symbol: Symbol, quote: Quote, *, lock: TickerLock | None, session: Session | None, guard_pct: Decimal
    ) -> bool: ...

    def report(self, quote: Quote) -> None: ...

    async def run(self) -> None: ...


class StopMonitor:
    """Keeps one line per held ticker and fires when a price touches it."""

    def __init__(
        self,
        *,
        contexts: StopContexts,
        at_work: StopsAtWork,
        peaks: TrailingPeaks,
        positions: Positions,
        settings: SettingsInForce,
        watch: MarketData,
        prices: PriceConfirmation,
        splits: SplitJudge,
        clock: Clock,
    ) -> None:
        self._contexts = contexts
        self._at_work = at_work
        self._peaks = peaks
        self._positions = positions
        self._settings = settings
        self._watch = watch
        self._prices = prices
        self._splits = splits
        self._clock = clock
        self.watching = False  # whoever carries out is at work
        self.unstored_at: datetime | None = None  # when a stop was last held up because it could not be stored
        self._lines: dict[Symbol, StopLine] = {}
        self._compared: dict[Symbol, Tick] = {}  # the newest trade that was compared
        self._asked: dict[Symbol, Quote] = {}  # the newest answer that was compared
        self._stuck: set[Symbol] = set()  # whose newest answer has the stamp of the one before
        self._watchers: list[Callable[[], None]] = []
        at_work.on_free(self._ring)

    async def load(self) -> None:
        """Read the stored peaks and evenings of the watched tickers. Call once."""
        await self._splits.load()
        for symbol in self._settings.tickers:
            await self._peaks.load(symbol)

    async def take_in(self, symbol: Symbol) -> None:
        """Read what is stored of a ticker that is watched from now on, and let its stop follow."""
        await self._splits.take_in(symbol)
        await self._peaks.load(symbol)
        self.rearm()

    def peak(self, symbol: Symbol) -> Decimal | None:
        """Return from what price in dollars a trailing stop counts, as far as it has been seen."""
        return self._peaks.of(symbol)

    async def keep_peak(self, symbol: Symbol, peak: Decimal) -> None:
        """Store from what price the trailing stop of a ticker shall count that is not watched yet. Dollars."""
        await self._peaks.keep(symbol, peak)

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
        against = self._contexts.against(symbol)
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
        return self._at_work.running(symbol)

    def claim(self, symbol: Symbol) -> bool:
        """Take the selling of a ticker over, so that no stop of it fires; False while one is at work."""
        return self._at_work.claim(symbol)

    def give_back(self, symbol: Symbol) -> None:
        """End a claim: the stop works again."""
        self._at_work.give_back(symbol)

    def allowed(self, symbol: Symbol) -> bool:
        """Return whether mode and locks let a stop of the ticker sell."""
        return self._contexts.allowed(symbol)

    def in_session(self) -> bool:
        """Return whether stops may sell now: from MARKET_START_TIME or the open, to the venue's close."""
        return self._contexts.in_session()

    # lines

    def rearm(self) -> None:
        """Compute the lines again from positions and settings; tickers not configured are none of ours to sell."""
        if self._positions.known:
            self._peaks.compare_stored(self._cost)
        lines = ((symbol, self._line(symbol)) for symbol in self._settings.tickers)
        self._lines = {symbol: line for symbol, line in lines if line is not None}
        for symbol in self._peaks:
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
            peak=self._peaks.of(symbol),
        )
        if line.stop_loss is None and line.take_profit is None and line.trailing_pct is None:
            return None
        return line

    def _cost(self, symbol: Symbol) -> Decimal | None:
        """Return the average cost in dollars of what the stop of a ticker would sell."""
        position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
        return None if position is None else position.average_cost

    def _forget_sold(self, symbol: Symbol) -> None:
        """Forget the peak where nothing is left of what the stop would sell: what is bought next has its own."""
        if self._positions.known and self._contexts.left(symbol) <= 0:
            self._peaks.forget(symbol)

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
        if self._at_work.running(symbol):
            return None
        standing = self._contexts.standing(symbol)
        if self._contexts.forbidden(standing):
            self._at_work.refusals.forget(symbol)
            return None
        if self._at_work.rests(symbol, standing.at):
            return None
        rises = trigger is StopTrigger.TAKE_PROFIT  # what confirms it must have moved the same way
        last = self._weighed(price, falling=not rises, reached=lambda one: line.fires(one, rises=rises))
        trigger = line.trigger(last) if last is not None else None
        if last is None or trigger is None:
            return None
        context = self._contexts.read(symbol, standing, line)
        quote = price if isinstance(price, Quote) else context.quote
        if quote is not None and self._splits.suspicious(
            symbol, quote, lock=standing.lock, session=standing.session, guard_pct=standing.settings.split_guard_pct
        ):
            self._splits.report(quote)
            return None
        self._at_work.fire(context, trigger, last, source)
        return trigger

    def judge_again(self, symbol: Symbol) -> None:
        """Compare the newest price once more: it was held back for a split that was none."""
        quote = self._watch.latest(symbol)
        if quote is not None:
            self.check(symbol, quote, FiredBy.CHECK)

    async def judge_jumps(self) -> None:
        """Look into prices that may be of a split, until cancelled."""
        await self._splits.run()

    def _raise_peak(self, price: Price, line: StopLine) -> None:
        if line.at_peak(price.last) is line or not self.in_session():
            return
        last = self._weighed(price, falling=False, reached=lambda one: line.at_peak(one) is not line)
        raised = line.at_peak(last) if last is not None else line
        if raised is not line and raised.peak is not None:
            self._lines[price.symbol] = raised
            self._peaks.raise_to(price.symbol, raised.peak)

    def _weighed(self, price: Price, *, falling: bool, reached: Callable[[Decimal], bool]) -> Decimal | None:
        """Return what a price that touches the line comes to (D15); where another has to confirm it, ask at once."""
        last = self._prices.weigh(price, falling=falling, reached=reached)
        if last is None and self.wants_price(price.symbol):
            self._ring()
        return last

    # peaks and fills

    def forget_peak(self, symbol: Symbol) -> None:
        """Let a trailing stop count anew: after a split the old high is of another size."""
        self._peaks.forget(symbol)
        self.rearm()

    async def store_peaks(self) -> None:
        """Keep the peaks of trailing stops over a restart, and forget those of positions that are gone."""
        await self._peaks.store(self._cost)

    def catch_up(self, orders: Sequence[Order]) -> None:
        """Count the fills of orders nobody followed, and compute the lines again."""
        for order in orders:
            self._positions.on_order(order)
        self.rearm()

    async def follow_fills(
        self, changes: OrderChanges, *, filled: Callable[[], None], ended: Callable[[Order], None]
    ) -> None:
        """Let positions and lines follow what fills, until cancelled.

        `filled` is called when an order has filled some more, `ended` with every order that ends.
        """
        while True:
            order = await changes.next()
            if self._positions.on_order(order):
                self._at_work.refusals.forget(order.request.symbol)
                filled()
                if self._rearm_one(order.request.symbol) and order.request.side is Side.BUY:
                    self._watch.subscribe(self._lines)
            if order.status.closed:
                ended(order)

"""Keeps a split from looking like a crash: blocks stop and signals of the ticker, tells the owner and asks (D13).
See decision 0115."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.market import MarketData, Session, current
from strategy.model import (
    Clock,
    Kept,
    Notable,
    Quote,
    Said,
    StopTrigger,
    Symbol,
    TickerLock,
    TradingError,
    Trouble,
)
from strategy.portfolio.interface import Positions
from strategy.risk.mode_store import ModeStore
from strategy.risk.overnight_prices import Overnight
from strategy.runtime import Activity, WorkQueue
from strategy.settings.schema import SettingsInForce

log = logging.getLogger(__name__)

SPLIT_GUARD = "split_guard"

_STOPS = frozenset(StopTrigger)  # as the reason of a lock

_ASK_AGAIN = timedelta(minutes=1)  # the broker's sign, when it could not be asked
_ANSWER_LIMIT_S = 5.0  # real time: a stop waits no longer for it


class SplitNote(StrEnum):
    BLOCKED = "split.blocked"
    JUMPED = "split.jumped"
    ADJUSTED = "split.adjusted"
    COST = "split.cost"
    FOLLOWED = "split.followed"
    WITHDRAWN = "split.withdrawn"


class SplitGuard:
    """Judges overnight jumps and holds the locks they lead to."""

    def __init__(
        self,
        *,
        watch: MarketData,
        modes: ModeStore,
        positions: Positions,
        overnight: Overnight,
        settings: SettingsInForce,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._watch = watch
        self._modes = modes
        self._positions = positions
        self._overnight = overnight
        self._settings = settings
        self._clock = clock
        self._jumps: WorkQueue[Quote] = WorkQueue(activity)
        self._watchers: list[Callable[[Symbol], None]] = []
        self._cleared: list[Callable[[Symbol], None]] = []
        self._asking: defaultdict[Symbol, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asked_at: dict[Symbol, datetime] = {}  # when the broker's sign could not be had

    async def load(self) -> None:
        """Read the evenings of the watched tickers. Call once."""
        for symbol in self._settings.tickers:
            await self.take_in(symbol)

    async def take_in(self, symbol: Symbol) -> None:
        """Read the evenings of a ticker that is watched from now on."""
        await self._overnight.load(symbol)

    def on_accept(self, watcher: Callable[[Symbol], None]) -> None:
        """Call `watcher` when a ticker's new price is taken as real."""
        self._watchers.append(watcher)

    def on_clear(self, watcher: Callable[[Symbol], None]) -> None:
        """Call `watcher` when a reported price has turned out to be no split: its stop may be judged."""
        self._cleared.append(watcher)

    def holds(self, symbol: Symbol) -> bool:
        """Return whether the ticker is locked for a suspected split."""
        lock = self._modes.lock(symbol)
        return lock is not None and lock.reason == SPLIT_GUARD

    def suspicious(
        self, symbol: Symbol, quote: Quote, *, lock: TickerLock | None, session: Session | None, guard_pct: Decimal
    ) -> bool:
        """Return whether a price looks like a split; of a held ticker, one that its cost has not followed.

        So it does, for a moment, before the broker's sign has been asked for in this session: `report` does that.
        The rest is what holds now: the ticker's lock, the session, SPLIT_GUARD_PCT in percent.
        """
        return self._pending(symbol, session) or self._judged(symbol, quote, lock, session, guard_pct)

    def _suspected(self, symbol: Symbol, quote: Quote) -> bool:
        session, guard_pct = current(self._clock.now()), self._settings.of(symbol).split_guard_pct
        return self._judged(symbol, quote, self._modes.lock(symbol), session, guard_pct)

    def _judged(
        self, symbol: Symbol, quote: Quote, lock: TickerLock | None, session: Session | None, guard_pct: Decimal
    ) -> bool:
        if session is None or self._fell(symbol, lock, session):
            return False
        position = self._positions.of(symbol)
        cost = position.average_cost if position else None
        return self._overnight.suspected(symbol, quote, cost, guard_pct, session)

    def _fell(self, symbol: Symbol, lock: TickerLock | None, session: Session) -> bool:
        """Return whether a stop has fired in this session: it went on falling then, unless the broker has a sign."""
        fired = lock is not None and lock.reason in _STOPS
        return fired and self._overnight.factor(symbol, session.on) is None

    def _pending(self, symbol: Symbol, session: Session | None) -> bool:
        """Return whether the broker's sign is still to be asked for; not while it could not be had just before."""
        return session is not None and not self._overnight.decided(symbol, session.on) and self._due(symbol)

    def _due(self, symbol: Symbol) -> bool:
        now, asked_at = self._clock.now(), self._asked_at.get(symbol)
        return asked_at is None or now - asked_at >= _ASK_AGAIN or now < asked_at

    def report(self, quote: Quote) -> None:
        """Queue a suspicious price found where nothing can be awaited."""
        self._jumps.put(quote)

    async def run(self) -> None:
        """Look into what was reported, until cancelled: lock it, or have its stop judged after all."""
        while True:
            await self._jumps.wait()
            with self._jumps.take() as quote:
                try:
                    await self._examine(quote)
                except TradingError:
                    log.exception("a split lock could not be stored", extra={"symbol": str(quote.symbol)})

    async def _examine(self, quote: Quote) -> None:
        await self._ask(quote)
        if self._suspected(quote.symbol, quote):
            await self.lock(quote)
            return
        await self._follow(quote)  # first: a trailing stop is not to be judged by a high of the old size
        for watcher in self._cleared:
            watcher(quote.symbol)

    async def mind(self, quote: Quote) -> None:
        """Judge a price before the stop is asked, and remember it for the next morning."""
        symbol = quote.symbol
        if self.holds(symbol):
            await self._unlock(quote)
            return
        await self._ask(quote)
        position = self._positions.of(symbol)
        if self._suspected(symbol, quote):
            if position is not None or not await self._bars_follow(quote):
                await self.lock(quote)
                return
            await self.accept(symbol)  # not held, and the source's bars are of the new size: nothing to ask
        await self._follow(quote)
        session = current(self._clock.now())
        if session is not None:
            await self._overnight.remember(symbol, session, quote.last, position.average_cost if position else None)

    async def _follow(self, quote: Quote) -> None:
        """After a split that the cost has followed there is nothing to ask, but bars and peaks are of the old size."""
        position = self._positions.of(quote.symbol)
        cost = position.average_cost if position else None
        guard_pct = self._settings.of(quote.symbol).split_guard_pct
        if self._overnight.split_shared(quote.symbol, quote, cost, guard_pct):
            await self.accept(quote.symbol)

    async def _ask(self, quote: Quote) -> None:
        """Ask once a session whether the broker has adjusted the evening's close; a failure is asked again later."""
        symbol = quote.symbol
        async with self._asking[symbol]:
            session = current(self._clock.now())
            if session is None:
                return
            unsure = self._overnight.unsure(symbol, session.on) and self._due(symbol)
            if not unsure and not self._pending(symbol, session):
                return
            try:
                async with asyncio.timeout(_ANSWER_LIMIT_S):
                    base = await self._base(symbol, session.opens_at)
                    factor = await self._factor(symbol, session.on, base, quote.last)
            except (TradingError, TimeoutError) as error:
                log.warning("the previous close is not known", extra={"symbol": str(symbol), "error": str(error)})
                self._asked_at[symbol] = self._clock.now()
                return
            self._overnight.decide(symbol, session.on, base, factor)
            if not self._overnight.decided(symbol, session.on) or self._overnight.unsure(symbol, session.on):
                self._asked_at[symbol] = self._clock.now()

    async def _base(self, symbol: Symbol, opened_at: datetime) -> Decimal | None:
        """Return the broker's previous close as it gives it in this session."""
        known = self._watch.base(symbol, opened_at)
        return known if known is not None else (await self._watch.fresh_quote(symbol)).previous_close

    async def _factor(self, symbol: Symbol, on: date, base: Decimal | None, price: Decimal) -> Decimal | None:
        """Return what the source's adjusted days make of the evening, where that is worth the calls."""
        evening = self._overnight.before(symbol, on)
        if evening is None or (base is not None and not self._overnight.looks_adjusted(symbol, on, base, price)):
            return None
        try:
            return await self._watch.adjustment(symbol, evening.on)
        except TradingError as error:
            log.warning("adjusted days are not known", extra={"symbol": str(symbol), "error": str(error)})
            return None

    async def lock(self, quote: Quote) -> None:
        """Block stop and signals of a ticker whose price jumped overnight without its cost; tell and ask."""
        symbol = quote.symbol
        lock = self._modes.lock(symbol)
        if lock is not None and lock.blocks_stop:
            return
        now = self._clock.now()
        await self._modes.set_lock(
            TickerLock(symbol=symbol, reason=SPLIT_GUARD, locked_at=now, until=None, blocks_stop=True),
            [Trouble(at=now, key=f"{SPLIT_GUARD}:{symbol}", symbol=symbol, what=self._asks(quote))],
        )

    def _asks(self, quote: Quote) -> Said:
        """Return what was seen, what is blocked, and what to do."""
        symbol, session = quote.symbol, current(self._clock.now())
        position = self._positions.of(symbol)
        cost = None if position is None else position.average_cost
        factor = self._overnight.factor(symbol, session.on) if session else None
        seen = _jumped(quote, cost) if factor is None else _adjusted(quote, cost, factor)
        return Said(SplitNote.BLOCKED, seen=seen, ticker=symbol.ticker)

    async def accept(self, symbol: Symbol) -> None:
        """Take today's price of a ticker as real and start its bars anew, adjusted by the data's source."""
        self._watch.forget_bars(symbol)
        for watcher in self._watchers:  # before a moment passes in which the price counts and the old high does, too
            watcher(symbol)
        position, quote = self._positions.of(symbol), self._watch.latest(symbol)
        if quote is not None:
            await self._overnight.accept(symbol, quote.last, position.average_cost if position else None)

    async def _unlock(self, quote: Quote) -> None:
        """Take the lock off once the average cost has followed.

        Of a ticker not held, once the source's bars have: the rule must not read a split as a crash.
        """
        symbol, had = quote.symbol, self._factor_now(quote.symbol)
        await self._ask(quote)
        if had is not None and self._factor_now(symbol) is None and not self._suspected(symbol, quote):
            await self._release(symbol, SplitNote.WITHDRAWN)
            return
        if self._suspected(symbol, quote) and (self._positions.of(symbol) or not await self._bars_follow(quote)):
            return
        await self.accept(symbol)
        await self._release(symbol, SplitNote.FOLLOWED)

    def _factor_now(self, symbol: Symbol) -> Decimal | None:
        session = current(self._clock.now())
        return None if session is None else self._overnight.factor(symbol, session.on)

    async def _release(self, symbol: Symbol, why: SplitNote) -> None:
        what = Said(why, ticker=symbol.ticker)
        told = Notable(at=self._clock.now(), key=f"split_over:{symbol}", symbol=symbol, what=what)
        await self._modes.release(symbol, None, [told])

    async def _bars_follow(self, quote: Quote) -> bool:
        """Return whether the source's last daily close is of the new size: it has adjusted its bars for a split."""
        symbol, session = quote.symbol, current(self._clock.now())
        if session is None:
            return False
        try:
            close = await self._watch.close_before(symbol, session.opens_at)
        except TradingError:
            return False
        if close is None:
            return False
        evening, factor = self._overnight.before(symbol, session.on), self._overnight.factor(symbol, session.on)
        if evening is not None and factor is not None:
            return abs(close - evening.close * factor) < abs(close - evening.close)
        return abs(quote.last / close - 1) * 100 <= self._settings.of(symbol).split_guard_pct


def _jumped(quote: Quote, cost: Decimal | None) -> Said:
    return Said(SplitNote.JUMPED, ticker=quote.symbol.ticker, price=quote.last, cost=_cost(cost))


def _adjusted(quote: Quote, cost: Decimal | None, factor: Decimal) -> Said:
    ticker, times = quote.symbol.ticker, f"{factor:.4f}".rstrip("0").rstrip(".")
    return Said(SplitNote.ADJUSTED, ticker=ticker, times=times, price=quote.last, cost=_cost(cost))


def _cost(cost: Decimal | None) -> Said:
    return Said(Kept.WORDS, words="") if cost is None else Said(SplitNote.COST, cost=cost)

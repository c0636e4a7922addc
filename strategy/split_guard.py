"""Keeps a split from looking like a crash: blocks stop and signals of the ticker, tells the owner and asks (D13)."""

import logging
from collections.abc import Callable

from strategy.activity import Activity
from strategy.book import SettingsBook
from strategy.calendar import current
from strategy.clock import Clock
from strategy.errors import TradingError
from strategy.events import Notable, Trouble
from strategy.instruments import Symbol
from strategy.modebook import ModeBook
from strategy.modes import TickerLock
from strategy.overnight import Overnight
from strategy.positions import Positions
from strategy.quotes import Quote
from strategy.text import Text
from strategy.watch import MarketWatch
from strategy.workqueue import WorkQueue

log = logging.getLogger(__name__)

SPLIT_GUARD = "split_guard"


class SplitGuard:
    """Judges overnight jumps and holds the locks they lead to."""

    def __init__(
        self,
        *,
        watch: MarketWatch,
        modes: ModeBook,
        positions: Positions,
        overnight: Overnight,
        settings: SettingsBook,
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

    def holds(self, symbol: Symbol) -> bool:
        """Return whether the ticker is locked for a suspected split."""
        lock = self._modes.lock(symbol)
        return lock is not None and lock.reason == SPLIT_GUARD

    def suspicious(self, symbol: Symbol, quote: Quote) -> bool:
        """Return whether a price looks like a split; of a held ticker, one that its cost has not followed."""
        position = self._positions.of(symbol)
        guard_pct = self._settings.of(symbol).split_guard_pct
        return self._overnight.suspected(symbol, quote, position.average_cost if position else None, guard_pct)

    def report(self, quote: Quote) -> None:
        """Queue a suspicious price found where nothing can be awaited."""
        self._jumps.put(quote)

    async def run(self) -> None:
        """Lock what was reported, until cancelled."""
        while True:
            await self._jumps.wait()
            with self._jumps.take() as quote:
                try:
                    await self.lock(quote)
                except TradingError:
                    log.exception("a split lock could not be stored", extra={"symbol": str(quote.symbol)})

    async def mind(self, quote: Quote) -> None:
        """Judge a price before the stop is asked, and remember it for the next morning."""
        symbol = quote.symbol
        if self.holds(symbol):
            await self._unlock(quote)
            return
        if self.suspicious(symbol, quote):
            await self.lock(quote)
            return
        position = self._positions.of(symbol)
        cost = position.average_cost if position else None
        if self._overnight.split_shared(symbol, quote, cost, self._settings.of(symbol).split_guard_pct):
            await self.accept(symbol)  # nothing to ask, but bars and peaks are of the old size
        session = current(self._clock.now())
        if session is not None:
            await self._overnight.remember(symbol, session, quote.last, cost)

    async def lock(self, quote: Quote) -> None:
        """Block stop and signals of a ticker whose price jumped overnight without its cost; tell and ask."""
        symbol = quote.symbol
        lock = self._modes.lock(symbol)
        if lock is not None and lock.blocks_stop:
            return
        now = self._clock.now()
        position = self._positions.of(symbol)
        cost = position.average_cost if position else None
        await self._modes.set_lock(
            TickerLock(symbol=symbol, reason=SPLIT_GUARD, locked_at=now, until=None, blocks_stop=True),
            [
                Trouble(
                    at=now,
                    key=f"{SPLIT_GUARD}:{symbol}",
                    symbol=symbol,
                    what=Text(
                        f"{symbol.ticker} 가격이 밤사이 크게 바뀌어 {quote.last} 달러입니다 (평균 단가 {cost})."
                        f" 주식 분할일 수 있어 손절과 매매를 멈췄습니다. 평균 단가가 따라 바뀌면 저절로 풀립니다."
                        f" 진짜 가격이면 /release {symbol.ticker} 로 푸세요. 그러면 손절도 바로 다시 작동합니다.",
                        f"{symbol.ticker} jumped overnight to ${quote.last} (average cost {cost}). This may be a split,"
                        f" so its stop and signals are blocked. They come back by themselves once the average cost"
                        f" follows. If the price is real, /release {symbol.ticker}; the stop works again at once then.",
                    ),
                )
            ],
        )

    async def accept(self, symbol: Symbol) -> None:
        """Take today's price of a ticker as real and start its bars anew, adjusted by the data's source."""
        position, quote = self._positions.of(symbol), self._watch.latest(symbol)
        if quote is not None:
            await self._overnight.accept(symbol, quote.last, position.average_cost if position else None)
        self._watch.forget_bars(symbol)
        for watcher in self._watchers:
            watcher(symbol)

    async def _unlock(self, quote: Quote) -> None:
        """Take the lock off once the average cost has followed.

        Of a ticker not held, once the source's bars have: the rule must not read a split as a crash.
        """
        symbol = quote.symbol
        if self.suspicious(symbol, quote) and (self._positions.of(symbol) or not await self._bars_follow(quote)):
            return
        await self.accept(symbol)
        now = self._clock.now()
        told = Notable(
            at=now,
            key=f"split_over:{symbol}",
            symbol=symbol,
            what=Text(
                f"{symbol.ticker} 평균 단가와 시세가 새 가격을 따라와 손절과 매매를 다시 시작합니다.",
                f"{symbol.ticker}: cost and bars have followed the price; stop and signals work again.",
            ),
        )
        await self._modes.release(symbol, None, [told])

    async def _bars_follow(self, quote: Quote) -> bool:
        """Return whether the source's last daily close is near the price: it has adjusted its bars for a split."""
        session = current(self._clock.now())
        if session is None:
            return False
        try:
            close = await self._watch.close_before(quote.symbol, session.opens_at)
        except TradingError:
            return False
        guard_pct = self._settings.of(quote.symbol).split_guard_pct
        return close is not None and abs(quote.last / close - 1) * 100 <= guard_pct

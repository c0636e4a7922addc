"""Market data the core goes by: newest quotes with their age, bars per ticker and interval, subscriptions.

Ticks are the freshest source; what they do not tell is asked for. Nothing here decides anything.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.market.bars import BarStore
from strategy.market.indicators import Closes, read, rsi_of
from strategy.market.interface import PRICING_AGE_S, Listener, MarketData
from strategy.market.price_confirmation import ANSWER_OF_NOW, PriceConfirmation
from strategy.model import (
    BrokerError,
    Clock,
    DataUnavailable,
    Indicators,
    Interval,
    Order,
    Origin,
    Price,
    Quote,
    Said,
    Symbol,
    Tick,
    agreed,
    limit_for,
)
from strategy.ports import MarketFeed, Stream
from strategy.runtime import Precedence
from strategy.settings.schema import SettingsInForce, intervals_of, windows_of

log = logging.getLogger(__name__)


class BarsName(StrEnum):
    BARS = "listener.bars"


_WORTH_AGE_S = 10  # an older price of our own says less of what is held than the broker's valuation
_FULL_DAY = timedelta(days=1)
_LEAST_FETCH = 250  # bars of a first fetch, also where the windows are shorter
_MOST_MISSED = 5  # bars a gap in the stream may cost before bars built from ticks begin anew


class LiveMarketData(MarketData):
    """Quotes, bars and indicator values of the tickers; fed by the stream, filled up by requests."""

    def __init__(
        self,
        *,
        market: MarketFeed,
        stream: Stream,
        clock: Clock,
        settings: SettingsInForce,
        precedence: Precedence,
        prices: PriceConfirmation,
    ) -> None:
        self._market = market
        self._stream = stream
        self._clock = clock
        self._settings = settings
        self._precedence = precedence
        self._prices = prices
        self._computing = asyncio.Lock()
        self._ticks: dict[Symbol, Tick] = {}
        self._asked: dict[Symbol, Quote] = {}
        self._tick_is_newest: set[Symbol] = set()  # decides between a tick and an answer of the same instant
        self._asking: defaultdict[Symbol, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stores: dict[tuple[Symbol, Interval], BarStore] = {}
        self._by_symbol: defaultdict[Symbol, list[BarStore]] = defaultdict(list)
        self._fetching: defaultdict[tuple[Symbol, Interval], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._read: dict[Symbol, Indicators] = {}
        self._active: set[Symbol] = set()  # tick subscriptions confirmed
        self._refused: dict[Symbol, Said | None] = {}
        self._connected = False
        self._listeners: list[tuple[Said, Listener]] = []
        self._on_fault: Callable[[Said, Exception], None] = _logged

    def on_price(self, name: Said, listener: Listener) -> None:
        self._listeners.append((name, listener))

    def on_fault(self, told: Callable[[Said, Exception], None]) -> None:
        self._on_fault = told

    # the stream's side: nothing here may await

    def remember(self, tick: Tick) -> None:
        self._ticks[tick.symbol] = tick
        self._tick_is_newest.add(tick.symbol)

    def pass_on(self, tick: Tick) -> None:
        try:
            for store in self._by_symbol.get(tick.symbol, ()):
                store.add_tick(tick)
        except Exception as error:  # noqa: BLE001 - a door: bars keep nobody from a price
            self._on_fault(_BARS, error)
        self._tell(tick)

    def _tell(self, price: Price) -> None:
        for name, listener in self._listeners:
            try:
                listener(price)
            except Exception as error:  # noqa: BLE001 - a door: one listener keeps no other from its price
                self._on_fault(name, error)

    def on_connected(self, *, gap: bool) -> None:
        self._connected = True
        if gap:
            self.doubt_bars()

    def on_disconnected(self) -> None:
        self._connected = False
        self._active.clear()
        self.doubt_bars()

    def on_subscription(self, symbol: Symbol, *, active: bool, reason: Said | None) -> None:
        if active:
            self._active.add(symbol)
            self._refused.pop(symbol, None)
            return
        self._active.discard(symbol)
        self._refused[symbol] = reason

    def streams(self, symbol: Symbol) -> bool:
        if not self._connected or symbol not in self._active:
            return False
        tick = self._ticks.get(symbol)
        return tick is None or self._prices.late(tick) <= ANSWER_OF_NOW

    def refused(self) -> dict[Symbol, Said | None]:
        return dict(self._refused)

    def subscribe(self, held: Iterable[Symbol]) -> None:
        self._stream.watch(tuple(dict.fromkeys([*held, *self._settings.tickers])))

    # quotes

    def latest(self, symbol: Symbol) -> Quote | None:
        tick, asked = self._ticks.get(symbol), self._asked.get(symbol)
        if tick is None or (asked is not None and asked.received_at > tick.received_at):
            return asked
        late = self._too_late(tick)
        if asked is not None:
            tied = asked.received_at == tick.received_at and symbol not in self._tick_is_newest
            if tied or (late and asked.received_at - asked.late > tick.received_at - late):
                return asked
        return Quote(
            symbol=symbol,
            last=tick.last,
            bid=tick.bid,
            ask=tick.ask,
            previous_close=asked.previous_close if asked else None,
            received_at=tick.received_at,
            stamped_at=tick.traded_at,
            late=late,
        )

    def _too_late(self, price: Price) -> timedelta:
        """Return how old a price was when it was received, zero for one of now."""
        late = self._prices.late(price)
        return late if late > ANSWER_OF_NOW else timedelta(0)

    def newest_tick(self, symbol: Symbol) -> Tick | None:
        return self._ticks.get(symbol)

    async def quote(self, symbol: Symbol, *, max_age_s: float = PRICING_AGE_S) -> Quote:
        known = self._known(symbol, max_age_s)  # looked for here too: a request of somebody else may hang
        if known is not None:
            return known
        async with self._asking[symbol]:  # several who want the same price share one request
            known = self._known(symbol, max_age_s)
            return known if known is not None else await self._ask(symbol)

    def worth(self, symbol: Symbol) -> Decimal | None:
        quote = self._known(symbol, _WORTH_AGE_S)
        if quote is None:
            return None
        if quote.bid is not None and quote.last < quote.bid:
            return quote.bid
        return quote.last if quote.ask is None else min(quote.last, quote.ask)

    def _known(self, symbol: Symbol, max_age_s: float) -> Quote | None:
        known = self.latest(symbol)
        fresh = known is not None and known.age(self._clock.now()).total_seconds() <= max_age_s
        return known if fresh else None

    async def fresh_quote(self, symbol: Symbol) -> Quote:
        async with self._asking[symbol]:
            return await self._ask(symbol)

    async def price_for(self, order: Order) -> Decimal | None:
        """Return the limit to re-price an order to (D10); None while there is no usable price. Dollars, on the tick."""
        try:
            quote = await self.quote(order.request.symbol)
        except BrokerError:
            return None
        request = order.request
        price = limit_for(quote, request.side)
        if request.origin is Origin.SIGNAL and request.asked_by is not None:  # a proposal a person agreed to
            drift_pct = self._settings.of(request.symbol).approval_drift_pct
            return agreed(price, request.side, request.limit_price, drift_pct)
        return price

    async def _ask(self, symbol: Symbol) -> Quote:
        quote = await self._market.quote(symbol)
        if quote.last <= 0:
            raise DataUnavailable(f"{symbol}: price is {quote.last}")
        if late := self._too_late(quote):
            quote = replace(quote, late=late)
        self._asked[symbol] = quote
        self._tick_is_newest.discard(symbol)
        self._tell(quote)
        return quote

    # bars

    def store(self, symbol: Symbol, interval: Interval) -> BarStore:
        """Return the bars of a ticker at an interval; made on first use."""
        key = (symbol, interval)
        if key not in self._stores:
            self._stores[key] = BarStore(symbol, interval)
            self._by_symbol[symbol].append(self._stores[key])
        return self._stores[key]

    async def bring_up(self, symbol: Symbol) -> bool:
        done = [await self._complete(symbol, interval) for interval in intervals_of(self._settings.of(symbol))]
        return all(done)

    async def adjustment(self, symbol: Symbol, on: date) -> Decimal | None:
        return await self._market.adjustment(symbol, on)

    def base(self, symbol: Symbol, since: datetime) -> Decimal | None:
        asked = self._asked.get(symbol)
        return asked.previous_close if asked is not None and asked.received_at >= since else None

    async def close_before(self, symbol: Symbol, opens_at: datetime) -> Decimal | None:
        bars = await self._market.bars(symbol, Interval.DAY, 3)
        return next((bar.close for bar in reversed(bars) if bar.start < opens_at), None)

    def kept_close(self, symbol: Symbol, before: datetime) -> Decimal | None:
        bars = self.store(symbol, Interval.DAY).bars
        return next((bar.close for bar in reversed(bars) if bar.start < before), None)

    def doubt_bars(self) -> None:
        now = self._clock.now()
        for store in self._stores.values():
            store.mark_gap(now)

    def forget_bars(self, symbol: Symbol) -> None:
        self._read.pop(symbol, None)
        for store in self._by_symbol.pop(symbol, []):
            del self._stores[(symbol, store.interval)]

    def forget(self, symbol: Symbol) -> None:
        self.forget_bars(symbol)
        self._active.discard(symbol)
        self._refused.pop(symbol, None)

    def indicators(self, symbol: Symbol, last: Decimal | None) -> Indicators:
        settings, now = self._settings.of(symbol), self._clock.now()
        rsi_closes = self._closes(symbol, settings.rsi_interval, now, last)
        macd_closes = self._closes(symbol, settings.macd_interval, now, last)
        found = self._read[symbol] = read(rsi_closes, macd_closes, settings)
        return found

    def _closes(self, symbol: Symbol, interval: Interval, now: datetime, last: Decimal | None) -> Closes:
        return self.store(symbol, interval).closes(self._settings.of(symbol).signal_bars, now, last)

    async def indicators_in_turn(self, symbol: Symbol, last: Decimal | None) -> Indicators:
        async with self._computing:
            await self._give_way()
            settings = self._settings.of(symbol)
            closes = self._closes(symbol, settings.rsi_interval, self._clock.now(), last)
            rsi_of(closes, settings)  # it remembers the value
            await self._give_way()
            return self.indicators(symbol, last)

    async def _give_way(self) -> None:
        await asyncio.sleep(0)
        await self._precedence.yielded()

    def newest_indicators(self, symbol: Symbol) -> Indicators | None:
        return self._read.get(symbol)

    def warmup(self, symbol: Symbol) -> Sequence[tuple[Symbol, str, int, int]]:
        settings, now = self._settings.of(symbol), self._clock.now()
        return [
            (symbol, interval.value, len(self.store(symbol, interval).closes(settings.signal_bars, now).values), least)
            for interval, least in windows_of(settings).items()
        ]

    def needs_ticks(self, symbol: Symbol) -> bool:
        minutes = any(interval.minutes is not None for interval in intervals_of(self._settings.of(symbol)))
        return minutes and not self._market.has_minute_bars()

    def warm(self, symbol: Symbol) -> bool:
        return all(there >= least for _, _, there, least in self.warmup(symbol))

    async def _complete(self, symbol: Symbol, interval: Interval) -> bool:
        store = self.store(symbol, interval)
        async with self._fetching[(symbol, interval)]:
            now = self._clock.now()
            if self.streams(symbol):
                store.stream_alive(now)
            store.roll(now)
            wanted = windows_of(self._settings.of(symbol)).get(interval, 0) + 1  # the newest may be forming
            # bars of ticks alone are no history, and a longer window asked for since needs older ones
            if store.fetched and store.bars and store.reaches(wanted) and store.complete(now):
                return True
            if interval.minutes is not None and not self._market.has_minute_bars():
                if self.streams(symbol):  # only ticks can build them (D9)
                    store.resume(_MOST_MISSED)
                return store.complete(now)
            count = self._missing(store, now, max(wanted, _LEAST_FETCH))
            store.merge(await self._market.bars(symbol, interval, count), now, asked=count)
            store.roll(self._clock.now())
            return store.complete(now)

    @staticmethod
    def _missing(store: BarStore, now: datetime, most: int) -> int:
        """Return how many bars to ask for: a warm-up at first, then what can have passed since, with some to spare."""
        if not store.fetched or not store.bars or not store.reaches(most):
            return most
        length = timedelta(minutes=store.interval.minutes) if store.interval.minutes else _FULL_DAY
        return min(most, (now - store.bars[-1].start) // length + 3)


_BARS = Said(BarsName.BARS)


def _logged(name: Said, error: Exception) -> None:
    log.error("a listener to prices failed", extra={"listener": str(name)}, exc_info=error)

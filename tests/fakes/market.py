"""Market data and a stream in memory: prices a test sets, bars made from its closes and from those prices."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.market import latest, previous, session_on
from strategy.market.bars import bucket
from strategy.model import (
    Bar,
    BrokerError,
    Clock,
    DataUnavailable,
    Interval,
    Kept,
    ListingName,
    Quote,
    Said,
    Symbol,
    Tick,
    new_york,
)
from strategy.ports import StreamSink

_CENT = Decimal("0.01")


class FakeMarket:
    """A MarketData over market time. `fail` makes the next calls of a symbol raise; `minute_bars` False is D9."""

    def __init__(self, clock: Clock) -> None:
        self.minute_bars = True
        self.latency_s = 0.0  # of market time, per call
        self.halted: set[Symbol] = set()
        self.no_book = False
        self.spread = _CENT * 2
        self.skew = Decimal(0)  # how far the book is above the last price
        self.asked: defaultdict[Symbol, int] = defaultdict(int)
        self.bars_asked: defaultdict[Symbol, int] = defaultdict(int)
        self.broken: dict[Symbol, BrokerError] = {}
        self.bars_broken: dict[Symbol, BrokerError] = {}
        self.bases: dict[Symbol, Decimal] = {}  # the previous close as the broker gives it, where it is another
        self.adjustments: dict[Symbol, tuple[date, Decimal]] = {}  # closes before that day are multiplied by this
        self.names: Mapping[Symbol, tuple[str, str]] | BrokerError = {}  # Korean and English
        self.names_asked: list[Symbol] = []
        self._clock = clock
        self._prices: defaultdict[Symbol, list[tuple[datetime, Decimal]]] = defaultdict(list)
        self._closes: dict[tuple[Symbol, Interval], tuple[Decimal, ...]] = {}

    def set_price(self, symbol: Symbol, last: Decimal) -> None:
        self._prices[symbol].append((self._clock.now(), last))

    def set_closes(self, symbol: Symbol, interval: Interval, closes: Sequence[Decimal]) -> None:
        """Give the closes of the bars before the first price of the symbol, ascending."""
        self._closes[(symbol, interval)] = tuple(closes)

    def forget(self, symbol: Symbol) -> None:
        """Drop the prices of a symbol, as a source does that adjusts its history for a split."""
        del self._prices[symbol]

    def book(self, symbol: Symbol) -> tuple[Decimal, Decimal | None, Decimal | None]:
        """Return last, bid and ask."""
        if not self._prices[symbol]:
            raise DataUnavailable(f"no price of {symbol}")
        last = self._prices[symbol][-1][1]
        middle, half = last + self.skew, self.spread / 2
        return last, None if self.no_book else middle - half, None if self.no_book else middle + half

    # the port

    async def quote(self, symbol: Symbol) -> Quote:
        self.asked[symbol] += 1
        await self._clock.sleep(self.latency_s)
        if symbol in self.broken:
            raise self.broken[symbol]
        last, bid, ask = self.book(symbol)
        return Quote(
            symbol=symbol,
            last=last,
            bid=bid,
            ask=ask,
            previous_close=self.bases.get(symbol) or self._close_before(symbol) or last,
            received_at=self._clock.now(),
            halted=symbol in self.halted,
        )

    async def bars(self, symbol: Symbol, interval: Interval, count: int) -> Sequence[Bar]:
        self.bars_asked[symbol] += 1
        await self._clock.sleep(self.latency_s)
        if symbol in self.bars_broken:
            raise self.bars_broken[symbol]
        if interval.minutes is not None and not self.minute_bars:
            raise DataUnavailable("no minute bars in this environment")
        return self._made(symbol, interval)[-count:]

    async def adjustment(self, symbol: Symbol, on: date) -> Decimal | None:
        await self._clock.sleep(self.latency_s)
        if symbol in self.bars_broken:
            raise self.bars_broken[symbol]
        begins, factor = self.adjustments.get(symbol, (on, Decimal(1)))
        return factor if on < begins else Decimal(1)

    async def listing_name(self, symbol: Symbol) -> ListingName:
        self.names_asked.append(symbol)
        if isinstance(self.names, BrokerError):
            raise self.names
        if symbol not in self.names:
            raise DataUnavailable(f"no product {symbol}")
        korean, english = self.names[symbol]
        return ListingName(symbol=symbol, korean=korean, english=english)

    def has_minute_bars(self) -> bool:
        return self.minute_bars

    def _close_before(self, symbol: Symbol) -> Decimal | None:
        """Return the close of the last day before the newest session."""
        opens_at = latest(self._clock.now()).opens_at
        return next((bar.close for bar in reversed(self._made(symbol, Interval.DAY)) if bar.start < opens_at), None)

    def _made(self, symbol: Symbol, interval: Interval) -> list[Bar]:
        """Lay the given closes before the first price, and bars of the prices since."""
        now = self._clock.now()
        prices = self._prices[symbol]
        begun = prices[0][0] if prices else now
        bars: list[Bar] = []
        closes = list(self._closes.get((symbol, interval), ()))
        for start, end in _spans_before(interval, begun, len(closes)):
            if not closes:
                break
            bars.insert(0, _bar(start, end, closes.pop(), closed=True))
        first = bucket(interval, begun)
        span = first or _next_span(interval, begun)
        while span is not None and span[0] <= now:
            known = [price for at, price in prices if at < span[1]]
            if known:
                bars.append(_bar(span[0], span[1], known[-1], closed=span[1] <= now))
            span = _next_span(interval, span[1])
        return bars


class FakeStream:
    """A Stream whose ticks the test sends. `connect` and `drop` speak to the sink."""

    def __init__(self, clock: Clock) -> None:
        self.watched: tuple[Symbol, ...] = ()
        self.offers_ticks = True
        self._clock = clock
        self._sink: StreamSink | None = None
        self._up = False
        self._was_up = False
        self._fault: asyncio.Future[None] | None = None

    async def run(self, sink: StreamSink) -> None:
        self._sink = sink
        self._fault = asyncio.get_running_loop().create_future()
        self.connect()
        await self._fault

    def fail(self, error: Exception) -> None:
        """Let `run` end with a fault nobody expects."""
        assert self._fault is not None
        self._up = False
        self._fault.set_exception(error)

    def watch(self, symbols: Sequence[Symbol]) -> None:
        self.watched = tuple(symbols)
        self._confirm()

    @property
    def connected(self) -> bool:
        return self._up

    def connect(self) -> None:
        assert self._sink is not None
        self._up = True
        self._sink.on_connected(gap=self._was_up)
        self._was_up = True
        self._sink.on_subscription(None, active=True, reason=None)
        self._confirm()

    def drop(self, reason: str = "connection lost") -> None:
        assert self._sink is not None
        self._up = False
        self._sink.on_disconnected(Said.read(reason))

    def tick(self, symbol: Symbol, last: Decimal, *, spread: Decimal = _CENT * 2) -> None:
        """Send a trade to the subscriber."""
        if self._sink is None or not self._up or symbol not in self.watched:
            return
        now = self._clock.now()
        half = spread / 2
        self._sink.on_tick(Tick(symbol, last, last - half, last + half, 1, now, now))

    def _confirm(self) -> None:
        if self._sink is None or not self._up:
            return
        for symbol in self.watched:
            reason = None if self.offers_ticks else Said(Kept.WORDS, words="not offered")
            self._sink.on_subscription(symbol, active=self.offers_ticks, reason=reason)


def _bar(start: datetime, end: datetime, close: Decimal, *, closed: bool) -> Bar:
    return Bar(start=start, end=end, open=close, high=close, low=close, close=close, volume=100, closed=closed)


def _spans_before(interval: Interval, instant: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """Return at least that many bars' spans that ended at or before an instant, newest first."""
    spans: list[tuple[datetime, datetime]] = []
    session = latest(instant)
    while len(spans) < count:
        length = session.closes_at - session.opens_at
        if interval.minutes is not None:
            length = timedelta(minutes=interval.minutes)
        starts = []
        start = session.opens_at
        while start < session.closes_at:
            starts.append((start, min(start + length, session.closes_at)))
            start += length
        spans += [span for span in reversed(starts) if span[1] <= instant]
        session = previous(session.on)
    return spans


def _next_span(interval: Interval, instant: datetime) -> tuple[datetime, datetime] | None:
    """Return the first span that starts at or after an instant."""
    session = session_on(new_york(instant).date())
    if session is not None and instant < session.opens_at:
        return bucket(interval, session.opens_at)
    if session is not None and instant < session.closes_at:
        return bucket(interval, instant)
    following = new_york(instant).date()
    for _ in range(10):
        following += timedelta(days=1)
        later = session_on(following)
        if later is not None:
            return bucket(interval, later.opens_at)
    return None

"""One ticker as it trades: last price, quote, the day so far, minutes and prints."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from kis.simulator.market.bars import DayBar, TapeBar
from kis.simulator.market.calendar import (
    MINUTE_MS,
    TradingSession,
    business_date,
    session_after,
    session_before,
    session_of,
)
from kis.simulator.market.chance import mix
from kis.simulator.market.listings import Listing
from kis.simulator.market.series import Series
from kis.simulator.market.shape import Print, on_tick, prints_of, tick_of
from kis.simulator.market.splits import Splits, divide
from kis.simulator.text import UNIT

KEPT_PRINTS = 600
WARM_PRINTS, WARM_MINUTES = 400, 20  # told print by print before the start, so that there are recent ticks
LEVELS = 10


@dataclass(frozen=True, slots=True)
class TapePrint:
    """One print on the tape with the quote right after it. Prices are ten-thousandths of a dollar, amounts whole
    dollars, sizes and volumes whole shares."""

    at_ms: int
    day: date
    price: int
    size: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    regular: bool
    buyer: bool  # the buyer crossed the spread
    volume: int  # of the day so far
    amount: int
    sold: int
    bought: int
    open: int
    high: int
    low: int
    base: int


@dataclass(frozen=True, slots=True)
class TapeLevel:
    """One price level of the book, level 1 the best. Prices are ten-thousandths of a dollar, sizes whole shares."""

    bid: int
    ask: int
    bid_size: int
    ask_size: int


@dataclass(slots=True)
class DayRecord:
    """What a day traded as this simulator lived through it. Prices are ten-thousandths of a dollar, amounts whole
    dollars, volumes whole shares."""

    session: TradingSession
    base: int  # close before, in this day's shares
    base_volume: int
    base_amount: int
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    regular_volume: int = 0
    regular_amount: int = 0
    volume: int = 0
    amount: int = 0
    sold: int = 0
    bought: int = 0
    ext_open: int = 0
    ext_high: int = 0
    ext_low: int = 0
    touched: bool = False  # a print by hand or a moved price: the official history no longer applies
    minutes: dict[int, list[int]] = field(default_factory=dict)

    def take(self, bar: TapeBar, *, bought: int, regular: bool) -> None:
        """Add a whole bar at once. `bought` are the shares of it that buyers took."""
        self.volume += bar.volume
        self.amount += bar.amount
        self.bought += bought
        self.sold += bar.volume - bought
        if regular:
            self.open = self.open or bar.open
            self.high, self.low = max(self.high, bar.high), min(self.low or bar.low, bar.low)
            self.close = bar.close
            self.regular_volume += bar.volume
            self.regular_amount += bar.amount
        else:
            self.ext_open = self.ext_open or bar.open
            self.ext_high, self.ext_low = max(self.ext_high, bar.high), min(self.ext_low or bar.low, bar.low)
        row = self.minutes.setdefault(bar.start_ms // MINUTE_MS * MINUTE_MS, [bar.open, bar.high, bar.low, 0, 0, 0])
        row[1], row[2], row[3] = max(row[1], bar.high), min(row[2], bar.low), bar.close
        row[4] += bar.volume
        row[5] += bar.amount

    def day_bar(self) -> DayBar | None:
        if not self.open:
            return None
        return DayBar(self.session.day, self.open, self.high, self.low, self.close, self.regular_volume)

    def bars(self) -> list[TapeBar]:
        return [TapeBar(start, MINUTE_MS, *row[:5]) for start, row in self.minutes.items()]


class Tape:
    """Lives through a series print by print; asked at an instant, it has seen everything up to it."""

    def __init__(
        self,
        listing: Listing,
        series: Series,
        splits: Splits,
        *,
        seed: int,
        start_ms: int,
        told_from_ms: int,
        prints_a_minute: int,
        live: bool,
        feed_share: float = 1.0,
    ) -> None:
        """Begin on the day of start_ms; what lies well before told_from_ms is taken bar by bar, not print by print.
        `feed_share` is a fraction of the official volume."""
        self.listing = listing
        self.series = series
        self._splits = splits
        self._seed = mix(seed, sum(ord(c) * 131**n for n, c in enumerate(listing.symbol)))
        self._prints_a_minute = max(1, prints_a_minute)
        self._live = live
        self._feed_share = feed_share
        self.halted = False
        self.halt_hidden = False  # halted, and no answer says so: its quote just stands still
        self._unforeseen: dict[date, Fraction] = {}  # splits asked for, by day
        self.days: dict[date, DayRecord] = {}
        self.first_day = business_date(start_ms)
        self.shift = Fraction(1)
        self.number = 0  # prints so far, the key of everything seeded per print
        self.recent: deque[TapePrint] = deque(maxlen=KEPT_PRINTS)
        self.last = self.bid = self.ask = self.bid_size = self.ask_size = 0
        self.last_at_ms = 0
        self._taken_bid = self._taken_ask = 0
        self._day = self.first_day
        self._open_day(self.first_day)
        self._absorbed = self._absorb(told_from_ms - self._warm_ms()) if live else 0
        self._feed = self._prints(self.first_day)
        self._next = next(self._feed, None)

    @property
    def halt_told(self) -> bool:
        """Whether answers say that the ticker is halted."""
        return self.halted and not self.halt_hidden

    # -- the present -------------------------------------------------------------------------------------------------

    @property
    def day(self) -> date:
        """Return the New York date the tape is in."""
        return self._day

    @property
    def today(self) -> DayRecord:
        return self.days[self._day]

    @property
    def known(self) -> bool:
        """Whether there is any price at all."""
        return self.last > 0

    def next_ms(self) -> int | None:
        return self._next[0] if self._next is not None else None

    def catch_up(self, ms: int, heard: Callable[["Tape", TapePrint], None] | None = None) -> None:
        """Live through everything up to and including an instant."""
        while self._next is not None and self._next[0] <= ms:
            trade = self.pop()
            if heard is not None and trade is not None:
                heard(self, trade)
        self.roll(business_date(ms))

    def pop(self) -> TapePrint | None:
        """Live through the next print; None if the ticker is halted and the print therefore does not happen. Raises
        RuntimeError when none is due."""
        if self._next is None:
            raise RuntimeError("no print is due")
        at_ms, price, size = self._next
        self._next = next(self._feed, None)
        self.roll(business_date(at_ms) if at_ms >= self.today.session.after_close_ms else self._day)
        if self.halted:
            return None
        return self._print(at_ms, self._shifted(price), self._seen(size))

    def print_by_hand(
        self, at_ms: int, price: int, size: int, *, bid: int | None = None, ask: int | None = None, shift: bool = True
    ) -> TapePrint:
        """Trade once at a price; with shift, what the series says later moves along with it. Ten-thousandths of a
        dollar."""
        self.roll(business_date(at_ms))
        if shift and self.last > 0:
            self.shift = self.shift * price / self.last
        self.today.touched = True
        return self._print(at_ms, price, size, bid=bid, ask=ask)

    def stray(self, at_ms: int, price: int, size: int, *, bid: int, ask: int) -> TapePrint:
        """Return a print as the stream may tell one that never moved this tape: far off, or of another time.
        Ten-thousandths of a dollar."""
        record = self.today
        opened, high, low = self.day_prices()
        regular = record.session.open_ms <= at_ms <= record.session.close_ms
        return TapePrint(
            at_ms, self._day, price, size, bid or self.bid, ask or self.ask, self.bid_size, self.ask_size, regular,
            price >= self.last, record.volume, record.amount, record.sold, record.bought,
            opened, max(high, price), min(low or price, price), record.base,
        )  # fmt: skip

    def split(self, ratio: Fraction) -> None:
        """Count every price so far in the shares after a split that takes effect at this very moment."""
        record = self.today
        for name in ("base", "open", "high", "low", "close", "ext_open", "ext_high", "ext_low"):
            setattr(record, name, divide(getattr(record, name), ratio))
        for row in record.minutes.values():
            row[:4] = [divide(price, ratio) for price in row[:4]]
        record.touched = True
        self.recent.clear()
        self._scale(ratio)
        if self.last:
            self.last = on_tick(divide(self.last, ratio))
            self._requote(self.last, None, None)

    def split_on(self, day: date, ratio: Fraction) -> None:
        """Let a split take effect before the open of a day to come, of which the series knows nothing."""
        self._unforeseen[day] = ratio

    def _scale(self, ratio: Fraction) -> None:
        self.shift = self.shift / ratio

    def roll(self, day: date) -> None:
        """Begin the days up to this one: yesterday's close becomes the base."""
        while self._day < day:
            self._open_day(session_after(self._day))

    # -- the quote ---------------------------------------------------------------------------------------------------

    def levels(self) -> list[TapeLevel]:
        """Return ten levels of the book, best first."""
        if not self.known:
            return []
        book: list[TapeLevel] = []
        tick = tick_of(self.last)
        bid, ask = self.bid, self.ask
        for n in range(LEVELS):
            if n:
                step = 1 + mix(self._seed, self.number * 16 + n) % 2
                bid, ask = bid - tick * step, ask + tick * step
            bid_size = self.bid_size if n == 0 else self._size(n * 2)
            ask_size = self.ask_size if n == 0 else self._size(n * 2 + 1)
            book.append(TapeLevel(max(bid, 0), ask, bid_size if bid > 0 else 0, ask_size))
        return book

    def available(self, *, buying: bool) -> Iterator[tuple[int, int]]:
        """Yield price and size of what can be taken now, best first, less what was taken since the last print."""
        taken = self._taken_ask if buying else self._taken_bid
        for level in self.levels():
            price, size = (level.ask, level.ask_size) if buying else (level.bid, level.bid_size)
            used = min(taken, size)
            taken -= used
            if price > 0 and size > used:
                yield price, size - used

    def take(self, size: int, *, buying: bool) -> None:
        """Remember that an order took so many shares from the book."""
        if buying:
            self._taken_ask += size
        else:
            self._taken_bid += size

    # -- history -----------------------------------------------------------------------------------------------------

    def daily(self, day: date, *, corrected: bool) -> DayBar | None:
        """Return a finished or forming day, raw; corrected asks for the official bar where there is one."""
        record = self.days.get(day)
        if record is None:
            return self.series.daily(day) if day < self.first_day else None
        if day < self._day and corrected and not record.touched and self.shift == 1:
            return self.series.daily(day) or record.day_bar()
        return record.day_bar()

    def minute_bars(self, day: date) -> list[TapeBar]:
        """Return one-minute (or finer, for days before the start) bars of a day, extended hours included."""
        record = self.days.get(day)
        if record is not None:
            return record.bars()
        return list(self.series.bars(day)) if day < self.first_day else []

    # -- inside ------------------------------------------------------------------------------------------------------

    def _prints(self, first: date) -> Iterator[Print]:
        day = first
        if not self._live:
            return
        for _ in range(20_000):  # eighty years of sessions
            for n, bar in enumerate(self.series.bars(day)):
                if n < self._absorbed and day == self.first_day:
                    continue
                yield from prints_of(bar, self._count(bar), self._seed ^ (day.toordinal() * 4096 + n))
            day = session_after(day)

    def _warm_ms(self) -> int:
        return min(WARM_MINUTES, max(1, WARM_PRINTS // self._prints_a_minute)) * MINUTE_MS

    def _absorb(self, until_ms: int) -> int:
        """Take the first day's bars that ended before an instant whole; return how many."""
        record = self.today
        session = record.session
        count = 0
        for whole in self.series.bars(self.first_day):
            if whole.start_ms + whole.width_ms > until_ms:
                break
            count += 1
            bar = self._seen_bar(whole)
            bought = bar.volume * (35 + mix(self._seed, bar.start_ms) % 31) // 100
            regular = session.open_ms <= bar.start_ms < session.close_ms
            record.take(bar, bought=bought, regular=regular)
            self.number += 1
            self.last, self.last_at_ms = bar.close, bar.start_ms + bar.width_ms - 1
        if count:
            self._requote(self.last, None, None)
        return count

    def _seen(self, size: int) -> int:
        return size if self._feed_share == 1 else max(1, int(size * self._feed_share))

    def _seen_bar(self, bar: TapeBar) -> TapeBar:
        return bar if self._feed_share == 1 else replace(bar, volume=self._seen(bar.volume))

    def _count(self, bar: TapeBar) -> int:
        return max(1, self._prints_a_minute * bar.width_ms // MINUTE_MS)

    def _shifted(self, price: int) -> int:
        if self.shift == 1:
            return price
        return on_tick(price * self.shift.numerator / self.shift.denominator)

    def _open_day(self, day: date) -> None:
        before = self.days.get(self._day) if self._day < day else None
        ratio = self._splits.on(self.listing.symbol, day)
        if before is not None:
            close = before.close or before.base
            base, volume, amount = divide(close, ratio), before.regular_volume, before.regular_amount
            if ratio != 1 and self.last:
                self.last = divide(self.last, ratio)
            self._scale(self._unforeseen.get(day, Fraction(1)))
        else:
            known = self._last_official(day)
            close = known.close if known is not None else 0
            base = divide(close, ratio)
            volume, amount = (known.volume, known.amount) if known is not None else (0, 0)
            self.last = base
        self._day = day
        self.days[day] = DayRecord(session_of(day), base, volume, amount)
        if self.last:
            self._requote(self.last, None, None)

    def _last_official(self, day: date) -> DayBar | None:
        for _ in range(10):
            day = session_before(day)
            bar = self.series.daily(day)
            if bar is not None:
                return bar
        return None

    def _print(self, at_ms: int, price: int, size: int, *, bid: int | None = None, ask: int | None = None) -> TapePrint:
        record = self.today
        session = record.session
        regular = session.open_ms <= at_ms <= session.close_ms
        buyer = price > self.last or (price == self.last and mix(self._seed, self.number) & 1 == 1)
        amount = price * size // UNIT
        record.volume += size
        record.amount += amount
        if buyer:
            record.bought += size
        else:
            record.sold += size
        if regular:
            if not record.open:
                record.open = record.high = record.low = price
            record.high, record.low, record.close = max(record.high, price), min(record.low, price), price
            record.regular_volume += size
            record.regular_amount += amount
        else:
            record.ext_open = record.ext_open or price
            record.ext_high = max(record.ext_high, price)
            record.ext_low = min(record.ext_low or price, price)
        minute = record.minutes.get(at_ms // MINUTE_MS * MINUTE_MS)
        if minute is None:
            record.minutes[at_ms // MINUTE_MS * MINUTE_MS] = [price, price, price, price, size, amount]
        else:
            minute[1], minute[2], minute[3] = max(minute[1], price), min(minute[2], price), price
            minute[4] += size
            minute[5] += amount
        self.number += 1
        self.last, self.last_at_ms = price, at_ms
        self._requote(price, bid, ask, buyer=buyer)
        opened, high, low = self.day_prices()
        trade = TapePrint(
            at_ms, self._day, price, size, self.bid, self.ask, self.bid_size, self.ask_size, regular, buyer,
            record.volume, record.amount, record.sold, record.bought, opened, high, low, record.base,
        )  # fmt: skip
        self.recent.append(trade)
        return trade

    def day_prices(self) -> tuple[int, int, int]:
        """Return open, high and low of the regular session, or of the pre-market until it begins. Ten-thousandths of a
        dollar."""
        record = self.today
        if record.open:
            return record.open, record.high, record.low
        return record.ext_open, record.ext_high, record.ext_low

    def _requote(self, price: int, bid: int | None, ask: int | None, *, buyer: bool = False) -> None:
        tick = tick_of(price)
        spread = tick * (self.listing.spread_ticks + (1 if mix(self._seed, self.number * 3 + 1) % 5 == 0 else 0))
        if bid is None and ask is None:
            bid, ask = (price - spread, price) if buyer else (price, price + spread)
        elif bid is None:
            bid = min(price, (ask or price) - spread)
        elif ask is None:
            ask = max(price, bid + spread)
        self.bid, self.ask = max(bid or tick, tick if price > tick else 0), ask or price + spread
        self.bid_size, self.ask_size = self._size(0), self._size(1)
        self._taken_bid = self._taken_ask = 0

    def _size(self, level: int) -> int:
        return 100 + mix(self._seed, self.number * 64 + 7 + level) % 1900

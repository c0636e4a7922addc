"""One ticker's prices for every day: recorded, modelled, or both joined at their seams."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import exp, log
from typing import Protocol

from kis.simulator.market.bars import DayBar, TapeBar, regular_day
from kis.simulator.market.calendar import (
    is_session,
    new_york_at,
    session_after,
    session_before,
    session_of,
    session_on_or_after,
)
from kis.simulator.market.chance import generator
from kis.simulator.market.listings import Listing
from kis.simulator.market.shape import minutes_of_day, on_tick
from kis.simulator.market.splits import Splits, divide

HISTORY = timedelta(days=365 * 12)


class Series(Protocol):
    """Raw prices of one ticker; pure: the same day always has the same bars."""

    def daily(self, day: date) -> DayBar | None:
        """Return the official bar of a trading day, None where the ticker has none."""
        ...

    def bars(self, day: date) -> Sequence[TapeBar]:
        """Return what trades within a day, extended hours included, oldest first."""
        ...


class ModelSeries:
    """A seeded walk with gaps, trends and volatility clusters, through a known close."""

    def __init__(
        self, listing: Listing, seed: int, anchor: date, close_before: int, splits: Splits | None = None
    ) -> None:
        """Begin at `anchor`, a New York date, with `close_before` in ten-thousandths of a dollar."""
        self._listing = listing
        self._key = f"{seed}|{listing.symbol}"
        self._anchor = session_on_or_after(anchor)
        self._level = close_before
        self._splits = splits or Splits(())
        before = session_before(self._anchor)
        self._closes = {before: close_before}
        self._days: dict[date, DayBar] = {}
        self._first = self._last = before
        self._earliest = self._anchor - HISTORY
        self._intraday: dict[date, list[TapeBar]] = {}

    def daily(self, day: date) -> DayBar | None:
        if day < self._earliest or not is_session(day):
            return None
        while self._last < day:
            self._forward()
        while self._first > session_before(day):
            self._backward()
        return self._days[day]

    def bars(self, day: date) -> Sequence[TapeBar]:
        known = self._intraday.get(day)
        if known is not None:
            return known
        bar = self.daily(day)
        if bar is None:
            return []
        before = divide(self._closes[session_before(day)], self._splits.on(self._listing.symbol, day))
        busy = self._listing.daily_volume >= 20_000_000
        made = minutes_of_day(bar, before, session_of(day), self._key, busy=busy)
        if len(self._intraday) > 64:
            self._intraday.pop(next(iter(self._intraday)))
        self._intraday[day] = made
        return made

    def _forward(self) -> None:
        day = session_after(self._last)
        gap, move, up, down, volume = self._draw(day)
        before = divide(self._closes[self._last], self._splits.on(self._listing.symbol, day))
        opened = on_tick(before * exp(gap - self._pull(before)))
        self._store(day, opened, on_tick(opened * exp(move)), up, down, volume)
        self._closes[day] = self._days[day].close
        self._last = day

    def _backward(self) -> None:
        day = self._first
        gap, move, up, down, volume = self._draw(day)
        close = self._closes[day]
        opened = on_tick(close / exp(move))
        self._store(day, opened, close, up, down, volume)
        before = on_tick(opened / exp(gap + self._pull(opened)))
        self._first = session_before(day)
        self._closes[self._first] = before

    def _pull(self, price: int) -> float:
        """Return a weak force back to the ticker's own level, so that years of walking end on earth."""
        return 0.004 * log(price / self._level) if self._level else 0.0

    def _store(  # noqa: PLR0917 - the six numbers of a day
        self, day: date, opened: int, close: int, up: float, down: float, volume: int
    ) -> None:
        high = max(opened, close, on_tick(max(opened, close) * (1 + up)))
        low = min(opened, close, on_tick(min(opened, close) * (1 - down)))
        self._days[day] = DayBar(day, opened, high, low, close, volume)

    def _draw(self, day: date) -> tuple[float, float, float, float, int]:
        """Return gap, move, upper and lower wick (as log returns) and volume of a day."""
        rng = generator(self._key, day.isoformat())
        month = generator(self._key, "trend", day.year, day.month)
        sigma = self._listing.daily_volatility * month.uniform(0.7, 1.5)
        trend = month.gauss(0, 0.12) * sigma
        gap = rng.gauss(0, 0.35) * sigma
        move = trend + rng.gauss(0, 0.85) * sigma
        up, down = abs(rng.gauss(0, 0.35)) * sigma, abs(rng.gauss(0, 0.35)) * sigma
        volume = int(
            max(self._listing.daily_volume, 1000) * rng.lognormvariate(0, 0.25) * (1 + abs(move) / sigma * 0.2)
        )
        return gap, move, up, down, volume


class RecordedSeries:
    """Replayed bars; the model tells what was before them and, if wanted, what comes after."""

    def __init__(
        self,
        listing: Listing,
        seed: int,
        *,
        days: Iterable[DayBar] = (),
        bars: Iterable[TapeBar] = (),
        splits: Splits,
        model_after: bool = True,
    ) -> None:
        """Join what was recorded with models before and after it; raise ValueError for nothing recorded."""
        self._listing = listing
        self._key = f"{seed}|{listing.symbol}"
        self._splits = splits
        self._official = {bar.day: bar for bar in days if is_session(bar.day)}
        self._intraday = _by_day(bars)
        self._derived: dict[date, DayBar] = {}
        self._shaped: dict[date, list[TapeBar]] = {}
        known = sorted(self._official.keys() | self._intraday.keys())
        if not known:
            raise ValueError(f"{listing.symbol}: no bar on any trading day")
        self.first_day, self.last_day = known[0], known[-1]
        self._before = ModelSeries(listing, seed, self.first_day, self._first_price(), splits)
        self._after: ModelSeries | None = None
        if model_after:
            last = self.daily(self.last_day)
            price = last.close if last is not None else self._intraday[self.last_day][-1].close
            self._after = ModelSeries(listing, seed, session_after(self.last_day), price, splits)

    def daily(self, day: date) -> DayBar | None:
        if day < self.first_day:
            return self._before.daily(day)
        if day > self.last_day:
            return self._after.daily(day) if self._after is not None else None
        official = self._official.get(day)
        if official is not None:
            return official
        if day in self._intraday and day not in self._derived:
            made = regular_day(self._intraday[day], session_of(day))
            if made is not None:
                self._derived[day] = made
        return self._derived.get(day)

    def bars(self, day: date) -> Sequence[TapeBar]:
        if day in self._intraday:
            return self._intraday[day]
        if day < self.first_day:
            return self._before.bars(day)
        if day > self.last_day:
            return self._after.bars(day) if self._after is not None else ()
        official = self._official.get(day)
        if official is None:
            return ()
        if day not in self._shaped:
            if len(self._shaped) > 64:
                self._shaped.pop(next(iter(self._shaped)))
            busy = self._listing.daily_volume >= 20_000_000
            self._shaped[day] = minutes_of_day(official, self._close_before(day), session_of(day), self._key, busy=busy)
        return self._shaped[day]

    def _close_before(self, day: date) -> int:
        for _ in range(10):
            day, later = session_before(day), day
            bar = self.daily(day)
            if bar is not None:
                return divide(bar.close, self._splits.on(self._listing.symbol, later))
        return self._first_price()

    def _first_price(self) -> int:
        official = self._official.get(self.first_day)
        if official is not None:
            return official.open
        return self._intraday[self.first_day][0].open


def _by_day(bars: Iterable[TapeBar]) -> dict[date, list[TapeBar]]:
    grouped: dict[date, list[TapeBar]] = {}
    for bar in bars:
        day = new_york_at(bar.start_ms).date()
        if is_session(day):
            grouped.setdefault(day, []).append(bar)
    return grouped

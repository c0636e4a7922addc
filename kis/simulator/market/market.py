"""All tickers of the simulated market: found, watched, moved through time."""

import heapq
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from kis.simulator.clock import from_ms, to_ms
from kis.simulator.market.calendar import business_date
from kis.simulator.market.listings import Exchange, Listing, Listings
from kis.simulator.market.replay import Recording, Replay, read_replay
from kis.simulator.market.series import ModelSeries, RecordedSeries, Series
from kis.simulator.market.splits import KNOWN_SPLITS, Splits
from kis.simulator.market.tape import Tape, TapePrint
from kis.simulator.text import to_units

Heard = Callable[[Tape, TapePrint], None]


class SimMarket:
    """Prices of every listed ticker from one start instant on; tickers nobody watches are computed when asked for."""

    def __init__(
        self,
        start: datetime,
        *,
        seed: int = 1,
        replay: Replay | Path | None = None,
        listings: Listings | None = None,
        prints_a_minute: int = 6,
        live: bool = True,
        model_after_replay: bool = True,
        grain: str = "minute",
        feed_share: float = 1.0,
    ) -> None:
        """`feed_share` is a fraction of the official volume."""
        self.seed = seed
        self.replay = read_replay(replay) if isinstance(replay, Path) else replay
        self.listings = listings or Listings()
        self._prints_a_minute = prints_a_minute
        self._live = live
        self._model_after = model_after_replay
        self._grain = grain
        self._feed_share = feed_share
        declared = self.replay.splits if self.replay is not None else []
        self.splits = Splits((*KNOWN_SPLITS, *declared) if self.replay is not None else ())
        self._series: dict[str, Series] = {}
        self._start_day = business_date_of(start)
        self._start = start
        self._tapes: dict[str, Tape] = {}
        self._watched: set[str] = set()
        self._queue: list[tuple[int, str]] = []
        self._now_ms = self._told_from_ms = 0
        if self.replay is not None:
            for listing in self.replay.listings:
                self.listings.add(listing)
            for symbol in self.replay.recordings:
                self.listings.ensure(symbol)
        self.restart(start)

    def restart(self, start: datetime) -> None:
        """Forget what was lived through and begin at another instant; watched tickers stay watched."""
        self._now_ms = self._told_from_ms = to_ms(start)
        self._tapes.clear()
        self._queue.clear()
        watched, self._watched = self._watched, set()
        for symbol in sorted(watched):
            self.watch(symbol)

    # -- time --------------------------------------------------------------------------------------------------------

    def next_ms(self) -> int | None:
        """Return when the next watched ticker trades."""
        return self._queue[0][0] if self._queue else None

    def step(self, heard: Heard) -> None:
        """Live through the next print of a watched ticker."""
        at_ms, symbol = heapq.heappop(self._queue)
        self._now_ms = max(self._now_ms, at_ms)
        tape = self._tapes[symbol]
        trade = tape.pop()
        self._enqueue(tape)
        if trade is not None:
            heard(tape, trade)

    def settle(self, ms: int) -> None:
        """Note that every watched print up to an instant has happened."""
        self._now_ms = max(self._now_ms, ms)

    def watch(self, symbol: str) -> Tape | None:
        """Have a ticker's prints told one by one from now on."""
        tape = self.tape(symbol)
        if tape is not None and symbol not in self._watched:
            self._watched.add(symbol)
            self._enqueue(tape)
        return tape

    def move(self, symbol: str, exchange: Exchange) -> None:
        """List a ticker on another exchange from now on; raise KeyError for an unknown one."""
        moved = self.listings.move(symbol, exchange)
        if symbol in self._tapes:
            self._tapes[symbol].listing = moved

    def tape(self, symbol: str) -> Tape | None:
        """Return a ticker as of now; None when no such ticker exists."""
        listing = self.listings.get(symbol)
        if listing is None:
            return None
        tape = self._tapes.get(symbol)
        if tape is None:
            tape = Tape(
                listing,
                self._series_of(listing),
                self.splits,
                seed=self.seed,
                start_ms=self._now_ms,
                told_from_ms=self._told_from_ms,
                prints_a_minute=self._prints_a_minute,
                live=self._live,
                feed_share=self._feed_share,
            )
            self._tapes[symbol] = tape
        if symbol in self._watched:
            tape.roll(business_date(self._now_ms))
        else:
            tape.catch_up(self._now_ms)
        return tape

    @property
    def asked_for(self) -> list[str]:
        """Tickers somebody has asked for or watched since the start, in order."""
        return sorted(self._tapes)

    def now(self) -> datetime:
        return from_ms(self._now_ms)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _enqueue(self, tape: Tape) -> None:
        due = tape.next_ms()
        if due is not None:
            heapq.heappush(self._queue, (due, tape.listing.symbol))

    def _series_of(self, listing: Listing) -> Series:
        series = self._series.get(listing.symbol)
        if series is None:
            recording = self.replay.recordings.get(listing.symbol) if self.replay is not None else None
            series = self._recorded(listing, recording) if recording is not None else self._modelled(listing)
            self._series[listing.symbol] = series
        return series

    def _recorded(self, listing: Listing, recording: Recording) -> Series:
        bars = recording.minutes or recording.seconds
        if self._grain == "second" and recording.seconds:
            seconds = {business_date(bar.start_ms) for bar in recording.seconds}
            bars = tuple(sorted(
                (*recording.seconds, *(b for b in recording.minutes if business_date(b.start_ms) not in seconds)),
                key=lambda bar: bar.start_ms,
            ))  # fmt: skip
        elif self._grain == "daily" and recording.days:
            bars = ()
        return RecordedSeries(
            listing, self.seed, days=recording.days, bars=bars, splits=self.splits, model_after=self._model_after
        )

    def _modelled(self, listing: Listing) -> Series:
        return ModelSeries(listing, self.seed, self._start_day, to_units(Decimal(listing.level)))


def business_date_of(instant: datetime) -> date:
    """Return the US trading date an aware instant belongs to. It is New York's."""
    return business_date(to_ms(instant))

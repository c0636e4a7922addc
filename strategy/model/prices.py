"""Prices: quotes, ticks and bars."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from strategy.model.instruments import Side, Symbol
from strategy.model.money import tick_down, tick_up
from strategy.model.said import Said


class Interval(StrEnum):
    """Bar lengths the settings offer."""

    DAY = "day"
    M1 = "1"
    M3 = "3"
    M5 = "5"
    M15 = "15"
    M30 = "30"
    M60 = "60"

    @property
    def minutes(self) -> int | None:
        """Length in minutes, or None for a day."""
        return None if self is Interval.DAY else int(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price to act on. `bid`/`ask` are None where no book is known (the virtual environment gives none). Prices are
    dollars, sizes whole shares."""

    symbol: Symbol
    last: Decimal  # dollars, > 0
    bid: Decimal | None
    ask: Decimal | None
    previous_close: Decimal | None
    received_at: datetime  # aware UTC, our clock
    bid_size: int | None = None
    ask_size: int | None = None
    halted: bool = False
    stamped_at: datetime | None = None  # aware UTC, the venue's; None where it does not say (kis-protocol 3.18)
    volume: int | None = None  # of the day so far
    late: timedelta = timedelta(0)  # how old it was when it was received, where that is too old for one of now

    def age(self, now: datetime) -> timedelta:
        return now - self.received_at + self.late

    @property
    def spread_percent(self) -> Decimal | None:
        """Return the spread in percent of the middle; None where no book is known, or a crossed one."""
        if not self.bid or not self.ask or self.ask < self.bid:
            return None
        return (self.ask - self.bid) / (self.ask + self.bid) * 200


class Tick(NamedTuple):
    """One streamed trade. A NamedTuple because thousands a second are made. Prices are dollars, the size whole
    shares."""

    symbol: Symbol
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    size: int
    traded_at: datetime  # aware UTC, the venue's, one-second resolution (kis-protocol 7.7)
    received_at: datetime  # aware UTC, our clock


Price = Tick | Quote  # what is compared with stops and alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Open, high, low, close and volume over `[start, end)`. Prices are dollars, the volume whole shares."""

    start: datetime  # aware UTC; for a day: the regular open of that session
    end: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    closed: bool  # False for the bar still forming


class BarSource(StrEnum):
    """Whose market made kept bars: what was simulated never stands for what happened."""

    REAL = "real"  # KIS's own host
    SIMULATED = "simulated"  # any other host
    RECORDED = "recorded"  # files a person has imported


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    """The one-minute bars of a regular session as their source gave them, ascending; a minute without a trade has none.

    A price times `factor`, and a volume divided by it, is in the shares of `kept_at`: splits that came later change the
    factor and never the bars. Dollars and whole shares. Raise ValueError for bars that are not in order.
    """

    source: BarSource
    ticker: str
    on: date  # New York
    opens_at: datetime  # aware UTC
    closes_at: datetime
    bars: tuple[Bar, ...]
    factor: Decimal = Decimal(1)
    day_factor: Decimal = Decimal(1)  # what the source made of that day's own close by then: tells a later split
    kept_at: datetime

    def __post_init__(self) -> None:
        if self.factor <= 0 or self.day_factor <= 0:
            raise ValueError(f"factors are above zero, were {self.factor} and {self.day_factor}")
        end = self.opens_at
        for bar in self.bars:
            if not (end <= bar.start < bar.end <= self.closes_at and bar.closed):
                raise ValueError(f"{self.ticker} {self.on}: the bar of {bar.start} is not the next closed one within")
            end = bar.end

    def adjusted(self) -> tuple[Bar, ...]:
        """Return the bars in the shares that `factor` leads to, prices to a ten-thousandth of a dollar."""
        if self.factor == 1:
            return self.bars
        return tuple(
            replace(
                bar,
                open=_scaled(bar.open, self.factor),
                high=_scaled(bar.high, self.factor),
                low=_scaled(bar.low, self.factor),
                close=_scaled(bar.close, self.factor),
                volume=round(bar.volume / self.factor),
            )
            for bar in self.bars
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSessions:
    """What is kept of a ticker over some days; New York dates."""

    kept: frozenset[date]
    given_up: frozenset[date]  # asked for often enough: the source has none
    before: date | None = None  # the newest kept session older than those days
    damaged: frozenset[date] = frozenset()  # found unreadable now and thrown away: to be fetched again


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTotals:
    """How much is kept of a source, and its newest New York date; the size is in bytes, of all sources together."""

    tickers: int
    sessions: int
    bars: int
    newest: date | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsStanding:
    """How the keeping of minute bars stands; by ticker, in New York dates."""

    offered: bool  # whether the host gives minute bars
    totals: KeptTotals | None = None  # None before the first look, or where the archive cannot be read
    missing: Mapping[str, tuple[date, ...]] = field(default_factory=dict)  # over, and not kept yet
    never: Mapping[str, tuple[date, ...]] = field(default_factory=dict)  # the source has none of it, or no more
    why: Said | None = None  # the newest try failed by it
    again_at: datetime | None = None


class MinutePage(NamedTuple):
    """Some minutes a source gave, newest first: those of regular sessions, and how far back its rows went."""

    bars: tuple[Bar, ...]
    reaches: datetime  # aware UTC


class DayFactor(NamedTuple):
    """What a source multiplies a day by today: its official close, and its minute bars as they are given."""

    day: Decimal
    minutes: Decimal


DayFactors = Mapping[date, DayFactor]


def _scaled(price: Decimal, factor: Decimal) -> Decimal:
    return (price * factor).quantize(Decimal("0.0001"))


def limit_for(quote: Quote, side: Side) -> Decimal:
    """Return the limit of an order that should fill now: at the ask or the bid, else at the last price (D10). Dollars,
    on the tick."""
    if side is Side.BUY:
        return tick_up(quote.ask or quote.last)
    return tick_down(quote.bid or quote.last)

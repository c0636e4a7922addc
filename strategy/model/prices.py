"""Prices: quotes, ticks and bars."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from strategy.model.instruments import Side, Symbol
from strategy.model.money import tick_down, tick_up


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


def limit_for(quote: Quote, side: Side) -> Decimal:
    """Return the limit of an order that should fill now: at the ask or the bid, else at the last price (D10). Dollars,
    on the tick."""
    if side is Side.BUY:
        return tick_up(quote.ask or quote.last)
    return tick_down(quote.bid or quote.last)

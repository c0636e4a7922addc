"""The bars of one ticker at one interval: fetched, built from ticks, rolled by the session, handed out as closes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from strategy.calendar import current, latest, session_on
from strategy.indicators import Closes
from strategy.instruments import Symbol
from strategy.quotes import Bar, Interval, Tick
from strategy.zones import new_york

KEEP_BARS = 500
_ADJUSTED = Decimal("0.000001")


def bucket(interval: Interval, instant: datetime) -> tuple[datetime, datetime] | None:
    """Return start and end of the bar an instant belongs to, or None outside regular sessions.

    Minute bars are counted from the session's open; the last one ends at the close, however short. An instant at
    the closing second itself belongs to the last bar: closing prints carry it.
    """
    session = session_on(new_york(instant).date())
    if session is None or not session.opens_at <= instant <= session.closes_at:
        return None
    if interval.minutes is None:
        return session.opens_at, session.closes_at
    length = timedelta(minutes=interval.minutes)
    inside = min(instant, session.closes_at - timedelta(microseconds=1))
    start = session.opens_at + (inside - session.opens_at) // length * length
    return start, min(start + length, session.closes_at)


class BarStore:
    """Bars in ascending order, each start once; the newest may be forming.

    Fetched bars are the judge: they replace those built from ticks. After a gap in the stream the store says so
    (`complete` is False) until a fetch has covered it.
    """

    def __init__(self, symbol: Symbol, interval: Interval, *, keep: int = KEEP_BARS) -> None:
        self.symbol = symbol
        self.interval = interval
        self._keep = keep
        self._bars: list[Bar] = []
        self._seen_until: datetime | None = None
        self._gap_at: datetime | None = None

    @property
    def bars(self) -> tuple[Bar, ...]:
        raise NotImplementedError

    def merge(self, bars: Sequence[Bar], as_of: datetime) -> None:
        """Take fetched bars, in any order; `as_of` is when they were asked for."""
        raise NotImplementedError

    def add_tick(self, tick: Tick) -> None:
        """Build the forming bar from a trade; trades outside sessions and late ones of closed bars are left out."""
        raise NotImplementedError

    def roll(self, now: datetime) -> None:
        """Close the forming bar once its end has passed."""
        raise NotImplementedError

    def stream_alive(self, at: datetime) -> None:
        """Note that the stream is up and has told every trade until then (a quiet ticker has no ticks)."""
        raise NotImplementedError

    def mark_gap(self, at: datetime) -> None:
        """Note that ticks may be missing since `at`."""
        raise NotImplementedError

    def complete(self, now: datetime) -> bool:
        """Return whether every bar that should be closed by now has been seen; if not, fetch."""
        raise NotImplementedError

    def adjust(self, factor: Decimal, before: datetime) -> None:
        """Multiply the prices of bars that start before that instant, as a split asks (1/7 for 7-for-1)."""
        raise NotImplementedError

    def closes(
        self, signal_bars: Literal["auto", "closed", "live"], now: datetime, last: Decimal | None = None
    ) -> Closes:
        """Return the closes an indicator may see (D2).

        "auto" is closed bars for minutes and, for days, closed days plus today's forming bar at `last`.
        """
        raise NotImplementedError


def aggregate(minutes: Sequence[Bar], interval: Interval) -> tuple[Bar, ...]:
    """Join ascending one-minute bars into longer ones; a bar is closed when its last minute is known to be over."""
    raise NotImplementedError

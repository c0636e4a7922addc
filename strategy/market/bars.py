"""The bars of one ticker at one interval: fetched, built from ticks, rolled by the session, handed out as closes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from typing import Literal

from strategy.market.calendar import current, latest, next_open, previous, session_on
from strategy.market.indicators import Closes
from strategy.model import Bar, Interval, Symbol, Tick, new_york_date

KEEP_BARS = 500

_ADJUSTED = Decimal("0.000001")
_INSTANT = timedelta(microseconds=1)


def bucket(interval: Interval, instant: datetime) -> tuple[datetime, datetime] | None:
    """Return start and end of the bar an instant belongs to, or None outside regular sessions.

    Minute bars are counted from the session's open; the last one ends at the close, however short. The closing
    instant itself belongs to the last bar: the closing print carries it.
    """
    session = session_on(new_york_date(instant))
    if session is None or not session.opens_at <= instant <= session.closes_at:
        return None
    if interval.minutes is None:
        return session.opens_at, session.closes_at
    length = timedelta(minutes=interval.minutes)
    inside = min(instant, session.closes_at - _INSTANT)
    start = session.opens_at + (inside - session.opens_at) // length * length
    return start, min(start + length, session.closes_at)


def last_boundary(interval: Interval, now: datetime) -> datetime:
    """Return when the newest bar that must be closed by now ended."""
    session = latest(now)
    if now >= session.closes_at:
        return session.closes_at
    start, _ = bucket(interval, now) or (session.opens_at, session.closes_at)
    return start if start > session.opens_at else previous(session.on).closes_at


@dataclass(slots=True)
class _Forming:
    """The newest bar while it may still change; mutable, because every tick touches it."""

    start: datetime
    end: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    changed_at: datetime

    def bar(self, *, closed: bool) -> Bar:
        return Bar(
            start=self.start,
            end=self.end,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            closed=closed,
        )


class BarStore:
    """Bars in ascending order, each start once; the newest may be forming.

    Fetched bars are the judge: they replace those built from ticks. After a gap in the stream the store is not
    `complete` until a fetch has covered it.
    """

    def __init__(self, symbol: Symbol, interval: Interval, *, keep: int = KEEP_BARS) -> None:
        self.symbol = symbol
        self.interval = interval
        self._keep = keep
        self._reach = 0  # how many bars a fetch has asked for at most: its source has no older ones beyond
        self._closed: list[Bar] = []
        self._forming: _Forming | None = None
        self._seen_until: datetime | None = None  # by fetches and by the stream
        self._fetched_until: datetime | None = None
        self._gap_since: datetime | None = None  # the last instant known of before it
        self._gap_until: datetime | None = None
        self._values: tuple[float, ...] | None = None  # closes of closed bars, until one changes

    def __len__(self) -> int:
        """Return how many closed bars there are."""
        return len(self._closed)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """All bars, the forming one last."""
        forming = () if self._forming is None else (self._forming.bar(closed=False),)
        return (*self._closed, *forming)

    @property
    def fetched(self) -> bool:
        """Whether a fetch has ever been merged; until then there is no history, only what ticks told."""
        return self._fetched_until is not None

    @property
    def newest(self) -> Bar | None:
        """The forming bar, or the newest closed one."""
        if self._forming is not None:
            return self._forming.bar(closed=False)
        return self._closed[-1] if self._closed else None

    def reaches(self, count: int) -> bool:
        """Return whether that many bars are there, or were asked for: the source has no more then."""
        return max(self._reach, len(self._closed)) >= count

    def merge(self, bars: Iterable[Bar], as_of: datetime, *, asked: int = 0) -> None:
        """Take fetched bars, in any order and number; `as_of` is when they were asked for, `asked` how many were.

        A bar that is not the newest is closed, whatever it says.
        """
        self._reach = max(self._reach, asked)
        self._keep = max(self._keep, asked)
        by_start = {bar.start: bar for bar in self._closed}
        for bar in bars:
            known = by_start.get(bar.start)
            # a bar that closed here while the fetch was under way knows more than the fetch
            outdated = known is not None and not bar.closed and bar.end > as_of
            by_start[bar.start] = _completed(bar, known) if outdated and known is not None else bar
        ordered = sorted(by_start.values(), key=lambda bar: bar.start)
        forming = None
        if ordered and not ordered[-1].closed:
            forming = ordered.pop()
        self._closed = [bar if bar.closed else replace(bar, closed=True) for bar in ordered]
        self._join(forming, as_of)
        self._changed()
        self._fetched_until = as_of if self._fetched_until is None else max(self._fetched_until, as_of)
        self._seen_until = as_of if self._seen_until is None else max(self._seen_until, as_of)
        if self._gap_until is not None and as_of >= self._gap_until:
            self._gap_until = self._gap_since = None
        self.roll(as_of)

    def add_tick(self, tick: Tick) -> None:
        """Build the forming bar from a trade; trades outside sessions and late ones of closed bars are left out."""
        forming = self._forming
        if forming is None or not forming.start <= tick.traded_at < forming.end:
            span = bucket(self.interval, tick.traded_at)
            if span is None:
                return
            forming = self._formed(span, tick)
            if forming is None:
                return
        forming.close = tick.last
        forming.high = max(forming.high, tick.last)
        forming.low = min(forming.low, tick.last)
        forming.volume += tick.size
        forming.changed_at = tick.received_at
        self.stream_alive(tick.received_at)

    def roll(self, now: datetime) -> None:
        """Close the forming bar once its end has passed."""
        if self._forming is not None and self._forming.end <= now:
            self._closed.append(self._forming.bar(closed=True))
            self._forming = None
            self._changed()

    def stream_alive(self, at: datetime) -> None:
        """Note that the stream has told every trade until then (a quiet ticker has no ticks)."""
        if self._seen_until is None or at > self._seen_until:
            self._seen_until = at

    def mark_gap(self, until: datetime) -> None:
        """Note that ticks up to that instant may be missing: at a disconnect, and again at the reconnect."""
        if self._gap_until is None:
            self._gap_since = self._seen_until
        self._gap_until = until if self._gap_until is None else max(self._gap_until, until)

    def resume(self, most_missed: int) -> None:
        """Go on after a gap that no fetch can fill (D9): with the bars there, or anew when too many were missed.

        A ticker without a trade in a minute has no bar of it either, so a few missed ones change little.
        """
        if self._gap_until is None:
            return
        if self._gap_since is not None and self._passed(self._gap_since, self._gap_until, most_missed) > most_missed:
            self._closed, self._forming = [], None
            self._changed()
        self._gap_until = self._gap_since = None

    def _passed(self, since: datetime, until: datetime, most: int) -> int:
        """Count the bars that formed between two instants, up to one more than asked."""
        count, at = 0, since
        while at < until and count <= most:
            span = bucket(self.interval, at)
            if span is not None:
                count += 1
            at = span[1] if span is not None else next_open(at)
        return count

    def complete(self, now: datetime) -> bool:
        """Return whether every bar that must be closed by now has been seen; if not, fetch.

        A day that is over must have been fetched: its close is the auction's, which ticks tell after the bell.
        """
        seen = self._fetched_until if self.interval is Interval.DAY else self._seen_until
        if self._gap_until is not None or seen is None or not self._closed:
            return False
        return seen >= last_boundary(self.interval, now)

    def closes(
        self, signal_bars: Literal["auto", "closed", "live"], now: datetime, last: Decimal | None = None
    ) -> Closes:
        """Return the closes an indicator may see (D2).

        "auto" is closed bars for minutes and, for days, closed days plus today's forming bar at `last`. Outside a
        session nothing is forming, so even "live" sees closed bars only, and says so. `last` is dollars.
        """
        self.roll(now)
        newest_at = self._closed[-1].start if self._closed else None
        live = signal_bars == "live" or (signal_bars == "auto" and self.interval is Interval.DAY)
        if live and current(now) is not None and (span := bucket(self.interval, now)) is not None:
            price = last if last is not None else self._forming_close(span[0])
            if price is not None and (newest_at is None or newest_at < span[0]):
                return Closes(
                    interval=self.interval,
                    values=(*self._closed_values(), float(price)),
                    bars_used="live",
                    newest_at=span[0],
                )
        return Closes(interval=self.interval, values=self._closed_values(), bars_used="closed", newest_at=newest_at)

    def _formed(self, span: tuple[datetime, datetime], tick: Tick) -> _Forming | None:
        """Return the forming bar of that span, begun if need be; None when its time is over."""
        start, end = span
        if self._forming is not None and self._forming.start == start:  # the closing instant
            return self._forming
        newest = self._forming.start if self._forming is not None else self._closed[-1].start if self._closed else None
        if newest is not None and start <= newest:
            return None
        if self._forming is not None:
            self.roll(self._forming.end)
        self._forming = _Forming(start, end, tick.last, tick.last, tick.last, tick.last, 0, tick.received_at)
        return self._forming

    def _forming_close(self, start: datetime) -> Decimal | None:
        return self._forming.close if self._forming is not None and self._forming.start == start else None

    def _join(self, fetched: Bar | None, as_of: datetime) -> None:
        """Set the forming bar from the fetched one, without losing ticks that came after it was asked for."""
        own = self._forming
        if own is not None and self._closed and own.start <= self._closed[-1].start:
            own = None  # fetched as closed
        if fetched is None:
            self._forming = own
            return
        if own is not None and own.start > fetched.start:
            self._closed.append(replace(fetched, closed=True))
            self._forming = own
            return
        joined = _Forming(
            fetched.start, fetched.end, fetched.open, fetched.high, fetched.low, fetched.close, fetched.volume, as_of
        )
        if own is not None and own.start == fetched.start and own.changed_at > as_of:
            joined.high, joined.low = max(joined.high, own.high), min(joined.low, own.low)
            joined.close, joined.changed_at = own.close, own.changed_at
            joined.volume = max(joined.volume, own.volume)
        self._forming = joined

    def _closed_values(self) -> tuple[float, ...]:
        if self._values is None:
            self._values = tuple(float(bar.close) for bar in self._closed)
        return self._values

    def _changed(self) -> None:
        del self._closed[: -self._keep]
        self._values = None


def aggregate(minutes: Sequence[Bar], interval: Interval) -> tuple[Bar, ...]:
    """Join ascending one-minute bars of regular sessions into longer ones.

    A bar is closed when its last minute is, or when a later bar follows: minutes without a trade have no bar.
    """
    spanned = [(bucket(interval, bar.start), bar) for bar in minutes]
    grouped = [(span, [bar for _, bar in group]) for span, group in groupby(spanned, key=lambda pair: pair[0]) if span]
    return tuple(
        Bar(
            start=start,
            end=end,
            open=group[0].open,
            high=max(bar.high for bar in group),
            low=min(bar.low for bar in group),
            close=group[-1].close,
            volume=sum(bar.volume for bar in group),
            closed=place < len(grouped) - 1 or (group[-1].closed and group[-1].end >= end),
        )
        for place, ((start, end), group) in enumerate(grouped)
    )


def _completed(fetched: Bar, known: Bar) -> Bar:
    """Return the fetched bar with what happened after it was asked for, as the known closed one has it."""
    return replace(
        known,
        open=fetched.open,
        high=max(fetched.high, known.high),
        low=min(fetched.low, known.low),
        volume=max(fetched.volume, known.volume),
    )


def _adjusted(bar: Bar, factor: Decimal) -> Bar:
    def price(value: Decimal) -> Decimal:
        return (value * factor).quantize(_ADJUSTED, ROUND_HALF_EVEN)

    return replace(
        bar,
        open=price(bar.open),
        high=price(bar.high),
        low=price(bar.low),
        close=price(bar.close),
        volume=round(bar.volume / factor),
    )

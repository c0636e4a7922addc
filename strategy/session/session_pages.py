"""Puts a source's pages of minutes together, newest first, and gives each session once it is whole."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from strategy.market import Session
from strategy.model import Bar, MinutePage, new_york_date

_MINUTE = timedelta(minutes=1)

Whole = tuple[Session, tuple[Bar, ...]]


class SessionPages:
    """What is owed, and what has come of it. A bar that comes twice counts as it came first: that is the newest answer.

    A session is whole when a row of its first minute or before has come: pages leave nothing out on the way back, but
    the source's last one may begin in the middle of a session.
    """

    def __init__(self, owed: Sequence[Session]) -> None:
        """`owed` are sessions that are over, in any order, at least one."""
        self._owed = {session.on: session for session in owed}
        self._bars: dict[date, dict[datetime, Bar]] = {on: {} for on in self._owed}
        self._done: set[date] = set()
        self._oldest = min(session.opens_at for session in owed)
        self._reaches: datetime | None = None

    def take(self, page: MinutePage) -> list[Whole]:
        """Take the next page; return the sessions that are whole with it."""
        for bar in page.bars:
            session = self._owed.get(new_york_date(bar.start))
            if session is not None and bar.closed and _is_minute_of(session, bar):
                self._bars[session.on].setdefault(bar.start, bar)
        self._reaches = page.reaches
        return self._give(
            session for on, session in self._owed.items() if on not in self._done and page.reaches <= session.opens_at
        )

    @property
    def complete(self) -> bool:
        """Return whether nothing older is owed."""
        return self._reaches is not None and self._reaches <= self._oldest

    @property
    def lacking(self) -> list[date]:
        """Return the New York dates that have not come whole."""
        return sorted(self._owed.keys() - self._done)

    def _give(self, sessions: Iterable[Session]) -> list[Whole]:
        whole = []
        for session in sorted(sessions, key=lambda each: each.on):
            bars = self._bars[session.on]
            if bars:
                self._done.add(session.on)
                whole.append((session, tuple(bars[start] for start in sorted(bars))))
        return whole


def _is_minute_of(session: Session, bar: Bar) -> bool:
    on_the_minute = not (bar.start - session.opens_at) % _MINUTE
    return on_the_minute and session.contains(bar.start) and bar.end == bar.start + _MINUTE

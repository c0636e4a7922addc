"""Minute bars and kept sessions, made up: a walk of cents, the same for the same day and ticker."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from strategy.market import Session, session_on
from strategy.model import Bar, BarSource, KeptSession

MINUTE = timedelta(minutes=1)


def session(on: date) -> Session:
    found = session_on(on)
    assert found is not None, f"{on} is no session"
    return found


def minutes(on: date, ticker: str = "TQQQ", *, gaps: float = 0.0, price: str = "50.00") -> tuple[Bar, ...]:
    """Return a session's one-minute bars; `gaps` is the share of minutes without a trade. Dollars."""
    day, chance = session(on), Random(f"{ticker}{on}")  # noqa: S311 - a made-up market
    last, found = Decimal(price), []
    for n in range((day.closes_at - day.opens_at) // MINUTE):
        if chance.random() < gaps:
            continue
        moves = [last + chance.randint(-9, 9) * Decimal("0.01") for _ in range(4)]
        start = day.opens_at + n * MINUTE
        found.append(
            Bar(
                start=start,
                end=start + MINUTE,
                open=moves[0],
                high=max(moves),
                low=min(moves),
                close=moves[3],
                volume=chance.randint(1, 90_000),
                closed=True,
            )
        )
        last = moves[3]
    return tuple(found)


def kept(
    on: date,
    ticker: str = "TQQQ",
    *,
    source: BarSource = BarSource.REAL,
    bars: tuple[Bar, ...] | None = None,
    factor: str = "1",
    at: datetime | None = None,
) -> KeptSession:
    """Return a session as it is kept, factors alike."""
    day = session(on)
    return KeptSession(
        source=source,
        ticker=ticker,
        on=on,
        opens_at=day.opens_at,
        closes_at=day.closes_at,
        bars=minutes(on, ticker) if bars is None else bars,
        factor=Decimal(factor),
        day_factor=Decimal(factor),
        kept_at=at or day.closes_at + timedelta(hours=1),
    )

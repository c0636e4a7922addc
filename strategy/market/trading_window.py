"""Which part of the trading day it is, by calendar and settings (rows S10, S30-S32)."""

from datetime import datetime, timedelta

from strategy.market.calendar import Session, TradingWindow, current, latest, next_open, session_on, trading_window
from strategy.model import SessionPhase, SessionView, new_york_date
from strategy.settings.schema import TradingSettings

_LATE = timedelta(seconds=1)  # a check this late after a long one is left out rather than begun off the grid


def window_of(session: Session, settings: TradingSettings) -> TradingWindow:
    """Return when the rule trades in a session and when its trading day ends, by the settings in force."""
    return trading_window(session, settings.market_start_time, settings.market_end_time, settings.auto_shutdown_time)


def next_check(window: TradingWindow, last: datetime | None, interval: timedelta, now: datetime) -> datetime | None:
    """Return when the next check begins: the first at the window's start, then a grid from the last check.

    A check missed by a long cycle is left out, not caught up. None when no check is left before the window's end.
    """
    if last is None or last < window.starts_at:
        due = max(window.starts_at, now)
    else:
        due = last + interval
        if now - due > _LATE:
            due += -((due - now) // interval) * interval
    return due if due < window.ends_at else None


def missed(last: datetime, began: datetime, interval: timedelta) -> int:
    """Return how many checks of the grid were skipped between two that took place."""
    return max(0, (began - last) // interval - 1)


def session_view(now: datetime, settings: TradingSettings) -> SessionView:
    """Describe the session that is on, or the next one."""
    session = current(now)
    if session is None:
        newest = latest(now)
        after = newest.closes_at <= now < window_of(newest, settings).shutdown_at
        return SessionView(
            phase=SessionPhase.AFTER_END if after else _shut(now),
            opens_at=newest.opens_at if after else None,
            closes_at=newest.closes_at if after else None,
            half_day=newest.half_day if after else False,
            next_open=next_open(now),
        )
    window = window_of(session, settings)
    if now < window.starts_at:
        phase = SessionPhase.BEFORE_START
    elif now < window.ends_at:
        phase = SessionPhase.OPEN
    else:
        phase = SessionPhase.AFTER_END
    return SessionView(
        phase=phase,
        opens_at=session.opens_at,
        closes_at=session.closes_at,
        half_day=session.half_day,
        next_open=next_open(now),
    )


def _shut(now: datetime) -> SessionPhase:
    return SessionPhase.CLOSED if session_on(new_york_date(now)) is not None else SessionPhase.NO_SESSION

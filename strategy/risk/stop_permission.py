"""What stands against a stop's selling, of values alone: asked as a price touches its line, and at the desk's door."""

from datetime import datetime
from enum import StrEnum

from strategy.market import Session
from strategy.model import Forbidden, Mode, Said, TickerLock, Why, from_new_york
from strategy.settings.schema import TradingSettings


class StopPermissionNote(StrEnum):
    HALTED = "permission.halted"
    SPLIT_GUARD = "permission.split_guard"
    CLOSED = "permission.closed"


def against_stop(mode: Mode, lock: TickerLock | None) -> list[Forbidden]:
    """Return what stands against a stop at any hour. Arming does not: protecting goes on."""
    found = [] if mode.stops else [STOP_MODE]
    if lock is not None and lock.blocks_stop:
        found.append(_STOP_LOCKED)
    return found


def outside_stop_hours(session: Session | None, settings: TradingSettings, at: datetime) -> list[Forbidden]:
    """Return whether stops may not sell then: from MARKET_START_TIME or the open, to the venue's close."""
    if session is None or at < from_new_york(session.on, settings.market_start_time):
        return [CLOSED]
    return []


STOP_MODE = Forbidden(Why.MODE, Said(StopPermissionNote.HALTED))
CLOSED = Forbidden(Why.SESSION, Said(StopPermissionNote.CLOSED))
_STOP_LOCKED = Forbidden(Why.LOCK, Said(StopPermissionNote.SPLIT_GUARD))

"""What follows when the clock was set or the program stood still: it is told, and everything is looked at anew.

Deadlines, pauses and ages need nothing of this, since they follow how long a clock has run. What goes by the calendar
does: sessions, checks, bars. And nobody knows what was missed.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from strategy.model import SMALL, Disturbance, Event, Said, SettableClock, Trouble
from strategy.runtime.telling import Telling

log = logging.getLogger(__name__)
_NONE = timedelta(0)


class ClockNote(StrEnum):
    STOOD_STILL = "clock.stood_still"
    PUT_BACK = "clock.put_back"
    PUT_FORWARD = "clock.put_forward"


class Resync:
    """Watches the market's clock."""

    def __init__(self, *, clock: SettableClock, telling: Telling) -> None:
        self._clock = clock
        self._telling = telling
        self._listeners: list[Callable[[], None]] = []
        self._seen = clock.now()

    def on_disturbance(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the clock was disturbed; it may not await."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Wait for the clock to be disturbed, again and again, until cancelled."""
        while True:
            found = await self._clock.disturbed(self._seen)
            self._seen = found.at
            log.warning("clock disturbed", extra={"put": str(found.put), "stood": str(found.stood)})
            for listener in self._listeners:
                listener()
            await self._telling.safely(_told(found))


def _told(found: Disturbance) -> Event:
    if abs(found.put) < SMALL:
        return Trouble(at=found.at, key="stood_still", what=Said(ClockNote.STOOD_STILL, length=found.stood))
    note = ClockNote.PUT_BACK if found.put < _NONE else ClockNote.PUT_FORWARD
    return Trouble(at=found.at, key="clock_set", what=Said(note, by=abs(found.put)))

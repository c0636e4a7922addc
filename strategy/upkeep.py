"""What the database must not keep for ever: once a day, long after the close, old checks that led to nothing go."""

import asyncio
import logging
from datetime import datetime, time, timedelta

from strategy.activity import Activity
from strategy.clock import Clock
from strategy.errors import TradingError
from strategy.ports import DecisionJournal
from strategy.zones import from_new_york, new_york

log = logging.getLogger(__name__)

KEPT = timedelta(days=400)  # a year to look back on with some to spare; their counts by outcome stay for good
_EVENING = time(20, 0)  # New York: after every session, before the next one in any season
_DAY = timedelta(days=1)


class Upkeep:
    """Forgets in small portions, so that nobody who wants to store something waits long."""

    def __init__(self, *, decisions: DecisionJournal, clock: Clock, activity: Activity) -> None:
        self._decisions = decisions
        self._clock = clock
        self._activity = activity

    async def run(self) -> None:
        """Tidy up every evening until cancelled; a failure waits for the next evening."""
        while True:
            await self._clock.sleep_until(evening_after(self._clock.now()))
            with self._activity():
                try:
                    await self._forget()
                except TradingError:
                    log.exception("old decisions could not be forgotten")

    async def _forget(self) -> None:
        before = self._clock.now() - KEPT
        gone = 0
        while portion := await self._decisions.forget(before):
            gone += portion
            await asyncio.sleep(0)
        if gone:
            log.info("old decisions forgotten", extra={"count": gone})


def evening_after(now: datetime) -> datetime:
    """Return the next moment for what should disturb no session."""
    on = new_york(now).date()
    due = from_new_york(on, _EVENING)
    return due if due > now else from_new_york(on + _DAY, _EVENING)

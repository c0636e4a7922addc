"""What the database must not keep for ever: once a day, long after the close, old checks that led to nothing go."""

import asyncio
import gc
import logging
from datetime import datetime, time, timedelta

from strategy.model import Clock, TradingError, from_new_york, new_york
from strategy.ports import DecisionJournal
from strategy.runtime.in_flight import Activity

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


class Sweeper:
    """Keeps the garbage collector out of the trading day.

    A full collection holds the event loop up for as long as it takes to visit everything that is held: a quarter of a
    second with the libraries loaded, in which no price is compared with its stop. So what is in use at the start is
    set aside, collections visit only what has come since, and the full one is made every evening.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def run(self) -> None:
        """Sweep now and every evening until cancelled."""
        while True:
            sweep()
            await self._clock.sleep_until(evening_after(self._clock.now()))


def sweep() -> None:
    """Free what nobody needs any more, and set aside all that is in use."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()

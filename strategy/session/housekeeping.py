"""What is kept up to date beside the checks, and what is tidied up once a day, long after the close.
See decision 0082."""

import asyncio
import gc
import logging
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from strategy.market import current
from strategy.model import BrokerError, Clock, Notable, Said, TradingError, from_new_york, new_york
from strategy.portfolio.interface import AccountSync
from strategy.ports import DecisionJournal
from strategy.risk.mode_store import ModeStore
from strategy.runtime import Activity, Backoff, wait_until_or
from strategy.runtime.telling import Telling
from strategy.settings.store import SettingsStore

log = logging.getLogger(__name__)


class ExpiryNote(StrEnum):
    OVER = "expiry.over"


KEPT = timedelta(days=400)  # a year to look back on with some to spare; their counts by outcome stay for good
_EVENING = time(20, 0)  # New York: after every session, before the next one in any season
_DAY = timedelta(days=1)
_TIDY_S = 5  # market time between rounds of housekeeping
_RETRIES = Backoff.growing(_TIDY_S, 120.0)  # of polls of the account that did not end in agreement
_BETWEEN_POLLS = timedelta(seconds=1)
_IDLE = timedelta(minutes=15)  # the longest pause of housekeeping


class Unstored(Protocol):
    async def store(self) -> None:
        """Store what could not be stored when it happened; raise StorageError while it still cannot be."""


class Housekeeping:
    """Keeps modes, settings and the account up to date beside the checks."""

    def __init__(
        self,
        *,
        account_sync: AccountSync,
        modes: ModeStore,
        settings: SettingsStore,
        unstored: Unstored,
        telling: Telling,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._account_sync = account_sync
        self._modes = modes
        self._settings = settings
        self._unstored = unstored
        self._telling = telling
        self._clock = clock
        self._activity = activity
        self._tidied_at = clock.now()
        self._fruitless = 0  # syncs in a row after which broker and bot did not agree

    async def run(self) -> None:
        """Let expired modes and settings go, and sync the account when it is time, until cancelled."""
        while True:
            await self._until_work()
            with self._activity():
                try:
                    await self._tidy()
                except TradingError:
                    log.exception("housekeeping failed; it is tried again")

    async def _until_work(self) -> None:
        """Wait for the next thing to expire or to be synced; a spoiled account is synced after a short pause."""
        now = self._clock.now()
        if self._account_sync.stale or not self._account_sync.reconciled:
            await self._clock.sleep(_RETRIES.pause(self._fruitless))
            return
        in_session = current(now) is not None
        pause = timedelta(seconds=self._settings.account.reconcile_interval_s) if in_session else _IDLE
        ends = [at for at in (self._modes.next_expiry, self._settings.next_expiry) if at is not None]
        await wait_until_or(self._clock, min([now + pause, *ends]), self._account_sync.spoiled)
        if self._account_sync.last is not None:  # whatever spoils it a hundred times a second
            await self._clock.sleep_until(self._account_sync.last.taken_at + _BETWEEN_POLLS)

    async def _tidy(self) -> None:
        now = self._clock.now()
        await self._unstored.store()
        await self._modes.expire()
        for change in self._settings.take_expired(self._tidied_at):
            value = self._settings.value(change.name, change.symbol)
            of = f" ({change.symbol})" if change.symbol else ""
            what = Said(ExpiryNote.OVER, name=change.name, of=of, old=str(change.new), value=value)
            await self._telling.tell(Notable(at=now, key=f"expired:{change.name}", what=what, symbol=change.symbol))
        self._tidied_at = now
        if self._sync_due(now):
            await self.sync()

    def _sync_due(self, now: datetime) -> bool:
        """Return whether the account should be synced: after a fill or a gap soon, in a session on a timer."""
        last = self._account_sync.last.taken_at if self._account_sync.last else None
        if self._account_sync.stale or not self._account_sync.reconciled:
            return True
        if current(now) is None or last is None:
            return False
        return (now - last).total_seconds() >= self._settings.account.reconcile_interval_s - _TIDY_S

    async def sync(self) -> None:
        """Ask the broker what is held; where that cannot be done it is tried again by itself."""
        try:
            await self._account_sync.take("timer")
        except BrokerError as error:
            log.warning("account could not be asked", extra={"error": str(error)})
        self._fruitless = 0 if self._account_sync.reconciled else min(self._fruitless + 1, 10)


class Upkeep:
    """Forgets old checks that led to nothing, in small portions: nobody who wants to store something waits long."""

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

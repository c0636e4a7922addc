"""A listing that moves to another exchange: its stop, peak, settings, mode, lock and alerts go along, and it is told.

One that cannot be followed at once is tried again until it can be, over restarts too: till then it has no stop.
"""

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.market import MarketData
from strategy.model import Clock, Said, Symbol, TradingError
from strategy.ports import Notes
from strategy.risk.exposure import ExposureMeter
from strategy.risk.mode_store import ModeStore
from strategy.runtime import Activity, WorkQueue, wait_until_or
from strategy.runtime.telling import Telling
from strategy.session.price_alert_monitor import PriceWatch
from strategy.settings.store import TICKERS, SettingsStore

log = logging.getLogger(__name__)


class ListingNote(StrEnum):
    MOVED = "listing.moved"
    NOT_FOLLOWED = "listing.not_followed"


_NOTE = "moved"
_AGAIN = timedelta(seconds=20)


class MovedStops(Protocol):
    def peak(self, symbol: Symbol) -> Decimal | None:
        """Return from what price in dollars a trailing stop counts, as far as it has been seen."""

    async def keep_peak(self, symbol: Symbol, peak: Decimal) -> None:
        """Store from what price in dollars the trailing stop of a ticker shall count that is not watched yet."""


class ListingTransfer:
    """Stores for a new listing what held for the old one."""

    def __init__(self, *, settings: SettingsStore, modes: ModeStore, stops: MovedStops, clock: Clock) -> None:
        self._settings = settings
        self._modes = modes
        self._stops = stops
        self._clock = clock
        self._peaks: dict[Symbol, Decimal] = {}  # of the old listings; their stops forget them with the shares

    def watched(self, symbol: Symbol) -> bool:
        return symbol in self._settings.tickers

    def remember(self, old: Symbol) -> None:
        """Keep the peak of a listing that has moved, before its stop forgets it."""
        if (peak := self._stops.peak(old)) is not None:
            self._peaks[old] = peak

    async def take_along(self, old: Symbol, new: Symbol) -> None:
        """Store what holds for the ticker under its new name, the list last: from then on it is traded under that."""
        if old in self._peaks:
            await self._stops.keep_peak(new, self._peaks[old])
        lock, mode = self._modes.lock(old), self._modes.chosen(old)
        if lock is not None:
            await self._modes.set_lock(replace(lock, symbol=new))
        if not mode.mode.buys:
            await self._modes.set(replace(mode, symbol=new, set_at=self._clock.now()))
        for row in self._settings.of_ticker(old):
            draft = self._settings.draft(row.name, row.new or "", symbol=new, until=row.until)
            await self._settings.apply(draft, user_id=row.set_by)
        tickers = [new if one == old else one for one in self._settings.tickers if one != new]
        draft = self._settings.draft(TICKERS, ",".join(map(str, tickers)), symbol=None, until=None)
        await self._settings.apply(draft, user_id=None)


class VenueMoves:
    """Puts the new listing in the old one's place on the watch list, since under the old one nothing is quoted."""

    def __init__(
        self,
        *,
        transfer: ListingTransfer,
        watch: MarketData,
        alerts: PriceWatch,
        exposure_meter: ExposureMeter,
        notes: Notes,
        telling: Telling,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._transfer = transfer
        self._watch = watch
        self._alerts = alerts
        self._exposure_meter = exposure_meter
        self._notes = notes
        self._telling = telling
        self._clock = clock
        self._activity = activity
        self._moves: WorkQueue[tuple[Symbol, Symbol]] = WorkQueue(activity)
        self._wake = asyncio.Event()
        self._waiting: dict[Symbol, Symbol] = {}  # old and new listing of those that could not be followed yet

    def on_move(self, old: Symbol, new: Symbol) -> None:
        """Queue a listing's move; nothing here awaits."""
        self._transfer.remember(old)
        self._moves.put((old, new))
        self._wake.set()

    async def run(self) -> None:
        """Follow moves until cancelled."""
        stored = json.loads(await self._notes.get(_NOTE) or "{}")
        self._waiting |= {Symbol.stored(old): Symbol.stored(new) for old, new in stored.items()}
        while True:
            again_at = self._clock.now() + _AGAIN if self._waiting else None
            await wait_until_or(self._clock, again_at, self._wake)
            if not self._wake.is_set():
                for old, new in list(self._waiting.items()):
                    with self._activity():
                        await self._follow(old, new)
            self._wake.clear()
            while self._moves:
                with self._moves.take() as (old, new):
                    await self._follow(old, new)

    async def _follow(self, old: Symbol, new: Symbol) -> None:
        try:
            await self._alerts.move(old, new)
        except TradingError:
            log.exception("price alerts of a moved listing could not be kept", extra={"old": str(old)})
        if not self._transfer.watched(old):
            await self._wait_for(old, None)
            return
        try:
            await self._watch.fresh_quote(new)
            async with self._exposure_meter.turn:
                await self._transfer.take_along(old, new)
        except TradingError as error:
            log.warning("a moved listing could not be followed", extra={"old": str(old), "error": str(error)})
            if self._waiting.get(old) != new:
                await self._wait_for(old, new)
                await self._telling.trouble(f"moved:{new}", _not_followed(old, new, error.user_message), new)
        else:
            await self._wait_for(old, None)
            await self._telling.trouble(f"moved:{new}", _followed(old, new), new)

    async def _wait_for(self, old: Symbol, new: Symbol | None) -> None:
        """Remember what is to be tried again (None: nothing of it); unstored, it is until the next start."""
        before = dict(self._waiting)
        self._waiting.pop(old, None)
        if new is not None:
            self._waiting[old] = new
        if self._waiting == before:
            return
        try:
            await self._notes.put(_NOTE, json.dumps({str(one): str(other) for one, other in self._waiting.items()}))
        except TradingError:
            log.exception("a moved listing could not be noted", extra={"symbol": str(old)})


def _followed(old: Symbol, new: Symbol) -> Said:
    return Said(ListingNote.MOVED, ticker=old.ticker, old=old.market, new=new.market, symbol=str(new))


def _not_followed(old: Symbol, new: Symbol, why: Said) -> Said:
    return Said(ListingNote.NOT_FOLLOWED, ticker=old.ticker, old=old.market, new=new.market, why=why, symbol=str(new))

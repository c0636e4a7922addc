"""Lets everything follow when the list of tickers changes: subscriptions, bars, stops, cards."""

import logging

from strategy.market.interface import MarketData
from strategy.model import Symbol, TradingError
from strategy.runtime.in_flight import Activity
from strategy.runtime.work_queue import WorkQueue
from strategy.session.trading_day import Engine
from strategy.settings.store import SettingsStore
from strategy.signals.approval import Approval
from strategy.stops.stop_monitor import StopMonitor

log = logging.getLogger(__name__)


class Roster:
    """Compares the tickers with those of before, whoever changed them: a press, an undo, an expiry."""

    def __init__(
        self,
        *,
        settings: SettingsStore,
        watch: MarketData,
        guard: StopMonitor,
        approval: Approval,
        engine: Engine,
        activity: Activity,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._guard = guard
        self._approval = approval
        self._engine = engine
        self._known: tuple[Symbol, ...] | None = None
        self._changes: WorkQueue[tuple[tuple[Symbol, ...], tuple[Symbol, ...]]] = WorkQueue(activity)
        settings.on_change(self._compare)

    def load(self) -> None:
        """Take the tickers in force as those everything has begun with. Call once, after the settings are read."""
        self._known = self._settings.tickers

    async def run(self) -> None:
        """Follow changes until cancelled."""
        if self._engine.begun.is_set():  # begun anew after a fault: the change it was at may not have got this far
            self._watch.subscribe(self._guard.lines)
        while True:
            await self._changes.wait()
            with self._changes.take() as (added, removed):
                for symbol in removed:
                    await self._drop(symbol)
                self._watch.subscribe(self._guard.lines)
                for symbol in added:
                    await self._take_in(symbol)

    def _compare(self) -> None:
        now, before = self._settings.tickers, self._known
        if before is None or now == before:
            return
        self._known = now
        added = tuple(symbol for symbol in now if symbol not in before)
        self._changes.put((added, tuple(symbol for symbol in before if symbol not in now)))

    async def _take_in(self, symbol: Symbol) -> None:
        try:
            await self._guard.take_in(symbol)
            await self._engine.welcome(symbol)
        except TradingError:
            log.exception("a new ticker could not be read in; the next checks go on", extra={"symbol": str(symbol)})

    async def _drop(self, symbol: Symbol) -> None:
        self._watch.forget(symbol)
        try:
            await self._approval.drop(symbol)
        except TradingError:
            log.exception("the card of a removed ticker stays until it runs out", extra={"symbol": str(symbol)})

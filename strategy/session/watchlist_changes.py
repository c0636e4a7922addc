"""Lets everything follow when the list of tickers changes: subscriptions, bars, stops, cards."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from strategy.market import MarketData
from strategy.model import Symbol, TradingError
from strategy.runtime import Activity, WorkQueue
from strategy.session.bar_warm_up import BarWarmUp
from strategy.settings.schema import SettingsInForce

log = logging.getLogger(__name__)


class WatchedStops(Protocol):
    @property
    def lines(self) -> Iterable[Symbol]:
        """The tickers with a stop price."""

    async def take_in(self, symbol: Symbol) -> None:
        """Let the stop of a ticker follow that is watched from now on."""


class TickerProposals(Protocol):
    async def drop(self, symbol: Symbol) -> None:
        """Close the card of a ticker that is not traded any more."""


class Roster:
    """Compares the tickers with those of before, whoever changed them: a press, an undo, an expiry."""

    def __init__(
        self,
        *,
        settings: SettingsInForce,
        watch: MarketData,
        stops: WatchedStops,
        proposals: TickerProposals,
        bars: BarWarmUp,
        begun: asyncio.Event,
        activity: Activity,
    ) -> None:
        """`begun` is set once the start is over."""
        self._settings = settings
        self._watch = watch
        self._stops = stops
        self._proposals = proposals
        self._bars = bars
        self._begun = begun
        self._known: tuple[Symbol, ...] | None = None
        self._changes: WorkQueue[tuple[tuple[Symbol, ...], tuple[Symbol, ...]]] = WorkQueue(activity)

    def load(self) -> None:
        """Take the tickers in force as those everything has begun with. Call once, after the settings are read."""
        self._known = self._settings.tickers

    async def run(self) -> None:
        """Follow changes until cancelled."""
        if self._begun.is_set():  # begun anew after a fault: the change it was at may not have got this far
            self._watch.subscribe(self._stops.lines)
        while True:
            await self._changes.wait()
            with self._changes.take() as (added, removed):
                for symbol in removed:
                    await self._drop(symbol)
                self._watch.subscribe(self._stops.lines)
                for symbol in added:
                    await self._take_in(symbol)

    def compare(self) -> None:
        """Queue what is new on the list and what has left it; called after each change of a setting."""
        now, before = self._settings.tickers, self._known
        if before is None or now == before:
            return
        self._known = now
        added = tuple(symbol for symbol in now if symbol not in before)
        self._changes.put((added, tuple(symbol for symbol in before if symbol not in now)))

    async def _take_in(self, symbol: Symbol) -> None:
        try:
            await self._stops.take_in(symbol)
            await self._bars.welcome(symbol)
        except TradingError:
            log.exception("a new ticker could not be read in; the next checks go on", extra={"symbol": str(symbol)})

    async def _drop(self, symbol: Symbol) -> None:
        self._watch.forget(symbol)
        try:
            await self._proposals.drop(symbol)
        except TradingError:
            log.exception("the card of a removed ticker stays until it runs out", extra={"symbol": str(symbol)})

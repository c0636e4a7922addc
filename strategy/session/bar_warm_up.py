"""Prices and bars of the watch list: asked for at the start, fetched until there are enough, told when there are."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum

from strategy.market import MarketData
from strategy.model import BrokerError, Said, Symbol
from strategy.runtime import Activity
from strategy.runtime.telling import Telling
from strategy.settings.schema import SettingsInForce


class WarmUpNote(StrEnum):
    NO_BARS = "warm_up.no_bars"
    NO_BARS_YET = "warm_up.no_bars_yet"
    WARM = "warm_up.warm"


_MANY_AT_ONCE = 4  # requests in flight; the broker's client paces them anyway


class BarWarmUp:
    """Knows which tickers are cold: without enough bars for a signal yet."""

    def __init__(self, *, watch: MarketData, settings: SettingsInForce, telling: Telling, activity: Activity) -> None:
        self._watch = watch
        self._settings = settings
        self._telling = telling
        self._activity = activity
        self._cold: set[Symbol] = set()

    async def fetch(self) -> list[Said]:
        """Fetch the bars of every ticker; return what is missing (row S47)."""
        failed: list[Said] = []

        async def bring_up(symbol: Symbol) -> None:
            try:
                await self._watch.bring_up(symbol)
            except BrokerError as error:
                said = error.user_message
                failed.append(Said(WarmUpNote.NO_BARS, symbol=str(symbol), why=said))

        await for_each(self._settings.tickers, bring_up)
        return failed

    def note_cold(self) -> None:
        """Take down which tickers are cold now, so that each is told once when it is so no more."""
        self._cold = {symbol for symbol in self._settings.tickers if not self._watch.warm(symbol)}

    async def welcome(self, symbol: Symbol) -> None:
        """Fetch the bars of a ticker just added; tell when there are enough, or what is missing until then."""
        self._cold.add(symbol)
        with self._activity():
            try:
                await self._watch.bring_up(symbol)
            except BrokerError as error:
                said = error.user_message
                what = Said(WarmUpNote.NO_BARS_YET, ticker=symbol.ticker, why=said)
                await self._telling.note(f"cold:{symbol}", what, symbol)
            await self.tell_warm()

    async def tell_warm(self) -> None:
        """Tell each ticker once whose bars were too few at the start and are enough now (row S47)."""
        self._cold.intersection_update(self._settings.tickers)
        for symbol in sorted(symbol for symbol in self._cold if self._watch.warm(symbol)):
            self._cold.discard(symbol)
            what = Said(WarmUpNote.WARM, ticker=symbol.ticker)
            await self._telling.note(f"warm:{symbol}", what, symbol)


async def for_each(symbols: Iterable[Symbol], work: Callable[[Symbol], Awaitable[None]]) -> None:
    """Do something for each ticker, a few at a time."""
    gate = asyncio.Semaphore(_MANY_AT_ONCE)

    async def one(symbol: Symbol) -> None:
        async with gate:
            await work(symbol)

    async with asyncio.TaskGroup() as group:
        for symbol in symbols:
            group.create_task(one(symbol))

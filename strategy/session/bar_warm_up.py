"""Prices and bars of the watch list: asked for at the start, fetched until there are enough, told when there are."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from strategy.market.interface import MarketData
from strategy.model import BrokerError, Symbol, Text
from strategy.runtime.in_flight import Activity
from strategy.runtime.telling import Telling
from strategy.settings.schema import SettingsInForce

_MANY_AT_ONCE = 4  # requests in flight; the broker's client paces them anyway


class BarWarmUp:
    """Knows which tickers are cold: without enough bars for a signal yet."""

    def __init__(self, *, watch: MarketData, settings: SettingsInForce, telling: Telling, activity: Activity) -> None:
        self._watch = watch
        self._settings = settings
        self._telling = telling
        self._activity = activity
        self._cold: set[Symbol] = set()

    async def fetch(self) -> list[Text]:
        """Fetch the bars of every ticker; return what is missing (row S47)."""
        failed: list[Text] = []

        async def bring_up(symbol: Symbol) -> None:
            try:
                await self._watch.bring_up(symbol)
            except BrokerError as error:
                said = error.user_message
                failed.append(Text(f"{symbol} 봉을 받지 못했습니다: {said.ko}", f"No bars of {symbol}: {said.en}"))

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
                what = Text(
                    f"{symbol.ticker} 봉을 받지 못했습니다 ({said.ko}) 점검 때마다 다시 받습니다.",
                    f"No bars of {symbol.ticker} yet ({said.en}) They are asked for again at each check.",
                )
                await self._telling.note(f"cold:{symbol}", what, symbol)
            await self.tell_warm()

    async def tell_warm(self) -> None:
        """Tell each ticker once whose bars were too few at the start and are enough now (row S47)."""
        self._cold.intersection_update(self._settings.tickers)
        for symbol in sorted(symbol for symbol in self._cold if self._watch.warm(symbol)):
            self._cold.discard(symbol)
            what = Text(
                f"{symbol.ticker}: 봉이 충분히 모여 이제 신호를 봅니다.",
                f"{symbol.ticker}: there are enough bars now; signals count from here on.",
            )
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

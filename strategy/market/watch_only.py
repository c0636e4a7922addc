"""The watch list: tickers somebody wants to see quoted and be alerted of, without any trading."""

import json
from collections.abc import Callable, Sequence

from strategy.market.interface import MarketData
from strategy.model import BrokerError, Quote, Symbol
from strategy.ports import Notes

_NOTE = "watch_only"
_AGE_S = 5


class WatchOnly:
    """Keeps the list in the notes. What is traded stands on another list, and is left out of this one meanwhile."""

    def __init__(self, *, notes: Notes, watch: MarketData, traded: Callable[[], Sequence[Symbol]]) -> None:
        self._notes = notes
        self._watch = watch
        self._traded = traded

    async def symbols(self) -> tuple[Symbol, ...]:
        """Return the tickers in the order they were added."""
        traded = self._traded()
        return tuple(symbol for symbol in await self._kept() if symbol not in traded)

    async def add(self, symbol: Symbol) -> bool:
        """Put a ticker on the list; False where it is there already, or traded."""
        kept = await self._kept()
        if symbol in kept or symbol in self._traded():
            return False
        await self._keep([*kept, symbol])
        return True

    async def remove(self, symbol: Symbol) -> bool:
        """Take a ticker off; False where it was not on the list."""
        kept = await self._kept()
        if symbol not in kept:
            return False
        await self._keep([each for each in kept if each != symbol])
        return True

    async def quotes(self) -> Sequence[tuple[Symbol, Quote | None]]:
        """Return each ticker with its price, None where there is none now."""
        return [(symbol, await self._quote(symbol)) for symbol in await self.symbols()]

    async def _quote(self, symbol: Symbol) -> Quote | None:
        try:
            return await self._watch.quote(symbol, max_age_s=_AGE_S)
        except BrokerError:
            return None

    async def _kept(self) -> list[Symbol]:
        stored = await self._notes.get(_NOTE)
        return [Symbol.parse(each) for each in json.loads(stored)] if stored else []

    async def _keep(self, symbols: Sequence[Symbol]) -> None:
        await self._notes.put(_NOTE, json.dumps([str(symbol) for symbol in symbols]))

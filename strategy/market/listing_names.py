"""The names of the large listings, Korean and English, so that 애플 finds NASDAQ:AAPL.

Which listing a name belongs to only the broker says: each is asked for once, when somebody looks for a name that is not
known yet, and kept for good.
"""

import asyncio
import json
import logging
from collections.abc import Iterable

from strategy.model import DataUnavailable, ListingName, Symbol
from strategy.ports import MarketFeed, Notes

log = logging.getLogger(__name__)

_NASDAQ = (
    "AAPL NVDA MSFT AMZN GOOGL GOOG META TSLA AVGO COST NFLX AMD PLTR ADBE QCOM INTC MU AMAT CSCO PEP TXN INTU ISRG"
    " BKNG SBUX PYPL MRNA ARM ASML MSTR COIN RIVN LCID SMCI TQQQ SQQQ QQQ SOXX"
)
_NYSE = (
    "BRK/B LLY JPM V MA WMT XOM UNH JNJ PG ORCL HD BAC KO CVX DIS MCD NKE BA IBM GE CAT PFE T F GM UBER TSM BABA NIO"
    " SHOP O IONQ"
)
_AMEX = "SPY VOO SOXL SOXS SCHD GLD XLF"
LARGE: tuple[Symbol, ...] = tuple(
    Symbol.parse(f"{market}:{ticker}")
    for market, tickers in (("NASDAQ", _NASDAQ), ("NYSE", _NYSE), ("AMEX", _AMEX))
    for ticker in tickers.split()
)
_NOTE = "listing_names"


class ListingNames:
    """Finds a listing by its name among those asked for so far, then among the large ones not asked for yet."""

    def __init__(self, *, market: MarketFeed, notes: Notes) -> None:
        self._market = market
        self._notes = notes
        self._names: dict[Symbol, ListingName] = {}
        self._nameless: set[Symbol] = set()  # the broker knows no such listing, as far as this run goes
        self._loaded = False
        self._turn = asyncio.Lock()

    async def find(self, text: str, first: Iterable[Symbol] = ()) -> tuple[Symbol, ...]:
        """Return the listings of that name, several where it begins the names of several; `first` are asked for before
        the large ones. Raise NotOffered where names cannot be asked for, BrokerError where they could not be now."""
        async with self._turn:  # two who look for a name at once ask the broker once
            await self._load()
            return self._called(text) or await self._ask_for(text, (*first, *LARGE))

    async def _ask_for(self, text: str, listings: Iterable[Symbol]) -> tuple[Symbol, ...]:
        """Ask for the names not known yet until one fits; what has been learned is kept whatever happens."""
        known = len(self._names)
        try:
            for symbol in listings:
                if symbol in self._names or symbol in self._nameless:
                    continue
                await self._learn(symbol)
                if (found := self._called(text)) and self._exact(text):
                    return found
        finally:
            if len(self._names) > known:
                await self._keep()
        return self._called(text)

    async def _learn(self, symbol: Symbol) -> None:
        try:
            self._names[symbol] = await self._market.listing_name(symbol)
        except DataUnavailable:
            log.info("no name of a listing", extra={"symbol": str(symbol)})
            self._nameless.add(symbol)

    def _called(self, text: str) -> tuple[Symbol, ...]:
        wanted = _bare(text)
        if not wanted:
            return ()
        return self._exact(text) or tuple(
            each.symbol for each in self._names.values() if any(name.startswith(wanted) for name in _spellings(each))
        )

    def _exact(self, text: str) -> tuple[Symbol, ...]:
        wanted = _bare(text)
        return tuple(each.symbol for each in self._names.values() if wanted in _spellings(each))

    async def _load(self) -> None:
        if self._loaded:
            return
        stored = await self._notes.get(_NOTE)
        for symbol, (korean, english) in (json.loads(stored) if stored else {}).items():
            found = Symbol.parse(symbol)
            self._names[found] = ListingName(symbol=found, korean=korean, english=english)
        self._loaded = True

    async def _keep(self) -> None:
        names = {str(each.symbol): (each.korean, each.english) for each in self._names.values()}
        await self._notes.put(_NOTE, json.dumps(names, ensure_ascii=False))


def _spellings(name: ListingName) -> tuple[str, ...]:
    return tuple(filter(None, (_bare(name.korean), _bare(name.english))))


def _bare(text: str) -> str:
    """Return a name as it is compared: without blanks, in one case."""
    return "".join(text.split()).casefold()

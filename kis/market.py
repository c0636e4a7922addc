"""Prices at KIS as the core's `MarketData`."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from kis.calls import bars as bars_api
from kis.calls import prices as prices_api
from kis.calls.products import product
from kis.calls.split_adjustment import SplitAdjuster
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import KisData
from kis.rest.fields import quote_instant
from kis.symbols import SymbolBook
from strategy.model import Bar, BrokerError, Clock, Interval, ListingName, Quote, Symbol

log = logging.getLogger(__name__)

_STILL_ASKED = timedelta(seconds=5)  # since a book was first seen so, or was last asked about
_HALT_ANSWER_S = 1.0  # real time: a stop waits for this price


@dataclass(slots=True, kw_only=True)
class _Still:
    """A book that may stand still."""

    shown: object
    asked_at: datetime
    halted: bool


def _barred(price: prices_api.PriceNow) -> bool:
    return "불가" in price.tradable


class KisMarketData:
    """Quotes and bars from the account's host, or from the real host with a key pair of its own (D9)."""

    def __init__(self, http: KisHttp, clock: Clock, book: SymbolBook) -> None:
        self._http = http
        self._clock = clock
        self._book = book
        self._splits = SplitAdjuster(http, clock)
        self._still: dict[Symbol, _Still] = {}

    async def quote(self, symbol: Symbol) -> Quote:
        """Return the price now; raise DataUnavailable when it is blank, zero or of another listing.

        Where a book is offered one call gives last, bid and ask, and says of when they are; elsewhere bid and ask
        stay unknown, and the price's age counts from its receipt.
        """
        quote = await self._ask(symbol)
        self._book.learn(symbol)  # only now: a ticker looked for on the wrong exchange must not hide the right listing
        return quote

    async def _ask(self, symbol: Symbol) -> Quote:
        if self._http.environment.offers(Endpoint.BOOK):
            book = await prices_api.book(self._http, symbol)
            best = book.levels[0] if book.levels else None
            now = self._clock.now()
            halted = await self._halted(symbol, book)
            return Quote(
                symbol=symbol,
                last=book.last,
                bid=best.bid if best else None,
                ask=best.ask if best else None,
                previous_close=book.previous_close,
                received_at=now,
                bid_size=best.bid_size if best else None,
                ask_size=best.ask_size if best else None,
                stamped_at=quote_instant(*book.stamped, now) if book.stamped else None,
                halted=halted,
            )
        price = await prices_api.price(self._http, symbol)
        return Quote(
            symbol=symbol,
            last=price.last,
            bid=None,
            ask=None,
            previous_close=price.previous_close,
            received_at=self._clock.now(),
            halted=_barred(price),
            volume=price.volume,
        )

    async def _halted(self, symbol: Symbol, book: prices_api.Book) -> bool:
        """Return whether trading is halted: a book does not say, so one that stands still is asked about elsewhere."""
        now, shown = self._clock.now(), (book.last, book.levels)
        still = self._still.get(symbol)
        if still is None or still.shown != shown:
            self._still[symbol] = _Still(shown=shown, asked_at=now, halted=False)
            return False
        if now - still.asked_at < _STILL_ASKED:
            return still.halted
        still.asked_at = now
        try:
            async with asyncio.timeout(_HALT_ANSWER_S):
                still.halted = _barred(await prices_api.price(self._http, symbol)) or await self._stopped(symbol)
        except (BrokerError, TimeoutError) as error:
            log.warning("whether %s is halted could not be asked: %s", symbol, str(error) or "no answer in time")
        return still.halted

    async def _stopped(self, symbol: Symbol) -> bool:
        return self._http.environment.offers(Endpoint.PRODUCT) and (await product(self._http, symbol)).halted

    async def bars(self, symbol: Symbol, interval: Interval, count: int) -> Sequence[Bar]:
        """Return the newest `count` bars, ascending, split-adjusted, regular session only, the forming one last.

        Raise DataUnavailable for none, NotOffered for minutes where they cannot be asked for.
        """
        if count < 1:
            raise KisData(f"{count} bars asked")
        self._book.learn(symbol)
        now = self._clock.now()
        if interval is Interval.DAY:
            return await bars_api.daily(self._http, symbol, count, now)
        return await self._splits.adjusted(symbol, await bars_api.minute(self._http, symbol, interval, count, now))

    async def adjustment(self, symbol: Symbol, on: date) -> Decimal | None:
        """Return what KIS multiplies that New York day's close by (MODP, kis-protocol 3.22); two calls."""
        return await self._splits.factor(symbol, on)

    async def listing_name(self, symbol: Symbol) -> ListingName:
        """Return what a listing is called (kis-protocol 3.24). Raise KisData where there is none, KisNotOffered on
        virtual."""
        found = await product(self._http, symbol)
        return ListingName(symbol=symbol, korean=found.name, english=found.english_name)

    def has_minute_bars(self) -> bool:
        """Return whether minute bars can be asked for (D9)."""
        return self._http.environment.offers(Endpoint.MINUTE_BARS)

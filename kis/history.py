"""Minute bars of past sessions at KIS as the core's `BarHistory`: asked for in the pacer's last lane."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal

from kis.calls import bars as bars_api
from kis.calls.split_adjustment import daily_factors
from kis.client import KisHttp
from kis.environment import Endpoint, Lane
from strategy.model import Clock, DayFactors, MinutePage, Symbol


class KisBarHistory:
    """Whatever else has to be asked goes first, and what is left of a second stays free for an order."""

    def __init__(self, http: KisHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def offered(self) -> bool:
        """Return whether minute bars can be asked for (D9)."""
        return self._http.environment.offers(Endpoint.MINUTE_BARS)

    async def pages(self, symbol: Symbol) -> AsyncIterator[MinutePage]:
        """Give one-minute bars from now backwards, as KIS has them (kis-protocol 3.23); about a month."""
        async for page in bars_api.minute_pages(self._http, symbol, 1, self._clock.now(), lane=Lane.BACKGROUND):
            yield page

    async def factors(self, symbol: Symbol, since: date, closes: Mapping[date, Decimal]) -> DayFactors:
        """Return what KIS multiplies each day since that New York date by (MODP, kis-protocol 3.22).

        `closes` are the last minutes' of those days, in dollars.
        """
        return await daily_factors(self._http, symbol, since, closes, self._clock.now(), lane=Lane.BACKGROUND)

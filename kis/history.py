"""Minute bars of past sessions at KIS as the core's `BarHistory`: asked for in the pacer's last lane."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import date
from decimal import Decimal

from kis.calls import bars as bars_api
from kis.calls.split_adjustment import RawAndAdjusted, factors_since, raw_and_adjusted
from kis.client import KisHttp
from kis.environment import Endpoint, Lane
from strategy.model import Clock, DayFactors, MinutePage, Symbol, new_york_date


class KisBarHistory:
    """Whatever else has to be asked goes first, and what is left of a second stays free for an order."""

    def __init__(self, http: KisHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._days: dict[Symbol, tuple[date, date, RawAndAdjusted]] = {}  # as of, reaching back to

    def offered(self) -> bool:
        """Return whether minute bars can be asked for (D9)."""
        return self._http.environment.offers(Endpoint.MINUTE_BARS)

    async def pages(self, symbol: Symbol) -> AsyncGenerator[MinutePage]:
        """Give one-minute bars from now backwards, as KIS has them (kis-protocol 3.23); about a month."""
        now = self._clock.now()
        async with aclosing(bars_api.minute_pages(self._http, symbol, 1, now, lane=Lane.BACKGROUND)) as pages:
            async for page in pages:
                yield page

    async def factors(self, symbol: Symbol, since: date, closes: Mapping[date, Decimal]) -> DayFactors:
        """Return what KIS multiplies each day since that New York date by (MODP, kis-protocol 3.22); asked once a day.

        `closes` are the last minutes' of those days, in dollars.
        """
        now = self._clock.now()
        as_of = new_york_date(now)
        known = self._days.get(symbol)
        if known is None or known[0] != as_of or known[1] > since:
            days = await raw_and_adjusted(self._http, symbol, since, now, lane=Lane.BACKGROUND)
            known = self._days[symbol] = (as_of, since, days)
        return factors_since(known[2], since, closes)

"""Split adjustment of minute bars, which KIS offers no switch for (kis-protocol 3.23; days have MODP, 3.22).

Two looks at the same days, raw and adjusted, tell the factor of each date. Whether KIS has adjusted its minutes already
is not documented, so the day's last minute says: the daily close it is nearer to is of its own kind. See decision 0041.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from kis.calls import bars as bars_api
from kis.client import KisHttp
from kis.environment import Lane
from strategy.model import Bar, Clock, DayFactor, DayFactors, Symbol, new_york

_SPLIT = Decimal("0.01")  # a factor nearer to one is a cash dividend or a rounding; stock dividends begin here
_SPARE_DAYS = 3

RawAndAdjusted = dict[date, tuple[Decimal, Decimal]]  # raw and adjusted close by New York date


class SplitAdjuster:
    """Brings minute bars of earlier sessions to the size of today's shares; asks KIS once a ticker and session."""

    def __init__(self, http: KisHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._known: dict[Symbol, tuple[date, date, RawAndAdjusted]] = {}  # as of, reaching back to

    async def adjusted(self, symbol: Symbol, bars: Sequence[Bar]) -> list[Bar]:
        """Return the bars with every session before a split divided; raise what the inquiry of days raises."""
        dates = sorted({_session_date(bar) for bar in bars})
        if len(dates) < 2:  # one session has one size
            return list(bars)
        closes = await self._closes(symbol, oldest=dates[0], newest=dates[-1])
        factors = {on: _factor(closes[on], _last_close(bars, on)) for on in dates if on in closes}
        return [_scaled(bar, factors.get(_session_date(bar), Decimal(1))) for bar in bars]

    async def factor(self, symbol: Symbol, on: date) -> Decimal | None:
        """Return what adjusted days make of a day's raw close, asked anew; None when that day is not among them."""
        now = self._clock.now()
        closes = await self._days(symbol, (new_york(now).date() - on).days + _SPARE_DAYS)
        self._known.pop(symbol, None)  # an adjustment may have come since
        return closes[on][1] / closes[on][0] if on in closes else None

    async def _closes(self, symbol: Symbol, *, oldest: date, newest: date) -> RawAndAdjusted:
        known = self._known.get(symbol)
        if known is not None and known[0] == newest and known[1] <= oldest:
            return known[2]
        closes = await self._days(symbol, (newest - oldest).days + _SPARE_DAYS)
        self._known[symbol] = (newest, oldest, closes)
        return closes

    async def _days(self, symbol: Symbol, count: int) -> RawAndAdjusted:
        return await _closes(self._http, symbol, count, self._clock.now())


async def raw_and_adjusted(http: KisHttp, symbol: Symbol, since: date, now: datetime, *, lane: Lane) -> RawAndAdjusted:
    """Return the closes of each day since a New York date, in dollars; two calls, or more for older dates."""
    return await _closes(http, symbol, (new_york(now).date() - since).days + _SPARE_DAYS, now, lane=lane)


def factors_since(days: RawAndAdjusted, since: date, closes: Mapping[date, Decimal]) -> DayFactors:
    """Return what KIS multiplies each day since a New York date by.

    `closes` are the last minutes' of some days, in dollars, which tell whether minutes came adjusted already.
    """
    return {
        on: DayFactor(day=pair[1] / pair[0], minutes=_factor(pair, closes.get(on, pair[0])))
        for on, pair in days.items()
        if on >= since
    }


async def _closes(
    http: KisHttp, symbol: Symbol, count: int, now: datetime, *, lane: Lane | None = None
) -> RawAndAdjusted:
    raw = _by_date(await bars_api.daily(http, symbol, count, now, adjusted=False, lane=lane))
    adjusted = _by_date(await bars_api.daily(http, symbol, count, now, lane=lane))
    return {on: (close, adjusted[on]) for on, close in raw.items() if on in adjusted}


def _session_date(bar: Bar) -> date:
    return new_york(bar.start).date()


def _by_date(bars: Iterable[Bar]) -> dict[date, Decimal]:
    return {_session_date(bar): bar.close for bar in bars}


def _last_close(bars: Sequence[Bar], on: date) -> Decimal:
    return next(bar.close for bar in reversed(bars) if _session_date(bar) == on)


def _factor(closes: tuple[Decimal, Decimal], minute_close: Decimal) -> Decimal:
    """Return what to multiply a session's minutes by: one without a split, or where they are adjusted already."""
    raw, adjusted = closes
    factor = adjusted / raw
    if abs(factor - 1) < _SPLIT or abs(minute_close / adjusted - 1) <= abs(minute_close / raw - 1):
        return Decimal(1)
    return factor


def _scaled(bar: Bar, factor: Decimal) -> Bar:
    if factor == 1:
        return bar
    return replace(
        bar,
        open=bar.open * factor,
        high=bar.high * factor,
        low=bar.low * factor,
        close=bar.close * factor,
        volume=int(bar.volume / factor),
    )

"""The pure part of the stops: trigger prices computed once per position, ladder prices, the split guard.

A tick costs one comparison: `line.low < price < line.high` means nothing to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Protocol

from strategy.model import StopTrigger, Symbol, tick_down, tick_size

MAX_LADDER_COLLAR_PCT = Decimal(50)  # a limit deeper than this is refused by venues and helps nobody

_HUNDRED = Decimal(100)
_NEVER_LOW = Decimal("-Infinity")
_NEVER_HIGH = Decimal("Infinity")
_EXACT = Context(prec=80)  # products of prices and rates must not be rounded: -5.00 % exactly must fire (S62)


def threshold_price(average_cost: Decimal, rate: Decimal) -> Decimal:
    """Return the price in dollars at which the return on cost is exactly `rate` percent, unrounded.

    `price <= threshold_price(cost, rate)` holds exactly when the return is at or below the rate.
    """
    return _EXACT.multiply(average_cost, _EXACT.add(_HUNDRED, rate)).scaleb(-2, _EXACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLine:
    """The prices of one position that call for something. All in dollars a share."""

    average_cost: Decimal
    stop_loss: Decimal | None  # fires at or below
    take_profit: Decimal | None  # fires at or above
    trailing_pct: Decimal | None
    peak: Decimal | None  # highest price seen while held; only with a trailing stop
    low: Decimal  # at or below: a stop fires
    high: Decimal  # at or above: profit is taken or a peak is to be remembered

    def touched(self, price: Decimal) -> bool:
        """Return whether this price needs a closer look; the only thing asked of most ticks. Dollars."""
        return price <= self.low or price >= self.high

    def trigger(self, price: Decimal) -> StopTrigger | None:
        """Return which stop this price fires; the stop-loss first. Dollars."""
        if self.stop_loss is not None and price <= self.stop_loss:
            return StopTrigger.STOP_LOSS
        if price <= self.low:
            return StopTrigger.TRAILING_STOP
        if self.take_profit is not None and price >= self.take_profit:
            return StopTrigger.TAKE_PROFIT
        return None

    def fires(self, price: Decimal, *, rises: bool) -> bool:
        """Return whether this price fires a stop on that side: above, where profit is taken, or below. Dollars."""
        trigger = self.trigger(price)
        return trigger is not None and (trigger is StopTrigger.TAKE_PROFIT) is rises

    def threshold(self, trigger: StopTrigger) -> Decimal:
        """Return the price in dollars at which that stop fires; the stop must be set. Raises ValueError for one that is
        not."""
        price = {
            StopTrigger.STOP_LOSS: self.stop_loss,
            StopTrigger.TAKE_PROFIT: self.take_profit,
            StopTrigger.TRAILING_STOP: self.low,
        }[trigger]
        if price is None:
            raise ValueError(f"{trigger} is off")
        return price

    def at_peak(self, price: Decimal) -> "StopLine":
        """Return the line after this price: raised when it is a new peak of a trailed position. Dollars."""
        if self.trailing_pct is None or (self.peak is not None and price <= self.peak):
            return self
        return _bounded(replace(self, peak=price))


def stop_line(
    *,
    average_cost: Decimal,
    stop_loss_rate: Decimal | None,
    take_profit_rate: Decimal | None = None,
    trailing_stop_pct: Decimal | None = None,
    peak: Decimal | None = None,
) -> StopLine:
    """Return the line of a position held at that average cost in dollars; rates are percent, None is off.

    Without a known peak a trailing stop starts at the average cost.
    """
    trailed = trailing_stop_pct is not None
    return _bounded(
        StopLine(
            average_cost=average_cost,
            stop_loss=None if stop_loss_rate is None else threshold_price(average_cost, stop_loss_rate),
            take_profit=None if take_profit_rate is None else threshold_price(average_cost, take_profit_rate),
            trailing_pct=trailing_stop_pct,
            peak=(max(average_cost, peak) if peak is not None else average_cost) if trailed else None,
            low=_NEVER_LOW,
            high=_NEVER_HIGH,
        )
    )


def _bounded(line: StopLine) -> StopLine:
    lows = [line.stop_loss] if line.stop_loss is not None else []
    highs = [line.take_profit] if line.take_profit is not None else []
    if line.peak is not None and line.trailing_pct is not None:
        lows.append(threshold_price(line.peak, -line.trailing_pct))
        highs.append(line.peak)
    return replace(line, low=max(lows, default=_NEVER_LOW), high=min(highs, default=_NEVER_HIGH))


def ladder_price(*, bid: Decimal | None, last: Decimal, collar_pct: Decimal, step: int) -> Decimal:
    """Return the limit of a stop's sell: the bid (or last) less the collar, each step one collar deeper (D3).

    `step` counts from 0. On the tick, rounded down so that it stays marketable; without a collar each step goes one
    tick deeper. Never below one tick. Dollars; the collar is percent.
    """
    base = bid if bid is not None and bid > 0 else last
    depth = min(collar_pct * (step + 1), max(MAX_LADDER_COLLAR_PCT, collar_pct))
    price = base * (_HUNDRED - depth) / _HUNDRED
    least = tick_size(base)
    price = min(price, base - least * step)
    return max(tick_down(price), tick_size(price)) if price > 0 else tick_size(price)


class StopLines(Protocol):
    """Whoever keeps the stop prices in force."""

    @property
    def lines(self) -> Mapping[Symbol, StopLine]:
        """Return them by ticker."""

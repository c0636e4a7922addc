"""RSI and MACD on closes through `ta`, with crosses, their age and whether they hold (spec section 4)."""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import pandas as pd
from ta.momentum import RSIIndicator
from ta.trend import MACD

from strategy.model import CrossView, Indicators, Interval
from strategy.settings.indicator_windows import macd_window, rsi_window
from strategy.settings.schema import TradingSettings

_NOISE = 1e-12  # MACD and signal closer than this share of the price are equal: smoothing leaves such residues


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """What an indicator sees: closes in ascending order and which bars they come from."""

    interval: Interval
    values: tuple[float, ...]
    bars_used: Literal["closed", "live"]  # "live": the forming bar is the last value (D2)
    newest_at: datetime | None  # start of the newest bar, aware UTC

    def window(self, length: int) -> tuple[float, ...]:
        """Return the newest closes, as many as asked for, or fewer where there are fewer."""
        return self.values[-length:]


@dataclass(frozen=True, slots=True)
class MacdReading:
    """MACD at the newest bar, and the newest cross of each kind within the look-back."""

    macd: float
    signal: float
    histogram: float
    golden: CrossView | None
    dead: CrossView | None


def moves(closes: tuple[float, ...], count: int) -> int:
    """Return how many of the newest `count` bars closed elsewhere than the bar before."""
    return sum(before != after for before, after in pairwise(closes[-count - 1 :]))


def watched_for_moves(period: int, least_moves: int) -> int:
    """Return among how many of the newest bars the moves are counted: a short period alone would hold too few."""
    return max(period, 2 * least_moves)


@lru_cache(maxsize=128)
def rsi(closes: tuple[float, ...], period: int, least_moves: int = 1) -> float | None:
    """Return the RSI of the newest close over exactly these closes; None is unknown.

    Unknown during warm-up, with a close that is no number (`ta` would repeat its last value and lose the move), when
    none of the newest `period` bars moved, and while fewer than `least_moves` of the newest bars did: one cent down
    after a dead hour is no RSI of 0.
    """
    if len(closes) < rsi_window(period) or not all(map(math.isfinite, closes)):
        return None
    if not moves(closes, period) or moves(closes, watched_for_moves(period, least_moves)) < least_moves:
        return None
    value = float(RSIIndicator(pd.Series(closes, dtype="float64"), window=period).rsi().iloc[-1])
    return None if math.isnan(value) else value


@lru_cache(maxsize=128)
def macd(closes: tuple[float, ...], fast: int, slow: int, signal: int, lookback: int) -> MacdReading | None:
    """Return MACD, signal, histogram and crosses over exactly these closes; None while warming up or unreadable."""
    if len(closes) < macd_window(slow, signal, lookback) or not all(map(math.isfinite, closes)):
        return None
    indicator = MACD(pd.Series(closes, dtype="float64"), window_slow=slow, window_fast=fast, window_sign=signal)
    lines = indicator.macd().to_numpy()
    signals = indicator.macd_signal().to_numpy()
    noise = _NOISE * abs(closes[-1])
    gaps = tuple(float(gap) for gap in (lines - signals)[-lookback - 1 :])
    return MacdReading(
        macd=float(lines[-1]),
        signal=float(signals[-1]),
        histogram=float(lines[-1] - signals[-1]),
        golden=newest_cross(gaps, noise=noise),
        dead=newest_cross(tuple(-gap for gap in gaps), noise=noise),
    )


def newest_cross(gaps: tuple[float, ...], *, noise: float = 0.0) -> CrossView | None:
    """Find the newest bar above zero whose predecessor was at or below it.

    `gaps` are MACD less signal in ascending order, one more than the look-back: the oldest is only a predecessor.
    Negate them for dead crosses. A gap within `noise` of zero is zero.
    """
    for age in range(len(gaps) - 1):
        at = len(gaps) - 1 - age
        if gaps[at] > noise and gaps[at - 1] <= noise:
            return CrossView(age=age, holds=gaps[-1] > noise)
    return None


def rsi_of(closes: Closes, settings: TradingSettings) -> float | None:
    """Return the RSI a setting asks for; None is unknown."""
    period = settings.rsi_period
    return rsi(closes.window(rsi_window(period)), period, settings.rsi_min_moves)


def read(for_rsi: Closes, for_macd: Closes, settings: TradingSettings) -> Indicators:
    """Return the indicator values of one check; what is still warming up is None."""
    fast, slow, signal, lookback = settings.macd_fast, settings.macd_slow, settings.macd_signal, settings.cross_lookback
    seen_by_rsi = for_rsi.window(rsi_window(settings.rsi_period))
    seen_by_macd = for_macd.window(macd_window(slow, signal, lookback))
    trend = macd(seen_by_macd, fast, slow, signal, lookback)
    return Indicators(
        rsi=rsi_of(for_rsi, settings),
        rsi_interval=for_rsi.interval,
        rsi_bars=len(seen_by_rsi),
        rsi_moves=moves(seen_by_rsi, watched_for_moves(settings.rsi_period, settings.rsi_min_moves)),
        macd=trend.macd if trend else None,
        macd_signal=trend.signal if trend else None,
        macd_histogram=trend.histogram if trend else None,
        macd_interval=for_macd.interval,
        macd_bars=len(seen_by_macd),
        golden_cross=trend.golden if trend else None,
        dead_cross=trend.dead if trend else None,
        bars_used=_bars_used(for_rsi, for_macd),
        newest_bar_at=max((at for at in (for_rsi.newest_at, for_macd.newest_at) if at is not None), default=None),
    )


def _bars_used(for_rsi: Closes, for_macd: Closes) -> str:
    """Return one word when both agree, else which indicator saw what."""
    if for_rsi.bars_used == for_macd.bars_used:
        return for_rsi.bars_used
    return f"rsi {for_rsi.bars_used}, macd {for_macd.bars_used}"

"""RSI and MACD on closes through `ta`, with crosses, their age and whether they hold (spec section 4)."""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

import pandas as pd
from ta.momentum import RSIIndicator
from ta.trend import MACD

from strategy.decisions import CrossView, Indicators
from strategy.quotes import Interval
from strategy.settings import TradingSettings

MIN_BARS = 100  # closes before a signal
WARMUP_BARS = 250  # closes aimed at

_NOISE = 1e-12  # MACD and signal closer than this share of the price are equal: smoothing leaves such residues


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """What an indicator sees: closes in ascending order and which bars they come from."""

    interval: Interval
    values: tuple[float, ...]
    bars_used: Literal["closed", "live"]  # "live": the forming bar is the last value (D2)
    newest_at: datetime | None  # start of the newest bar, aware UTC


@dataclass(frozen=True, slots=True)
class MacdReading:
    """MACD at the newest bar, and the newest cross of each kind within the look-back."""

    macd: float
    signal: float
    histogram: float
    golden: CrossView | None
    dead: CrossView | None


def rsi_bars_needed(period: int) -> int:
    """Return how many closes an RSI needs before it may give a signal."""
    return max(MIN_BARS, period + 1)


def macd_bars_needed(slow: int, signal: int, lookback: int) -> int:
    """Return how many closes a MACD needs before it may give a signal: every bar of the look-back has its values."""
    return max(MIN_BARS, slow + signal + lookback)


@lru_cache(maxsize=128)
def rsi(closes: tuple[float, ...], period: int) -> float | None:
    """Return the RSI of the newest close; None during warm-up and for a window without any price movement."""
    if len(closes) < rsi_bars_needed(period) or len(set(closes[-period - 1 :])) == 1:
        return None
    value = float(RSIIndicator(pd.Series(closes, dtype="float64"), window=period).rsi().iloc[-1])
    return None if math.isnan(value) else value


@lru_cache(maxsize=128)
def macd(closes: tuple[float, ...], fast: int, slow: int, signal: int, lookback: int) -> MacdReading | None:
    """Return MACD, signal, histogram and crosses; None during warm-up."""
    if len(closes) < macd_bars_needed(slow, signal, lookback):
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


def read(for_rsi: Closes, for_macd: Closes, settings: TradingSettings) -> Indicators:
    """Return the indicator values of one check; what is still warming up is None."""
    strength = rsi(for_rsi.values, settings.rsi_period)
    trend = macd(for_macd.values, settings.macd_fast, settings.macd_slow, settings.macd_signal, settings.cross_lookback)
    return Indicators(
        rsi=strength,
        rsi_interval=for_rsi.interval,
        rsi_bars=len(for_rsi.values),
        macd=trend.macd if trend else None,
        macd_signal=trend.signal if trend else None,
        macd_histogram=trend.histogram if trend else None,
        macd_interval=for_macd.interval,
        macd_bars=len(for_macd.values),
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

"""How many closes each indicator is computed from, and how many the broker can give at all."""

import math

from strategy.model import Interval

MIN_BARS = 100  # closes before a signal

_FORGOTTEN = 1 / 500  # what came before a window may still weigh this much in its newest value
_SESSIONS = 20  # KIS keeps minute bars for about a month (kis-protocol 3.23)
_SESSION_MIN = 390


def rsi_window(period: int) -> int:
    """Return how many closes an RSI is computed from, never more and never fewer.

    Both smoothed values remember all of the past, so what an indicator says would depend on how long the program has
    been running. A window of its own length makes it a function of the bars alone, and long enough that what came
    before it hardly counts: an RSI of 100 bars over 250 closes is off by more than a point.
    """
    return max(MIN_BARS, _remembered(1 / period) + 1)


def macd_window(slow: int, signal: int, lookback: int) -> int:
    """Return how many closes a MACD is computed from: every bar of the look-back has its values."""
    return max(MIN_BARS, _remembered(2 / (slow + 1)) + signal + lookback)


def in_reach(interval: Interval) -> int | None:
    """Return about how many bars of an interval the broker keeps; None where it keeps years of them (days)."""
    return None if interval.minutes is None else _SESSIONS * math.ceil(_SESSION_MIN / interval.minutes)


def _remembered(weight: float) -> int:
    """Return after how many bars an exponential average that gives its newest value this weight has forgotten."""
    return math.ceil(math.log(_FORGOTTEN) / math.log1p(-weight))

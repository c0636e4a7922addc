"""Indicator values by their published formulas, one number at a time: the second opinion on `ta`."""

import itertools
from collections.abc import Sequence


def rsi_by_hand(closes: Sequence[float], period: int) -> float | None:
    """Wilder's smoothing with weight 1/period, begun at the first close with no change, as `ta` begins it."""
    gain = loss = 0.0
    for before, after in itertools.pairwise(closes):
        change = after - before
        gain += (max(change, 0.0) - gain) / period
        loss += (max(-change, 0.0) - loss) / period
    if loss == 0:
        return 100.0
    return 100 - 100 / (1 + gain / loss)


def ema_by_hand(values: Sequence[float], span: int) -> list[float]:
    """Weight 2/(span+1), begun at the first value."""
    smoothed = [values[0]]
    for value in values[1:]:
        smoothed.append(smoothed[-1] + (value - smoothed[-1]) * 2 / (span + 1))
    return smoothed


def macd_by_hand(
    closes: Sequence[float], fast: int = 12, slow: int = 26, signal: int = 9
) -> tuple[list[float], list[float]]:
    """MACD and its signal; the signal begins where the slow average has seen `slow` closes, as `ta` begins it."""
    line = [f - s for f, s in zip(ema_by_hand(closes, fast), ema_by_hand(closes, slow), strict=True)]
    return line[slow - 1 :], ema_by_hand(line[slow - 1 :], signal)

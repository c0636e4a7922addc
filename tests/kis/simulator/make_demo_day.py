"""`python -m tests.kis.simulator.make_demo_day`: make the demo's trading days again; every number in them is invented.

Three tickers, about 300 daily bars, a week of minutes and one day to live through: TQQQ has been falling and is worth
buying at the open, O has been rising and turns up again a few minutes after the open, XLF stands between.
"""

import gzip
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import exp
from pathlib import Path

from kis.simulator.demo import DATA, DEMO_DAY
from kis.simulator.market.bars import DayBar, TapeBar
from kis.simulator.market.calendar import (
    MINUTE_MS,
    TradingSession,
    new_york_at,
    session_of,
    sessions_between,
    shift_session,
)
from kis.simulator.market.chance import generator
from kis.simulator.market.shape import minutes_of_day, on_tick
from kis.simulator.text import dollars

SEED = 2026
HISTORY = 300
MINUTE_DAYS = 6
Waypoints = Sequence[tuple[int, float]]  # minute of the session, per cent from the close before


@dataclass(frozen=True, slots=True)
class Script:
    """How one ticker gets to the demo day and through it."""

    symbol: str
    close_before: int  # ten-thousandths of a dollar, the close before the demo day
    volatility: float
    volume: int
    recent: tuple[float, ...]  # daily moves in per cent, the newest last, leading to that close
    eve: Waypoints
    day: Waypoints
    noise: float  # of a minute, in per cent


SCRIPTS = (
    Script(
        symbol="TQQQ",
        close_before=614_200,
        volatility=0.030,
        volume=68_000_000,
        recent=(1.1, -2.9, -1.4, 2.2, -3.1, 1.6, -1.2, -2.4, 0.9, -1.7, 1.6, -2.4, 0.6, -1.9, 0.7, -1.6),
        eve=((0, 0.4), (60, 1.1), (150, -0.4), (240, 0.3), (330, -1.2), (390, -0.9)),
        day=(
            (0, -0.6), (8, -0.9), (25, 0.1), (70, 1.8), (120, 2.6),
            (180, 1.2), (230, 0.2), (300, -1.1), (345, -0.3), (390, 0.5),
        ),
        noise=0.055,
    ),
    Script(
        symbol="O",
        close_before=582_500,
        volatility=0.009,
        volume=5_200_000,
        recent=(0.5, 0.3, -0.4, 0.8, 0.6, -0.2, 0.7, 0.4, 0.5, -0.3, 0.6, 0.5, -0.1, 0.7, 0.4, 0.3),
        eve=((0, 0.1), (90, 0.5), (200, 0.6), (300, 0.55), (350, 0.45), (390, 0.3)),
        day=(
            (0, 0.02), (3, -0.12), (12, 0.22), (45, 0.55), (110, 0.3),
            (170, 0.45), (260, 0.15), (330, 0.5), (390, 0.62),
        ),
        noise=0.010,
    ),
    Script(
        symbol="XLF",
        close_before=507_300,
        volatility=0.010,
        volume=42_000_000,
        recent=(0.6, -0.5, 0.4, -0.7, 0.9, -0.3, 0.5, -0.8, 0.7, 0.3, -0.6, 0.5, 0.2, -0.6, 0.3, -0.4),
        eve=((0, 0.1), (120, -0.2), (260, 0.35), (390, 0.2)),
        day=((0, 0.1), (40, 0.35), (140, -0.25), (250, 0.2), (340, -0.1), (390, 0.15)),
        noise=0.018,
    ),
)  # fmt: skip


def make(folder: Path) -> None:
    """Write daily and minute files of every script into a folder, byte for byte the same each time."""
    for script in SCRIPTS:
        days = _days(script)
        minutes: list[TapeBar] = []
        for before, day in zip(days[-MINUTE_DAYS - 1 :], days[-MINUTE_DAYS:], strict=False):
            minutes += _plain_minutes(before, day, script)
        eve = _walked(script, script.eve, days[-2].close, session_of(days[-1].day), ends_at=days[-1].close)
        minutes = [bar for bar in minutes if bar.start_ms < session_of(days[-1].day).pre_open_ms] + eve
        minutes += _walked(script, script.day, script.close_before, session_of(DEMO_DAY), ends_at=None)
        days[-1] = _day_of(eve, session_of(days[-1].day))
        _write(folder / "daily" / f"{script.symbol}.csv.gz", "date", _daily_rows(days))
        _write(folder / "minute" / f"{script.symbol}.csv.gz", "time", _minute_rows(minutes))


def _days(script: Script) -> list[DayBar]:
    """Return the daily bars before the demo day; the moves of the last ones are the script's."""
    last = shift_session(DEMO_DAY, -1)
    dates = sessions_between(shift_session(DEMO_DAY, -HISTORY), last)
    moves = []
    for n, day in enumerate(dates):
        rng = generator(SEED, script.symbol, day.isoformat())
        recent = n - len(dates) + len(script.recent)
        moves.append(script.recent[recent] / 100 if recent >= 0 else rng.gauss(0.0003, 0.8) * script.volatility)
    closes = [script.close_before]
    for move in reversed(moves):
        closes.append(on_tick(closes[-1] / exp(move)))
    closes.reverse()
    return [_candle(script, day, closes[n], closes[n + 1]) for n, day in enumerate(dates)]


def _candle(script: Script, day: date, before: int, close: int) -> DayBar:
    rng = generator(SEED, script.symbol, day.isoformat(), "candle")
    opened = on_tick(before * exp(rng.gauss(0, 0.3) * script.volatility))
    high = on_tick(max(opened, close) * (1 + abs(rng.gauss(0, 0.3)) * script.volatility))
    low = on_tick(min(opened, close) * (1 - abs(rng.gauss(0, 0.3)) * script.volatility))
    volume = int(script.volume * rng.lognormvariate(0, 0.2))
    return DayBar(day, opened, max(high, opened, close), min(low, opened, close), close, volume)


def _plain_minutes(before: DayBar, day: DayBar, script: Script) -> list[TapeBar]:
    key = f"{SEED}|{script.symbol}"
    return minutes_of_day(day, before.close, session_of(day.day), key, busy=script.volume > 20_000_000)


def _walked(
    script: Script, points: Waypoints, before: int, session: TradingSession, *, ends_at: int | None
) -> list[TapeBar]:
    """Return a session's minutes along waypoints, with sparse trading around it."""
    rng = generator(SEED, script.symbol, session.day.isoformat(), "walk")
    path = [_level(points, n) + (rng.gauss(0, script.noise) if 0 < n < session.minutes else 0) for n in range(391)]
    prices = [on_tick(before * (1 + percent / 100)) for percent in path]
    if ends_at is not None:
        prices[-1] = ends_at
    bars = _before_open(before, prices[0], session, rng.random)
    weights = [0.6 + 2.6 * (1 - n / 390) ** 6 + 1.5 * (n / 390) ** 8 for n in range(390)]
    total = sum(weights)
    for n in range(session.minutes):
        opened, close = prices[n], prices[n + 1]
        wick = before * script.noise / 100 * 0.6
        high = max(opened, close, on_tick(max(opened, close) + abs(rng.gauss(0, wick))))
        low = min(opened, close, on_tick(min(opened, close) - abs(rng.gauss(0, wick))))
        volume = int(script.volume * 0.9 * weights[n] / total * rng.lognormvariate(0, 0.35))
        bars.append(TapeBar(session.open_ms + n * MINUTE_MS, MINUTE_MS, opened, high, low, close, max(1, volume)))
    last = prices[-1]
    bars.append(TapeBar(session.close_ms, MINUTE_MS, last, last, last, last, int(script.volume * 0.06)))
    return bars


def _before_open(before: int, opened: int, session: TradingSession, chance: Callable[[], float]) -> list[TapeBar]:
    bars: list[TapeBar] = []
    last = before
    for n in range(0, 330, 5):
        if chance() < 0.5:
            continue
        close = on_tick(before + (opened - before) * n / 330)
        bar = TapeBar(
            session.pre_open_ms + n * MINUTE_MS, MINUTE_MS, last, max(last, close), min(last, close), close, 0
        )
        bars.append(TapeBar(bar.start_ms, MINUTE_MS, last, bar.high, bar.low, close, 100 + int(chance() * 900)))
        last = close
    return bars


def _level(points: Waypoints, minute: int) -> float:
    for (start, low), (end, high) in pairwise(points):
        if start <= minute <= end:
            return low + (high - low) * (minute - start) / (end - start)
    return points[-1][1]


def _day_of(bars: list[TapeBar], session: TradingSession) -> DayBar:
    regular = [bar for bar in bars if session.open_ms <= bar.start_ms <= session.close_ms]
    return DayBar(
        session.day,
        regular[0].open,
        max(bar.high for bar in regular),
        min(bar.low for bar in regular),
        regular[-1].close,
        sum(bar.volume for bar in regular),
    )


def _daily_rows(days: list[DayBar]) -> Iterable[str]:
    return (f"{d.day.isoformat()},{_prices(d.open, d.high, d.low, d.close)},{d.volume}" for d in days)


def _minute_rows(bars: list[TapeBar]) -> Iterable[str]:
    return (f"{new_york_at(b.start_ms).isoformat()},{_prices(b.open, b.high, b.low, b.close)},{b.volume}" for b in bars)


def _prices(*values: int) -> str:
    return ",".join(f"{dollars(value):.2f}" for value in values)


def _write(path: Path, first: str, rows: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join((f"{first},open,high,low,close,volume", *rows)) + "\n"
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as stream:
        stream.write(text.encode())
    path.write_bytes(packed.getvalue())


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)

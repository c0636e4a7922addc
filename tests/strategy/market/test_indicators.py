"""RSI, MACD and crosses against the formulas and against checked-in vectors. Rows S4, S5, S57, S82, S84, S85."""

import json
import math
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategy.market.indicators import Closes, macd, newest_cross, read, rsi
from strategy.model import CrossView, Interval
from strategy.settings.indicator_windows import MIN_BARS, macd_window, rsi_window
from tests.fakes.clock import trading_settings
from tests.support.reference import macd_by_hand, rsi_by_hand

VECTORS = json.loads((Path(__file__).parent / "indicator_vectors.json").read_text())


def _walk(seed: int, count: int = 250, start: float = 100.0) -> tuple[float, ...]:
    chance = random.Random(seed)  # noqa: S311 - prices, not secrets
    closes = [start]
    while len(closes) < count:
        closes.append(round(closes[-1] * (1 + chance.gauss(0, 0.01)), 2))
    return tuple(closes)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_values_equal_the_checked_in_vectors_s4_s84(vector: dict[str, object]) -> None:
    closes = tuple(float(close) for close in vector["closes"])  # type: ignore[attr-defined]
    assert rsi(closes, 14) == pytest.approx(vector["rsi_14"], abs=1e-6)
    reading = macd(closes, 12, 26, 9, 5)
    assert reading is not None
    assert reading.macd == pytest.approx(vector["macd"], abs=1e-6)
    assert reading.signal == pytest.approx(vector["signal"], abs=1e-6)
    assert reading.histogram == pytest.approx(vector["histogram"], abs=1e-6)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_the_vectors_equal_the_formulas(vector: dict[str, object]) -> None:
    closes = [float(close) for close in vector["closes"]]  # type: ignore[attr-defined]
    line, signal = macd_by_hand(closes)
    assert vector["rsi_14"] == pytest.approx(rsi_by_hand(closes, 14), abs=1e-9)
    assert vector["macd"] == pytest.approx(line[-1], abs=1e-9)
    assert vector["signal"] == pytest.approx(signal[-1], abs=1e-9)


@pytest.mark.parametrize("period", [2, 9, 14, 21])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rsi_equals_the_formula_s82(seed: int, period: int) -> None:
    closes = _walk(seed)
    assert rsi(closes, period) == pytest.approx(rsi_by_hand(closes, period), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.decimals(1, 500, places=2).map(float), min_size=MIN_BARS, max_size=140))
def test_any_series_equals_the_formulas_s82_s84(series: list[float]) -> None:
    closes = tuple(series)
    if len(set(closes[-15:])) > 1:
        assert rsi(closes, 14) == pytest.approx(rsi_by_hand(closes, 14), abs=1e-6)
    reading = macd(closes, 12, 26, 9, 5)
    line, signal = macd_by_hand(closes)
    assert reading is not None
    assert (reading.macd, reading.signal) == pytest.approx((line[-1], signal[-1]), abs=1e-6)


def test_no_signal_during_warm_up() -> None:
    closes = _walk(1)
    assert rsi(closes[: MIN_BARS - 1], 14) is None
    assert rsi(closes[:MIN_BARS], 14) is not None
    assert macd(closes[: MIN_BARS - 1], 12, 26, 9, 5) is None
    assert macd(closes[:MIN_BARS], 12, 26, 9, 5) is not None
    assert rsi_window(14) == macd_window(26, 9, 5) == MIN_BARS == 100
    assert rsi(_walk(1, rsi_window(100) - 1), 100) is None
    assert macd(_walk(1, macd_window(200, 50, 5) - 1), 100, 200, 50, 5) is None


def test_a_window_without_movement_gives_no_rsi() -> None:
    closes = _walk(1, 150)
    flat = closes + (closes[-1],) * 14
    assert rsi(flat, 14) is None  # though Wilder's smoothing still remembers older changes
    assert rsi(flat[:-1], 14) is not None
    assert rsi((50.0,) * 200, 14) is None


def test_a_cent_down_after_a_dead_hour_is_no_rsi_of_zero() -> None:
    closes = (100.0,) * 150
    assert rsi((*closes, 99.99), 14) == 0  # one single move: ta calls it the end of the world
    assert rsi((*closes, 99.99), 14, 2) is None
    told = read(_closes((*closes, 99.99), Interval.M1), _closes(closes, Interval.M1), trading_settings())
    assert (told.rsi, told.rsi_moves) == (None, 1)  # RSI_MIN_MOVES is 5


@pytest.mark.parametrize(("moved", "known"), [(4, False), (5, True)])
def test_rsi_is_known_from_the_least_moves_on(moved: int, known: bool) -> None:
    still = (100.0,) * 120
    closes = (*still, *(100.0 + n for n in range(1, moved + 1)))
    reading = read(_closes(closes, Interval.M1), _closes(closes, Interval.M1), trading_settings())
    assert (reading.rsi is not None) is known


def test_of_a_short_period_the_moves_are_counted_over_more_bars() -> None:
    """RSI(2) with one bar that did not move, as every thin minute has, stays known; a dead period does not."""
    settings = trading_settings(rsi_period="2")
    for tail, known in (((1.0, 2.0, 2.0), True), ((2.0, 2.0, 2.0), False)):
        closes = _closes((*(float(n) for n in range(1, 120)), *tail), Interval.M1)
        assert (read(closes, closes, settings).rsi is not None) is known


@pytest.mark.parametrize("at", [-1, -2, -40, -100])
def test_a_close_that_is_no_number_makes_the_window_unknown(at: int) -> None:
    closes = list(_walk(5, 200))
    closes[at] = math.nan
    seen = _closes(tuple(closes), Interval.M1)
    reading = read(seen, seen, trading_settings())
    assert (reading.rsi, reading.macd, reading.golden_cross) == (None, None, None)
    closes[at], closes[-101] = 100.0, math.nan  # older than the window: none of its business
    seen = _closes(tuple(closes), Interval.M1)
    assert read(seen, seen, trading_settings()).rsi is not None


_PERIODS = st.fixed_dictionaries(
    {
        "rsi_period": st.integers(2, 100),
        "macd_fast": st.integers(2, 99),
        "macd_slow": st.integers(100, 200),
        "macd_signal": st.integers(2, 100),
        "cross_lookback": st.integers(1, 50),
    }
)


@settings(max_examples=40, deadline=None)
@given(_PERIODS, st.integers(0, 9), st.integers(0, 700))
def test_values_do_not_depend_on_how_long_the_program_has_run(periods: dict[str, int], seed: int, older: int) -> None:
    """The same newest bars give the same values, whatever came before them was seen or not."""
    asked = trading_settings(**periods)
    window = max(rsi_window(asked.rsi_period), macd_window(asked.macd_slow, asked.macd_signal, asked.cross_lookback))
    history = _walk(seed, window + older)
    started = _closes(history[-window:], Interval.DAY)
    running = _closes(history, Interval.DAY)
    just_started, for_long = read(started, started, asked), read(running, running, asked)
    assert just_started == for_long
    assert None not in (for_long.rsi, for_long.macd)


@pytest.mark.parametrize("period", [2, 14, 50, 100])
def test_a_window_is_long_enough_that_what_came_before_hardly_counts(period: int) -> None:
    """Against Wilder's formula over 2,000 closes: over 250 closes alone an RSI(100) was off by 1.6 points."""
    for seed in range(20):
        closes = _walk(seed, 2_000)
        assert rsi(closes[-rsi_window(period) :], period) == pytest.approx(rsi_by_hand(closes, period), abs=0.1)


def test_the_side_of_a_slow_macd_agrees_with_its_whole_history() -> None:
    """MACD(100, 200, 50) over the bars of a start had the wrong sign on 7 of 100 bars."""
    wrong = 0
    for seed in range(10):
        closes = _walk(seed, 1_200)
        for end in range(800, 1_200, 20):
            cut = macd(closes[end - macd_window(200, 50, 5) : end], 100, 200, 50, 5)
            whole = macd(closes[:end], 100, 200, 50, 5)
            assert cut is not None
            assert whole is not None
            wrong += (cut.histogram > 0) is not (whole.histogram > 0)
    assert wrong <= 2  # of 200


def test_only_gains_are_100_and_only_losses_0() -> None:
    rising = tuple(100.0 + n for n in range(120))
    assert rsi(rising, 14) == 100
    assert rsi(rising[::-1], 14) == 0


def test_a_window_without_movement_has_no_macd_and_no_cross_s84() -> None:
    reading = macd((50.0,) * 200, 12, 26, 9, 5)
    assert reading is not None
    assert reading.macd == pytest.approx(0, abs=1e-12)
    assert (reading.golden, reading.dead) == (None, None)


@pytest.mark.parametrize("age", range(5))
def test_a_cross_at_each_of_the_five_bars_s5(age: int) -> None:
    gaps = (-1.0,) * (5 - age) + (1.0,) * (age + 1)
    assert newest_cross(gaps) == CrossView(age=age, holds=True)


def test_a_cross_at_the_sixth_bar_is_too_old_s5() -> None:
    assert newest_cross((1.0,) * 6) is None  # the bar that crossed is only the predecessor of the fifth


def test_equal_then_above_is_a_cross_s5() -> None:
    assert newest_cross((0.0, 0.0, 0.0, 0.0, 0.0, 0.1)) == CrossView(age=0, holds=True)
    assert newest_cross((0.1, 0.1, 0.1, 0.1, 0.1, 0.0)) is None


def test_a_reversed_cross_counts_and_is_shown_as_not_holding_s5() -> None:
    assert newest_cross((-1, -1, 1, 1, -1, -1)) == CrossView(age=3, holds=False)


def test_the_newest_of_two_crosses_is_shown() -> None:
    assert newest_cross((-1, 1, -1, 1, 1, 1)) == CrossView(age=2, holds=True)


def test_residues_of_smoothing_are_no_cross() -> None:
    assert newest_cross((0.0, 1e-15, -1e-15, 1e-15, 0.0, 1e-15), noise=1e-10) is None


def _crossing(age: int, *, up: bool) -> tuple[float, ...]:
    """Closes whose MACD crosses its signal so many bars before the end: a trend that turns."""
    sign = 1 if up else -1
    falling = [200 - sign * 0.5 * n for n in range(150)]
    closes = list(falling)
    while True:
        closes.append(closes[-1] + sign * 1.5)
        line, signal = macd_by_hand(closes)
        if sign * (line[-1] - signal[-1]) > 0:
            break
    for _ in range(age):
        closes.append(closes[-1] + sign * 1.5)
    return tuple(closes)


@pytest.mark.parametrize("age", range(7))
def test_golden_and_dead_crosses_of_real_series_s5_s85(age: int) -> None:
    golden, dead = macd(_crossing(age, up=True), 12, 26, 9, 5), macd(_crossing(age, up=False), 12, 26, 9, 5)
    assert golden is not None
    assert dead is not None
    expected = CrossView(age=age, holds=True) if age < 5 else None
    assert (golden.golden, golden.dead) == (expected, None)
    assert (dead.golden, dead.dead) == (None, expected)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=6, max_size=6), st.just(5))
def test_a_cross_is_found_exactly_by_its_definition_s57(gaps: list[float], lookback: int) -> None:
    """Among the newest bars there is one above its signal while the bar before was at or below."""
    there = any(gaps[at] > 0 and gaps[at - 1] <= 0 for at in range(1, lookback + 1))
    found = newest_cross(tuple(gaps))
    assert (found is not None) is there
    if found is not None:
        at = len(gaps) - 1 - found.age
        assert gaps[at] > 0 >= gaps[at - 1]
        assert found.holds is (gaps[-1] > 0)


def _closes(values: tuple[float, ...], interval: Interval, used: str = "closed", minute: int = 0) -> Closes:
    at = datetime(2026, 3, 10, 14, minute, tzinfo=UTC)
    return Closes(interval=interval, values=values, bars_used=used, newest_at=at)  # type: ignore[arg-type]


def test_a_reading_says_what_it_saw() -> None:
    closes = _walk(4)
    reading = read(_closes(closes, Interval.DAY, "live"), _closes(closes, Interval.M1, minute=7), trading_settings())
    assert (reading.rsi_interval, reading.rsi_bars, reading.macd_interval) == ("day", 100, "1")
    assert reading.bars_used == "rsi live, macd closed"
    assert reading.newest_bar_at == datetime(2026, 3, 10, 14, 7, tzinfo=UTC)
    assert reading.rsi is not None
    assert reading.macd_histogram is not None
    same = read(_closes(closes, Interval.M5), _closes(closes, Interval.M5), trading_settings())
    assert same.bars_used == "closed"


def test_what_warms_up_is_unknown() -> None:
    short = _closes(_walk(4, 50), Interval.M1)
    reading = read(short, short, trading_settings())
    assert (reading.rsi, reading.macd, reading.macd_signal, reading.golden_cross) == (None, None, None, None)
    assert (reading.rsi_bars, reading.macd_bars) == (50, 50)


def test_the_same_closes_are_computed_once() -> None:
    closes = _walk(9)
    rsi.cache_clear()
    assert rsi(closes, 14) == rsi(tuple(closes), 14)
    assert rsi.cache_info().misses == 1
    assert not math.isnan(rsi(closes, 14) or math.nan)

"""The shipped day does what the demo needs of it."""

import gzip
import itertools
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import ta.momentum
import ta.trend

from kis.simulator.demo import DATA, demo
from kis.simulator.market.calendar import session_of, sessions_between, shift_session
from kis.simulator.market.market import SimMarket
from kis.simulator.text import dollars
from tests.kis.simulator.make_demo_day import make


@pytest.fixture(scope="module")
def market() -> SimMarket:
    return SimMarket(demo().start, replay=demo().path)


def closes(market: SimMarket, symbol: str) -> list[float]:
    tape = market.tape(symbol)
    assert tape is not None
    days = sessions_between(shift_session(demo().session, -290), shift_session(demo().session, -1))
    bars = [tape.daily(day, corrected=True) for day in days]
    return [float(dollars(bar.close)) for bar in bars if bar is not None]


def live_minutes(market: SimMarket, symbol: str) -> list[float]:
    tape = market.tape(symbol)
    assert tape is not None
    session = session_of(demo().session)
    bars = tape.series.bars(demo().session)
    return [float(dollars(bar.close)) for bar in bars if session.open_ms <= bar.start_ms < session.close_ms]


def rsi(values: list[float]) -> float:
    return float(ta.momentum.RSIIndicator(pd.Series(values), 14).rsi().iloc[-1])


def test_tqqq_is_oversold_all_through_the_first_ten_minutes(market: SimMarket) -> None:
    history = closes(market, "TQQQ")
    assert len(history) >= 250
    for price in live_minutes(market, "TQQQ")[:10]:
        assert rsi([*history, price]) <= 48


def test_o_is_overbought_and_turns_up_within_twelve_minutes(market: SimMarket) -> None:
    history = closes(market, "O")
    live = live_minutes(market, "O")
    assert all(rsi([*history, price]) >= 62 for price in live[:15])
    tape = market.tape("O")
    assert tape is not None
    earlier = [
        float(dollars(bar.close))
        for day in sessions_between(shift_session(demo().session, -4), shift_session(demo().session, -1))
        for bar in tape.minute_bars(day)
        if session_of(day).open_ms <= bar.start_ms < session_of(day).close_ms
    ]
    macd = ta.trend.MACD(pd.Series(earlier + live[:12]))
    gap = (macd.macd() - macd.macd_signal()).tolist()[-12:]
    assert any(before <= 0 < after for before, after in itertools.pairwise(gap))


def test_the_account_of_the_demo_holds_forty_shares_of_o() -> None:
    (holding,) = demo().holdings
    assert (holding.symbol, holding.qty, holding.average) == ("O", 40, Decimal("56.40"))


def test_the_shipped_files_are_what_the_generator_makes_and_small(tmp_path: Path) -> None:
    make(tmp_path)
    shipped = sorted(path.relative_to(DATA) for path in DATA.rglob("*.csv.gz"))
    assert shipped == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv.gz"))
    assert all(_unpacked(DATA / path) == _unpacked(tmp_path / path) for path in shipped)
    assert sum((DATA / path).stat().st_size for path in shipped) < 400_000


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())

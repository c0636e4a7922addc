"""A night of the whole program: after the close the bars kept are those the simulated market made, exactly."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kis.simulator.market.bars import TapeBar
from kis.simulator.options import KeySpec, Served, SimulatorOptions
from storage.bars.archive import BarRepository, open_archive
from strategy.market import session_on, sessions
from strategy.model import BarSource
from tests.scenarios.world import MARKET_DATA, QUOTE_KEY, World, recorded, running

PACE = {"stop_poll_s": "60", "reconcile_interval_s": "600", "check_interval_minutes": "30"}
OPTIONS = SimulatorOptions(
    keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),), prints_a_minute=2, pingpong_s=1800
)
Row = tuple[datetime, Decimal, Decimal, Decimal, Decimal, int]

pytestmark = pytest.mark.timeout(280)


def made(world: World, ticker: str, on: date) -> list[Row]:
    """Return the minutes of a regular session as the market itself has them."""
    session, tape = session_on(on), world.simulator.world.market.tape(ticker)
    assert session is not None
    assert tape is not None
    by_minute: dict[int, list[TapeBar]] = {}
    for bar in tape.minute_bars(on):
        by_minute.setdefault(bar.start_ms // 60_000, []).append(bar)
    rows = [_row(minute, bars) for minute, bars in sorted(by_minute.items())]
    return [row for row in rows if session.opens_at <= row[0] < session.closes_at]


def _row(minute: int, bars: Sequence[TapeBar]) -> Row:
    prices = (bars[0].open, max(bar.high for bar in bars), min(bar.low for bar in bars), bars[-1].close)
    opened, high, low, close = (Decimal(price) / 10_000 for price in prices)
    return datetime.fromtimestamp(minute * 60, UTC), opened, high, low, close, sum(bar.volume for bar in bars)


async def kept(archive: BarRepository, ticker: str, on: date) -> list[Row]:
    """Return the minutes of one kept session, no other source's."""
    found = await archive.sessions(BarSource.SIMULATED, ticker, on, on)
    return [(b.start, b.open, b.high, b.low, b.close, b.volume) for each in found for b in each.bars]


async def test_after_the_close_the_bars_kept_are_the_markets_own(tmp_path: Path) -> None:
    tonight = date(2026, 9, 15)
    start = datetime(2026, 9, 15, 13, 29, 30, tzinfo=UTC)
    trading = {**PACE, "trading_tickers": "NASDAQ:MSFT,NYSE:KO"}
    async with running(tmp_path, start=start, options=OPTIONS, trading=trading, keep_bars=True) as world:
        await world.until(datetime(2026, 9, 15, 20, 9, tzinfo=UTC))
        async with open_archive(tmp_path / "data") as archive:  # beside the program, as a chart will read
            assert not await kept(archive, "MSFT", tonight)
            await world.until(datetime(2026, 9, 15, 20, 15, tzinfo=UTC))
            for ticker in ("MSFT", "KO"):
                assert len(await kept(archive, ticker, tonight)) > 300
                for session in sessions(tonight - timedelta(days=29), tonight):
                    assert await kept(archive, ticker, session.on) == made(world, ticker, session.on), session.on
            assert not (await archive.totals(BarSource.REAL)).sessions
        await world.say("/health")
        told = [message for message in await world.messages() if "분봉" in (message["text"] or "")]
        [progress] = [message for message in told if "MSFT" in message["text"] and "거래일 보관" in message["text"]]
        assert progress["silent"]
        assert "지난 분봉을 보관했습니다" in progress["text"]
        assert "2종목" in told[-1]["text"]
        while await world.program.storage.outbox.pending(1):
            await world.idle()


@pytest.mark.skipif(not MARKET_DATA.exists(), reason="the recorded market bars are not beside the repository")
async def test_recorded_days_with_a_split_are_kept_raw_with_the_factor_beside_them(tmp_path: Path) -> None:
    bars = recorded(tmp_path / "bars", minute="AAPL", daily="AAPL")
    trading = {**PACE, "trading_tickers": "NASDAQ:AAPL"}
    start, end = datetime(2014, 6, 6, 19, 30, tzinfo=UTC), datetime(2014, 6, 9, 20, 15, tzinfo=UTC)
    async with running(tmp_path, replay=bars, start=start, options=OPTIONS, trading=trading, keep_bars=True) as world:
        await world.until(end)
        async with open_archive(tmp_path / "data") as archive:
            found = await archive.sessions(BarSource.SIMULATED, "AAPL", date(2014, 6, 5), date(2014, 6, 9))
            for each in found:
                assert await kept(archive, "AAPL", each.on) == made(world, "AAPL", each.on)
    assert [each.on.day for each in found] == [5, 6, 9]
    assert [640 < each.bars[-1].close < 660 for each in found] == [True, True, False]  # as they were traded
    assert all(90 < each.adjusted()[-1].close < 95 for each in found)

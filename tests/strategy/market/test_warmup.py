"""Every period the settings allow gets the bars it needs, at the start and when it is changed while running.

Row S47.
"""

import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Interval
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, World, running

SLOWEST = {"macd_fast": "100", "macd_slow": "200", "macd_signal": "100", "cross_lookback": "50"}


def _settings(**changes: str) -> TradingSettings:
    return trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_interval="day", macd_interval="1", **changes)


def _walk(count: int) -> list[Decimal]:
    chance = random.Random(5)  # noqa: S311 - prices, not secrets
    closes = [Decimal(100)]
    while len(closes) < count:
        closes.append(closes[-1] + Decimal(chance.randint(-20, 20)) / 100)
    return closes


@pytest.fixture
def world() -> World:
    made = World.at(OPEN + timedelta(minutes=10))
    for interval in Interval:
        made.market.set_closes(TQQQ, interval, _walk(1_000))
    made.price(TQQQ, "100")
    return made


@pytest.mark.parametrize("changes", [{}, {"rsi_period": "100"}, SLOWEST], ids=["usual", "rsi 100", "slowest macd"])
async def test_a_start_asks_for_as_many_bars_as_the_periods_need_s47(
    tmp_path: Path, world: World, changes: dict[str, str]
) -> None:
    """MACD 100/200/100 with a look-back of 50 used to stay at "250 of 350" for ever, so no rule sell ever came."""
    async with running(tmp_path, world, settings=_settings(**changes), ticks=False) as bench:
        assert bench.core.trading.watch.warm(TQQQ)
        reading = bench.core.trading.watch.indicators(TQQQ, Decimal(100))
        assert None not in (reading.rsi, reading.macd)


async def test_a_longer_period_set_while_running_fetches_the_older_bars(tmp_path: Path, world: World) -> None:
    async with running(tmp_path, world, settings=_settings(), ticks=False) as bench:
        watch, book = bench.core.trading.watch, bench.core.base.book
        assert watch.indicators(TQQQ, Decimal(100)).macd_bars == 100
        for name, value in (
            ("RSI_PERIOD", "100"),
            ("MACD_SLOW", "200"),
            ("MACD_FAST", "100"),
            ("MACD_SIGNAL", "100"),
            ("CROSS_LOOKBACK", "50"),
        ):
            await book.apply(book.draft(name, value, symbol=None, until=None), user_id=OWNER)
        assert watch.indicators(TQQQ, Decimal(100)).rsi is None
        await watch.bring_up(TQQQ)
        reading = watch.indicators(TQQQ, Decimal(100))
        assert (reading.rsi_bars, reading.macd_bars) == (620, 772)
        assert None not in (reading.rsi, reading.macd)


async def test_bars_a_young_listing_does_not_have_are_not_asked_for_each_minute(tmp_path: Path, world: World) -> None:
    for interval in Interval:
        world.market.set_closes(TQQQ, interval, _walk(60))
    async with running(tmp_path, world, settings=_settings(), ticks=False) as bench:
        await bench.core.trading.watch.bring_up(TQQQ)
        assert not bench.core.trading.watch.warm(TQQQ)
        asked = world.market.bars_asked[TQQQ]
        await bench.core.trading.watch.bring_up(TQQQ)
        assert world.market.bars_asked[TQQQ] == asked

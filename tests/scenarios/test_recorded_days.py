"""Whole days of genuine market bars through the whole program: simulator, client, core, chat (issue of the main job).

Rows S1, S2, S10, S49, S90-S94 and decision D13, end to end.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.options import Environment, KeySpec, SimulatorOptions
from tests.scenarios.world import MARKET_DATA, QUOTE_KEY, World, facts, recorded, running

pytestmark = [
    pytest.mark.skipif(not MARKET_DATA.exists(), reason="the recorded market bars are not beside the repository"),
    pytest.mark.timeout(240),
]

# fewer prints, polls and looks than in real life: a day shall take seconds
PACE = {"stop_poll_s": "60", "reconcile_interval_s": "300", "check_interval_minutes": "5"}
MINUTES = {"rsi_interval": "5", "rsi_oversold": "45", "rsi_overbought": "55"}


def options(**changes: Any) -> SimulatorOptions:
    return SimulatorOptions(
        keys=(KeySpec(app_key=QUOTE_KEY, environment=Environment.REAL),), prints_a_minute=2, **changes
    )


async def replay(
    directory: Path, ticker: str, end: datetime, *, seed: int = 1, **trading: str
) -> tuple[str, dict[str, Any], dict[str, Sequence[tuple[Any, ...]]]]:
    """Run recorded days to the end; return the chat, the broker's books and the stored facts."""
    bars = recorded(directory / "bars", minute=ticker, daily=ticker)
    async with running(directory, replay=bars, options=options(), seed=seed, **{**PACE, **MINUTES, **trading}) as world:
        await world.until(end)
        chat, books = await delivered(world), await world.state()
    return chat, books, facts(directory)


async def delivered(world: World) -> str:
    """Return the chat once every alert has been delivered."""
    while await world.program.storage.outbox.pending(1):
        await world.idle()
    return await world.texts()


def net_fills(rows: Sequence[tuple[Any, ...]], books: dict[str, Any]) -> None:
    """Assert that every fill of the broker is stored once, at its price."""
    assert len(rows) >= len({fill["odno"] for fill in books["fills"]})


async def test_aapl_2014_06_05_to_09_trades_by_rule_and_the_split_fires_no_stop(tmp_path: Path) -> None:
    chat, books, stored = await replay(
        tmp_path, "AAPL", datetime(2014, 6, 9, 20, 31, tzinfo=UTC), trading_tickers="NASDAQ:AAPL"
    )
    # three sessions opened and closed by the clock
    for on in ("2014-06-05", "2014-06-06", "2014-06-09"):
        assert f"개장 (뉴욕 {on})" in chat
        assert f"거래일 종료 (뉴욕 {on})" in chat
    # the rule traded and the broker's books say the same
    assert len(stored["fills"]) > 5
    assert {order["side"] for order in books["orders"]} == {"buy", "sell"}
    assert all(order["status"] in ("filled", "canceled") for order in books["orders"])
    # 645 -> 93 overnight: the held shares were not sold by a stop
    assert "손절 발동" not in chat
    assert not [row for row in stored["decisions"] if '"stop"' in row[0] and json.loads(row[0])]
    assert Decimal(books["positions"][0]["average"]) < 100


@pytest.mark.parametrize(
    ("ticker", "symbol", "end"),
    [
        ("AAPL", "NASDAQ:AAPL", datetime(2014, 6, 5, 20, 31, tzinfo=UTC)),
        ("SPY", "AMEX:SPY", datetime(2013, 10, 7, 20, 31, tzinfo=UTC)),
    ],
)
async def test_the_same_seed_gives_the_same_decisions_orders_and_fills(
    tmp_path: Path, ticker: str, symbol: str, end: datetime
) -> None:
    runs = [
        await replay(tmp_path / name, ticker, end, trading_tickers=symbol, check_interval_minutes="3")
        for name in ("first", "second")
    ]
    (_, _, first), (_, _, second) = runs
    assert first["fills"]
    for table in ("decisions", "orders", "order_states", "fills"):
        assert first[table] == second[table], table


async def test_spy_2013_10_07_to_11_runs_a_week(tmp_path: Path) -> None:
    chat, books, stored = await replay(
        tmp_path, "SPY", datetime(2013, 10, 11, 20, 31, tzinfo=UTC), trading_tickers="AMEX:SPY"
    )
    for day in range(7, 12):
        assert f"개장 (뉴욕 2013-10-{day:02d})" in chat
        assert f"거래일 종료 (뉴욕 2013-10-{day:02d})" in chat
    assert stored["fills"]
    assert books["fills"]
    assert "전량 체결" in chat

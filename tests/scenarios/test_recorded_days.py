"""Whole days of genuine market bars through the whole program: simulator, client, core, chat.

Rows S1, S2, S10, S49, S90-S94 and decision D13, end to end; every test runs its days twice and compares.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.options import KeySpec, Served, SimulatorOptions
from tests.scenarios.world import MARKET_DATA, QUOTE_KEY, Row, facts, recorded, running

pytestmark = [
    pytest.mark.skipif(not MARKET_DATA.exists(), reason="the recorded market bars are not beside the repository"),
    pytest.mark.timeout(280),
]

# fewer polls, looks and prints than in real life: a day shall take seconds
PACE = {"stop_poll_s": "60", "reconcile_interval_s": "600", "check_interval_minutes": "5"}
RULE = {"rsi_interval": "5", "rsi_oversold": "45", "rsi_overbought": "55"}
OPTIONS = SimulatorOptions(
    keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),), prints_a_minute=2, pingpong_s=1800
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of some days: the chat, the broker's own books, and what the program stored."""

    chat: str
    books: dict[str, Any]
    stored: dict[str, list[Row]]


async def days(directory: Path, ticker: str, symbol: str, start: datetime, end: datetime) -> Run:
    """Run recorded days from start to end, with every alert delivered."""
    bars = recorded(directory / "bars", minute=ticker, daily=ticker)
    settings = {**PACE, **RULE, "trading_tickers": symbol}
    async with running(directory, replay=bars, start=start, options=OPTIONS, trading=settings) as world:
        await world.until(end)
        while await world.program.storage.outbox.pending(1):
            await world.idle()
        return Run(chat=await world.texts(), books=await world.state(), stored=facts(directory))


async def twice(directory: Path, ticker: str, symbol: str, start: datetime, end: datetime) -> Run:
    """Run the days twice with the same seed, assert that both runs decided and did the same, and return one."""
    first, second = [await days(directory / name, ticker, symbol, start, end) for name in ("first", "second")]
    for table in first.stored:
        assert first.stored[table] == second.stored[table], f"{table} differ between two runs of the same seed"
    return first


def quantities(fills: list[Row], number: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for fill in fills:
        found[str(int(fill[number]))] += int(fill["qty"])
    return found


def assert_traded_by_rule(run: Run) -> None:
    """Assert that signals led to orders, orders to fills, and that broker, database and chat tell the same."""
    signals = {row["id"]: row for row in run.stored["decisions"] if row["action"] in ("buy", "sell")}
    assert {row["action"] for row in signals.values()} == {"buy", "sell"}
    for order in run.stored["orders"]:
        decision = json.loads(signals[order["decision_id"]]["body"])
        assert decision["indicators"]["rsi"] is not None  # S2: the values that caused it
        assert f"#{order['no']}" in run.chat  # S91, S92
    assert quantities(run.stored["fills"], "venue_no") == quantities(run.books["fills"], "odno")
    assert "전량 체결" in run.chat  # S94


def assert_sessions_told(run: Run, *dates: str) -> None:
    for on in dates:  # S10, S49, S90: by the clock, once each
        assert run.chat.count(f"개장 (뉴욕 {on})") == 1
        assert run.chat.count(f"거래일 종료 (뉴욕 {on})") == 1


async def test_aapl_2014_06_05_to_09_trades_by_rule_and_its_split_fires_no_stop(tmp_path: Path) -> None:
    run = await twice(
        tmp_path,
        "AAPL",
        "NASDAQ:AAPL",
        datetime(2014, 6, 5, 13, 29, 30, tzinfo=UTC),
        datetime(2014, 6, 9, 20, 31, tzinfo=UTC),
    )
    assert_sessions_told(run, "2014-06-05", "2014-06-06", "2014-06-09")
    assert_traded_by_rule(run)
    # 645 -> 93 before the open of 06-09 (D13): shares were held over it, and no stop sold them
    held = [json.loads(row["body"]) for row in run.stored["decisions"]]
    assert any(row["position_qty"] and Decimal(row["average_cost"]) > 600 for row in held)
    assert any(row["position_qty"] and Decimal(row["average_cost"]) < 100 for row in held)
    assert not [row for row in run.stored["orders"] if row["origin"] == "stop_loss"]
    assert not [row for row in run.stored["decisions"] if row["action"] == "stop"]
    # and the indicators saw adjusted bars: no reading as of a crash
    assert all(row["indicators"]["rsi"] > 10 for row in held if row["indicators"]["rsi"] is not None)


async def test_spy_2013_10_07_to_11_trades_by_rule_for_a_week(tmp_path: Path) -> None:
    run = await twice(
        tmp_path,
        "SPY",
        "AMEX:SPY",
        datetime(2013, 10, 7, 13, 29, 30, tzinfo=UTC),
        datetime(2013, 10, 11, 20, 31, tzinfo=UTC),
    )
    assert_sessions_told(run, *(f"2013-10-{day:02d}" for day in range(7, 12)))
    assert_traded_by_rule(run)

"""Trouble through the whole program: what the owner is told, and what the broker's books say then.

Rows S7, S22, S62, S63, S93.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from kis.simulator.demo import demo
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from tests.scenarios.world import KEY, QUOTE_KEY, World, facts, running

QUOTES = KeySpec(app_key=QUOTE_KEY, environment=Served.REAL)
NO_SIGNALS = {"trading_tickers": "NASDAQ:TQQQ", "rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "60"}


async def told(world: World) -> str:
    """Return the chat once every alert has been delivered."""
    while await world.program.storage.outbox.pending(1):
        await world.idle()
    return await world.texts()


async def test_a_fall_sells_everything_and_locks_the_ticker_s7_s62_s63_s64_s93(tmp_path: Path) -> None:
    day = demo()
    options = SimulatorOptions(keys=(QUOTES,), holdings=(Holding(symbol="TQQQ", qty=100, average=Decimal("61.00")),))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(minutes=3))
        assert (await world.state())["positions"][0]["qty"] == 100
        await world.control("tick", symbol="TQQQ", last="57.00", bid="56.99", ask="57.01")
        await world.until(world.clock.now() + timedelta(minutes=2))
        chat, books = await told(world), await world.state()
    assert books["positions"] == []
    assert {(order["side"], order["status"]) for order in books["orders"]} == {("sell", "filled")}
    assert sum(fill["qty"] for fill in books["fills"]) == 100
    orders = facts(tmp_path)["orders"]
    assert {order["origin"] for order in orders} == {"stop_loss"}
    assert "🟧" in chat
    assert "-6.5" in chat or "−6.5" in chat  # the trigger's rate
    assert "TQQQ는 다음 거래일 또는 /release TQQQ 전까지 규칙으로 거래하지 않습니다" in chat  # S64


async def test_a_refused_notice_subscription_is_told_within_ten_seconds_s22(tmp_path: Path) -> None:
    day = demo()
    options = SimulatorOptions(keys=(QUOTES, KeySpec(app_key=KEY, environment=Served.VIRTUAL, hts_id="somebody-else")))
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=NO_SIGNALS) as world:
        await world.until(day.start + timedelta(seconds=10))
        assert "HTS_ID" in await told(world)

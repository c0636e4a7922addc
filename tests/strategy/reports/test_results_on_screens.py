"""What sales brought, on every screen of the whole program, against the broker's own books to the cent (D16)."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from kis.simulator.demo import demo
from kis.simulator.options import SimulatorOptions
from tests.scenarios.test_alarms import NO_SIGNALS, QUOTES
from tests.scenarios.test_money_on_screens import answer, dollars
from tests.scenarios.world import World, running

SCREENS = ("/trades", "/profit", "/daily", "/weekly", "/monthly", "/performance", "/stats", "/report day")
_RESULT = re.compile(r"모든 수수료 뺀 손익 [🔴🔵⚪] ([+-]?\$[\d,.]+)")
_BROKER = re.compile(r"증권사 표시 손익 ([+-]?\$[\d,.]+)")


async def at(world: World, price: str) -> None:
    """Let the ticker trade at a price in whole dollars, of which one percent is whole cents."""
    await world.control("tick", symbol="TQQQ", last=price, bid=price, ask=price)
    await world.until(world.clock.now() + timedelta(seconds=20))


async def trade(world: World, side: str, qty: int, price: str) -> None:
    """Trade by hand, as in the broker's app, until the bot has heard of it."""
    await at(world, price)
    await world.control("order", symbol="TQQQ", side=side, qty=qty, price=price)
    await at(world, price)
    await world.until(world.clock.now() + timedelta(minutes=2))


def summed(pattern: re.Pattern[str], text: str) -> Decimal:
    return sum((dollars(each) for each in pattern.findall(text)), Decimal(0))


async def test_a_position_bought_and_sold_shows_the_change_of_cash_and_the_brokers_figure_everywhere(
    tmp_path: Path,
) -> None:
    """Sold at the price of the buy, both commissions are the loss: twice what the broker shows."""
    day, options = demo(), SimulatorOptions(keys=(QUOTES,), balance_lag_s=(0, 0), live=False)
    trading = {**NO_SIGNALS, "stop_loss_rate": "off", "commission_pct": "1", "sec_fee_pct": "0"}
    async with running(tmp_path, replay=day.path, start=day.start, options=options, trading=trading) as world:
        await world.until(day.start + timedelta(minutes=2))
        cash = Decimal((await world.state())["cash"])
        await trade(world, "buy", 20, "60")
        text = await answer(world, "/positions")
        assert "매수 수수료 포함 평균 $60.60" in text
        assert "🔵 -0.99%" in text, "a percent of what was paid, fees of the buy included"
        await trade(world, "sell", 8, "60")
        await trade(world, "sell", 12, "60")
        books = await world.state()
        assert not [each for each in books["positions"] if each["qty"]]
        gained = Decimal(books["cash"]) - cash
        fees = sum((Decimal(fill["fee"]) for fill in books["fills"] if fill["side"] == "sell"), Decimal(0))
        assert gained == -2 * fees == Decimal("-24.00")
        for screen in SCREENS:
            text = await answer(world, screen)
            assert summed(_RESULT, text) == gained, (screen, text)
            assert summed(_BROKER, text) == -fees, (screen, text)
        text = await answer(world, "/stats")
        assert "매매 1건 가운데 0건 이익" in text
        await world.until(world.clock.now() + timedelta(hours=7))
        closed = next(each["text"] for each in await world.messages() if "거래일 종료" in (each["text"] or ""))
        assert (summed(_RESULT, closed), summed(_BROKER, closed)) == (gained, -fees)

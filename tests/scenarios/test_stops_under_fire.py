"""A stop sells within seconds, whatever else the broker answers: the whole program on stepped market time.

A hundred shares at 60 dollars, a stop at -5 %, a fall of 14 %. What is timed is the broker's own books. More faults,
and another build beside this one: `python -m tests.stop_times`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from strategy.market.bars import BarStore
from tests.scenarios.world import QUOTE_KEY, World, running

START = datetime(2026, 11, 17, 16, 7, tzinfo=UTC)  # 11:07 New York, a Tuesday
PRICE, FALLEN, CENT = Decimal("60.00"), Decimal("51.60"), Decimal("0.01")
QTY = 100
SOON, UNKNOWN = 5, 40  # market seconds
SELL = "VTTT1001U"
QUIET = {
    "trading_tickers": "NASDAQ:TQQQ",
    "check_interval_minutes": "240",
    "rsi_oversold": "1",
    "rsi_overbought": "99",
    "stop_loss_rate": "-5",
    "daily_loss_limit_pct": "off",
    "dashboard": "off",
}


@dataclass(frozen=True)
class Held:
    """A program that holds shares, and a market in which they trade once a second."""

    world: World

    async def fault(self, kind: str, **more: Any) -> None:
        await self.world.control("fault", kind=kind, **more)

    async def trade(self, price: Decimal, seconds: int = 0) -> None:
        """Let the ticker trade at a price now, and once a second for so long."""
        for second in range(seconds + 1):
            if second:
                await self.world.until(self.world.clock.now() + timedelta(seconds=1))
            await self.world.control(
                "tick", symbol="TQQQ", last=str(price), bid=str(price - CENT), ask=str(price + CENT), volume=500
            )
            await self.world.idle()

    async def pass_time(self, seconds: int) -> None:
        await self.world.until(self.world.clock.now() + timedelta(seconds=seconds))

    async def sold_in(self, qty: int = QTY, *, within_s: int) -> float:
        """Let the price fall; return the seconds until so many shares were sold, in the broker's own books."""
        began = self.world.clock.now()
        await self.trade(FALLEN, within_s + 1)
        fills = [fill for fill in (await self.world.state())["fills"] if fill["side"] == "sell"]
        assert sum(fill["qty"] for fill in fills) == qty, fills
        return float(max((datetime.fromisoformat(fill["at"]) - began).total_seconds() for fill in fills))

    async def sells(self) -> list[dict[str, Any]]:
        return [order for order in (await self.world.state())["orders"] if order["side"] == "sell"]


@asynccontextmanager
async def held(tmp_path: Path, *before: dict[str, Any]) -> AsyncIterator[Held]:
    """Start the program with its shares, with some faults in force from before its first look."""
    options = SimulatorOptions(
        environment=Served.VIRTUAL,
        keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),),
        holdings=(Holding(symbol="TQQQ", qty=QTY, average=PRICE),),
        live=False,
        ccnl_lag_s=(0.0, 1.0),
        balance_lag_s=(0.0, 1.0),
        faults=before,
    )
    async with running(tmp_path, start=START, options=options, trading=QUIET) as world:
        shares = Held(world)
        await shares.trade(PRICE, 40)
        yield shares


# -- what the account answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "empty_object"}, id="no orders, as one object"),
        pytest.param({"kind": "empty_code", "rt_cd": "7", "msg_cd": "KIOK0560"}, id="nothing found, rt_cd 7"),
        pytest.param({"kind": "http_500", "tr_id": "trading/inquire-ccnl", "seconds": 9999}, id="no list of orders"),
        pytest.param({"kind": "odd_rows", "rows": ["fraction"]}, id="part of a share"),
        pytest.param({"kind": "odd_rows", "rows": ["blank", "letters", "keyless"]}, id="unreadable rows"),
        pytest.param({"kind": "odd_rows", "rows": ["bond"]}, id="a bond"),
        pytest.param({"kind": "zero_valuation"}, id="valued at nothing"),
    ],
)
async def test_no_answer_about_the_account_takes_the_stop_away(tmp_path: Path, fault: dict[str, Any]) -> None:
    async with held(tmp_path, fault) as shares:
        assert await shares.sells() == []
        assert await shares.sold_in(within_s=SOON) <= SOON


async def test_what_is_orderable_is_sold_and_the_rest_when_it_can_be(tmp_path: Path) -> None:
    async with held(tmp_path, {"kind": "withhold", "symbol": "TQQQ", "qty": 60}) as shares:
        assert await shares.sold_in(40, within_s=SOON) <= SOON
        assert "60" in await shares.world.texts()
        async with shares.world.http.delete(f"{shares.world.simulator.rest_url}/sim/fault"):
            pass
        await shares.trade(FALLEN, 90)
        assert (await shares.world.state())["positions"] == []


# -- what the stop's own order meets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["EGW00201", "EGW00215"])
async def test_not_now_three_times_is_no_refusal_and_no_deeper_price(tmp_path: Path, code: str) -> None:
    async with held(tmp_path) as shares:
        await shares.fault("refuse", tr_id=SELL, msg_cd=code, count=3)
        assert await shares.sold_in(within_s=SOON) <= SOON
        (order,) = await shares.sells()
        assert Decimal(order["price"]) >= FALLEN * Decimal("0.985")


async def test_a_dead_token_costs_the_stop_no_try(tmp_path: Path) -> None:
    async with held(tmp_path) as shares:
        await shares.fault("refuse", tr_id=SELL, msg_cd="EGW00121")
        assert await shares.sold_in(within_s=SOON) <= SOON


async def test_a_buy_by_hand_that_rests_is_cancelled_before_it_is_sold_against(tmp_path: Path) -> None:
    async with held(tmp_path) as shares:
        await shares.fault("wash_trades")
        await shares.world.control("order", symbol="TQQQ", side="buy", qty=7, price=str(FALLEN - 3 * CENT))
        await shares.pass_time(2)
        assert await shares.sold_in(within_s=SOON) <= SOON
        assert (await shares.world.state())["refusals_by_code"].get("40310000", 0) <= 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "reset"}, id="connection reset"),
        pytest.param({"kind": "http_500"}, id="HTTP 500 without JSON"),
        pytest.param({"kind": "http_html"}, id="HTML 503"),
        pytest.param({"kind": "refuse", "msg_cd": "IGW00017", "msg1": "오류"}, id="a code on no list"),
    ],
)
async def test_an_order_without_an_answer_that_is_nowhere_at_the_broker_is_sent_anew(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with held(tmp_path) as shares:
        await shares.fault(tr_id=SELL, **fault)
        assert await shares.sold_in(within_s=UNKNOWN) <= UNKNOWN
        assert len(await shares.sells()) == 1


async def test_an_order_taken_and_answered_with_an_error_is_not_sent_twice(tmp_path: Path) -> None:
    code = {"rt_cd": "1", "msg_cd": "IGW00009", "msg1": "응답을 만들 수 없습니다."}
    async with held(tmp_path) as shares:
        await shares.fault("rewrite", tr_id=SELL, code=code, only_code=True, status=500)
        assert await shares.sold_in(within_s=SOON) <= SOON
        assert len(await shares.sells()) == 1


# -- what the market does --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [True, False])
async def test_a_halt_is_waited_for_at_the_price_that_was_and_told(tmp_path: Path, shown: bool) -> None:
    async with held(tmp_path) as shares:
        await shares.world.control("halt", symbol="TQQQ", halted=True, shown=shown)
        await shares.world.control("tick", symbol="TQQQ", last=str(FALLEN), bid=str(FALLEN - 1), ask=str(FALLEN))
        await shares.pass_time(300)
        orders = await shares.sells()
        assert all(Decimal(order["price"]) >= FALLEN * Decimal("0.93") for order in orders), orders
        texts = await shares.world.texts()
        assert "거래정지" in texts or "거래가 멈" in texts or "halt" in texts.lower(), texts
        await shares.world.control("halt", symbol="TQQQ", halted=False)
        assert await shares.sold_in(within_s=SOON) <= SOON


async def test_one_bad_print_sells_nothing_and_a_real_gap_does(tmp_path: Path) -> None:
    async with held(tmp_path) as shares:
        await shares.world.control("tick", symbol="TQQQ", last="54.00", volume=500, alone=True)
        await shares.trade(PRICE, 20)
        await shares.world.control(
            "tick", symbol="TQQQ", last="54.00", bid="53.99", ask="54.01", volume=500, alone=True, stamp_s=-7200
        )
        await shares.trade(PRICE, 20)
        assert await shares.sells() == []
        assert await shares.sold_in(within_s=SOON) <= SOON


# -- what fails inside -----------------------------------------------------------------------------------------------


async def test_the_stop_does_not_stand_behind_a_listener_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken by the test")

    async with held(tmp_path) as shares:
        monkeypatch.setattr(BarStore, "add_tick", broken)
        assert await shares.sold_in(within_s=SOON) <= SOON

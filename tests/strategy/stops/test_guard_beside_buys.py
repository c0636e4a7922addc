"""A buy nobody has an answer for holds no stop back: what is known to be held is protected at once."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import NotPermitted, OrderDenied, OrderRequest, OrderStatus, Origin, Side
from tests.fakes.broker import FaultKind
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import TQQQ, Bench

S = OrderStatus


def asked(bench: Bench, side: Side, qty: int, price: str, origin: Origin = Origin.MANUAL) -> OrderRequest:
    return OrderRequest(
        symbol=TQQQ, side=side, qty=qty, limit_price=Decimal(price), origin=origin, created_at=bench.clock.now()
    )


async def sold_out_by_the_stop(bench: Bench, qty: int) -> bool:
    stops = [order for order in await bench.orders() if order.request.origin is Origin.STOP_LOSS]
    return [(order.request.qty, order.status) for order in stops] == [(qty, S.FILLED)]


@pytest.mark.parametrize("kind", ["lost_request", "lost_reply"])
@pytest.mark.parametrize("price", ["80", "101"])
async def test_a_buy_of_unknown_outcome_holds_no_stop_back(tmp_path: Path, kind: FaultKind, price: str) -> None:
    """Of 50 shares held before, with a buy by hand of 5 that rests, has filled, or never arrived."""
    async with holding(tmp_path, qty=50) as bench:
        bench.broker.notices = "lost"
        bench.broker.fail("submit", kind)
        bench.broker.fail("orders", "try_later", times=3)
        buy = await bench.core.trading.desk.place(asked(bench, Side.BUY, 5, price))
        assert buy.status is S.UNKNOWN
        bench.broker.notices = "at_once"
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        assert await sold_out_by_the_stop(bench, 50)
        await bench.pass_time(300)
        [order] = [one for one in await bench.orders() if one.no == buy.no]
        assert order.status is not S.UNKNOWN


async def test_a_buy_on_its_way_does_not_hold_the_stops_turn(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=50) as bench:
        bench.broker.fail("submit", "hang")
        buying = asyncio.create_task(bench.core.trading.desk.place(asked(bench, Side.BUY, 5, "80")))  # noqa: TID251 - awaited below
        await bench.wait_for(lambda: len(bench.broker.submitted) == 1)
        bench.price(TQQQ, "94")
        await bench.wait_for(lambda: bench.broker.qty_held(TQQQ) == 0)
        bench.broker.unhang()
        assert (await buying).status is S.ACCEPTED


async def test_a_sell_of_unknown_outcome_still_holds_the_stop_until_it_is_settled(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=50) as bench:
        bench.broker.fail("submit", "lost_request")
        await bench.core.trading.desk.place(asked(bench, Side.SELL, 20, "110"))
        bench.price(TQQQ, "94")
        await bench.pass_time(25)
        assert len(bench.broker.submitted) == 1
        await bench.pass_time(15)
        assert bench.broker.qty_held(TQQQ) == 0


@pytest.mark.parametrize("side", list(Side))
async def test_an_unknown_buy_still_holds_the_rule_and_the_owner(tmp_path: Path, side: Side) -> None:
    """Promise 1: only what protects goes beside it."""
    async with holding(tmp_path, qty=50) as bench:
        bench.broker.fail("submit", "lost_request")
        await bench.core.trading.desk.place(asked(bench, Side.BUY, 5, "80"))
        for origin in (Origin.SIGNAL, Origin.MANUAL):
            with pytest.raises(OrderDenied):
                await bench.core.trading.desk.place(asked(bench, side, 5, "100", origin))
        assert len(bench.broker.submitted) == 1


async def test_a_buy_waits_for_a_stop_that_is_on_its_way_and_leaves_no_more(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=50) as bench:
        bench.broker.fail("submit", "hang")
        bench.price(TQQQ, "94")
        await bench.wait_for(lambda: len(bench.broker.submitted) == 1)
        buying = asyncio.create_task(bench.core.trading.desk.place(asked(bench, Side.BUY, 5, "80")))  # noqa: TID251 - awaited below
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(bench.broker.submitted) == 1
        bench.broker.unhang()
        with pytest.raises(NotPermitted):
            await buying
        await bench.settle()
        assert bench.broker.qty_held(TQQQ) == 0

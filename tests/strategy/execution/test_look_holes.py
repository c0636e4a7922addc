"""A list of orders with holes is no list: what traded stays traded, so an empty answer proves nothing (S16, S54)."""

from datetime import date
from pathlib import Path

import pytest

from strategy.model import OrderList, TryLater
from tests.support.order_bench import PRICE, TQQQ, bench


async def test_an_empty_list_after_trades_is_refused_s16_s54(tmp_path: Path) -> None:
    async with bench(tmp_path) as desk:
        desk.broker.set_price(TQQQ, PRICE)
        await desk.buy(3)
        await desk.desk.poll_orders()
        await desk.pass_time(121)
        whole = desk.broker.orders

        async def nothing(since: date, until: date) -> OrderList:
            return OrderList()

        desk.broker.orders = nothing  # type: ignore[method-assign]
        with pytest.raises(TryLater):
            await desk.desk.poll_orders()
        desk.broker.orders = whole  # type: ignore[method-assign]
        await desk.desk.poll_orders()


async def test_a_list_that_lags_is_no_hole(tmp_path: Path) -> None:
    async with bench(tmp_path) as desk:
        desk.broker.set_price(TQQQ, PRICE)
        await desk.buy(3)
        await desk.desk.poll_orders()
        desk.broker.lag_s = 60
        await desk.desk.poll_orders()

"""Nothing a rule ordered rests unattended (D10), and what rests over the close ends (S9)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Notable, OrderStatus, Origin, Side
from tests.fakes.clock import trading_settings
from tests.support.order_bench import PRICE, TQQQ, Bench, bench

S = OrderStatus


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        made.prices[TQQQ] = Decimal("61.30")
        yield made


async def test_a_signal_order_is_repriced_three_times_then_canceled_and_told_d10(desk: Bench) -> None:
    order = await desk.buy(origin=Origin.SIGNAL)
    for reprices, price in enumerate(("61.30", "61.40", "61.50"), start=1):
        desk.prices[TQQQ] = Decimal(price)
        await desk.pass_time(59)
        assert (await desk.order(order.no)).reprices == reprices - 1
        await desk.pass_time(1)
        now = await desk.order(order.no)
        assert (now.reprices, now.limit_price) == (reprices, Decimal(price))
    await desk.pass_time(59)
    assert not desk.broker.canceled
    await desk.pass_time(1)
    assert (await desk.order(order.no)).status is S.CANCELED
    assert [type(one) for one in await desk.troubles()] == [Notable]
    assert len(desk.broker.submitted) == 1
    await desk.agrees()


async def test_a_filled_order_is_left_alone_d10(desk: Bench) -> None:
    order = await desk.buy(origin=Origin.SIGNAL)
    await desk.pass_time(30)
    desk.broker.fill(desk.venue(order))
    await desk.pass_time(600)
    assert not desk.broker.amended
    assert not desk.broker.canceled


async def test_manual_orders_rest_as_asked_d10(desk: Bench) -> None:
    order = await desk.buy()
    await desk.pass_time(3600)
    assert (await desk.order(order.no)).status is S.ACCEPTED
    assert not desk.broker.amended


async def test_without_a_price_the_rounds_pass_and_the_order_is_canceled_d10(desk: Bench) -> None:
    desk.prices.clear()
    order = await desk.buy(origin=Origin.SIGNAL)
    await desk.pass_time(239)
    assert (await desk.order(order.no)).status is S.ACCEPTED
    await desk.pass_time(1)
    assert (await desk.order(order.no)).status is S.CANCELED


async def test_an_unchanged_price_is_not_sent_again_d10(desk: Bench) -> None:
    desk.prices[TQQQ] = PRICE
    order = await desk.buy(origin=Origin.SIGNAL)
    await desk.pass_time(240)
    assert (await desk.order(order.no)).status is S.CANCELED
    assert not desk.broker.amended


async def test_a_lost_cancel_is_asked_again_d10(desk: Bench) -> None:
    desk.settings.settings = trading_settings(order_reprices=0)
    desk.broker.fail("cancel", "lost_request")
    order = await desk.buy(origin=Origin.SIGNAL)
    await desk.pass_time(60)
    assert (await desk.order(order.no)).status is S.CANCEL_SENT
    await desk.pass_time(60)
    assert (await desk.order(order.no)).status is S.CANCELED
    assert len(await desk.troubles()) == 1


async def test_a_part_filled_order_is_repriced_for_the_rest_d10(desk: Bench) -> None:
    order = await desk.buy(origin=Origin.SIGNAL)
    desk.broker.fill(desk.venue(order), 4)
    await desk.pass_time(60)
    now = await desk.order(order.no)
    assert (now.status, now.limit_price, now.filled_qty) == (S.PARTIALLY_FILLED, Decimal("61.30"), 4)
    assert desk.broker.truth()[0].open_qty == 6


async def test_goes_on_after_a_restart_d10(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        made.prices[TQQQ] = Decimal("61.30")
        order = await made.buy(origin=Origin.SIGNAL)
        await made.pass_time(60)
        broker, clock = made.broker, made.clock
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        again.prices[TQQQ] = Decimal("61.40")
        await again.pass_time(180)
        assert (await again.order(order.no)).status is S.CANCELED
        assert len(broker.amended) == 2


async def test_what_rests_over_the_close_expires_s9(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 2)
    desk.broker.end_session()
    await desk.pass_time(400)
    done = await desk.order(order.no)
    assert (done.status, done.filled_qty) == (S.EXPIRED, 2)
    assert done.reason
    await desk.agrees()


async def test_sells_follow_the_price_too_d10(desk: Bench) -> None:
    desk.broker.hold(TQQQ, 10, Decimal(60))
    desk.prices[TQQQ] = Decimal("61.00")
    desk.broker.set_price(TQQQ, Decimal("61.00"))
    order = await desk.desk.place(desk.request(Side.SELL, origin=Origin.SIGNAL))
    await desk.pass_time(60)
    assert (await desk.order(order.no)).status is S.FILLED

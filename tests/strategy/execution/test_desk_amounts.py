"""The inquiry is the judge of what a fill came to, too (specification, section 8; kis-protocol 3.9, 7.7). Row S9."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Fill, Notice, Order, OrderChanged, OrderStatus, Side
from tests.support.order_bench import PRICE, TQQQ, Bench, bench
from tests.support.words import english

HELD_AT = Decimal(60)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


def told_higher(desk: Bench, by: str) -> None:
    """Let notices of fills tell another price than the broker books."""
    hear = desk.desk.on_notice

    def sink(notice: Notice) -> None:
        hear(replace(notice, price=notice.price + Decimal(by)) if notice.kind is Notice.Kind.FILLED else notice)

    desk.broker.sink = sink


async def filled(desk: Bench, *parts: tuple[int, str], side: Side = Side.BUY) -> Order:
    order = await desk.desk.place(desk.request(side, 10))
    for qty, price in parts:
        desk.broker.fill(desk.venue(order), qty, Decimal(price))
    await desk.settle()
    return await desk.order(order.no)


async def fills(desk: Bench, order: Order) -> list[Fill]:
    return list(await desk.storage.orders.fills(order=order.no))


async def test_prices_told_wrong_are_corrected_by_the_inquiry_s9(desk: Bench) -> None:
    told_higher(desk, "0.05")
    order = await filled(desk, (4, "61.10"), (6, "61.20"))
    assert (order.status, order.filled_amount) == (OrderStatus.FILLED, Decimal("612.10"))
    [line] = await desk.desk.poll_orders()
    assert "$612.10 → $611.60" in english(line)
    now = await desk.order(order.no)
    assert (now.status, now.filled_qty) == (OrderStatus.FILLED, 10)
    assert [(fill.qty, fill.price) for fill in await fills(desk, order)] == [(4, Decimal("61.10")), (6, PRICE)]
    assert [english(trouble.what) for trouble in await desk.troubles()] == [english(line)]
    await desk.agrees()


async def test_a_correction_is_made_once_and_outlasts_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path) as desk:
        told_higher(desk, "0.05")
        order = await filled(desk, (3, "61.10"), (7, "61.17"))
        await desk.desk.poll_orders()
        stored = await fills(desk, order)
        told = len(await desk.events())
        assert await desk.desk.poll_orders() == []
        world = desk.broker
    async with bench(tmp_path, broker=world) as desk:
        assert await desk.desk.poll_orders() == []
        assert await fills(desk, order) == stored
        assert len(await desk.events()) == told
        trades = await desk.storage.records.newest_trades(9)
        assert [trade.fill for trade in trades] == stored[::-1]
        [page] = [page async for page in desk.storage.records.trades()]
        assert sorted((trade.fill for trade in page), key=lambda fill: fill.key) == stored


async def test_the_profit_of_a_sell_follows_its_corrected_price(desk: Bench) -> None:
    desk.broker.hold(TQQQ, 10, HELD_AT)
    told_higher(desk, "1")
    [position] = (await desk.broker.holdings()).positions
    order = await desk.desk.place(desk.request(Side.SELL, 10), position=position)
    desk.broker.fill(desk.venue(order), 10, PRICE)
    await desk.settle()
    [wrong] = await fills(desk, order)
    assert wrong.realized == 10 * (PRICE + 1 - HELD_AT) - wrong.fees
    await desk.desk.poll_orders()
    [right] = await fills(desk, order)
    assert right.price == PRICE
    assert right.fees == wrong.fees * PRICE / (PRICE + 1)
    assert right.realized is not None
    assert abs(right.realized - (10 * (PRICE - HELD_AT) - right.fees)) < Decimal("1e-20")
    [*_, told] = [event for event in await desk.events() if isinstance(event, OrderChanged)]
    assert (told.last_fill, told.realized, told.fees) == (None, right.realized, right.fees)


async def test_what_rounding_explains_is_left_alone(desk: Bench) -> None:
    told_higher(desk, "-0.0001")
    order = await filled(desk, (4, "61.1001"), (6, "61.2001"))
    assert await desk.desk.poll_orders() == []
    assert (await desk.order(order.no)).filled_amount == Decimal("611.60")


async def test_a_working_order_waits_for_its_end(desk: Bench) -> None:
    """Notice and list may each know of one of two equal parts; once it has ended both know of every share."""
    told_higher(desk, "0.05")
    order = await filled(desk, (4, "61.10"))
    assert await desk.desk.poll_orders() == []
    await desk.desk.cancel_and_confirm(order.no, within_s=10)
    await desk.desk.poll_orders()
    now = await desk.order(order.no)
    assert (now.status, now.filled_amount) == (OrderStatus.CANCELED, Decimal("244.40"))

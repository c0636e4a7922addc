"""Streamed notices: early, late, twice, missing, of orders nobody knows (S6, S80, S86)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Notice, OrderChanged, OrderStatus, Origin, Side, StorageError, VenueNo
from tests.support.order_bench import KO, PRICE, TQQQ, Bench, bench

S = OrderStatus


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def test_a_fill_before_the_acknowledgement_waits_for_it_s86(desk: Bench) -> None:
    desk.broker.set_price(TQQQ, Decimal("61.10"))  # fills, and says so, before the reply
    order = await desk.buy()
    await desk.settle()
    done = await desk.order(order.no)
    assert (done.status, done.filled_qty, done.average_price) == (S.FILLED, 10, Decimal("61.10"))
    assert desk.broker.asked["orders"] == 0  # nothing was in doubt
    await desk.agrees()


async def test_a_fill_before_a_reply_that_never_comes_waits_for_the_look_up_s86(desk: Bench) -> None:
    desk.broker.set_price(TQQQ, Decimal("61.10"))
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    assert order.status is S.UNKNOWN
    await desk.pass_time(3)
    assert (await desk.order(order.no)).status is S.FILLED
    await desk.agrees()


async def test_partial_fills_follow_one_another_s86(desk: Bench) -> None:
    order = await desk.buy()
    for qty, price in ((3, "61.15"), (3, "61.10"), (4, "61.20")):
        desk.broker.fill(desk.venue(order), qty, Decimal(price))
    await desk.settle()
    done = await desk.order(order.no)
    assert (done.status, done.filled_amount) == (S.FILLED, Decimal("611.55"))
    assert await desk.states_told(order.no) == [
        S.SENT,
        S.ACCEPTED,
        S.PARTIALLY_FILLED,
        S.PARTIALLY_FILLED,
        S.FILLED,
    ]


@pytest.mark.parametrize("blank", [False, True])
async def test_every_notice_twice_counts_once_s86(desk: Bench, blank: bool) -> None:
    desk.broker.notices = "twice"
    desk.broker.blank_times = blank
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 3, Decimal("61.15"))
    desk.broker.fill(desk.venue(order), 4, Decimal("61.10"))
    await desk.settle()
    assert (await desk.order(order.no)).filled_qty == 7
    await desk.pass_time(5)
    await desk.agrees()


async def test_two_equal_fills_in_one_second_are_both_counted_s86(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 5, PRICE)
    desk.broker.fill(desk.venue(order), 5, PRICE)
    await desk.settle()
    await desk.pass_time(2)  # the second looks like a repeat until the inquiry shows it
    assert (await desk.order(order.no)).status is S.FILLED
    await desk.agrees()


async def test_a_reject_after_the_acceptance_ends_the_order_s86(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.reject_later(desk.venue(order))
    await desk.settle()
    done = await desk.order(order.no)
    assert done.status is S.REJECTED
    assert done.reason
    assert await desk.storage.orders.last_accepted(TQQQ, "buy") is None


async def test_a_refused_cancel_leaves_the_order_working_s86(desk: Bench) -> None:
    desk.broker.slow_cancels = True
    order = await desk.buy()
    await desk.desk.cancel(order.no)
    desk.desk.on_notice(
        Notice(
            kind=Notice.Kind.REJECTED,
            venue_no=VenueNo("99999"),
            original_no=order.venue_no,
            ticker="TQQQ",
            side=Side.BUY,
            qty=10,
            price=Decimal(0),
            venue_time="",
            received_at=desk.clock.now(),
        )
    )
    await desk.settle()
    assert (await desk.order(order.no)).status is S.ACCEPTED


async def test_notices_of_unknown_orders_lead_to_a_look_and_a_hand_order_s86(desk: Bench) -> None:
    desk.broker.set_price(TQQQ, Decimal("61.10"))
    desk.broker.hand_order(TQQQ, Side.BUY, 2, Decimal("61.20"))
    await desk.settle()
    assert not await desk.storage.orders.recent(5)
    await desk.pass_time(3)
    (found,) = await desk.storage.orders.recent(5)
    assert (found.request.origin, found.status, found.filled_qty) == (Origin.EXTERNAL, S.FILLED, 2)
    assert len(await desk.hand_orders()) == 1
    await desk.agrees()


async def test_a_look_is_not_repeated_for_ever_for_a_notice_nobody_can_place(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order))
    await desk.settle()
    desk.desk.on_notice(
        Notice(
            kind=Notice.Kind.FILLED,
            venue_no=VenueNo("4711"),
            original_no=None,
            ticker="KO",
            side=Side.BUY,
            qty=1,
            price=Decimal(60),
            venue_time="",
            received_at=desk.clock.now(),
        )
    )
    await desk.pass_time(900)
    asked = desk.broker.asked["orders"]
    await desk.pass_time(3600)
    assert desk.broker.asked["orders"] == asked


async def test_a_notice_told_again_after_a_restart_counts_once(tmp_path: Path) -> None:
    heard: list[Notice] = []
    async with bench(tmp_path) as made:
        sink = made.broker.sink
        assert sink is not None

        def tap(notice: Notice) -> None:
            heard.append(notice)
            sink(notice)

        made.broker.sink = tap
        order = await made.buy()
        made.broker.fill(made.venue(order), 3, Decimal("61.15"))
        await made.settle()
        broker, clock = made.broker, made.clock
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        for notice in heard:
            again.desk.on_notice(replace(notice, received_at=clock.now()))
        await again.settle()
        assert (await again.order(order.no)).filled_qty == 3
        broker.fill(broker.truth()[0].venue_no)
        await again.settle()
        await again.agrees()


async def test_each_fill_is_told_once_with_its_numbers(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.notices = "lost"
    desk.broker.fill(desk.venue(order), 3, Decimal("61.15"))
    desk.broker.fill(desk.venue(order), 4, Decimal("61.11"))
    await desk.desk.poll_orders()
    await desk.desk.poll_orders()
    told = [one.last_fill for one in await desk.events() if isinstance(one, OrderChanged) and one.last_fill]
    assert [(fill.qty, fill.source) for fill in told] == [(7, "inquiry")]
    assert abs(told[0].qty * told[0].price - Decimal("427.89")) < Decimal("1e-20")
    await desk.agrees()


async def test_an_order_whose_reply_is_slow_is_not_taken_for_one_by_hand(desk: Bench) -> None:
    desk.broker.fail("submit", "slow_reply")
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(desk.buy())
        await desk.until(lambda: bool(desk.broker.truth()))
        desk.broker.fill(desk.broker.truth()[0].venue_no, 3)
        await desk.desk.poll_orders()
        (sent,) = await desk.storage.orders.recent(5)
        assert sent.status is S.SENT
        desk.broker.unhang()
    assert not await desk.hand_orders()
    await desk.settle()
    assert (await desk.order(placing.result().no)).filled_qty == 3
    await desk.agrees()


async def test_a_notice_that_cannot_be_stored_is_brought_by_the_inquiry(
    desk: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageError("disk full")

    order = await desk.buy()
    with monkeypatch.context() as patched:
        patched.setattr(desk.storage.orders, "change", full)
        desk.broker.fill(desk.venue(order), 3)
        await desk.settle()
    assert (await desk.order(order.no)).filled_qty == 0
    await desk.pass_time(2)
    assert (await desk.order(order.no)).filled_qty == 3
    await desk.agrees()


async def test_what_was_heard_before_a_stop_is_stored(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        order = await made.buy()
        made.broker.fill(made.venue(order), 3)
        broker, clock = made.broker, made.clock
    async with bench(tmp_path, broker=broker, clock=clock, running=False) as again:
        assert (await again.order(order.no)).filled_qty == 3
        assert again.activity.quiet


# numbers are unique per branch and day only


@pytest.mark.parametrize(("ticker", "side"), [("KO", Side.SELL), ("KO", Side.BUY), ("TQQQ", Side.SELL)])
async def test_a_fill_under_our_number_of_another_ticker_or_side_is_not_ours(
    desk: Bench, ticker: str, side: Side
) -> None:
    order = await desk.buy()
    asked = desk.broker.asked["orders"]
    desk.desk.on_notice(
        Notice(
            kind=Notice.Kind.FILLED,
            venue_no=desk.venue(order),
            original_no=None,
            ticker=ticker,
            side=side,
            qty=5,
            price=PRICE,
            venue_time="093001",
            received_at=desk.clock.now(),
        )
    )
    await desk.pass_time(2)
    assert (await desk.order(order.no)).filled_qty == 0
    assert desk.broker.asked["orders"] > asked  # whose it is, the list knows
    assert not await desk.storage.orders.fills()


async def test_an_order_by_hand_under_our_number_is_one_of_its_own(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.hold(KO, 9, PRICE)
    desk.broker.notices = "lost"
    number = desk.broker.hand_order(KO, Side.SELL, 9, PRICE)
    book = desk.broker._book(number)
    for at, one in [(at, one) for at, one in book.versions]:
        book.versions.remove((at, one))
        book.versions.append((at, replace(one, venue_no=desk.venue(order))))
    book.now = replace(book.now, venue_no=desk.venue(order))
    desk.broker.notices = "at_once"
    desk.broker._execute(book, 9, PRICE)
    await desk.pass_time(5)
    ours = await desk.order(order.no)
    assert (ours.status, ours.filled_qty) == (S.ACCEPTED, 0)
    [hand] = [one for one in await desk.storage.orders.recent(10) if one.no != order.no]
    assert (hand.request.symbol, hand.status, hand.filled_qty) == (KO, S.FILLED, 9)

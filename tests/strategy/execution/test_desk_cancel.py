"""Canceling and amending: the reply says nothing, the notice or the inquiry confirms (S70, S71, kis-protocol 3.2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    InvalidOrder,
    Notice,
    OrderNo,
    OrderRejected,
    OrderStatus,
    OutcomeUnknown,
    Side,
    TryLater,
    VenueNo,
)
from tests.support.order_bench import OPEN, PRICE, TQQQ, Bench, bench

S = OrderStatus


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def test_a_cancel_is_confirmed_by_the_notice_not_by_the_reply_s71(desk: Bench) -> None:
    desk.broker.slow_cancels = True
    order = await desk.buy()
    assert (await desk.desk.cancel(order.no)).status is S.CANCEL_SENT
    desk.broker.finish_cancel(desk.venue(order))
    await desk.settle()
    assert (await desk.order(order.no)).status is S.CANCELED
    await desk.agrees()


async def test_a_cancel_is_confirmed_by_the_inquiry_when_the_notice_is_lost_s71(desk: Bench) -> None:
    desk.broker.notices = "lost"
    order = await desk.buy()
    assert (await desk.desk.cancel(order.no)).status is S.CANCEL_SENT
    await desk.pass_time(3)
    assert (await desk.order(order.no)).status is S.CANCELED


async def test_a_fill_that_beats_the_cancel_is_a_fill(desk: Bench) -> None:
    desk.broker.slow_cancels = True
    order = await desk.buy()
    await desk.desk.cancel(order.no)
    desk.broker.fill(desk.venue(order))
    desk.broker.finish_cancel(desk.venue(order))
    await desk.settle()
    done = await desk.order(order.no)
    assert (done.status, done.filled_qty) == (S.FILLED, 10)


async def test_a_part_filled_before_the_cancel_stays_bought(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 4)
    await desk.desk.cancel(order.no)
    await desk.settle()
    done = await desk.order(order.no)
    assert (done.status, done.filled_qty) == (S.CANCELED, 4)
    await desk.agrees()


async def test_a_fill_notice_overtaken_by_the_cancel_notice_is_not_lost(desk: Bench) -> None:
    desk.broker.notices = "held"
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 4)
    await desk.desk.cancel(order.no)
    desk.broker.release_notices(backwards=True)
    await desk.settle()
    await desk.agrees()


@pytest.mark.parametrize("answer", [OrderRejected, OutcomeUnknown])
async def test_nothing_left_to_cancel_leads_to_the_inquiry(
    desk: Bench, answer: type[OrderRejected | OutcomeUnknown]
) -> None:
    desk.broker.nothing_left = answer
    desk.broker.notices = "lost"
    order = await desk.buy()
    desk.broker.fill(desk.venue(order))
    assert (await desk.desk.cancel(order.no)).status is S.FILLED
    await desk.agrees()


@pytest.mark.parametrize("answer", [OrderRejected, OutcomeUnknown])
async def test_amending_what_has_filled_leads_to_the_inquiry_s70(
    desk: Bench, answer: type[OrderRejected | OutcomeUnknown]
) -> None:
    desk.broker.nothing_left = answer
    desk.broker.notices = "lost"
    order = await desk.buy()
    desk.broker.fill(desk.venue(order))
    done = await desk.desk.amend(order.no, limit_price=Decimal("61.30"))
    assert (done.status, done.filled_qty) == (S.FILLED, 10)


async def test_a_refused_cancel_of_a_working_order_is_raised(desk: Bench) -> None:
    desk.broker.fail("cancel", "try_later")
    order = await desk.buy()
    with pytest.raises(TryLater):
        await desk.desk.cancel(order.no)
    assert (await desk.order(order.no)).status is S.ACCEPTED


async def test_an_amend_moves_the_order_to_a_new_number_s70(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 3)
    await desk.settle()
    amended = await desk.desk.amend(order.no, limit_price=Decimal("61.35"))
    assert amended.limit_price == Decimal("61.35")
    assert amended.venue_no != order.venue_no
    again = await desk.desk.amend(order.no, limit_price=Decimal("61.40"))
    assert desk.broker.amended == [order.venue_no, amended.venue_no]
    desk.broker.fill(desk.venue(again))
    await desk.settle()
    done = await desk.order(order.no)
    assert (done.status, done.filled_qty) == (S.FILLED, 10)
    assert list(await desk.storage.orders.venue_nos(order.no)) == [
        order.venue_no,
        amended.venue_no,
        again.venue_no,
    ]
    await desk.agrees()


async def test_a_price_amend_refused_for_a_fill_on_its_way_is_asked_for_the_rest(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 3)
    amended = await desk.desk.amend(order.no, limit_price=Decimal("61.35"))
    assert (amended.limit_price, amended.filled_qty) == (Decimal("61.35"), 3)
    assert len(desk.broker.amended) == 2
    await desk.settle()
    await desk.agrees()


async def test_a_fill_of_the_old_number_after_the_amend_is_counted(desk: Bench) -> None:
    desk.broker.notices = "held"
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 3)
    await desk.desk.amend(order.no, limit_price=Decimal("61.35"))
    desk.broker.release_notices()
    await desk.settle()
    assert (await desk.order(order.no)).filled_qty == 3


async def test_an_amend_without_an_answer_is_unknown_until_the_inquiry_shows_the_new_number(desk: Bench) -> None:
    desk.broker.notices = "lost"
    desk.broker.lag_s = 10
    order = await desk.buy()
    await desk.pass_time(15)
    desk.broker.fail("amend", "lost_reply")
    assert (await desk.desk.amend(order.no, limit_price=Decimal("61.35"))).status is S.UNKNOWN
    assert desk.desk.blocked(TQQQ) is not None
    with pytest.raises(InvalidOrder):
        await desk.desk.amend(order.no, limit_price=Decimal("61.40"))
    await desk.pass_time(30)
    found = await desk.order(order.no)
    assert (found.status, found.limit_price) == (S.ACCEPTED, Decimal("61.35"))
    assert found.venue_no == desk.broker.truth()[0].venue_no
    assert desk.desk.blocked(TQQQ) is None


async def test_an_amend_that_never_arrived_works_on_after_the_lag(desk: Bench) -> None:
    desk.broker.fail("amend", "lost_request")
    order = await desk.buy()
    await desk.pass_time(5)
    assert (await desk.desk.amend(order.no, limit_price=Decimal("61.35"))).status is S.UNKNOWN
    await desk.pass_time(100)
    assert (await desk.order(order.no)).status is S.UNKNOWN
    await desk.pass_time(60)
    found = await desk.order(order.no)
    assert (found.status, found.limit_price, found.venue_no) == (S.ACCEPTED, PRICE, order.venue_no)


async def test_an_order_amended_to_fewer_shares_ends_filled_and_cancels_what_is_open(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order), 3)
    await desk.settle()
    await desk.desk.amend(order.no, qty=2)
    assert (await desk.desk.cancel(order.no)).status in (S.CANCEL_SENT, S.CANCELED)
    await desk.settle()
    assert (await desk.order(order.no)).status is S.CANCELED
    second = await desk.buy(qty=5)
    fewer = await desk.desk.amend(second.no, qty=2)
    desk.broker.fill(desk.venue(fewer))
    await desk.desk.poll_orders()
    done = await desk.order(second.no)
    assert (done.status, done.filled_qty) == (S.FILLED, 2)


async def test_an_amend_cannot_ask_for_more_shares_or_a_price_off_the_tick(desk: Bench) -> None:
    order = await desk.buy()
    with pytest.raises(InvalidOrder):
        await desk.desk.amend(order.no, qty=11)
    with pytest.raises(InvalidOrder):
        await desk.desk.amend(order.no, limit_price=Decimal("61.205"))
    with pytest.raises(InvalidOrder):
        await desk.desk.cancel(OrderNo(99))
    assert not desk.broker.amended


async def test_cancel_and_confirm_waits_for_the_end(desk: Bench) -> None:
    desk.broker.slow_cancels = True
    order = await desk.buy()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(desk.desk.cancel_and_confirm(order.no, within_s=30))
        await desk.pass_time(2)
        assert not waiting.done()
        desk.broker.finish_cancel(desk.venue(order))
        await desk.settle()
        assert waiting.done()
    assert waiting.result().status is S.CANCELED


async def test_cancel_and_confirm_asks_again_when_the_cancel_was_lost(desk: Bench) -> None:
    desk.broker.fail("cancel", "lost_request")
    order = await desk.buy()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(desk.desk.cancel_and_confirm(order.no, within_s=30))
        await desk.pass_time(10)
    assert waiting.result().status is S.CANCELED
    assert len(desk.broker.canceled) == 2


async def test_cancel_and_confirm_tells_the_truth_at_its_deadline(desk: Bench) -> None:
    desk.broker.slow_cancels = True
    order = await desk.buy()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(desk.desk.cancel_and_confirm(order.no, within_s=10))
        await desk.pass_time(10)
    assert waiting.result().status is S.CANCEL_SENT


async def test_a_fill_is_recorded_at_once_while_the_cancel_hangs(desk: Bench) -> None:
    desk.broker.fail("cancel", "hang")
    order = await desk.buy()
    async with asyncio.TaskGroup() as tasks:
        canceling = tasks.create_task(desk.desk.cancel(order.no))
        await desk.until(lambda: bool(desk.broker.canceled))
        desk.broker.fill(desk.venue(order))
        await desk.until(lambda: not desk.desk.open)
        assert (await desk.order(order.no)).status is S.FILLED
        desk.broker.unhang()
    assert canceling.result().status is S.FILLED


async def test_hand_made_orders_can_be_canceled(desk: Bench) -> None:
    desk.broker.hold(TQQQ, 5, Decimal(60))
    desk.broker.hand_order(TQQQ, Side.SELL, 5, Decimal("70.00"))
    await desk.pass_time(5)
    (found,) = await desk.desk.open_in(TQQQ)
    await desk.desk.cancel(found.no)
    await desk.settle()
    assert not await desk.desk.open_in(TQQQ)


async def test_an_amend_the_venue_did_not_carry_out_is_taken_back(desk: Bench) -> None:
    order = await desk.buy()
    amended = await desk.desk.amend(order.no, limit_price=Decimal("61.35"))
    book = desk.broker._books[0]
    book.now = replace(book.now, venue_no=desk.venue(order), replaced=(), limit_price=PRICE)
    book.versions[:] = [(OPEN, book.now)]
    await desk.desk.poll_orders()
    assert (await desk.order(order.no)).venue_no == amended.venue_no  # the list may only be late
    await desk.pass_time(130)
    await desk.desk.poll_orders()
    now = await desk.order(order.no)
    assert (now.venue_no, now.limit_price) == (order.venue_no, PRICE)
    await desk.desk.cancel(order.no)
    await desk.settle()
    assert (await desk.order(order.no)).status is S.CANCELED


async def test_a_refused_amend_told_by_notice_is_taken_back_at_once(desk: Bench) -> None:
    order = await desk.buy()
    amended = await desk.desk.amend(order.no, limit_price=Decimal("61.35"))
    desk.desk.on_notice(
        Notice(
            kind=Notice.Kind.REJECTED,
            venue_no=desk.venue(amended),
            original_no=order.venue_no,
            ticker="TQQQ",
            side=Side.BUY,
            qty=10,
            price=Decimal("61.35"),
            venue_time="",
            received_at=desk.clock.now(),
        )
    )
    await desk.settle()
    assert (await desk.order(order.no)).venue_no == order.venue_no


async def test_an_order_amended_twice_in_the_app_keeps_its_whole_chain(desk: Bench) -> None:
    desk.broker.notices = "lost"
    order = await desk.buy()
    first = await desk.broker.amend(TQQQ, desk.venue(order), 10, Decimal("61.25"))
    second = await desk.broker.amend(TQQQ, first.venue_no, 10, Decimal("61.30"))
    await desk.desk.poll_orders()
    now = await desk.order(order.no)
    assert (now.venue_no, now.limit_price) == (second.venue_no, Decimal("61.30"))
    assert list(await desk.storage.orders.venue_nos(order.no)) == [order.venue_no, first.venue_no, second.venue_no]
    assert not await desk.hand_orders()
    assert (await desk.desk.cancel(order.no)).status is S.CANCEL_SENT


async def test_an_order_with_a_doubtful_amend_can_be_canceled(desk: Bench) -> None:
    desk.broker.fail("amend", "lost_request")
    order = await desk.buy()
    assert (await desk.desk.amend(order.no, limit_price=Decimal("61.35"))).status is S.UNKNOWN
    await desk.desk.cancel(order.no)
    await desk.settle()
    assert (await desk.order(order.no)).status is S.CANCELED


async def test_an_ended_order_is_neither_amended_nor_canceled_again(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fill(desk.venue(order))
    await desk.settle()
    assert (await desk.desk.amend(order.no, limit_price=Decimal("61.35"))).status is S.FILLED
    assert (await desk.desk.cancel(order.no)).status is S.FILLED
    assert (await desk.desk.cancel_and_confirm(order.no, within_s=5)).status is S.FILLED
    assert not desk.broker.amended
    assert not desk.broker.canceled


async def test_a_caller_gone_during_an_amend_leaves_the_doubt_on_record(desk: Bench) -> None:
    order = await desk.buy()
    desk.broker.fail("amend", "hang")
    async with asyncio.TaskGroup() as tasks:
        amending = tasks.create_task(desk.desk.amend(order.no, limit_price=Decimal("61.35")))
        await desk.until(lambda: bool(desk.broker.amended))
        amending.cancel()
        await asyncio.sleep(0)
        desk.broker.unhang()
    assert amending.cancelled()
    assert (await desk.order(order.no)).limit_price == Decimal("61.35")


async def test_an_end_told_twice_is_told_to_the_owner_once(desk: Bench) -> None:
    desk.broker.notices = "twice"
    order = await desk.buy()
    await desk.desk.cancel(order.no)
    await desk.settle()
    await desk.desk.poll_orders()
    assert (await desk.states_told(order.no)).count(S.CANCELED) == 1
    filled = await desk.buy()
    desk.broker.fill(desk.venue(filled))
    await desk.settle()
    desk.desk.on_notice(
        Notice(
            kind=Notice.Kind.CANCELED,
            venue_no=VenueNo("77777"),
            original_no=filled.venue_no,
            ticker="TQQQ",
            side=Side.BUY,
            qty=10,
            price=Decimal(0),
            venue_time="",
            received_at=desk.clock.now(),
        )
    )
    await desk.settle()
    assert (await desk.states_told(filled.no))[-1] is S.FILLED
    assert (await desk.states_told(filled.no)).count(S.FILLED) == 1

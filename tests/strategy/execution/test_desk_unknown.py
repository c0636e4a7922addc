"""Orders whose reply is missing: looked up, adopted or declared not sent, never sent again (spec 8, promise 1)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.execution.order_cache import NOT_FOUND
from strategy.execution.order_matching import could_be, match
from strategy.model import (
    BrokerOrder,
    InvalidOrder,
    Notice,
    Order,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Side,
    Trouble,
    VenueNo,
)
from tests.fakes.stored_samples import intend
from tests.support.order_bench import OPEN, PRICE, TQQQ, Bench, bench

S = OrderStatus


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def test_an_order_taken_without_a_reply_is_adopted(desk: Bench) -> None:
    desk.broker.notices = "lost"
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    await desk.pass_time(2)
    found = await desk.order(order.no)
    assert found.status is S.ACCEPTED
    assert found.venue_no == desk.broker.truth()[0].venue_no
    assert await desk.storage.orders.last_accepted(TQQQ, "buy") == OPEN
    assert desk.desk.blocked(TQQQ) is None
    assert len(desk.broker.submitted) == 1
    assert not await desk.hand_orders()


async def test_an_order_that_never_arrived_is_declared_so_only_after_the_lag(desk: Bench) -> None:
    desk.broker.fail("submit", "lost_request")
    order = await desk.buy()
    await desk.pass_time(115)
    assert (await desk.order(order.no)).status is S.UNKNOWN
    assert desk.broker.asked["orders"] >= 3
    await desk.pass_time(60)
    done = await desk.order(order.no)
    assert (done.status, done.reason) == (S.REJECTED, NOT_FOUND)
    assert desk.desk.blocked(TQQQ) is None
    assert len(desk.broker.submitted) == 1


async def test_an_order_shown_late_is_adopted_not_declared_lost(desk: Bench) -> None:
    desk.broker.lag_s = 98  # as seen on the virtual environment (kis-protocol 3.9)
    desk.broker.notices = "lost"
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    await desk.pass_time(150)
    assert (await desk.order(order.no)).status is S.ACCEPTED


async def test_an_order_shown_after_it_was_given_up_is_taken_back(desk: Bench) -> None:
    desk.broker.lag_s = 400
    desk.broker.notices = "lost"
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    await desk.pass_time(300)
    assert (await desk.order(order.no)).status is S.REJECTED
    await desk.pass_time(200)
    await desk.desk.poll_orders()
    assert (await desk.order(order.no)).status is S.ACCEPTED
    assert not await desk.hand_orders()


async def test_notices_nobody_owns_keep_an_order_from_being_given_up(desk: Bench) -> None:
    desk.broker.lag_s = 500
    desk.broker.set_price(TQQQ, PRICE)
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    await desk.pass_time(400)
    assert (await desk.order(order.no)).status is S.UNKNOWN
    await desk.pass_time(200)
    assert (await desk.order(order.no)).status is S.FILLED
    await desk.agrees()


async def test_a_failed_look_proves_nothing(desk: Bench) -> None:
    desk.broker.fail("submit", "lost_request")
    desk.broker.fail("orders", "try_later", times=1000)
    order = await desk.buy()
    await desk.pass_time(600)
    assert (await desk.order(order.no)).status is S.UNKNOWN


async def test_several_candidates_stay_unknown_and_are_told_once(desk: Bench) -> None:
    desk.broker.notices = "lost"
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    second = desk.broker.hand_order(TQQQ, Side.BUY, 10, PRICE)
    desk.broker._book(second).now = replace(desk.broker._book(second).now, by_api=None)  # the medium is not told
    desk.broker._book(second).versions[:] = [(OPEN, desk.broker._book(second).now)]
    await desk.pass_time(600)
    assert (await desk.order(order.no)).status is S.UNKNOWN
    assert [type(one) for one in await desk.troubles()] == [Trouble]
    assert not await desk.hand_orders()


async def test_an_order_by_hand_is_not_mistaken_for_a_lost_one(desk: Bench) -> None:
    desk.broker.notices = "lost"
    desk.broker.fail("submit", "lost_request")
    order = await desk.buy()
    desk.broker.hand_order(TQQQ, Side.BUY, 10, PRICE)
    await desk.pass_time(200)
    assert (await desk.order(order.no)).reason == NOT_FOUND
    (hand,) = await desk.hand_orders()
    assert hand.found.by_api is False


async def test_a_restart_denies_what_an_older_version_only_intended_and_looks_up_what_was_sent(tmp_path: Path) -> None:
    async with bench(tmp_path, running=False) as made:
        intended = await intend(made.storage.orders, made.request(qty=1))
        sent = await made.storage.orders.send(made.request(qty=2), OPEN)
        lost = await made.storage.orders.send(made.request(qty=3), OPEN)
        made.broker.notices = "lost"
        await made.broker.submit(made.request(qty=2))  # it had left before the crash
        broker, clock = made.broker, made.clock
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        assert (await again.order(intended.no)).status is S.DENIED
        await again.pass_time(5)
        assert (await again.order(sent.no)).status is S.ACCEPTED
        assert (await again.order(lost.no)).status is S.UNKNOWN
        await again.pass_time(200)
        assert (await again.order(lost.no)).status is S.REJECTED
        assert len(broker.submitted) == 1


async def test_an_accepted_order_the_broker_no_longer_shows_becomes_unknown(desk: Bench) -> None:
    order = await desk.buy()
    books = [desk.broker._books.pop()]
    await desk.pass_time(30)
    await desk.desk.poll_orders()
    assert (await desk.order(order.no)).status is S.ACCEPTED  # one look says nothing
    for _ in range(3):
        await desk.pass_time(60)
        await desk.desk.poll_orders()
    assert (await desk.order(order.no)).status is S.UNKNOWN
    desk.broker._books += books
    await desk.desk.poll_orders()
    assert (await desk.order(order.no)).status is S.ACCEPTED


async def test_an_unknown_order_cannot_be_canceled_but_can_be_waited_for(desk: Bench) -> None:
    desk.broker.notices = "lost"
    desk.broker.fail("submit", "lost_reply")
    desk.broker.fail("orders", "try_later")
    order = await desk.buy()
    with pytest.raises(InvalidOrder):
        await desk.desk.cancel(order.no)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(desk.desk.cancel_and_confirm(order.no, within_s=20))
        await desk.pass_time(20)
    assert waiting.result().status is S.CANCELED


async def test_an_order_told_canceled_yet_open_at_the_broker_is_told_once(desk: Bench) -> None:
    order = await desk.buy()
    desk.desk.on_notice(
        Notice(
            kind=Notice.Kind.CANCELED,
            venue_no=VenueNo("99"),
            original_no=order.venue_no,
            ticker="TQQQ",
            side=Side.BUY,
            qty=10,
            price=Decimal(0),
            venue_time="",
            received_at=desk.clock.now(),
        )
    )
    await desk.pass_time(130)
    await desk.desk.poll_orders()
    await desk.desk.poll_orders()
    assert [type(one) for one in await desk.troubles()] == [Trouble]


def _order(no: int, **asked: object) -> Order:
    request = OrderRequest(symbol=TQQQ, side=Side.BUY, qty=10, limit_price=PRICE, origin=Origin.SIGNAL, created_at=OPEN)
    return Order(
        no=OrderNo(no),
        request=replace(request, **asked),  # type: ignore[arg-type]
        status=S.UNKNOWN,
        venue_no=None,
        limit_price=PRICE,
        filled_qty=0,
        filled_amount=Decimal(0),
        reason=None,
        updated_at=OPEN,
    )


def _found(number: str, **told: object) -> BrokerOrder:
    found = BrokerOrder(
        venue_no=VenueNo(number),
        symbol=TQQQ,
        side=Side.BUY,
        qty=10,
        limit_price=Decimal("61.20000000"),
        filled_qty=0,
        filled_amount=Decimal(0),
        open_qty=10,
        status=S.ACCEPTED,
        ordered_at=OPEN,
        traded_on=datetime(2026, 9, 15, tzinfo=UTC).date(),
        reason="",
    )
    return replace(found, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "told",
    [
        {"side": Side.SELL},
        {"qty": 9},
        {"limit_price": Decimal("61.21")},
        {"ordered_at": OPEN - timedelta(seconds=6)},
        {"by_api": False},
    ],
)
def test_whatever_differs_is_not_ours(told: dict[str, object]) -> None:
    assert could_be(_order(1), _found("1"), timedelta(0))
    assert not could_be(_order(1), _found("1", **told), timedelta(0))


def test_one_candidate_for_two_orders_is_doubtful() -> None:
    matches = match([_order(1), _order(2)], [_found("1")])
    assert not matches.found
    assert [order.no for order in matches.doubtful] == [1, 2]


def test_clear_pairs_are_found_beside_doubtful_ones() -> None:
    matches = match([_order(1), _order(2, qty=3), _order(3, qty=4)], [_found("1", qty=3), _found("2"), _found("3")])
    assert [(order.no, found.venue_no) for order, found in matches.found] == [(2, "1")]
    assert [order.no for order in matches.doubtful] == [1]
    assert [order.no for order in matches.absent] == [3]

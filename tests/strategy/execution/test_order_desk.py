"""Placing orders: intent first, one request, and a true record whatever the answer (spec 8, promises 1 and 3).

Rows S54, S91, S94.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.execution.order_cache import NEVER_SENT
from strategy.model import (
    Acceptance,
    Order,
    OrderChanged,
    OrderDenied,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Position,
    Side,
    StorageError,
)
from tests.support.order_bench import KO, OPEN, PRICE, TQQQ, Bench, bench

S = OrderStatus


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def test_an_order_is_on_disk_before_it_leaves(desk: Bench) -> None:
    desk.broker.fail("submit", "hang")
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(desk.buy())
        await desk.until(lambda: bool(desk.broker.submitted))
        (stored,) = await desk.storage.orders.open()
        assert stored.status is S.SENT
        assert [status for _, status, _ in await desk.storage.orders.history(stored.no)] == [S.INTENDED, S.SENT]
        assert desk.desk.blocked(TQQQ) is not None
        desk.broker.unhang()
        assert (await placing).status is S.ACCEPTED
    assert desk.desk.blocked(TQQQ) is None


async def test_the_feed_tells_what_came_of_an_order_not_that_it_is_being_sent(desk: Bench) -> None:
    """Whoever is woken before the request has left holds it up."""
    desk.broker.fail("submit", "hang")
    with desk.desk.changed() as changes:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(desk.buy())
            await desk.until(lambda: bool(desk.broker.submitted))
            assert not changes.wake.is_set()
            desk.broker.unhang()
        assert (await changes.next()).status is S.ACCEPTED


async def test_nothing_is_sent_while_an_order_of_the_ticker_is_unknown_s54(desk: Bench) -> None:
    desk.broker.fail("submit", "lost_reply")
    order = await desk.buy()
    assert order.status is S.UNKNOWN
    with pytest.raises(OrderDenied):
        await desk.buy()
    assert (await desk.desk.place(desk.request(symbol=KO))).status is S.ACCEPTED
    assert len(desk.broker.submitted) == 2


@pytest.mark.parametrize("kind", ["reject", "fault"])
async def test_a_proven_refusal_is_rejected_and_does_not_block(desk: Bench, kind: str) -> None:
    desk.broker.fail("submit", kind)  # type: ignore[arg-type]
    order = await desk.buy()
    assert order.status is S.REJECTED
    assert order.reason
    assert desk.desk.blocked(TQQQ) is None
    assert await desk.storage.orders.last_accepted(TQQQ, "buy") is None


async def test_an_unexpected_exception_after_sending_is_unknown(desk: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(request: object) -> None:
        raise RuntimeError("a bug in the client")

    monkeypatch.setattr(desk.broker, "submit", broken)
    assert (await desk.buy()).status is S.UNKNOWN


async def test_a_silent_broker_is_unknown_after_the_limit(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        made.desk._sender._answer_limit_s = 0.01
        made.broker.fail("submit", "hang")
        assert (await made.buy()).status is S.UNKNOWN


async def test_a_cancelled_caller_leaves_a_true_record(desk: Bench) -> None:
    desk.broker.fail("submit", "hang")
    async with asyncio.TaskGroup() as tasks:
        placing = tasks.create_task(desk.buy())
        await desk.until(lambda: bool(desk.broker.submitted))
        placing.cancel()
        await asyncio.sleep(0)
        assert not placing.done()  # it waits for the answer, whoever cancelled it
        desk.broker.unhang()
    assert placing.cancelled()
    (stored,) = await desk.storage.orders.recent(5)
    assert stored.status is S.ACCEPTED


async def test_cancelled_at_every_await_the_record_is_true(tmp_path: Path) -> None:
    sent = 0
    async with bench(tmp_path) as made:
        for steps in range(60):
            made.broker.matching = False
            before = len(made.broker.submitted)
            async with asyncio.TaskGroup() as tasks:
                placing = tasks.create_task(made.desk.place(made.request(qty=1, price=Decimal(1) + steps)))
                for _ in range(steps * 3):
                    await asyncio.sleep(0)
                placing.cancel()
            arrived = len(made.broker.submitted) - before
            sent += arrived
            newest = next(iter(await made.storage.orders.recent(1)), None)
            stored = newest is not None and newest.request.limit_price == Decimal(1) + steps
            status = newest.status if newest is not None and stored else None
            assert status is S.ACCEPTED if arrived else status in (None, S.DENIED)
            assert made.desk.blocked(TQQQ) is None
        await made.settle()
        await made.desk.poll_orders()
        await made.agrees()
        assert sent == len(made.broker.truth())


async def test_an_intent_that_cannot_be_stored_is_not_sent(desk: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(desk.storage.orders, "send", full)
        with pytest.raises(StorageError):
            await desk.buy()
    assert not desk.broker.submitted
    assert desk.desk.blocked(TQQQ) is None
    assert not await desk.storage.orders.recent(5)


async def test_an_order_whose_asker_has_gone_is_taken_back_before_it_leaves(
    desk: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled while the intent goes to disk: nothing is sent, the record says so, and no daily count is spent."""
    send = desk.storage.orders.send
    buyers: list[asyncio.Task[Order]] = []

    async def slow(*asked: Any, **more: Any) -> Order:
        buyers[0].cancel()
        return await send(*asked, **more)

    monkeypatch.setattr(desk.storage.orders, "send", slow)
    async with asyncio.TaskGroup() as group:
        buyers.append(group.create_task(desk.buy()))
    assert not desk.broker.submitted
    (stored,) = await desk.storage.orders.recent(5)
    assert (stored.status, stored.reason) == (S.DENIED, NEVER_SENT)
    assert await desk.storage.orders.count_since(OPEN - timedelta(days=1)) == 0
    assert desk.desk.blocked(TQQQ) is None


async def test_an_order_taken_back_blocks_its_ticker_for_a_while_only_when_that_cannot_be_stored(
    desk: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On disk it looks sent: the broker is asked, and does not have it."""
    send, change = desk.storage.orders.send, desk.storage.orders.change
    buyers: list[asyncio.Task[Order]] = []

    async def slow(*asked: Any, **more: Any) -> Order:
        buyers[0].cancel()
        return await send(*asked, **more)

    async def full(no: OrderNo, status: OrderStatus, *rest: Any, **more: Any) -> Order:
        if status is S.DENIED:
            raise StorageError("disk full")
        return await change(no, status, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(desk.storage.orders, "send", slow)
        patched.setattr(desk.storage.orders, "change", full)
        async with asyncio.TaskGroup() as group:
            buyers.append(group.create_task(desk.buy()))
    assert desk.desk.blocked(TQQQ) is not None
    await desk.pass_time(300)
    assert desk.desk.blocked(TQQQ) is None
    assert not desk.broker.submitted


async def test_an_acceptance_that_cannot_be_stored_is_found_again(desk: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = desk.storage.orders.change

    async def full(no: OrderNo, status: OrderStatus, *rest: Any, **named: Any) -> Order:
        if status is S.ACCEPTED:
            raise StorageError("disk full")
        return await real(no, status, *rest, **named)

    desk.broker.notices = "lost"
    with monkeypatch.context() as patched:
        patched.setattr(desk.storage.orders, "change", full)
        with pytest.raises(StorageError):
            await desk.buy()
    assert desk.desk.blocked(TQQQ) is not None
    await desk.pass_time(5)
    (stored,) = await desk.storage.orders.recent(5)
    assert stored.status is S.ACCEPTED
    assert len(desk.broker.submitted) == 1


async def test_a_ticket_places_one_order_ever(desk: Bench) -> None:
    first = await desk.desk.place(desk.request(ticket="abc"))
    second = await desk.desk.place(desk.request(ticket="abc"))
    assert second.no == first.no
    assert len(desk.broker.submitted) == 1


async def test_two_presses_at_once_place_one_order(desk: Bench) -> None:
    async with asyncio.TaskGroup() as tasks:
        presses = [tasks.create_task(desk.desk.place(desk.request(ticket="abc"))) for _ in range(5)]
    assert len({press.result().no for press in presses}) == 1
    assert len(desk.broker.submitted) == 1


async def test_orders_of_one_ticker_go_one_at_a_time_and_others_do_not_wait(desk: Bench) -> None:
    desk.broker.fail("submit", "hang")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(desk.buy())
        await desk.until(lambda: bool(desk.broker.submitted))
        second = tasks.create_task(desk.buy())
        other = await desk.desk.place(desk.request(symbol=KO))
        assert other.status is S.ACCEPTED
        assert len(desk.broker.submitted) == 2
        desk.broker.unhang()
    assert first.result().status is S.ACCEPTED
    assert second.result().status is S.ACCEPTED


async def test_events_carry_what_the_messages_need_s91_s94(desk: Bench) -> None:
    desk.broker.hold(TQQQ, 10, Decimal(60))
    desk.broker.set_price(TQQQ, Decimal("61.50"))
    held = Position(
        symbol=TQQQ,
        name="TQQQ",
        qty=10,
        sellable_qty=10,
        average_cost=Decimal(60),
        last=Decimal("61.50"),
        profit_rate=Decimal("2.5"),
    )
    order = await desk.desk.place(desk.request(Side.SELL, 4, Decimal("61.00")), cash_before=Decimal(500), position=held)
    await desk.settle()
    told = [event for event in await desk.events() if isinstance(event, OrderChanged)]
    assert [event.order.status for event in told] == [S.SENT, S.ACCEPTED, S.FILLED]
    assert {event.order.no for event in told} == {order.no}
    last = told[-1]
    assert (last.cash_before, last.position_qty_before, last.average_cost) == (Decimal(500), 10, Decimal(60))
    assert last.last_fill is not None
    assert (last.last_fill.qty, last.last_fill.price) == (4, Decimal("61.50"))
    fees = Decimal("0.62") + Decimal("0.01")  # commission and SEC fee of 246 dollars, each in cents
    assert last.fees == fees
    assert last.realized == Decimal(6) - fees


async def test_reasons_of_an_order_survive_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        made.broker.matching = False
        held = Position(
            symbol=TQQQ,
            name="",
            qty=10,
            sellable_qty=10,
            average_cost=Decimal(60),
            last=PRICE,
            profit_rate=Decimal(0),
        )
        made.broker.hold(TQQQ, 10, Decimal(60))
        order = await made.desk.place(made.request(Side.SELL), cash_before=Decimal(7), position=held)
        broker, clock = made.broker, made.clock
    broker.fill(broker.truth()[0].venue_no)
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        await again.desk.poll_orders()
        told = [event for event in await again.events() if isinstance(event, OrderChanged)]
        assert told[-1].order.no == order.no
        assert told[-1].cash_before == 7
        assert told[-1].realized is not None


async def test_what_can_wait_begins_after_an_order_has_left(desk: Bench) -> None:
    """An alert is put into words when the request is out, also while its answer hangs."""
    seen: list[str] = []
    submit = desk.broker.submit

    async def submitting(request: OrderRequest) -> Acceptance:
        seen.append("order")
        return await submit(request)

    async def telling() -> None:
        with desk.storage.outbox.added() as wake:
            await wake.wait()  # the intent is stored, with its event
            await desk.desk.precedence.yielded()
            seen.append("alert")

    desk.broker.submit = submitting  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        group.create_task(telling())
        await asyncio.sleep(0)
        await desk.buy()
    assert seen == ["order", "alert"]

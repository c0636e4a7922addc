"""The way out when the broker is difficult (D3, row S63; promise 1)."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import (
    Mode,
    Order,
    OrderChanged,
    OrderRequest,
    OrderStatus,
    Origin,
    Quote,
    Side,
    StopFinished,
    StopTriggered,
    StorageError,
    Symbol,
    Trouble,
    TryLater,
)
from tests.fakes.clock import settle
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OWNER, TQQQ, Bench


async def working(bench: Bench) -> None:
    """Let a stop's order rest unfilled."""
    bench.broker.matching = False
    bench.price(TQQQ, "94")
    await bench.settle()
    [order] = await bench.orders()
    assert order.status is OrderStatus.ACCEPTED


async def test_halting_takes_the_ladder_down(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await working(bench)
        preview = await bench.core.control.modes.preview(OWNER, Mode.HALTED, symbol=None)
        assert preview.ticket is not None
        await bench.core.control.confirmations.confirm(preview.ticket, OWNER, typed="손절 끄기")
        await bench.pass_time(5)
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.sold, finished.left) == ("halted", 0, 10)
        assert [order.status for order in await bench.orders()] == [OrderStatus.CANCELED]


async def test_a_refused_re_pricing_is_tried_again(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await working(bench)
        [before] = await bench.orders()
        bench.broker.fail("amend", "reject")
        bench.price(TQQQ, "94.01")
        await bench.pass_time(3)
        [same] = await bench.orders()
        assert same.limit_price == before.limit_price
        await bench.pass_time(3)
        [lower] = await bench.orders()
        assert lower.limit_price < before.limit_price


async def test_shares_a_slow_cancel_still_holds_are_not_sold_twice(tmp_path: Path) -> None:
    """The cancel of a hand-made sell of 6 is not confirmed in time: only the free 4 are sold, then the rest."""
    async with holding(tmp_path) as bench:
        number = bench.broker.hand_order(TQQQ, Side.SELL, 6, Decimal(120))
        await bench.pass_time(61)
        bench.broker.slow_cancels = True
        bench.price(TQQQ, "94")
        await bench.pass_time(14)
        stops = [order for order in await bench.orders() if order.request.origin is Origin.STOP_LOSS]
        assert [(order.request.qty, order.status) for order in stops] == [(4, OrderStatus.FILLED)]
        bench.broker.slow_cancels = False
        bench.broker.finish_cancel(number)
        await bench.pass_time(10)
        assert bench.broker.qty_held(TQQQ) == 0
        [finished] = await bench.told(StopFinished)
        assert (finished.reason, finished.sold) == ("flat", 10)


async def test_a_resting_buy_is_canceled_before_the_stop_sells(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.hand_order(TQQQ, Side.BUY, 3, Decimal(80))
        await bench.pass_time(61)
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        assert [order.status for order in await bench.orders()] == [OrderStatus.CANCELED, OrderStatus.FILLED]


async def test_an_order_without_an_answer_holds_the_ladder_until_it_is_settled(tmp_path: Path) -> None:
    """The request never arrived: three lists say so twice; within 40 s the stop sells, once."""
    async with holding(tmp_path) as bench:
        bench.broker.fail("submit", "lost_request")
        bench.price(TQQQ, "94")
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 10
        await bench.pass_time(5)
        assert bench.broker.qty_held(TQQQ) == 0
        assert len(bench.broker.submitted) == 2


async def test_an_account_that_cannot_be_asked_does_not_stop_the_stop(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.fail("holdings", "try_later", times=100)
        bench.broker.fail("submit", "reject")
        bench.price(TQQQ, "94")
        await bench.pass_time(10)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_sells_on_the_last_known_price_when_none_can_be_asked(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await working(bench)
        bench.market.broken[TQQQ] = TryLater("down")
        await bench.pass_time(9)
        [order] = await bench.orders()
        assert order.reprices == 0 or order.limit_price < Decimal(93)
        bench.broker.matching = True
        bench.broker.set_price(TQQQ, Decimal(94), bid=Decimal("93.99"), ask=Decimal("94.01"))
        await bench.settle()
        assert bench.broker.qty_held(TQQQ) == 0


@pytest.mark.parametrize(
    ("journal", "method", "resting"), [("orders", "send", 0), ("decisions", "add", 0), ("decisions", "add", 1)]
)
async def test_a_full_disk_is_told_and_nothing_is_sent_unrecorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str, method: str, resting: int
) -> None:
    """What led to a stop is stored first, its order next; no resting order is canceled before it."""
    async with holding(tmp_path) as bench:
        for _ in range(resting):
            bench.broker.hand_order(TQQQ, Side.SELL, 1, Decimal(200))
            await bench.core.trading.account_sync.take("asked")

        async def full(*_: object, **__: object) -> None:
            raise StorageError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(getattr(bench.storage, journal), method, full)
            bench.price(TQQQ, "94")
            await bench.pass_time(2)
            assert bench.broker.submitted == []
            assert [event.key for event in await bench.told(Trouble)] == ["stop:NASDAQ:TQQQ"]
            recorded = journal == "orders"
            assert len(await bench.told(StopTriggered)) == len(await bench.storage.modes.locks()) == recorded
            assert bench.broker.canceled == []
        await bench.pass_time(20)
        assert bench.broker.qty_held(TQQQ) == 0
        sold = [order for order in await bench.orders() if order.ours]
        assert len(await bench.told(StopTriggered)) == len({order.request.decision_id for order in sold}) == 1


async def test_a_stop_with_a_price_in_hand_waits_for_no_request_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll of the same ticker hangs when its tick comes: the limit is made from the tick."""
    async with holding(tmp_path) as bench:
        answered, whole = asyncio.Event(), bench.market.quote

        async def hanging(symbol: Symbol) -> Quote:
            await answered.wait()
            return await whole(symbol)

        monkeypatch.setattr(bench.market, "quote", hanging)
        async with asyncio.TaskGroup() as group:
            group.create_task(bench.core.trading.watch.fresh_quote(TQQQ))
            await settle()
            bench.price(TQQQ, "94")
            await bench.wait_for(lambda: len(bench.broker.submitted) == 1)
            answered.set()
        await bench.settle()
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_stop_is_told_and_locked_while_the_answer_to_another_order_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's order takes the ticker's turn while nothing of it is stored yet, and its answer hangs."""
    async with holding(tmp_path) as bench:
        whole = bench.storage.orders.send

        async def touched(*args: Any, **kwargs: Any) -> Order:
            monkeypatch.setattr(bench.storage.orders, "send", whole)
            bench.price(TQQQ, "94")
            await settle()
            return await whole(*args, **kwargs)

        monkeypatch.setattr(bench.storage.orders, "send", touched)
        bench.broker.fail("submit", "hang")
        buy = OrderRequest(
            symbol=TQQQ,
            side=Side.BUY,
            qty=1,
            limit_price=Decimal(50),
            origin=Origin.MANUAL,
            created_at=bench.clock.now(),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(bench.core.trading.desk.place(buy))
            await bench.wait_for(lambda: len(bench.broker.submitted) == 1)
            async with asyncio.timeout(5):
                while not await bench.storage.modes.locks():  # noqa: ASYNC110 - a commit wakes nobody up
                    await asyncio.sleep(0)
            assert len(await bench.told(StopTriggered)) == 1
            bench.broker.unhang()
        await bench.pass_time(10)
        assert bench.broker.qty_held(TQQQ) == 0
        [stop] = [order for order in await bench.orders() if order.request.origin is Origin.STOP_LOSS]
        decision = await bench.storage.decisions.get(stop.request.decision_id or 0)
        assert decision is not None
        told = [event for event in await bench.told(OrderChanged) if event.order.no == stop.no]
        assert {event.decision.id for event in told if event.decision} == {decision.id}
        assert len(await bench.told(StopTriggered)) == 1


async def test_a_stop_outlasts_the_close_as_a_lock_only(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.price(TQQQ, "94")
        await bench.settle()
        lock = bench.core.base.modes.lock(TQQQ)
        assert lock is not None
        assert lock.until is not None
        assert lock.until - bench.clock.now() < timedelta(days=1)

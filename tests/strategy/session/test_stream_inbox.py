"""The stream's ups and downs as the core takes them (rows S22, S48, S87, S106)."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    Amount,
    AmountKind,
    BrokerOrder,
    OrderChanged,
    OrderStatus,
    Recovered,
    Side,
    Started,
    StreamState,
    Trouble,
    TryLater,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import bilingual, english, korean, made_up

BUYS = {
    "trading_tickers": "NASDAQ:TQQQ",
    "rsi_oversold": "98",
    "rsi_overbought": "99",
    "max_position_rate": "1",
    "buy_delay_min": "1",
}

TOO_MANY = made_up("너무 많음", "too many")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    world = World.at(OPEN - timedelta(minutes=1))
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=trading_settings(**BUYS)) as made:
        yield made


async def test_start_card_has_the_streams_own_word_s48(bench: Bench) -> None:
    [started] = await bench.told(Started)
    assert korean(started.stream) == "실시간 체결 통보 연결됨, 구독 확인됨"
    assert bench.stream.watched == (TQQQ,)


async def test_a_reason_is_told_in_one_language_at_a_time_s48(bench: Bench) -> None:
    bench.stream.drop("끊겼습니다. / It was dropped.")
    await bench.settle()
    [down] = await bench.told(StreamState)
    assert (
        bilingual(down.reason) == "실시간 연결이 끊겼습니다: 끊겼습니다.\nThe live connection is down: It was dropped."
    )


async def test_one_down_and_one_up_each_and_nothing_lost_s87(bench: Bench) -> None:
    """A fill of the gap is found by the look after the reconnect."""
    bench.broker.matching = False
    await bench.until(OPEN + timedelta(seconds=2))
    [order] = await bench.orders()
    assert order.venue_no is not None
    bench.stream.drop()
    await bench.settle()
    bench.broker.notices = "lost"
    bench.broker.fill(order.venue_no)
    bench.stream.connect()
    await bench.settle()
    assert [event.up for event in await bench.told(StreamState)] == [False, True]
    assert (await bench.orders())[0].status is OrderStatus.FILLED
    for _ in range(5):
        bench.stream.drop()
        await bench.settle()
        bench.stream.connect()
        await bench.settle()
    assert [event.up for event in await bench.told(StreamState)] == [False, True] * 6
    assert bench.core.trading.account_sync.reconciled


async def test_a_gap_blocks_buying_until_reconciled_promise_2(bench: Bench) -> None:
    bench.broker.fail("orders", "try_later", times=500)
    bench.stream.drop()
    await bench.settle()
    assert not bench.core.trading.account_sync.reconciled
    await bench.until(OPEN + timedelta(minutes=1))
    assert await bench.orders() == []
    bench.broker._faults.clear()
    await bench.until(OPEN + timedelta(minutes=3))
    assert [order.request.side for order in await bench.orders()][:1] == [Side.BUY]


async def test_network_loss_orders_nothing_and_recovers_by_itself_s106(bench: Bench) -> None:
    bench.stream.drop("network")
    bench.market.broken[TQQQ] = TryLater("network")
    bench.broker.fail("orders", "try_later", times=500)
    await bench.until(OPEN + timedelta(minutes=10))
    assert bench.broker.submitted == []
    assert await bench.told(Trouble)
    del bench.market.broken[TQQQ]
    bench.broker._faults.clear()
    bench.stream.connect()
    await bench.until(OPEN + timedelta(minutes=12))
    assert bench.broker.submitted
    kinds = [event.kind for event in await bench.events()]
    assert kinds.index("stream") < kinds.index("order_changed")


async def test_refused_notices_are_told_at_once_s22(bench: Bench) -> None:
    bench.core.session.inbox.on_subscription(None, active=False, reason=made_up("HTS_ID", "invalid HTS_ID"))
    await bench.settle()
    [trouble] = await bench.told(Trouble)
    assert trouble.key == "notices_refused"
    assert "HTS_ID" in english(trouble.what)


async def test_refused_ticks_leave_polling(bench: Bench) -> None:
    bench.core.session.inbox.on_subscription(TQQQ, active=False, reason=TOO_MANY)
    assert not bench.core.trading.watch.streams(TQQQ)
    assert bench.core.trading.watch.refused() == {TQQQ: TOO_MANY}


async def test_recovered_is_silent_when_nothing_differed(bench: Bench) -> None:
    await bench.pass_time(30)
    assert await bench.told(Recovered) == []


@pytest.mark.parametrize("lag_s", [0, 2, 15])
async def test_a_fill_whose_notice_cannot_be_read_is_told_as_soon_as_the_broker_lists_it(
    tmp_path: Path, lag_s: float
) -> None:
    """No other notice of that order comes, and it would be looked at again minutes later."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.matching = False
    quiet = {**BUYS, "rsi_oversold": "1", "reconcile_interval_s": "3600"}
    async with running(tmp_path, world, settings=trading_settings(**quiet)) as bench:
        one = Amount(kind=AmountKind.SHARES, value=Decimal(1))
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, one, Decimal(90))
        assert preview.ticket is not None
        await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
        await bench.pass_time(120)
        [order] = await bench.orders()
        assert (order.status, order.venue_no is not None) == (OrderStatus.ACCEPTED, True)
        bench.broker.notices, bench.broker.lag_s = "lost", lag_s
        assert order.venue_no is not None
        filled_at = bench.clock.now()
        bench.broker.fill(order.venue_no)
        bench.core.session.inbox.on_unread_notice()
        await bench.pass_time(2 * lag_s + 10)
        assert (await bench.orders())[0].status is OrderStatus.FILLED
        [told] = [event.at for event in await bench.told(OrderChanged) if event.last_fill is not None]
        assert told - filled_at <= timedelta(seconds=1 + 1.5 * lag_s)


async def test_drops_soon_after_one_another_are_counted_until_the_stream_holds(bench: Bench) -> None:
    for lived_s in (700, 8, 8, 8, 599, 601, 8):
        await bench.pass_time(lived_s)
        bench.stream.drop()
        await bench.pass_time(1)
        bench.stream.connect()
        await bench.settle()
    told = await bench.told(StreamState)
    assert [event.drops for event in told if not event.up] == [1, 2, 3, 4, 5, 1, 2]
    assert [event.drops for event in told if event.up] == [1, 2, 3, 4, 5, 1, 2]


async def test_unreadable_notices_by_the_hundred_cost_two_requests_a_second(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.pass_time(10)
    asked: list[datetime] = []
    orders = bench.broker.orders

    async def counted(*dates: date) -> Sequence[BrokerOrder]:
        asked.append(bench.clock.now())
        return await orders(*dates)

    monkeypatch.setattr(bench.broker, "orders", counted)
    for _ in range(100):
        bench.core.session.inbox.on_unread_notice()
        await bench.pass_time(0.1)
    assert 5 <= len(asked) <= 25, "once a second by the desk, and once for the account"

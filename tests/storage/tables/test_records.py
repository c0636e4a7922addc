"""Long reads for accounts and statistics, on a real database."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

import storage.records as records_module
from storage.database import Storage
from strategy.model import (
    DayStart,
    Decision,
    DecisionAction,
    DecisionReason,
    OrderNo,
    OrderStatus,
    Origin,
    Side,
    StorageError,
    Trade,
)
from tests.fakes.stored_samples import TQQQ, O, at, broker_order, decision, fill, request


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "_ORDERS_A_PAGE", 2)
    monkeypatch.setattr(records_module, "_DECISIONS_A_PAGE", 2)


async def filled(storage: Storage, seconds: float, *, parts: int = 1, delay_s: float = 5, **asked: object) -> OrderNo:
    order = await storage.orders.send(request(created_at=at(seconds), **asked), at())
    fills = [fill(order, f"{order.no}:{n}", filled_at=at(seconds + delay_s + n)) for n in range(parts)]
    await storage.orders.change(order.no, OrderStatus.FILLED, at(seconds + 99), fills=fills)
    return order.no


async def everything(storage: Storage, since: datetime | None = None, until: datetime | None = None) -> list[Trade]:
    return [trade async for page in storage.records.trades(since=since, until=until) for trade in page]


async def test_an_empty_database_gives_empty_answers(storage: Storage) -> None:
    assert await storage.records.newest_trades(10) == []
    assert await everything(storage) == []
    assert await storage.records.orders_by_status() == {}
    assert await storage.records.decisions_by_reason() == {}
    assert [page async for page in storage.records.decisions()] == []


async def test_newest_trades_come_newest_first_with_their_orders(storage: Storage) -> None:
    first = await filled(storage, 0, delay_s=500)  # asked for first, filled last
    second = await filled(storage, 10, parts=2)
    other = await filled(storage, 20, symbol=O, side=Side.SELL)
    trades = await storage.records.newest_trades(10)
    assert [trade.fill.key for trade in trades] == [f"{first}:0", f"{other}:0", f"{second}:1", f"{second}:0"]
    assert [trade.order.no if trade.order else None for trade in trades] == [first, other, second, second]
    assert [trade.fill.symbol for trade in await storage.records.newest_trades(10, symbol=O)] == [O]
    assert len(await storage.records.newest_trades(2)) == 2


async def test_pages_hold_every_fill_once_and_all_of_an_order_together(storage: Storage) -> None:
    numbers = [await filled(storage, n * 60, parts=1 + n % 3) for n in range(7)]
    await storage.orders.send(request(created_at=at(30)), at())  # without a fill
    pages = [page async for page in storage.records.trades()]
    keys = [trade.fill.key for page in pages for trade in page]
    assert len(keys) == len(set(keys)) == sum(1 + n % 3 for n in range(7))
    by_page = [{trade.fill.order_no for trade in page} for page in pages]
    assert [len(orders) for orders in by_page] == [2, 2, 2, 1]
    assert [max(orders) for orders in by_page] == [numbers[6], numbers[4], numbers[2], numbers[0]]
    assert [trade.fill.order_no for page in pages for trade in page] == sorted(
        (trade.fill.order_no for page in pages for trade in page), reverse=True
    )
    assert keys[:2] == [f"{numbers[6]}:0", f"{numbers[5]}:2"]  # the newest fill of an order first


async def test_orders_of_the_same_instant_are_not_lost_between_pages(storage: Storage) -> None:
    for _ in range(5):
        await filled(storage, 0)
    assert len(await everything(storage)) == 5


async def test_a_span_is_that_of_the_orders_and_leaves_its_end_out(storage: Storage) -> None:
    for seconds in (0, 60, 120):
        await filled(storage, seconds)
    found = await everything(storage, at(60), at(120))
    assert [trade.order.request.created_at for trade in found if trade.order] == [at(60)]


async def test_fills_of_orders_placed_by_hand_are_there_too(storage: Storage) -> None:
    order = await storage.orders.add_external(broker_order(), at(0))
    await storage.orders.change(order.no, OrderStatus.FILLED, at(1), fills=[fill(order, "h", 4, "55.5")])
    [trade] = await everything(storage)
    assert trade.order is not None
    assert trade.order.request.origin is Origin.EXTERNAL
    assert await storage.records.orders_by_status() == {}  # counts are of own orders


async def test_own_orders_are_counted_by_where_they_stand(storage: Storage) -> None:
    await filled(storage, 0)
    for status in (OrderStatus.REJECTED, OrderStatus.REJECTED, OrderStatus.DENIED):
        order = await storage.orders.send(request(created_at=at(60)), at())
        await storage.orders.change(order.no, status, at(61))
    assert await storage.records.orders_by_status() == {
        OrderStatus.FILLED: 1,
        OrderStatus.REJECTED: 2,
        OrderStatus.DENIED: 1,
    }
    assert await storage.records.orders_by_status(since=at(1), until=at(60)) == {}


async def decided(storage: Storage, *rows: tuple[datetime, str, DecisionAction]) -> list[Decision]:
    return [
        await storage.decisions.add(decision(decided_at=when, reason=DecisionReason(reason), action=action))
        for when, reason, action in rows
    ]


MONDAY = datetime(2026, 3, 9, 13, 30, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


async def test_decisions_are_counted_by_outcome_and_new_york_date(storage: Storage) -> None:
    await decided(
        storage,
        (MONDAY, "no_signal", DecisionAction.NONE),
        (MONDAY, "blocked:cash", DecisionAction.NONE),
        (TUESDAY, "no_signal", DecisionAction.NONE),
        (TUESDAY.replace(hour=19, minute=59), "buy", DecisionAction.BUY),
    )
    count = storage.records.decisions_by_reason
    assert await count() == {"no_signal": 2, "blocked:cash": 1, "buy": 1}
    assert await count(since=date(2026, 3, 10)) == {"no_signal": 1, "buy": 1}
    assert await count(until=date(2026, 3, 9)) == {"no_signal": 1, "blocked:cash": 1}
    assert await count(since=date(2026, 3, 11)) == {}


async def test_forgotten_decisions_stay_counted(storage: Storage) -> None:
    bought = [(MONDAY, "buy", DecisionAction.BUY)]
    idle = [(MONDAY + timedelta(minutes=n), "no_signal", DecisionAction.NONE) for n in range(5)]
    kept = [(TUESDAY, "no_signal", DecisionAction.NONE)]
    await decided(storage, *bought, *idle, *kept)
    before = await storage.records.decisions_by_reason()
    assert [await storage.decisions.forget(TUESDAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert await storage.records.decisions_by_reason() == before == {"buy": 1, "no_signal": 6}
    assert await storage.records.decisions_by_reason(until=date(2026, 3, 9)) == {"buy": 1, "no_signal": 5}
    left = [row async for page in storage.records.decisions() for row in page]
    assert [row.reason for row in left] == ["no_signal", "buy"]


async def test_a_decision_behind_an_order_is_never_forgotten(storage: Storage) -> None:
    [made] = await decided(storage, (MONDAY, "blocked:cash", DecisionAction.NONE))
    await storage.orders.send(request(decision_id=made.id), at())
    assert await storage.decisions.forget(TUESDAY) == 0


async def test_decisions_come_newest_first_in_pages(storage: Storage) -> None:
    made = await decided(
        storage, *((MONDAY + timedelta(minutes=n // 2), "no_signal", DecisionAction.NONE) for n in range(5))
    )
    pages: list[Sequence[Decision]] = [page async for page in storage.records.decisions()]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row.id for page in pages for row in page] == [row.id for row in reversed(made)]
    since = [row.id async for page in storage.records.decisions(since=MONDAY + timedelta(minutes=2)) for row in page]
    assert since == [made[4].id]


async def test_counting_by_outcome_reads_no_bodies(storage: Storage) -> None:
    plan = await storage.records._reader.rows(
        "EXPLAIN QUERY PLAN SELECT reason, COUNT(*) FROM decisions WHERE decided_at >= '' AND decided_at < '9'"
        " GROUP BY reason"
    )
    assert any("USING COVERING INDEX decisions_by_time_and_reason" in str(tuple(row)) for row in plan)


async def test_reading_does_not_wait_for_a_transaction_and_cannot_write(storage: Storage) -> None:
    await filled(storage, 0)
    read = threading.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(storage.orders._database.write(lambda _: read.wait(10)))
        assert len(await storage.records.newest_trades(1)) == 1
        read.set()
    with pytest.raises(StorageError):
        await storage.records._reader.change("DELETE FROM notes")


async def test_what_was_committed_is_read_at_once(storage: Storage) -> None:
    for n in range(20):
        await filled(storage, n)
        assert len(await storage.records.newest_trades(100)) == n + 1
    assert {trade.fill.symbol for trade in await storage.records.newest_trades(100)} == {TQQQ}


async def test_a_days_exchange_rate_is_the_first_one_told(storage: Storage) -> None:
    assert await storage.records.exchange_rates() == {}
    await storage.exchange_rates.keep(date(2026, 3, 10), Decimal("1391.50"))
    await storage.exchange_rates.keep(date(2026, 3, 10), Decimal(1400))
    await storage.exchange_rates.keep(date(2026, 3, 11), Decimal("1402.25"))
    assert await storage.records.exchange_rates() == {
        date(2026, 3, 10): Decimal("1391.50"),
        date(2026, 3, 11): Decimal("1402.25"),
    }


async def test_the_first_start_of_a_day_is_the_earliest(storage: Storage) -> None:
    assert await storage.records.first_day_start() is None
    starts = [
        DayStart(
            session_on=date(2026, 3, day),
            equity=Decimal(10_000 + day),
            value=Decimal(0),
            looked_at=at(day),
            held={},
            values={},
            left_out=frozenset(),
            unvalued=frozenset(),
        )
        for day in (11, 10, 12)
    ]
    for start in starts:
        await storage.day_starts.keep(start)
    assert await storage.records.first_day_start() == starts[1]

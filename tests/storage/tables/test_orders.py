"""The order journal: intents, states, venue numbers, fills. Row S100."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Storage, open_storage
from storage.worker import Worker
from strategy.model import (
    DecisionAction,
    HandOrder,
    InvalidOrder,
    OrderChanged,
    OrderNo,
    OrderStatus,
    OrderType,
    Origin,
    Side,
    StorageError,
    TickerLock,
    VenueNo,
)
from tests.fakes.stored_samples import (
    TQQQ,
    TRADED_ON,
    O,
    at,
    broker_order,
    decision,
    fill,
    notable,
    order_changed,
    request,
    trouble,
    unnumbered,
)
from tests.support.words import made_up

S = OrderStatus

CLOSED = made_up("장 마감", "market closed")


async def test_an_intent_is_stored_with_a_number_before_anything_else(storage: Storage) -> None:
    asked = request(asked_by=42, ticket="abc", order_type=OrderType.LIMIT, origin=Origin.MANUAL)
    order = await storage.orders.send(asked, at(1))
    assert order.no == 1
    assert (order.status, order.request, order.filled_qty) == (S.SENT, asked, 0)
    assert await storage.orders.history(order.no) == [(at(0), S.INTENDED, None), (at(1), S.SENT, None)]
    assert await storage.orders.get(order.no) == order
    assert await storage.orders.by_ticket("abc") == order


async def test_an_order_names_the_decision_that_led_to_it_and_tells_it_after_what_that_told(storage: Storage) -> None:
    lock = TickerLock(symbol=TQQQ, reason="stop_loss", locked_at=at(), until=at(3600))
    stored = await storage.decisions.add(decision(action=DecisionAction.STOP), [trouble()], lock=lock)
    asked = request(side=Side.SELL, origin=Origin.STOP_LOSS, ticket="abc", decision_id=stored.id)
    told = replace(order_changed(unnumbered(asked)), decision=stored)
    order = await storage.orders.send(asked, at(1), events=[told])
    assert await storage.decisions.get(order.request.decision_id or 0) == stored
    assert await storage.modes.locks() == [lock]
    events = [row.event for row in await storage.outbox.pending(10)]
    assert [event.kind for event in events] == ["trouble", "order_changed"]
    assert isinstance(events[1], OrderChanged)
    assert (events[1].order, events[1].decision) == (order, stored)


async def test_an_order_of_a_decision_nobody_stored_is_refused(storage: Storage) -> None:
    with pytest.raises(StorageError):
        await storage.orders.send(request(decision_id=7), at(1), events=[notable()])
    assert await storage.orders.recent(9) == []
    assert await storage.outbox.pending(9) == []


async def test_a_used_ticket_places_no_second_order(storage: Storage) -> None:
    await storage.orders.send(request(ticket="abc"), at())
    with pytest.raises(InvalidOrder):
        await storage.orders.send(request(ticket="abc"), at(), events=[notable()])
    assert len(await storage.orders.recent(10)) == 1
    assert not await storage.outbox.pending(10)


async def test_two_presses_at_once_place_one_order(storage: Storage) -> None:
    outcomes = await asyncio.gather(
        *(storage.orders.send(request(ticket="abc"), at()) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, InvalidOrder) for outcome in outcomes) == 4


async def test_every_state_change_is_kept_s100(storage: Storage) -> None:
    order = await storage.orders.send(request(), at(1))
    await storage.orders.change(order.no, S.ACCEPTED, at(2), venue_no=VenueNo("101"), accepted_at=at(2))
    done = await storage.orders.change(order.no, S.REJECTED, at(3), reason=CLOSED)
    assert await storage.orders.history(order.no) == [
        (at(0), S.INTENDED, None),
        (at(1), S.SENT, None),
        (at(2), S.ACCEPTED, None),
        (at(3), S.REJECTED, CLOSED),
    ]
    assert done == await storage.orders.get(order.no)
    assert done.accepted_at == at(2)


async def test_what_is_left_out_of_a_change_stays_but_for_the_reason(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    await storage.orders.change(
        order.no, S.ACCEPTED, at(2), venue_no=VenueNo("101"), accepted_at=at(2), limit_price=Decimal("61.5"), reprices=1
    )
    await storage.orders.change(order.no, S.UNKNOWN, at(3), reason=made_up("답 없음", "no answer"))
    order = await storage.orders.change(order.no, S.ACCEPTED, at(4), accepted_at=at(4))
    assert (order.venue_no, order.limit_price, order.reprices) == ("101", Decimal("61.5"), 1)
    assert order.accepted_at == at(2)  # the first acceptance: delays count from it
    assert order.reason is None


async def test_an_amended_order_is_found_by_every_number_it_carried(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    await storage.orders.change(order.no, S.ACCEPTED, at(1), venue_no=VenueNo("101"))
    await storage.orders.change(order.no, S.ACCEPTED, at(2), venue_no=VenueNo("102"), limit_price=Decimal(61))
    assert await storage.orders.venue_nos(order.no) == ["101", "102"]
    for number in ("101", "102"):
        found = await storage.orders.by_venue_no(VenueNo(number), TRADED_ON, "TQQQ", Side.BUY)
        assert found is not None
        assert found.no == order.no
    assert await storage.orders.by_venue_no(VenueNo("103"), TRADED_ON, "TQQQ", Side.BUY) is None


async def test_a_venue_number_belongs_to_one_order_of_a_date(storage: Storage) -> None:
    first = await storage.orders.send(request(), at())
    second = await storage.orders.send(request(), at())
    await storage.orders.change(first.no, S.ACCEPTED, at(1), venue_no=VenueNo("101"))
    with pytest.raises(StorageError):
        await storage.orders.change(
            second.no, S.ACCEPTED, at(1), venue_no=VenueNo("101"), fills=[fill(second, "f")], events=[notable()]
        )
    assert await storage.orders.get(second.no) == second
    assert not await storage.orders.fills()
    assert not await storage.outbox.pending(10)


async def test_orders_of_two_branches_may_carry_one_number(storage: Storage) -> None:
    """Numbers are unique per branch and day: ticker and side tell the orders apart."""
    buy = await storage.orders.send(request(), at())
    sell = await storage.orders.send(request(side=Side.SELL), at())
    for order in (buy, sell):
        await storage.orders.change(order.no, S.ACCEPTED, at(1), venue_no=VenueNo("101"))
        found = await storage.orders.by_venue_no(VenueNo("101"), TRADED_ON, "TQQQ", order.request.side)
        assert found is not None
        assert found.no == order.no
    assert await storage.orders.by_venue_no(VenueNo("101"), TRADED_ON, "KO", Side.BUY) is None


async def test_the_broker_counts_its_numbers_anew_each_date(storage: Storage) -> None:
    first = await storage.orders.send(request(), at())
    second = await storage.orders.send(request(created_at=at(86_400)), at())
    await storage.orders.change(first.no, S.ACCEPTED, at(1), venue_no=VenueNo("101"))
    await storage.orders.change(second.no, S.ACCEPTED, at(86_401), venue_no=VenueNo("101"))
    found = await storage.orders.by_venue_no(VenueNo("101"), TRADED_ON + timedelta(days=1), "TQQQ", Side.BUY)
    assert found is not None
    assert found.no == second.no


async def test_fills_make_the_filled_quantity_and_amount(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    await storage.orders.change(order.no, S.PARTIALLY_FILLED, at(5), fills=[fill(order, "a", 3, "61.10")])
    order = await storage.orders.change(
        order.no, S.FILLED, at(6), fills=[fill(order, "b", 5, "61.2"), fill(order, "c", 2, "61.1234", filled_at=at(4))]
    )
    assert order.filled_qty == 10
    assert order.filled_amount == Decimal("611.5468")
    assert order.average_price == Decimal("61.15468")
    assert [found.key for found in await storage.orders.fills(order=order.no)] == ["c", "a", "b"]
    assert [found.key for found in await storage.orders.fills(since=at(5))] == ["a", "b"]
    assert [found.key for found in await storage.orders.fills(order=order.no, since=at(6))] == []
    assert (await storage.orders.fills())[1] == fill(order, "a", 3, "61.10")


async def test_a_repeated_fill_is_neither_counted_nor_told_again(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    one = fill(order, "a", 3)
    await storage.orders.change(order.no, S.PARTIALLY_FILLED, at(5), fills=[one], events=[order_changed(order, one)])
    order = await storage.orders.change(
        order.no, S.PARTIALLY_FILLED, at(6), fills=[one], events=[order_changed(order, one), notable()]
    )
    assert order.filled_qty == 3
    assert [row.event.kind for row in await storage.outbox.pending(10)] == ["order_changed", "notable"]


async def test_a_corrected_fill_counts_at_its_newest_price_and_stays_as_it_was_told(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    told, other = fill(order, "a", 3, "61.10", realized=Decimal(1)), fill(order, "b", 2, "61.10")
    await storage.orders.change(order.no, S.FILLED, at(5), fills=[told, other])
    for price in ("61.30", "61.20"):
        right = replace(told, price=Decimal(price), fees=Decimal("0.2"), realized=None)
        order = await storage.orders.change(order.no, S.FILLED, at(6), corrected=[right])
    assert (order.filled_qty, order.filled_amount) == (5, Decimal("305.80"))
    assert await storage.orders.fills() == [right, other]
    assert [trade.fill for trade in await storage.records.newest_trades(9)] == [other, right]
    [first, _] = await storage.orders._database.rows("SELECT * FROM fills ORDER BY id")
    assert (first["price"], first["fees"], first["realized"]) == ("61.10", "0.15", "1")


async def test_a_fill_of_another_order_is_refused(storage: Storage) -> None:
    first = await storage.orders.send(request(), at())
    second = await storage.orders.send(request(), at())
    with pytest.raises(StorageError):
        await storage.orders.change(first.no, S.FILLED, at(1), fills=[fill(second, "a")])
    with pytest.raises(StorageError):
        await storage.orders.change(first.no, S.FILLED, at(1), corrected=[fill(second, "a")])
    assert not await storage.orders.fills()


async def test_a_change_of_no_order_is_refused(storage: Storage) -> None:
    with pytest.raises(StorageError):
        await storage.orders.change(OrderNo(9), S.SENT, at())


async def test_events_are_stored_with_the_fact_and_carry_its_number(storage: Storage) -> None:
    asked = request()
    order = await storage.orders.send(asked, at(), events=[order_changed(unnumbered(asked)), trouble()])
    told = [row.event for row in await storage.outbox.pending(10)]
    assert [event.kind for event in told] == ["trouble", "order_changed"]
    assert isinstance(told[1], OrderChanged)
    assert told[1].order == order


async def test_a_hand_made_order_is_stored_once(storage: Storage) -> None:
    found = broker_order()
    order = await storage.orders.add_external(found, at(), events=[notable()])
    assert (order.status, order.request.origin, order.venue_no) == (S.ACCEPTED, Origin.EXTERNAL, "777")
    assert await storage.orders.venue_nos(order.no) == ["770", "777"]
    assert await storage.orders.add_external(found, at(9), events=[notable()]) == order
    assert len(await storage.orders.recent(9)) == 1
    assert len(await storage.outbox.pending(9)) == 1


async def test_a_hand_made_order_is_told_with_its_number(storage: Storage) -> None:
    found = broker_order()
    order = await storage.orders.add_external(found, at(), events=[HandOrder(at=at(), found=found, order=None)])
    [row] = await storage.outbox.pending(9)
    assert row.event == HandOrder(at=at(), found=found, order=order)


async def test_what_a_person_makes_of_an_order_stays_with_it(storage: Storage) -> None:
    """Amended down and adopted: kept by later changes, and what is open follows."""
    order = await storage.orders.add_external(broker_order(), at())
    await storage.orders.change(order.no, S.ACCEPTED, at(1), working_qty=3)
    await storage.orders.change(order.no, S.ACCEPTED, at(2), adopted_by=7)
    order = await storage.orders.change(order.no, S.PARTIALLY_FILLED, at(3), fills=[fill(order, "a", qty=1)])
    assert (order.working_qty, order.adopted_by, order.ours, order.open_qty) == (3, 7, True, 2)
    assert await storage.orders.get(order.no) == order


async def test_a_hand_made_order_without_a_price_can_be_stored(storage: Storage) -> None:
    order = await storage.orders.add_external(broker_order(limit_price=Decimal(0)), at())
    assert (await storage.orders.get(order.no)) == order


async def test_open_orders_are_those_not_finished(storage: Storage) -> None:
    for status in OrderStatus:
        order = await storage.orders.send(request(), at())
        await storage.orders.change(order.no, status, at(1))
    still = [order.status for order in await storage.orders.open()]
    assert still == [status for status in OrderStatus if not status.closed]


async def test_the_open_orders_are_read_through_their_index(storage: Storage) -> None:
    plan = await storage.orders._database.rows(
        "EXPLAIN QUERY PLAN SELECT * FROM orders"
        " WHERE status NOT IN ('filled', 'canceled', 'rejected', 'denied', 'expired') ORDER BY no"
    )
    assert any("orders_open" in str(tuple(row)) for row in plan)


async def test_recent_orders_come_newest_first_and_by_ticker(storage: Storage) -> None:
    for symbol in (TQQQ, O, TQQQ):
        await storage.orders.send(request(symbol=symbol), at())
    assert [order.no for order in await storage.orders.recent(2)] == [3, 2]
    assert [order.no for order in await storage.orders.recent(9, symbol=TQQQ)] == [3, 1]


async def test_delays_count_from_the_acceptance_of_an_own_order_d5(storage: Storage) -> None:
    async def order(status: OrderStatus, seconds: float, **asked: object) -> OrderNo:
        stored = await storage.orders.send(request(**asked), at())
        await storage.orders.change(stored.no, S.ACCEPTED, at(seconds), accepted_at=at(seconds))
        await storage.orders.change(stored.no, status, at(seconds + 1))
        return stored.no

    await order(S.CANCELED, 10)
    await order(S.REJECTED, 20)
    await order(S.FILLED, 30, side=Side.SELL)
    await order(S.FILLED, 40, symbol=O)
    await storage.orders.send(request(), at())  # never accepted
    await storage.orders.add_external(broker_order(symbol=TQQQ, side=Side.BUY, ordered_at=at(50)), at(50))
    assert await storage.orders.last_accepted(TQQQ, Side.BUY) == at(10)
    assert await storage.orders.last_accepted(TQQQ, "sell") == at(30)
    assert await storage.orders.last_accepted(O, "sell") is None


async def test_a_refused_rest_of_a_filled_order_still_counts_for_the_delay(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    await storage.orders.change(order.no, S.ACCEPTED, at(1), accepted_at=at(1))
    await storage.orders.change(order.no, S.REJECTED, at(2), fills=[fill(order, "a")])
    assert await storage.orders.last_accepted(TQQQ, "buy") == at(1)


async def test_orders_of_a_day_are_counted_when_sent(storage: Storage) -> None:
    for seconds in (10, 20, 30):
        order = await storage.orders.send(request(), at(seconds))
        await storage.orders.change(order.no, S.REJECTED, at(seconds))
    denied = await storage.orders.send(request(), at(40))
    await storage.orders.change(denied.no, S.DENIED, at(40))
    await storage.orders.add_external(broker_order(), at(50))
    assert await storage.orders.count_since(at(20)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fills SET qty = 9",
        "DELETE FROM fills",
        "UPDATE fill_corrections SET price = '1'",
        "DELETE FROM fill_corrections",
        "UPDATE order_states SET status = 'filled'",
        "DELETE FROM order_states",
        "DELETE FROM orders",
        "UPDATE orders SET qty = 9",
        "UPDATE orders SET asked_price = '1'",
    ],
)
async def test_facts_cannot_be_changed(storage: Storage, statement: str) -> None:
    order = await storage.orders.send(request(), at())
    await storage.orders.change(order.no, S.FILLED, at(1), fills=[fill(order, "a")])
    await storage.orders.change(order.no, S.FILLED, at(1), corrected=[fill(order, "a", price="61.20")])
    with pytest.raises(StorageError):
        await storage.orders._database.change(statement)


async def test_orders_survive_a_restart_to_the_last_digit(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        order = await storage.orders.send(request(limit_price=Decimal("0.1230")), at())
        order = await storage.orders.change(
            order.no, S.PARTIALLY_FILLED, at(1.000001), fills=[fill(order, "a", 3, "0.12300")]
        )
    async with open_storage(tmp_path) as storage:
        again = await storage.orders.get(order.no)
        assert again == order
        assert again is not None
        assert str(again.limit_price) == "0.1230"
        assert again.updated_at == at(1.000001)


_STEP = st.tuples(
    st.sampled_from([S.ACCEPTED, S.PARTIALLY_FILLED, S.UNKNOWN, S.FILLED, S.CANCELED]),
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 5), st.decimals("0.0001", 999, places=4)), max_size=3
    ),
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(_STEP, max_size=8))
def test_fills_sum_to_the_order_whatever_is_repeated(steps: list[tuple[S, list[tuple[str, int, Decimal]]]]) -> None:
    async def run() -> None:
        import tempfile  # noqa: PLC0415 - a directory per example

        with tempfile.TemporaryDirectory() as folder:
            async with open_storage(Path(folder)) as storage:
                order = await storage.orders.send(request(), at())
                facts: dict[str, tuple[int, Decimal]] = {}
                for status, told in steps:
                    fills = [fill(order, key, qty, str(price)) for key, qty, price in told]
                    order = await storage.orders.change(order.no, status, at(1), fills=fills)
                    for key, qty, price in told:
                        facts.setdefault(key, (qty, price))
                    assert order.filled_qty == sum(qty for qty, _ in facts.values())
                    assert order.filled_amount == sum(qty * price for qty, price in facts.values())
                    assert order.status == status
                assert await storage.orders.get(order.no) == order
                assert len(await storage.orders.history(order.no)) == len(steps) + 2

    asyncio.run(run())


async def test_a_cancelled_change_leaves_all_or_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancel the caller as its change is handed to the database, or as what comes after it is."""
    order = await storage.orders.send(request(), at())
    run: Any = Worker.run
    left = -1

    async def cancelling(self: Worker, work: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()  # it is handed over all the same, as it is when a real cancellation comes
        return await run(self, work)

    monkeypatch.setattr(Worker, "run", cancelling)
    outcomes: list[object] = []
    for statement in range(1, 4):
        key = f"k{statement}"
        left = statement
        change = storage.orders.change(
            order.no,
            S.PARTIALLY_FILLED,
            at(statement),
            venue_no=VenueNo(key),
            fills=[fill(order, key)],
            events=[notable(key)],
        )
        outcomes += await asyncio.gather(asyncio.create_task(change), return_exceptions=True)  # noqa: TID251 - awaited
        left = -1
        fills = {found.key for found in await storage.orders.fills()}
        told = {getattr(row.event, "key", "") for row in await storage.outbox.pending(100)}
        now = await storage.orders.get(order.no)
        assert now is not None
        assert fills == told == set(await storage.orders.venue_nos(order.no))
        assert now.filled_qty == len(fills) == len(await storage.orders.history(order.no)) - 2
    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert not isinstance(outcomes[-1], BaseException)  # beyond the last statement nothing is cancelled


async def test_a_full_disk_is_an_error_and_leaves_the_database_usable(storage: Storage) -> None:
    [row] = await storage.orders._database.rows("PRAGMA page_count")
    await storage.orders._database.rows(f"PRAGMA max_page_count = {row[0]}")
    with pytest.raises(StorageError):
        await storage.notes.put("big", "x" * 100_000)
    await storage.orders._database.rows("PRAGMA max_page_count = 100000")
    await storage.notes.put("big", "y")
    assert await storage.notes.get("big") == "y"


async def test_a_bystander_does_not_die_in_anothers_rollback(storage: Storage) -> None:
    order = await storage.orders.send(request(), at())
    foreign = await storage.orders.send(request(), at())
    outcomes = await asyncio.gather(
        storage.orders.change(order.no, S.FILLED, at(1), fills=[fill(order, "a"), fill(foreign, "b")]),
        storage.notes.put("k", "v"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], StorageError)
    assert await storage.notes.get("k") == "v"


async def test_a_decision_that_does_not_exist_causes_no_order(storage: Storage) -> None:
    with pytest.raises(StorageError, match="no decision 99"):
        await storage.orders.send(request(decision_id=99), at())
    assert not await storage.orders.open()

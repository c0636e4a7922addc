"""Orders whose outcome only a person can settle (section 8, promises 1 and 3)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import InvalidInput, Order, OrderNo, OrderStatus, OutcomeKind, Side
from tests.strategy.control.test_control_orders import ask, open_market, shares
from tests.support.engine_bench import OWNER, TQQQ, Bench
from tests.support.words import english, korean


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_market(tmp_path) as made:
        yield made


async def lost_among_two(bench: Bench) -> Order:
    """Lose the reply of an order while two that look like it stand in the broker's list."""
    bench.broker.fail("orders", "try_later", times=1)
    bench.broker.fail("submit", "lost_reply")
    outcome = await bench.core.control.confirmations.confirm(await ask(bench, Side.BUY, shares(3), "90.00"), OWNER)
    bench.broker.hand_order(TQQQ, Side.BUY, 3, Decimal("90.00"), by_api=None)
    await bench.pass_time(60)
    assert outcome.order is not None
    order = (await bench.core.control.orders.queries.order(outcome.order.no)).order
    assert order.status is OrderStatus.UNKNOWN
    return order


async def test_each_candidate_is_offered_and_the_chosen_one_is_adopted(bench: Bench) -> None:
    order = await lost_among_two(bench)
    shown = await bench.core.control.orders.unknown.preview(OWNER, order.no)
    assert [choice.candidate is not None for choice in shown.choices] == [True, True]
    chosen = shown.choices[0]
    assert chosen.candidate is not None
    outcome = await bench.core.control.confirmations.confirm(chosen.ticket, OWNER)
    assert outcome.kind is OutcomeKind.DONE
    now = (await bench.core.control.orders.queries.order(order.no)).order
    assert (now.status, now.venue_no) == (OrderStatus.ACCEPTED, chosen.candidate.venue_no)
    history = (await bench.core.control.orders.queries.order(order.no)).history
    assert any(reason is not None and f"user {OWNER}" in english(reason) for _, _, reason in history)
    await bench.pass_time(10)
    assert bench.core.trading.desk.blocked(TQQQ) is None
    late = await bench.core.control.confirmations.confirm(shown.choices[1].ticket, OWNER)
    assert late.kind is OutcomeKind.CHANGED
    assert len(bench.broker.submitted) == 1


async def test_that_it_never_arrived_may_be_declared_once_it_would_be_visible(bench: Bench) -> None:
    order = await lost_among_two(bench)
    await bench.pass_time(130)
    shown = await bench.core.control.orders.unknown.preview(OWNER, order.no)
    assert shown.choices[-1].candidate is None
    outcome = await bench.core.control.confirmations.confirm(shown.choices[-1].ticket, OWNER)
    assert outcome.kind is OutcomeKind.DONE
    now = (await bench.core.control.orders.queries.order(order.no)).order
    assert now.status is OrderStatus.REJECTED
    await bench.pass_time(120)
    orders = await bench.orders()
    assert [one.status for one in orders] == [OrderStatus.REJECTED, OrderStatus.ACCEPTED, OrderStatus.ACCEPTED]


async def test_a_known_outcome_leaves_nothing_to_settle(bench: Bench) -> None:
    outcome = await bench.core.control.confirmations.confirm(await ask(bench, Side.BUY, shares(3), "90.00"), OWNER)
    shown = await bench.core.control.orders.unknown.preview(OWNER, outcome.order_nos[0])
    assert shown.choices == ()
    assert "이미 확인" in korean(shown.refusals[0])


async def test_too_early_to_say_is_said(bench: Bench) -> None:
    bench.broker.fail("submit", "lost_request")
    outcome = await bench.core.control.confirmations.confirm(await ask(bench, Side.BUY, shares(3), "90.00"), OWNER)
    shown = await bench.core.control.orders.unknown.preview(OWNER, outcome.order_nos[0])
    assert shown.choices == ()
    assert "아직" in korean(shown.refusals[0])


async def test_there_is_no_such_order(bench: Bench) -> None:
    with pytest.raises(InvalidInput):
        await bench.core.control.orders.unknown.preview(OWNER, OrderNo(99))

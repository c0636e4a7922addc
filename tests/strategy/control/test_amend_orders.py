"""Changing a working order from the chat (spec section 6, /amend; section 7; promise 6)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    AmendPreview,
    HandChoice,
    InvalidInput,
    Mode,
    Order,
    OrderNo,
    OrderStatus,
    Outcome,
    OutcomeKind,
    Side,
)
from tests.strategy.control.test_control_orders import ask, open_market, shares
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OWNER, TQQQ, Bench
from tests.support.words import english, korean


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_market(tmp_path, hold=10) as made:
        yield made


async def resting(bench: Bench, side: Side = Side.BUY, qty: int = 6, price: str = "90.00") -> Order:
    """Place an order by hand through the chat that rests."""
    ticket = await ask(bench, side, shares(qty), price)
    outcome = await bench.core.control.confirmations.confirm(ticket, OWNER)
    assert outcome.order is not None
    return outcome.order


async def preview(bench: Bench, no: OrderNo, qty: int | None = None, price: str | None = None) -> AmendPreview:
    return await bench.core.control.orders.amends.preview(OWNER, no, qty=qty, price=Decimal(price) if price else None)


async def press(bench: Bench, shown: AmendPreview) -> Outcome:
    assert shown.ticket is not None, shown.refusals
    return await bench.core.control.confirmations.confirm(shown.ticket, OWNER)


async def test_price_and_quantity_change_at_the_broker(bench: Bench) -> None:
    order = await resting(bench)
    shown = await preview(bench, order.no, qty=4, price="91.00")
    assert (shown.qty, shown.limit_price, shown.cost) == (4, Decimal("91.00"), Decimal("364.00"))
    assert not shown.needs_second_confirm
    outcome = await press(bench, shown)
    assert outcome.kind is OutcomeKind.DONE
    [now] = await bench.orders()
    assert (now.open_qty, now.limit_price, now.working_qty) == (4, Decimal("91.00"), 4)
    [there] = [one for one in bench.broker.truth() if one.open_qty]
    assert (there.open_qty, there.limit_price) == (4, Decimal("91.00"))
    assert (await press(bench, shown)).kind is OutcomeKind.USED


async def test_an_amended_down_quantity_is_known_after_a_restart(tmp_path: Path) -> None:
    async with open_market(tmp_path) as bench:
        order = await resting(bench)
        await press(bench, await preview(bench, order.no, qty=2))
        world = bench.world
        assert [one.open_qty for one in bench.core.trading.desk.open] == [2]
    world.broker.fail("orders", "try_later", times=100)
    async with holding(tmp_path, world=world) as bench:
        assert [one.open_qty for one in bench.core.trading.desk.open] == [2]


@pytest.mark.parametrize(
    ("qty", "price", "word"),
    [(None, None, "/amend"), (7, None, "6주 이하"), (0, None, "1 이상"), (None, "90.001", "호가 단위")],
)
async def test_what_cannot_be_typed_is_told(bench: Bench, qty: int | None, price: str | None, word: str) -> None:
    order = await resting(bench)
    with pytest.raises(InvalidInput) as refused:
        await preview(bench, order.no, qty, price)
    assert word in korean(refused.value.user_message)


async def test_there_is_no_such_open_order(bench: Bench) -> None:
    with pytest.raises(InvalidInput):
        await preview(bench, OrderNo(77), 1)


async def test_nothing_to_change_is_refused(bench: Bench) -> None:
    order = await resting(bench)
    shown = await preview(bench, order.no, 6, "90.00")
    assert shown.ticket is None


async def test_a_dearer_buy_is_held_to_the_caps_and_asks_twice(tmp_path: Path) -> None:
    async with open_market(tmp_path, max_order_usd="560") as bench:
        order = await resting(bench)
        shown = await preview(bench, order.no, price="95.00")
        assert shown.needs_second_confirm
        assert any("MAX_ORDER_USD" in english(text) for text in shown.warnings)
        again = await press(bench, shown)
        assert again.kind is OutcomeKind.SECOND_CONFIRM
        assert "#1" in english(again.text)
        assert again.next_ticket is not None
        assert (await bench.core.control.confirmations.confirm(again.next_ticket, OWNER)).kind is OutcomeKind.DONE
        assert [one.limit_price for one in bench.core.trading.desk.open] == [Decimal("95.00")]


async def test_more_than_the_cash_there_is_refused(tmp_path: Path) -> None:
    async with open_market(tmp_path, max_position_rate="1") as bench:
        order = await resting(bench, qty=100, price="90.00")
        assert (await press(bench, await preview(bench, order.no, price="99.50"))).kind is OutcomeKind.DONE
        beyond = await preview(bench, order.no, price="150.00")
        assert beyond.ticket is None
        assert "주문가능금액" in korean(beyond.refusals[0])


async def test_a_mode_without_buys_allows_a_cheaper_buy_only(bench: Bench) -> None:
    order = await resting(bench)
    await bench.core.control.modes.set_mode(Mode.PAUSE_BUYS, symbol=None, until=None, user_id=OWNER)
    assert (await preview(bench, order.no, price="95.00")).ticket is None
    assert (await press(bench, await preview(bench, order.no, price="80.00"))).kind is OutcomeKind.DONE


async def test_what_changed_meanwhile_voids_the_press(bench: Bench) -> None:
    order = await resting(bench)
    shown = await preview(bench, order.no, price="91.00")
    assert order.venue_no is not None
    bench.broker.fill(order.venue_no, 1, Decimal(90))
    await bench.settle()
    assert (await press(bench, shown)).kind is OutcomeKind.CHANGED
    assert [one.limit_price for one in bench.core.trading.desk.open] == [Decimal("90.00")]


async def test_an_order_being_canceled_or_unknown_is_left_alone(bench: Bench) -> None:
    order = await resting(bench)
    bench.broker.slow_cancels = True
    await bench.core.trading.desk.cancel(order.no)
    shown = await preview(bench, order.no, price="91.00")
    assert shown.ticket is None
    assert "취소 중" in korean(shown.refusals[0])


async def test_an_order_of_unknown_outcome_is_left_alone(bench: Bench) -> None:
    bench.broker.fail("submit", "lost_reply")
    order = await resting(bench)
    shown = await preview(bench, order.no, price="91.00")
    if order.status is OrderStatus.UNKNOWN:
        assert "확인하고" in korean(shown.refusals[0])
        assert shown.ticket is None


async def test_a_refusal_leaves_the_order_and_says_so(bench: Bench) -> None:
    order = await resting(bench)
    shown = await preview(bench, order.no, price="91.00")
    bench.broker.fail("amend", "reject", times=3)
    outcome = await press(bench, shown)
    assert outcome.kind is OutcomeKind.REJECTED
    assert [one.limit_price for one in bench.core.trading.desk.open] == [Decimal("90.00")]


async def test_no_answer_is_shown_as_unknown(bench: Bench) -> None:
    order = await resting(bench)
    shown = await preview(bench, order.no, price="91.00")
    bench.broker.fail("amend", "lost_request")
    bench.broker.fail("orders", "try_later", times=5)
    outcome = await press(bench, shown)
    assert outcome.kind is OutcomeKind.UNKNOWN


async def test_the_bots_own_orders_and_those_by_hand_are_not_changed(bench: Bench) -> None:
    bench.broker.hand_order(TQQQ, Side.BUY, 2, Decimal(80))
    await bench.core.trading.account_sync.take("asked")
    [order] = bench.core.trading.desk.open
    refused = await preview(bench, order.no, price="81.00")
    assert "직접 낸" in korean(refused.refusals[0])
    await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.ADOPT)
    assert (await press(bench, await preview(bench, order.no, price="81.00"))).kind is OutcomeKind.DONE

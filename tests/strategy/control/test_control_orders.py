"""Manual orders through preview and one press (spec section 6, money buttons; section 7; promise 6).

Rows S112, S113.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategy.model import (
    Amount,
    AmountKind,
    InvalidInput,
    Mode,
    ModeState,
    OrderNo,
    OrderStatus,
    Origin,
    OutcomeKind,
    Side,
    TryLater,
)
from tests.fakes.clock import FakeClock, trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import bilingual, english, korean

QUIET = {"trading_tickers": "NASDAQ:TQQQ", "rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}
WALL = datetime(2026, 9, 16, tzinfo=UTC)


def shares(count: int) -> Amount:
    return Amount(kind=AmountKind.SHARES, value=Decimal(count))


def open_market(path: Path, *, hold: int = 0, **changes: Any) -> AbstractAsyncContextManager[Bench]:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    if hold:
        world.broker.hold(TQQQ, hold, Decimal(100))
    return running(path, world, settings=trading_settings(**{**QUIET, **changes}), wall=FakeClock(WALL))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_market(tmp_path) as made:
        yield made


async def ask(bench: Bench, side: Side = Side.BUY, amount: Amount | None = None, price: str | None = None) -> str:
    preview = await bench.core.control.orders.manual.preview(
        OWNER, side, TQQQ, amount or shares(3), Decimal(price) if price else None
    )
    assert preview.ticket is not None, preview.refusals
    return preview.ticket


async def test_preview_shows_price_cost_fee_and_effect(bench: Bench) -> None:
    preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(3), None)
    assert (preview.qty, preview.limit_price, preview.price_source) == (3, Decimal("100.01"), "ask")
    assert (preview.cost, preview.fees) == (Decimal("300.03"), Decimal("0.75"))
    assert preview.cash_after == Decimal(10_000) - Decimal("300.78")
    assert preview.position_after == 3
    assert preview.refusals == ()
    assert not preview.needs_second_confirm


@pytest.mark.parametrize(("price", "warned"), [("104.99", False), ("106", True), ("50", False)])
async def test_a_price_far_worse_than_the_market_is_pointed_out(bench: Bench, price: str, warned: bool) -> None:
    preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(3), Decimal(price))
    assert any("fills at once" in english(warning) for warning in preview.warnings) is warned


async def test_one_press_places_one_order(bench: Bench) -> None:
    outcome = await bench.core.control.confirmations.confirm(await ask(bench), OWNER)
    assert outcome.kind is OutcomeKind.DONE
    await bench.settle()
    [order] = await bench.orders()
    assert (order.request.origin, order.request.asked_by, order.status) == (Origin.MANUAL, OWNER, OrderStatus.FILLED)


async def test_second_press_places_nothing_and_shows_the_order_promise_6(bench: Bench) -> None:
    ticket = await ask(bench)
    first, second = await asyncio.gather(
        bench.core.control.confirmations.confirm(ticket, OWNER), bench.core.control.confirmations.confirm(ticket, OWNER)
    )
    assert {first.kind, second.kind} == {OutcomeKind.DONE, OutcomeKind.USED}
    third = await bench.core.control.confirmations.confirm(ticket, OWNER)
    assert third.kind is OutcomeKind.USED
    assert third.order is not None
    assert len(bench.broker.submitted) == 1


async def test_press_after_a_restart_promise_6(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    wall = FakeClock(WALL)
    settings = trading_settings(**QUIET)
    async with running(tmp_path, world, settings=settings, wall=wall) as bench:
        used, fresh = await ask(bench), await ask(bench)
        await bench.core.control.confirmations.confirm(used, OWNER)
    async with running(tmp_path, world, settings=settings, wall=wall) as bench:
        assert (await bench.core.control.confirmations.confirm(used, OWNER)).kind is OutcomeKind.USED
        assert (
            await bench.core.control.confirmations.confirm(fresh, OWNER)
        ).kind is OutcomeKind.CHANGED  # the position differs
        assert len(world.broker.submitted) == 1


async def test_buttons_expire_by_a_persons_time_not_the_markets(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    wall = FakeClock(WALL)
    async with running(tmp_path, world, settings=trading_settings(**QUIET), wall=wall) as bench:
        early, late = await ask(bench), await ask(bench)
        await bench.pass_time(600)
        assert (await bench.core.control.confirmations.confirm(early, OWNER)).kind is OutcomeKind.DONE
        wall.set(WALL + timedelta(seconds=60))
        assert (await bench.core.control.confirmations.confirm(late, OWNER)).kind is OutcomeKind.EXPIRED
        assert len(world.broker.submitted) == 1


async def test_a_clock_put_back_makes_no_old_button_good_again(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    wall = FakeClock(WALL)
    async with running(tmp_path, world, settings=trading_settings(**QUIET), wall=wall) as bench:
        ticket = await ask(bench)
        wall.put(-3600)
        assert (await bench.core.control.confirmations.confirm(ticket, OWNER)).kind is OutcomeKind.EXPIRED
        assert not world.broker.submitted


async def test_only_the_asker_may_press(bench: Bench) -> None:
    ticket = await ask(bench)
    assert (await bench.core.control.confirmations.confirm(ticket, OWNER + 1)).kind is OutcomeKind.NOT_YOURS
    assert (await bench.core.control.confirmations.confirm("nonsense", OWNER)).kind is OutcomeKind.EXPIRED
    assert (await bench.core.control.confirmations.confirm(ticket, OWNER)).kind is OutcomeKind.DONE


async def test_dismissed_buttons_do_nothing(bench: Bench) -> None:
    ticket = await ask(bench)
    assert (await bench.core.control.confirmations.dismiss(ticket, OWNER)).kind is OutcomeKind.LEFT
    assert (await bench.core.control.confirmations.confirm(ticket, OWNER)).kind is OutcomeKind.USED
    assert bench.broker.submitted == []


async def test_a_press_is_bound_to_what_was_shown(bench: Bench) -> None:
    """The price within a drift, the position, the open orders and the mode are compared again."""
    moved = await ask(bench)
    bench.price(TQQQ, "101.50")
    assert (await bench.core.control.confirmations.confirm(moved, OWNER)).kind is OutcomeKind.CHANGED
    near = await ask(bench)
    bench.price(TQQQ, "101.70")
    assert (await bench.core.control.confirmations.confirm(near, OWNER)).kind is OutcomeKind.DONE
    before_fill = await ask(bench)
    await bench.core.control.confirmations.confirm(await ask(bench), OWNER)
    assert (await bench.core.control.confirmations.confirm(before_fill, OWNER)).kind is OutcomeKind.CHANGED


async def test_a_cap_asks_twice_and_then_gives_way(tmp_path: Path) -> None:
    async with open_market(tmp_path, max_order_usd="200") as bench:
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(3), None)
        assert preview.needs_second_confirm
        assert any("MAX_ORDER_USD" in english(warning) for warning in preview.warnings)
        assert preview.ticket is not None
        first = await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
        assert first.kind is OutcomeKind.SECOND_CONFIRM
        assert bench.broker.submitted == []
        assert "매수 TQQQ 3주 × $100.01 = $300.03" in korean(first.text)  # the question names its order
        assert "Buy 3 TQQQ × $100.01 = $300.03" in english(first.text)
        assert first.next_ticket is not None
        second = await bench.core.control.confirmations.confirm(first.next_ticket, OWNER)
        assert second.kind is OutcomeKind.DONE
        again = await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
        assert (again.kind, again.order is not None) == (OutcomeKind.USED, True)
        assert len(bench.broker.submitted) == 1


async def test_a_refusal_of_the_broker_is_told_in_one_language_at_a_time(bench: Bench) -> None:
    bench.broker.fail("submit", "reject")
    outcome = await bench.core.control.confirmations.confirm(await ask(bench), OWNER)
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.order is not None
    kept = outcome.order.reason
    assert korean(kept) != english(kept)
    assert bilingual(outcome.text) == f"주문 #1 거부: {korean(kept)}\nOrder #1 was rejected: {english(kept)}"


async def test_refuses_what_cash_or_shares_do_not_cover_s112(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=2) as bench:
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(1000), None)
        assert preview.ticket is None
        assert any("needed" in english(refusal) for refusal in preview.refusals)
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.SELL, TQQQ, shares(3), None)
        assert [english(refusal) for refusal in preview.refusals] == ["Only 2 shares can be sold."]


async def test_what_is_not_held_cannot_be_sold_s112(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=0) as bench:
        preview = await bench.core.control.orders.manual.preview(
            OWNER, Side.SELL, TQQQ, Amount(kind=AmountKind.ALL), None
        )
        assert [english(refusal) for refusal in preview.refusals] == ["No shares are held: there is nothing to sell."]


async def test_a_closed_session_shows_the_next_open_s113(tmp_path: Path) -> None:
    world = World.at(OPEN - timedelta(hours=2))
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(1), None)
        assert preview.ticket is None
        assert "KST 09-15 22:30 (ET 09-15 09:30)" in english(preview.refusals[0])


@pytest.mark.parametrize("side", Side)
async def test_a_closed_session_refuses_before_the_broker_is_asked_s113(tmp_path: Path, side: Side) -> None:
    world = World.at(OPEN - timedelta(hours=2))
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        asked = dict(world.broker.asked), dict(world.market.asked)
        preview = await bench.core.control.orders.manual.preview(
            OWNER, side, TQQQ, Amount(kind=AmountKind.DOLLARS, value=Decimal(500)), None
        )
        assert (dict(world.broker.asked), dict(world.market.asked)) == asked
        assert preview.ticket is None
        assert preview.limit_price > 0  # the last price known, for the picture
        assert preview.qty == int(500 / preview.limit_price)


async def test_modes_forbid_manual_buys_but_not_sells(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=2) as bench:
        now = bench.clock.now()
        await bench.core.base.modes.set(
            ModeState(mode=Mode.PROTECT_ONLY, symbol=None, set_by=OWNER, set_at=now, reason="", until=None)
        )
        assert (await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(1), None)).ticket is None
        outcome = await bench.core.control.confirmations.confirm(await ask(bench, Side.SELL, shares(1)), OWNER)
        assert outcome.kind is OutcomeKind.DONE


async def test_amounts_as_typed(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=10) as bench:

        async def qty(side: Side, kind: AmountKind, value: str | None = None) -> int:
            amount = Amount(kind=kind, value=Decimal(value) if value else None)
            return (await bench.core.control.orders.manual.preview(OWNER, side, TQQQ, amount, None)).qty

        assert await qty(Side.BUY, AmountKind.DOLLARS, "500") == 4
        assert await qty(Side.BUY, AmountKind.PERCENT, "10") == 9
        assert await qty(Side.BUY, AmountKind.DEFAULT) == 29
        assert await qty(Side.SELL, AmountKind.ALL) == 10
        assert await qty(Side.SELL, AmountKind.PERCENT, "25") == 2
        assert await qty(Side.SELL, AmountKind.DEFAULT) == 3
        with pytest.raises(InvalidInput):
            await qty(Side.BUY, AmountKind.SHARES, "1.5")
        with pytest.raises(InvalidInput):
            await qty(Side.SELL, AmountKind.PERCENT, "101")
        with pytest.raises(InvalidInput, match="tick"):
            await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(1), Decimal("100.001"))


async def test_an_unknown_result_is_shown_as_unknown_promise_3(bench: Bench) -> None:
    ticket = await ask(bench)
    bench.broker.fail("submit", "lost_reply")
    outcome = await bench.core.control.confirmations.confirm(ticket, OWNER)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert outcome.order is not None
    bench.broker.fail("orders", "try_later")
    assert (await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(1), None)).ticket is None
    view = await bench.core.control.orders.queries.check_now(outcome.order.no)
    assert view.order.status is OrderStatus.FILLED


async def test_a_rejection_shows_the_brokers_reason(bench: Bench) -> None:
    ticket = await ask(bench)
    bench.broker.fail("submit", "reject")
    outcome = await bench.core.control.confirmations.confirm(ticket, OWNER)
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.order is not None


async def test_unknown_prices_and_cash_are_refused(bench: Bench) -> None:
    bench.broker.fail("buying_power", "try_later", times=9)
    assert (await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(1), None)).ticket is None
    await bench.pass_time(60)
    bench.market.broken[TQQQ] = TryLater("down")
    await bench.pass_time(6)
    preview = await bench.core.control.orders.manual.preview(OWNER, Side.SELL, TQQQ, shares(1), None)
    assert preview.ticket is None


async def test_cancel_by_number_and_all(bench: Bench) -> None:
    for price in ("90", "91"):
        outcome = await bench.core.control.confirmations.confirm(await ask(bench, price=price), OWNER)
        assert outcome.kind is OutcomeKind.DONE
    one = await bench.core.control.orders.cancels.preview(OWNER, OrderNo(1))
    assert one.ticket is not None
    assert (await bench.core.control.confirmations.confirm(one.ticket, OWNER)).order_nos == (OrderNo(1),)
    await bench.settle()
    rest = await bench.core.control.orders.cancels.preview(OWNER, None)
    assert [order.no for order in rest.orders] == [2]
    assert rest.ticket is not None
    assert (await bench.core.control.confirmations.confirm(rest.ticket, OWNER)).kind is OutcomeKind.DONE
    await bench.settle()
    assert (await bench.core.control.orders.cancels.preview(OWNER, None)).ticket is None
    assert {order.status for order in await bench.orders()} == {OrderStatus.CANCELED}


PRESSES = st.lists(
    st.sampled_from(["press", "press twice", "stranger", "dismiss", "time", "price", "restart"]), min_size=1, max_size=8
)


@settings(max_examples=15, deadline=None)
@given(steps=PRESSES)
def test_any_presses_place_at_most_one_order_promise_6(steps: list[str]) -> None:
    """A money button pressed any number of times, in any way, places at most one order."""

    async def story(path: Path) -> None:
        world = World.at(OPEN + timedelta(minutes=10))
        world.ready(TQQQ)
        wall = FakeClock(WALL)
        ticket = ""
        pending = list(steps)
        while True:
            async with running(path, world, settings=trading_settings(**QUIET), wall=wall) as bench:
                ticket = ticket or await ask(bench)
                while pending and (step := pending.pop(0)) != "restart":
                    await act(bench, wall, ticket, step)
                if not pending:
                    break
        assert len(world.broker.submitted) <= 1

    async def act(bench: Bench, wall: FakeClock, ticket: str, step: str) -> None:
        control = bench.core.control
        if step.startswith("press"):
            await asyncio.gather(
                *[control.confirmations.confirm(ticket, OWNER) for _ in range(2 if "twice" in step else 1)]
            )
        elif step == "stranger":
            await control.confirmations.confirm(ticket, OWNER + 1)
        elif step == "dismiss":
            await control.confirmations.dismiss(ticket, OWNER)
        elif step == "time":
            wall.set(wall.now() + timedelta(seconds=25))
        else:
            bench.price(TQQQ, "100.30")

    with TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))

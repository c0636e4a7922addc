"""The panic (spec section 6): flat by the broker's word, or exactly what is left and why (promises 1, 4 and 6)."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    Environment,
    Mode,
    OrderRequest,
    OrderStatus,
    Origin,
    Outcome,
    OutcomeKind,
    PanicPreview,
    PanicProgress,
    Side,
    StopFinished,
    TryLater,
)
from tests.fakes.broker import FaultKind
from tests.fakes.clock import trading_settings
from tests.strategy.stops.test_stop_monitor import QUIET, holding
from tests.support.engine_bench import ARM_SECRET, OPEN, OWNER, TQQQ, XLF, Bench, O, World, running
from tests.support.words import english, korean


def two_held() -> World:
    """Return a world with ten TQQQ (watched) and five XLF (not)."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.price(XLF, "50")
    world.broker.hold(TQQQ, 10, Decimal(100))
    world.broker.hold(XLF, 5, Decimal(50))
    return world


async def preview(bench: Bench) -> PanicPreview:
    return await bench.core.control.orders.panic.preview(OWNER)


async def press(bench: Bench, ticket: str | None) -> Outcome:
    assert ticket is not None
    return await bench.core.control.confirmations.confirm(ticket, OWNER)


async def panic(bench: Bench) -> Outcome:
    return await press(bench, (await preview(bench)).ticket_all)


async def ends(bench: Bench) -> list[PanicProgress]:
    return [told for told in await bench.told(PanicProgress) if told.done]


async def test_the_preview_shows_what_would_go_and_offers_the_watched_tickers_alone(tmp_path: Path) -> None:
    async with holding(tmp_path, world=two_held(), position_scope="bot") as bench:
        shown = await preview(bench)
        assert [(line.symbol, line.watched, line.qty) for line in shown.lines] == [(XLF, False, 5), (TQQQ, True, 10)]
        assert shown.value == Decimal(1250)
        assert (shown.market_open, shown.refusals) == (True, ())
        assert shown.ticket_all
        assert shown.ticket_watched


async def test_sells_everything_and_cancels_everything_side_by_side(tmp_path: Path) -> None:
    async with holding(tmp_path, world=two_held()) as bench:
        bench.broker.hand_order(TQQQ, Side.BUY, 1, Decimal(80))
        await bench.pass_time(61)
        assert (await panic(bench)).kind is OutcomeKind.DONE
        await bench.pass_time(30)
        assert (bench.broker.qty_held(TQQQ), bench.broker.qty_held(XLF)) == (0, 0)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert (bench.core.base.modes.account.reason, bench.core.base.modes.account.set_by) == ("panic", OWNER)
        sold = [order for order in await bench.orders() if order.request.origin is Origin.PANIC]
        assert {order.status for order in sold} == {OrderStatus.FILLED}
        assert {order.request.asked_by for order in sold} == {OWNER}
        [end] = await ends(bench)
        assert (end.flat, end.canceled, end.cancels_left) == (True, 1, 0)
        assert [(line.sold, line.reason) for line in end.lines] == [(5, "flat"), (10, "flat")]
        assert len({told.run for told in await bench.told(PanicProgress)}) == 1


@pytest.mark.parametrize("kind", ["lost_request", "lost_reply"])
async def test_an_unanswered_buy_holds_no_sale_up(tmp_path: Path, kind: FaultKind) -> None:
    """Fault 24's sibling: there is no number yet to cancel it by."""
    async with holding(tmp_path, world=two_held()) as bench:
        bench.broker.notices = "lost"
        bench.broker.fail("submit", kind)
        bench.broker.fail("orders", "try_later", times=3)
        request = OrderRequest(
            symbol=TQQQ,
            side=Side.BUY,
            qty=5,
            limit_price=Decimal(80),
            origin=Origin.MANUAL,
            created_at=bench.clock.now(),
        )
        assert (await bench.core.trading.desk.place(request)).status is OrderStatus.UNKNOWN
        await panic(bench)
        await bench.pass_time(5)
        assert (bench.broker.qty_held(TQQQ), bench.broker.qty_held(XLF)) == (0, 0)


async def test_a_cancel_in_one_ticker_holds_no_sale_of_another_up(tmp_path: Path) -> None:
    async with holding(tmp_path, world=two_held()) as bench:
        bench.broker.hand_order(O, Side.BUY, 1, Decimal(10))
        await bench.pass_time(61)
        bench.broker.slow_cancels = True
        await panic(bench)
        await bench.pass_time(5)
        assert (bench.broker.qty_held(TQQQ), bench.broker.qty_held(XLF)) == (0, 0)
        assert bench.broker.canceled


async def test_only_the_watched_tickers_where_chosen(tmp_path: Path) -> None:
    async with holding(tmp_path, world=two_held()) as bench:
        await press(bench, (await preview(bench)).ticket_watched)
        await bench.pass_time(30)
        assert (bench.broker.qty_held(TQQQ), bench.broker.qty_held(XLF)) == (0, 5)
        [end] = await ends(bench)
        assert end.flat


async def test_position_scope_bot_does_not_bound_a_panic(tmp_path: Path) -> None:
    async with holding(tmp_path, position_scope="bot") as bench:
        await panic(bench)
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_second_confirm_joins_the_first(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        first, second = await preview(bench), await preview(bench)
        await press(bench, first.ticket_all)
        await bench.pass_time(5)
        joined = await press(bench, second.ticket_all)
        assert "진행" in korean(joined.text)
        assert (await press(bench, second.ticket_all)).kind is OutcomeKind.USED
        bench.broker.matching = True
        bench.price(TQQQ, "99.99")
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        assert len(await ends(bench)) == 1


async def test_more_to_sell_than_was_shown_voids_the_press_and_less_does_not(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        shown = await preview(bench)
        bench.broker.hold(TQQQ, 12, Decimal(100))
        await bench.core.trading.account_sync.take("asked")
        await bench.pass_time(200)
        more = await preview(bench)
        assert [line.qty for line in more.lines] == [12]
        assert bench.core.control is not None
        late = await press(bench, shown.ticket_all)
        assert late.kind in (OutcomeKind.CHANGED, OutcomeKind.EXPIRED)
        assert bench.broker.submitted == []


async def test_a_closed_market_cancels_and_says_when_it_opens(tmp_path: Path) -> None:
    world = two_held()
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        bench.broker.hand_order(XLF, Side.SELL, 5, Decimal(60))
        await bench.pass_time(61)
        await bench.until(OPEN + timedelta(hours=7))
        assert not (await preview(bench)).market_open
        await panic(bench)
        await bench.pass_time(60)
        [end] = await ends(bench)
        assert end.flat is False
        assert {line.reason for line in end.lines} == {"closed"}
        assert end.cancels_left == 0
        assert end.note is not None
        assert "KST 09-16 22:30" in korean(end.note)
        assert bench.broker.submitted == []
        await bench.until(OPEN + timedelta(days=1, minutes=5))
        assert bench.broker.qty_held(TQQQ) == 10


async def test_what_the_venue_refuses_is_told_as_left(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.fail("submit", "reject", times=10)
        await panic(bench)
        await bench.pass_time(60)
        [end] = await ends(bench)
        assert end.flat is False
        [line] = end.lines
        assert (line.sold, line.reason) == (0, "rejected")
        assert end.note is not None
        assert "10주가 남았습니다" in korean(end.note)


async def test_a_halted_ticker_is_left_and_said_to_be_halted_at_the_close(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(hours=6, minutes=20))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        bench.market.halted.add(TQQQ)
        await bench.pass_time(10)
        await panic(bench)
        await bench.until(OPEN + timedelta(hours=6, minutes=40))
        [end] = await ends(bench)
        assert [(line.sold, line.reason) for line in end.lines] == [(0, "halted")]
        assert bench.broker.submitted == []


async def test_a_stop_at_work_is_joined_and_no_share_is_offered_twice(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.settle()
        await panic(bench)
        await bench.pass_time(10)
        live = await bench.core.trading.desk.open_in(TQQQ)
        assert sum(order.open_qty for order in live) == 10
        assert {order.request.origin for order in live} == {Origin.STOP_LOSS}
        bench.broker.matching = True
        bench.price(TQQQ, "93.99")
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        [finished] = await bench.told(StopFinished)
        assert finished.reason == "flat"
        [end] = await ends(bench)
        assert end.flat


async def test_no_stop_fires_while_the_panic_sells(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        await panic(bench)
        await bench.pass_time(2)
        bench.price(TQQQ, "90")
        await bench.pass_time(5)
        live = await bench.core.trading.desk.open_in(TQQQ)
        assert {order.request.origin for order in live} == {Origin.PANIC}
        assert sum(order.open_qty for order in live) == 10
        bench.broker.matching = True
        bench.price(TQQQ, "89.99")
        await bench.pass_time(60)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_halting_afterwards_ends_it_with_what_is_left(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        await panic(bench)
        await bench.pass_time(5)
        halt = await bench.core.control.modes.preview(OWNER, Mode.HALTED, symbol=None)
        assert halt.ticket is not None
        await bench.core.control.confirmations.confirm(halt.ticket, OWNER, typed="STOPS OFF")
        await bench.pass_time(30)
        [end] = await ends(bench)
        assert [(line.sold, line.reason) for line in end.lines] == [(0, "halted")]
        assert not bench.core.trading.desk.open


async def test_a_panic_in_a_halted_account_sells_and_stays_halted(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        halt = await bench.core.control.modes.preview(OWNER, Mode.HALTED, symbol=None)
        assert halt.ticket is not None
        await bench.core.control.confirmations.confirm(halt.ticket, OWNER, typed="STOPS OFF")
        await bench.pass_time(1)
        await panic(bench)
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        assert bench.core.base.modes.account.mode is Mode.HALTED


async def test_survives_a_restart_and_says_so(tmp_path: Path) -> None:
    world = two_held()
    async with holding(tmp_path, world=world) as bench:
        bench.broker.matching = False
        await panic(bench)
        await bench.pass_time(5)
    world.broker.matching = True
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(60)
        assert (bench.broker.qty_held(TQQQ), bench.broker.qty_held(XLF)) == (0, 0)
        [end] = await ends(bench)
        assert end.flat
        assert any(told.note and "이어서" in korean(told.note) for told in await bench.told(PanicProgress))
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(60)
        assert len(await ends(bench)) == 1


async def test_a_panic_of_an_earlier_session_sells_nothing_later(tmp_path: Path) -> None:
    world = two_held()
    async with holding(tmp_path, world=world) as bench:
        bench.broker.matching = False
        await panic(bench)
        await bench.pass_time(5)
    world.broker.matching = True
    world.clock.set(OPEN + timedelta(days=1, minutes=10))
    world.broker.end_session()
    for symbol, price in ((TQQQ, "100"), (XLF, "50")):
        world.price(symbol, price)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(200)
        [end] = await ends(bench)
        assert {line.reason for line in end.lines} == {"session_end"}
        assert bench.broker.qty_held(XLF) == 5


async def test_an_unarmed_real_account_may_panic_once_it_was_armed_ever(tmp_path: Path) -> None:
    world = two_held()
    async with running(tmp_path, world, settings=trading_settings(**QUIET), environment=Environment.REAL) as bench:
        refused = await preview(bench)
        assert refused.ticket_all is None
        assert "/arm" in english(refused.refusals[0])
        await bench.core.control.arming.accept_disclaimer(OWNER)
        await bench.core.control.arming.arm(OWNER, ARM_SECRET)
    async with running(tmp_path, world, settings=trading_settings(**QUIET), environment=Environment.REAL) as bench:
        await panic(bench)
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_broker_that_cannot_be_asked_confirms_nothing(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        shown = await preview(bench)
        bench.broker.fail("holdings", "try_later", times=1000)
        await press(bench, shown.ticket_all)
        await bench.pass_time(200)
        assert bench.broker.qty_held(TQQQ) == 0
        [end] = await ends(bench)
        assert end.flat is False
        assert end.note is not None
        assert "앱에서 확인" in korean(end.note)


async def test_nothing_there_is_refused(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=0) as bench:
        shown = await preview(bench)
        assert shown.ticket_all is None
        assert shown.refusals


async def test_a_position_without_any_price_is_sold_by_the_brokers_valuation(tmp_path: Path) -> None:
    async with holding(tmp_path, world=two_held()) as bench:
        bench.market.broken[XLF] = TryLater("no quotes of it")
        await panic(bench)
        await bench.pass_time(30)
        assert bench.broker.qty_held(XLF) == 0
        assert (await ends(bench))[0].flat


async def test_an_order_of_unknown_outcome_holds_its_ticker_up_and_the_line_says_so(tmp_path: Path) -> None:
    """Promise 1: nothing more is sent for the ticker before the order is found or surely not there."""
    async with holding(tmp_path, world=two_held()) as bench:
        bench.broker.fail("submit", "lost_request")
        await panic(bench)
        await bench.pass_time(25)
        assert {line.reason for line in (await bench.told(PanicProgress))[-1].lines} == {"unknown", "flat"}
        await bench.pass_time(300)
        [end] = await ends(bench)
        assert end.flat
        assert (bench.broker.qty_held(TQQQ), bench.broker.qty_held(XLF)) == (0, 0)


@pytest.mark.parametrize("price", ["60", "40"])
async def test_what_is_ordered_by_hand_on_the_way_is_canceled_or_sold_too(tmp_path: Path, price: str) -> None:
    """The broker's word brings another round: for shares that turned up, and for an order that rests."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.price(XLF, "50")
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        bench.broker.matching = False
        await panic(bench)
        await bench.pass_time(2)
        bench.broker.matching = True
        bench.price(TQQQ, "99.99")
        bench.broker.hand_order(XLF, Side.BUY, 3, Decimal(price))
        await bench.pass_time(400)
        [end] = await ends(bench)
        assert end.flat
        assert bench.broker.qty_held(XLF) == 0
        assert not bench.core.trading.desk.open

"""Orders placed by hand in the broker's app: found within a cycle, and decided about (rows S9, S54)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    HandChoice,
    HandOrder,
    InvalidInput,
    Mode,
    Order,
    OrderNo,
    OrderStatus,
    OutcomeKind,
    PositionScope,
    Recovered,
    Side,
)
from strategy.portfolio.positions import LivePositions
from tests.fakes.clock import trading_settings
from tests.strategy.control.test_control_orders import ask, open_market
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import english, korean


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_market(tmp_path) as made:
        yield made


async def by_hand(bench: Bench, side: Side = Side.BUY, qty: int = 2, price: str = "80") -> Order:
    bench.broker.hand_order(TQQQ, side, qty, Decimal(price))
    await bench.pass_time(61)
    return (await bench.orders())[-1]


async def test_found_within_one_cycle_and_told_with_its_number(bench: Bench) -> None:
    order = await by_hand(bench)
    [told] = await bench.told(HandOrder)
    assert told.order is not None
    assert (told.order.no, told.order.request.symbol) == (order.no, TQQQ)
    assert told.found.venue_no == order.venue_no


async def test_adopted_it_is_worked_like_one_of_the_bots(bench: Bench) -> None:
    """D10: re-priced after ORDER_TIMEOUT_S, canceled in the end; the story says who adopted it."""
    order = await by_hand(bench)
    outcome = await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.ADOPT)
    assert outcome.kind is OutcomeKind.DONE
    assert outcome.order is not None
    assert outcome.order.adopted_by == OWNER
    history = (await bench.core.control.orders.queries.order(order.no)).history
    assert f"adopted by user {OWNER}" in english(history[-1][2])
    bench.broker.matching = False
    await bench.pass_time(70)
    [now] = bench.core.trading.desk.open
    assert now.limit_price == Decimal("100.01")
    await bench.pass_time(400)
    [ended] = await bench.orders()
    assert ended.status is OrderStatus.CANCELED


async def test_adopting_again_changes_nothing(bench: Bench) -> None:
    order = await by_hand(bench)
    await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.ADOPT)
    before = (await bench.core.control.orders.queries.order(order.no)).history
    again = await bench.core.control.orders.external.decide(9, order.no, HandChoice.ADOPT)
    assert "이미" in korean(again.text)
    assert (await bench.core.control.orders.queries.order(order.no)).history == before
    assert "이미" in korean((await bench.core.control.orders.external.decide(9, order.no, HandChoice.IGNORE)).text)


async def test_adopted_shares_count_as_the_bots_also_after_a_restart(tmp_path: Path) -> None:
    async with open_market(tmp_path, position_scope="bot") as bench:
        order = await by_hand(bench, price="101")
        assert order.status is OrderStatus.FILLED
        positions = bench.core.protection.guard._positions
        assert positions.in_scope(TQQQ, PositionScope.BOT)[0] == 0
        outcome = await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.ADOPT)
        assert "2주" in korean(outcome.text)
        await bench.settle()
        assert positions.in_scope(TQQQ, PositionScope.BOT)[0] == 2
        world = bench.world
    async with open_market(tmp_path, position_scope="bot") as bench:
        bench.world.broker = world.broker
        positions = bench.core.protection.guard._positions
        assert isinstance(positions, LivePositions)
        assert positions._lots["TQQQ"].qty == 2


async def test_ignored_it_stays_and_still_blocks_its_ticker(bench: Bench) -> None:
    """S54: while it is open the rule trades nothing in the ticker."""
    order = await by_hand(bench)
    for _ in range(2):
        outcome = await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.IGNORE)
        assert (outcome.kind, "그대로" in korean(outcome.text)) == (OutcomeKind.DONE, True)
    await bench.pass_time(400)
    [now] = bench.core.trading.desk.open
    assert (now.no, now.limit_price) == (order.no, Decimal(80))


async def test_paused_its_ticker_buys_no_more(bench: Bench) -> None:
    order = await by_hand(bench)
    for _ in range(2):
        assert (
            await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.PAUSE)
        ).kind is OutcomeKind.DONE
    chosen = bench.core.base.modes.chosen(TQQQ)
    assert (chosen.mode, chosen.set_by, chosen.reason) == (Mode.PAUSE_BUYS, OWNER, "hand_order")


async def test_one_that_has_ended_is_answered_clearly(bench: Bench) -> None:
    order = await by_hand(bench)
    assert order.venue_no is not None
    bench.broker.reject_later(order.venue_no)
    await bench.pass_time(200)
    assert "끝나" in korean((await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.ADOPT)).text)
    assert "끝난" in korean((await bench.core.control.orders.external.decide(OWNER, order.no, HandChoice.IGNORE)).text)


async def test_the_bots_own_order_is_none_of_these(bench: Bench) -> None:
    outcome = await bench.core.control.confirmations.confirm(await ask(bench, price="90.00"), OWNER)
    for no in (outcome.order_nos[0], OrderNo(99)):
        with pytest.raises(InvalidInput):
            await bench.core.control.orders.external.decide(OWNER, no, HandChoice.ADOPT)


async def test_the_recovery_card_speaks_of_it_in_words_and_money(tmp_path: Path) -> None:
    """Prices come with eight decimals from the broker, states as names of ours: neither is for a person."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hand_order(TQQQ, Side.BUY, 2, Decimal("56.50000000"))
    async with running(tmp_path, world, settings=trading_settings(trading_tickers="NASDAQ:TQQQ")) as bench:
        await bench.pass_time(5)
        cards = await bench.told(Recovered)
    said = [line for card in cards for line in card.lines if "직접 낸" in korean(line)]
    assert said
    for line in said:
        assert "$56.50:" in korean(line)
        assert "(접수됨, 체결 대기)" in korean(line)
        assert "(accepted, waiting for a fill)" in english(line)

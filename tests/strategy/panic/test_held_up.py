"""What keeps a stop or a panic from selling everything at once: shares that cannot be ordered, a halt, an own buy.

Each is told, nothing of it makes the limit walk deeper, and the sale goes on when it can.
"""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import OrderStatus, Origin, PanicProgress, Quote, Side, StopFinished, Trouble
from tests.strategy.panic.test_panic import panic
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, TQQQ, Bench, World
from tests.support.words import english


def world_of(*, withheld: int) -> World:
    """Return a world with a hundred shares, of which some cannot be ordered."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.withheld[TQQQ] = withheld
    world.broker.hold(TQQQ, 100, Decimal(100))
    return world


async def told(bench: Bench) -> list[str]:
    return [english(event.what) for event in await bench.told(Trouble) if event.key == f"stop:{TQQQ}"]


@pytest.mark.parametrize(
    ("changes", "prices", "origin"),
    [
        ({}, ["94"], Origin.STOP_LOSS),
        ({"take_profit_rate": "8"}, ["109"], Origin.TAKE_PROFIT),
        ({"stop_loss_rate": "off", "trailing_stop_pct": "3"}, ["104", "100"], Origin.TRAILING_STOP),
    ],
)
async def test_what_can_be_ordered_is_sold_at_once_and_the_rest_when_it_can_be(
    tmp_path: Path, changes: dict[str, Any], prices: list[str], origin: Origin
) -> None:
    """A hundred held, 40 orderable: once it asked for a hundred each minute and sold none."""
    async with holding(tmp_path, world=world_of(withheld=60), **changes) as bench:
        await bench.core.trading.account_sync.take("asked")
        for price in prices:
            bench.price(TQQQ, price)
            await bench.pass_time(1)
        assert bench.broker.qty_held(TQQQ) == 60
        await bench.pass_time(30)
        [said] = await told(bench)
        assert "100" in said
        assert "40" in said
        assert [request.qty for request in bench.broker.submitted] == [40]
        bench.broker.withheld[TQQQ] = 25
        await bench.pass_time(15)
        assert bench.broker.qty_held(TQQQ) == 25
        bench.broker.withheld.clear()
        await bench.pass_time(15)
        assert bench.broker.qty_held(TQQQ) == 0
        assert {order.request.origin for order in await bench.orders()} == {origin}
        assert {order.status for order in await bench.orders()} == {OrderStatus.FILLED}
        [finished] = await bench.told(StopFinished)
        assert (finished.sold, finished.left, finished.reason) == (100, 0, "flat")
        assert len(await told(bench)) == 1


async def test_shares_that_can_be_ordered_bit_by_bit_go_at_one_price(tmp_path: Path) -> None:
    """An order that was filled had a price that was good enough: the next part is offered no cheaper."""
    async with holding(tmp_path, world=world_of(withheld=60)) as bench:
        await bench.core.trading.account_sync.take("asked")
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        for left in (40, 20, 0):
            bench.broker.withheld[TQQQ] = left
            await bench.pass_time(25)
        assert [request.qty for request in bench.broker.submitted] == [40, 20, 20, 20]
        assert {request.limit_price for request in bench.broker.submitted} == {Decimal("93.05")}


async def test_where_nothing_can_be_ordered_the_figure_itself_is_tried_and_the_shares_come_back_for(
    tmp_path: Path,
) -> None:
    """A broker's figure that is wrong must not take a stop away; a refusal of the try counts towards nothing."""
    async with holding(tmp_path, world=world_of(withheld=100)) as bench:
        await bench.core.trading.account_sync.take("asked")
        bench.price(TQQQ, "94")
        await bench.pass_time(200)
        assert 3 <= len(bench.broker.submitted) <= 5
        assert {request.qty for request in bench.broker.submitted} == {100}
        assert {request.limit_price for request in bench.broker.submitted} == {Decimal("93.05")}
        assert not await bench.told(StopFinished)
        assert len(await told(bench)) == 1
        bench.broker.withheld.clear()
        await bench.pass_time(15)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_what_could_not_be_ordered_by_the_close_is_told_with_the_reason(tmp_path: Path) -> None:
    async with holding(tmp_path, world=world_of(withheld=60)) as bench:
        await bench.core.trading.account_sync.take("asked")
        bench.price(TQQQ, "94")
        await bench.until(OPEN + timedelta(hours=6, minutes=31))
        [finished] = await bench.told(StopFinished)
        assert (finished.sold, finished.left, finished.reason) == (40, 60, "not_orderable")


async def test_a_panic_sells_what_can_be_ordered_and_says_what_cannot(tmp_path: Path) -> None:
    async with holding(tmp_path, world=world_of(withheld=60)) as bench:
        await panic(bench)
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 60
        line = (await bench.told(PanicProgress))[-1].lines[0]
        assert (line.sold, line.reason) == (40, "not_orderable")
        bench.broker.withheld.clear()
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        assert (await bench.told(PanicProgress))[-1].flat


# a halt


async def test_while_nothing_trades_and_no_quote_changes_the_limit_stays(tmp_path: Path) -> None:
    """Five minutes of it once walked the limit from 56.43 to 28.50 in fifty requests, without a word."""
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.pass_time(300)
        [order] = await bench.orders()
        assert order.limit_price == order.request.limit_price
        assert not bench.broker.amended
        [said] = await told(bench)
        assert "halted" in said
        bench.price(TQQQ, "92")
        await bench.pass_time(4)
        assert (await bench.orders())[0].limit_price == Decimal("90.15")  # 91.99 less 2 %, one step
        bench.broker.matching = True
        bench.price(TQQQ, "92")
        await bench.pass_time(4)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_trade_at_the_same_price_is_a_market_that_moves(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.pass_time(4)
        bench.stream.tick(TQQQ, Decimal(94))
        await bench.pass_time(3)
        assert (await bench.orders())[0].limit_price < Decimal("93.05")


async def test_a_halt_that_is_told_is_told_on_at_once_and_the_sale_goes_on_after_it(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.market.halted.add(TQQQ)
        bench.price(TQQQ, "94", tick=False)
        await bench.pass_time(15)
        assert not bench.broker.submitted
        [said] = await told(bench)
        assert "halted" in said
        bench.market.halted.clear()
        await bench.pass_time(10)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_ticker_called_halted_that_trades_all_the_same_is_sold(tmp_path: Path) -> None:
    """The broker's word covers tickers that may only not be bought."""
    async with holding(tmp_path) as bench:
        bench.market.halted.add(TQQQ)
        bench.price(TQQQ, "94", tick=False)
        await bench.pass_time(6)
        bench.price(TQQQ, "93.90", tick=False)
        await bench.pass_time(7)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_without_a_book_the_limit_follows_a_few_steps_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A last price says little of what buyers bid, so the limit may feel its way down; not for ever."""
    async with holding(tmp_path, ticks=False) as bench:
        whole = bench.market.quote

        async def bare(symbol: Any) -> Quote:
            quote = await whole(symbol)
            return Quote(
                symbol=symbol,
                last=quote.last,
                bid=None,
                ask=None,
                previous_close=quote.previous_close,
                received_at=quote.received_at,
            )

        monkeypatch.setattr(bench.market, "quote", bare)
        bench.broker.matching = False
        bench.price(TQQQ, "94", tick=False)
        await bench.pass_time(300)
        [order] = await bench.orders()
        assert Decimal(94) * Decimal("0.93") < order.limit_price < Decimal(94) * Decimal("0.96")


# an own buy


@pytest.mark.parametrize("known", [True, False])
async def test_a_buy_by_hand_is_canceled_before_it_is_sold_against_and_costs_no_try(
    tmp_path: Path, *, known: bool
) -> None:
    """Three wash-trade refusals once cost 84 seconds."""
    async with holding(tmp_path) as bench:
        bench.broker.refuses_wash_trades = True
        bench.broker.notices = "lost"
        bench.broker.hand_order(TQQQ, Side.BUY, 3, Decimal(80))
        if known:
            await bench.core.trading.account_sync.take("asked")
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        assert bench.broker.qty_held(TQQQ) == 0
        assert len(bench.broker.submitted) == (1 if known else 2)
        assert {request.limit_price for request in bench.broker.submitted} == {Decimal("93.05")}
        assert len(bench.broker.canceled) == 1


async def test_a_buy_by_hand_that_comes_while_the_stop_sells_is_canceled_too(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.pass_time(1)
        bench.broker.hand_order(TQQQ, Side.BUY, 3, Decimal(80))
        await bench.core.trading.desk.poll_orders()
        await bench.pass_time(4)
        assert [order.side for order in bench.broker.truth() if order.open_qty] == [Side.SELL]

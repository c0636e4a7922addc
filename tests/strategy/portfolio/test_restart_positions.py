"""What counts as held right after a restart, while the broker's lists still lag (promises 2 and 4)."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from strategy.model import Amount, AmountKind, Origin, Side
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running

SETTINGS = trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_oversold="1", rsi_overbought="99")


async def trade(bench: Bench, side: Side, qty: int) -> None:
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(qty))
    preview = await bench.core.control.orders.manual.preview(OWNER, side, TQQQ, amount, None)
    assert preview.ticket is not None, preview.refusals
    await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    await bench.settle()


async def test_a_stop_after_a_restart_offers_no_shares_sold_before_it(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 30, Decimal(100))
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(120)
        world.broker.lag_s = 90
        await trade(bench, Side.SELL, 15)
        assert world.broker.qty_held(TQQQ) == 15
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        stops = [request for request in world.broker.submitted if request.origin is Origin.STOP_LOSS]
        assert [request.qty for request in stops] == [15]
        assert world.broker.qty_held(TQQQ) == 0


async def test_a_stop_after_a_restart_covers_shares_the_broker_does_not_show_yet(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(120)
        world.broker.lag_s = 90
        await trade(bench, Side.BUY, 15)
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        assert bench.core.protection.guard.lines[TQQQ].average_cost == Decimal("100.01")
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(TQQQ) == 0


async def test_shares_bought_elsewhere_while_we_were_down_count_once_they_are_explained(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 30, Decimal(100))
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(5)
    world.broker.hold(TQQQ, 40, Decimal(100))  # a transfer: no order of the list explains it
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        assert bench.core.protection.guard.lines[TQQQ].average_cost == 100
        await bench.pass_time(300)  # the difference has stood for the visibility lag: the broker is believed
        bench.price(TQQQ, "90")
        await bench.pass_time(5)
        assert world.broker.qty_held(TQQQ) == 0


async def test_a_stop_cut_off_after_it_sold_is_not_sold_again_when_its_order_is_found(tmp_path: Path) -> None:
    """The order's reply was lost with the process, and for a while the broker still shows the shares."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 15, Decimal(100))
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(60)
        world.broker.lag_s, world.broker.notices = 10, "lost"
        world.broker.fail("submit", "lost_reply")
        bench.price(TQQQ, "90")
        await bench.settle()
        assert world.broker.qty_held(TQQQ) == 0
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        bench.price(TQQQ, "89")
        await bench.pass_time(200)
        stops = [request.qty for request in world.broker.submitted if request.origin is Origin.STOP_LOSS]
        assert stops == [15]

"""A stop needs to know what is held; that the list of orders cannot be asked takes no protection away (promise 4)."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from strategy.model import Origin, Started
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, TQQQ, World, running
from tests.support.words import english

CALM = trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_oversold="1", rsi_overbought="99")
EAGER = trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_oversold="99", rsi_overbought="100")


def held(qty: int = 10) -> World:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, qty, Decimal(100))
    world.broker.fail("orders", "fault", times=100_000)
    return world


async def test_a_first_start_without_the_list_of_orders_arms_the_stop_and_buys_nothing(tmp_path: Path) -> None:
    world = held()
    async with running(tmp_path, world, settings=EAGER) as bench:
        await bench.pass_time(20)
        assert TQQQ in bench.core.protection.guard.lines
        assert not bench.core.trading.account_sync.reconciled
        (started,) = await bench.told(Started)
        assert started.holdings is not None
        assert [position.qty for position in started.holdings.positions] == [10]
        assert "orders could not be looked at" in " ".join(english(note) for note in started.notes)
        view = await bench.core.control.holdings.view(fresh=True)
        assert view.holdings is not None
        assert view.problem is None
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(TQQQ) == 0
        assert {request.origin for request in world.broker.submitted} == {Origin.STOP_LOSS}


async def test_shares_bought_by_hand_while_we_were_down_have_a_stop_before_anybody_explains_them(
    tmp_path: Path,
) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    async with running(
        tmp_path, world, settings=trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_oversold="1")
    ) as b:
        await b.pass_time(5)
    world.broker.hold(TQQQ, 10, Decimal(100))
    world.broker.fail("orders", "try_later", times=100_000)
    async with running(tmp_path, world, settings=CALM) as bench:
        await bench.pass_time(5)
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(TQQQ) == 0


async def test_a_stop_without_the_list_of_orders_offers_no_shares_twice(tmp_path: Path) -> None:
    """The broker still shows shares that a fill of ours has sold."""
    world = held(30)
    world.broker._faults["orders"].clear()
    async with running(tmp_path, world, settings=CALM) as bench:
        await bench.pass_time(5)
        world.broker.lag_s = 60
        world.broker.fail("orders", "fault", times=100_000)
        bench.price(TQQQ, "90")
        await bench.pass_time(30)
        stops = [request.qty for request in world.broker.submitted if request.origin is Origin.STOP_LOSS]
        assert stops == [30]
    async with running(tmp_path, world, settings=CALM) as bench:
        bench.price(TQQQ, "89")
        await bench.pass_time(5)
        assert len(world.broker.submitted) == 1


async def test_what_is_held_follows_while_the_orders_cannot_be_asked(tmp_path: Path) -> None:
    world = held(30)
    world.broker._faults["orders"].clear()
    async with running(tmp_path, world, settings=CALM) as bench:
        await bench.pass_time(70)
        world.broker.fail("orders", "fault", times=100_000)
        world.broker.hold(TQQQ, 12, Decimal(100))  # the rest was sold by hand
        await bench.pass_time(300)
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        stops = [request.qty for request in world.broker.submitted if request.origin is Origin.STOP_LOSS]
        assert stops == [12]


async def test_a_first_stop_waits_no_longer_than_a_moment_for_a_list_of_orders_that_does_not_come(
    tmp_path: Path,
) -> None:
    world = held()
    world.broker._faults["orders"].clear()
    world.broker.fail("orders", "hang", times=100)
    async with running(tmp_path, world, settings=CALM) as bench:
        await bench.pass_time(4)
        assert set(bench.core.protection.guard.lines) == {TQQQ}
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(TQQQ) == 0
        world.broker.unhang()

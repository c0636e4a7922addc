"""A stop that a restart cuts off: its end is told once, and nothing is sold by it any more (row S93)."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from storage.database import open_storage
from strategy.model import (
    DecisionAction,
    Mode,
    ModeState,
    OrderStatus,
    Side,
    StopFinished,
    StopTriggered,
    StorageError,
    VenueNo,
)
from tests.strategy.stops.test_stop_monitor import holding
from tests.strategy.wiring.test_core_crashes import crash_the_stops
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, O, World

Patch = pytest.MonkeyPatch
LAG = 125  # seconds of market time after which what the broker shows is believed again


@pytest.fixture
def world() -> World:
    made = World.at(OPEN + timedelta(minutes=10))
    made.ready(TQQQ)
    made.broker.hold(TQQQ, 10, Decimal(100))
    return made


async def full(*_: object, **__: object) -> Any:
    raise StorageError("disk full")


async def cut_off(path: Path, world: World, *, sold: int) -> None:
    """Let a stop of ten shares sell some of them, and the program end; then its order ends too."""
    async with holding(path, world=world) as bench:
        world.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.settle()
        [order] = await bench.orders()
        assert order.venue_no is not None
        if sold < 10:
            world.broker.fill(order.venue_no, sold)
            await bench.settle()
    if sold < 10:
        await world.broker.cancel(TQQQ, order.venue_no, 10 - sold)
    else:
        world.broker.fill(order.venue_no)
    world.broker.matching = True


def rests(world: World, number: VenueNo) -> bool:
    """Return whether an order still works at the broker."""
    return [one.status for one in world.broker.truth() if one.venue_no == number] == [OrderStatus.ACCEPTED]


async def stops_of(bench: Bench) -> int:
    return [one.action for one in await bench.storage.decisions.since(OPEN)].count(DecisionAction.STOP)


async def ends(bench: Bench) -> list[tuple[int, int, str]]:
    return [(one.sold, one.left, one.reason) for one in await bench.told(StopFinished)]


async def test_a_stop_filled_while_the_program_was_down_is_told_with_its_result_once_s93(
    tmp_path: Path, world: World
) -> None:
    await cut_off(tmp_path, world, sold=10)
    world.price(TQQQ, "97")
    for _ in range(3):
        async with holding(tmp_path, world=world) as bench:
            await bench.pass_time(30)
            assert await ends(bench) == [(10, 0, "flat")]
            [finished] = await bench.told(StopFinished)
            assert finished.average_price == Decimal("93.05")
            assert finished.realized is not None
            assert finished.realized < -69
            assert len(world.broker.submitted) == 1


async def test_an_end_that_was_told_is_not_told_again_s93(tmp_path: Path, world: World) -> None:
    for _ in range(2):
        async with holding(tmp_path, world=world) as bench:
            bench.price(TQQQ, "94")
            await bench.pass_time(10)
            assert await ends(bench) == [(10, 0, "flat")]


async def test_a_stop_cut_off_with_shares_left_is_told_and_the_line_guards_the_rest_s93(
    tmp_path: Path, world: World
) -> None:
    await cut_off(tmp_path, world, sold=4)
    world.price(TQQQ, "97")
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(30)
        assert await ends(bench) == [(4, 6, "interrupted")]
        assert world.broker.qty_held(TQQQ) == 6
        bench.price(TQQQ, "94")
        await bench.pass_time(10)
        assert await ends(bench) == [(4, 6, "interrupted"), (6, 0, "flat")]
        assert world.broker.qty_held(TQQQ) == 0


async def test_shares_bought_meanwhile_are_not_the_cut_off_stops_to_sell_s93(tmp_path: Path, world: World) -> None:
    await cut_off(tmp_path, world, sold=10)
    world.price(TQQQ, "97")
    world.broker.hand_order(TQQQ, Side.BUY, 3, Decimal("97.50"))
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(LAG)
        assert world.broker.qty_held(TQQQ) == 3
        assert await ends(bench) == [(10, 3, "interrupted")]
        bench.price(TQQQ, "90")
        await bench.pass_time(5)
        assert world.broker.qty_held(TQQQ) == 0
        assert await ends(bench) == [(10, 3, "interrupted"), (3, 0, "flat")]


async def test_shares_bought_meanwhile_are_guarded_at_once(tmp_path: Path, world: World) -> None:
    await cut_off(tmp_path, world, sold=10)
    world.price(TQQQ, "97")
    world.broker.hand_order(TQQQ, Side.BUY, 3, Decimal("97.50"))
    world.price(TQQQ, "90")
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(10)
        assert await ends(bench) == [(10, 3, "interrupted"), (3, 0, "flat")]


async def test_shares_sold_by_hand_meanwhile_are_not_told_as_sold_by_the_stop_s93(tmp_path: Path, world: World) -> None:
    await cut_off(tmp_path, world, sold=0)
    world.price(TQQQ, "97")
    world.broker.hand_order(TQQQ, Side.SELL, 10, Decimal("96.50"))
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(LAG)
        assert await ends(bench) == [(0, 0, "interrupted")]
        assert len(world.broker.submitted) == 1


async def test_a_session_that_ended_meanwhile_ends_the_stop_s93(tmp_path: Path, world: World) -> None:
    await cut_off(tmp_path, world, sold=4)
    world.clock.set(OPEN + timedelta(hours=9))
    resting = world.broker.hand_order(TQQQ, Side.SELL, 1, Decimal(120))
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(30)
        assert await ends(bench) == [(4, 6, "session_end")]
        assert len(world.broker.submitted) == 1
        assert rests(world, resting)


async def test_a_stop_cut_off_and_then_halted_sells_nothing(tmp_path: Path, world: World) -> None:
    """Nor is what rests by hand canceled for it."""
    await cut_off(tmp_path, world, sold=4)
    resting = world.broker.hand_order(TQQQ, Side.SELL, 1, Decimal(120))
    async with open_storage(tmp_path) as storage:
        halted = ModeState(
            mode=Mode.HALTED, symbol=None, set_by=OWNER, set_at=world.clock.now(), reason="chat", until=None
        )
        await storage.modes.add(halted)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(30)
        assert await ends(bench) == [(4, 6, "interrupted")]
        assert len(world.broker.submitted) == 1
        assert rests(world, resting)


async def test_a_stop_released_by_a_person_is_not_taken_up(tmp_path: Path, world: World, monkeypatch: Patch) -> None:
    """The disk was full when the end should have been told; who releases the ticker has settled it."""
    async with holding(tmp_path, world=world) as bench:
        with monkeypatch.context() as patch:
            patch.setattr(bench.core.protection.runner._reports, "tell_end", full)
            bench.price(TQQQ, "94")
            await bench.pass_time(5)
        assert await ends(bench) == []
        await bench.core.base.modes.release(TQQQ, by=OWNER)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(30)
        assert await ends(bench) == []


async def test_an_end_that_could_not_be_stored_is_told_after_the_next_start_s93(
    tmp_path: Path, world: World, monkeypatch: Patch
) -> None:
    async with holding(tmp_path, world=world) as bench:
        with monkeypatch.context() as patch:
            patch.setattr(bench.core.protection.runner._reports, "tell_end", full)
            bench.price(TQQQ, "94")
            await bench.pass_time(5)
        assert await ends(bench) == []
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(5)
        assert await ends(bench) == [(10, 0, "flat")]


async def test_a_stop_cut_off_before_its_first_order_is_told_s93(tmp_path: Path, world: World) -> None:
    """What led to it is on disk, because a resting order had to be canceled first; its own order never was."""
    world.broker.hand_order(TQQQ, Side.SELL, 4, Decimal(120))
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(61)
        world.broker.slow_cancels = True
        bench.price(TQQQ, "94")
        await bench.settle()
        assert await stops_of(bench) == 1
        assert world.broker.submitted == []
    world.broker.slow_cancels = False
    world.price(TQQQ, "97")
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(60)
        assert world.broker.qty_held(TQQQ) == 10
        assert await ends(bench) == [(0, 10, "interrupted")]
        assert len(await bench.told(StopTriggered)) == await stops_of(bench) == 1


async def test_a_stop_whose_order_nobody_knows_about_is_not_told_as_ended_s93(
    tmp_path: Path, world: World, monkeypatch: Patch
) -> None:
    """The reply was lost with the process, and the list of orders lags: no shares are shown, nor who sold them."""
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(60)
        world.broker.notices = "lost"
        world.broker.fail("submit", "lost_reply")
        bench.price(TQQQ, "94")
        await bench.settle()
        assert world.broker.qty_held(TQQQ) == 0
    with monkeypatch.context() as patch:
        patch.setattr(world.broker, "_shown", tuple)
        async with holding(tmp_path, world=world) as bench:
            await bench.pass_time(5)
            assert await ends(bench) == []
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(200)
        assert await ends(bench) == [(10, 0, "flat")]
        assert len(world.broker.submitted) == 1


async def test_a_crash_of_the_stops_does_not_tear_an_end_that_is_being_told_s93(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        reached, go_on, end = asyncio.Event(), asyncio.Event(), bench.storage.stop_runs.end

        async def slow(*args: Any, **more: Any) -> None:
            reached.set()
            await go_on.wait()
            await end(*args, **more)

        monkeypatch.setattr(bench.storage.stop_runs, "end", slow)
        bench.broker.hand_order(O, Side.BUY, 1, Decimal(50))  # what the stops trip over
        await bench.core.trading.account_sync.take("asked")
        bench.price(TQQQ, "94")
        await bench.wait_for(reached.is_set)
        await crash_the_stops(bench, monkeypatch)
        go_on.set()
        await bench.pass_time(30)
        assert len(await bench.told(StopFinished)) == 1

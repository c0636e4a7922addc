"""Stops of which the broker refuses every order: a retry is counted and sends one order; a new firing never is one.

Row S95.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from pydantic import TypeAdapter

from strategy.model import (
    Decision,
    Event,
    Mode,
    ModeState,
    Order,
    OrderStatus,
    Side,
    StopFinished,
    StopTriggered,
    TickerLocked,
)
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
DECISIONS: TypeAdapter[Decision] = TypeAdapter(Decision)


async def refused_once(bench: Bench, *, retries: int = 0) -> None:
    """Let the stop's first run be refused, and so many retries."""
    bench.broker.fail("submit", "reject", times=3 + retries)
    bench.price(TQQQ, "94")
    await bench.pass_time(15)
    [finished] = await bench.told(StopFinished)
    assert (finished.reason, finished.sold, finished.left, finished.attempt) == ("rejected", 0, 10, 1)
    assert finished.orders_refused == 3  # three were tried, not one


async def attempts(bench: Bench) -> list[int]:
    return [event.attempt for event in await bench.told(StopTriggered)]


def refused_at(orders: list[Order]) -> list[float]:
    begun = orders[0].request.created_at
    return [(order.request.created_at - begun).total_seconds() for order in orders]


async def test_a_retry_sends_one_order_and_there_is_one_at_least_each_minute_s95(tmp_path: Path) -> None:
    """Three orders at first, then one a minute at the most promising price, and no second lock is told."""
    async with holding(tmp_path) as bench:
        await refused_once(bench, retries=1000)
        await bench.pass_time(600)
        triggered, finished = await bench.told(StopTriggered), await bench.told(StopFinished)
        assert [each.attempt for each in triggered] == [each.attempt for each in finished]
        assert [each.attempt for each in triggered] == list(range(1, len(triggered) + 1))
        assert len(triggered) > 10
        assert [each.orders_refused for each in triggered] == [0, *range(3, len(triggered) + 2)]
        assert [each.orders_refused for each in finished] == list(range(3, len(finished) + 3))
        assert {each.reason for each in finished} == {"rejected"}
        times = refused_at(await bench.orders())
        assert len(times) == 3 + len(triggered) - 1
        assert all(later - earlier <= 60 for earlier, later in pairwise(times))
        assert triggered[0].refusal is None
        assert triggered[1].refusal == finished[0].refusal is not None
        assert len(await bench.told(TickerLocked)) == 1
        lock = bench.core.base.modes.lock(TQQQ)
        assert lock is not None
        assert lock.locked_at == triggered[0].at


async def test_the_decision_of_a_retry_says_so(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await refused_once(bench, retries=1)
        await bench.pass_time(61)
        found = [await bench.storage.decisions.get(order.request.decision_id or 0) for order in await bench.orders()]
        assert [each.attempt for each in found if each is not None] == [1, 1, 1, 2]


async def test_a_retry_that_is_taken_sells_and_the_next_stop_is_new(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await refused_once(bench, retries=1)
        await bench.pass_time(130)
        last = (await bench.told(StopFinished))[-1]
        assert (last.attempt, last.reason, last.sold, last.left) == (3, "flat", 10, 0)
        assert (await bench.orders())[-1].status is OrderStatus.FILLED
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_stop_whose_first_order_alone_is_refused_goes_on_as_ever(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.broker.fail("submit", "reject")
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        assert [order.status for order in await bench.orders()] == [OrderStatus.REJECTED, OrderStatus.FILLED]
        [triggered], [finished] = await bench.told(StopTriggered), await bench.told(StopFinished)
        assert (triggered.attempt, finished.attempt, finished.reason) == (1, 1, "flat")


async def test_a_retry_whose_order_is_taken_goes_down_the_ladder_like_any_other(tmp_path: Path) -> None:
    """A refused re-pricing, a deeper price: one refused order ends a retry, not one that is worked."""
    async with holding(tmp_path) as bench:
        await refused_once(bench)
        bench.broker.matching = False
        await bench.pass_time(61)
        first = (await bench.orders())[-1]
        assert first.status is OrderStatus.ACCEPTED
        bench.price(TQQQ, "94.01")
        await bench.pass_time(6)
        assert (await bench.orders())[-1].limit_price < first.limit_price
        assert len(await bench.told(StopFinished)) == 1


async def test_after_a_release_the_stop_is_a_new_one(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await refused_once(bench, retries=3)
        assert await bench.core.control.modes.release(OWNER, TQQQ)
        await bench.pass_time(61)
        assert await attempts(bench) == [1, 1]
        assert len(await bench.orders()) == 6
        assert len(await bench.told(TickerLocked)) == 2


async def test_after_shares_were_bought_the_stop_is_a_new_one(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await refused_once(bench, retries=1)
        bench.broker.hand_order(TQQQ, Side.BUY, 2, Decimal(95))
        await bench.core.trading.account_sync.take("asked")
        await bench.pass_time(61)
        assert await attempts(bench) == [1, 1]
        assert (await bench.told(StopTriggered))[-1].qty == 12


async def test_after_something_was_sold_the_stop_is_a_new_one(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await refused_once(bench)
        bench.broker.matching = False
        await bench.pass_time(61)
        number = (await bench.orders())[-1].venue_no
        assert number is not None
        bench.broker.fill(number, 4)
        bench.broker.reject_later(number)
        await bench.pass_time(10)
        assert ((await bench.told(StopFinished))[-1].sold, (await bench.told(StopFinished))[-1].attempt) == (4, 2)
        await bench.pass_time(61)
        assert await attempts(bench) == [1, 2, 1]


async def test_another_trigger_is_a_new_stop(tmp_path: Path) -> None:
    async with holding(tmp_path, take_profit_rate="8") as bench:
        await refused_once(bench, retries=3)
        bench.price(TQQQ, "109")
        await bench.pass_time(61)
        triggered = await bench.told(StopTriggered)
        assert [(each.trigger, each.attempt) for each in triggered] == [("stop_loss", 1), ("take_profit", 1)]


async def test_in_the_next_session_the_stop_is_a_new_one(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(hours=6, minutes=29, seconds=30))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        await refused_once(bench, retries=3)
        await bench.until(OPEN + timedelta(days=1, seconds=10))
        assert await attempts(bench) == [1, 1]


async def test_after_a_halt_the_stop_is_a_new_one(tmp_path: Path) -> None:
    """Halting stops the trying; whoever lets it run again is told anew."""
    async with holding(tmp_path) as bench:
        await refused_once(bench, retries=1000)
        for mode in (Mode.HALTED, Mode.RUN):
            now = bench.clock.now()
            await bench.core.base.modes.set(
                ModeState(mode=mode, symbol=None, set_by=OWNER, set_at=now, reason="test", until=None)
            )
            await bench.pass_time(180)
            bench.price(TQQQ, "94")
            if mode is Mode.HALTED:
                assert await attempts(bench) == [1]
        assert (await attempts(bench))[:3] == [1, 1, 2]


async def test_after_a_restart_the_stop_is_a_new_one(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=world) as bench:
        await refused_once(bench, retries=1000)
        await bench.pass_time(61)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(61)
        assert await attempts(bench) == [1, 2, 1, 2]


async def test_what_was_stored_before_retries_were_counted_is_read(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await refused_once(bench)
        told: list[Event] = [*await bench.told(StopTriggered), *await bench.told(StopFinished)]
        for event in told:
            old = EVENTS.dump_python(event, mode="json", exclude={"attempt", "refusal"})
            read = EVENTS.validate_python(old)
            assert isinstance(read, StopTriggered | StopFinished)
            assert (read.attempt, read.refusal) == (1, None)
        decision = await bench.storage.decisions.get((await bench.orders())[0].request.decision_id or 0)
        assert decision is not None
        old = DECISIONS.dump_python(decision, mode="json", exclude={"attempt"})
        assert DECISIONS.validate_python(old).attempt == 1

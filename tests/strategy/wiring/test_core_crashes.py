"""The whole core while a fault is injected into one of its services (section 8, promises 1, 2 and 4)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.execution.execution_reports import Notices
from strategy.model import (
    Amount,
    AmountKind,
    DecisionAction,
    HandOrder,
    Mode,
    ModeChanged,
    Notable,
    OrderStatus,
    Protection,
    Service,
    Side,
    Started,
    StopFinished,
    StopState,
    StopTriggered,
    StorageError,
    TaskState,
    TickerLocked,
    Trouble,
)
from strategy.panic.panic import Panic
from strategy.portfolio.positions import LivePositions
from strategy.session.bar_warm_up import BarWarmUp
from strategy.session.startup import StartUp
from strategy.session.stream_inbox import StreamInbox
from strategy.stops.exit_ladder import ExitLadder
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.safe_mode import DESK_FAILED, STOPS_DOWN, STOPS_FAILED, STORAGE_FAILED
from strategy.stops.stop_monitor import StopMonitor
from tests.fakes.clock import settle
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World
from tests.support.words import bilingual, korean

Patch = pytest.MonkeyPatch


def failing(
    patch: Patch, owner: type, method: str, *, times: int = 1, error: Exception | None = None
) -> Callable[[], int]:
    """Let a method raise the first `times` calls; return how often it was called."""
    whole: Callable[..., Any] = getattr(owner, method)
    calls = 0

    def fails() -> None:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise error or RuntimeError("injected")

    if method.startswith("on_") or owner is LivePositions:

        def plain(*args: Any, **kwargs: Any) -> Any:
            fails()
            return whole(*args, **kwargs)

        patch.setattr(owner, method, plain)
    else:

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            fails()
            return await whole(*args, **kwargs)

        patch.setattr(owner, method, awaited)
    return lambda: calls


async def keys(bench: Bench) -> list[str]:
    return [event.key for event in await bench.events() if isinstance(event, Trouble | Notable)]


def state(bench: Bench, service: Service) -> TaskState:
    return next(one.state for one in bench.core.supervisor.health() if one.service is service)


async def buy(bench: Bench, qty: int = 1) -> None:
    shown = await bench.core.control.orders.manual.preview(
        OWNER, Side.BUY, TQQQ, Amount(kind=AmountKind.SHARES, value=Decimal(qty)), None
    )
    assert shown.ticket is not None, shown.refusals
    await bench.core.control.confirmations.confirm(shown.ticket, OWNER)


async def test_the_desk_failing_leaves_protect_only_and_loses_no_fill(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        failing(monkeypatch, Notices, "apply")
        await buy(bench)
        await bench.settle()
        assert state(bench, Service.DESK) is TaskState.RESTARTING
        chosen = bench.core.base.modes.chosen()
        assert (chosen.mode, chosen.reason, chosen.set_by) == (Mode.PROTECT_ONLY, DESK_FAILED, None)
        assert [event.state.mode for event in await bench.told(ModeChanged)] == [Mode.PROTECT_ONLY]
        await bench.pass_time(30)
        assert state(bench, Service.DESK) is TaskState.RUNNING
        [order] = await bench.orders()
        assert (order.status, order.filled_qty) == (OrderStatus.FILLED, 1)
        assert (await keys(bench)).count("task:desk:again") == 1
        [trouble] = [event for event in await bench.told(Trouble) if event.key == "task:desk"]
        assert "보호 전용" in korean(trouble.what)
        assert "injected" not in bilingual(trouble.what)
        assert bench.core.base.activity.quiet


async def test_stops_work_while_the_desk_is_down(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        failing(monkeypatch, Notices, "apply", times=3)
        bench.price(TQQQ, "94")
        await bench.pass_time(60)
        assert bench.broker.qty_held(TQQQ) == 0
        [finished] = await bench.told(StopFinished)
        assert (finished.sold, finished.left) == (10, 0)


async def test_the_stop_watcher_down_is_told_at_once_and_buys_wait_promise_4(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        failing(monkeypatch, LivePositions, "on_order")
        await buy(bench)
        await bench.settle()
        assert state(bench, Service.STOPS) is TaskState.RESTARTING
        [lost] = await bench.told(Protection)
        assert (lost.armed, lost.symbols) == (False, (TQQQ,))
        assert (bench.core.base.modes.account.mode, bench.core.base.modes.account.reason) == (
            Mode.PROTECT_ONLY,
            STOPS_DOWN,
        )
        [ticker] = (await bench.core.control.status.now()).tickers
        assert ticker.stop is StopState.DOWN
        await bench.pass_time(15)
        assert bench.core.base.modes.account.mode is Mode.RUN
        assert [event.armed for event in await bench.told(Protection)] == [False, True]
        [ticker] = (await bench.core.control.status.now()).tickers
        assert ticker.stop.works
        bench.price(TQQQ, "90")
        await bench.pass_time(5)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_stop_watcher_that_keeps_failing_leaves_protect_only(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        failing(monkeypatch, LivePositions, "on_order")
        failing(monkeypatch, StopMonitor, "follow_fills")
        await buy(bench)
        await bench.pass_time(20)
        chosen = bench.core.base.modes.chosen()
        assert (chosen.mode, chosen.reason) == (Mode.PROTECT_ONLY, STOPS_FAILED)


async def test_a_ladder_cut_off_by_a_crash_goes_on_after_it(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94")
        await bench.pass_time(2)
        failing(monkeypatch, LivePositions, "on_order")
        bench.broker.hand_order(TQQQ, Side.BUY, 1, Decimal(50))
        await bench.core.trading.account_sync.take("asked")
        await bench.settle()
        assert state(bench, Service.STOPS) is TaskState.RESTARTING
        bench.broker.matching = True
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        live = [order for order in await bench.orders() if not order.status.closed]
        assert live == []
        assert len(await bench.told(StopFinished)) == 1
        assert bench.core.base.activity.quiet


async def crash_the_stops(bench: Bench, monkeypatch: Patch) -> None:
    """Let the stop watcher fail by a change of the order it has just sent."""
    with monkeypatch.context() as patch:
        failing(patch, LivePositions, "on_order")
        [order] = await bench.storage.orders.open()
        bench.core.trading.desk._feed.publish(order)
        await settle(30)  # what is being sent is not torn: the service ends when the broker has answered


async def cut_off_the_first_order(bench: Bench, monkeypatch: Patch) -> None:
    """Let a stop fire and its task crash while the answer to its first order is awaited."""
    bench.broker.fail("submit", "hang")
    bench.price(TQQQ, "94")
    await bench.wait_for(lambda: len(bench.broker.submitted) == 1)
    await crash_the_stops(bench, monkeypatch)
    bench.broker.unhang()
    await bench.settle()


async def test_a_stop_cut_off_while_its_first_order_is_sent_is_told_and_stored_once(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    """The decision came to disk with the order: the ladder knows it though nobody heard the broker's answer."""
    async with holding(tmp_path, may_crash=True) as bench:
        bench.broker.matching = False
        await cut_off_the_first_order(bench, monkeypatch)
        assert state(bench, Service.STOPS) is TaskState.RESTARTING
        await bench.pass_time(3)
        bench.broker.matching = True
        bench.price(TQQQ, "94")
        await bench.pass_time(30)
        assert bench.broker.qty_held(TQQQ) == 0
        assert len(await bench.told(StopTriggered)) == len(await bench.told(TickerLocked)) == 1
        assert [one.action for one in await bench.storage.decisions.since(OPEN)].count(DecisionAction.STOP) == 1


async def test_a_ladder_cut_off_does_not_sell_again_what_was_filled_while_nobody_listened(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        await cut_off_the_first_order(bench, monkeypatch)
        assert bench.broker.qty_held(TQQQ) == 0
        bench.broker.fail("holdings", "try_later", times=100)  # the broker's word is not there yet
        await bench.pass_time(30)
        assert state(bench, Service.STOPS) is TaskState.RUNNING
        assert len(bench.broker.submitted) == 1


async def test_a_fault_in_one_ladder_is_told_and_tried_again(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path) as bench:
        failing(monkeypatch, ExitLadder, "exit")
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        assert "stop:NASDAQ:TQQQ" in await keys(bench)
        await bench.pass_time(70)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_the_price_watch_failing_is_told_for_those_without_ticks(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, ticks=False, may_crash=True) as bench:
        failing(monkeypatch, PriceWatchdog, "_poll_one")
        await bench.pass_time(10)
        assert [event.armed for event in await bench.told(Protection)] == [False]
        await bench.pass_time(20)
        assert [event.armed for event in await bench.told(Protection)] == [False, True]
        bench.price(TQQQ, "90", tick=False)
        await bench.pass_time(20)
        assert bench.broker.qty_held(TQQQ) == 0


async def test_the_engine_goes_on_without_a_second_start_card(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        await bench.pass_time(61)
        cycles = bench.core.session.day.cycles
        failing(monkeypatch, BarWarmUp, "tell_warm")
        await bench.pass_time(61)
        assert "task:engine" in await keys(bench)
        await bench.pass_time(130)
        assert bench.core.session.day.cycles >= cycles + 2
        assert len(await bench.told(Started)) == 1
        assert bench.core.base.modes.account.mode is Mode.RUN


async def test_a_start_that_fails_is_started_again_and_told(tmp_path: Path, monkeypatch: Patch) -> None:
    failing(monkeypatch, StartUp, "_prices")
    async with holding(tmp_path, may_crash=True) as bench:
        await bench.pass_time(5)
        assert len(await bench.told(Started)) == 1
        await bench.pass_time(120)
        assert bench.core.session.day.cycles >= 1


async def test_the_stream_failing_is_shown_as_down_and_comes_back(tmp_path: Path) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        bench.stream.fail(RuntimeError("injected"))
        await bench.settle()
        assert not bench.core.session.inbox.up
        assert state(bench, Service.STREAM) is TaskState.RESTARTING
        await bench.pass_time(15)
        assert bench.core.session.inbox.up
        bench.price(TQQQ, "94")
        await bench.settle()
        assert bench.broker.qty_held(TQQQ) == 0


async def test_the_stream_news_failing_still_reconciles(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        failing(monkeypatch, StreamInbox, "_tell")
        bench.stream.drop()
        await bench.pass_time(5)
        bench.broker.hand_order(TQQQ, Side.BUY, 1, Decimal(50))
        bench.stream.connect()
        await bench.pass_time(30)
        assert await bench.told(HandOrder)
        assert (await bench.core.control.status.now()).reconciled


async def test_the_panic_failing_goes_on_where_it_was(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        failing(monkeypatch, Panic, "_confirm")
        shown = await bench.core.control.orders.panic.preview(OWNER)
        assert shown.ticket_all is not None
        await bench.core.control.confirmations.confirm(shown.ticket_all, OWNER)
        await bench.pass_time(60)
        assert bench.broker.qty_held(TQQQ) == 0
        assert "task:panic" in await keys(bench)
        assert await bench.storage.panics.at_work() is None


async def test_storage_failing_in_a_check_leaves_protect_only(tmp_path: Path, monkeypatch: Patch) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(5)

        async def full(*_: object, **__: object) -> None:
            raise StorageError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(bench.storage.decisions, "add", full)
            patch.setattr(bench.storage.modes, "add", full)
            await bench.pass_time(61)
            assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
            assert await bench.told(ModeChanged) == []
        await bench.pass_time(130)
        [changed] = await bench.told(ModeChanged)
        assert (changed.state.mode, changed.state.reason) == (Mode.PROTECT_ONLY, STORAGE_FAILED)
        assert STORAGE_FAILED in await keys(bench)


async def test_a_crash_while_the_core_stops_ends_it_all_the_same(tmp_path: Path, monkeypatch: Patch) -> None:
    async def leaving(*_: object) -> None:
        raise RuntimeError("while leaving")

    async with holding(tmp_path) as bench:
        await bench.pass_time(5)
        monkeypatch.setattr(type(bench.core.trading.desk), "_empty_queue", leaving)
    assert state(bench, Service.DESK) is TaskState.STOPPED

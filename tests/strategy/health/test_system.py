"""What the chat asks about the program itself. Row S109."""

import asyncio
from collections.abc import Sequence
from datetime import time, timedelta
from pathlib import Path

import pytest

from storage.logs.reader import LogFiles
from strategy.health.connection_test import Checkup
from strategy.health.system import rules_in
from strategy.model import HealthLine, LogLine, Loudness, QuietHours, Service, TaskState, TryLater
from strategy.runtime.probes import LoopLag, Surroundings, TelegramState
from strategy.runtime.process_metrics import LagMeter, resident_memory
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, TQQQ, XLF, O, World, running
from tests.support.words import english, made_up

FINE = HealthLine(name=made_up("단계", "step"), ok=True, detail=made_up("됨", "works"))


# how alerts sound


def test_alert_rules_follow_the_settings() -> None:
    rules = rules_in(trading_settings(notify_orders="off", notify_notes="on", quiet_hours="23:00-07:00"))
    assert rules.levels == {
        "orders": Loudness.OFF,
        "fills": Loudness.ON,
        "signals": Loudness.SILENT,
        "session": Loudness.ON,
        "stream": Loudness.SILENT,
        "changes": Loudness.SILENT,
        "notes": Loudness.ON,
    }
    assert rules.quiet == QuietHours(time(23), time(7))
    assert rules.dashboard


def test_alert_rules_without_quiet_hours_or_dashboard() -> None:
    rules = rules_in(trading_settings(quiet_hours="off", dashboard="off"))
    assert rules.quiet is None
    assert not rules.dashboard


# health


def world() -> World:
    made = World.at(OPEN + timedelta(minutes=10))
    for symbol in (TQQQ, O, XLF):
        made.ready(symbol)
    return made


async def test_health_of_a_bare_core_is_fine_and_leaves_out_what_nobody_told(tmp_path: Path) -> None:
    async with running(tmp_path, world()) as bench:
        await bench.pass_time(61)
        view = await bench.core.control.system.health()
        names = [english(line.name) for line in view.lines]
    assert names == [
        "Market",
        "Orders",
        "Reconciled",
        "Live connection",
        "Order notices",
        "Stops",
        "Quotes",
        "Bars",
        "Storage",
        "Outbox",
        "KIS calls",
        "Program",
    ]
    assert view.ok, [line for line in view.lines if line.ok is False]
    assert view.now - view.started_at == timedelta(seconds=61)
    assert {Service.DESK, Service.ENGINE, Service.STOPS} <= {task.service for task in view.tasks}
    assert all(task.state is TaskState.RUNNING for task in view.tasks)


async def test_health_shows_what_the_surroundings_tell(tmp_path: Path) -> None:
    at = OPEN + timedelta(minutes=10)
    around = Surroundings(
        version="9.9",
        telegram=lambda: TelegramState(answered_at=at, failed_at=None, error=""),
        token_until=lambda: at + timedelta(hours=5),
        loop_lag=lambda: LoopLag(p99_ms=1, longest_ms=2, over=timedelta(minutes=5)),
        clock_skew=lambda: timedelta(seconds=90),
        memory=lambda: 100 * 1024**2,
    )
    async with running(tmp_path, world(), surroundings=around) as bench:
        view = await bench.core.control.system.health()
    by_name = {english(line.name): line for line in view.lines}
    assert {"Telegram", "KIS token", "Loop lag", "Clock", "Memory"} <= by_name.keys()
    assert "9.9" in english(by_name["Program"].detail)
    assert not view.ok
    assert [english(line.name) for line in view.lines if line.ok is False] == ["Clock"]


async def test_storage_and_outbox_are_looked_at(tmp_path: Path) -> None:
    async with running(tmp_path / "x", world()) as bench:
        by_name = {english(line.name): line for line in (await bench.core.control.system.health()).lines}
    assert by_name["Storage"].ok
    assert "waiting" in english(by_name["Outbox"].detail)


async def test_a_dropped_stream_and_a_gap_show(tmp_path: Path) -> None:
    async with running(tmp_path, world()) as bench:
        bench.core.session.inbox.on_disconnected(made_up("끊김", "dropped"))
        view = await bench.core.control.system.health()
    by_name = {english(line.name): line for line in view.lines}
    assert by_name["Live connection"].ok is False
    assert "dropped" in english(by_name["Live connection"].detail)
    assert by_name["Order notices"].ok is None
    assert by_name["Reconciled"].ok is False


# logs


async def test_logs_come_from_the_reader_and_are_capped(tmp_path: Path) -> None:
    asked: list[int] = []

    class Reader:
        async def newest(self, count: int) -> Sequence[LogLine]:
            asked.append(count)
            return []

    async with running(tmp_path, world(), surroundings=Surroundings(log_reader=Reader())) as bench:
        for count in (5, -1, 10_000):
            await bench.core.control.system.logs(count)
    assert asked == [5, 0, 200]
    async with running(tmp_path, world()) as bench:
        assert list(await bench.core.control.system.logs(5)) == []
    assert await LogFiles(tmp_path / "nowhere", str).newest(3) == []


# diagnose


async def broker_fine() -> Sequence[HealthLine]:
    return [FINE]


async def telegram_fine() -> str:
    return "@bot"


async def test_both_sides_are_tested_and_shown_in_a_fixed_order_s109() -> None:
    lines = await Checkup(broker=broker_fine, telegram=telegram_fine).run()
    assert [(english(line.name), line.ok, english(line.detail)) for line in lines] == [
        ("step", True, "works"),
        ("Telegram bot (getMe)", True, "@bot"),
    ]


async def test_a_side_that_fails_hides_nothing_of_the_other() -> None:
    async def refused() -> str:
        raise TryLater("x", user_message=made_up("안 됨", "no"))

    lines = await Checkup(broker=broker_fine, telegram=refused).run()
    assert [(line.ok, english(line.detail)) for line in lines] == [(True, "works"), (False, "no")]


async def test_a_test_that_hangs_ends_in_time() -> None:
    async def hangs() -> Sequence[HealthLine]:
        await asyncio.Event().wait()
        return []

    lines = await Checkup(broker=hangs, telegram=telegram_fine, limit_s=0.01).run()
    assert [line.ok for line in lines] == [False, True]
    assert "in time" in english(lines[0].detail)


async def test_two_at_once_share_one_test_and_a_later_one_tests_anew() -> None:
    runs = 0
    go = asyncio.Event()

    async def counted() -> Sequence[HealthLine]:
        nonlocal runs
        runs += 1
        await go.wait()
        return [FINE]

    checkup = Checkup(broker=counted, telegram=None)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(checkup.run())
        await asyncio.sleep(0)
        second = group.create_task(checkup.run())
        await asyncio.sleep(0)
        go.set()
    assert first.result() == second.result() == (FINE,)
    assert runs == 1
    await checkup.run()
    assert runs == 2


async def test_a_second_asker_goes_on_when_the_first_one_leaves() -> None:
    go = asyncio.Event()

    async def slow() -> Sequence[HealthLine]:
        await go.wait()
        return [FINE]

    checkup = Checkup(broker=slow, telegram=None)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(checkup.run())
        await asyncio.sleep(0)
        second = group.create_task(checkup.run())
        await asyncio.sleep(0)
        first.cancel()
        go.set()
    assert second.result() == (FINE,)


async def test_nothing_to_test_is_an_empty_answer(tmp_path: Path) -> None:
    async with running(tmp_path, world()) as bench:
        assert list(await bench.core.control.system.diagnose()) == []


# the machine


def test_loop_lag_forgets_what_is_long_past() -> None:
    meter = LagMeter(every_s=1, over_s=100)
    assert meter.reading() is None
    meter.note(5.0)
    for _ in range(100):
        meter.note(0.002)
    reading = meter.reading()
    assert reading is not None
    assert reading.longest_ms == pytest.approx(2)
    assert reading.over == timedelta(seconds=100)
    meter.note(-1)  # an early timer is no delay
    assert meter.reading() is not None


async def test_loop_lag_measures_a_blocked_loop() -> None:
    meter = LagMeter(every_s=0.001)
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        task = group.create_task(meter.run())
        while meter.reading() is None:  # noqa: ASYNC110 - the meter has no event
            await asyncio.sleep(0)
        task.cancel()


def test_memory_is_some_megabytes() -> None:
    assert 5 * 1024**2 < resident_memory() < 100 * 1024**3

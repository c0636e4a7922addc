"""Deadlines, pauses and ages follow how long a clock has run; only the calendar follows what it shows."""

import asyncio
import copy
import pickle
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.model import Moment, SystemClock, new_york
from strategy.model import clock as clocks
from tests.fakes.clock import FakeClock, settle

START = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)  # 10:00 in New York
HOUR = timedelta(hours=1)
SECONDS = st.floats(0, 100_000).map(lambda value: round(value, 3))
SET = st.floats(-200_000, 200_000).map(lambda value: round(value, 3))
STEPS = st.lists(st.tuples(SECONDS, SET), min_size=1, max_size=12)


class Wall:
    """Stands in for the system's two clocks: one that anybody sets, one that only runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown = START
        wall = self

        class Shown(datetime):
            @classmethod
            def now(cls, _: object = None) -> datetime:  # type: ignore[override]
                return wall.shown

        self.ran = 1000.0
        monkeypatch.setattr(clocks, "datetime", Shown)
        monkeypatch.setattr(clocks, "_running", lambda: timedelta(seconds=self.ran))
        monkeypatch.setattr(asyncio, "sleep", self.sleep)
        self.naps: list[float] = []
        self.jump: timedelta | None = None

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.pass_(seconds)
        if self.jump is not None:
            self.shown, self.jump = self.shown + self.jump, None

    def pass_(self, seconds: float) -> None:
        self.shown += timedelta(seconds=seconds)
        self.ran += seconds


@given(steps=STEPS, wait=SECONDS)
def test_a_deadline_is_as_far_away_as_what_has_not_yet_run(steps: list[tuple[float, float]], wait: float) -> None:
    clock = FakeClock(START)
    began, due, ran, put = clock.now(), clock.now() + timedelta(seconds=wait), timedelta(0), timedelta(0)
    for seconds, jump in steps:
        clock.set(clock.now() + timedelta(seconds=seconds))
        clock.put(jump)
        ran, put = ran + timedelta(seconds=seconds), put + timedelta(seconds=jump)
        now = clock.now()
        assert now - began == ran
        assert due - now == timedelta(seconds=wait) - ran
        assert (due <= now) is (timedelta(seconds=wait) <= ran)
        assert (due > now) is (timedelta(seconds=wait) > ran)
        assert max(began, now) - now == timedelta(0)
        assert now.set_since(began) == put
        assert now == START + ran + put  # what it shows, as the calendar reads it
        assert now - START == ran + put
        assert (now < START) is (ran + put < timedelta(0))


@given(steps=STEPS)
def test_whoever_waits_wakes_when_so_much_has_run_and_at_the_calendars_hour(steps: list[tuple[float, float]]) -> None:
    async def play() -> None:
        clock = FakeClock(START)
        due, hour = clock.now() + timedelta(seconds=600), START + HOUR
        pause, opening = asyncio.create_task(clock.sleep(600)), asyncio.create_task(clock.sleep_until(hour))  # noqa: TID251
        await settle(2)
        reached = False
        for seconds, jump in steps:
            await clock.advance(seconds)
            reached = reached or clock.now() >= hour
            clock.put(jump)
            await settle(3)
            reached = reached or clock.now() >= hour
            assert pause.done() is (clock.now() >= due)
            assert opening.done() is reached
        pause.cancel()
        opening.cancel()
        await asyncio.gather(pause, opening, return_exceptions=True)

    asyncio.run(play())


def test_a_moment_is_a_plain_instant_to_the_calendar_and_to_disk() -> None:
    now = FakeClock(START).now()
    assert (now, hash(now), str(now), now.isoformat()) == (START, hash(START), str(START), START.isoformat())
    assert new_york(now).date() == START.date()
    assert now - START == START - now == timedelta(0)
    assert timedelta(hours=1) + now == now + HOUR == START + HOUR
    for value in (pickle.loads(pickle.dumps(now)), copy.deepcopy(now), now.replace(hour=3)):  # noqa: S301 - our own
        assert value.since(now) is None, "running time means nothing outside of its clock"
    assert FakeClock(START).now().since(now) is None, "two clocks"
    with pytest.raises(TypeError):
        now < 1  # type: ignore[operator]  # noqa: B015


def test_the_machines_clock_counts_on_while_it_is_set() -> None:
    before = SystemClock().now()
    running = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    after = SystemClock().now()
    assert before.ran.total_seconds() <= running <= after.ran.total_seconds() + 1e-6
    assert before <= after
    assert isinstance(before + HOUR, Moment)


@pytest.mark.parametrize("jump", [-24 * HOUR, -HOUR, -HOUR / 60, HOUR / 60, HOUR, 24 * HOUR])
async def test_a_pause_lasts_as_long_as_asked_whatever_is_done_to_the_machines_clock(
    monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    wall = Wall(monkeypatch)
    wall.jump = jump
    await SystemClock().sleep(90)
    assert sum(wall.naps) == pytest.approx(90)


async def test_the_hour_of_a_clock_that_was_set_is_noticed_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    wall.jump = HOUR
    await SystemClock().sleep_until(START + HOUR)
    assert sum(wall.naps) <= 10


@pytest.mark.parametrize("jump", [-24 * HOUR, -HOUR, -HOUR / 60, HOUR / 60, HOUR, 24 * HOUR])
async def test_a_clock_that_was_set_says_so_within_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    wall = Wall(monkeypatch)
    clock = SystemClock()
    wall.jump = jump
    found = await clock.disturbed(clock.now())
    assert (found.put, found.stood) == (jump, timedelta(0))
    assert sum(wall.naps) <= 10


async def test_small_corrections_are_told_once_they_have_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    clock = SystemClock()
    since, step = clock.now(), timedelta(seconds=0.5)

    async def corrected(seconds: float) -> None:
        wall.pass_(seconds)
        wall.shown -= step

    monkeypatch.setattr(asyncio, "sleep", corrected)
    assert (await clock.disturbed(since)).put == -4 * step


async def test_a_machine_that_slept_or_was_stopped_says_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall(monkeypatch)
    clock = SystemClock()
    sleeps = iter([0, 0, 600, 0])

    async def slept(seconds: float) -> None:
        wall.pass_(seconds + next(sleeps))

    monkeypatch.setattr(asyncio, "sleep", slept)
    found = await clock.disturbed(clock.now())
    assert (found.put, found.stood) == (timedelta(0), timedelta(seconds=600))

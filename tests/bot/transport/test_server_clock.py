"""A machine whose clock is off still carries out commands, and says what is wrong with its clock (13.8)."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock
from bot.transport.server_clock import TelegramTime
from strategy.health import lines as health_lines
from strategy.model import Notable, SystemClock, Trouble
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.words import english, korean


def told(room: Room) -> list[Trouble | Notable]:
    events = [row.event for row in room.outbox.rows]
    return [each for each in events if isinstance(each, Trouble | Notable) and each.key == "clock_off_telegram"]


@pytest.mark.parametrize(("seconds", "words"), [(180, "ahead of"), (-180, "behind")])
async def test_commands_are_carried_out_and_the_skew_is_named(open_room: OpenRoom, seconds: int, words: str) -> None:
    wall = FakeClock(SystemClock().now() + timedelta(seconds=seconds))
    async with LocalChat(rates=None) as chat, open_room(chat=chat, wall=wall, delivers=True) as room:
        assert "미리보기" in (await room.owner.ask("/buy TQQQ 3"))["text"]
        for _ in range(3):
            await room.owner.ask("/version")
        alert = await room.owner.reads("시계가 텔레그램보다")
        assert "3분" in alert["text"]
        (event,) = told(room)
        assert words in english(event.what)
        state = room.app.telegram()
        assert state.ahead is not None
        assert abs(state.ahead + timedelta(seconds=seconds)) < timedelta(seconds=3)


async def test_a_clock_that_is_set_right_is_told_too_and_neither_is_repeated(open_room: OpenRoom) -> None:
    wall = FakeClock(SystemClock().now() + timedelta(minutes=3))
    async with LocalChat(rates=None) as chat, open_room(chat=chat, wall=wall) as room:
        for _ in range(4):
            await room.owner.ask("/version")
        wall.put(-180)
        for _ in range(4):
            await room.owner.ask("/version")
        assert [type(each) for each in told(room)] == [Trouble, Notable]


async def test_what_is_old_by_telegrams_own_time_has_expired_whatever_our_clock_says(open_room: OpenRoom) -> None:
    clock = ManualClock(SystemClock().now().timestamp() - 600)
    wall = FakeClock(SystemClock().now() - timedelta(minutes=10))  # by this clock the command comes from the future
    async with LocalChat(rates=None, clock=clock) as chat, open_room(chat=chat, wall=wall, polls=False) as room:
        await room.owner.send("/buy TQQQ 3")
        clock.advance(600)
        room.app.fresh.started_at = wall.now()
        async with open_room(chat=chat, wall=wall) as again:
            assert "/buy TQQQ 3" in (await again.owner.reads("시간이 지나"))["text"]
            assert again.control.tickets == {}


def test_the_stamp_of_a_message_counts_and_before_there_is_one_the_date_of_an_answer() -> None:
    wall = FakeClock(samples.NOW)
    time = TelegramTime(wall)
    assert (time.ahead, time.now()) == (None, samples.NOW)
    time.stamped(samples.NOW + timedelta(seconds=40))
    assert time.ahead == timedelta(seconds=40)
    for no_date in ("", "yesterday", "Tue, 99 Dec"):
        time.heard(no_date)
    assert time.ahead == timedelta(seconds=40)
    time.heard(format_datetime(samples.NOW - timedelta(seconds=90), usegmt=True))
    assert time.ahead == timedelta(seconds=40)  # the clock that stamps messages
    assert time.now() == samples.NOW - timedelta(seconds=90)  # nothing fresh by one of them is taken for old


def test_a_clock_put_forward_changes_the_lead_at_once() -> None:
    wall = FakeClock(samples.NOW)
    time = TelegramTime(wall)
    time.heard(format_datetime(samples.NOW, usegmt=True))
    wall.put(3600)
    assert time.ahead == timedelta(seconds=-3600)


def test_health_names_the_skew() -> None:
    line = health_lines.telegram_clock(timedelta(seconds=-180))
    assert line.ok is False
    assert "NTP" in korean(line.detail)

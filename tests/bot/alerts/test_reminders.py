"""Critical alerts come again until somebody has seen them, or they have settled themselves (spec 6, alerts)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts.acknowledgement import outstanding
from bot.alerts.scheduled.reminders import _due
from strategy.model import (
    Event,
    EventRow,
    Notable,
    OrderStatus,
    Protection,
    SaleEnd,
    Service,
    StopPriceSource,
    TickerLocked,
    Trouble,
)
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, in_order, kept_chat, note, pass_time, rules, settled, told
from tests.support.person import labels
from tests.support.rough_weather import Weather, clear, shown, texts
from tests.support.words import made_up

NOTHING = made_up("", "")
HERE = (Service.REMINDERS,)


def rows(events: Sequence[Event]) -> list[EventRow]:
    return [
        EventRow(id=number, event=event, added_at=samples.NOW, attempts=1, sending_since=None, done_at=samples.NOW)
        for number, event in enumerate(events, start=1)
    ]


def protection(*, armed: bool, every: bool = False) -> Protection:
    symbols = () if every else (samples.TQQQ,)
    return Protection(
        at=samples.NOW,
        armed=armed,
        source=StopPriceSource.TICKS if armed else StopPriceSource.NONE,
        symbols=symbols,
        reason=NOTHING,
    )


def trouble(key: str) -> Trouble:
    return replace(samples.trouble(key), symbol=None)


def notable(key: str) -> Notable:
    return Notable(at=samples.NOW, key=key, what=NOTHING)


def split_lock() -> TickerLocked:
    return TickerLocked(at=samples.NOW, lock=samples.lock(reason="split_guard", blocks_stop=True))


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
def test_only_critical_ones_need_a_look(event: Event) -> None:
    assert event.critical or not event.needs_ack


def test_good_news_needs_no_look() -> None:
    good: list[Event] = [
        protection(armed=True),
        samples.stop_finished(),
        samples.panic(),
        samples.panic(done=True, flat=True),
        TickerLocked(at=samples.NOW, lock=samples.lock()),
    ]
    bad: list[Event] = [
        protection(armed=False),
        samples.stop_finished(left=3, reason=SaleEnd.SESSION_END),
        samples.stop_triggered(),
        samples.panic(done=True, flat=False),
        split_lock(),
        samples.trouble(),
    ]
    assert [each.needs_ack for each in good] == [False] * len(good)
    assert [each.needs_ack for each in bad] == [True] * len(bad)


@pytest.mark.parametrize(
    ("event", "later"),
    [
        (protection(armed=False), protection(armed=True)),
        (protection(armed=False), protection(armed=True, every=True)),
        (samples.stop_triggered(), samples.stop_finished()),
        (samples.stop_finished(left=3), samples.stop_finished()),
        (samples.panic(done=True, flat=False), samples.panic(done=True, flat=True)),
        (trouble("unknown:12"), changed(samples.order(status=OrderStatus.CANCELED))),
        (samples.trouble("stop:NASDAQ:TQQQ"), samples.stop_finished()),
        (trouble("split_guard:NASDAQ:TQQQ"), notable("split_over:NASDAQ:TQQQ")),
        (trouble("task:stream"), notable("task:stream:again")),
        (trouble("task:stream:given_up"), notable("task:stream:again")),
        (trouble("broker"), notable("broker")),
        (split_lock(), notable("released:NASDAQ:TQQQ")),
        (split_lock(), notable("split_over:NASDAQ:TQQQ")),
    ],
    ids=lambda event: event.kind,
)
def test_what_is_over_is_not_told_again(event: Event, later: Event) -> None:
    before, after = rows([event, later])
    assert outstanding([before], [before, after]) == []
    early, late = rows([later, event])
    assert outstanding([late], [early, late]) == [late]


@pytest.mark.parametrize(
    ("event", "later"),
    [
        (protection(armed=False, every=True), protection(armed=True)),
        (samples.stop_triggered(), samples.stop_finished(symbol=samples.O)),
        (samples.stop_finished(left=3), samples.stop_finished(left=1)),
        (trouble("unknown:12"), changed(samples.order(status=OrderStatus.UNKNOWN))),
        (trouble("unknown:12"), changed(samples.order(13))),
        (trouble("task:stream"), notable("task:engine:again")),
        (trouble("other"), notable("n1")),
    ],
    ids=lambda event: event.kind,
)
def test_what_is_not_over_stays(event: Event, later: Event) -> None:
    before, after = rows([event, later])
    assert before in outstanding([before], [before, after])


async def test_reminders_come_after_5_15_30_60_minutes_and_then_every_hour(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering(runs=HERE) as room:
        await told(room, samples.trouble(), protection(armed=False), note(1))
        assert any("확인" in label for label in labels((await settled(room, 3))[0]))
        seen_at: list[int] = []
        for minute in range(1, 185):
            await pass_time(wall, 1)
            found = [row.repeats for row in room.outbox.rows if row.event.critical]
            assert found[0] == found[1]  # one message lists both
            if found[0] > len(seen_at):
                seen_at.append(minute)
        assert seen_at == [5, 15, 30, 60, 120, 180]
        reminder = await room.owner.reads("확인하지 않은 중요 알림 2건")
        assert "시세를" not in reminder["text"].splitlines()[0]
        assert "손절" in reminder["text"]
        assert not reminder["silent"]
        standing = [each for each in in_order(room) if "중요 알림" in each["text"]]
        assert len(standing) == 1  # the ones before were taken away


async def test_a_press_ends_them_and_says_so(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(polls=True, runs=HERE) as room:
        room.control.rules = rules()
        await told(room, samples.trouble(), samples.trouble("other"))
        first, second = await settled(room, 2)
        await room.owner.press(first, "확인")
        said = await room.owner.reads("확인함: 알림 1건")
        assert said["reply_to"] == first["id"]
        assert "더 새로운 알림 1건" in said["text"]
        await room.owner.sees(lambda each: each["id"] == first["id"] and labels(each) == ["📊 상태"])
        await pass_time(wall, 6)
        reminder = await room.owner.reads("확인하지 않은 중요 알림 1건")
        await room.owner.press(reminder, "확인")
        await room.owner.sees(lambda each: "확인함: 알림 1건" in each["text"] and each["reply_to"] is None)
        await room.owner.press(second, "확인")
        await room.owner.reads("이미 확인했습니다")
        count = len(in_order(room))
        await pass_time(wall, 130, step_s=60)
        assert len(in_order(room)) == count
        assert room.outbox.seen == {1: room.owner.id, 2: room.owner.id}


async def test_pressing_twice_at_once_counts_once(delivering: OpenRoom) -> None:
    async with delivering(polls=True) as room:
        await told(room, samples.trouble())
        [alert] = await settled(room, 1)
        await room.owner.press(alert, "확인")
        await room.owner.press(alert, "확인")
        await room.owner.reads("확인함: 알림 1건")
        await room.owner.reads("이미 확인했습니다")


async def test_what_settles_itself_is_not_told_again(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        await told(room, protection(armed=False), samples.stop_triggered())
        await pass_time(wall, 2)
        await told(room, protection(armed=True), samples.stop_finished())
        await room.owner.reads("손절 종료: TQQQ")
        await room.owner.reads("손절 작동")
        count = len(await settled(room, 2))
        await pass_time(wall, 70, step_s=60)
        assert len(in_order(room)) == count
        assert set(room.outbox.seen.values()) == {0}
        assert not await room.outbox.unacknowledged(10)


async def test_reminders_go_on_after_a_restart(delivering: OpenRoom, wall: FakeClock) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat, runs=HERE) as room:
            await told(room, samples.trouble())
            await pass_time(wall, 6)
            await room.owner.reads("확인하지 않은 중요 알림 1건")
        wall.set(wall.now() + timedelta(hours=5))
        async with delivering(chat=chat, runs=HERE) as room:
            await pass_time(wall, 2)
            assert room.outbox.rows[0].repeats == 2  # one, not one for each that was missed
            assert len([each for each in in_order(room) if "중요 알림" in each["text"]]) == 1


@pytest.mark.parametrize(
    ("ahead", "due"), [(timedelta(hours=1), True), (timedelta(seconds=1), False), (-timedelta(minutes=4), False)]
)
def test_a_clock_put_back_does_not_put_a_reminder_off(ahead: timedelta, *, due: bool) -> None:
    """A time told an hour from now was told before the clock was set, nobody knows how long ago."""
    [row] = rows([samples.trouble()])
    assert _due(replace(row, done_at=samples.NOW + ahead), samples.NOW) is due


async def test_a_reminder_that_could_not_be_sent_comes_a_little_later(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        await told(room, samples.trouble())
        await room.owner.post("fault", kind="error", method="sendMessage", code=502)
        await pass_time(wall, 7)
        await room.owner.reads("확인하지 않은 중요 알림 1건")
        assert room.outbox.rows[0].repeats == 1


async def test_the_list_names_the_newest_and_counts_the_rest(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        await told(room, *(samples.trouble(f"k{number}") for number in range(13)))
        await pass_time(wall, 6)
        reminder = await room.owner.reads("확인하지 않은 중요 알림 13건")
        assert "그 전 알림 3건" in reminder["text"]


async def test_a_reminder_whose_answers_are_lost_comes_once_more_and_then_when_its_time_comes(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    """It arrives each time and no answer comes back. While no call at all is answered there is one."""
    async with delivering(runs=HERE) as room:
        weather = Weather(room, wall)
        await told(room, samples.stop_finished(left=10, reason=SaleEnd.REJECTED))
        await room.owner.post("fault", kind="error_after_send", code=502, method="sendMessage", times=9999)
        await weather.passes(9 * 60)
        reminders = (await shown(room))[1:]
        assert [("재전송" in each["text"], each["silent"]) for each in reminders] == [(False, False), (True, True)]
        await weather.passes(10 * 60)
        assert len((await shown(room))[1:]) == 4


async def test_a_reminder_is_not_repeated_while_no_call_is_answered(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        weather = Weather(room, wall)
        await told(room, samples.stop_finished(left=10, reason=SaleEnd.REJECTED))
        await room.owner.post("fault", kind="error_after_send", code=502, times=9999)
        await weather.passes(30 * 60)
        assert len((await shown(room))[1:]) == 1
        await clear(room)
        await weather.passes(60)
        assert ["재전송" in text for text in await texts(room)] == [False, False, True]

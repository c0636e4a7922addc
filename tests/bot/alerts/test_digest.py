"""The morning digest: once at the end of the quiet hours, of all that was told or kept back in them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from bot.alerts.scheduled.digest import newest_span
from bot.ui.blocks import split
from bot.ui.screen import ViewContext
from bot.views.news.digest import digest
from bot.views.news.digest_counts import night_of
from strategy.model import Event, EventRow, Mode, OrderStatus, QuietHours, Service, Side
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, in_order, kept_chat, note, pass_time, rules, settled, told
from tests.support.rough_weather import Weather, shown

NIGHT = QuietHours(time(23), time(7))
END = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # 07:00 in Korea, seven hours after samples.NOW
HERE = (Service.DIGESTS,)


def row(number: int, event: Event) -> EventRow:
    """Return a delivered row; every seventh was kept back."""
    return EventRow(
        id=number,
        event=event,
        added_at=event.at,
        attempts=1,
        sending_since=None,
        done_at=END,
        message_id=None if number % 7 == 0 else number,
    )


def test_the_newest_span_may_cross_midnight() -> None:
    begin = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    for now in (END, END + timedelta(hours=15, minutes=59), END + timedelta(hours=23)):
        assert newest_span(NIGHT, now) == (begin, END)
    assert newest_span(NIGHT, END - timedelta(seconds=1)) == (begin - timedelta(days=1), END - timedelta(days=1))


def test_a_span_within_a_day_is_found() -> None:
    lunch = QuietHours(time(12), time(13, 30))
    begin = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    end = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    assert newest_span(lunch, end) == (begin, end)
    assert newest_span(lunch, end + timedelta(hours=20)) == (begin, end)
    assert newest_span(lunch, end - timedelta(seconds=1)) == (begin - timedelta(days=1), end - timedelta(days=1))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_kind_of_event_fits_into_a_digest(language: str, ui: Callable[..., ViewContext]) -> None:
    rows = [row(number, event) for number, event in enumerate(samples.every_event() * 3, start=1)]
    screen = digest(night_of(rows), END - timedelta(hours=8), END, ui(language))
    assert len(split(screen.blocks)) == 1
    assert "{" not in screen.text


async def test_the_morning_tells_what_the_night_was(delivering: OpenRoom, wall: FakeClock) -> None:
    sold = samples.filled_order(13, side=Side.SELL)
    fill = samples.fill(key="s", order_no=13, side=Side.SELL, realized=Decimal("12.34"), paid=Decimal(603))
    async with delivering(runs=HERE) as room:
        room.control.rules = rules(NIGHT, off=["notes"])
        await pass_time(wall, 1)
        await told(
            room,
            changed(samples.filled_order(), last_fill=samples.fill()),
            changed(sold, last_fill=fill),
            changed(samples.order(14, OrderStatus.CANCELED)),
            samples.blocked(),
            samples.blocked(),
            samples.trouble(),
            samples.stop_finished(),
            samples.mode_changed(Mode.PAUSE_BUYS),
            samples.setting_changed(),
            note(1),
        )
        before = len(await settled(room, 8))
        wall.set(END - timedelta(minutes=1))
        await pass_time(wall, 2)
        told_ = await room.owner.reads("조용한 시간 동안의 일")
        assert len(in_order(room)) == before + 1
        assert not told_["silent"]
        for part in (
            "KST 11-20 23:00 – 11-21 07:00",
            "주문 3건 · 체결 2건",
            "✅ 체결 완료 2",
            "✖️ 취소됨 1",
            "모든 수수료 뺀 손익",
            "증권사 표시 손익 +$12.34",
            "TQQQ 매수: 2회",
            "시세를 받지 못했습니다",
            "손절 종료: TQQQ",
            "RSI_OVERSOLD 50 → 45",
            "보내지 않은 알림 1건",
        ):
            assert part in told_["text"]
        await pass_time(wall, 10, step_s=60)
        assert len(in_order(room)) == before + 1


def test_a_digest_counts_what_the_night_traded_at_the_prices_corrected_since() -> None:
    """Six of ten were sold before, at 60; four in the night, told at 62; the broker's list says 61 for these."""
    four = replace(
        samples.fill(4, "62", order_no=13, side=Side.SELL, realized=Decimal(8), paid=Decimal(242)), fees=Decimal(0)
    )
    order = samples.filled_order(13, side=Side.SELL)
    news = [
        changed(replace(order, filled_amount=Decimal(608)), last_fill=four, realized=Decimal(14), result=Decimal(9)),
        changed(replace(order, filled_amount=Decimal(608)), last_fill=four, realized=Decimal(14), result=Decimal(9)),
        changed(replace(order, filled_amount=Decimal(604)), realized=Decimal(10), result=Decimal(5)),
        changed(samples.filled_order(14), realized=None),  # of before, too
    ]
    night = night_of([row(number, event) for number, event in enumerate(news, start=1)])
    assert (night.amount(Side.SELL), night.amount(Side.BUY)) == (Decimal(244), Decimal(0))
    assert night.realized == 4
    assert night.result == 2
    assert len(night.fills) == 1


async def test_a_night_without_anything_tells_nothing(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        room.control.rules = rules(NIGHT)
        await pass_time(wall, 1)
        await told(room, note(1))
        wall.set(END - timedelta(minutes=1))
        await pass_time(wall, 5)
        assert len(in_order(room)) == 1


async def test_a_span_is_told_once_whatever_restarts(delivering: OpenRoom, wall: FakeClock) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat, runs=HERE) as room:
            room.control.rules = rules(NIGHT)
            await pass_time(wall, 1)
            await told(room, samples.trouble())
        wall.set(END + timedelta(hours=1))  # down at the end of the span
        for _ in range(2):
            async with delivering(chat=chat, runs=HERE) as room:
                await pass_time(wall, 2)
                await room.owner.reads("조용한 시간 동안의 일")
                assert len(in_order(room)) == 2
        wall.set(END + timedelta(hours=26))
        async with delivering(chat=chat, runs=HERE) as room:
            await pass_time(wall, 2)
            assert len(in_order(room)) == 2


async def test_quiet_hours_set_in_the_morning_tell_of_no_night(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        room.control.rules = rules()
        await told(room, samples.trouble())
        wall.set(END + timedelta(hours=1))
        await pass_time(wall, 1)
        room.control.rules = rules(NIGHT)
        await pass_time(wall, 2)
        assert len(in_order(room)) == 1
        room.control.rules = rules()  # off again
        await pass_time(wall, 2)
        assert room.notes.stored[f"chat.digest.{room.owner.id}"] == ""


async def test_a_digest_whose_answer_was_lost_is_marked(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        room.control.rules = rules(NIGHT)
        await pass_time(wall, 1)
        await told(room, samples.trouble())
        wall.set(END - timedelta(seconds=1))
        await room.owner.post("fault", kind="timeout_after_send", method="sendMessage", seconds=0)
        await pass_time(wall, 3)
        first, second = [each for each in in_order(room) if "조용한 시간" in each["text"]]
        assert "재전송" not in first["text"]
        assert "재전송" in second["text"]


async def test_a_digest_whose_answers_are_lost_is_sent_twice_at_most(delivering: OpenRoom, wall: FakeClock) -> None:
    """It arrives each time and no answer comes back: the second makes no sound, and there is no third."""
    async with delivering(runs=HERE) as room:
        room.control.rules = rules(NIGHT)
        await pass_time(wall, 1)
        await told(room, samples.trouble())
        wall.set(END - timedelta(seconds=1))
        await room.owner.post("fault", kind="error_after_send", code=502, method="sendMessage", times=9999)
        await Weather(room, wall).passes(20 * 60)
        digests = [each for each in await shown(room) if "조용한 시간" in each["text"]]
        assert [("재전송" in each["text"], each["silent"]) for each in digests] == [(False, False), (True, True)]

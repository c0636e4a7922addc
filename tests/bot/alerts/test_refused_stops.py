"""A stop that the broker refuses again and again is one message, and drowns nothing (spec 6, S93, S95)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiogram.methods import EditMessageText, SendMessage

from bot.app import open_bot
from bot.settings import TelegramSettings
from bot.ui.screen import ViewContext
from bot.views.news.alerts import alert
from bot.views.news.digest_counts import night_of
from strategy.model import (
    DecisionReason,
    Environment,
    Event,
    EventRow,
    OrderChanged,
    Origin,
    SaleEnd,
    Service,
    Side,
    StopFinished,
    StopTrigger,
    StopTriggered,
)
from strategy.model import OrderStatus as Is
from tests.bot.input.test_any_words import StrictSession
from tests.fakes import samples
from tests.fakes.clock import FakeClock, trading_settings
from tests.support.alert_rooms import in_order, kept_chat, note, rules, settled, told
from tests.support.engine_bench import OPEN, TQQQ, World, running
from tests.support.person import Json, labels
from tests.support.words import made_up

SAID = made_up("계좌가 제한되었습니다.", "The account is restricted.")
REFUSED = "증권사가 거부합니다"


def at(minute: float) -> datetime:
    return samples.NOW + timedelta(minutes=minute)


def fired(attempt: int, minute: float | None = None) -> StopTriggered:
    when = at(attempt - 1 if minute is None else minute)
    return samples.stop_triggered(at=when, attempt=attempt, refusal=SAID if attempt > 1 else None)


def refused(attempt: int, minute: float | None = None, **changes: Any) -> StopFinished:
    nothing: dict[str, Any] = {"sold": 0, "left": 10, "average_price": None, "realized": None, "fees": None}
    when = at(attempt - 1 if minute is None else minute)
    facts = {**nothing, "reason": SaleEnd.REJECTED, "refusal": SAID, "attempt": attempt, "at": when, **changes}
    return samples.stop_finished(**facts)


def order(no: int, status: Is, attempt: int, **changes: Any) -> OrderChanged:
    """A stop's order as it is told: its decision comes with its first state only."""
    made = samples.order(no, status=status, side=Side.SELL, origin=Origin.STOP_LOSS, **changes)
    decision = (
        replace(samples.decision(), reason=DecisionReason.STOP_LOSS, attempt=attempt) if status is Is.SENT else None
    )
    return OrderChanged(at=at(attempt - 1), order=made, decision=decision)


def run(attempt: int) -> list[Event]:
    """Return what a refused run tells."""
    no = 100 + attempt
    return [fired(attempt), order(no, Is.SENT, attempt), order(no, Is.REJECTED, attempt), refused(attempt)]


def of_the_stop(messages: list[Json]) -> list[Json]:
    return [each for each in messages if REFUSED in each["text"]]


def test_what_was_tried_is_counted_in_orders_not_in_runs(ui: Callable[..., ViewContext]) -> None:
    """One run of three refused orders was told as "tried once"."""
    text = alert(refused(1, orders_refused=3), ui("en")).text
    assert "Tried so far: 3." in text
    again = alert(refused(2, sold=10, left=0, reason=SaleEnd.FLAT, orders_refused=3), ui("en")).text
    assert "Tries before that were refused: 3" in again


async def test_retries_are_counted_in_the_message_of_the_first_run_s95(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, *run(1))  # the trigger with its order, and the end
        first = await settled(room, 2)
        for attempt in range(2, 31):
            await wall.advance(15)
            await told(room, *run(attempt))
        await wall.advance(15)
        message = await room.owner.reads("30번 시도")
        assert [each["id"] for each in in_order(room)] == [each["id"] for each in first]
        assert [message["id"]] == [each["id"] for each in of_the_stop(in_order(room))]
        assert {room.outbox.done[row.id] for row in room.outbox.rows[len(run(1)) :]} == {message["id"]}


def test_the_message_says_what_it_means_and_what_to_do(ui: Any) -> None:
    korean = alert(refused(12), ui()).text
    for part in (
        "손절",
        "TQQQ",
        "10주",
        "보호되지 않습니다",
        "12번 시도",
        "계좌가 제한",
        "증권사 앱이나 전화",
        "/halt TQQQ",
    ):
        assert part in korean
    english = alert(refused(12), ui("en")).text
    for part in ("Stop-loss", "10 shares", "unprotected", "12", "restricted", "by phone", "/halt TQQQ"):
        assert part in english
    again = alert(fired(13), ui()).text
    assert "12번 시도" in again  # the thirteenth has just begun
    assert "사유" not in alert(refused(1, refusal=None), ui()).text


async def test_the_message_sounds_again_after_an_hour_s95(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, refused(1, 0), fired(2, 30), refused(2, 30))
        await told(room, fired(3, 61), refused(3, 61.1))
        await wall.advance(15)
        again = (await settled(room, 2))[-1]
        assert not again["silent"]
        await room.owner.sees(lambda each: each["id"] == again["id"] and "3번 시도" in each["text"])
        assert len(in_order(room)) == 2


async def test_the_success_is_a_message_of_its_own_with_sound(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, refused(1), fired(2))
        await told(room, samples.stop_finished(at=at(1), attempt=2))
        first, last = await settled(room, 2)
        assert REFUSED in first["text"]
        assert "손절 종료: TQQQ" in last["text"]
        assert "그 전에 거부된 시도: 1번" in last["text"]
        assert not last["silent"]


@pytest.mark.parametrize(
    "other",
    [
        refused(2, sold=4, left=6),
        refused(2, reason=SaleEnd.SESSION_END),
        refused(1, 1),
        samples.stop_finished(at=at(1)),
        fired(1, 1),
        replace(refused(2), symbol=samples.O),
        replace(refused(2), trigger=StopTrigger.TAKE_PROFIT),
    ],
)
async def test_what_is_no_retry_of_it_is_never_folded(delivering: Any, other: Event) -> None:
    async with delivering() as room:
        await told(room, refused(1))
        await told(room, other)
        assert not (await settled(room, 2))[-1]["silent"]


async def test_a_new_stop_is_told_although_both_waited_together(delivering: Any) -> None:
    """A refused stop, a release, and the same again, told after the chat was down."""
    async with delivering() as room:
        await told(room, refused(1), fired(2), refused(2), fired(1, 5), refused(1, 6), fired(2, 7), refused(2, 8))
        found = await settled(room, 3)
        assert ["2번 시도" in each["text"] for each in found] == [True, False, True]


async def test_most_of_an_hour_of_refusals_that_waited_is_told_in_one_message(delivering: Any) -> None:
    """The first run's own order is in the message of its trigger; none of the retries' is told."""
    async with delivering() as room:
        await told(room, *(event for attempt in range(1, 51) for event in run(attempt)), note(1))
        trigger, refusals, last = await settled(room, 3)
        assert "손절: TQQQ" in trigger["text"]
        assert "50번 시도" in refusals["text"]
        await room.owner.sees(lambda each: each["id"] == trigger["id"] and "#101" in each["text"])
        assert "소식 1." in last["text"]
        assert len(in_order(room)) == 3


async def test_a_retrys_order_is_told_once_the_broker_has_taken_it(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, refused(1), fired(2), order(7, Is.SENT, 2))
        await told(room, order(7, Is.ACCEPTED, 2))
        first, taken = await settled(room, 2)
        assert REFUSED in first["text"]
        assert "#7" in taken["text"]
        filled = order(7, Is.FILLED, 2, filled_qty=10, filled_amount=Decimal(570))
        await told(room, replace(filled, last_fill=replace(samples.fill(), side=Side.SELL)))
        await room.owner.reads("전량 체결")
        await room.owner.sees(lambda each: "#7" in each["text"] and "체결 완료" in each["text"])


@pytest.mark.parametrize("status", [Is.UNKNOWN, Is.CANCELED, Is.DENIED])
async def test_a_retrys_order_that_ends_otherwise_is_told(delivering: Any, status: Is) -> None:
    async with delivering() as room:
        await told(room, refused(1), fired(2), order(7, Is.SENT, 2))
        await told(room, order(7, status, 2))
        assert "#7" in (await settled(room, 2))[-1]["text"]


async def test_a_retrys_order_is_told_where_no_message_stands_for_it(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, order(7, Is.SENT, 2), order(7, Is.REJECTED, 2))
        assert "#7" in (await settled(room, 1))[0]["text"]


async def test_orders_that_are_off_are_kept_back(delivering: Any) -> None:
    async with delivering() as room:
        room.control.rules = rules(off=["orders"])
        await told(room, refused(1), *run(2))
        assert len(in_order(room)) == 1
        assert [row.id for row in room.outbox.rows if room.outbox.done[row.id] is None] == [3, 4]


async def test_the_count_goes_on_after_a_restart(delivering: Any, wall: FakeClock) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, refused(1), *run(2), fired(3), order(7, Is.SENT, 3))
        await wall.advance(60)
        async with delivering(chat=chat) as room:
            await told(room, order(7, Is.REJECTED, 3), refused(3))
            await wall.advance(15)
            await room.owner.reads("3번 시도")
            assert len(in_order(room)) == 1


def test_a_retry_starts_no_reminders_but_its_message_keeps_the_button(ui: Any) -> None:
    assert refused(1).needs_ack
    assert not refused(2).needs_ack
    assert not fired(2).needs_ack
    assert refused(2, reason=SaleEnd.SESSION_END).needs_ack
    assert refused(2, sold=4, left=6).needs_ack


async def test_the_folded_message_can_be_marked_as_seen(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, refused(1), note(1))
        await told(room, *run(2))
        await wall.advance(15)
        assert "👁 확인했습니다" in labels(await room.owner.reads("2번 시도"))


def test_the_digest_counts_a_refused_stop_once() -> None:
    def rows(*events: Event) -> Iterator[EventRow]:
        for number, event in enumerate(events):
            yield EventRow(id=number, event=event, added_at=event.at, attempts=1, sending_since=None, message_id=5)

    ended = samples.stop_finished(attempt=3)
    other = replace(refused(1), symbol=samples.O)
    assert night_of(list(rows(refused(1), refused(2), ended, refused(1), other))).stops == [ended, refused(1), other]


def test_the_digest_counts_the_stops_of_several_tickers_once_each() -> None:
    """A restricted account refuses them all, turn about."""
    others = [replace(refused(attempt), symbol=samples.O) for attempt in (1, 2, 3)]
    events = [event for attempt, other in enumerate(others, 1) for event in (refused(attempt), other)]
    rows = [
        EventRow(id=number, event=event, added_at=event.at, attempts=1, sending_since=None, message_id=5)
        for number, event in enumerate(events)
    ]
    assert night_of(rows).stops == [refused(3), others[-1]]


def telegram() -> TelegramSettings:
    return TelegramSettings.model_validate(
        {
            "telegram_bot_token": "1000:local-chat",
            "telegram_chat_id": str(samples.OWNER),
            "telegram_chat_test_id": "5",
            "telegram_api_url": "http://127.0.0.1:1",
        }
    )


async def _run(task: Callable[[], Awaitable[None]]) -> None:
    await task()


class Counting(StrictSession):
    """Keeps what was sent, and how it sounded."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[SendMessage] = []
        self.edited: list[EditMessageText] = []

    async def make_request(self, bot: Any, method: Any, timeout: int | None = None) -> Any:  # noqa: ASYNC109 - aiogram's
        if isinstance(method, SendMessage):
            self.sent.append(method)
        elif isinstance(method, EditMessageText):
            self.edited.append(method)
        return await super().make_request(bot, method, timeout)


async def test_ten_minutes_of_refusals_are_a_handful_of_messages_s95(tmp_path: Path) -> None:
    """Core, storage and chat together: what sounds are the first run and the reminder that nobody has seen it."""
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    settings = trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_oversold="1", rsi_overbought="99")
    session = Counting()
    async with (
        running(tmp_path, world, settings=settings) as bench,
        open_bot(
            telegram(),
            control=bench.core.control,
            outbox=bench.storage.outbox,
            notes=bench.storage.notes,
            messages=bench.storage.messages,
            clock=world.clock,
            wall=world.clock,
            environment=Environment.VIRTUAL,
            account=samples.MASKED,
        ) as app,
        asyncio.TaskGroup() as group,
    ):
        app.bot.session = session
        reminding = next(run for service, run in app.tasks if service is Service.REMINDERS)
        tasks = [group.create_task(app.deliver()), group.create_task(_run(reminding))]
        await bench.pass_time(1)
        before = len(session.sent)
        bench.broker.fail("submit", "reject", times=1000)
        bench.price(TQQQ, "94")
        await bench.pass_time(15)
        first_run = len(session.sent) - before
        await bench.pass_time(585)
        later = session.sent[before + first_run :]
        runs = len(await bench.orders()) - 2
        assert runs >= 10
        assert first_run <= 9  # trigger, lock, end, and three orders with their refusals
        assert ["아직 확인하지 않은" in each.text for each in later] == [True]
        assert f"{runs + 2}번 시도" in str(session.edited[-1].text)  # orders: the first run sent three
        assert not (await bench.storage.outbox.pending(1))
        for task in tasks:
            task.cancel()


async def test_seen_settles_what_the_message_began_with_and_nothing_that_came_elsewhere(
    delivering: Any, wall: FakeClock
) -> None:
    """Its button stays the first run's, however often it is counted: another trouble below it goes on reminding."""
    async with delivering() as room:
        await told(room, refused(1), samples.trouble("other"))
        await settled(room, 2)
        for attempt in (2, 3):
            await told(room, *run(attempt))
            await wall.advance(15)
        message = await room.owner.reads("3번 시도")
        pressed = [button["callback_data"] for line in message["reply_markup"]["inline_keyboard"] for button in line]
        assert f"v|{room.outbox.rows[0].id}" in pressed

"""Who may command, where, and when: strangers, groups, old commands, old and foreign buttons (S27, promise 6)."""

import asyncio
from datetime import timedelta

import pytest

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock
from strategy.model import SystemClock
from tests.bot.conftest import OpenRoom, Room
from tests.bot.ui.test_every_button import COMMAND_CASES, cases
from tests.fakes import samples

STRANGER = 666


async def test_a_stranger_gets_no_answer_and_one_log_line_s27(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    async with room.visitor(STRANGER) as stranger:
        await stranger.send("/start")
        await stranger.send("/buy TQQQ 3")
        await room.owner.ask("/version")  # by then the stranger's words have been handled
        assert stranger.from_bot() == []
    lines = [each for each in caplog.records if each.message == "stranger ignored"]
    assert [each.__dict__["user"] for each in lines] == [STRANGER, STRANGER]
    assert room.control.tickets == {}


async def test_a_strangers_press_does_nothing_s27(room: Room) -> None:
    preview = await room.owner.ask("/buy TQQQ 3")
    async with room.visitor(STRANGER) as stranger:
        await stranger.send("hello")
        query = (await stranger.post("press", message_id=await stranger.send("x"), data="y|ticket0001"))["query_id"]
        await room.owner.ask("/version")
        assert not (await stranger.get(f"answers/{query}"))["answered"]
    assert room.control.placed == []
    assert preview["id"] in room.owner.screen


async def test_no_command_and_no_button_ever_answers_a_stranger_s27(room: Room) -> None:
    async with room.visitor(STRANGER) as stranger:
        for text in COMMAND_CASES:
            await stranger.send(text)
        under = await stranger.send("매수 TQQQ 3")
        for data in cases():
            await stranger.press_data(under, data)
        await room.owner.ask("/version")
        assert stranger.from_bot() == []
    assert room.control.tickets == {}
    assert len(room.control.modes) == 1
    assert room.control.alerts == []


async def test_listed_users_may_command_in_their_own_chat_s27(open_room: OpenRoom) -> None:
    async with open_room(telegram_allowed_user_ids="777") as room, room.visitor(777) as other:
        assert "상태" in (await other.ask("/status"))["text"]


async def test_somebody_elses_button_stays_as_it_is(open_room: OpenRoom) -> None:
    async with open_room(telegram_allowed_user_ids="777") as room, room.visitor(777) as other:
        preview = await room.owner.ask("/buy TQQQ 3")
        mine = await other.ask("/version")
        await other.press_data(mine["id"], "y|ticket0001")
        assert "다른 사람의 버튼" in (await other.reads("버튼"))["text"]
        assert room.control.placed == []
        await room.owner.does(preview, "3주 매수")
        assert len(room.control.placed) == 1


async def test_a_group_that_is_not_ours_gets_no_answer_s27(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    group = (await room.owner.post("group", title="friends", members=[room.owner.id]))["chat_id"]
    await room.owner.post("send", chat_id=group, text="/balance")
    await room.owner.ask("/version")
    assert "foreign chat ignored" in caplog.messages


async def test_old_commands_are_answered_with_expired_and_not_carried_out(open_room: OpenRoom) -> None:
    """A command of a downtime: Telegram keeps it for a day."""
    now = SystemClock().now().timestamp()
    clock = ManualClock(now - 3600)
    async with LocalChat(rates=None, clock=clock) as chat, open_room(chat=chat, polls=False) as room:
        sent = await room.owner.send("/buy TQQQ 3")
        clock.advance(3600)
        async with asyncio.TaskGroup() as group:
            polling = group.create_task(room.app.poll())
            answer = await room.owner.reads("시간이 지나")
            assert "/buy TQQQ 3" in answer["text"]
            assert answer["reply_to"] == sent
            assert room.control.tickets == {}
            assert "미리보기" in (await room.owner.ask("/buy TQQQ 3"))["text"]
            polling.cancel()


async def test_words_of_the_gap_while_the_chat_alone_starts_again_are_answered(open_room: OpenRoom) -> None:
    """The program was there all the time: only what is old in itself has expired."""
    now = SystemClock().now().timestamp()
    clock = ManualClock(now - 90)
    async with LocalChat(rates=None, clock=clock) as chat, open_room(chat=chat, polls=False) as room:
        room.app.fresh.started_at = SystemClock().now() - timedelta(hours=1)
        await room.owner.send("/version")
        clock.advance(90)
        async with asyncio.TaskGroup() as group:
            polling = group.create_task(room.app.poll())
            assert "버전" in (await room.owner.reads("계좌"))["text"]
            polling.cancel()


async def test_a_late_press_is_told_as_expired(room: Room) -> None:
    message = await room.owner.ask("/version")
    await room.owner.press_data(message["id"], "y|longgone")
    assert "시간이 지나" in (await room.owner.reads("시간이 지나"))["text"]
    assert room.control.placed == []


async def test_a_redelivered_press_places_one_order_promise_6(room: Room) -> None:
    preview = await room.owner.ask("/buy TQQQ 3")
    query = await room.owner.press(preview, "3주 매수")
    await room.owner.post("redeliver", query_id=query)
    await room.owner.reads("이미 누른")
    assert len(room.control.placed) == 1


async def test_a_press_after_a_restart_places_at_most_one_order_promise_6(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat) as before:
            preview = await before.owner.ask("/buy TQQQ 3")
            await before.owner.does(preview, "3주 매수")
        async with open_room(chat=chat) as after:
            await after.owner.press_data(preview["id"], "y|ticket0001")
            await after.owner.reads("이미 누른")
            assert len(after.control.placed) == 1


@pytest.mark.parametrize(
    "data", ["garbage", "o|nowhere||0", "y", "x|abc", "s|RSI_OVERSOLD|sideways", "t|buy|NASDAQ:TQQQ|7"]
)
async def test_an_old_or_broken_button_is_answered(room: Room, data: str) -> None:
    message = await room.owner.ask("/version")
    before = max(room.owner.screen)
    query = await room.owner.press_data(message["id"], data)
    await room.owner.sees(lambda each: each["id"] > before)
    await answered(room, query)


async def answered(room: Room, query: str) -> None:
    async with asyncio.timeout(10):
        while not (await room.owner.get(f"answers/{query}"))["answered"]:
            pass


async def test_every_press_is_answered_soon(room: Room) -> None:
    """The button stops spinning although the core hangs."""
    hang = asyncio.Event()

    async def slow() -> None:
        await hang.wait()

    home = await room.owner.ask("/start")
    room.control.before_status = slow
    query = await room.owner.press(home, "상태")
    await answered(room, query)
    assert "연결" not in room.owner.screen[home["id"]]["text"]
    hang.set()
    await room.owner.reads("증권사와 일치")


async def test_a_slow_answer_holds_nothing_else_up(room: Room) -> None:
    hang = asyncio.Event()
    room.control.before_status = hang.wait
    await room.owner.send("/status")
    assert "멈춤" in (await room.owner.ask("/pause 30m"))["text"]
    hang.set()
    await room.owner.reads("증권사와 일치")


async def test_edited_messages_are_not_carried_out_again(room: Room) -> None:
    sent = await room.owner.send("/version")
    await room.owner.reads("버전")
    await room.owner.post("edit", message_id=sent, text="/buy TQQQ 3")
    await room.owner.ask("/version")
    assert room.control.tickets == {}


async def test_two_minutes_is_the_limit_while_running(open_room: OpenRoom) -> None:
    clock = ManualClock(SystemClock().now().timestamp() - timedelta(minutes=2, seconds=5).total_seconds())
    async with LocalChat(rates=None, clock=clock) as chat, open_room(chat=chat) as room:
        await room.owner.ask("/pause")
        assert room.control.modes == [samples.mode()]

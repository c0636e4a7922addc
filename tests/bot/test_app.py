"""Starting, checking, publishing and stopping the bot (S26, S28, style: asyncio)."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.errors import TelegramChatRefused, TelegramTokenRefused, TelegramUnreachable
from bot.input.commands import COMMANDS
from strategy.runtime.storage_alarm import WORDS
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.words import english


async def _call(room: Room, method: str, **params: Any) -> Any:
    url = f"{room.chat.url}/bot{room.chat.token}/{method}"
    async with aiohttp.ClientSession() as http, http.post(url, json=params) as response:
        return (await response.json())["result"]


async def test_check_asks_get_me_s26(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        assert await room.app.check() == "@kis_us_trader_bot"


async def test_a_refused_token_is_told_s26(open_room: OpenRoom, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with open_room(polls=False, telegram_bot_token="1000:another") as room:
        with pytest.raises(TelegramTokenRefused) as caught:
            await room.app.check()
    assert "TELEGRAM_BOT_TOKEN" in english(caught.value.user_message)
    assert "1000:another" not in f"{caught.value} {caught.value!r} {caplog.text}"


async def test_silence_is_told_within_the_time_limit_s26(open_room: OpenRoom) -> None:
    async with open_room(polls=False, telegram_timeout_s="1") as room:
        await room.owner.post("fault", kind="slow", method="getMe", seconds=30)
        async with asyncio.timeout(5):
            with pytest.raises(TelegramUnreachable):
                await room.app.check()


async def test_a_test_message_goes_to_the_test_chat_only_s28(open_room: OpenRoom) -> None:
    async with open_room(polls=False, telegram_chat_test_id="777") as room, room.visitor(777) as tester:
        with pytest.raises(TelegramChatRefused):
            await room.app.send_test()  # this person has not started the bot yet
        await tester.send("/start")
        await room.app.send_test()
        assert "시험 메시지" in (await tester.reads("[모의]"))["text"]
        assert room.owner.from_bot() == []


async def test_a_cry_reaches_the_chat_past_the_stored_alerts(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        await room.owner.send("/start")
        await room.app.send_now(WORDS)
        assert "디스크" in (await room.owner.reads("저장하지"))["text"]


async def test_a_dead_network_is_told_s28(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        await room.owner.post("fault", kind="error", method="sendMessage", code=502)
        with pytest.raises(TelegramUnreachable):
            await room.app.send_test()
        await room.owner.post("fault", kind="error", method="sendMessage", code=401)
        with pytest.raises(TelegramTokenRefused):
            await room.app.send_test()


async def test_the_menu_is_published_per_language_to_its_people_only(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        await room.app.menus.publish()
        scope = {"type": "chat", "chat_id": room.owner.id}
        korean = await _call(room, "getMyCommands", scope=scope, language_code="ko")
        english = await _call(room, "getMyCommands", scope=scope, language_code="en")
        plain = await _call(room, "getMyCommands", scope=scope)
        assert {each["command"] for each in korean} == {each.name for each in COMMANDS if each.ready}
        assert next(each for each in korean if each["command"] == "status")["description"] == "한눈에 보기"
        assert (
            next(each for each in english if each["command"] == "status")["description"] == "Everything on one screen"
        )
        assert plain == korean
        assert await _call(room, "getMyCommands") == []


async def test_a_menu_that_cannot_be_published_stops_nothing(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        await room.owner.post("fault", kind="error", method="setMyCommands", code=500)
        await room.app.menus.publish()


async def test_polling_waits_for_telegram_and_then_works(open_room: OpenRoom) -> None:
    wall = FakeClock(samples.NOW)
    async with open_room(polls=False, wall=wall) as room:
        await room.owner.post("fault", kind="error", method="getMe", code=502, times=2)
        async with asyncio.TaskGroup() as group:
            polling = group.create_task(room.app.poll())
            async with asyncio.timeout(10):
                while wall.next_wake is None:  # noqa: ASYNC110 - a fake clock has no event for it
                    await asyncio.sleep(0)
            await wall.advance(1)
            async with asyncio.timeout(10):
                while wall.next_wake is None:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            await wall.advance(2)
            assert "버전" in (await room.owner.ask("/version"))["text"]
            polling.cancel()


async def test_a_stop_leaves_no_task_behind(open_room: OpenRoom) -> None:
    before = asyncio.all_tasks()
    async with open_room(delivers=True) as room:
        await room.owner.ask("/version")
    assert asyncio.all_tasks() <= before


async def test_a_poller_cancelled_at_once_ends(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        for rounds in range(6):
            async with asyncio.TaskGroup() as group:
                polling = group.create_task(room.app.poll())
                for _ in range(rounds):
                    await asyncio.sleep(0)
                polling.cancel()


async def test_a_handler_at_work_is_waited_for(open_room: OpenRoom) -> None:
    hang = asyncio.Event()
    async with open_room() as room:
        room.control.before_status = hang.wait
        await room.owner.send("/status")
        async with asyncio.timeout(10):
            while room.app.activity.quiet:  # noqa: ASYNC110 - counts, and tells only the end
                await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, hang.set)
    assert room.app.activity.quiet


async def test_blocking_is_noted_and_unblocking_delivers(open_room: OpenRoom) -> None:
    async with open_room(delivers=True) as room:
        await room.owner.ask("/version")
        await room.owner.post("block")
        await room.outbox.add([samples.trouble()])
        async with asyncio.timeout(10):
            while not room.outbox.failed:  # noqa: ASYNC110 - a list
                await asyncio.sleep(0)
        await room.owner.post("unblock")
        assert "시세를 받지" in (await room.owner.reads("시세를 받지"))["text"]


async def test_a_button_under_an_alert_leaves_the_alert_as_it_is(open_room: OpenRoom) -> None:
    async with open_room(delivers=True) as room:
        await room.outbox.add([samples.started()])
        alert = await room.owner.reads("시작했습니다")
        await room.owner.press(alert, "📊")
        status = await room.owner.reads("증권사와 일치")
        assert status["id"] != alert["id"]
        assert "시작했습니다" in room.owner.screen[alert["id"]]["text"]
        home = await room.owner.does(status, "🏠")  # from there on in place
        assert home["id"] == status["id"]

"""The alert chat becomes a supergroup: alerts, commands and menus go with it, also over a restart (13.4)."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest

from bot import alarm
from bot.errors import TelegramChatMoved
from bot.localchat import LocalChat
from strategy.model import OrderChanged, OrderStatus, SaleEnd, Service, Symbol, Trouble
from tests.bot.conftest import OpenRoom, Room, telegram_settings
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, told
from tests.support.person import PATIENCE_S, Json, Person
from tests.support.rough_weather import Weather
from tests.support.words import english, made_up

OWNER = 1_000_001
NEW = -1_002_000_000_555


class Group:
    """The group as its owner sees it, under whichever id."""

    def __init__(self, owner: Person, chat_id: int) -> None:
        self.owner = owner
        self.id = chat_id

    async def says(self, text: str) -> int:
        return int((await self.owner.post("send", chat_id=self.id, text=text))["message_id"])

    async def reads(self, part: str) -> Json:
        """Wait for a message of the bot here, asking over HTTP."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in await self.owner.get("messages", chat_id=self.id):
                    if message["from"]["is_bot"] and part in message["text"]:
                        return dict(message)

    async def moves(self, **more: Any) -> None:
        await self.owner.post("fault", kind="migrate", chat_id=self.id, to=NEW, **more)
        self.id = NEW


async def a_group(chat: LocalChat) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{chat.url}/user/group", json={"title": "방", "type": "group"}) as answer,
    ):
        return int((await answer.json())["chat_id"])


def grouped(open_room: OpenRoom, chat: LocalChat, chat_id: int, **more: Any) -> AbstractAsyncContextManager[Room]:
    return open_room(
        chat=chat, telegram_chat_id=str(chat_id), telegram_allowed_user_ids=str(OWNER), **{"delivers": True, **more}
    )


@pytest.mark.parametrize("silent", [True, False])
async def test_alerts_and_commands_follow_a_group_that_becomes_a_supergroup(open_room: OpenRoom, silent: bool) -> None:
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old) as room:
            group = Group(room.owner, old)
            await room.outbox.add([samples.trouble()])
            await group.reads("시세를 받지")
            await group.moves(silent=silent)
            await room.outbox.add([samples.started()])
            await group.reads("시작했습니다")
            told = await group.reads(f"TELEGRAM_CHAT_ID={NEW}")
            assert str(old) in told["text"]
            await group.says("/version")
            await group.reads("버전")
        moved = [row for row in room.outbox.rows if isinstance(row.event, Trouble) and row.event.key == "chat_moved"]
        assert len(moved) == 1
        async with grouped(open_room, chat, old) as room:  # the same .env
            group = Group(room.owner, NEW)
            await room.outbox.add([samples.trouble(key="after")])
            await group.says("/status")
            await group.reads("증권사와 일치")


async def test_the_answer_to_a_command_that_meets_the_move_comes_in_the_new_chat(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old, delivers=False) as room:
            group = Group(room.owner, old)
            await room.owner.post("fault", kind="slow", method="sendMessage", seconds=0.3)
            await group.says("/version")
            while not await room.owner.get("calls", method="sendMessage"):
                pass
            await group.moves(silent=True)
            await group.reads("버전")


async def test_menus_are_published_in_the_new_chat(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old) as room:
            group = Group(room.owner, old)
            await group.moves()
            await room.outbox.add([samples.trouble()])
            await group.reads("시세를 받지")
            async with asyncio.timeout(PATIENCE_S):
                while not any(
                    str(NEW) in call["params"]["scope"]
                    for call in await room.owner.get("calls", method="setMyCommands")
                ):
                    pass


async def test_a_message_of_the_old_chat_is_never_edited_in_the_new_one(open_room: OpenRoom) -> None:
    """Ids begin anew there: the same number is somebody else's message."""
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old) as room:
            group = Group(room.owner, old)
            await room.outbox.add([OrderChanged(at=samples.NOW, order=samples.order())])
            await group.reads("TQQQ")
            await group.moves()
            await group.reads(f"TELEGRAM_CHAT_ID={NEW}")
            await room.outbox.add([OrderChanged(at=samples.NOW, order=samples.filled_order())])
            await group.reads("TQQQ")
            edits = await room.owner.get("calls", method="editMessageText")
            assert [call for call in edits if call["params"]["chat_id"] == str(NEW) and call["status"] == 200] == []


async def _mistaken(room: Room) -> list[Json]:
    """Return the edits in the new chat of numbers that are the old one's: here they are no messages of the bot."""
    found = await room.owner.get("messages", chat_id=NEW)
    numbers = {each["id"] for each in found if each["from"]["is_bot"]}
    edits = await room.owner.get("calls", method="editMessageText")
    return [
        call["params"]
        for call in edits
        if call["params"]["chat_id"] == str(NEW) and int(call["params"]["message_id"]) not in numbers
    ]


async def _read(room: Room) -> list[str]:
    return [each["text"] for each in await room.owner.get("messages", chat_id=NEW) if each.get("text")]


@pytest.mark.parametrize("restarts", [False, True])
async def test_repeats_are_not_counted_in_a_message_that_has_the_old_number(
    delivering: OpenRoom, wall: FakeClock, restarts: bool
) -> None:
    """Another of the bot's messages, perhaps a stop's, would be overwritten."""
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(delivering, chat, old) as room:
            group = Group(room.owner, old)
            await told(room, samples.trouble())
            await group.moves(silent=True)
            stops = [
                samples.stop_triggered(symbol=Symbol.parse(f"NASDAQ:{name}")) for name in ("AAA", "BBB", "CCC", "DDD")
            ]
            await told(room, *stops)
            if not restarts:
                await told(room, samples.trouble())
                await Weather(room, wall).passes(60)
        await wall.advance(1)
        async with grouped(delivering, chat, old) as room:
            await told(room, samples.trouble())
            await Weather(room, wall).passes(60)
            assert await _mistaken(room) == []
            found = await _read(room)
            for name in ("AAA", "BBB", "CCC", "DDD"):
                assert sum(f"손절: {name}" in text for text in found) == 1
            assert sum("시세를 받지" in text for text in found) == 1


@pytest.mark.parametrize("waits", [False, True])
async def test_an_order_whose_card_is_behind_is_told_anew_in_the_new_chat(
    delivering: OpenRoom, wall: FakeClock, waits: bool
) -> None:
    """Its edit failed before the move, or the move is met by the reply for the fill."""
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(delivering, chat, old) as room:
            group, weather = Group(room.owner, old), Weather(room, wall)
            await told(room, changed(samples.order(status=OrderStatus.SENT)))
            if waits:
                await room.owner.post("fault", kind="error", method="editMessageText", code=500, times=3)
                await room.outbox.add([changed(samples.order())])
                await weather.passes(2)
            await group.moves(silent=True)
            if waits:
                await room.outbox.add([samples.stop_triggered()])
            await room.outbox.add([changed(samples.filled_order(), last_fill=samples.fill())])
            await weather.passes(120, until=room.outbox.idle.is_set)
            assert await _mistaken(room) == []
            found = await _read(room)
            assert sum("체결 완료" in text for text in found) == 1
            assert sum("전량 체결" in text for text in found) == 1


async def test_the_alarm_of_a_start_that_fails_reaches_the_new_chat(open_room: OpenRoom) -> None:
    """Without the database, which may be what is broken: nobody knows of the move but Telegram."""
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old, polls=False, delivers=False) as room:
            await Group(room.owner, old).moves(silent=True)
            settings = telegram_settings(chat, telegram_chat_id=str(old), telegram_allowed_user_ids=str(OWNER))
            assert await alarm.say(settings, made_up("데이터가 손상되었습니다.", "The data are damaged."))
            assert any("데이터가 손상" in text for text in await _read(room))


async def test_a_reminder_of_the_old_chat_takes_nothing_away_in_the_new_one(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(delivering, chat, old, runs=(Service.REMINDERS,)) as room:
            weather = Weather(room, wall)
            await told(room, samples.stop_finished(left=10, reason=SaleEnd.REJECTED))
            await weather.passes(6 * 60)
            await Group(room.owner, old).moves(silent=True)
            await weather.passes(60 * 60)
            deleted = await room.owner.get("calls", method="deleteMessage")
            numbers = [int(call["params"]["message_id"]) for call in deleted if call["params"]["chat_id"] == str(NEW)]
            assert min(numbers) > 2  # the first two are Telegram's notices of the move
            assert sum("손절" in text for text in await _read(room)) == 1


async def test_a_check_names_the_new_id(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old, polls=False, delivers=False, telegram_chat_test_id=str(old)) as room:
            await Group(room.owner, old).moves(silent=True)
            with pytest.raises(TelegramChatMoved) as caught:
                await room.app.send_test()
            assert str(NEW) in english(caught.value.user_message)

"""The alert chat becomes a supergroup: alerts, commands and menus go with it, also over a restart (13.4)."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest

from bot.errors import TelegramChatMoved
from bot.localchat import LocalChat
from strategy.events import OrderChanged, Trouble
from tests.bot import samples
from tests.bot.conftest import OpenRoom, Room
from tests.bot.person import PATIENCE_S, Json, Person

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


async def test_a_check_names_the_new_id(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        old = await a_group(chat)
        async with grouped(open_room, chat, old, polls=False, delivers=False, telegram_chat_test_id=str(old)) as room:
            await Group(room.owner, old).moves(silent=True)
            with pytest.raises(TelegramChatMoved) as caught:
                await room.app.send_test()
            assert str(NEW) in caught.value.user_message.en

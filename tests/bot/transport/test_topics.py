"""A forum chat: alerts go to topics that are made once, made anew when deleted, and done without where not allowed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.localchat import LocalChat
from strategy.model import Event, Topic
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, kept_chat, note, told, until
from tests.support.person import Json

GROUP = -1_001_000_000_777


async def set_up(chat: LocalChat, *, is_forum: bool) -> None:
    async with aiohttp.ClientSession() as http:
        body = {"chat_id": GROUP, "title": "desk", "is_forum": is_forum, "members": [chat.owner_id]}
        await http.post(f"{chat.url}/user/group", json=body)


async def calls(chat: LocalChat, method: str) -> list[Json]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{chat.url}/user/calls", params={"method": method}) as answer,
    ):
        found: Any = await answer.json()
        return list(found)


async def fault(chat: LocalChat, **body: Any) -> None:
    async with aiohttp.ClientSession() as http:
        await http.post(f"{chat.url}/user/fault", json=body)


async def sends(chat: LocalChat) -> list[tuple[str | None, str]]:
    """Return thread and first words of what was sent and taken."""
    return [
        (each["params"].get("message_thread_id"), each["params"]["text"])
        for each in await calls(chat, "sendMessage")
        if each["status"] == 200
    ]


@asynccontextmanager
async def forum(delivering: OpenRoom, *, is_forum: bool = True, **options: Any) -> AsyncIterator[Room]:
    async with kept_chat() as chat:
        await set_up(chat, is_forum=is_forum)
        async with delivering(chat=chat, **_group(chat), **options) as room:
            yield room


def _group(chat: LocalChat) -> dict[str, str]:
    return {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
def test_every_event_has_a_topic(event: Event) -> None:
    assert (event.topic is Topic.CRITICAL) == event.critical


async def test_each_kind_has_its_topic_made_once(delivering: OpenRoom) -> None:
    async with kept_chat() as chat:
        await set_up(chat, is_forum=True)
        for number in (1, 2):  # again after a restart
            async with delivering(chat=chat, **_group(chat)) as room:
                await told(room, note(number), changed(samples.order(number)), samples.trouble(f"k{number}"))
        made = await calls(chat, "createForumTopic")
        assert [each["params"]["name"] for each in made] == ["🚨 중요", "ℹ️ 시스템", "🧾 주문과 신호"]
        threads = [thread for thread, _ in await sends(chat)]
        assert len(set(threads)) == 3
        assert threads[:3] == threads[3:]


async def test_a_fill_replies_within_the_topic_of_its_order(delivering: OpenRoom) -> None:
    async with forum(delivering) as room:
        await told(room, changed(samples.order()))
        await told(room, changed(samples.filled_order(), last_fill=samples.fill()))
        (order, _), (fill, _) = await sends(room.chat)
        assert order == fill is not None


async def test_a_deleted_topic_is_made_anew(delivering: OpenRoom) -> None:
    async with forum(delivering) as room:
        await told(room, note(1))
        [(thread, _)] = await sends(room.chat)
        assert thread is not None
        await room.app.bot.delete_forum_topic(GROUP, int(thread))
        await told(room, note(2))
        newest, text = (await sends(room.chat))[-1]
        assert "소식 2" in text
        assert newest not in (None, thread)
        assert "재전송" not in text


async def test_a_closed_topic_is_passed_by(delivering: OpenRoom) -> None:
    async with forum(delivering) as room:
        await told(room, note(1))
        [(thread, _)] = await sends(room.chat)
        assert thread is not None
        await room.app.bot.close_forum_topic(GROUP, int(thread))
        await told(room, note(2))
        assert (await sends(room.chat))[-1][0] is None


async def test_without_the_right_to_make_topics_all_goes_to_the_general_one(
    delivering: OpenRoom, caplog: pytest.LogCaptureFixture
) -> None:
    async with forum(delivering) as room:
        refusal = "Bad Request: not enough rights to create a topic"
        await fault(room.chat, kind="error", method="createForumTopic", code=400, description=refusal, times=9)
        await told(room, note(1), samples.trouble(), note(2))
        assert [thread for thread, _ in await sends(room.chat)] == [None] * 3
        assert [each.getMessage() for each in caplog.records if "topic" in each.getMessage()] == [
            "no topics: alerts go to the general one"
        ]


async def test_a_plain_group_has_no_topics(delivering: OpenRoom) -> None:
    async with forum(delivering, is_forum=False) as room:
        await told(room, note(1), samples.trouble())
        assert [thread for thread, _ in await sends(room.chat)] == [None] * 2
        assert not await calls(room.chat, "createForumTopic")


async def test_a_private_chat_is_not_even_asked(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, note(1))
        assert not await calls(room.chat, "getChat")


async def test_a_failure_to_ask_loses_no_alert(delivering: OpenRoom, wall: FakeClock) -> None:
    async with forum(delivering) as room:
        await fault(room.chat, kind="error", method="getChat", code=502)
        await fault(room.chat, kind="error", method="createForumTopic", retry_after=3)
        await room.outbox.add([note(1)])
        for _ in range(2):
            await until(lambda: wall.next_wake is not None)
            await wall.advance(3)
        await until(room.outbox.idle.is_set)
        [(thread, text)] = await sends(room.chat)
        assert thread is not None
        assert "소식 1" in text
        assert "재전송" not in text  # nothing had been sent

"""Groups, topics and newer kinds of messages: what the bot heeds, and where its answer comes (13.12, 13.16)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import new_class
from typing import Any

import pytest
from aiogram.filters.callback_data import CallbackData
from aiogram.types import RichMessage
from pydantic import ValidationError

from bot.input.addressing import plain
from bot.input.permissions import PRESSES
from bot.localchat import LocalChat
from bot.settings import TelegramSettings
from bot.ui.buttons import Open, StepSetting
from bot.ui.callback_data import Data
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.person import PATIENCE_S, Json

OWNER = 1_000_001
BOT = "@kis_us_trader_bot"


class Group:
    """A group that the bot administrates, so that it hears everything that is said there."""

    def __init__(self, room: Room, chat_id: int) -> None:
        self.room = room
        self.id = chat_id

    async def says(self, text: str, **more: Any) -> int:
        return int((await self.room.owner.post("send", chat_id=self.id, text=text, **more))["message_id"])

    async def from_bot(self) -> list[Json]:
        found = await self.room.owner.get("messages", chat_id=self.id)
        return [each for each in found if each["from"]["is_bot"] and each.get("text")]

    async def reads(self, part: str) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in await self.from_bot():
                    if part in message["text"]:
                        return message


@asynccontextmanager
async def a_group(open_room: OpenRoom, **group: Any) -> AsyncIterator[Group]:
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat, polls=False) as made:
            chat_id = (await made.owner.post("group", title="방", **group))["chat_id"]
            await made.owner.post("group", chat_id=chat_id, bot_status="administrator")
            await made.owner.send("/start")
        async with open_room(chat=chat, telegram_chat_id=str(chat_id), telegram_allowed_user_ids=str(OWNER)) as room:
            yield Group(room, chat_id)


async def topic(group: Group, name: str) -> int:
    made = await group.room.app.bot.create_forum_topic(group.id, name)
    return made.message_thread_id


async def test_the_answer_comes_in_the_topic_of_the_question(open_room: OpenRoom) -> None:
    async with a_group(open_room, is_forum=True) as group:
        thread = await topic(group, "잡담")
        await group.says("/version", message_thread_id=thread)
        answer = await group.reads("버전")
        assert answer["message_thread_id"] == thread
        await group.room.owner.post(
            "press", chat_id=group.id, message_id=answer["id"], data=Open(screen="help", aside=True).pack()
        )
        assert (await group.reads("도움말"))["message_thread_id"] == thread
        await group.says("/status")
        assert "message_thread_id" not in await group.reads("증권사와 일치")


async def test_a_file_comes_in_the_topic_of_the_question_too(open_room: OpenRoom) -> None:
    async with a_group(open_room, is_forum=True) as group:
        thread = await topic(group, "잡담")
        await group.says("/export 30d", message_thread_id=thread)
        await group.reads("trades.csv")
        sent = await group.room.owner.get("calls", method="sendDocument")
        assert {call["params"]["message_thread_id"] for call in sent} == {str(thread)}


async def test_in_a_topic_that_has_been_closed_the_answer_comes_in_the_general_one(open_room: OpenRoom) -> None:
    async with a_group(open_room, is_forum=True) as group:
        thread = await topic(group, "잡담")
        await group.room.app.bot.close_forum_topic(group.id, thread)
        await group.says("/version", message_thread_id=thread)
        assert "message_thread_id" not in await group.reads("버전")


@pytest.mark.parametrize(
    "text",
    [
        "/status@other_bot",
        "/status@OTHER_bot now",
        "상태",
        "매수 TQQQ 3",
        "good morning",
        "50",
        "see @kis_us_trader_bot_2",
    ],
)
async def test_what_is_said_to_others_in_a_group_is_none_of_ours(
    open_room: OpenRoom, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_group(open_room) as group:
        await group.says(text)
        async with group.room.visitor(555) as other:
            await group.room.owner.post("group", chat_id=group.id, members=[OWNER, 555])
            await other.post("send", chat_id=group.id, text="hello")
        await group.says("/version")
        await group.reads("버전")
        assert len(await group.from_bot()) == 1
    assert "stranger ignored" not in caplog.messages  # nothing was asked


async def test_pictures_in_a_group_are_none_of_ours(open_room: OpenRoom) -> None:
    async with a_group(open_room) as group:
        message = {
            "message_id": 5,
            "from": {"id": OWNER, "is_bot": False, "first_name": "k"},
            "chat": {"id": group.id, "type": "supergroup", "title": "방"},
            "date": 1_900_000_000,
            "photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}],
        }
        await group.room.owner.post("fault", kind="unreadable_update", update={"message": message})
        await group.says("/version")
        await group.reads("버전")
        assert len(await group.from_bot()) == 1


@pytest.mark.parametrize(
    ("more", "answered"),
    [
        ({"text": "오늘 많이 올랐네"}, False),
        ({"forward_origin": {"type": "comet"}, "text": "뉴스"}, False),
        ({"text": "/stop"}, True),
        ({"text": f"{BOT} 상태"}, True),
        ({"text": "10", "reply_to_message": {"from": {"is_bot": True}}}, True),
    ],
)
async def test_what_people_tell_each_other_is_not_answered_where_it_cannot_be_read_either(
    open_room: OpenRoom, more: Json, answered: bool
) -> None:
    async with a_group(open_room) as group:
        person = {"id": OWNER, "is_bot": False, "first_name": "k"}
        message = {"message_id": 5, "from": person, "chat": {"id": group.id}, "entities": "not a list", **more}
        await group.room.owner.post("fault", kind="unreadable_update", update={"message": message})
        await group.says("/version")
        await group.reads("버전")
        if answered:
            await group.reads("읽을 수 없는 형식")
        assert len(await group.from_bot()) == 1 + answered


@pytest.mark.parametrize(
    "text", [f"{BOT} 상태", f"상태 {BOT}", f"/status{BOT}", f"/status{BOT.upper()}", f"{BOT} /status"]
)
async def test_words_that_name_the_bot_are_ours(open_room: OpenRoom, text: str) -> None:
    async with a_group(open_room) as group:
        await group.says(text)
        await group.reads("증권사와 일치")


async def test_a_plain_word_in_answer_to_the_bot_is_ours(open_room: OpenRoom) -> None:
    async with a_group(open_room) as group:
        await group.says("/version")
        answered = await group.reads("버전")
        await group.says("상태", reply_to=answered["id"])
        await group.reads("증권사와 일치")


async def test_small_talk_in_a_topic_that_the_bot_made_is_no_answer_to_it(open_room: OpenRoom) -> None:
    """Apps send every message of a topic as an answer to the one that began it."""
    async with a_group(open_room, is_forum=True) as group:
        thread = await topic(group, "주문")
        await group.says("상태", message_thread_id=thread, reply_to=thread)
        await group.says("/version")
        await group.reads("버전")
        assert len(await group.from_bot()) == 1


@pytest.mark.parametrize("shared", ["1087968824", "136817688", "777000"])
@pytest.mark.parametrize(
    "name", ["telegram_allowed_user_ids", "telegram_operator_user_ids", "telegram_viewer_user_ids", "telegram_chat_id"]
)
def test_ids_that_many_share_are_refused_at_the_start(shared: str, name: str) -> None:
    values = {"telegram_bot_token": "1000:local-chat", "telegram_chat_id": "5", "telegram_chat_test_id": "5"}
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate({**values, "telegram_api_url": "http://127.0.0.1:1", name: shared})
    assert "shared" in str(caught.value.errors()[0]["ctx"])


async def test_a_command_typed_as_a_rich_message_is_understood(room: Room) -> None:
    blocks = [{"type": "paragraph", "text": [{"type": "bold", "text": "/buy"}, " TQQQ 3"]}]
    await room.owner.post("send", rich_message={"blocks": blocks})
    assert "미리보기" in (await room.owner.reads("미리보기"))["text"]


def test_the_words_of_a_rich_message_come_in_order() -> None:
    rich = RichMessage.model_validate(
        {
            "blocks": [
                {"type": "heading", "size": 1, "text": "/set"},
                {"type": "list", "items": [{"label": "•", "blocks": [{"type": "paragraph", "text": ["a", "b"]}]}]},
                {"type": "blockquote", "blocks": [{"type": "footer", "text": {"type": "code", "text": "c"}}]},
                {"type": "divider"},
                {"type": "pre", "text": "d"},
            ]
        }
    )
    assert plain(rich) == "/set\nab\nc\nd"


async def test_what_only_the_bot_sees_is_answered_where_only_the_person_does(open_room: OpenRoom) -> None:
    async with a_group(open_room) as group:
        await group.says("/balance", ephemeral=True)
        assert "합계" in (await group.room.owner.reads("합계"))["text"]  # in private
        await group.says("/set RSI_OVERSOLD 45", ephemeral=True)
        await group.room.owner.reads("50 → 45")
        assert await group.from_bot() == []


async def test_an_ephemeral_command_is_not_carried_out_where_it_cannot_be_answered_unseen(open_room: OpenRoom) -> None:
    async with a_group(open_room) as group:
        await group.room.owner.post("block")
        await group.says("/stop", ephemeral=True)
        said: list[Json] = []
        async with asyncio.timeout(PATIENCE_S):
            while not said:
                calls = await group.room.owner.get("calls", method="sendMessage")
                said = [call for call in calls if "ephemeral_message_parameters" in call["params"] and call["status"]]
        assert said[0]["status"] == 200
        assert await group.from_bot() == []
        assert group.room.control.modes == [samples.mode()]


async def test_an_ephemeral_command_that_came_too_late_is_answered_in_private_too(
    open_room: OpenRoom, wall: FakeClock
) -> None:
    async with a_group(open_room) as group:
        message = {
            "message_id": 0,
            "ephemeral_message_id": 4,
            "from": {"id": OWNER, "is_bot": False, "first_name": "k"},
            "chat": {"id": group.id, "type": "supergroup", "title": "방"},
            "date": 1_500_000_000,
            "text": "/buy TQQQ 3",
        }
        await group.room.owner.post("fault", kind="unreadable_update", update={"message": message})
        await group.room.owner.reads("시간이 지나")
        assert await group.from_bot() == []


async def test_a_button_of_a_build_that_knew_fewer_fields_works(room: Room) -> None:
    message = await room.owner.ask("/version")
    await room.owner.press_data(message["id"], "o|status")
    await room.owner.reads("증권사와 일치")


@pytest.mark.parametrize("kind", list(PRESSES))
def test_every_kind_of_button_stays_alive_when_it_gains_a_field(kind: type[CallbackData]) -> None:
    new: dict[str, Any] = {"added": False, "noted": "", "count": None}
    fields = {"__annotations__": {"added": bool, "noted": str, "count": int | None}, "__module__": __name__, **new}
    made: Any = new_class("Grown", (kind,), {"prefix": kind.__prefix__, "sep": "|"}, lambda body: body.update(fields))
    assert issubclass(kind, Data)
    old = _sample(kind).pack()
    assert made.unpack(old).model_dump() == {**kind.unpack(old).model_dump(), **new}
    for wrong in (f"{old}|1|2|3|4", "zz" + old):
        with pytest.raises((TypeError, ValueError)):
            made.unpack(wrong)


def test_a_button_that_lacks_what_has_no_default_is_refused() -> None:
    with pytest.raises(TypeError):
        StepSetting.unpack("s|RSI_OVERSOLD")


def _sample(kind: type[CallbackData]) -> CallbackData:
    """Return a button with any values that fit."""
    given = {name: next(value for value in _VALUES if _fits(kind, name, value)) for name in kind.model_fields}
    return kind(**given)


_VALUES: tuple[Any, ...] = ("x", 1, True, "buy", "up", "run", "default", "qty", "30m", "7d", "night", "adopt", "ko", "")


def _fits(kind: type[CallbackData], name: str, value: Any) -> bool:
    try:
        kind.__pydantic_validator__.validate_assignment(kind.model_construct(), name, value)
    except ValidationError:
        return False
    return True

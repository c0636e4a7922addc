"""telegram-bot-api 7: editing and deleting."""

from typing import Any

import pytest

from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import Api, User, png

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
KEYBOARD = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}


@pytest.fixture
async def sent(api: Api, owner: User) -> dict[str, Any]:
    at = {"chat_id": owner.id}
    message = await api.ok("sendMessage", **at, text="*a*", parse_mode="MarkdownV2", reply_markup=KEYBOARD)
    return {**at, "message_id": message["message_id"]}


@pytest.fixture
async def photo(api: Api, owner: User) -> dict[str, Any]:
    _, body = await api.upload("sendPhoto", {"photo": png()}, chat_id=owner.id, caption="old")
    return {"chat_id": owner.id, "message_id": body["result"]["message_id"]}


async def test_an_edit_without_keyboard_removes_it_7_1(api: Api, owner: User, sent: dict[str, Any]) -> None:
    edited = await api.ok("editMessageText", **sent, text="b")
    assert edited["edit_date"]
    assert "reply_markup" not in edited
    shown = (await owner.messages())[0]
    assert (shown["text"], shown["reply_markup"]) == ("b", None)
    assert shown["edited_at"]


async def test_an_edit_that_changes_nothing_7_2(api: Api, sent: dict[str, Any]) -> None:
    same = await api.refused("editMessageText", **sent, text="<b>a</b>", parse_mode="HTML", reply_markup=KEYBOARD)
    assert same == NOT_MODIFIED
    await api.ok("editMessageText", **sent, text="a", reply_markup=KEYBOARD)
    assert await api.refused("editMessageReplyMarkup", **sent, reply_markup=KEYBOARD) == NOT_MODIFIED
    await api.ok("editMessageReplyMarkup", **sent)
    assert await api.refused("editMessageReplyMarkup", **sent) == NOT_MODIFIED


async def test_an_unknown_or_deleted_message_7_3(api: Api, sent: dict[str, Any]) -> None:
    expected = "Bad Request: message to edit not found"
    assert await api.refused("editMessageText", chat_id=sent["chat_id"], message_id=99_999, text="x") == expected
    await api.ok("deleteMessage", **sent)
    assert await api.refused("editMessageText", **sent, text="x") == expected


async def test_only_own_messages_can_be_edited_7_4(api: Api, owner: User) -> None:
    message_id = await owner.send("mine")
    refusal = await api.refused("editMessageText", chat_id=owner.id, message_id=message_id, text="x")
    assert refusal == "Bad Request: message can't be edited"


async def test_text_and_caption_are_not_the_same_7_5(api: Api, sent: dict[str, Any], photo: dict[str, Any]) -> None:
    no_text = await api.refused("editMessageText", **photo, text="x")
    assert no_text == "Bad Request: there is no text in the message to edit"
    no_caption = await api.refused("editMessageCaption", **sent, caption="x")
    assert no_caption == "Bad Request: there is no caption in the message to edit"
    assert (await api.ok("editMessageCaption", **photo, caption="new"))["caption"] == "new"
    assert "caption" not in await api.ok("editMessageCaption", **photo)


async def test_too_long_in_an_edit_7_6(api: Api, sent: dict[str, Any]) -> None:
    assert await api.refused("editMessageText", **sent, text="x" * 4097) == "Bad Request: MESSAGE_TOO_LONG"


async def test_media_can_be_swapped_and_put_into_a_text_7_7(
    api: Api, sent: dict[str, Any], photo: dict[str, Any]
) -> None:
    media = {"type": "document", "media": "attach://part", "caption": "report"}
    status, body = await api.upload("editMessageMedia", {"part": b"a,b"}, **photo, media=media)
    assert (status, body["result"]["caption"]) == (200, "report")
    assert "photo" not in body["result"]
    media = {"type": "photo", "media": "attach://part"}
    status, body = await api.upload("editMessageMedia", {"part": png()}, **sent, media=media)
    assert status == 200
    assert "text" not in body["result"]
    for wrong in ("{", "[]", {"type": "photo"}, {"type": "game", "media": "x"}):
        assert (await api.raw("editMessageMedia", **photo, media=wrong))[0] == 400


async def test_a_bot_edits_its_own_messages_at_any_age_7_8(api: Api, sent: dict[str, Any], clock: ManualClock) -> None:
    clock.advance(400 * 86_400)
    edited = await api.ok("editMessageText", **sent, text="a year later")
    assert edited["edit_date"] - edited["date"] == 400 * 86_400


async def test_deleting_7_9(api: Api, owner: User, sent: dict[str, Any], clock: ManualClock) -> None:
    theirs = await owner.send("delete me")
    assert await api.ok("deleteMessage", chat_id=owner.id, message_id=theirs) is True
    refusal = await api.refused("deleteMessage", chat_id=owner.id, message_id=theirs)
    assert refusal == "Bad Request: message to delete not found"
    shown = (await owner.messages())[-1]
    assert (shown["deleted"], shown["text"]) == (True, "")
    clock.advance(48 * 3600 + 1)
    assert await api.refused("deleteMessage", **sent) == "Bad Request: message can't be deleted for everyone"
    await api.ok("editMessageText", **sent, text="edits have no age limit")


async def test_deleting_many_skips_missing_ones_7_10(api: Api, owner: User) -> None:
    ids = [await owner.send(text) for text in "abc"]
    assert await api.ok("deleteMessages", chat_id=owner.id, message_ids=[*ids[:2], 12345]) is True
    assert [message["deleted"] for message in await owner.messages()] == [True, True, False]
    assert (await api.raw("deleteMessages", chat_id=owner.id, message_ids=[]))[0] == 400
    assert (await api.raw("deleteMessages", chat_id=owner.id, message_ids=list(range(101))))[0] == 400

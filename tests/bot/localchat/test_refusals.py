"""Refusals and corners that the tables of telegram-bot-api name only in passing, and what must never crash."""

import json
from typing import Any

import aiohttp
import pytest

from bot.localchat.api import NAMES
from bot.localchat.hub import Hub
from tests.bot.localchat.conftest import TOKEN, Api, User, png


@pytest.mark.parametrize(
    ("method", "params", "fragment"),
    [
        ("sendMessage", {"text": "x", "reply_parameters": "[1]"}, "object expected as reply parameters"),
        ("sendMessage", {"text": "x", "reply_parameters": "{}"}, 'can\'t find field "message_id"'),
        ("sendMessage", {"text": "x", "reply_parameters": '{"message_id": "x"}'}, "must be a Number"),
        ("editMessageText", {}, "message text is empty"),
        ("editMessageText", {"text": "x"}, "message identifier is not specified"),
        ("editMessageText", {"text": "x", "message_id": 0}, "message to edit not found"),
        ("editMessageText", {"text": "x", "inline_message_id": "a"}, "MESSAGE_ID_INVALID"),
        ("editMessageMedia", {}, "there is no media in the request"),
        ("deleteMessages", {"message_ids": "{"}, "can't parse message identifiers"),
        ("deleteMessages", {"message_ids": {}}, "expected an Array"),
        ("setMessageReaction", {"message_id": 1, "reaction": "{"}, "can't parse reaction types"),
        ("getFile", {}, "file_id not specified"),
        ("getChatAdministrators", {}, "there are no administrators in the private chat"),
        ("getChatMember", {"user_id": 0}, "invalid user_id specified"),
        ("createForumTopic", {"name": "x"}, "the bot has no topics"),
        ("forwardMessage", {"message_id": 1}, "from_chat_id is empty"),
        ("answerCallbackQuery", {}, "query is too old"),
        ("setWebhook", {"url": "ftp://x"}, "An HTTPS URL must be provided"),
        ("getUpdates", {"allowed_updates": "{"}, "can't parse allowed updates"),
        ("sendMediaGroup", {"media": [{"type": "photo"}]}, "media not found"),
    ],
)
async def test_refusals(api: Api, owner: User, method: str, params: dict[str, Any], fragment: str) -> None:
    params = {"chat_id": owner.id, **params}
    if "identifier is not" in fragment:
        params.pop("chat_id")
    assert fragment in await api.refused(method, **params)


@pytest.mark.parametrize(
    ("keyboard", "shown"),
    [
        ({"remove_keyboard": True, "selective": True}, {"remove_keyboard": True, "selective": True}),
        (
            {"force_reply": True, "input_field_placeholder": "수량"},
            {"force_reply": True, "input_field_placeholder": "수량"},
        ),
        (
            {"keyboard": [[{"text": "a", "style": "danger", "request_contact": True}]], "one_time_keyboard": True},
            {"keyboard": [[{"text": "a", "style": "danger", "request_contact": True}]], "one_time_keyboard": True},
        ),
        ({"inline_keyboard": []}, None),
        ({"inline_keyboard": [[]]}, None),
        ({}, None),
    ],
)
async def test_keyboards_a_person_sees(api: Api, owner: User, keyboard: dict[str, Any], shown: Any) -> None:
    await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=keyboard)
    assert (await owner.messages())[0]["reply_markup"] == shown


@pytest.mark.parametrize(
    "button",
    [
        {"text": "", "callback_data": "x"},
        {"text": " ", "callback_data": "x"},
        {"text": ["a"], "callback_data": "x"},
        {"text": "a", "callback_data": {}},
        {"text": "a", "callback_data": "x", "style": "rainbow"},
        {"text": "a", "copy_text": "x"},
        {"text": "a", "web_app": {}},
        {"text": "a", "login_url": "x"},
        {"text": "a", "url": "javascript:alert(1)"},
        {"text": "a", "url": "http://[::1"},
    ],
)
async def test_impossible_buttons(api: Api, owner: User, button: dict[str, Any]) -> None:
    keyboard = {"inline_keyboard": [[button]]}
    assert (await api.raw("sendMessage", chat_id=owner.id, text="x", reply_markup=keyboard))[0] == 400


async def test_more_than_a_hundred_buttons(api: Api, owner: User) -> None:
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}] for _ in range(101)]}
    refusal = await api.refused("sendMessage", chat_id=owner.id, text="x", reply_markup=keyboard)
    assert refusal == "Bad Request: reply markup is too long"


async def test_quotes_in_replies(api: Api, owner: User) -> None:
    message_id = await owner.send("buy three shares")
    reply = {"message_id": message_id, "quote": "three"}
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_parameters=reply)
    assert sent["quote"] == {"text": "three", "position": 4, "is_manual": True}
    refusal = await api.refused("sendMessage", chat_id=owner.id, text="x", reply_parameters={**reply, "quote": "four"})
    assert refusal == "Bad Request: QUOTE_TEXT_INVALID"


async def test_a_pin_notice_cannot_be_copied_forwarded_edited_or_answered(api: Api, owner: User) -> None:
    message_id = await owner.send("x")
    await api.ok("pinChatMessage", chat_id=owner.id, message_id=message_id)
    notice = (await owner.messages())[-1]["id"]
    at = {"chat_id": owner.id, "message_id": notice}
    assert (await api.raw("copyMessage", **at, from_chat_id=owner.id))[0] == 400
    assert (await api.raw("forwardMessage", **at, from_chat_id=owner.id))[0] == 400
    assert (await api.raw("editMessageText", **at, text="y"))[0] == 400
    assert (await api.raw("sendMessage", chat_id=owner.id, text="y", reply_to_message_id=notice))[0] == 400


async def test_a_copied_picture_can_have_another_caption(api: Api, owner: User) -> None:
    _, body = await api.upload("sendPhoto", {"photo": png()}, chat_id=owner.id, caption="one")
    at = {"chat_id": owner.id, "from_chat_id": owner.id, "message_id": body["result"]["message_id"]}
    await api.ok("copyMessage", **at, caption="two")
    await api.ok("copyMessage", **at)
    assert [message["text"] for message in await owner.messages()] == ["one", "two", "one"]


async def test_a_pinned_message_that_was_deleted(api: Api, owner: User) -> None:
    message_id = await owner.send("x")
    await api.ok("pinChatMessage", chat_id=owner.id, message_id=message_id)
    await api.ok("deleteMessage", chat_id=owner.id, message_id=message_id)
    assert "pinned_message" not in await api.ok("getChat", chat_id=owner.id)
    notice = (await owner.messages())[-1]["id"]
    reply = {"message_id": notice, "allow_sending_without_reply": True}
    await api.ok("sendMessage", chat_id=owner.id, text="y", reply_parameters=reply)


@pytest.mark.parametrize(
    "body",
    [
        "--x\r\nContent-Disposition: form-data; name=chat_id\r\n\r\n1",
        "no boundary at all",
        "--x\r\nnonsense\r\n\r\n--x--",
        "",
    ],
)
async def test_a_broken_multipart_body_is_answered(api: Api, body: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with api.http.post(f"{api.base}/bot{TOKEN}/sendMessage", data=body.encode(), headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["ok"] is False


async def test_a_file_part_without_a_file_name_is_text(api: Api, owner: User) -> None:
    form = aiohttp.FormData({"chat_id": str(owner.id), "text": "x"}, default_to_multipart=True)
    async with api.http.post(f"{api.base}/bot{TOKEN}/sendMessage", data=form) as response:
        assert response.status == 200


async def test_deeply_nested_json_is_refused(api: Api, owner: User) -> None:
    deep = "[" * 20_000
    assert (await api.raw("sendMessage", chat_id=owner.id, text="x", reply_markup=deep))[0] == 400
    headers = {"Content-Type": "application/json"}
    async with api.http.post(f"{api.base}/bot{TOKEN}/sendMessage", data=deep, headers=headers) as response:
        assert response.status == 400


async def test_every_method_answers_nonsense_with_a_refusal(api: Api, owner: User) -> None:
    """No method may fail on its own side: whatever comes in, the answer is a result or a 4xx."""
    nonsense: list[Any] = ["", "x", "-1", "{}", "[]", "[{}]", "null", '"x"', "9" * 30, '{"type": 5}']
    names = [
        "chat_id",
        "from_chat_id",
        "message_id",
        "message_ids",
        "text",
        "caption",
        "media",
        "photo",
        "document",
        "reply_markup",
        "reply_parameters",
        "entities",
        "caption_entities",
        "parse_mode",
        "commands",
        "scope",
        "language_code",
        "menu_button",
        "reaction",
        "results",
        "action",
        "draft_id",
        "link_preview_options",
        "user_id",
        "file_id",
        "url",
        "allowed_updates",
        "offset",
        "limit",
        "message_thread_id",
        "name",
        "icon_color",
        "callback_query_id",
        "inline_query_id",
    ]
    for name in set(NAMES.values()):
        for value in nonsense:
            for fixed in ({}, {"chat_id": owner.id, "text": "x"}):
                params = dict.fromkeys(names, value) | {key: str(v) for key, v in fixed.items()}
                async with api.http.post(f"{api.base}/bot{TOKEN}/{name}", data=params) as response:
                    body = json.loads(await response.read())
                    assert response.status < 500, (name, value, body)


async def test_a_watcher_that_falls_behind_is_cut_off() -> None:
    hub = Hub()
    with hub.watch(1) as watcher:
        for number in range(1_200):
            hub.publish(1, "message", {"number": number})
        received = [watcher.queue.get_nowait() for _ in range(watcher.queue.qsize())]
    assert received[-1] is None
    assert len(received) == 1_001

"""telegram-bot-api 6: keyboards and callback queries."""

import json
from typing import Any

import pytest

from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import Api, User

BUTTON = {"text": "확인", "callback_data": "ok"}
KEYBOARD = {"inline_keyboard": [[BUTTON]]}
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


async def send(api: Api, owner: User, button: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    markup = {"inline_keyboard": [[button]]}
    return await api.raw("sendMessage", chat_id=owner.id, text="x", reply_markup=markup)


@pytest.mark.parametrize(
    "action",
    [
        {"callback_data": "가" * 21 + "a"},
        {"url": "https://example.com/a"},
        {"web_app": {"url": "https://example.com/app"}},
        {"switch_inline_query": ""},
        {"copy_text": {"text": "a" * 256}},
        {"disabled": {}},
        {"callback_data": "x", "style": "danger", "icon_custom_emoji_id": "5"},
    ],
)
async def test_buttons_come_back_as_sent_6_1(api: Api, owner: User, action: dict[str, Any]) -> None:
    status, body = await send(api, owner, {"text": "a", **action})
    assert status == 200, body
    button = body["result"]["reply_markup"]["inline_keyboard"][0][0]
    assert button == {"text": "a", **action}


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "a", "callback_data": "가" * 22}, "Bad Request: BUTTON_DATA_INVALID"),
        (
            {"text": "a"},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "a", "callback_data": ""},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "a", "web_app": {"url": "http://x.com"}},
            "Bad Request: inline keyboard button Web App URL 'http://x.com' is invalid: Only HTTPS links are allowed",
        ),
        ({"callback_data": "x"}, "Bad Request: can't parse inline keyboard button: Can't find field \"text\""),
        ({"text": "a", "copy_text": {"text": "a" * 257}}, "Bad Request: BUTTON_COPY_TEXT_INVALID"),
        (
            {"text": "a", "url": "http://localhost"},
            "Bad Request: inline keyboard button URL 'http://localhost' is invalid: Wrong HTTP URL",
        ),
    ],
)
async def test_refused_buttons_6_2_to_6_5(api: Api, owner: User, button: dict[str, Any], description: str) -> None:
    status, body = await send(api, owner, button)
    assert (status, body["description"]) == (400, description)


@pytest.mark.parametrize("raw", ["{", "[1", "nonsense"])
async def test_broken_markup_6_4(api: Api, owner: User, raw: str) -> None:
    refusal = await api.refused("sendMessage", chat_id=owner.id, text="x", reply_markup=raw)
    assert refusal == "Bad Request: can't parse reply keyboard markup JSON object"


@pytest.mark.parametrize(
    "raw",
    [[1], {"inline_keyboard": {}}, {"inline_keyboard": [{}]}, {"inline_keyboard": [[3]]}, {"keyboard": [[[]]]}, 3, "x"],
)
async def test_impossible_markup_is_a_bad_request(api: Api, owner: User, raw: Any) -> None:
    status, _ = await api.raw("sendMessage", chat_id=owner.id, text="x", reply_markup=json.dumps(raw))
    assert status == 400


async def test_a_reply_keyboard_shows_to_the_person_only_and_forbids_edits_6_6(api: Api, owner: User) -> None:
    keyboard = {
        "keyboard": [["상태", {"text": "잔고"}]],
        "resize_keyboard": True,
        "input_field_placeholder": "고르세요",
    }
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=keyboard)
    assert "reply_markup" not in sent
    shown = (await owner.messages())[0]["reply_markup"]
    assert shown["keyboard"] == [[{"text": "상태"}, {"text": "잔고"}]]
    refusal = await api.refused("editMessageText", chat_id=owner.id, message_id=sent["message_id"], text="y")
    assert refusal == "Bad Request: message can't be edited"


async def test_a_press_brings_the_message_as_it_is_now_6_7(api: Api, owner: User) -> None:
    sent = await api.ok("sendMessage", chat_id=owner.id, text="old", reply_markup=KEYBOARD)
    await api.ok("editMessageText", chat_id=owner.id, message_id=sent["message_id"], text="new", reply_markup=KEYBOARD)
    query_id = await owner.press(sent["message_id"], "ok")
    query = (await api.ok("getUpdates"))[0]["callback_query"]
    assert (query["id"], query["data"], query["from"]["id"]) == (query_id, "ok", owner.id)
    assert query["message"]["text"] == "new"
    assert query["message"]["reply_markup"] == KEYBOARD
    assert isinstance(query["chat_instance"], str)


async def test_a_press_on_a_deleted_message_is_inaccessible(api: Api, owner: User) -> None:
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=KEYBOARD)
    await api.ok("deleteMessage", chat_id=owner.id, message_id=sent["message_id"])
    assert (await owner.post("press", message_id=sent["message_id"], data="ok"))["stale"] is True
    assert (await api.ok("getUpdates"))[0]["callback_query"]["message"]["date"] == 0


async def test_answers_are_seen_by_the_person_6_8(api: Api, owner: User) -> None:
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=KEYBOARD)
    query_id = await owner.press(sent["message_id"], "ok")
    assert (await owner.get(f"answers/{query_id}"))["answered"] is False
    too_long = await api.refused("answerCallbackQuery", callback_query_id=query_id, text="x" * 201)
    assert too_long == "Bad Request: MESSAGE_TOO_LONG"
    await api.ok("answerCallbackQuery", callback_query_id=query_id, text="x" * 200, show_alert=True)
    answer = await owner.get(f"answers/{query_id}")
    assert (answer["answered"], answer["text"], answer["show_alert"]) == (True, "x" * 200, True)


async def test_late_double_and_unknown_answers_6_9(api: Api, owner: User, clock: ManualClock) -> None:
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=KEYBOARD)
    first, late, expired = [await owner.press(sent["message_id"], "ok") for _ in range(3)]
    await api.ok("answerCallbackQuery", callback_query_id=first)
    assert await api.refused("answerCallbackQuery", callback_query_id=first) == TOO_OLD
    await owner.post("expire", query_id=expired)
    assert await api.refused("answerCallbackQuery", callback_query_id=expired) == TOO_OLD
    assert (await owner.get(f"answers/{expired}"))["expired"] is True
    clock.advance(16)
    assert await api.refused("answerCallbackQuery", callback_query_id=late) == TOO_OLD
    assert await api.refused("answerCallbackQuery", callback_query_id="1") == TOO_OLD


async def test_two_presses_are_two_queries_and_one_can_come_twice_6_11(api: Api, owner: User) -> None:
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=KEYBOARD)
    one, two = await owner.press(sent["message_id"], "ok"), await owner.press(sent["message_id"], "ok")
    await owner.post("redeliver", query_id=one)
    updates = await api.ok("getUpdates")
    assert [update["callback_query"]["id"] for update in updates] == [one, two, one]
    assert len({update["update_id"] for update in updates}) == 3


async def test_presses_that_cannot_be(owner: User) -> None:
    assert (await owner.refused("press", message_id=5, data="x"))[0] == 404
    message_id = await owner.send("x")
    assert (await owner.refused("press", message_id=message_id, data="x" * 65))[0] == 400
    assert (await owner.refused("press", message_id="a", data="x"))[0] == 400

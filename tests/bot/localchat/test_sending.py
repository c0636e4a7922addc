"""telegram-bot-api 4: sending text."""

import pytest

from bot.localchat import LocalChat, Rates
from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import TOKEN, Api, User

TOO_LONG = "Bad Request: message is too long"


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({}, "Bad Request: message text is empty"),
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": "  \n "}, "Bad Request: text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "Bad Request: text must be non-empty"),
        ({"text": "x" * 4097}, TOO_LONG),
        ({"text": "📈" * 4097}, TOO_LONG),
        ({"text": "x" * 32_769}, "Bad Request: text is too long"),
        ({"text": "x", "parse_mode": "BBCode"}, "Bad Request: unsupported parse_mode"),
        ({"text": "x", "reply_parameters": {"message_id": 5}}, "Bad Request: message to be replied not found"),
        ({"text": "x", "reply_parameters": "{"}, "Bad Request: can't parse reply parameters JSON object"),
        ({"text": "x", "message_thread_id": 9}, "Bad Request: message thread not found"),
    ],
)
async def test_refusals_of_send_message(api: Api, owner: User, params: dict[str, object], description: str) -> None:
    assert await api.refused("sendMessage", chat_id=owner.id, **params) == description


async def test_length_is_counted_after_parsing_in_code_points_4_3(api: Api, owner: User) -> None:
    await api.ok("sendMessage", chat_id=owner.id, text="<b>" + "📈" * 4096 + "</b>", parse_mode="html")


async def test_chats_the_bot_cannot_write_to_4_5(api: Api, owner: User) -> None:
    assert await api.refused("sendMessage", text="x") == "Bad Request: chat_id is empty"
    for chat_id in ("7", "abc", "@nobody", "99999999999999999999999"):
        assert await api.refused("sendMessage", chat_id=chat_id, text="x") == "Bad Request: chat not found"
    await owner.post("person", user_id=31, started=False)
    expected = "Forbidden: bot can't initiate conversation with a user"
    assert await api.refused("sendMessage", chat_id=31, text="x") == expected
    assert (await api.refused("sendMessage", chat_id=4242, text="x")).startswith("Forbidden: ")


@pytest.mark.parametrize("method", ["sendMessage", "sendChatAction", "pinChatMessage"])
async def test_a_person_who_blocked_the_bot_4_6(api: Api, owner: User, method: str) -> None:
    message_id = await owner.send("hi")
    await owner.post("block")
    description = await api.refused(method, chat_id=owner.id, text="x", action="typing", message_id=message_id)
    assert description == "Forbidden: bot was blocked by the user"
    await owner.post("unblock")
    await api.ok(method, chat_id=owner.id, text="x", action="typing", message_id=message_id)


async def test_a_deleted_account_4_7(api: Api, owner: User) -> None:
    await owner.post("person", deactivated=True)
    assert await api.refused("sendMessage", chat_id=owner.id, text="x") == "Forbidden: user is deactivated"


async def test_replies_4_8(api: Api, owner: User) -> None:
    message_id = await owner.send("first")
    reply = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_parameters={"message_id": message_id})
    assert reply["reply_to_message"]["text"] == "first"
    second = await api.ok("sendMessage", chat_id=owner.id, text="y", reply_to_message_id=reply["message_id"])
    assert "reply_to_message" not in second["reply_to_message"]
    loose = {"message_id": 9_999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await api.ok("sendMessage", chat_id=owner.id, text="z", reply_parameters=loose)


async def test_order_of_mistakes(api: Api, owner: User) -> None:
    wrong = {"text": "<b>", "parse_mode": "HTML", "reply_parameters": "{", "reply_markup": "{", "chat_id": "7"}
    assert "can't parse entities" in await api.refused("sendMessage", **wrong)
    wrong |= {"text": "x" * 4097}
    assert "reply parameters" in await api.refused("sendMessage", **wrong)
    wrong["reply_parameters"] = '{"message_id": 1}'
    assert "reply keyboard markup" in await api.refused("sendMessage", **wrong)
    wrong["reply_markup"] = '{"inline_keyboard": [[{"text": "a", "callback_data": "' + "x" * 65 + '"}]]}'
    assert "chat not found" in await api.refused("sendMessage", **wrong)
    wrong["chat_id"] = str(owner.id)
    await owner.post("block")
    assert "blocked" in await api.refused("sendMessage", **wrong)
    await owner.post("unblock")
    assert "replied not found" in await api.refused("sendMessage", **wrong)
    wrong.pop("reply_parameters")
    assert await api.refused("sendMessage", **wrong) == TOO_LONG
    wrong["text"] = "x"
    assert await api.refused("sendMessage", **wrong) == "Bad Request: BUTTON_DATA_INVALID"


async def test_white_space_is_trimmed_and_entities_move_4_9(api: Api, owner: User) -> None:
    sent = await api.ok("sendMessage", chat_id=owner.id, text=" \n <b>x</b> y  ", parse_mode="HTML")
    assert sent["text"] == "x y"
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 1}]


async def test_too_many_messages_4_10(clock: ManualClock, api: Api) -> None:
    rates = Rates(chat_per_s=1, chat_burst=3)
    async with LocalChat(token=TOKEN, clock=clock, rates=rates) as chat:
        fast = Api(api.http, chat.url)
        for _ in range(3):
            await fast.ok("sendMessage", chat_id=chat.owner_id, text="x")
        async with api.http.post(
            f"{chat.url}/bot{TOKEN}/sendMessage", data={"chat_id": str(chat.owner_id), "text": "x"}
        ) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
            body = await response.json()
        assert body["description"] == "Too Many Requests: retry after 1"
        assert body["parameters"] == {"retry_after": 1}
        clock.advance(1)
        await fast.ok("sendMessage", chat_id=chat.owner_id, text="x")
        assert (await fast.raw("sendMessage", chat_id=chat.owner_id, text="x"))[0] == 429


async def test_the_limit_over_all_chats(clock: ManualClock, api: Api) -> None:
    async with LocalChat(token=TOKEN, clock=clock, rates=Rates(all_per_s=2, all_burst=2)) as chat:
        fast = Api(api.http, chat.url)
        for user_id in (1, 2):
            other = User(api.http, chat.url, user_id)
            await other.send("hi")
            await fast.ok("sendMessage", chat_id=user_id, text="x")
        assert (await fast.raw("sendMessage", chat_id=chat.owner_id, text="x"))[0] == 429


async def test_a_group_takes_twenty_a_minute_edits_count_and_answers_do_not_4_11(clock: ManualClock, api: Api) -> None:
    async with LocalChat(token=TOKEN, clock=clock) as chat:
        fast, owner = Api(api.http, chat.url), User(api.http, chat.url, chat.owner_id)
        group = (await owner.post("group", title="g"))["chat_id"]
        keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
        sent = await fast.ok("sendMessage", chat_id=group, text="0", reply_markup=keyboard)
        for number in range(1, 20):
            await fast.ok(
                "editMessageText", chat_id=group, message_id=sent["message_id"], text=str(number), reply_markup=keyboard
            )
        status, body = await fast.raw("sendMessage", chat_id=group, text="x")
        assert (status, body["parameters"]["retry_after"]) == (429, 3)
        query = await owner.press(sent["message_id"], "a", chat_id=group)
        await fast.ok("answerCallbackQuery", callback_query_id=query)
        clock.advance(3)
        await fast.ok("sendMessage", chat_id=group, text="x")


async def test_paid_messages_have_a_limit_of_their_own_4_12(clock: ManualClock, api: Api) -> None:
    async with LocalChat(token=TOKEN, clock=clock, rates=Rates(all_per_s=1, all_burst=1)) as chat:
        fast = Api(api.http, chat.url)
        await fast.ok("sendMessage", chat_id=chat.owner_id, text="x")
        assert (await fast.raw("sendMessage", chat_id=chat.owner_id, text="x"))[0] == 429
        await fast.ok("sendMessage", chat_id=chat.owner_id, text="x", allow_paid_broadcast=True)


async def test_flags_come_back_4_13(api: Api, owner: User) -> None:
    sent = await api.ok(
        "sendMessage",
        chat_id=owner.id,
        text="x",
        protect_content=True,
        message_effect_id="5104841245755180586",
        link_preview_options={"is_disabled": True},
    )
    assert sent["has_protected_content"] is True
    assert sent["effect_id"] == "5104841245755180586"
    assert sent["link_preview_options"] == {"is_disabled": True}


async def test_message_ids_are_shared_by_private_chats(api: Api, owner: User) -> None:
    other = User(owner.http, owner.base, 55)
    first, second, third = await owner.send("a"), await other.send("b"), await owner.send("c")
    assert (second, third) == (first + 1, first + 2)


async def test_forward_and_copy(api: Api, owner: User) -> None:
    message_id = await owner.send("hello *x*")
    forwarded = await api.ok("forwardMessage", chat_id=owner.id, from_chat_id=owner.id, message_id=message_id)
    assert forwarded["forward_origin"]["sender_user"]["id"] == owner.id
    copied = await api.ok("copyMessage", chat_id=owner.id, from_chat_id=owner.id, message_id=message_id)
    assert (await owner.messages())[-1]["id"] == copied["message_id"]
    refusal = await api.refused("copyMessage", chat_id=owner.id, from_chat_id=owner.id, message_id=1)
    assert refusal == "Bad Request: message to copy not found"


async def test_a_bot_writes_to_no_bot_and_never_hears_itself_9_13(api: Api, owner: User) -> None:
    me = (await api.ok("getMe"))["id"]
    assert await api.refused("sendMessage", chat_id=me, text="x") == "Forbidden: bot can't send messages to bots"
    await api.ok("sendMessage", chat_id=owner.id, text="hello")
    assert await api.ok("getUpdates") == []

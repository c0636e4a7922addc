"""telegram-bot-api 9: the bot's account, commands, pins, reactions, topics, drafts."""

from typing import Any

import pytest

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import TOKEN, Api, User, png

ONE = [{"command": "status", "description": "상태"}]


@pytest.mark.parametrize(
    ("commands", "description"),
    [
        ([{"command": "Status", "description": "x"}], "Bad Request: BOT_COMMAND_INVALID"),
        ([{"command": "상태", "description": "x"}], "Bad Request: BOT_COMMAND_INVALID"),
        ([{"command": "a" * 33, "description": "x"}], "Bad Request: command length must not exceed 32"),
        ([{"command": "a", "description": " "}], "Bad Request: command description must be non-empty"),
        ([{"command": "a", "description": "x"}] * 101, "Bad Request: BOT_COMMANDS_TOO_MUCH"),
        ([3], "Bad Request: can't parse BotCommand: expected an Object"),
        ([{"command": "a"}], "Bad Request: can't parse BotCommand: Can't find field \"description\""),
        ({}, "Bad Request: expected an Array of BotCommand"),
    ],
)
async def test_refused_commands_9_3(api: Api, commands: Any, description: str) -> None:
    assert await api.refused("setMyCommands", commands=commands) == description


async def test_lists_are_kept_per_scope_and_language_9_3(api: Api, owner: User) -> None:
    scope = {"type": "chat", "chat_id": owner.id}
    await api.ok("setMyCommands", commands=[{"command": "/status", "description": "상태"}])
    assert await api.ok("getMyCommands") == ONE
    assert await api.ok("getMyCommands", language_code="ko") == []
    assert await api.ok("getMyCommands", scope=scope) == []
    await api.ok("setMyCommands", commands=ONE, scope=scope, language_code="ko")
    assert await api.ok("getMyCommands", scope=scope, language_code="ko") == ONE
    await api.ok("setMyCommands", commands=[])
    assert await api.ok("getMyCommands") == []
    await api.ok("deleteMyCommands", scope=scope, language_code="ko")
    assert await api.ok("getMyCommands", scope=scope, language_code="ko") == []
    assert await api.refused("getMyCommands", language_code="korean") == "Bad Request: invalid language code specified"


async def test_the_menu_is_the_first_list_that_exists_9_4(api: Api, owner: User) -> None:
    async def menu(language: str = "ko") -> str:
        state = await owner.get("state", lang=language)
        return str(state["commands"][0]["command"]) if state["commands"] else ""

    async def put(name: str, language: str = "", **scope: Any) -> None:
        commands = [{"command": name, "description": "x"}]
        await api.ok("setMyCommands", commands=commands, language_code=language, scope=scope or {"type": "default"})

    assert await menu() == ""
    await put("e")
    await put("d", "ko")
    assert (await menu(), await menu("en")) == ("d", "e")
    await put("c", type="all_private_chats")
    await put("b", "ko", type="all_private_chats")
    assert (await menu(), await menu("en")) == ("b", "c")
    await put("a", type="chat", chat_id=owner.id)
    assert (await menu(), await menu("en")) == ("a", "a")


@pytest.mark.parametrize("kind", ["chat_member", "chat_administrators"])
async def test_scopes_that_do_not_work_in_private_chats_9_4(api: Api, owner: User, kind: str) -> None:
    scope = {"type": kind, "chat_id": owner.id, "user_id": owner.id}
    refusal = await api.refused("setMyCommands", commands=ONE, scope=scope)
    assert refusal == "Bad Request: can't use specified scope in private chats"
    for wrong in ("{", [1], {"type": "galaxy"}, {"type": "chat", "chat_id": 5}):
        assert (await api.raw("getMyCommands", scope=wrong))[0] == 400


async def test_chat_actions_9_2(api: Api, owner: User, clock: ManualClock) -> None:
    wrong = await api.refused("sendChatAction", chat_id=owner.id, action="dancing")
    assert wrong == "Bad Request: wrong parameter action in request"
    await api.ok("sendChatAction", chat_id=owner.id, action="typing")
    assert (await owner.get("state"))["action"] == "typing"
    clock.advance(6)
    assert (await owner.get("state"))["action"] == ""
    await api.ok("sendChatAction", chat_id=owner.id, action="upload_photo")
    await api.ok("sendMessage", chat_id=owner.id, text="x")
    assert (await owner.get("state"))["action"] == ""


async def test_pins_9_5(api: Api, owner: User) -> None:
    old, new = await owner.send("old"), await owner.send("new")
    missing = await api.refused("pinChatMessage", chat_id=owner.id, message_id=99_999)
    assert missing == "Bad Request: message to pin not found"
    for message_id in (new, old, old):
        await api.ok("pinChatMessage", chat_id=owner.id, message_id=message_id)
    assert (await api.ok("getChat", chat_id=owner.id))["pinned_message"]["text"] == "new"
    shown = await owner.messages()
    assert [message["pinned"] for message in shown] == [True, True, False, False]
    assert shown[2]["service"]["pinned_message_id"] == new
    await api.ok("unpinChatMessage", chat_id=owner.id)
    assert (await api.ok("getChat", chat_id=owner.id))["pinned_message"]["text"] == "old"
    gone = await api.refused("unpinChatMessage", chat_id=owner.id, message_id=new)
    assert gone == "Bad Request: message to unpin not found"
    await api.ok("unpinAllChatMessages", chat_id=owner.id)
    assert "pinned_message" not in await api.ok("getChat", chat_id=owner.id)


async def test_reactions_9_6(api: Api, owner: User) -> None:
    message_id = await owner.send("x")
    at: dict[str, Any] = {"chat_id": owner.id, "message_id": message_id}
    thumb = {"type": "emoji", "emoji": "👍"}
    await api.ok("setMessageReaction", **at, reaction=[thumb])
    assert (await owner.messages())[0]["reactions"] == [thumb]
    wrong = await api.refused("setMessageReaction", **at, reaction=[{"type": "emoji", "emoji": "🍕"}])
    assert wrong == "Bad Request: REACTION_INVALID"
    assert (await api.raw("setMessageReaction", **at, reaction=[thumb, {"type": "emoji", "emoji": "🔥"}]))[0] == 400
    await api.ok("setMessageReaction", **at)
    assert "reactions" not in (await owner.messages())[0]
    missing = await api.refused("setMessageReaction", chat_id=owner.id, message_id=1, reaction=[thumb])
    assert missing == "Bad Request: message to react not found"


async def test_menu_button_9_7(api: Api, owner: User) -> None:
    assert await api.ok("getChatMenuButton", chat_id=owner.id) == {"type": "commands"}
    app = {"type": "web_app", "text": "열기", "web_app": {"url": "https://example.com"}}
    await api.ok("setChatMenuButton", chat_id=owner.id, menu_button=app)
    assert await api.ok("getChatMenuButton", chat_id=owner.id) == app
    assert await api.ok("getChatMenuButton") == {"type": "commands"}
    await api.ok("setChatMenuButton", chat_id=owner.id)
    await api.ok("setChatMenuButton", menu_button={"type": "commands"})
    for wrong in ({"type": "x"}, {"type": "web_app", "text": "a", "web_app": {"url": "http://x.com"}}):
        assert (await api.raw("setChatMenuButton", menu_button=wrong))[0] == 400
    assert (await api.raw("setChatMenuButton", chat_id=9))[0] == 400


async def test_a_deep_link_arrives_as_a_start_command_9_8(api: Api, owner: User) -> None:
    await owner.send("/start aB-1_2")
    message = (await api.ok("getUpdates"))[0]["message"]
    assert (message["text"], message["entities"][0]["length"]) == ("/start aB-1_2", 6)


async def test_drafts_9_9(api: Api, owner: User, clock: ManualClock) -> None:
    await api.ok(
        "sendMessageDraft", chat_id=owner.id, draft_id=7, text="<b>쓰는 중</b>", parse_mode="HTML", can_stop=True
    )
    await owner.post("stop")
    assert (await api.ok("getUpdates"))[0]["stopped_message_generation"]["draft_id"] == 7
    assert (await owner.refused("stop"))[0] == 409
    await api.ok("sendMessageDraft", chat_id=owner.id, draft_id=8, text="", can_stop=True)
    clock.advance(31)
    assert (await owner.refused("stop"))[0] == 409
    assert (await api.raw("sendMessageDraft", chat_id=owner.id, text="x"))[0] == 400
    group = await owner.post("group", title="방")
    refusal = await api.refused("sendMessageDraft", chat_id=group["chat_id"], draft_id=1, text="x")
    assert refusal == "Bad Request: TEXTDRAFT_PEER_INVALID"


async def test_names_and_descriptions(api: Api, owner: User) -> None:
    assert (await api.ok("getMyName"))["name"]
    await api.ok("setMyName", name="트레이더", language_code="ko")
    assert (await api.ok("getMyName", language_code="ko"))["name"] == "트레이더"
    await api.ok("setMyDescription", description="설명")
    assert await api.ok("getMyDescription") == {"description": "설명"}
    assert (await owner.get("state"))["bot"]["description"] == "설명"
    assert (await api.raw("setMyName", name="x" * 65))[0] == 400


async def test_a_group_with_topics(api: Api, owner: User) -> None:
    group = (await owner.post("group", title="거래방", is_forum=True))["chat_id"]
    chat = await api.ok("getChat", chat_id=group)
    assert (chat["type"], chat["is_forum"]) == ("supergroup", True)
    topic = await api.ok("createForumTopic", chat_id=group, name="체결")
    thread = topic["message_thread_id"]
    sent = await api.ok("sendMessage", chat_id=group, message_thread_id=thread, text="x")
    assert (sent["message_thread_id"], sent["is_topic_message"], sent["message_id"]) == (thread, True, 2)
    await api.ok("editForumTopic", chat_id=group, message_thread_id=thread, name="주문")
    await api.ok("closeForumTopic", chat_id=group, message_thread_id=thread)
    assert "TOPIC_CLOSED" in await api.refused("sendMessage", chat_id=group, message_thread_id=thread, text="x")
    await api.ok("reopenForumTopic", chat_id=group, message_thread_id=thread)
    await api.ok("deleteForumTopic", chat_id=group, message_thread_id=thread)
    lost = await api.refused("sendMessage", chat_id=group, message_thread_id=thread, text="x")
    assert lost == "Bad Request: message thread not found"
    assert (await api.raw("createForumTopic", chat_id=owner.id, name="x"))[0] == 400
    assert (await api.raw("createForumTopic", chat_id=group, name=""))[0] == 400


async def test_topics_in_a_private_chat_only_where_the_bot_has_them_9_11(api: Api, owner: User) -> None:
    assert (await api.ok("getMe"))["has_topics_enabled"] is False
    assert (await api.raw("createForumTopic", chat_id=owner.id, name="TQQQ"))[0] == 400
    async with LocalChat(token=TOKEN, rates=None, has_topics=True) as chat:
        other = Api(api.http, chat.url)
        assert (await other.ok("getMe"))["has_topics_enabled"] is True
        topic = await other.ok("createForumTopic", chat_id=chat.owner_id, name="TQQQ")
        thread = topic["message_thread_id"]
        sent = await other.ok("sendMessage", chat_id=chat.owner_id, text="x", message_thread_id=thread)
        assert sent["message_thread_id"] == thread


async def test_in_a_group_the_bot_hears_what_concerns_it(api: Api, owner: User) -> None:
    other = User(owner.http, owner.base, 77)
    group = (await owner.post("group", title="거래방", members=[owner.id, 77]))["chat_id"]
    sent = await api.ok("sendMessage", chat_id=group, text="질문?")
    await other.send("잡담", chat_id=group)
    await other.send("/status", chat_id=group)
    await other.send("/status@other_bot", chat_id=group)
    await owner.send("안녕 @KIS_us_trader_bot", chat_id=group)
    await other.send("답", chat_id=group, reply_to=sent["message_id"])
    heard = [update["message"]["text"] for update in await api.ok("getUpdates")]
    assert heard == ["/status", "안녕 @KIS_us_trader_bot", "답"]
    assert len(await other.messages(chat_id=group)) == 6
    await owner.post("group", chat_id=group, bot_status="administrator")
    await other.send("모두", chat_id=group)
    assert [u["message"]["text"] for u in await api.ok("getUpdates") if "message" in u][-1] == "모두"
    assert await api.ok("getChatMemberCount", chat_id=group) == 3
    assert len(await api.ok("getChatAdministrators", chat_id=group)) == 2
    assert (await api.ok("getChatMember", chat_id=group, user_id=77))["status"] == "member"
    assert (await api.ok("getChatMember", chat_id=group, user_id=4242))["status"] == "administrator"
    assert (await api.raw("getChatMember", chat_id=group, user_id=5))[0] == 400
    await owner.post("group", chat_id=group, bot_status="kicked")
    refusal = await api.refused("sendMessage", chat_id=group, text="x")
    assert refusal == "Forbidden: bot was kicked from the supergroup chat"
    assert (await User(owner.http, owner.base, 78).refused("send", text="x", chat_id=group))[0] == 404


async def test_in_a_group_others_messages_need_rights_to_delete(api: Api, owner: User) -> None:
    group = (await owner.post("group"))["chat_id"]
    message_id = await owner.send("x", chat_id=group)
    refusal = await api.refused("deleteMessage", chat_id=group, message_id=message_id)
    assert refusal == "Bad Request: message can't be deleted"
    await owner.post("group", chat_id=group, bot_status="administrator")
    await api.ok("deleteMessage", chat_id=group, message_id=message_id)


async def test_strangers_have_their_own_chats(api: Api, owner: User) -> None:
    stranger = User(owner.http, owner.base, 555)
    await stranger.send("who are you")
    await api.upload("sendPhoto", {"photo": png()}, chat_id=555)
    assert await owner.messages() == []
    assert len(await stranger.messages()) == 2
    assert (await api.ok("getUpdates"))[0]["message"]["from"]["id"] == 555
    people = await owner.get("people")
    assert {person["id"] for person in people} == {owner.id, 555}

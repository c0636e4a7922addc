"""Every answer and every update that this server can send fits aiogram's models, with no field they do not know (13.3).

One long play meets every method and every kind of update; a new one without its part in the play fails here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiogram.methods
import aiohttp
import pytest
from aiogram.methods import Response
from aiogram.types import Update
from pydantic import BaseModel

import bot.localchat
from bot.localchat.api import NAMES
from bot.localchat.server import LocalChat
from tests.bot.localchat.conftest import TOKEN, Api, Json, User, png
from tests.bot.localchat.test_rich import BLOCKS

KEYBOARD = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
COMMANDS = [{"command": "status", "description": "상태"}]
PLACES = ("administrator", "restricted", "member", "kicked", "left", "member")


async def test_every_answer_and_every_update_fits(chat: LocalChat, api: Api, owner: User) -> None:
    updates = await _play(api, owner)
    answers = [call for call in await owner.get("calls") if call["status"] == 200]
    assert {call["method"] for call in answers} == set(NAMES.values())
    for call in answers:
        _fits(call["method"], call["answer"])
    for update in updates:
        parsed = Update.model_validate(update)
        assert parsed.event_type
        assert list(_unknown(parsed)) == [], update
    assert {kind for update in updates for kind in update if kind != "update_id"} == _kinds_sent()


@pytest.mark.parametrize("old", PLACES)
@pytest.mark.parametrize("new", PLACES)
async def test_every_place_of_the_bot_in_a_group_fits(api: Api, owner: User, old: str, new: str) -> None:
    group = (await owner.post("group", bot_status=old))["chat_id"]
    await owner.post("group", chat_id=group, bot_status=new)
    for user_id in (owner.id, int(TOKEN.partition(":")[0]), 5):
        await owner.post("person", user_id=5)
        _fits("getChatMember", (await api.raw("getChatMember", chat_id=group, user_id=user_id))[1])
    _fits("getChatAdministrators", (await api.raw("getChatAdministrators", chat_id=group))[1])
    for update in await api.ok("getUpdates"):
        assert list(_unknown(Update.model_validate(update))) == []


async def _play(api: Api, owner: User) -> list[Json]:
    """Do everything once; return all the updates."""
    await api.ok("getUpdates", allowed_updates=[*_kinds_sent()])
    await _account(api, owner)
    await _chat_with_the_owner(api, owner)
    await _group(api, owner)
    updates: list[Json] = await api.ok("getUpdates")
    for name in ("setWebhook", "getWebhookInfo", "deleteWebhook", "getWebhookInfo", "logOut", "close"):
        await api.ok(name, url="https://x.example/")
    return updates


async def _account(api: Api, owner: User) -> None:
    await api.ok("getMe")
    await api.ok("setMyCommands", commands=COMMANDS)
    for name in ("getMyCommands", "deleteMyCommands", "getChatMenuButton"):
        await api.ok(name)
    for name in ("Name", "Description", "ShortDescription"):
        await api.ok(f"setMy{name}", name="n", description="d", short_description="s")
        await api.ok(f"getMy{name}")
    app = {"type": "web_app", "text": "x", "web_app": {"url": "https://x.example"}}
    for button in (app, {"type": "commands"}, {"type": "default"}):
        await api.ok("setChatMenuButton", chat_id=owner.id, menu_button=button)
        await api.ok("getChatMenuButton", chat_id=owner.id)


async def _chat_with_the_owner(api: Api, owner: User) -> None:
    typed = await owner.send("/status $AAPL https://x.example a@b.co #tag @somebody +15551234567")
    await owner.post("edit", message_id=typed, text="other words")
    await owner.post("react", message_id=typed, emoji="👍")
    sent = (await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=KEYBOARD))["message_id"]
    at: Json = {"chat_id": owner.id, "message_id": sent}
    query = await owner.press(sent, "b")
    await api.ok("answerCallbackQuery", callback_query_id=query, text="t")
    await api.ok("editMessageText", **at, text="<b>y</b> <a href='tg://user?id=5'>z</a>", parse_mode="HTML")
    await api.ok("editMessageReplyMarkup", **at, reply_markup=KEYBOARD)
    await api.ok("setMessageReaction", **at, reaction=[{"type": "emoji", "emoji": "🔥"}])
    reply = {"message_id": typed, "quote": "other"}
    await api.ok("sendMessage", chat_id=owner.id, text="reply", reply_parameters=reply, message_effect_id="1")
    await _media(api, owner)
    await api.ok("pinChatMessage", **at)
    await api.ok("getChat", chat_id=owner.id)
    await api.ok("unpinChatMessage", **at)
    await api.ok("unpinAllChatMessages", chat_id=owner.id)
    for name in ("copyMessage", "forwardMessage"):
        await api.ok(name, **at, from_chat_id=owner.id)
    await api.ok("sendChatAction", chat_id=owner.id, action="typing")
    await api.ok("sendMessageDraft", chat_id=owner.id, draft_id=7, text="x", can_stop=True)
    await owner.post("stop")
    await api.ok("getUserProfilePhotos", user_id=owner.id)
    await api.ok("deleteMessage", **at)
    await owner.press(sent, "b")  # on a message that is gone
    await api.ok("deleteMessages", chat_id=owner.id, message_ids=[typed])
    query = (await owner.post("inline", query="TQ"))["inline_query_id"]
    article = {"type": "article", "id": "1", "title": "T", "input_message_content": {"message_text": "T"}}
    await api.ok("answerInlineQuery", inline_query_id=query, results=[article])
    await owner.post("choose", inline_query_id=query, result_id="1")
    await owner.post("block")
    await owner.post("unblock")


async def _media(api: Api, owner: User) -> None:
    for kind in ("photo", "document", "animation", "audio", "video", "voice"):
        status, body = await api.upload(f"send{kind.title()}", {kind: png()}, chat_id=owner.id, caption="<i>c</i>")
        assert status == 200, body
        await api.ok("editMessageCaption", chat_id=owner.id, message_id=body["result"]["message_id"], caption="d")
    _, body = await api.upload("sendPhoto", {"photo": png()}, chat_id=owner.id)
    photo = body["result"]["photo"][0]["file_id"]
    await api.ok("getFile", file_id=photo)
    item = {"type": "photo", "media": photo}
    await api.ok(
        "editMessageMedia", chat_id=owner.id, message_id=body["result"]["message_id"], media={**item, "caption": "e"}
    )
    await api.ok("sendMediaGroup", chat_id=owner.id, media=[item, item])
    blocks = {"blocks": BLOCKS}
    status, body = await api.upload("sendRichMessage", {"chart": png(40, 20)}, chat_id=owner.id, rich_message=blocks)
    assert status == 200, body
    for kind in ("photo", "document"):
        form = aiohttp.FormData({"caption": "c"})
        form.add_field("file", png(), filename="a.png", content_type="image/png")
        async with api.http.post(f"{api.base}/user/{kind}", data=form) as response:
            assert response.status == 200


async def _group(api: Api, owner: User) -> None:
    group = (await owner.post("group", title="방", is_forum=True))["chat_id"]
    for place in PLACES:
        await owner.post("group", chat_id=group, bot_status=place)
    await owner.post("group", chat_id=group, bot_status="administrator")
    thread = (await api.ok("createForumTopic", chat_id=group, name="t"))["message_thread_id"]
    at: Json = {"chat_id": group, "message_thread_id": thread}
    await api.ok("sendMessage", **at, text="x")
    await owner.send("/status", chat_id=group, message_thread_id=thread)
    await owner.post("send", chat_id=group, text="/status", ephemeral=True)
    await owner.post("send", rich_message={"blocks": [{"type": "paragraph", "text": "/status"}]})
    only_to = {"receiver_user_id": owner.id}
    await api.ok("sendMessage", chat_id=group, text="x", ephemeral_message_parameters=only_to)
    for name in ("editForumTopic", "closeForumTopic", "reopenForumTopic", "deleteForumTopic"):
        await api.ok(name, **at, name="n")
    for name in ("getChat", "getChatAdministrators", "getChatMemberCount"):
        await api.ok(name, chat_id=group)
    await api.ok("getChatMember", chat_id=group, user_id=owner.id)
    old = (await owner.post("group", title="옛", type="group"))["chat_id"]
    await owner.post("fault", kind="migrate", chat_id=old)
    await api.ok("leaveChat", chat_id=group)


def _fits(method: str, answer: Json) -> None:
    """Parse an answer as aiogram would."""
    returns: Any = getattr(aiogram.methods, method[0].upper() + method[1:]).__returning__
    parsed = Response[returns].model_validate(answer)
    assert list(_unknown(parsed)) == [], (method, json.dumps(answer, ensure_ascii=False))


def _unknown(value: Any, at: str = "") -> Iterator[str]:
    """Return the places of fields that no model knows."""
    if isinstance(value, BaseModel):
        yield from (f"{at}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{at}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from _unknown(each, at)


def _kinds_sent() -> set[str]:
    """Return the kinds of updates that the server's source adds."""
    sources = Path(bot.localchat.__file__).parent.rglob("*.py")
    return {kind for path in sources for kind in re.findall(r'updates\.add\("(\w+)"', path.read_text(encoding="utf-8"))}

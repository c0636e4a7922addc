"""telegram-bot-api 3: getUpdates and polling."""

import asyncio

import pytest
from aiohttp import FormData

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import TOKEN, Api, User, png


async def test_updates_come_again_until_an_offset_confirms_them(api: Api, owner: User) -> None:
    await owner.send("one")
    await owner.send("two")
    first, second = await api.ok("getUpdates")
    assert second["update_id"] == first["update_id"] + 1
    assert await api.ok("getUpdates") == [first, second]
    assert await api.ok("getUpdates", offset=second["update_id"]) == [second]
    assert await api.ok("getUpdates", offset=second["update_id"] + 1) == []


async def test_a_negative_offset_keeps_the_end(api: Api, owner: User) -> None:
    for text in "abc":
        await owner.send(text)
    assert [u["message"]["text"] for u in await api.ok("getUpdates", offset=-1)] == ["c"]
    assert len(await api.ok("getUpdates")) == 1


async def test_limit(api: Api, owner: User) -> None:
    for text in "abc":
        await owner.send(text)
    assert len(await api.ok("getUpdates", limit=2)) == 2
    assert len(await api.ok("getUpdates", limit=0)) == 1


async def test_a_poll_is_answered_as_soon_as_something_arrives(api: Api, owner: User) -> None:
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        poll = group.create_task(api.ok("getUpdates", timeout=50))
        while not await owner.get("calls", method="getUpdates"):
            pass
        await owner.send("/start")
        assert (await poll)[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_a_second_poll_ends_the_first_with_409(api: Api, owner: User) -> None:
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        older = group.create_task(api.raw("getUpdates", timeout=50))
        while not await owner.get("calls", method="getUpdates"):
            pass
        assert await api.ok("getUpdates", timeout=0) == []
        status, body = await older
    assert status == 409
    assert body["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )


async def test_a_hurried_poll_is_held_and_gets_one_update_3_7(clock: ManualClock, api: Api) -> None:
    async with LocalChat(token=TOKEN, clock=clock) as chat, asyncio.timeout(10):
        fast, owner = Api(api.http, chat.url), User(api.http, chat.url, chat.owner_id)
        assert await fast.ok("getUpdates") == []
        clock.advance(1)
        async with asyncio.TaskGroup() as group:
            poll = group.create_task(fast.ok("getUpdates"))
            while len(await owner.get("calls", method="getUpdates")) < 2:
                pass
            await owner.send("one")
        assert [update["message"]["text"] for update in poll.result()] == ["one"]  # held, or it would be empty
        await owner.send("two")
        assert len(await fast.ok("getUpdates")) == 1
        clock.advance(3)
        assert len(await fast.ok("getUpdates")) == 2


async def test_the_first_update_id_is_no_small_number_3_8(api: Api, owner: User) -> None:
    await owner.send("x")
    assert (await api.ok("getUpdates"))[0]["update_id"] > 1_000


async def test_no_polling_while_a_webhook_is_set(api: Api) -> None:
    assert "An HTTPS URL must be provided" in await api.refused("setWebhook", url="http://x.y")
    await api.ok("setWebhook", url="https://example.com/hook")
    assert await api.refused("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await api.ok("deleteWebhook")
    assert await api.ok("getUpdates") == []


async def test_allowed_updates_are_remembered_and_applied_on_creation(api: Api, owner: User) -> None:
    await api.ok("getUpdates", allowed_updates=["callback_query"])
    await owner.send("not wanted")
    await api.ok("getUpdates", allowed_updates=["no such kind"])
    assert await api.ok("getUpdates") == []
    await owner.send("wanted again")
    assert len(await api.ok("getUpdates")) == 1


async def test_reactions_come_only_when_asked_for(api: Api, owner: User) -> None:
    message_id = await owner.send("x")
    await owner.post("react", message_id=message_id, emoji="👍")
    assert len(await api.ok("getUpdates")) == 1
    await api.ok("getUpdates", allowed_updates=["message_reaction"])
    await owner.post("react", message_id=message_id, emoji="")
    update = (await api.ok("getUpdates"))[-1]["message_reaction"]
    assert update["old_reaction"] == [{"type": "emoji", "emoji": "👍"}]
    assert update["new_reaction"] == []


async def test_old_updates_are_dropped_presses_first(api: Api, owner: User, clock: ManualClock) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=markup)
    await owner.send("kept for a day")
    await owner.press(sent["message_id"], "b")
    assert len(await api.ok("getUpdates")) == 2
    clock.advance(151)
    assert [list(update)[1] for update in await api.ok("getUpdates")] == ["message"]
    clock.advance(86_400)
    assert await api.ok("getUpdates") == []


async def test_delete_webhook_can_empty_the_queue(api: Api, owner: User) -> None:
    await owner.send("x")
    assert (await api.ok("getWebhookInfo"))["pending_update_count"] == 1
    await api.ok("deleteWebhook", drop_pending_updates=True)
    assert await api.ok("getUpdates") == []


async def test_blocking_and_unblocking_are_told(api: Api, owner: User) -> None:
    await owner.post("block")
    await owner.post("block")
    await owner.post("unblock")
    blocked, unblocked = (update["my_chat_member"] for update in await api.ok("getUpdates"))
    assert (blocked["old_chat_member"]["status"], blocked["new_chat_member"]["status"]) == ("member", "kicked")
    assert blocked["new_chat_member"]["until_date"] == 0
    assert unblocked["new_chat_member"]["status"] == "member"


async def test_a_person_edits_a_message(api: Api, owner: User) -> None:
    message_id = await owner.send("buy 1")
    await owner.post("edit", message_id=message_id, text="buy 2")
    update = (await api.ok("getUpdates"))[-1]["edited_message"]
    assert (update["message_id"], update["text"]) == (message_id, "buy 2")
    assert update["edit_date"]


@pytest.mark.parametrize("name", ["photo", "document"])
async def test_a_file_from_a_person_comes_with_ids_only(api: Api, owner: User, name: str) -> None:
    form = FormData({"user_id": str(owner.id), "caption": "see /this"})
    form.add_field("file", png(), filename="chart.png", content_type="image/png")
    async with owner.http.post(f"{owner.base}/user/{name}", data=form) as response:
        assert response.status == 200
    message = (await api.ok("getUpdates"))[0]["message"]
    assert message["caption"] == "see /this"
    file = message["photo"][-1] if name == "photo" else message["document"]
    path = (await api.ok("getFile", file_id=file["file_id"]))["file_path"]
    assert path.startswith(f"{name}s/file_")
    async with api.http.get(f"{api.base}/file/bot{api.token}/{path}") as response:
        assert await response.read() == png()

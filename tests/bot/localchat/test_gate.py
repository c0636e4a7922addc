"""The gate between bot and server: single calls are refused, delayed, lost or rewritten; the world changes at once."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.bot.localchat.conftest import Api, Json, User


async def test_a_refusal_meets_only_the_chat_it_names(api: Api, owner: User) -> None:
    group = (await owner.post("group", title="방"))["chat_id"]
    refusal = "Bad Request: not enough rights to send text messages to the chat"
    await owner.post("fault", kind="error", chat_id=group, code=400, description=refusal, seconds=60)
    await api.ok("sendMessage", chat_id=owner.id, text="x")
    for method in ("sendMessage", "editMessageText"):
        assert await api.refused(method, chat_id=group, message_id=1, text="x") == refusal


async def test_a_refusal_meets_only_the_words_it_names(api: Api, owner: User) -> None:
    await owner.post(
        "fault", kind="error", containing="손절", code=400, description="Bad Request: TOPIC_CLOSED", times=9
    )
    assert await api.refused("sendMessage", chat_id=owner.id, text="손절 주문") == "Bad Request: TOPIC_CLOSED"
    await api.ok("sendMessage", chat_id=owner.id, text="체결")


@pytest.mark.parametrize(
    ("fault", "description", "wait"),
    [
        ({"code": 429}, "Too Many Requests: retry after 1", {"retry_after": 1}),
        ({"code": 429, "retry_after": 0}, "Too Many Requests: retry later", None),
        ({"code": 406}, "Bad Request: injected", None),
        ({"code": 413}, "Request Entity Too Large", None),
    ],
)
async def test_refusals_by_code(api: Api, owner: User, fault: Json, description: str, wait: Json | None) -> None:
    await owner.post("fault", kind="error", method="getMe", **fault)
    status, body = await api.raw("getMe")
    assert (status, body["description"], body.get("parameters")) == (fault["code"], description, wait)


async def test_a_deed_can_be_done_and_refused_all_the_same(api: Api, owner: User) -> None:
    await owner.post("fault", kind="error_after_send", method="sendMessage", code=502, seconds=30)
    assert await api.refused("sendMessage", chat_id=owner.id, text="x") == "Bad Gateway"
    assert [message["text"] for message in await owner.messages()] == ["x"]


async def test_a_call_and_its_answer_can_be_rewritten(api: Api, owner: User) -> None:
    change: dict[str, Any] = {"params": {"text": "y"}, "result": {"date": 5, "from": {"first_name": None}}}
    await owner.post("fault", kind="rewrite", method="sendMessage", **change)
    sent = await api.ok("sendMessage", chat_id=owner.id, text="x")
    assert (sent["text"], sent["date"]) == ("y", 5)
    assert "first_name" not in sent["from"]
    assert [message["text"] for message in await owner.messages()] == ["y"]


async def test_rewriting_reaches_every_item_of_a_list(api: Api, owner: User) -> None:
    await owner.send("one")
    await owner.send("two")
    await owner.post("fault", kind="rewrite", method="getUpdates", result={"message": {"date": None}})
    assert ["date" in update["message"] for update in await api.ok("getUpdates")] == [False, False]
    assert ["date" in update["message"] for update in await api.ok("getUpdates")] == [True, True]


async def test_a_group_migrates(api: Api, owner: User) -> None:
    old = (await owner.post("group", title="방", type="group"))["chat_id"]
    assert (await api.ok("sendMessage", chat_id=old, text="x"))["chat"]["type"] == "group"
    new = (await owner.post("fault", kind="migrate", chat_id=old))["chat_id"]
    status, body = await api.raw("sendMessage", chat_id=old, text="x")
    assert (status, body["description"], body["parameters"]) == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": new},
    )
    assert (await api.ok("sendMessage", chat_id=new, text="x"))["chat"]["type"] == "supergroup"
    told = [update["message"] for update in await api.ok("getUpdates")]
    assert (told[0]["chat"]["id"], told[0]["migrate_to_chat_id"]) == (old, new)
    assert (told[1]["chat"]["id"], told[1]["migrate_from_chat_id"]) == (new, old)


async def test_a_migration_can_be_told_by_the_refusal_alone(api: Api, owner: User) -> None:
    old = (await owner.post("group", title="방", type="group"))["chat_id"]
    await owner.post("fault", kind="migrate", chat_id=old, to=-1_002_000_000_777, silent=True)
    assert await api.ok("getUpdates") == []
    _, body = await api.raw("sendChatAction", chat_id=old, action="typing")
    assert body["parameters"] == {"migrate_to_chat_id": -1_002_000_000_777}


async def test_a_webhook_left_by_somebody_stops_the_polls_until_it_is_deleted(api: Api, owner: User) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(api.raw("getUpdates", timeout=50))
        await _called(owner, "getUpdates")
        await owner.post("fault", kind="webhook", url="https://elsewhere.example/hook")
        assert (await poll)[0] == 409
    assert "webhook is active" in await api.refused("getUpdates")
    assert (await api.ok("getWebhookInfo"))["url"] == "https://elsewhere.example/hook"
    await api.ok("deleteWebhook")
    await api.ok("getUpdates")


async def test_a_second_poller_ends_the_waiting_poll_and_the_next_ones(api: Api, owner: User) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(api.raw("getUpdates", timeout=50))
        await _called(owner, "getUpdates")
        await owner.post("fault", kind="conflict", seconds=60)
        assert "terminated by other getUpdates request" in (await poll)[1]["description"]
    assert "only one bot instance" in await api.refused("getUpdates")
    await api.ok("getMe")


async def test_a_fault_of_the_polls_meets_the_bot_that_is_waiting_already(api: Api, owner: User) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(api.ok("getUpdates", timeout=50))
        await _called(owner, "getUpdates")
        await owner.post("fault", kind="error", method="getUpdates", code=502)
        assert await poll == []
    assert (await api.raw("getUpdates"))[0] == 502


async def test_an_update_that_nobody_can_read_stands_among_the_others(api: Api, owner: User) -> None:
    await owner.send("before")
    made = await owner.post("fault", kind="unreadable_update")
    own = {"my_chat_member": {"chat": {"id": 5}}}
    await owner.post("fault", kind="unreadable_update", update=own)
    await owner.send("after")
    updates = await api.ok("getUpdates")
    assert [update.get("message", {}).get("text") for update in updates] == ["before", "an old message", None, "after"]
    assert updates[1]["update_id"] == made["update_id"]
    assert updates[2] == {"update_id": made["update_id"] + 1, **own}


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "migrate", "chat_id": 5},
        {"kind": "migrate"},
        {"kind": "unreadable_update", "update": [1]},
        {"kind": "rewrite", "result": [1]},
    ],
)
async def test_impossible_misfortunes_are_refused_in_words(owner: User, body: Json) -> None:
    code, reason = await owner.refused("fault", **body)
    assert code == 400
    assert reason


async def test_a_fault_counts_only_the_calls_it_meets(api: Api, owner: User) -> None:
    await owner.post("fault", kind="timeout_after_send", containing="y", seconds=0, times=1)
    await api.ok("sendMessage", chat_id=owner.id, text="x")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api.raw("sendMessage", chat_id=owner.id, text="y")
    await api.ok("sendMessage", chat_id=owner.id, text="y")


async def _called(owner: User, method: str) -> None:
    async with asyncio.timeout(10):
        while not await owner.get("calls", method=method):
            pass

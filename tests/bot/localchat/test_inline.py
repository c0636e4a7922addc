"""Inline queries and what a bot hears of its place in groups (telegram-bot-api 3.9, 3.11)."""

from typing import Any

import pytest

from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import Api, User

ARTICLE = {"type": "article", "id": "1", "title": "TQQQ", "input_message_content": {"message_text": "TQQQ 60.41"}}


async def test_a_query_is_asked_answered_and_chosen(api: Api, owner: User) -> None:
    query_id = (await owner.post("inline", query="TQ"))["inline_query_id"]
    update = (await api.ok("getUpdates"))[0]["inline_query"]
    assert (update["id"], update["query"], update["offset"]) == (query_id, "TQ", "")
    await api.ok("answerInlineQuery", inline_query_id=query_id, results=[ARTICLE])
    assert await owner.get(f"inline/{query_id}") == {"answered": True, "results": [ARTICLE]}
    await owner.post("choose", inline_query_id=query_id, result_id="1")
    assert (await owner.messages())[0]["text"] == "TQQQ 60.41"
    kinds = [list(update)[1] for update in await api.ok("getUpdates")]
    assert kinds == ["inline_query", "message", "chosen_inline_result"]


@pytest.mark.parametrize(
    "results", ["{", {}, [3], [{"id": "1"}], [{"type": "article"}], [ARTICLE, ARTICLE], [{**ARTICLE, "id": "x" * 65}]]
)
async def test_impossible_results(api: Api, owner: User, results: Any) -> None:
    query_id = (await owner.post("inline", query=""))["inline_query_id"]
    assert (await api.raw("answerInlineQuery", inline_query_id=query_id, results=results))[0] == 400


async def test_late_and_unknown_answers(api: Api, owner: User, clock: ManualClock) -> None:
    query_id = (await owner.post("inline", query="a"))["inline_query_id"]
    clock.advance(31)
    assert await api.ok("getUpdates") == []
    for wrong in (query_id, "5"):
        assert "query is too old" in await api.refused("answerInlineQuery", inline_query_id=wrong, results=[])
    assert (await owner.refused("choose", inline_query_id=query_id, result_id="1"))[0] == 404
    assert (await owner.refused("choose", inline_query_id="5", result_id="1"))[0] == 404
    assert (await owner.refused("inline", query="x" * 257))[0] == 400


async def test_the_bot_hears_of_its_place_in_a_group(api: Api, owner: User) -> None:
    group = (await owner.post("group", title="방"))["chat_id"]
    await owner.post("group", chat_id=group, bot_status="administrator")
    await owner.post("group", chat_id=group, bot_status="kicked")
    promoted, kicked = (update["my_chat_member"] for update in await api.ok("getUpdates"))
    assert promoted["new_chat_member"]["status"] == "administrator"
    assert kicked["new_chat_member"]["until_date"] == 0
    assert (await owner.refused("group", chat_id=group, bot_status="king"))[0] == 400


async def test_the_bot_leaves_a_group(api: Api, owner: User) -> None:
    group = (await owner.post("group"))["chat_id"]
    await api.ok("leaveChat", chat_id=group)
    refusal = await api.refused("sendMessage", chat_id=group, text="x")
    assert refusal == "Forbidden: bot is not a member of the supergroup chat"
    assert (await api.raw("leaveChat", chat_id=owner.id))[0] == 400
    assert await api.ok("getUserProfilePhotos", user_id=owner.id) == {"total_count": 0, "photos": []}
    assert (await api.raw("getUserProfilePhotos", user_id=1))[0] == 400

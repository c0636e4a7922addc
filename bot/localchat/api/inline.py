"""Inline queries: `@bot something` typed in any chat (telegram-bot-api 3.9, 3.11)."""

from typing import Any

from bot.localchat.api.callbacks import TOO_OLD
from bot.localchat.model import Json
from bot.localchat.params import ApiCall, bad_request
from bot.localchat.world import ChatWorld

_LIFE_S = 30.0
_RESULT_LIMIT = 50


def answer_inline_query(world: ChatWorld, call: ApiCall) -> bool:
    results = read_results(call)
    query = world.inline_queries.get(call.text("inline_query_id"))
    if query is None or query.answered or world.clock.now() - query.created > _LIFE_S:
        raise bad_request(TOO_OLD)
    query.answered = True
    query.results = results
    world.hub.publish(query.person_id, "inline", {"inline_query_id": query.id, "results": results})
    return True


def read_results(call: ApiCall) -> list[Json]:
    """Return the results of a call. Raises ApiError for one without type or id, and for too many."""
    raw: Any = call.data("results", "can't parse inline query results JSON object")
    if not isinstance(raw, list):
        raise bad_request("expected an Array of inline query results")
    if len(raw) > _RESULT_LIMIT:
        raise bad_request("RESULTS_TOO_MUCH")
    for item in raw:
        if not isinstance(item, dict) or not item.get("type"):
            raise bad_request("can't parse inline query result: inline query result type must be non-empty")
        if not 1 <= len(str(item.get("id", "")).encode()) <= 64:
            raise bad_request("RESULT_ID_INVALID")
    ids = [str(item["id"]) for item in raw]
    if len(set(ids)) != len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    return raw


METHODS = {"answerInlineQuery": answer_inline_query}

"""Answers to presses on inline buttons (telegram-bot-api 6.8 to 6.10)."""

from bot.localchat.model import Query
from bot.localchat.params import ApiCall, bad_request
from bot.localchat.world import ChatWorld

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_TEXT_LIMIT = 200


def answer_callback_query(world: ChatWorld, call: ApiCall) -> bool:
    text = call.text("text")
    query = world.queries.get(call.text("callback_query_id"))
    if query is None or query.answered or is_expired(world, query):
        raise bad_request(TOO_OLD)
    if len(text) > _TEXT_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answered = True
    query.text = text
    query.show_alert = call.boolean("show_alert")
    query.url = call.text("url")
    world.save(query)
    answer = {"query_id": query.id, "chat_id": query.chat_id, "message_id": query.message_id}
    shown = {"text": query.text, "show_alert": query.show_alert, "url": query.url}
    world.hub.publish(query.person_id, "answer", {**answer, "data": query.data, **shown})
    return True


def is_expired(world: ChatWorld, query: Query) -> bool:
    return query.expired or world.clock.now() - query.created > world.query_life_s


METHODS = {"answerCallbackQuery": answer_callback_query}

"""Where a call is aimed at: the chat, the right to write there, the message replied to."""

from dataclasses import dataclass

from bot.localchat.model import Chat, ChatMessage, Json
from bot.localchat.params import ApiCall, bad_request, forbidden, migrated, whole
from bot.localchat.world import ChatWorld

REPLY_NOT_FOUND = "message to be replied not found"


def find_chat(world: ChatWorld, call: ApiCall, name: str = "chat_id") -> Chat:
    """Return the chat a parameter names. Raises ApiError in the words of telegram-bot-api 4.5."""
    raw = call.text(name).strip()
    if not raw:
        raise bad_request(f"{name} is empty")
    number = whole(raw)
    chat = world.chats.get(number) if number is not None else None
    if chat is not None:
        return chat
    if number == world.bot.id:
        raise forbidden("bot can't send messages to bots")
    if number in world.people:
        raise forbidden("bot can't initiate conversation with a user")
    raise bad_request("chat not found")


def check_access(world: ChatWorld, chat: Chat) -> None:
    """Refuse to write where the bot may not (telegram-bot-api 4.5 to 4.7)."""
    if not chat.is_private:
        if chat.migrated_to is not None:
            raise migrated(chat.migrated_to)
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        if chat.bot_status == "restricted":
            raise bad_request("not enough rights to send text messages to the chat")
        return
    person = world.person(chat.id)
    if person.deactivated:
        raise forbidden("user is deactivated")
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    if not person.started:
        raise forbidden("bot can't initiate conversation with a user")


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What a call wants to reply to, before it is known whether that exists."""

    message_id: int = 0
    without_reply: bool = False
    quote: str = ""
    other_chat: int | None = None


def read_reply(call: ApiCall) -> ReplyRequest:
    """Return the reply a call asks for. Raises ApiError for broken reply_parameters."""
    raw = call.data("reply_parameters", "can't parse reply parameters JSON object")
    if raw is None:
        return ReplyRequest(call.integer("reply_to_message_id"), call.boolean("allow_sending_without_reply"))
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply parameters")
    message_id = whole(raw.get("message_id"))
    if message_id is None:
        raise bad_request(
            'can\'t find field "message_id"' if "message_id" not in raw else "message_id must be a Number"
        )
    return ReplyRequest(
        message_id,
        raw.get("allow_sending_without_reply") in (True, "true", "True"),
        str(raw.get("quote") or ""),
        whole(raw.get("chat_id")),
    )


def find_reply(world: ChatWorld, chat: Chat, reply: ReplyRequest) -> tuple[int | None, Json]:
    """Return the id of the message replied to and the quote, if any. Raises ApiError (telegram-bot-api 4.8)."""
    if reply.message_id <= 0:
        return None, {}
    elsewhere = reply.other_chat is not None and reply.other_chat != chat.id
    original = None if elsewhere else world.message(chat.id, reply.message_id)
    if original is None or original.is_service:
        if reply.without_reply:
            return None, {}
        raise bad_request(REPLY_NOT_FOUND)
    if not reply.quote:
        return original.message_id, {}
    position = original.text.find(reply.quote)
    if position < 0:
        raise bad_request("QUOTE_TEXT_INVALID")
    return original.message_id, {"quote": {"text": reply.quote, "position": position, "is_manual": True}}


def read_thread(chat: Chat, call: ApiCall) -> Json:
    """Return the topic fields of a new message. Raises ApiError for a topic that is not there."""
    thread = call.integer("message_thread_id")
    if not thread:
        return {}
    if str(thread) not in chat.topics:
        raise bad_request("message thread not found")
    if chat.topics[str(thread)].get("closed"):
        raise bad_request("TOPIC_CLOSED")
    return {"message_thread_id": thread, "is_topic_message": True}


def find_message(world: ChatWorld, call: ApiCall, chat: Chat, complaint: str) -> ChatMessage:
    """Return the message a call names. Raises ApiError with the complaint."""
    found = world.message(chat.id, call.integer("message_id"))
    if found is None:
        raise bad_request(complaint)
    return found

"""A message as the bot gets it and as a person's screen shows it."""

from typing import Protocol

from bot.localchat.formatting.page_html import render
from bot.localchat.formatting.rich_html import render_rich
from bot.localchat.model import BotAccount, Chat, ChatMessage, Json, Person


class KnownWorld(Protocol):
    """Whom and what a message may speak of."""

    bot: BotAccount
    chats: dict[int, Chat]

    def person(self, person_id: int) -> Person: ...

    def message(self, chat_id: int, message_id: int) -> ChatMessage | None: ...


def user_of(world: KnownWorld, user_id: int) -> Json:
    return world.bot.to_user() if user_id == world.bot.id else world.person(user_id).to_user()


def api_chat(world: KnownWorld, chat: Chat) -> Json:
    """Return a Chat object (telegram-bot-api 2)."""
    if not chat.is_private:
        extra: Json = {"is_forum": True} if chat.is_forum else {}
        return {"id": chat.id, "type": chat.type, "title": chat.title, **extra}
    person: Person = world.person(chat.id)
    name: Json = {"username": person.username} if person.username else {}
    return {"id": chat.id, "type": "private", "first_name": person.first_name, **name}


def api_message(world: KnownWorld, message: ChatMessage, *, with_reply: bool = True) -> Json:
    """Return a Message object; the one it replies to comes without its own reply (telegram-bot-api 2)."""
    chat = world.chats[message.chat_id]
    body: Json = {
        "message_id": message.message_id,
        "from": user_of(world, message.sender_id),
        "chat": api_chat(world, chat),
        "date": message.date,
    }
    if message.edit_date is not None:
        body["edit_date"] = message.edit_date
    if with_reply and message.reply_to is not None:
        original = world.message(message.chat_id, message.reply_to)
        if original is not None:
            body["reply_to_message"] = api_message(world, original, with_reply=False)
    content = {key: value for key, value in message.content.items() if value != []}
    if "pinned_message_id" in content:
        pinned_id = content.pop("pinned_message_id")
        pinned = world.message(message.chat_id, pinned_id)
        content["pinned_message"] = (
            api_message(world, pinned, with_reply=False) if pinned else inaccessible(world, chat, pinned_id)
        )
    body |= content | message.extras
    if message.markup is not None:
        body["reply_markup"] = message.markup
    return body


def inaccessible(world: KnownWorld, chat: Chat, message_id: int) -> Json:
    return {"chat": api_chat(world, chat), "message_id": message_id, "date": 0}


def screen_message(world: KnownWorld, message: ChatMessage) -> Json:
    """Return a message for the user's side; a deleted one keeps its place but not its content."""
    chat = world.chats[message.chat_id]
    body: Json = {
        "id": message.message_id,
        "chat_id": message.chat_id,
        "from": user_of(world, message.sender_id),
        "date": message.date,
        "text": "",
        "entities": [],
        "html": "",
        "photo_url": None,
        "document_url": None,
        "reply_to": message.reply_to,
        "reply_markup": None,
        "edited_at": message.edit_date,
        "deleted": message.deleted,
        "silent": message.silent,
        "pinned": message.message_id in chat.pinned,
    }
    if message.deleted:
        return body
    body["text"] = message.text
    body["entities"] = message.entities
    rich = message.content.get("rich_message")
    body["html"] = render_rich(rich["blocks"]) if rich else render(message.text, message.entities)
    body["reply_markup"] = message.markup or message.keyboard
    body |= _file_fields(message)
    body |= {key: message.extras[key] for key in _SHOWN_EXTRAS if key in message.extras}
    if message.reactions:
        body["reactions"] = [reaction for given in message.reactions.values() for reaction in given]
    if message.is_service:
        body["service"] = message.content
    return body


_SHOWN_EXTRAS = (
    "media_group_id",
    "effect_id",
    "has_protected_content",
    "message_thread_id",
    "forward_origin",
    "show_caption_above_media",
    "has_media_spoiler",
    "link_preview_options",
    "quote",
)


def _file_fields(message: ChatMessage) -> Json:
    kind = message.media_kind
    if not kind:
        return {}
    if kind == "photo":
        largest = message.content["photo"][-1]
        return {
            "photo_url": f"/user/file/{largest['file_id']}",
            "photo_size": [largest["width"], largest["height"]],
        }
    file = message.content[kind]
    return {
        "document_url": f"/user/file/{file['file_id']}",
        "document_name": file.get("file_name", kind),
        "document_size": file.get("file_size", 0),
        "media_kind": kind,
    }

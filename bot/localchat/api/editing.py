"""Changing and removing messages (telegram-bot-api 7)."""

from bot.localchat.api.media import settle_media
from bot.localchat.api.sending import read_input_media, read_preview
from bot.localchat.api.targets import check_access, find_chat, find_message
from bot.localchat.api.texts import read_source, settle_caption, settle_text
from bot.localchat.markup import Markup, check_inline, read_markup
from bot.localchat.model import Chat, ChatMessage, Json
from bot.localchat.params import ApiCall, bad_request, whole
from bot.localchat.present import api_message
from bot.localchat.world import ChatWorld

NOT_FOUND = "message to edit not found"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_DELETE_S = 48 * 3600


def edit_message_text(world: ChatWorld, call: ApiCall) -> Json:
    if not call.text("text"):
        raise bad_request("message text is empty")
    source = read_source(call)
    markup = read_markup(call)
    preview = read_preview(call)
    message = _editable(world, call)
    if message.media_kind or message.is_service or "rich_message" in message.content:
        raise bad_request("there is no text in the message to edit")
    content = settle_text(world, source, too_long="MESSAGE_TOO_LONG") | preview
    return _apply(world, message, content, markup)


def edit_message_caption(world: ChatWorld, call: ApiCall) -> Json:
    source = read_source(call, "caption", "caption_entities")
    markup = read_markup(call)
    message = _editable(world, call)
    if not message.media_kind:
        raise bad_request("there is no caption in the message to edit")
    caption = settle_caption(world, source, too_long="MEDIA_CAPTION_TOO_LONG")
    kept = {name: value for name, value in message.content.items() if name not in ("caption", "caption_entities")}
    return _apply(world, message, kept | caption, markup)


def edit_message_media(world: ChatWorld, call: ApiCall) -> Json:
    raw = call.data("media", "can't parse input media JSON object")
    if raw is None:
        raise bad_request("there is no media in the request")
    source, caption = read_input_media(world, call, raw)
    markup = read_markup(call)
    message = _editable(world, call)
    if message.is_service or ("media_group_id" in message.extras and source.kind != message.media_kind):
        raise bad_request("message media can't be edited")
    words = settle_caption(world, caption)
    return _apply(world, message, settle_media(world, source) | words, markup)


def edit_message_reply_markup(world: ChatWorld, call: ApiCall) -> Json:
    markup = read_markup(call)
    message = _editable(world, call)
    return _apply(world, message, message.content, markup)


def _editable(world: ChatWorld, call: ApiCall) -> ChatMessage:
    """Return the bot's message that a call wants to change. Raises ApiError (telegram-bot-api 7.3, 7.4)."""
    if call.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    if not call.integer("message_id"):
        if not call.text("chat_id"):
            raise bad_request("message identifier is not specified")
        raise bad_request("message identifier is not specified" if "message_id" not in call.params else NOT_FOUND)
    chat = find_chat(world, call)
    message = find_message(world, call, chat, NOT_FOUND)
    if message.sender_id != world.bot.id or message.keyboard is not None or "forward_origin" in message.extras:
        raise bad_request("message can't be edited")
    return message


def _apply(world: ChatWorld, message: ChatMessage, content: Json, markup: Markup) -> Json:
    """Change a message; without a keyboard in the call the old one goes (telegram-bot-api 7.1, 7.2)."""
    chat = world.chats[message.chat_id]
    world.limits.spend(chat.id, is_group=not chat.is_private)
    if content == message.content and markup.inline == message.markup:
        raise bad_request(NOT_MODIFIED)
    check_inline(markup.inline)
    message.content = content
    message.markup = markup.inline
    message.edit_date = int(world.clock.now())
    world.show(message)
    return api_message(world, message)


def delete_message(world: ChatWorld, call: ApiCall) -> bool:
    chat = find_chat(world, call)
    message = find_message(world, call, chat, "message to delete not found")
    complaint = _undeletable(world, chat, message)
    if complaint:
        raise bad_request(complaint)
    world.delete(message)
    return True


def _undeletable(world: ChatWorld, chat: Chat, message: ChatMessage) -> str:
    """Return why a message cannot be deleted, empty when it can (telegram-bot-api 7.9)."""
    may_delete_others = chat.is_private or chat.bot_status == "administrator"
    if message.sender_id != world.bot.id and not may_delete_others:
        return "message can't be deleted"
    if world.clock.now() - message.date > _DELETE_S and chat.bot_status != "administrator":
        return "message can't be deleted for everyone"
    return ""


def delete_messages(world: ChatWorld, call: ApiCall) -> bool:
    raw = call.data("message_ids", "can't parse message identifiers JSON object")
    if not isinstance(raw, list):
        raise bad_request("expected an Array of message identifiers")
    if not 1 <= len(raw) <= 100:
        raise bad_request("too many message identifiers specified" if raw else "message identifiers are not specified")
    chat = find_chat(world, call)
    check_access(world, chat)
    for item in raw:
        message = world.message(chat.id, whole(item) or 0)
        if message is not None and not _undeletable(world, chat, message):
            world.delete(message)
    return True


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}

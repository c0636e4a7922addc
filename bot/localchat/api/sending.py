"""New messages from the bot (telegram-bot-api 4, 6, 8)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.localchat.api.media import MediaSource, media_from, read_media, settle_media
from bot.localchat.api.targets import ReplyRequest, check_access, find_chat, find_reply, read_reply, read_thread
from bot.localchat.api.texts import TextSource, parse_source, read_source, settle_caption, settle_text
from bot.localchat.formatting.rich import RichError, RichReader
from bot.localchat.markup import Markup, check_inline, read_markup
from bot.localchat.model import Chat, ChatMessage, Json
from bot.localchat.params import ApiCall, bad_request, whole
from bot.localchat.present import api_chat, api_message
from bot.localchat.world import ChatWorld

_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)
_ACTION_S = 5.0
_DRAFT_S = 30.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything of a send but its content, parsed in the order the real server parses it."""

    reply: ReplyRequest
    markup: Markup
    call: ApiCall


def open_envelope(call: ApiCall) -> Envelope:
    return Envelope(read_reply(call), read_markup(call), call)


@dataclass(frozen=True, slots=True)
class Target:
    """A chat the bot may write to and what the new message refers to there."""

    chat: Chat
    reply_to: int | None
    extras: Json


def find_address(world: ChatWorld, envelope: Envelope) -> Target:
    """Check chat, access, topic and the message replied to, in that order. Raises ApiError."""
    call = envelope.call
    chat = find_chat(world, call)
    check_access(world, chat)
    extras = read_thread(chat, call)
    reply_to, quote = find_reply(world, chat, envelope.reply)
    if call.boolean("protect_content"):
        extras["has_protected_content"] = True
    if chat.is_private and call.text("message_effect_id"):
        extras["effect_id"] = call.text("message_effect_id")
    return Target(chat, reply_to, extras | quote)


def deliver(world: ChatWorld, envelope: Envelope, address: Target, content: Json, count: int = 1) -> ChatMessage:
    """Make Telegram's last checks and put the message into the chat. Raises ApiError."""
    if count:
        paid = envelope.call.boolean("allow_paid_broadcast")
        world.limits.spend(address.chat.id, is_group=not address.chat.is_private, count=count, paid=paid)
    check_inline(envelope.markup.inline)
    return world.post(
        address.chat,
        world.bot.id,
        content,
        reply_to=address.reply_to,
        markup=envelope.markup.inline,
        keyboard=envelope.markup.keyboard,
        extras=address.extras,
        silent=envelope.call.boolean("disable_notification"),
    )


def send_message(world: ChatWorld, call: ApiCall) -> Json:
    if not call.text("text"):
        raise bad_request("message text is empty")
    source = read_source(call)
    envelope = open_envelope(call)
    preview = read_preview(call)
    address = find_address(world, envelope)
    content = settle_text(world, source) | preview
    if call.params.get("ephemeral_message_parameters"):
        return show_to_one(world, call, address.chat, content)
    return api_message(world, deliver(world, envelope, address, content))


def show_to_one(world: ChatWorld, call: ApiCall, chat: Chat, content: Json) -> Json:
    """Show a message of a group to one member alone; it stands in nobody's chat and has no id there (Bot API 10.2)."""
    raw = call.data("ephemeral_message_parameters", "can't parse ephemeral message parameters JSON object")
    receiver = whole(raw.get("receiver_user_id")) if isinstance(raw, dict) else None
    if chat.is_private or receiver not in chat.members:
        raise bad_request("ephemeral messages can be sent to members of groups only")
    number = int(world.settings.get("ephemeral", 0)) + 1
    world.set("ephemeral", number)
    message: Json = {
        "message_id": 0,
        "ephemeral_message_id": number,
        "from": world.bot.to_user(),
        "chat": api_chat(world, chat),
        "date": int(world.clock.now()),
        "receiver_user": world.person(receiver).to_user(),
        **{key: value for key, value in content.items() if value != []},
    }
    world.hub.publish(receiver, "ephemeral", message)
    return message


def read_preview(call: ApiCall) -> Json:
    raw = call.data("link_preview_options", "can't parse link preview options JSON object")
    if isinstance(raw, dict) and raw:
        return {"link_preview_options": raw}
    return {"link_preview_options": {"is_disabled": True}} if call.boolean("disable_web_page_preview") else {}


def _sender_of(kind: str) -> Callable[[ChatWorld, ApiCall], Json]:
    def send(world: ChatWorld, call: ApiCall) -> Json:
        source = read_media(world, call, kind, kind)
        caption = read_source(call, "caption", "caption_entities")
        envelope = open_envelope(call)
        address = find_address(world, envelope)
        words = settle_caption(world, caption)
        media = settle_media(world, source)
        return api_message(world, deliver(world, envelope, address, media | words | _media_flags(call)))

    return send


def _media_flags(call: ApiCall) -> Json:
    names = {"show_caption_above_media": "show_caption_above_media", "has_spoiler": "has_media_spoiler"}
    return {field: True for name, field in names.items() if call.boolean(name)}


def send_media_group(world: ChatWorld, call: ApiCall) -> list[Json]:
    """Send an album: 2 to 10 pictures, or as many documents, without a keyboard (telegram-bot-api 8.8)."""
    raw = call.data("media", "can't parse media JSON object")
    if not isinstance(raw, list):
        raise bad_request("expected an Array of InputMedia")
    if not raw or len(raw) > 10:
        raise bad_request("wrong number of messages to send" if raw else "there are no messages to send")
    items = [read_input_media(world, call, item) for item in raw]
    kinds = {source.kind for source, _ in items}
    if len(kinds) > 1 and not kinds <= {"photo", "video"}:
        raise bad_request("document can't be mixed with other media types")
    envelope = Envelope(read_reply(call), Markup(), call)
    address = find_address(world, envelope)
    words = [settle_caption(world, caption) for _, caption in items]
    world.limits.spend(address.chat.id, is_group=not address.chat.is_private, count=len(items))
    contents = [settle_media(world, source) | caption for (source, _), caption in zip(items, words, strict=True)]
    group = str(secrets.randbelow(9 * 10**16) + 10**16) if len(contents) > 1 else ""
    if group:
        address.extras["media_group_id"] = group
    sent = [deliver(world, envelope, address, content, count=0) for content in contents]
    return [api_message(world, message) for message in sent]


def read_input_media(world: ChatWorld, call: ApiCall, raw: object) -> tuple[MediaSource, TextSource]:
    """Return file and caption of an InputMedia object. Raises ApiError."""
    prefix = "can't parse InputMedia: "
    if not isinstance(raw, dict):
        raise bad_request(f"{prefix}expected an Object")
    kind = str(raw.get("type", ""))
    if kind not in ("photo", "document", "animation", "audio", "video"):
        raise bad_request(f"{prefix}type must be one of photo, document, animation, audio, video")
    if not raw.get("media"):
        raise bad_request(f"{prefix}media not found")
    source = media_from(world, call, str(raw["media"]), kind)
    return source, parse_source(
        str(raw.get("caption") or ""), str(raw.get("parse_mode") or ""), raw.get("caption_entities")
    )


def send_chat_action(world: ChatWorld, call: ApiCall) -> bool:
    action = call.text("action").strip().lower()
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = find_chat(world, call)
    check_access(world, chat)
    world.actions[chat.id] = (action, world.clock.now() + _ACTION_S)
    world.tell(chat, "action", {"action": action, "seconds": _ACTION_S})
    return True


def send_message_draft(world: ChatWorld, call: ApiCall) -> bool:
    """Show a text in the making for 30 seconds (telegram-bot-api 9.9)."""
    draft_id = call.integer("draft_id")
    source = read_source(call)
    chat = find_chat(world, call)
    check_access(world, chat)
    if not chat.is_private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if not draft_id:
        raise bad_request("RANDOM_ID_INVALID")
    content: Json = settle_text(world, source) if source.text.strip() else {"text": "", "entities": []}
    world.drafts[chat.id] = {
        "draft_id": draft_id,
        "can_stop": call.boolean("can_stop"),
        "until": world.clock.now() + _DRAFT_S,
        **content,
    }
    world.tell_draft(chat)
    return True


def send_rich_message(world: ChatWorld, call: ApiCall) -> Json:
    """Send blocks; the HTML and Markdown forms of a rich message are refused (telegram-bot-api 9.10)."""
    raw = call.data("rich_message", "can't parse rich message JSON object")

    def media(kind: str, item: object) -> Json:
        source, _ = read_input_media(world, call, item)
        if source.kind != kind:
            raise bad_request(f"can't parse rich message: expected a {kind}")
        return settle_media(world, source)

    envelope = open_envelope(call)
    address = find_address(world, envelope)
    try:
        content = {"rich_message": RichReader(media).message(raw)}
    except RichError as error:
        raise bad_request(f"can't parse rich message: {error}") from None
    return api_message(world, deliver(world, envelope, address, content))


def copy_message(world: ChatWorld, call: ApiCall) -> Json:
    """Send the content of a message again without saying where it came from."""
    caption = read_source(call, "caption", "caption_entities") if "caption" in call.params else None
    envelope = open_envelope(call)
    original = _original(world, call, "message to copy not found")
    address = find_address(world, envelope)
    content = dict(original.content)
    if caption is not None and original.media_kind:
        content = {original.media_kind: content[original.media_kind]} | settle_caption(world, caption)
    if original.is_service:
        raise bad_request("message can't be copied")
    return {"message_id": deliver(world, envelope, address, content).message_id}


def forward_message(world: ChatWorld, call: ApiCall) -> Json:
    original = _original(world, call, "message to forward not found")
    envelope = Envelope(ReplyRequest(), Markup(), call)
    address = find_address(world, envelope)
    if original.is_service:
        raise bad_request("message can't be forwarded")
    sender = api_message(world, original)["from"]
    address.extras["forward_origin"] = {"type": "user", "sender_user": sender, "date": original.date}
    return api_message(world, deliver(world, envelope, address, dict(original.content)))


def _original(world: ChatWorld, call: ApiCall, complaint: str) -> ChatMessage:
    source = find_chat(world, call, "from_chat_id")
    found = world.message(source.id, call.integer("message_id"))
    if found is None:
        raise bad_request(complaint)
    return found


METHODS = {
    "sendMessage": send_message,
    "sendPhoto": _sender_of("photo"),
    "sendDocument": _sender_of("document"),
    "sendAnimation": _sender_of("animation"),
    "sendAudio": _sender_of("audio"),
    "sendVideo": _sender_of("video"),
    "sendVoice": _sender_of("voice"),
    "sendMediaGroup": send_media_group,
    "sendChatAction": send_chat_action,
    "sendMessageDraft": send_message_draft,
    "sendRichMessage": send_rich_message,
    "copyMessage": copy_message,
    "forwardMessage": forward_message,
}

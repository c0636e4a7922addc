"""Texts and captions of a call, parsed, tidied and measured (telegram-bot-api 4 and 5)."""

from dataclasses import dataclass
from typing import Any

from bot.localchat.formatting.entity import EXPLICIT, Entity
from bot.localchat.formatting.html import MarkupError, parse_html
from bot.localchat.formatting.legacy_markdown import parse_markdown
from bot.localchat.formatting.links import checked_link, is_time_format
from bot.localchat.formatting.markdown import parse_markdown_v2
from bot.localchat.formatting.tidy import EntityError, tidy
from bot.localchat.model import Json
from bot.localchat.params import ApiCall, bad_request, whole
from bot.localchat.world import ChatWorld

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
_SOURCE_LIMIT = 32_768
_ENTITY_LIMIT = 100
_PARSERS = {"html": parse_html, "markdown": parse_markdown, "markdownv2": parse_markdown_v2}


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text whose markup has been parsed but which has not been checked against a chat."""

    text: str
    entities: list[Entity]


def read_source(call: ApiCall, name: str = "text", entities_name: str = "entities") -> TextSource:
    """Parse a text parameter by its parse_mode or entities. Raises ApiError in the words of the real server."""
    return parse_source(call.text(name), call.text("parse_mode"), call.data(entities_name, _BROKEN_ENTITIES))


_BROKEN_ENTITIES = "can't parse entities JSON object"


def parse_source(text: str, parse_mode: str, explicit: Any) -> TextSource:
    """Parse a text; a parse mode beats explicit entities."""
    if len(text.encode(errors="replace")) > _SOURCE_LIMIT:
        raise bad_request("text is too long")
    mode = parse_mode.strip().lower()
    if mode and mode != "none":
        if mode not in _PARSERS:
            raise bad_request("unsupported parse_mode")
        try:
            return TextSource(*_PARSERS[mode](text))
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}") from None
    return TextSource(text, _explicit(explicit))


def settle_text(
    world: ChatWorld, source: TextSource, *, limit: int = TEXT_LIMIT, too_long: str = "message is too long"
) -> Json:
    """Return `text` and `entities` as Telegram keeps them. Raises ApiError for nothing or too much."""
    text, entities = _settled(world, source)
    if not text:
        raise bad_request("text must be non-empty")
    if len(text) > limit:
        raise bad_request(too_long)
    return {"text": text, "entities": entities}


def settle_caption(world: ChatWorld, source: TextSource, too_long: str = "message caption is too long") -> Json:
    """Return `caption` and `caption_entities`, nothing at all for an empty caption."""
    text, entities = _settled(world, source)
    if len(text) > CAPTION_LIMIT:
        raise bad_request(too_long)
    return {"caption": text, "caption_entities": entities} if text else {}


def typed(text: str) -> Json:
    """Return what a person typed, with the entities Telegram adds by itself."""
    clean, entities = tidy(text, [])
    return {"text": clean, "entities": [entity.to_json() for entity in entities]}


def _settled(world: ChatWorld, source: TextSource) -> tuple[str, list[Json]]:
    try:
        text, entities = tidy(source.text, [e for e in (_known(world, e) for e in source.entities) if e])
    except EntityError as error:
        raise bad_request(str(error)) from None
    return text, [entity.to_json() for entity in entities][:_ENTITY_LIMIT]


def _known(world: ChatWorld, entity: Entity) -> Entity | None:
    """Fill in the person of a mention; a mention of somebody unknown is dropped."""
    if entity.type != "text_mention":
        return entity
    person = world.people.get(int(entity.data["user"]["id"]))
    return Entity(entity.type, entity.offset, entity.length, {"user": person.to_user()}) if person else None


def _explicit(raw: Any) -> list[Entity]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    return [entity for entity in (_one(item) for item in raw) if entity]


def _one(raw: Any) -> Entity | None:
    """Return one given entity; kinds that Telegram finds by itself are ignored."""
    if not isinstance(raw, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    offset, length = whole(raw.get("offset")), whole(raw.get("length"))
    for name, value in (("offset", offset), ("length", length)):
        if value is None:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
    kind = str(raw.get("type", ""))
    if offset is None or length is None or kind not in EXPLICIT:
        return None
    return Entity(kind, offset, length, _data(kind, raw))


def _data(kind: str, raw: Json) -> Json:
    if kind == "text_link":
        url = checked_link(str(raw.get("url", "")))
        if not url:
            raise bad_request(f"entity URL '{raw.get('url', '')}' is invalid: Wrong HTTP URL")
        return {"url": url}
    if kind == "text_mention":
        user = raw.get("user")
        user_id = whole(user.get("id")) if isinstance(user, dict) else None
        if user_id is None:
            raise bad_request("can't parse MessageEntity: Can't find field \"user\"")
        return {"user": {"id": user_id}}
    if kind == "pre" and raw.get("language"):
        return {"language": str(raw["language"])}
    if kind == "custom_emoji":
        emoji = str(raw.get("custom_emoji_id", ""))
        if not emoji.isdecimal() or not int(emoji):
            raise bad_request("invalid custom emoji identifier specified")
        return {"custom_emoji_id": emoji}
    if kind == "date_time":
        shape = str(raw.get("date_time_format", ""))
        if not is_time_format(shape):
            raise bad_request("invalid date format used")
        unix = whole(raw.get("unix_time")) or 0
        if unix <= 0:
            raise bad_request("invalid date specified")
        return {"unix_time": unix, **({"date_time_format": shape} if shape else {})}
    return {}

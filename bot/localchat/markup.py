"""Keyboards: what the server accepts, and in which words it refuses (telegram-bot-api 6)."""

from dataclasses import dataclass
from typing import Any

from bot.localchat.formatting.links import checked_link, is_https
from bot.localchat.model import Json
from bot.localchat.params import ApiCall, bad_request

_ACTIONS = (
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)
_STYLES = ("primary", "success", "danger")
_REPLY_ACTIONS = ("request_contact", "request_location", "request_poll", "request_users", "request_chat", "web_app")
_BUTTON_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Markup:
    """What came as reply_markup: an inline keyboard, or something for the person's own keyboard."""

    inline: Json | None = None
    keyboard: Json | None = None


def read_markup(call: ApiCall, name: str = "reply_markup") -> Markup:
    """Return the keyboard of a call. Raises ApiError for one that the server cannot parse."""
    raw = call.data(name, "can't parse reply keyboard markup JSON object")
    if raw is None:
        return Markup()
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in raw:
        rows = [[_inline_button(b) for b in row] for row in _rows(raw, "inline_keyboard", "InlineKeyboardMarkup")]
        rows = [row for row in rows if row]
        return Markup(inline={"inline_keyboard": rows} if rows else None)
    if "keyboard" in raw:
        return Markup(keyboard=_reply_keyboard(raw))
    if raw.get("remove_keyboard") is True:
        return Markup(keyboard={"remove_keyboard": True, **_selective(raw)})
    if raw.get("force_reply") is True:
        return Markup(keyboard={"force_reply": True, **_placeholder(raw), **_selective(raw)})
    return Markup()


def check_inline(markup: Json | None) -> None:
    """Make the checks that Telegram itself makes last. Raises ApiError."""
    if markup is None:
        return
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > _BUTTON_LIMIT:
        raise bad_request("reply markup is too long")
    for button in buttons:
        if "callback_data" in button and len(button["callback_data"].encode()) > 64:
            raise bad_request("BUTTON_DATA_INVALID")
        if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _rows(raw: Json, name: str, kind: str) -> list[list[Any]]:
    rows = raw[name]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{name}" of the {kind} must be an Array of Arrays')
    return rows


def _inline_button(raw: Any) -> Json:
    prefix = "can't parse inline keyboard button: "
    if not isinstance(raw, dict):
        raise bad_request(f"{prefix}InlineKeyboardButton must be an Object")
    text = _button_text(raw, prefix)
    button: Json = {"text": text}
    if raw.get("icon_custom_emoji_id"):
        button["icon_custom_emoji_id"] = str(raw["icon_custom_emoji_id"])
    if raw.get("style"):
        if raw["style"] not in _STYLES:
            raise bad_request(f"{prefix}invalid button style specified")
        button["style"] = raw["style"]
    action = next((name for name in _ACTIONS if _is_given(raw, name)), None)
    if action is None:
        raise bad_request(f"{prefix}Text buttons are unallowed in the inline keyboard")
    button[action] = _action(action, raw[action], prefix)
    return button


def _is_given(raw: Json, name: str) -> bool:
    """Return whether a button has this action; empty texts count only where Telegram lets them."""
    if name not in raw or raw[name] is None or raw[name] is False:
        return False
    return raw[name] != "" or name in ("switch_inline_query", "switch_inline_query_current_chat")


def _button_text(raw: Json, prefix: str) -> str:
    if "text" not in raw:
        raise bad_request(f'{prefix}Can\'t find field "text"')
    text = raw["text"]
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        raise bad_request(f'{prefix}Field "text" must be of type String')
    if not str(text).strip():
        raise bad_request(f"{prefix}Button text must be non-empty")
    return str(text)


def _action(name: str, value: Any, prefix: str) -> Any:
    if name == "url":
        link = checked_link(str(value))
        if not link:
            raise bad_request(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
        return link
    if name in ("web_app", "login_url"):
        link = str(value.get("url", "")) if isinstance(value, dict) else ""
        if not link:
            raise bad_request(f'{prefix}Can\'t find field "url"')
        if name == "web_app" and not is_https(link):
            raise bad_request(f"inline keyboard button Web App URL '{link}' is invalid: Only HTTPS links are allowed")
        return value
    if name == "copy_text":
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            raise bad_request(f'{prefix}Can\'t find field "text"')
        return {"text": value["text"]}
    if name in ("callback_data", "switch_inline_query", "switch_inline_query_current_chat"):
        if isinstance(value, dict | list):
            raise bad_request(f'{prefix}Field "{name}" must be of type String')
        return str(value)
    return value if isinstance(value, dict | bool) else {}


def _reply_keyboard(raw: Json) -> Json:
    rows = [[_reply_button(b) for b in row] for row in _rows(raw, "keyboard", "ReplyKeyboardMarkup")]
    keyboard: Json = {"keyboard": [row for row in rows if row]}
    for flag in ("resize_keyboard", "is_persistent", "one_time_keyboard"):
        if raw.get(flag) is True:
            keyboard[flag] = True
    return {**keyboard, **_placeholder(raw), **_selective(raw)}


def _reply_button(raw: Any) -> Json:
    prefix = "can't parse keyboard button: "
    if isinstance(raw, str):
        raw = {"text": raw}
    if not isinstance(raw, dict):
        raise bad_request(f"{prefix}KeyboardButton must be a String or an Object")
    button: Json = {"text": _button_text(raw, prefix)}
    if raw.get("style") in _STYLES:
        button["style"] = raw["style"]
    for action in _REPLY_ACTIONS:
        if raw.get(action):
            button[action] = raw[action]
    return button


def _placeholder(raw: Json) -> Json:
    text = raw.get("input_field_placeholder")
    if not text:
        return {}
    return {"input_field_placeholder": str(text)[:64]}


def _selective(raw: Json) -> Json:
    return {"selective": True} if raw.get("selective") is True else {}

"""The bot itself: its account, commands and menu (telegram-bot-api 9.1, 9.3, 9.4, 9.7)."""

import re
from typing import Any

from bot.localchat.model import Chat, Json
from bot.localchat.params import ApiCall, bad_request, whole
from bot.localchat.world import ChatWorld

_NAME = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_PLAIN_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
_TEXTS = {"name": 64, "description": 512, "short_description": 120}


def get_me(world: ChatWorld, _call: ApiCall) -> Json:
    return {
        **world.bot.to_user(),
        "can_join_groups": True,
        "can_read_all_group_messages": world.bot.reads_all_group_messages,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": world.bot.has_topics,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
    }


def set_my_commands(world: ChatWorld, call: ApiCall) -> bool:
    commands = _read_commands(call)
    key = _commands_key(world, call)
    table: dict[str, list[Json]] = dict(world.settings.get("commands", {}))
    if commands:
        table[key] = commands
    else:
        table.pop(key, None)
    world.set("commands", table)
    world.tell_menus()
    return True


def get_my_commands(world: ChatWorld, call: ApiCall) -> list[Json]:
    table: dict[str, list[Json]] = world.settings.get("commands", {})
    return table.get(_commands_key(world, call), [])


def delete_my_commands(world: ChatWorld, call: ApiCall) -> bool:
    table: dict[str, list[Json]] = dict(world.settings.get("commands", {}))
    table.pop(_commands_key(world, call), None)
    world.set("commands", table)
    world.tell_menus()
    return True


def _read_commands(call: ApiCall) -> list[Json]:
    raw = call.data("commands", "can't parse commands JSON object")
    if not isinstance(raw, list):
        raise bad_request("expected an Array of BotCommand" if raw is not None else "parameter commands is required")
    if len(raw) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_read_command(item) for item in raw]


def _read_command(raw: Any) -> Json:
    if not isinstance(raw, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    for name in ("command", "description"):
        if not isinstance(raw.get(name), str):
            raise bad_request(f"can't parse BotCommand: Can't find field \"{name}\"")
    command, description = raw["command"].strip().removeprefix("/"), raw["description"].strip()
    if not command:
        raise bad_request("command must be non-empty")
    if len(command) > 32:
        raise bad_request("command length must not exceed 32")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > 256:
        raise bad_request("command description length must not exceed 256")
    if not _NAME.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": command, "description": description}


def _commands_key(world: ChatWorld, call: ApiCall) -> str:
    language = call.text("language_code")
    if language and not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return f"{_scope_key(world, call)}|{language}"


def _scope_key(world: ChatWorld, call: ApiCall) -> str:
    raw = call.data("scope", "can't parse BotCommandScope JSON object")
    if raw is None:
        return "default"
    if not isinstance(raw, dict):
        raise bad_request("can't parse BotCommandScope: expected an Object")
    kind = str(raw.get("type", ""))
    if kind in _PLAIN_SCOPES:
        return kind
    if kind not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat = world.chats.get(whole(raw.get("chat_id")) or 0)
    if chat is None:
        raise bad_request("chat not found")
    if kind == "chat":
        return f"chat:{chat.id}"
    if chat.is_private:
        raise bad_request("can't use specified scope in private chats")
    member = f":{whole(raw.get('user_id')) or 0}" if kind == "chat_member" else ""
    return f"{kind}:{chat.id}{member}"


def menu_of(world: ChatWorld, chat: Chat, language: str) -> list[Json]:
    """Return the commands a person sees in a chat: the first list that exists (telegram-bot-api 9.4)."""
    table: dict[str, list[Json]] = world.settings.get("commands", {})
    group = "all_private_chats" if chat.is_private else "all_group_chats"
    for scope in (f"chat:{chat.id}", group, "default"):
        for code in (language[:2], ""):
            if f"{scope}|{code}" in table:
                return table[f"{scope}|{code}"]
    return []


def _setter_of(field: str) -> Any:
    def set_text(world: ChatWorld, call: ApiCall) -> bool:
        text = call.text(field).strip()
        if len(text) > _TEXTS[field]:
            raise bad_request(f"bot {field.replace('_', ' ')} is too long")
        world.set(f"{field}|{call.text('language_code')}", text)
        return True

    return set_text


def _getter_of(field: str) -> Any:
    def get_text(world: ChatWorld, call: ApiCall) -> Json:
        fallback = world.bot.first_name if field == "name" else ""
        plain = world.settings.get(f"{field}|", fallback) or fallback
        return {field: world.settings.get(f"{field}|{call.text('language_code')}", plain) or plain}

    return get_text


def set_chat_menu_button(world: ChatWorld, call: ApiCall) -> bool:
    raw = call.data("menu_button", "can't parse menu button JSON object")
    button = _read_menu_button(raw)
    if not call.text("chat_id"):
        world.set("menu_button", button)
    else:
        chat = world.chats.get(call.integer("chat_id"))
        if chat is None or not chat.is_private:
            raise bad_request("chat not found" if chat is None else "can't set menu button in this chat")
        chat.menu_button = None if button["type"] == "default" else button
        world.save(chat)
    world.tell_menus()
    return True


def _read_menu_button(raw: Any) -> Json:
    if raw is None:
        return {"type": "default"}
    if not isinstance(raw, dict) or raw.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    if raw["type"] != "web_app":
        return {"type": raw["type"]}
    link = raw.get("web_app", {}).get("url", "") if isinstance(raw.get("web_app"), dict) else ""
    if not link.startswith("https://"):
        raise bad_request(f"menu button Web App URL '{link}' is invalid: Only HTTPS links are allowed")
    return {"type": "web_app", "text": str(raw.get("text", "")), "web_app": {"url": link}}


def get_chat_menu_button(world: ChatWorld, call: ApiCall) -> Json:
    chat = world.chats.get(call.integer("chat_id")) if call.text("chat_id") else None
    return menu_button_of(world, chat)


def menu_button_of(world: ChatWorld, chat: Chat | None) -> Json:
    """Return the menu button of a chat, or the one for all."""
    own = chat.menu_button if chat else None
    common: Json = world.settings.get("menu_button", {"type": "default"})
    return own or ({"type": "commands"} if common["type"] == "default" else common)


def log_out(_world: ChatWorld, _call: ApiCall) -> bool:
    return True


METHODS = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    **{f"setMy{name}": _setter_of(field) for name, field in (("Name", "name"), ("Description", "description"))},
    **{f"getMy{name}": _getter_of(field) for name, field in (("Name", "name"), ("Description", "description"))},
    "setMyShortDescription": _setter_of("short_description"),
    "getMyShortDescription": _getter_of("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "logOut": log_out,
    "close": log_out,
}

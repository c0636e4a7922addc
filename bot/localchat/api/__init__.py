"""The methods of the Bot API, by name in small letters (telegram-bot-api 1.2)."""

from collections.abc import Callable
from typing import Any

from bot.localchat.api import account, callbacks, chats, editing, files, inline, polling, sending
from bot.localchat.params import ApiCall
from bot.localchat.world import ChatWorld

Method = Callable[[ChatWorld, ApiCall], Any]

_MODULES = (account, callbacks, chats, editing, files, inline, polling, sending)
METHODS: dict[str, Method] = {name.lower(): method for module in _MODULES for name, method in module.METHODS.items()}
METHODS["getupdates"] = polling.get_updates
NAMES: dict[str, str] = {name.lower(): name for module in _MODULES for name in module.METHODS} | {
    "getupdates": "getUpdates"
}

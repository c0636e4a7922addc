"""Says to a listed person that what they sent could not be read; it was not carried out, and they must know."""

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from bot.i18n.language_choice import Languages
from bot.i18n.translator import Tongue
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.transport.sender import Sender
from bot.ui.blocks import block
from bot.ui.screen import ViewContext
from strategy.model import Clock

log = logging.getLogger(__name__)

_FROM_PEOPLE = ("message", "edited_message", "callback_query")
_SAID_AGAIN = timedelta(seconds=30)  # of several in a row one answer is enough


class UnreadableUpdates:
    """Looks into an update that no model fits for who sent it, and for nothing else."""

    def __init__(
        self,
        sender: Sender,
        users: Collection[int],
        chats: Callable[[], Collection[int]],
        ui: Callable[[Tongue], ViewContext],
        languages: Languages,
        *,
        wall: Clock,
    ) -> None:
        self._sender = sender
        self._users = users
        self._chats = chats
        self._ui = ui
        self._languages = languages
        self._wall = wall
        self._said: dict[int, datetime] = {}

    async def __call__(self, raw: Mapping[str, Any]) -> None:
        for kind in _FROM_PEOPLE:
            user_id, chat_id = _id(raw.get(kind), "from"), _id(raw.get(kind), "chat")
            if user_id not in self._users or chat_id not in (0, user_id, *self._chats()):
                continue
            if chat_id not in (0, user_id) and not _for_us(raw[kind]):
                continue
            where, now = chat_id or user_id, self._wall.now()
            if (said_at := self._said.get(where)) is not None and now - said_at < _SAID_AGAIN:
                continue
            self._said[where] = now
            ui = self._ui(await self._languages.of(user_id))
            said = ui.t("⚠️ Telegram sent something of yours in a form I cannot read. Nothing was done. Type it anew.")
            with suppress(*TELEGRAM_FAILURES):
                await self._sender.send(where, ui.screen(block(said), keyboard=((ui.home(),),)))


def _for_us(message: Any) -> bool:
    """Return whether a group's message looks like one that the bot is asked: people talk to each other there, too."""
    text, answered = message.get("text"), message.get("reply_to_message")
    sender = answered.get("from") if isinstance(answered, dict) else None
    to_a_bot = isinstance(sender, dict) and sender.get("is_bot") is True
    return to_a_bot or (isinstance(text, str) and (text.startswith("/") or "@" in text))


def _id(payload: Any, field: str) -> int:
    """Return an id out of an update nobody could read; 0 where there is none."""
    found = payload.get(field) if isinstance(payload, dict) else None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) else 0

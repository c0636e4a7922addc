"""Finds out whether a message whose answers were lost is in the chat: whoever replies to a message is shown it.

A bot cannot read a chat. But the answer to a send holds the message that it replies to, so a short silent message that
is taken away at once tells what stands at an id. It is asked only about rows that were repeated in vain.
See decision 0136.
"""

import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from aiogram.types import ReplyParameters

from bot.alerts.alert_channel import AlertChat
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.ui.blocks import split
from bot.ui.screen import Screen

log = logging.getLogger(__name__)

_MOST = 8  # ids looked at for one row
_FAR = 200  # how far back, where nothing is known of what came before
_REMEMBERED = 500


@dataclass(slots=True)
class _Sought:
    """What was sent without an answer, and the newest message that was known to be in the chat before."""

    chat_id: int
    after: int
    words: list[str] = field(default_factory=list)


class MessageLookup:
    """One chat's."""

    def __init__(self, chat: AlertChat) -> None:
        self._chat = chat
        self._bot = chat.bot
        self._known: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)  # chat and id of what is there for certain
        self._sought: dict[int, _Sought] = {}

    def saw(self, message_id: int) -> None:
        """Remember a message that is in the chat for certain, and is none of those looked for."""
        self._known.append((self._chat.id, message_id))

    def lost(self, row_id: int, screen: Screen) -> None:
        """Remember what was sent without an answer; what takes several messages is not looked for."""
        chat_id = self._chat.id
        newest = max((message_id for chat, message_id in self._known if chat == chat_id), default=0)
        sought = self._sought.setdefault(row_id, _Sought(chat_id, newest))
        if len(split(screen.blocks)) == 1:
            sought.words.append(screen.text.strip())

    def seeks(self, row_id: int) -> bool:
        return row_id in self._sought

    def forget(self, row_id: int) -> None:
        self._sought.pop(row_id, None)

    async def found(self, row_id: int, words: str, thread: int | None) -> int | None:
        """Return the message that tells a row, None where none was found; `words` stand in the chat for a moment.

        Raises TELEGRAM_FAILURES.
        """
        sought = self._sought.get(row_id)
        if sought is None or not sought.words or sought.chat_id != self._chat.id:
            return None
        first = sought.after + 1 if sought.after else None
        newest, text = await self._shown_at(first, words, thread)
        if first is not None and sought_in(text, sought.words):
            return first
        others = range(sought.after + 2, newest) if sought.after else range(newest - 1, max(newest - _FAR, 0), -1)
        unknown = (each for each in others if (self._chat.id, each) not in self._known)
        for message_id in islice(unknown, _MOST):
            _, text = await self._shown_at(message_id, words, thread)
            if sought_in(text, sought.words):
                return message_id
        log.info("lost message not found", extra={"row": row_id})
        return None

    async def _shown_at(self, message_id: int | None, words: str, thread: int | None) -> tuple[int, str]:
        """Return the id of a message sent just now, and what the bot said at the id that it asks about."""
        reply = None
        if message_id is not None:
            reply = ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
        made = await self._bot.send_message(
            self._chat.id, words, disable_notification=True, message_thread_id=thread, reply_parameters=reply
        )
        self._chat.gate.fine()
        self.saw(made.message_id)
        with suppress(*TELEGRAM_FAILURES):
            await self._bot.delete_message(self._chat.id, made.message_id)
        there = made.reply_to_message
        ours = there is not None and there.from_user is not None and there.from_user.id == self._bot.id
        return made.message_id, (there.text or "") if there is not None and ours else ""


def sought_in(text: str, words: list[str]) -> bool:
    """Return whether a message says any of what was sent, also below a mark."""
    return bool(text) and any(each in text for each in words)

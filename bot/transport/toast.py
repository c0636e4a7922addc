"""The answer to one press: given once, it comes through where a message does not (telegram-bot-api 6.8, 4.11)."""

import logging

from aiogram import Bot

from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.ui.blocks import clean

log = logging.getLogger(__name__)

_MOST = 200  # characters


class Toast:
    """What the person reads over the chat for a moment, or has to close; without a press there is none."""

    def __init__(self, bot: Bot, query_id: str | None) -> None:
        self._bot = bot
        self._query_id = query_id

    async def say(self, words: str = "", *, to_close: bool = False) -> bool:
        """Answer the press; return whether these words were shown. No words only end the button's waiting."""
        query_id, self._query_id = self._query_id, None
        if query_id is None:
            return False
        text = clean(words).strip()
        text = text if len(text) <= _MOST else text[: _MOST - 1] + "…"
        try:
            await self._bot.answer_callback_query(query_id, text=text or None, show_alert=to_close or None)
        except TELEGRAM_FAILURES as error:  # too old to be answered is no reason not to act
            log.info("press not answered", extra={"error": type(error).__name__, "words": bool(text)})
            return False
        return True

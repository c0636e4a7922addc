"""Where the answer to one update goes: into a new message, or in place of the one whose button was pressed."""

import logging
from collections.abc import Awaitable, Callable

from aiogram.exceptions import TelegramRetryAfter

from bot.failures import TELEGRAM_FAILURES
from bot.screen import Screen
from bot.sending import Gone, Speaker
from strategy.clock import Clock

log = logging.getLogger(__name__)

_TRIES = 3
_LONGEST_WAIT_S = 30


class Stage:
    """Answers one person. A failure to answer is logged, never raised: what was asked for has been done."""

    def __init__(self, speaker: Speaker, wall: Clock, chat_id: int, pressed: int | None = None) -> None:
        self._speaker = speaker
        self._wall = wall
        self._chat_id = chat_id
        self.pressed = pressed  # the message under the button

    async def show(self, screen: Screen) -> None:
        """Show a screen in place of the pressed message, or as a new one."""
        if self.pressed is None:
            await self.say(screen)
            return
        message_id = self.pressed

        async def edit() -> None:
            try:
                await self._speaker.edit(self._chat_id, message_id, screen)
            except Gone:
                await self._speaker.send(self._chat_id, screen)

        await self._patiently(edit)

    async def say(self, screen: Screen, *, reply_to: int | None = None) -> None:
        """Send a new message."""
        sent: list[int] = []

        async def send() -> None:
            await self._speaker.send(self._chat_id, screen, reply_to=reply_to, sent=sent)

        await self._patiently(send)

    async def _patiently(self, call: Callable[[], Awaitable[None]]) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                await call()
            except TelegramRetryAfter as error:
                if attempt == _TRIES or error.retry_after > _LONGEST_WAIT_S:
                    log.warning("answer not sent", extra={"error": "too many requests"})
                    return
                await self._wall.sleep(error.retry_after)
            except TELEGRAM_FAILURES as error:
                log.warning("answer not sent", extra={"error": type(error).__name__})
                return
            else:
                return

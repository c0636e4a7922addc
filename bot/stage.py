"""Where the answer to one update goes: into a new message, or in place of the one whose button was pressed."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from aiogram.exceptions import TelegramRetryAfter

from bot.access import for_role
from bot.failures import TELEGRAM_FAILURES
from bot.role import Role
from bot.screen import Screen
from bot.sending import Gone, Speaker
from strategy.clock import Clock

log = logging.getLogger(__name__)

_TRIES = 3
_LONGEST_WAIT_S = 30


class Stage:
    """Answers one person. A failure to answer is logged, never raised: what was asked for has been done.

    Buttons that the person's role may not press are left out.
    """

    def __init__(self, speaker: Speaker, wall: Clock, chat_id: int, role: Role, pressed: int | None = None) -> None:
        self._speaker = speaker
        self._wall = wall
        self._chat_id = chat_id
        self._role = role
        self.pressed = pressed  # the message under the button

    async def show(self, screen: Screen) -> None:
        """Show a screen in place of the pressed message, or as a new one."""
        await self.show_at(self.pressed, screen)

    async def show_at(self, message_id: int | None, screen: Screen) -> None:
        """Show a screen in place of a message; as a new one where there is none any more."""
        if message_id is None:
            await self.say(screen)
            return

        async def edit() -> None:
            try:
                await self._speaker.edit(self._chat_id, message_id, self._for_role(screen))
            except Gone:
                await self._speaker.send(self._chat_id, self._for_role(screen))

        await self._patiently(edit)

    async def say(self, screen: Screen, *, reply_to: int | None = None) -> int | None:
        """Send a new message and return its id, None where it could not be sent."""
        sent: list[int] = []

        async def send() -> None:
            await self._speaker.send(self._chat_id, self._for_role(screen), reply_to=reply_to, sent=sent)

        await self._patiently(send)
        return sent[-1] if sent else None

    async def hand_over(self, files: Sequence[tuple[str, bytes, str]]) -> None:
        """Send documents, each a name, its content, and a caption of at most 1024 characters."""
        for name, content, caption in files:

            async def send(name: str = name, content: bytes = content, caption: str = caption) -> None:
                await self._speaker.send_document(self._chat_id, name, content, caption)

            await self._patiently(send)

    def _for_role(self, screen: Screen) -> Screen:
        return replace(screen, keyboard=for_role(screen.keyboard, self._role))

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

"""Where the answer to one update goes: into a new message, or in place of the one whose button was pressed."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

from aiogram.exceptions import TelegramRetryAfter

from bot.access import for_role
from bot.buttons import opening_aside
from bot.failures import TELEGRAM_FAILURES, Failure, failure
from bot.first_hand import FirstHand
from bot.role import Role
from bot.screen import Screen
from bot.sending import Gone, Speaker
from strategy.clock import Clock
from strategy.events import Event

log = logging.getLogger(__name__)

_TRIES = 3
_LONGEST_WAIT_S = 30


class Stage:
    """Answers one person. A failure to answer is logged, never raised: what was asked for has been done.

    Buttons that the person's role may not press are left out.
    """

    def __init__(
        self,
        speaker: Speaker,
        wall: Clock,
        first_hand: FirstHand,
        *,
        chat_id: int,
        user_id: int,
        role: Role,
        pressed: int | None = None,
    ) -> None:
        self._speaker = speaker
        self._wall = wall
        self._first_hand = first_hand
        self._chat_id = chat_id
        self._user_id = user_id
        self._role = role
        self.pressed = pressed  # the message under the button

    def answering(self) -> AbstractContextManager[None]:
        """Have the alerts of what the person does in the block wait for the answer that `tell` gives in it."""
        return self._first_hand.answering(self._chat_id, self._user_id)

    async def tell(self, screen: Screen, news: Sequence[Event], *, anew: bool = False) -> None:
        """Show what the person did; the alerts of these events need not come where this stands in their place.

        So it is not overwritten either: its buttons open their screens in new messages.
        """
        if not news:
            await (self.say(screen) if anew else self.show(screen))
            return
        kept = replace(screen, keyboard=opening_aside(screen.keyboard))
        rows = await self._first_hand.begin(self._chat_id, news)
        shown, failed = await self._put(None if anew else self.pressed, kept)
        await self._first_hand.end(rows, shown, failed)

    async def show(self, screen: Screen) -> None:
        """Show a screen in place of the pressed message, or as a new one."""
        await self.show_at(self.pressed, screen)

    async def show_at(self, message_id: int | None, screen: Screen) -> None:
        """Show a screen in place of a message; as a new one where there is none any more."""
        await self._put(message_id, screen)

    async def say(self, screen: Screen, *, reply_to: int | None = None) -> int | None:
        """Send a new message and return its id, None where it could not be sent."""
        return (await self._put(None, screen, reply_to=reply_to))[0]

    async def _put(
        self, message_id: int | None, screen: Screen, *, reply_to: int | None = None
    ) -> tuple[int | None, Failure | None]:
        """Show a screen; return the message it stands in, or None and why it does not."""
        if message_id is not None and self._first_hand.stands_in(self._chat_id, message_id):
            message_id = None
        shown = self._for_role(screen)
        sent: list[int] = []

        async def put() -> None:
            if message_id is not None and not sent:
                with suppress(Gone):
                    await self._speaker.edit(self._chat_id, message_id, shown)
                    return
            await self._speaker.send(self._chat_id, shown, reply_to=reply_to, sent=sent)

        failed = await self._patiently(put)
        if failed is not None:
            return None, failed
        return (sent[-1] if sent else message_id), None

    async def hand_over(self, files: Sequence[tuple[str, bytes, str]]) -> None:
        """Send documents, each a name, its content, and a caption of at most 1024 characters."""
        for name, content, caption in files:

            async def send(name: str = name, content: bytes = content, caption: str = caption) -> None:
                await self._speaker.send_document(self._chat_id, name, content, caption)

            await self._patiently(send)

    def _for_role(self, screen: Screen) -> Screen:
        return replace(screen, keyboard=for_role(screen.keyboard, self._role))

    async def _patiently(self, call: Callable[[], Awaitable[None]]) -> Failure | None:
        """Try a few times; return why it failed, None where it did not."""
        attempt = 0
        while True:
            attempt += 1
            try:
                await call()
            except TelegramRetryAfter as error:
                if attempt == _TRIES or error.retry_after > _LONGEST_WAIT_S:
                    log.warning("answer not sent", extra={"error": "too many requests"})
                    return Failure.FLOOD
                await self._wall.sleep(error.retry_after)
            except TELEGRAM_FAILURES as error:
                log.warning("answer not sent", extra={"error": type(error).__name__})
                return failure(error)
            else:
                return None

"""Answers that Telegram wants to have much later: they come as soon as it takes them; what was asked for is done.
See decision 0133."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.transport.api_errors import LATE_ANSWER_PAUSES, TELEGRAM_FAILURES, Failure, failure, pause_after
from bot.transport.sender import Sender
from bot.ui.screen import Screen
from strategy.model import Clock
from strategy.runtime import wait_until_or

log = logging.getLogger(__name__)

_MOST = 50  # answers; older ones tell nothing that is still of use
_TRIES = 5


@dataclass(slots=True)
class _Late:
    chat_id: int
    screen: Screen
    due: datetime  # real time
    thread: int | None = None
    tries: int = 0


class LateAnswers:
    """Every chat's late answers, in order."""

    def __init__(self, sender: Sender, wall: Clock) -> None:
        self._sender = sender
        self._wall = wall
        self._waiting: deque[_Late] = deque(maxlen=_MOST)
        self._put = asyncio.Event()

    def put(self, chat_id: int, screen: Screen, seconds: float, *, thread: int | None = None) -> None:
        """Show a screen in a new message once that time has passed."""
        self._waiting.append(_Late(chat_id, screen, self._wall.now() + timedelta(seconds=seconds), thread))
        self._put.set()

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            self._put.clear()
            if self._waiting and self._waiting[0].due <= self._wall.now():
                await self._answer(self._waiting.popleft())
            else:
                await wait_until_or(self._wall, self._waiting[0].due if self._waiting else None, self._put)

    async def _answer(self, late: _Late) -> None:
        try:
            await self._sender.send(late.chat_id, late.screen, thread=late.thread)
        except TELEGRAM_FAILURES as error:
            pause = pause_after(error, late.tries, LATE_ANSWER_PAUSES)
            late.tries += 1
            log.info("late answer not sent", extra={"error": type(error).__name__, "tries": late.tries})
            if late.tries < _TRIES and failure(error) is not Failure.DOUBTFUL:
                late.due = self._wall.now() + timedelta(seconds=pause)
                self._waiting.appendleft(late)

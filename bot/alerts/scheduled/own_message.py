"""A message that tells of no single row: sent to its topic, and once more where its answer was lost."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiogram.exceptions import TelegramBadRequest

from bot.alerts.alert_channel import AlertChat
from bot.transport.api_errors import TELEGRAM_FAILURES, Failure
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import resent_note
from strategy.model import Topic

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a try came to."""

    settled: bool  # sent, or twice without an answer, which is enough
    message_id: int | None


class OwnMessage:
    """One kind's. The second try is marked and makes no sound; there is no third."""

    def __init__(self, chat: AlertChat, topic: Topic) -> None:
        self._chat = chat
        self._topic = topic
        self._doubtful = False  # it may have arrived although no answer came

    async def send(self, make: Callable[[ViewContext], Screen]) -> Attempt:
        """Send what is made at that moment; a failure is logged and heeded, never raised."""
        chat, again, begun = self._chat, self._doubtful, False
        try:
            thread = await chat.topics.thread(self._topic)
            ui = await chat.ui()
            screen = make(ui)
            if again:
                await chat.ask_for_an_answer(thread)
                screen = screen.under(resent_note(ui))
            begun = True
            message_id = await chat.sender.send(chat.id, screen, thread=thread, silent=again)
        except TELEGRAM_FAILURES as error:
            log.warning("own message not sent", extra={"topic": self._topic, "error": type(error).__name__})
            lost = await chat.heed(error) is Failure.DOUBTFUL and begun
            if isinstance(error, TelegramBadRequest):
                await chat.topics.refused(self._topic, error)
            self._doubtful = again is not lost
            return Attempt(again and lost, None)
        self._doubtful = False
        return Attempt(settled=True, message_id=message_id)

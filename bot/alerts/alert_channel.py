"""The chat that alerts go to, and what it takes to write there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat

from bot.transport.api_errors import TELEGRAM_FAILURES, Failure, asked_pause, failure
from bot.transport.chat_address import ChatAddress
from bot.transport.send_gate import SendGate
from bot.transport.sender import Sender
from bot.transport.topics import Topics
from bot.ui.screen import ViewContext
from strategy.model import AlertRules, Clock
from strategy.ports import ChatMessages, Notes, Outbox

GRACE_S = 3.0  # what a send or an edit under way gets at a cancellation, to be answered and noted


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChat:
    """Shared by the deliverer and by whatever else writes there unasked."""

    address: ChatAddress
    bot: Bot
    sender: Sender
    topics: Topics
    gate: SendGate  # holds everything that is written to this chat
    orders_first: Callable[[], Awaitable[None]]  # returns when no order is on its way out
    ui: Callable[[], Awaitable[ViewContext]]  # in the chat's language, at the moment of sending
    rules: Callable[[], AlertRules]
    outbox: Outbox
    notes: Notes
    messages: ChatMessages
    wall: Clock

    @property
    def id(self) -> int:
        return self.address.id

    async def ask_for_an_answer(self, thread: int | None) -> None:
        """Ask for nothing but an answer: while none comes, what may be there already is not sent once more."""
        try:
            await self.bot.send_chat_action(self.id, "typing", message_thread_id=thread)
        except TELEGRAM_FAILURES as error:
            if failure(error) is not Failure.REFUSED:  # which is an answer, and says nothing about the message
                raise
        self.gate.answered()

    async def heed(self, error: Exception) -> Failure:
        """Do what a failed call asks of everybody who writes here: follow a chat that moved, wait out a flood."""
        kind = failure(error)
        if isinstance(error, TelegramMigrateToChat):
            await self.address.follow(error.migrate_to_chat_id)
        elif kind is Failure.FLOOD:
            self.gate.failed(kind, asked_pause(error))
        return kind

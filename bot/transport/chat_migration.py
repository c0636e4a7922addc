"""Goes with the alert chat when Telegram gives it another id, which happens when a group becomes a supergroup.

A refused call tells the new id, and so do service messages. What is known is kept for the next start, and the owner is
told which line of `.env` to correct. See decision 0143.
"""

import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import TelegramObject, Update

from bot.transport.chat_address import ChatAddress
from strategy.model import Clock, Said, StorageError, Trouble
from strategy.ports import Notes

log = logging.getLogger(__name__)


class MigrationNote(StrEnum):
    MOVED = "migration.moved"


MOVED = "chat_moved"  # the key of what tells of it


async def address_of(configured: int, notes: Notes, clock: Clock) -> ChatAddress:
    """Return where the configured chat was when it was last heard of; where it goes next is kept and told."""
    stored = await notes.get(_key(configured))
    address = ChatAddress(int(stored) if stored else configured)
    if address.id != configured:
        address.former.add(configured)
    address.on_move(ChatMoveNotes(notes, clock, configured))
    return address


class ChatMoveNotes:
    """Keeps where the chat has gone, and tells it."""

    def __init__(self, notes: Notes, clock: Clock, configured: int) -> None:
        self._notes = notes
        self._clock = clock
        self._configured = configured

    async def __call__(self, old: int, new: int) -> None:
        log.warning("alert chat has another id", extra={"old": old, "new": new})
        what = Said(MigrationNote.MOVED, old=old, new=new)
        told = Trouble(at=self._clock.now(), key=MOVED, what=what)
        try:
            await self._notes.put(_key(self._configured), str(new), [told])
        except StorageError as error:  # the next refused call tells the new id again
            log.warning("new chat id not noted", extra={"error": type(error).__name__})


class FollowedCalls(BaseRequestMiddleware):
    """Sends anew what was refused because the chat has moved; what concerns a message there is left to fail."""

    def __init__(self, address: ChatAddress) -> None:
        self._address = address

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        try:
            return await make_request(bot, method)
        except TelegramMigrateToChat as error:
            if getattr(method, "chat_id", None) == self._address.id:
                await self._address.follow(error.migrate_to_chat_id)
            elif getattr(method, "chat_id", None) not in self._address.former:
                raise
            if getattr(method, "message_id", None) is not None:
                raise  # its number means another message in the new chat
            return await make_request(bot, method.model_copy(update={"chat_id": self._address.id, **_NOT_CARRIED}))


_NOT_CARRIED: dict[str, None] = {"reply_parameters": None, "message_thread_id": None}


class FollowedUpdates(BaseMiddleware):
    """Heeds the service message that tells of the move, whoever switched it on."""

    def __init__(self, address: ChatAddress) -> None:
        self._address = address

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        message = event.message if isinstance(event, Update) else None
        if message is not None and message.migrate_to_chat_id and message.chat.id == self._address.id:
            await self._address.follow(message.migrate_to_chat_id)
            return None
        if message is not None and message.migrate_from_chat_id == self._address.id:
            await self._address.follow(message.chat.id)
            return None
        return await handler(event, data)


def _key(configured: int) -> str:
    return f"chat.moved.{configured}"

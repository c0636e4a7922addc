"""What is said to the bot and what is not: in a group people talk to each other, and other bots have commands, too.

Also puts words that come in newer clothes (a rich message, a mention before them) into the plain ones handlers read.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.middlewares.user_context import EVENT_CHAT_KEY, EVENT_CONTEXT_KEY, EventContext
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    CallbackQuery,
    Chat,
    EphemeralMessageParameters,
    Message,
    RichMessage,
    TelegramObject,
    Update,
)
from pydantic import BaseModel

from bot.i18n.sentences import both
from bot.input.command_filter import addressed
from bot.transport.api_errors import TELEGRAM_FAILURES
from strategy.model import Said


class AddressingNote(StrEnum):
    START_FIRST = "addressing.start_first"


_START_FIRST = Said(AddressingNote.START_FIRST)
Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]  # what a middleware hands on to


class Spoken(BaseMiddleware):
    """Lets through, of a group's messages, what the bot is asked: its commands, answers to it, words that name it."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        message = event.message if isinstance(event, Update) else None
        if not isinstance(event, Update) or message is None:
            return await handler(event, data)
        words = message.text
        if words is None and message.rich_message is not None:
            words = plain(message.rich_message)
        if message.chat.type != "private":
            bot: Bot = data["bot"]
            words = await _for_us(message, words, bot)
            if words is None:
                return None
        if words != message.text:
            event = event.model_copy(update={"message": message.model_copy(update={"text": words})})
        return await handler(event, data)


class Privately(BaseMiddleware):
    """Answers what only the bot could see where only the person can: in the private chat, never in the group."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        user = data.get("event_from_user")
        if isinstance(event, Update) and user is not None and is_ephemeral(event.message or event.callback_query):
            if not await _reachable(data["bot"], user.id, data["event_chat"].id):
                return None
            chat = Chat(id=user.id, type="private", first_name=user.first_name)
            data |= {EVENT_CHAT_KEY: chat, EVENT_CONTEXT_KEY: EventContext(chat=chat, user=user)}
            data.pop("event_thread_id", None)
        return await handler(event, data)


def is_ephemeral(event: Message | CallbackQuery | None) -> bool:
    """Return whether only one person and the bot see a message, or the one under a pressed button."""
    message = event.message if isinstance(event, CallbackQuery) else event
    return isinstance(message, Message) and message.ephemeral_message_id is not None


def plain(rich: RichMessage) -> str:
    """Return the words of a rich message, a line for each block."""
    return "\n".join(filter(None, (_words(block).strip() for block in rich.blocks)))


def _words(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(_words(each) for each in part)
    if not isinstance(part, BaseModel):
        return ""
    for name, between in (("text", ""), ("blocks", "\n"), ("items", "\n")):
        inner = getattr(part, name, None)
        if isinstance(inner, list) and between:
            return between.join(_words(each) for each in inner)
        if inner is not None:
            return _words(inner)
    return ""


async def _reachable(bot: Bot, user_id: int, group_id: int) -> bool:
    """Return whether the person can be answered in private; else say so to this person alone."""
    try:
        await bot.send_chat_action(user_id, "typing")
    except (TelegramForbiddenError, TelegramBadRequest):
        only_to = EphemeralMessageParameters(receiver_user_id=user_id)
        with suppress(*TELEGRAM_FAILURES):
            await bot.send_message(group_id, both(_START_FIRST), ephemeral_message_parameters=only_to)
        return False
    except TELEGRAM_FAILURES:
        return True  # the answer will tell
    return True


async def _for_us(message: Message, words: str | None, bot: Bot) -> str | None:
    """Return the words of a group's message that the bot is asked, None where it is not."""
    me = await bot.me()
    if words is not None and words.startswith("/"):
        return words if addressed(words, me.username) else None
    if words is not None and me.username:
        rest = re.sub(rf"@{re.escape(me.username)}(?!\w)", " ", words, count=1, flags=re.IGNORECASE)
        if rest != words:
            return " ".join(rest.split())
    answered = message.reply_to_message
    begins_topic = answered is not None and answered.forum_topic_created is not None  # "answered" by all in the topic
    to_us = answered is not None and answered.from_user is not None and answered.from_user.id == bot.id
    return words if to_us and not begins_topic else None

"""Answer types stay: building one anew would hold up the event loop in the middle of a session."""

import gc
from typing import Any
from weakref import ref

import pytest
from aiogram import Bot
from aiogram.methods import GetChat, GetForumTopicIconStickers, Response, SendMessage, TelegramMethod
from aiogram.types import ChatFullInfo

from bot.transport.response_types import AnswerTypes


def answer_type(method: type[TelegramMethod[Any]]) -> ref[type]:
    return ref(Response[method.__returning__])  # type: ignore[name-defined]


def test_the_types_of_common_answers_outlive_a_collection() -> None:
    types = AnswerTypes()
    message, icons = answer_type(SendMessage), answer_type(GetForumTopicIconStickers)
    gc.collect()
    assert message() is not None
    assert icons() is None  # what happens to those that nobody keeps
    del types


@pytest.mark.asyncio
async def test_the_type_of_any_answer_is_kept_once_it_was_needed() -> None:
    types = AnswerTypes()
    asked = GetChat(chat_id=1)

    async def request(bot: Bot, method: TelegramMethod[ChatFullInfo]) -> Response[ChatFullInfo]:
        return Response[ChatFullInfo](ok=True, description=f"{bot.id} {type(method).__name__}")

    async with Bot("1:a").context() as bot:
        answered = await types(request, bot, asked)
    assert answered.description == "1 GetChat"
    kept = answer_type(GetChat)
    del answered
    gc.collect()
    assert kept() is not None

"""Keeps what Telegram's answers are read with.

aiogram names the type of an answer anew for each request (`Response[Message]`), and pydantic holds such types weakly:
once the garbage collector has taken one, the next answer builds it again, which stops the event loop for 10 ms.
"""

from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import AnswerCallbackQuery, EditMessageText, Response, SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.transport.polling import RawUpdates

_FROM_THE_START = (
    RawUpdates,
    SendMessage,
    EditMessageText,
    AnswerCallbackQuery,
)  # the first alert is not held up either


class AnswerTypes(BaseRequestMiddleware):
    """Holds on to the answer type of every method that is used."""

    def __init__(self) -> None:
        self._kept: dict[Any, type] = {}
        for method in _FROM_THE_START:
            self._keep(method)

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        self._keep(type(method))
        return await make_request(bot, method)

    def _keep(self, method: type[TelegramMethod[Any]]) -> None:
        returned = method.__returning__
        if returned not in self._kept:
            self._kept[returned] = Response[returned]  # type: ignore[valid-type]

"""Whether Telegram answers: noted beside every request, for /health. Polls that fail are `hearing`'s."""

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramNetworkError,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.transport.polling import RawUpdates
from strategy.model import Clock
from strategy.runtime.probes import TelegramState

_NO_ANSWER = (TelegramNetworkError, TelegramServerError, TelegramUnauthorizedError)


class Reachability(BaseRequestMiddleware):
    """Remembers the newest answer and the newest failure. A refused request is an answer, too."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._state = TelegramState(answered_at=None, failed_at=None, error="")

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        try:
            response = await make_request(bot, method)
        except _NO_ANSWER as error:
            if not isinstance(method, RawUpdates):
                self._failed(error)
            raise
        except TelegramAPIError:
            self._answered()
            raise
        self._answered()
        return response

    def state(self) -> TelegramState:
        return self._state

    def _answered(self) -> None:
        old = self._state
        self._state = TelegramState(answered_at=self._wall.now(), failed_at=old.failed_at, error=old.error)

    def _failed(self, error: Exception) -> None:
        self._state = TelegramState(
            answered_at=self._state.answered_at, failed_at=self._wall.now(), error=type(error).__name__
        )

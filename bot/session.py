"""aiogram's HTTP session, with every refusal told by its status, also where Telegram or a proxy gives nothing else.

aiogram knows a 429 by its `retry_after` alone and some statuses not at all; a proxy's page has a status and no JSON.
"""

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

_BY_STATUS: dict[int, type[TelegramAPIError]] = {
    400: TelegramBadRequest,
    401: TelegramUnauthorizedError,
    403: TelegramForbiddenError,
    404: TelegramNotFound,
    409: TelegramConflictError,
    413: TelegramEntityTooLarge,
}
_TOO_MANY = 429


class StatusSession(AiohttpSession):
    """Raises the same errors as aiogram, chosen by the status where the body does not say which."""

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        try:
            return super().check_response(bot, method, status_code, content)
        except ClientDecodeError as error:
            if not 400 <= status_code < 500:  # else it may have been carried out
                raise
            raise _by_status(method, status_code, f"HTTP {status_code}") from error
        except TelegramAPIError as error:
            if type(error) is not TelegramAPIError:
                raise
            raise _by_status(method, status_code, error.message) from error


def _by_status(method: TelegramMethod[Any], status_code: int, message: str) -> TelegramAPIError:
    if status_code == _TOO_MANY:
        return TelegramRetryAfter(method=method, message=message, retry_after=0)
    return _BY_STATUS.get(status_code, TelegramAPIError)(method=method, message=message)

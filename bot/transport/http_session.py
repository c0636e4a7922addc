"""aiogram's HTTP session, with every refusal told by its status, also where Telegram or a proxy gives nothing else.

aiogram knows a 429 by its `retry_after` alone and some statuses not at all; a proxy's page has a status and no JSON.
"""

from collections.abc import Callable
from typing import Any

from aiogram import Bot
from aiogram.__meta__ import __version__
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
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
from aiohttp import ClientSession, TraceConfig, TraceRequestEndParams
from aiohttp.hdrs import DATE, USER_AGENT
from aiohttp.http import SERVER_SOFTWARE

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
    """Raises the same errors as aiogram, chosen by the status where the body does not say which.

    `dated` is told the Date of every answer.
    """

    def __init__(self, *, api: TelegramAPIServer, timeout: float, dated: Callable[[str], None]) -> None:
        """`timeout` is seconds; `dated` hears the Date of each answer."""
        super().__init__(api=api, timeout=timeout)
        self._dated = dated

    async def create_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            answers = TraceConfig()
            answers.on_request_end.append(self._answered)
            self._session = ClientSession(
                connector=self._connector_type(**self._connector_init),
                headers={USER_AGENT: f"{SERVER_SOFTWARE} aiogram/{__version__}"},
                trace_configs=[answers],
            )
        return self._session

    async def _answered(self, _session: ClientSession, _context: Any, ended: TraceRequestEndParams) -> None:
        if date := ended.response.headers.get(DATE):
            self._dated(date)

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

"""What a failed Bot API call means for the one who made it (telegram-bot-api 1.5, 4.5-4.10)."""

from enum import Enum, auto

from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientConnectorError

TELEGRAM_FAILURES = (TelegramAPIError, ClientDecodeError)


class Failure(Enum):
    FLOOD = auto()  # too many: wait as told
    UNREACHABLE = auto()  # certainly not carried out
    DOUBTFUL = auto()  # may have been carried out
    BARRED = auto()  # the person or Telegram does not let us: keep everything and try again much later
    UNFIT = auto()  # this very message is refused


def failure(error: BaseException) -> Failure:
    """Return what to do about an error of a call."""
    match error:
        case TelegramRetryAfter():
            return Failure.FLOOD
        case TelegramNetworkError():
            return Failure.UNREACHABLE if isinstance(error.__cause__, ClientConnectorError) else Failure.DOUBTFUL
        case RestartingTelegram():
            return Failure.UNREACHABLE
        case TelegramServerError() | ClientDecodeError():
            return Failure.DOUBTFUL
        case TelegramForbiddenError() | TelegramUnauthorizedError() | TelegramNotFound() | TelegramMigrateToChat():
            return Failure.BARRED
        case TelegramBadRequest() if _about_the_chat(error.message):
            return Failure.BARRED
        case _:
            return Failure.UNFIT


def _about_the_chat(description: str) -> bool:
    text = description.lower()
    return any(reason in text for reason in ("chat not found", "not enough rights", "have no rights", "chat_write"))

"""What a failed Bot API call means for the one who made it, by its status (telegram-bot-api 1.5, 4.5-4.10)."""

from enum import Enum, auto

from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramConflictError,
    TelegramEntityTooLarge,
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
    BARRED = auto()  # the person or Telegram does not let us: keep everything and try again later
    REFUSED = auto()  # this message, or the chat: only another message that gets through tells which
    MOVED = auto()  # the group has become a supergroup, with another id


def failure(error: BaseException) -> Failure:
    """Return what to do about an error of a call."""
    match error:
        case TelegramRetryAfter():
            return Failure.FLOOD
        case TelegramMigrateToChat():
            return Failure.MOVED
        case TelegramEntityTooLarge():  # a network error to aiogram
            return Failure.REFUSED
        case TelegramNetworkError():
            return Failure.UNREACHABLE if isinstance(error.__cause__, ClientConnectorError) else Failure.DOUBTFUL
        case RestartingTelegram():
            return Failure.UNREACHABLE
        case TelegramServerError() | ClientDecodeError():
            return Failure.DOUBTFUL
        case TelegramForbiddenError() | TelegramUnauthorizedError() | TelegramNotFound() | TelegramConflictError():
            return Failure.BARRED
        case _:
            return Failure.REFUSED


def asked_pause(error: BaseException) -> float:
    """Return the seconds that Telegram asks to wait for; 0 where it says nothing."""
    return float(error.retry_after) if isinstance(error, TelegramRetryAfter) else 0.0

"""What a failed Bot API call means, and how long to wait after it: the one place that says either.

By its status, for words change (telegram-bot-api 1.5, 4.5-4.10); only where one status has several meanings by these.
"""

from collections.abc import Mapping
from enum import Enum, auto

from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramBadRequest,
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

from strategy.runtime import Backoff

TELEGRAM_FAILURES = (TelegramAPIError, ClientDecodeError)


class Failure(Enum):
    FLOOD = auto()  # too many: wait as told
    UNREACHABLE = auto()  # certainly not carried out
    DOUBTFUL = auto()  # may have been carried out
    BARRED = auto()  # the person or Telegram does not let us: keep everything and try again later
    REFUSED = auto()  # this message, or the chat: only another message that gets through tells which
    MOVED = auto()  # the group has become a supergroup, with another id

    @property
    def wants_time(self) -> bool:
        """Return whether nothing was done and the same call may do later."""
        return self in (Failure.FLOOD, Failure.UNREACHABLE)

    @property
    def by_the_chat(self) -> bool:
        """Return whether the chat takes no message now, or not this one."""
        return self in (Failure.BARRED, Failure.REFUSED)

    @property
    def of_every_call(self) -> bool:
        """Return whether the next call would fail as well, whatever it asks for."""
        return self.wants_time or self is Failure.DOUBTFUL


# pauses in seconds, for where Telegram does not say how long
CHAT_PAUSES: Mapping[Failure, Backoff] = {
    Failure.FLOOD: Backoff.growing(5.0, 120.0),
    Failure.UNREACHABLE: Backoff.growing(1.0, 30.0),
    Failure.DOUBTFUL: Backoff.growing(1.0, 30.0),
    Failure.BARRED: Backoff.growing(5.0, 120.0),
    Failure.REFUSED: Backoff.growing(1.0, 120.0),
    Failure.MOVED: Backoff.growing(1.0, 30.0),
}
EDIT_PAUSES = Backoff.growing(1.0, 30.0)
REST_PAUSES = Backoff.growing(60.0, 300.0)  # of one message that is refused where others are not
ANSWER_PAUSES = Backoff.growing(2.0, 64.0)  # a person waits
LATE_ANSWER_PAUSES = Backoff((30.0,))
MENU_PAUSES = Backoff((30, 60, 120, 300, 900, 3600))
DASHBOARD_PAUSES = Backoff.growing(30.0, 600.0)
PRIVATE_PAUSES = Backoff((300.0,))
POLL_PAUSES = Backoff.growing(1.0, 5.0)
TOKEN_PAUSES = Backoff.growing(1.0, 10.0)  # of polls whose token is refused


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


def pause_after(error: BaseException, tries: int, pauses: Backoff) -> float:
    """Return the seconds to wait after so many tries in vain before this one: those Telegram asks for, else `pauses`.

    It may ask for none.
    """
    return asked_pause(error) or pauses.pause(tries)


def asked_pause(error: BaseException) -> float:
    """Return the seconds that Telegram asks to wait for; 0 where it says nothing."""
    return float(error.retry_after) if isinstance(error, TelegramRetryAfter) else 0.0


def changes_nothing(error: BaseException) -> bool:
    """Return whether a message says already what an edit was to make of it (telegram-bot-api 7.2)."""
    return _says(error, "message is not modified")


def names_no_message(error: BaseException) -> bool:
    """Return whether a message to edit is not there any more, or can no longer be edited (telegram-bot-api 7.3-7.5)."""
    return _says(error, "not found", "can't be edited", "no text in the message")


def topic_is_gone(error: BaseException) -> bool:
    return _says(error, "thread not found", "topic_deleted", "topic_id_invalid")


def topic_is_closed(error: BaseException) -> bool:
    return _says(error, "topic_closed")


def about_a_topic(error: BaseException) -> bool:
    return topic_is_gone(error) or topic_is_closed(error)


def _says(error: BaseException, *reasons: str) -> bool:
    said = error.message.lower() if isinstance(error, TelegramBadRequest) else ""
    return any(reason in said for reason in reasons)

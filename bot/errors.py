"""What can go wrong between us and Telegram at the start."""

from enum import StrEnum

from strategy.model import Said, TradingError


class TelegramNote(StrEnum):
    UNREACHABLE = "telegram.unreachable"
    TOKEN_REFUSED = "telegram.token_refused"
    TOKEN_DOUBTED = "telegram.token_doubted"
    CHAT_REFUSED = "telegram.chat_refused"
    WEBHOOK_SET = "telegram.webhook_set"
    CHAT_MOVED = "telegram.chat_moved"
    TAKEN = "telegram.taken"


class TelegramError(TradingError):
    """Telegram cannot be used as configured."""


class TelegramUnreachable(TelegramError):
    """No answer within the time limit."""

    user_message = Said(TelegramNote.UNREACHABLE)


class TelegramTokenRefused(TelegramError):
    """Telegram does not know the token."""

    user_message = Said(TelegramNote.TOKEN_REFUSED)


class TelegramTokenDoubted(TelegramTokenRefused):
    """Telegram refuses a token that has worked before: that may pass, and trading need not wait for it."""

    user_message = Said(TelegramNote.TOKEN_DOUBTED)


class TelegramChatRefused(TelegramError):
    """The bot may not write to the chat."""

    user_message = Said(TelegramNote.CHAT_REFUSED)


class TelegramWebhookSet(TelegramError):
    """Somebody else gets what people write to the bot."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.user_message = Said(TelegramNote.WEBHOOK_SET, host=host)


class TelegramChatMoved(TelegramError):
    """The group has become a supergroup, under another id."""

    def __init__(self, new_id: int) -> None:
        super().__init__(str(new_id))
        self.user_message = Said(TelegramNote.CHAT_MOVED, new_id=new_id)


class TelegramTaken(TelegramError):
    """Somebody else takes what people write to the bot: a webhook, or another program with the token."""

    user_message = Said(TelegramNote.TAKEN)

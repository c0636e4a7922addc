"""What can go wrong between us and Telegram at the start."""

from strategy.errors import TradingError
from strategy.text import Text


class TelegramError(TradingError):
    """Telegram cannot be used as configured."""


class TelegramUnreachable(TelegramError):
    """No answer within the time limit."""

    user_message = Text(
        "텔레그램에 연결하지 못했습니다. 인터넷 연결과 TELEGRAM_API_URL 을 확인하세요.",
        "Telegram could not be reached. Check the internet connection and TELEGRAM_API_URL.",
    )


class TelegramTokenRefused(TelegramError):
    """Telegram does not know the token."""

    user_message = Text(
        "텔레그램이 봇 토큰을 거부했습니다. TELEGRAM_BOT_TOKEN 을 @BotFather 에서 다시 확인하세요.",
        "Telegram refused the bot token. Check TELEGRAM_BOT_TOKEN with @BotFather.",
    )


class TelegramChatRefused(TelegramError):
    """The bot may not write to the chat."""

    user_message = Text(
        "텔레그램 채팅에 쓸 수 없습니다. 채팅 ID를 확인하고, 텔레그램에서 봇에게 /start 를 먼저 보내세요.",
        "The bot may not write to that chat. Check the chat id, and send /start to the bot in Telegram first.",
    )

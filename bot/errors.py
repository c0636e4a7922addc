"""What can go wrong between us and Telegram at the start."""

from strategy.model import Text, TradingError


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


class TelegramTokenDoubted(TelegramTokenRefused):
    """Telegram refuses a token that has worked before: that may pass, and trading need not wait for it."""

    user_message = Text(
        "텔레그램이 봇 토큰을 거부합니다. 전에는 되던 토큰이므로 거래와 손절은 시작하고, 텔레그램은 계속 다시"
        " 시도합니다. 되면 채팅에 알립니다. 토큰을 바꾸셨다면 TELEGRAM_BOT_TOKEN 을 고치고 다시 시작하세요.",
        "Telegram refuses the bot token. It has worked before, so trading and stop-losses start, and Telegram is tried"
        " again and again; the chat is told once it works. If you changed the token, correct TELEGRAM_BOT_TOKEN and"
        " start again.",
    )


class TelegramChatRefused(TelegramError):
    """The bot may not write to the chat."""

    user_message = Text(
        "텔레그램 채팅에 쓸 수 없습니다. 채팅 ID를 확인하고, 텔레그램에서 봇에게 /start 를 먼저 보내세요.",
        "The bot may not write to that chat. Check the chat id, and send /start to the bot in Telegram first.",
    )


class TelegramWebhookSet(TelegramError):
    """Somebody else gets what people write to the bot."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.user_message = Text(
            f"이 봇에 웹훅이 걸려 있어 명령과 버튼을 받을 수 없습니다 ({host}). 프로그램을 켜면 알림의 버튼으로 지울 수"
            " 있고, 5분 뒤에는 스스로 지웁니다. 직접 건 것이 아니라면 @BotFather 에서 토큰을 바꾸세요.",
            f"A webhook is set for this bot, so commands and buttons do not arrive ({host}). Start the program: its"
            " alert has a button that removes it, and after 5 minutes it does so by itself. If you did not set it,"
            " change the token with @BotFather.",
        )


class TelegramChatMoved(TelegramError):
    """The group has become a supergroup, under another id."""

    def __init__(self, new_id: int) -> None:
        super().__init__(str(new_id))
        self.user_message = Text(
            f"그룹이 슈퍼그룹으로 바뀌어 채팅 ID가 {new_id} 가 되었습니다. .env 의 TELEGRAM_CHAT_TEST_ID 를 고치세요."
            " TELEGRAM_CHAT_ID 가 같은 그룹이면 그것도 고치세요.",
            f"The group has become a supergroup with the chat id {new_id}. Correct TELEGRAM_CHAT_TEST_ID in .env, and"
            " TELEGRAM_CHAT_ID where it is the same group.",
        )


class TelegramTaken(TelegramError):
    """Somebody else takes what people write to the bot: a webhook, or another program with the token."""

    user_message = Text(
        "이 봇에 온 글을 이미 다른 곳에서 받고 있습니다. 같은 토큰을 쓰는 프로그램을 멈추거나 웹훅을 지우고 다시"
        " 하세요.",
        "What people write to this bot is taken by somebody else. Stop the program that uses the token, or remove the"
        " webhook, and run this again.",
    )

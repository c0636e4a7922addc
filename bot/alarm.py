"""A few words to the chat when the program itself cannot start: nobody reads the console of an unattended machine."""

import asyncio
import logging

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer

from bot.failures import TELEGRAM_FAILURES
from bot.settings import TelegramSettings
from strategy.text import Text

log = logging.getLogger(__name__)


async def say(settings: TelegramSettings, text: Text) -> bool:
    """Send to TELEGRAM_CHAT_ID, once, and return whether it got there."""
    url = settings.telegram_api_url
    api = PRODUCTION if url is None else TelegramAPIServer.from_base(url)
    session = AiohttpSession(api=api, timeout=settings.telegram_timeout_s)
    try:
        async with (
            asyncio.timeout(settings.telegram_timeout_s),
            Bot(settings.telegram_bot_token.get_secret_value(), session=session) as bot,
        ):
            await bot.send_message(settings.telegram_chat_id, f"🚨 {text.both()}", parse_mode=None)
    except (*TELEGRAM_FAILURES, OSError) as error:
        log.warning("the chat could not be told why nothing starts: %s", type(error).__name__)
        return False
    return True

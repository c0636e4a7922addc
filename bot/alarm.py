"""A few words to the chat when the program itself cannot start: nobody reads the console of an unattended machine.

Where the chat has gone is kept in the database, which cannot be read then; the refused call tells it again.
"""

import asyncio
import logging

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramMigrateToChat

from bot.i18n.sentences import both
from bot.settings import TelegramSettings
from bot.transport.api_errors import TELEGRAM_FAILURES
from strategy.model import Said

log = logging.getLogger(__name__)


async def say(settings: TelegramSettings, text: Said) -> bool:
    """Send to TELEGRAM_CHAT_ID, once, and return whether it got there."""
    url = settings.telegram_api_url
    api = PRODUCTION if url is None else TelegramAPIServer.from_base(url)
    session = AiohttpSession(api=api, timeout=settings.telegram_timeout_s)
    try:
        async with (
            asyncio.timeout(settings.telegram_timeout_s),
            Bot(settings.telegram_bot_token.get_secret_value(), session=session) as bot,
        ):
            words = f"🚨 {both(text)}"
            try:
                await bot.send_message(settings.telegram_chat_id, words, parse_mode=None)
            except TelegramMigrateToChat as error:
                await bot.send_message(error.migrate_to_chat_id, words, parse_mode=None)
    except (*TELEGRAM_FAILURES, OSError) as error:
        log.warning("the chat could not be told why nothing starts: %s", type(error).__name__)
        return False
    return True

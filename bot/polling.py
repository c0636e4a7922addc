"""aiogram's poller with its traps disarmed: our signals stay ours, and a cancellation leaves nothing running."""

import asyncio
import logging

from aiogram import Bot, Dispatcher

from bot.failures import TELEGRAM_FAILURES
from strategy.clock import Clock

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 30


async def poll(dispatcher: Dispatcher, bot: Bot, wall: Clock) -> None:
    """Handle updates until cancelled. The handlers still at work then are counted by `InFlight`."""
    await _introduced(bot, wall)
    polling = asyncio.create_task(  # noqa: TID251 - awaited below; cancelling it would orphan aiogram's own tasks
        dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)
    )
    try:
        await asyncio.shield(polling)
    finally:
        while not polling.done():
            try:
                await dispatcher.stop_polling()
            except RuntimeError:  # cancelled before it had begun
                await asyncio.sleep(0)
                continue
            break
        await polling


async def _introduced(bot: Bot, wall: Clock) -> None:
    """Wait until getMe succeeds: aiogram's poller would end in silence when its own first call fails."""
    pause = 1
    while True:
        try:
            await bot.me()
        except TELEGRAM_FAILURES as error:
            log.warning("telegram not reached", extra={"error": type(error).__name__, "pause_s": pause})
            await wall.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        else:
            return

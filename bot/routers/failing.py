"""The door at which errors of handlers become sentences; the log gets the rest."""

import logging
import secrets

from aiogram import Router
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import ErrorEvent

from bot.request import RequestContext
from bot.views.home import failure, sentence
from strategy.model import InvalidInput, TradingError

log = logging.getLogger(__name__)


def make_router() -> Router:
    router = Router(name="failing")
    router.errors.register(on_trading_error, ExceptionTypeFilter(TradingError))
    router.errors.register(on_surprise)
    return router


async def on_trading_error(event: ErrorEvent, ctx: RequestContext | None = None) -> None:
    error = event.exception
    if not isinstance(error, InvalidInput):
        log.warning("request failed", extra={"update": event.update.update_id, "error": type(error).__name__})
    if isinstance(error, TradingError) and ctx is not None:
        await ctx.reply.say(sentence("⚠️ " + ctx.ui.t.of(error.user_message), ctx.ui))


async def on_surprise(event: ErrorEvent, ctx: RequestContext | None = None) -> None:
    reference = secrets.token_hex(3)
    log.error(
        "handler failed",
        extra={"update": event.update.update_id, "reference": reference},
        exc_info=event.exception,
    )
    if ctx is not None:
        await ctx.reply.say(failure(reference, ctx.ui))

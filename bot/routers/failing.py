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


async def on_trading_error(event: ErrorEvent, visit: RequestContext | None = None) -> None:
    error = event.exception
    if not isinstance(error, InvalidInput):
        log.warning("request failed", extra={"update": event.update.update_id, "error": type(error).__name__})
    if isinstance(error, TradingError) and visit is not None:
        await visit.stage.say(sentence("⚠️ " + visit.frame.t.of(error.user_message), visit.frame))


async def on_surprise(event: ErrorEvent, visit: RequestContext | None = None) -> None:
    reference = secrets.token_hex(3)
    log.error(
        "handler failed",
        extra={"update": event.update.update_id, "reference": reference},
        exc_info=event.exception,
    )
    if visit is not None:
        await visit.stage.say(failure(reference, visit.frame))

"""Answers words that do not fit a command with how to type it."""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from bot.input.commands import BY_NAME
from bot.input.parsing import BadArgument
from bot.request import RequestContext
from bot.views.home import usage
from strategy.model import InvalidInput


def explained(command: str, handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Return the handler with BadArgument answered by the command's usage; its arguments come by name as before."""

    @wraps(handler)
    async def guarded(*args: Any, ctx: RequestContext, **kwargs: Any) -> None:
        try:
            await handler(*args, ctx=ctx, **kwargs)
        except BadArgument as error:
            why = None if error.user_message is InvalidInput.user_message else error.user_message
            await ctx.reply.say(usage(BY_NAME[command], ctx.ui, why))

    guarded.__signature__ = inspect.signature(handler)  # type: ignore[attr-defined] # aiogram reads it
    return guarded

"""Answers from memory at once, with their age; the broker's take their place when they come.

A person waits for no broker: what is asked within a moment is shown as it is, and for what takes longer the last known
state stands there meanwhile, and stays where the broker does not answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.i18n.formats import span
from bot.request import RequestContext
from bot.ui.screen import Screen
from strategy.model import Said, TradingError

SOON_S = 0.15  # real time the broker gets before memory answers; with Telegram's own way it stays within 0.3 s


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is remembered, and of when."""

    screen: Screen
    at: datetime


@dataclass(frozen=True, slots=True)
class BrokerAnswer:
    """What the broker said; `problem`: why it did not, where the screen says so by itself."""

    screen: Screen
    problem: Said | None = None


async def answer_soon(
    ctx: RequestContext, ask: Callable[[], Awaitable[BrokerAnswer]], recall: Callable[[], Awaitable[Recalled | None]]
) -> None:
    """Show what `ask` returns; until it does, what `recall` does. Raise what `ask` raised where nothing is known."""
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_outcome(ask), name="asking the broker")
        await asyncio.wait({asking}, timeout=SOON_S)
        shown = ctx.reply.pressed
        if not asking.done() and (known := await recall()) is not None:
            shown = await ctx.reply.show_for_now(_while_asking(known, ctx))
        outcome = await asking
    problem = outcome.user_message if isinstance(outcome, TradingError) else outcome.problem
    if problem is not None and (known := await recall()) is not None:
        await ctx.reply.show_at(shown, _unanswered(known, problem, ctx))
        return
    if isinstance(outcome, TradingError):
        raise outcome
    await ctx.reply.show_at(shown, outcome.screen)


async def _outcome(ask: Callable[[], Awaitable[BrokerAnswer]]) -> BrokerAnswer | TradingError:
    try:
        return await ask()
    except TradingError as error:
        return error


def _while_asking(known: Recalled, ctx: RequestContext) -> Screen:
    t = ctx.ui.t
    return known.screen.under(t("⏳ As known {age} ago; asking the broker …", age=_age(known, ctx)))


def _unanswered(known: Recalled, problem: Said, ctx: RequestContext) -> Screen:
    t = ctx.ui.t
    return known.screen.under(t("⚠️ {reason} As known {age} ago.", reason=t.of(problem), age=_age(known, ctx)))


def _age(known: Recalled, ctx: RequestContext) -> str:
    return span((ctx.ui.now - known.at).total_seconds(), ctx.ui.t)

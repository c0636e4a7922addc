"""Confirm and dismiss: the one way by which a button does something that matters."""

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.reply import Reply
from bot.request import RequestContext
from bot.role import Role
from bot.ui.buttons import Confirm, Dismiss
from bot.ui.screen import ViewContext
from bot.views.home import denied
from bot.views.outcome import outcome
from strategy.model import Outcome, OutcomeKind


def make_router() -> Router:
    router = Router(name="confirm")
    router.callback_query.register(confirm, Confirm.filter())
    router.callback_query.register(dismiss, Dismiss.filter())
    return router


async def confirm(_: CallbackQuery, callback_data: Confirm, ctx: RequestContext) -> None:
    """Carry out what a ticket stands for, if its asker still may: a restart may have changed the roles."""
    if ctx.role < Role.OWNER and await ctx.control.confirmations.for_owners(callback_data.ticket):
        await ctx.reply.say(denied(ctx.role, Role.OWNER, ctx.ui))
        return
    with ctx.reply.answering():
        await _tell(await ctx.control.confirmations.confirm(callback_data.ticket, ctx.user_id), ctx.ui, ctx.reply)


async def dismiss(_: CallbackQuery, callback_data: Dismiss, ctx: RequestContext) -> None:
    await _tell(await ctx.control.confirmations.dismiss(callback_data.ticket, ctx.user_id), ctx.ui, ctx.reply)


async def _tell(result: Outcome, ui: ViewContext, reply: Reply) -> None:
    """Show what happened in place of the buttons; somebody else's buttons stay as they are."""
    if result.kind is OutcomeKind.NOT_YOURS:
        await reply.say(outcome(result, ui))
        return
    if result.becomes is not None and result.kind is not OutcomeKind.DENIED:
        await reply.become(outcome(result, ui), result.becomes)
        return
    await reply.tell(outcome(result, ui), result.news)

"""Panic: a preview of what would be canceled and sold; its buttons are tickets like any other."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.input.command_filter import Asks
from bot.request import RequestContext
from bot.ui.buttons import Open
from bot.views.trading.panic import preview


def make_router() -> Router:
    router = Router(name="panic")
    router.message.register(panic, Asks("panic"))
    router.callback_query.register(open_panic, Open.filter(F.screen == "panic"))
    return router


async def panic(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(preview(await ctx.control.orders.panic.preview(ctx.user_id), ctx.ui))


async def open_panic(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(preview(await ctx.control.orders.panic.preview(ctx.user_id), ctx.ui))

"""How the program is: health, connections, log lines, exports."""

from dataclasses import replace
from datetime import timedelta

from aiogram import Bot, F, Router
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.transport.file_packing import packed
from bot.ui.buttons import Export, Open, Past, Unhook
from bot.views import home as home_views
from bot.views import system as views
from strategy.model import ExportFile, TradingError, new_york

SPANS: dict[Past, timedelta | None] = {
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "365d": timedelta(days=365),
    "all": None,
}

_LINES = 10
_MOST_LINES = 50


def make_router() -> Router:
    router = Router(name="system")
    router.message.register(health, Asks("health"))
    router.message.register(diagnose, Asks("diagnose"))
    router.message.register(explained("logs", logs), Asks("logs"))
    router.message.register(explained("export", export), Asks("export"))
    router.message.register(open_menu, Asks("system"))
    router.callback_query.register(open_menu, Open.filter(F.screen == "system"))
    router.callback_query.register(open_health, Open.filter(F.screen == "health"))
    router.callback_query.register(open_diagnose, Open.filter(F.screen == "diagnose"))
    router.callback_query.register(open_logs, Open.filter(F.screen == "logs"))
    router.callback_query.register(open_export, Open.filter(F.screen == "export"))
    router.callback_query.register(press_export, Export.filter())
    router.callback_query.register(press_unhook, Unhook.filter())
    return router


async def open_menu(_: CallbackQuery | Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.menu(ctx.ui))


async def health(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.health(await ctx.control.system.health(), ctx.ui))


async def open_health(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.health(await ctx.control.system.health(), ctx.ui))


async def diagnose(_: Message, ctx: RequestContext) -> None:
    await _diagnose(ctx)


async def open_diagnose(_: CallbackQuery, ctx: RequestContext) -> None:
    await _diagnose(ctx)


async def logs(_: Message, args: str, ctx: RequestContext) -> None:
    await _logs(arguments.count(args, _LINES, _MOST_LINES), ctx)


async def open_logs(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await _logs(arguments.count_or(callback_data.ref, _LINES, _MOST_LINES), ctx)


async def export(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await ctx.reply.show(views.pick_export(list(SPANS), ctx.ui))
        return
    past = args.casefold()
    if past in ("all", "전부", "모두"):
        await _export(None, ctx)
        return
    await _export(arguments.duration(past), ctx)


async def open_export(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.pick_export(list(SPANS), ctx.ui))


async def press_export(_: CallbackQuery, callback_data: Export, ctx: RequestContext) -> None:
    await _export(SPANS[callback_data.past], ctx)


async def press_unhook(_: CallbackQuery, bot: Bot, ctx: RequestContext) -> None:
    await bot.delete_webhook()  # a press that arrives proves that it is gone already, unless it was set anew
    await ctx.reply.say(home_views.sentence(ctx.ui.t("✅ No webhook is set. Commands arrive here."), ctx.ui))


async def _diagnose(ctx: RequestContext) -> None:
    """Say at once that it runs, and put the result in the same message when it is there."""
    message_id = ctx.reply.pressed
    if message_id is None:
        message_id = await ctx.reply.say(views.testing(ctx.ui))
    else:
        await ctx.reply.show(views.testing(ctx.ui))
    try:
        screen = views.diagnosis(await ctx.control.system.diagnose(), ctx.ui)
    except TradingError as error:  # the message must not go on saying that it runs
        screen = home_views.sentence("⚠️ " + ctx.ui.t.of(error.user_message), ctx.ui)
    await ctx.reply.show_at(message_id, screen)


async def _logs(count: int, ctx: RequestContext) -> None:
    await ctx.reply.show(views.logs(await ctx.control.system.logs(count), count, ctx.ui))


async def _export(past: timedelta | None, ctx: RequestContext) -> None:
    """Send file by file, say how far it is, and at the end what arrived: never more than did."""
    since = None if past is None else new_york(ctx.ui.now - past).date()
    reply, ui = ctx.reply, ctx.ui
    progress = await reply.say(views.exporting([], ui))
    arrived: list[ExportFile] = []
    lost: list[ExportFile] = []
    problem: TradingError | None = None
    try:
        async for file in ctx.control.results.export(since=since):
            name, content = await packed(file.name, file.content)
            there = await reply.hand_over(name, content, views.caption(file, ui))
            (arrived if there else lost).append(replace(file, content=b""))
            if progress is not None and arrived:
                await reply.show_at(progress, views.exporting(arrived, ui))
    except TradingError as error:  # what was sent is told all the same
        problem = error
    await reply.say(views.exported(arrived, lost, None if problem is None else problem.user_message, ui))

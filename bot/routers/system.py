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
    router.callback_query.register(open_menu, Open.filter(F.screen == "system"))
    router.callback_query.register(open_health, Open.filter(F.screen == "health"))
    router.callback_query.register(open_diagnose, Open.filter(F.screen == "diagnose"))
    router.callback_query.register(open_logs, Open.filter(F.screen == "logs"))
    router.callback_query.register(open_export, Open.filter(F.screen == "export"))
    router.callback_query.register(press_export, Export.filter())
    router.callback_query.register(press_unhook, Unhook.filter())
    return router


async def open_menu(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.menu(visit.frame))


async def health(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(views.health(await visit.control.health(), visit.frame))


async def open_health(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.health(await visit.control.health(), visit.frame))


async def diagnose(_: Message, visit: RequestContext) -> None:
    await _diagnose(visit)


async def open_diagnose(_: CallbackQuery, visit: RequestContext) -> None:
    await _diagnose(visit)


async def logs(_: Message, args: str, visit: RequestContext) -> None:
    await _logs(arguments.count(args, _LINES, _MOST_LINES), visit)


async def open_logs(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    await _logs(arguments.count_or(callback_data.ref, _LINES, _MOST_LINES), visit)


async def export(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await visit.stage.show(views.pick_export(list(SPANS), visit.frame))
        return
    past = args.casefold()
    if past in ("all", "전부", "모두"):
        await _export(None, visit)
        return
    await _export(arguments.duration(past), visit)


async def open_export(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.pick_export(list(SPANS), visit.frame))


async def press_export(_: CallbackQuery, callback_data: Export, visit: RequestContext) -> None:
    await _export(SPANS[callback_data.past], visit)


async def press_unhook(_: CallbackQuery, bot: Bot, visit: RequestContext) -> None:
    await bot.delete_webhook()  # a press that arrives proves that it is gone already, unless it was set anew
    await visit.stage.say(
        home_views.sentence(visit.frame.t("✅ No webhook is set. Commands arrive here."), visit.frame)
    )


async def _diagnose(visit: RequestContext) -> None:
    """Say at once that it runs, and put the result in the same message when it is there."""
    message_id = visit.stage.pressed
    if message_id is None:
        message_id = await visit.stage.say(views.testing(visit.frame))
    else:
        await visit.stage.show(views.testing(visit.frame))
    try:
        screen = views.diagnosis(await visit.control.diagnose(), visit.frame)
    except TradingError as error:  # the message must not go on saying that it runs
        screen = home_views.sentence("⚠️ " + visit.frame.t.of(error.user_message), visit.frame)
    await visit.stage.show_at(message_id, screen)


async def _logs(count: int, visit: RequestContext) -> None:
    await visit.stage.show(views.logs(await visit.control.logs(count), count, visit.frame))


async def _export(past: timedelta | None, visit: RequestContext) -> None:
    """Send file by file, say how far it is, and at the end what arrived: never more than did."""
    since = None if past is None else new_york(visit.frame.now - past).date()
    stage, frame = visit.stage, visit.frame
    progress = await stage.say(views.exporting([], frame))
    arrived: list[ExportFile] = []
    lost: list[ExportFile] = []
    problem: TradingError | None = None
    try:
        async for file in visit.control.export(since=since):
            name, content = await packed(file.name, file.content)
            there = await stage.hand_over(name, content, views.caption(file, frame))
            (arrived if there else lost).append(replace(file, content=b""))
            if progress is not None and arrived:
                await stage.show_at(progress, views.exporting(arrived, frame))
    except TradingError as error:  # what was sent is told all the same
        problem = error
    await stage.say(views.exported(arrived, lost, None if problem is None else problem.user_message, frame))

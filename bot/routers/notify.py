"""How alerts sound: picked per group, and the quiet hours. Both are settings, so they are previewed like any other."""

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.request import RequestContext
from bot.routers.settings import propose
from bot.routers.usage import explained
from bot.ui.buttons import Open, Quiet, SetQuiet
from bot.views import notify as views
from strategy.model import Loudness

HOURS: dict[Quiet, str] = {
    "off": "off",
    "night": "23:00-07:00",
    "late": "00:00-08:00",
    "long": "22:00-09:00",
}

LEVELS = {
    **{level.value: level for level in Loudness},
    "소리": Loudness.ON,
    "켜기": Loudness.ON,
    "무음": Loudness.SILENT,
    "끄기": Loudness.OFF,
}

GROUPS = {
    "주문": "orders",
    "체결": "fills",
    "신호": "signals",
    "장": "session",
    "연결": "stream",
    "변경": "changes",
    "기타": "notes",
}
"""Korean words for the groups, as the buttons name them."""


def make_router() -> Router:
    router = Router(name="notify")
    router.message.register(explained("notify", notify), Asks("notify"))
    router.message.register(explained("quiet", quiet), Asks("quiet"))
    router.callback_query.register(open_notify, Open.filter(F.screen == "notify"))
    router.callback_query.register(open_quiet, Open.filter(F.screen == "quiet"))
    router.callback_query.register(set_quiet, SetQuiet.filter())
    return router


async def notify(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    """Show the picker, or read `fills silent`. Raises BadArgument for other words."""
    if not args:
        await ctx.reply.show(views.notify(ctx.control.system.alert_rules(), ctx.ui))
        return
    match [GROUPS.get(word, word) for word in args.casefold().split()]:
        case [group, word] if group in ctx.control.system.alert_rules().levels and word in LEVELS:
            about = ctx.control.settings.get(f"NOTIFY_{group.upper()}")
            await ctx.reply.show(await propose(about, LEVELS[word].value, None, state, ctx))
        case _:
            raise arguments.BadArgument("not EVENT LEVEL")


async def open_notify(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.notify(ctx.control.system.alert_rules(), ctx.ui))


async def quiet(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    """Show the picker, or propose the typed hours; the setting itself tells how they are written."""
    if not args:
        await ctx.reply.show(views.quiet(ctx.control.system.alert_rules(), list(HOURS.items()), ctx.ui))
        return
    value = "-".join(args.replace("~", "-").replace("-", " ").split())
    await ctx.reply.show(await propose(ctx.control.settings.get("QUIET_HOURS"), value, None, state, ctx))


async def open_quiet(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.quiet(ctx.control.system.alert_rules(), list(HOURS.items()), ctx.ui))


async def set_quiet(_: CallbackQuery, callback_data: SetQuiet, state: FSMContext, ctx: RequestContext) -> None:
    about = ctx.control.settings.get("QUIET_HOURS")
    await ctx.reply.show(await propose(about, HOURS[callback_data.hours], None, state, ctx))

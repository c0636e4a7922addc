"""Home, help, version and language."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.i18n.language_choice import Languages
from bot.input.command_filter import Asks, asked
from bot.input.commands import BY_NAME, BY_WORD
from bot.input.first_start import FirstStart
from bot.request import RequestContext
from bot.role import Role
from bot.routers.setup import question
from bot.ui.buttons import AcceptRisk, Open, Speak
from bot.ui.screen import Screen
from bot.views import home as views
from bot.views.trading.proposals import proposed
from strategy.model import Language, Proposed

WANTED: dict[str, Language] = {
    "ko": "ko",
    "kr": "ko",
    "한국어": "ko",
    "en": "en",
    "english": "en",
    "영어": "en",
}


def make_router() -> Router:
    router = Router(name="home")
    router.message.register(start, Asks("start"))
    router.message.register(help_, Asks("help"))
    router.message.register(version, Asks("version"))
    router.message.register(language, Asks("lang"))
    router.callback_query.register(open_home, Open.filter(F.screen == "home"))
    router.callback_query.register(open_version, Open.filter(F.screen == "version"))
    router.callback_query.register(open_proposals, Open.filter(F.screen == "proposals"))
    router.callback_query.register(open_help, Open.filter(F.screen == "help"))
    router.callback_query.register(open_language, Open.filter(F.screen == "lang"))
    router.callback_query.register(speak, Speak.filter())
    router.callback_query.register(accept, AcceptRisk.filter())
    return router


async def start(_: Message, first_start: FirstStart, ctx: RequestContext) -> None:
    """Show the home screen, and lead an owner through the first settings at the very first of these."""
    await ctx.reply.show(await home_screen(ctx))
    if ctx.role is Role.OWNER and await first_start.is_it():
        await ctx.reply.say(await question(0, ctx))


async def open_home(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(await home_screen(ctx))


async def home_screen(ctx: RequestContext) -> Screen:
    control = ctx.control
    status = await control.status.now()
    return views.home(
        status.mode,
        accepted=await control.arming.disclaimer_accepted(),
        proposals=sum(card.ticket is not None for card in control.orders.proposals.open()),
        role=ctx.role,
        ui=ctx.ui,
    )


async def help_(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await ctx.reply.show(views.help_all(ctx.role, ctx.ui))
        return
    found = asked(args if args.startswith("/") else f"/{args}") or ("", "")
    command = BY_NAME.get(found[0]) or BY_WORD.get(args.split(maxsplit=1)[0].casefold())
    await ctx.reply.show(views.unknown_command(args, ctx.ui) if command is None else views.help_one(command, ctx.ui))


async def open_help(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.help_all(ctx.role, ctx.ui))


async def version(_: Message, program: str, ctx: RequestContext) -> None:
    await ctx.reply.show(views.version(program, ctx.ui))


async def open_version(_: CallbackQuery, program: str, ctx: RequestContext) -> None:
    await ctx.reply.show(views.version(program, ctx.ui))


async def open_proposals(_: CallbackQuery, ctx: RequestContext) -> None:
    """Show every card that still waits, each in a message of its own with its buttons."""
    cards = ctx.control.orders.proposals.open()
    if not cards:
        await ctx.reply.show(views.sentence(ctx.ui.t("No proposal is waiting."), ctx.ui))
    for card in cards:
        await ctx.reply.say(proposed(Proposed(at=ctx.ui.now, proposal=card), ctx.ui))


async def language(_: Message, args: str, languages: Languages, ctx: RequestContext) -> None:
    wanted = WANTED.get(args.casefold())
    if wanted is None:
        await ctx.reply.show(views.language(ctx.ui))
        return
    await _speak(wanted, languages, ctx)


async def open_language(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.language(ctx.ui))


async def speak(_: CallbackQuery, callback_data: Speak, languages: Languages, ctx: RequestContext) -> None:
    await _speak(callback_data.language, languages, ctx)


async def _speak(wanted: Language, languages: Languages, ctx: RequestContext) -> None:
    """Remember the language and show the home screen in it."""
    ctx = ctx.speaking(await languages.choose(ctx.user_id, wanted))
    await ctx.reply.show(await home_screen(ctx))


async def accept(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.control.arming.accept_disclaimer(ctx.user_id)
    await ctx.reply.show(views.accepted(ctx.ui))

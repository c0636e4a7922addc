"""Home, help, version and language."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.i18n.language_choice import Languages
from bot.input.command_filter import Asks, asked
from bot.input.commands import BY_NAME, BY_WORD
from bot.request import RequestContext
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


async def start(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(await home_screen(visit))


async def open_home(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(await home_screen(visit))


async def home_screen(visit: RequestContext) -> Screen:
    control = visit.control
    status = await control.status()
    return views.home(
        status.mode,
        accepted=await control.disclaimer_accepted(),
        proposals=sum(card.ticket is not None for card in await control.proposals()),
        role=visit.role,
        frame=visit.frame,
    )


async def help_(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await visit.stage.show(views.help_all(visit.role, visit.frame))
        return
    found = asked(args if args.startswith("/") else f"/{args}") or ("", "")
    command = BY_NAME.get(found[0]) or BY_WORD.get(args.split(maxsplit=1)[0].casefold())
    await visit.stage.show(
        views.unknown_command(args, visit.frame) if command is None else views.help_one(command, visit.frame)
    )


async def open_help(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.help_all(visit.role, visit.frame))


async def version(_: Message, program: str, visit: RequestContext) -> None:
    await visit.stage.show(views.version(program, visit.frame))


async def open_version(_: CallbackQuery, program: str, visit: RequestContext) -> None:
    await visit.stage.show(views.version(program, visit.frame))


async def open_proposals(_: CallbackQuery, visit: RequestContext) -> None:
    """Show every card that still waits, each in a message of its own with its buttons."""
    cards = await visit.control.proposals()
    if not cards:
        await visit.stage.show(views.sentence(visit.frame.t("No proposal is waiting."), visit.frame))
    for card in cards:
        await visit.stage.say(proposed(Proposed(at=visit.frame.now, proposal=card), visit.frame))


async def language(_: Message, args: str, languages: Languages, visit: RequestContext) -> None:
    wanted = WANTED.get(args.casefold())
    if wanted is None:
        await visit.stage.show(views.language(visit.frame))
        return
    await _speak(wanted, languages, visit)


async def open_language(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.language(visit.frame))


async def speak(_: CallbackQuery, callback_data: Speak, languages: Languages, visit: RequestContext) -> None:
    await _speak(callback_data.language, languages, visit)


async def _speak(wanted: Language, languages: Languages, visit: RequestContext) -> None:
    """Remember the language and show the home screen in it."""
    visit = visit.speaking(await languages.choose(visit.user_id, wanted))
    await visit.stage.show(await home_screen(visit))


async def accept(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.control.accept_disclaimer(visit.user_id)
    await visit.stage.show(views.accepted(visit.frame))

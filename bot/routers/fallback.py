"""The last resort: commands not ready yet, unknown commands, other words, and buttons nobody owns any more."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.input.command_filter import Asks, asked
from bot.input.commands import COMMANDS
from bot.request import RequestContext
from bot.views.home import not_ready, outdated, sentence, unknown_command


def make_router() -> Router:
    router = Router(name="fallback")
    router.message.register(later, Asks(*(command.name for command in COMMANDS if not command.ready)))
    router.message.register(stray_command, F.text.startswith("/"))
    router.message.register(other_words, F.text, F.chat.type == "private")
    no_text = F.photo | F.document | F.voice | F.sticker | F.video | F.audio | F.location
    router.message.register(no_words, no_text, F.chat.type == "private")
    router.callback_query.register(stray_button)
    return router


async def later(message: Message, visit: RequestContext) -> None:
    name, _ = asked(message.text) or ("", "")
    command = next(each for each in COMMANDS if each.name == name)
    await visit.stage.show(not_ready(command, visit.frame))


async def stray_command(message: Message, visit: RequestContext) -> None:
    await visit.stage.show(unknown_command((message.text or "").split()[0], visit.frame))


async def other_words(message: Message, visit: RequestContext) -> None:
    await visit.stage.show(unknown_command((message.text or "").strip().split("\n")[0][:40], visit.frame))


async def no_words(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(sentence(visit.frame.t("I can read words only. See /help."), visit.frame))


async def stray_button(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.say(outdated(visit.frame))

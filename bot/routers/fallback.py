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


async def later(message: Message, ctx: RequestContext) -> None:
    name, _ = asked(message.text) or ("", "")
    command = next(each for each in COMMANDS if each.name == name)
    await ctx.reply.show(not_ready(command, ctx.ui))


async def stray_command(message: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(unknown_command((message.text or "").split()[0], ctx.ui))


async def other_words(message: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(unknown_command((message.text or "").strip().split("\n")[0][:40], ctx.ui))


async def no_words(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(sentence(ctx.ui.t("I can read words only. See /help."), ctx.ui))


async def stray_button(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.say(outdated(ctx.ui))

"""The button under critical alerts: somebody has seen them."""

from contextlib import suppress

from aiogram import Bot, Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from bot.alerts.scheduled.reminders import Reminders
from bot.request import RequestContext
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.ui.buttons import MarkSeen
from bot.views.news.reminders import seen_note


def make_router() -> Router:
    router = Router(name="acknowledge")
    router.callback_query.register(seen, MarkSeen.filter())
    return router


async def seen(
    query: CallbackQuery, callback_data: MarkSeen, ctx: RequestContext, reminders: Reminders, bot: Bot
) -> None:
    """Note it, take the button away, and say so: in place of a reminder, as a reply to an alert."""
    pressed = query.message if isinstance(query.message, Message) else None
    is_reminder = pressed is not None and pressed.message_id == await reminders.message_id()
    found = await reminders.seen(callback_data.row, ctx.user_id)
    screen = seen_note(found.now, found.left, ctx.ui)
    if pressed is None or (is_reminder and not found.left):  # a reminder that is settled has been taken away
        await ctx.reply.say(screen)
        return
    with suppress(*TELEGRAM_FAILURES):  # pressed twice: the button is gone already, and what counts is noted
        await bot.edit_message_reply_markup(
            chat_id=pressed.chat.id, message_id=pressed.message_id, reply_markup=_without(pressed.reply_markup)
        )
    await ctx.reply.say(screen, reply_to=pressed.message_id)


def _without(markup: InlineKeyboardMarkup | None) -> InlineKeyboardMarkup | None:
    """Return the keyboard without the button that was pressed."""
    if markup is None:
        return None
    rows = [
        [button for button in row if not (button.callback_data or "").startswith(f"{MarkSeen.__prefix__}|")]
        for row in markup.inline_keyboard
    ]
    kept = [row for row in rows if row]
    return InlineKeyboardMarkup(inline_keyboard=kept) if kept else None

"""The guided set-up: one question after the other, each answered by a press, left out by another.

A value is set at once, by the same checks as in the menu, and can be undone there. What would widen trading is shown
first, as anywhere else.
"""

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.i18n.language_choice import Languages
from bot.input.command_filter import Asks
from bot.request import RequestContext
from bot.routers.settings import propose
from bot.ui.buttons import Open, SetUp
from bot.ui.screen import Screen
from bot.views import setup as views
from strategy.model import Language, OutcomeKind, SettingChanged, TradeMode

LANGUAGES: tuple[Language, ...] = ("ko", "en")
VALUES: dict[str, tuple[str, ...]] = {
    "QUIET_HOURS": ("off", "23:00-07:00", "00:00-08:00", "22:00-09:00"),
    "COMMISSION_PCT": ("0.25", "0.1", "0.09", "0.07"),
    "MIN_ORDER_USD": ("off", "50", "100", "200", "500"),
    "MAX_ORDER_USD": ("off", "1000", "5000", "10000"),
    "MAX_POSITION_RATE": ("0.1", "0.25", "0.5", "1"),
    "TRADE_MODE": tuple(TradeMode),
}
STEPS = ("LANGUAGE", *VALUES)


def make_router() -> Router:
    router = Router(name="setup")
    router.message.register(begin, Asks("setup"))
    router.callback_query.register(open_setup, Open.filter(F.screen == "setup"))
    router.callback_query.register(press, SetUp.filter())
    return router


async def begin(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(await question(0, ctx))


async def open_setup(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(await question(0, ctx))


async def question(step: int, ctx: RequestContext) -> Screen:
    """Return the question of a step, or the end behind the last one."""
    if step == 0:
        return views.language(len(STEPS), ctx.ui)
    control = ctx.control
    if not 0 < step < len(STEPS):
        return views.finished([control.settings.get(name) for name in VALUES], ctx.ui)
    name = STEPS[step]
    held = (await control.status.now()).holdings if name == "MAX_POSITION_RATE" else None
    equity = None if held is None else held.equity
    return views.question(control.settings.get(name), VALUES[name], (step, len(STEPS)), equity, ctx.ui)


async def press(
    _: CallbackQuery, callback_data: SetUp, languages: Languages, state: FSMContext, ctx: RequestContext
) -> None:
    """Show a step, or take the value that was picked and show the next one."""
    step, pick = callback_data.step, callback_data.pick
    if pick is None:
        await ctx.reply.show(await question(step, ctx))
    elif step == 0:
        ctx = ctx.speaking(await languages.choose(ctx.user_id, LANGUAGES[pick % len(LANGUAGES)]))
        await ctx.reply.show(await question(1, ctx))
    elif step < len(STEPS):
        name = STEPS[step]
        await _take(step, VALUES[name][pick % len(VALUES[name])], state, ctx)


async def _take(step: int, value: str, state: FSMContext, ctx: RequestContext) -> None:
    """Set a value and go on; where that makes trading begin, or more than a press is asked for, show it first."""
    name = STEPS[step]
    shown = await ctx.control.settings.preview(ctx.user_id, name, value, symbol=None, until=None)
    if shown.ticket is not None and (shown.typed_words or value == TradeMode.AUTO):
        await ctx.reply.say(await propose(ctx.control.settings.get(name), value, None, state, ctx))
        return
    if shown.ticket is None:
        await ctx.reply.show(await question(step + 1, ctx))
        return
    with ctx.reply.answering():
        result = await ctx.control.confirmations.confirm(shown.ticket, ctx.user_id)
        after = await question(step + (result.kind is OutcomeKind.DONE), ctx)
        changes = [event.change for event in result.news if isinstance(event, SettingChanged)]
        await ctx.reply.tell(views.taken(result, changes, after, ctx.ui), result.news)

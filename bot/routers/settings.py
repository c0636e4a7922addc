"""Settings: browse, propose by steps, choices or typed words, confirm; nothing is in force before."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.i18n.formats import plain
from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask, ask_for_words, asked_about, find_draft, keep_draft
from bot.request import RequestContext
from bot.routers.modes import until_span
from bot.routers.usage import explained
from bot.ui.buttons import (
    Again,
    ChooseSetting,
    Open,
    ResetSetting,
    SpanDraft,
    StepDraft,
    StepSetting,
    TypeSetting,
    Undo,
)
from bot.ui.screen import Screen
from bot.views import settings as views
from bot.views.home import forgotten, sentence
from strategy.model import SettingPreview, SettingView, Symbol


def make_router() -> Router:
    router = Router(name="settings")
    router.message.register(leave, StateFilter(Typing.setting_value), Asks("cancel"))
    router.message.register(typed_value, StateFilter(Typing.setting_value), ~F.text.startswith("/"))
    router.message.register(menu, Asks("settings"))
    router.message.register(explained("set", set_), Asks("set"))
    router.message.register(explained("get", get), Asks("get"))
    router.message.register(explained("reset", reset), Asks("reset"))
    router.message.register(history, Asks("history"))
    router.message.register(undo, Asks("undo"))
    router.callback_query.register(open_menu, Open.filter(F.screen == "settings"))
    router.callback_query.register(open_group, Open.filter(F.screen == "group"))
    router.callback_query.register(open_setting, Open.filter(F.screen == "setting"))
    router.callback_query.register(open_tickers, Open.filter(F.screen == "setting_tickers"))
    router.callback_query.register(open_setting_of, Open.filter(F.screen == "setting_of"))
    router.callback_query.register(open_history, Open.filter(F.screen == "history"))
    router.callback_query.register(step, StepSetting.filter())
    router.callback_query.register(choose, ChooseSetting.filter())
    router.callback_query.register(step_draft, StepDraft.filter())
    router.callback_query.register(span_draft, SpanDraft.filter())
    router.callback_query.register(ask_value, TypeSetting.filter())
    router.callback_query.register(press_reset, ResetSetting.filter())
    router.callback_query.register(press_undo, Undo.filter())
    router.callback_query.register(again, Again.filter(F.action == "setting"))
    return router


async def menu(_: Message, args: str, ctx: RequestContext) -> None:
    await ctx.reply.show(
        views.setting(ctx.control.settings.get(args), ctx.ui)
        if args
        else views.menu(ctx.control.settings.menu(), ctx.ui)
    )


async def open_menu(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.menu(ctx.control.settings.menu(), ctx.ui))


async def open_group(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await ctx.reply.show(views.group(callback_data.ref, ctx.control.settings.menu(), ctx.ui))


async def open_setting(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await ctx.reply.show(views.setting(ctx.control.settings.get(callback_data.ref), ctx.ui))


async def open_tickers(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    about = ctx.control.settings.get(callback_data.ref)
    await ctx.reply.show(views.pick_ticker(about, ctx.control.tickers.watched(), ctx.ui))


async def open_setting_of(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    name, __, ticker = callback_data.ref.partition(" ")
    about, symbol = ctx.control.settings.get(name), ctx.control.tickers.symbol(ticker)
    await ctx.reply.show(views.setting_of(about, symbol, ctx.ui))


async def get(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await menu(_, "", ctx)
        return
    await ctx.reply.show(views.setting(ctx.control.settings.get(args.split(maxsplit=1)[0]), ctx.ui))


async def set_(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    """Read `NAME VALUE [TICKER] [for 2h]`, or `NAME=VALUE`; with less, the buttons do the rest. Raises BadArgument for
    words in no such order."""
    words = args.replace("=", " ", 1).split()
    if len(words) < 2:
        await menu(_, "".join(words), ctx)
        return
    until = None
    if len(words) > 3 and words[-2].casefold() == "for":
        until = _until_word(words.pop(), ctx)
        words.pop()
    if len(words) not in (2, 3):
        raise arguments.BadArgument("not NAME VALUE [TICKER] [for DURATION]")
    symbol = ctx.control.tickers.symbol(words[2]) if len(words) == 3 else None
    await ctx.reply.say(await propose(ctx.control.settings.get(words[0]), words[1], symbol, state, ctx, until=until))


async def reset(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    """Show what it would be without the chat's value; raise BadArgument for too many words."""
    words = args.split()
    if not words:
        await menu(_, "", ctx)
        return
    if len(words) > 2:
        raise arguments.BadArgument("not NAME [TICKER]")
    symbol = ctx.control.tickers.symbol(words[1]) if len(words) == 2 else None
    await _preview_reset(ctx.control.settings.get(words[0]).name, symbol, state, ctx)


async def history(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.history(await ctx.control.settings.history(), ctx.ui))


async def open_history(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.history(await ctx.control.settings.history(), ctx.ui))


async def undo(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await _back(await ctx.control.settings.preview_undo(ctx.user_id), state, ctx)


async def press_undo(_: CallbackQuery, callback_data: Undo, state: FSMContext, ctx: RequestContext) -> None:
    """Preview taking back what the button stands for: under an answer its own change, in the menu the newest."""
    await _back(await ctx.control.settings.preview_undo(ctx.user_id, callback_data.change or None), state, ctx)


async def step(_: CallbackQuery, callback_data: StepSetting, state: FSMContext, ctx: RequestContext) -> None:
    """Propose one step from the value in force."""
    about, symbol = ctx.control.settings.get(callback_data.name), _symbol(callback_data.symbol, ctx)
    value = _stepped(_in_force(about, symbol), about, callback_data.way)
    await ctx.reply.show(await propose(about, value, symbol, state, ctx))


async def step_draft(_: CallbackQuery, callback_data: StepDraft, state: FSMContext, ctx: RequestContext) -> None:
    """Propose one step beyond the value that is proposed."""
    draft = await _draft(callback_data.draft, state, ctx)
    if draft is not None:
        value = _stepped(draft.value, draft.about, callback_data.way)
        await ctx.reply.show(
            await propose(draft.about, value, draft.symbol, state, ctx, until=draft.until, draft=callback_data.draft)
        )


async def span_draft(_: CallbackQuery, callback_data: SpanDraft, state: FSMContext, ctx: RequestContext) -> None:
    """Propose the same value for a while only."""
    draft = await _draft(callback_data.draft, state, ctx)
    if draft is not None:
        until = until_span(callback_data.span, ctx.control, ctx.ui.now)
        await ctx.reply.show(
            await propose(draft.about, draft.value, draft.symbol, state, ctx, until=until, draft=callback_data.draft)
        )


async def choose(_: CallbackQuery, callback_data: ChooseSetting, state: FSMContext, ctx: RequestContext) -> None:
    about = ctx.control.settings.get(callback_data.name)
    choices = about.choices or ()
    if not 0 <= callback_data.index < len(choices):  # a button of an older version
        await ctx.reply.show(views.setting(about, ctx.ui))
        return
    symbol = _symbol(callback_data.symbol, ctx)
    await ctx.reply.show(await propose(about, choices[callback_data.index], symbol, state, ctx))


async def ask_value(_: CallbackQuery, callback_data: TypeSetting, state: FSMContext, ctx: RequestContext) -> None:
    about, symbol = ctx.control.settings.get(callback_data.name), _symbol(callback_data.symbol, ctx)
    await ask(state, Typing.setting_value, name=about.name, symbol=callback_data.symbol)
    await ctx.reply.show(views.ask_value(about, symbol, ctx.ui))


async def typed_value(message: Message, state: FSMContext, ctx: RequestContext) -> None:
    """Take typed words for the value; a refusal tells the range and leaves the question open."""
    about_what = await asked_about(state)
    about = ctx.control.settings.get(str(about_what.get("name", "")))
    symbol = _symbol(str(about_what.get("symbol", "")), ctx)
    screen = await propose(about, (message.text or "").strip(), symbol, state, ctx)
    if await state.get_state() == Typing.setting_value.state:  # else the preview has a question of its own
        await state.set_state(None)
    await ctx.reply.say(screen)


async def leave(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await state.set_state(None)
    await ctx.reply.say(sentence(ctx.ui.t("Left as it was."), ctx.ui))


async def press_reset(_: CallbackQuery, callback_data: ResetSetting, state: FSMContext, ctx: RequestContext) -> None:
    name = ctx.control.settings.get(callback_data.name).name
    await _preview_reset(name, _symbol(callback_data.symbol, ctx), state, ctx)


async def again(_: CallbackQuery, callback_data: Again, state: FSMContext, ctx: RequestContext) -> None:
    """Preview the same change once more."""
    terms = await ctx.control.confirmations.terms(callback_data.ticket, ctx.user_id)
    if terms is None:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    symbol = Symbol.parse(terms["symbol"]) if terms["symbol"] else None
    if terms["how"] == "undo":
        await _back(await ctx.control.settings.preview_undo(ctx.user_id, terms["change"]), state, ctx)
    elif terms["how"] == "reset":
        await _preview_reset(terms["name"], symbol, state, ctx)
    else:
        until = datetime.fromisoformat(terms["until"]) if terms["until"] else None
        about = ctx.control.settings.get(terms["name"])
        await ctx.reply.show(await propose(about, terms["value"], symbol, state, ctx, until=until))


async def _preview_reset(name: str, symbol: Symbol | None, state: FSMContext, ctx: RequestContext) -> None:
    await _back(await ctx.control.settings.preview_reset(ctx.user_id, name, symbol=symbol), state, ctx)


async def _back(view: SettingPreview, state: FSMContext, ctx: RequestContext) -> None:
    """Show what would be taken back; there is nothing to step on to."""
    await ask_for_words(state, view.typed_words, view.ticket)
    await ctx.reply.show(views.preview(view, None, "", ctx.ui))


@dataclass(frozen=True, slots=True)
class _Draft:
    about: SettingView
    value: str
    symbol: Symbol | None
    until: datetime | None


async def _draft(draft: str, state: FSMContext, ctx: RequestContext) -> _Draft | None:
    """Return what a preview proposes; None when it is forgotten, which is then said."""
    facts = await find_draft(state, draft)
    if facts is None or "name" not in facts:
        await ctx.reply.say(forgotten(ctx.ui))
        return None
    until = facts["until"]
    return _Draft(
        about=ctx.control.settings.get(facts["name"]),
        value=facts["value"],
        symbol=_symbol(facts["symbol"], ctx),
        until=datetime.fromisoformat(until) if until else None,
    )


async def propose(
    about: SettingView,
    value: str,
    symbol: Symbol | None,
    state: FSMContext,
    ctx: RequestContext,
    *,
    until: datetime | None = None,
    draft: str = "",
) -> Screen:
    """Preview a value and remember it under the buttons of the preview."""
    view = await ctx.control.settings.preview(ctx.user_id, about.name, value, symbol=symbol, until=until)
    facts = {
        "name": about.name,
        "value": value,
        "symbol": "" if symbol is None else str(symbol),
        "until": "" if until is None else until.isoformat(),
    }
    draft = await keep_draft(state, facts, draft)
    await ask_for_words(state, view.typed_words, view.ticket)
    return views.preview(view, about, draft, ctx.ui)


def _symbol(ref: str, ctx: RequestContext) -> Symbol | None:
    return ctx.control.tickers.symbol(ref) if ref else None


def _in_force(about: SettingView, symbol: Symbol | None) -> str:
    return about.value if symbol is None else dict(about.per_ticker).get(symbol, about.value)


def _until_word(word: str, ctx: RequestContext) -> datetime:
    """Read `2h`, or `close` for the end of the session."""
    if word.casefold() in arguments.CLOSE:
        return ctx.control.modes.until_close()
    return ctx.ui.now + arguments.duration(word)


def _stepped(base: str, about: SettingView, way: str) -> str:
    """Return the value one step away; from `off` or nothing it starts at one step."""
    step = about.step or Decimal(1)
    try:
        value = Decimal(base)
    except InvalidOperation:
        value = Decimal(0)
    return plain(value + (step if way == "up" else -step))

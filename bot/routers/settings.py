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
from bot.input.dialogs import Typing, ask, asked_about, find_draft, keep_draft
from bot.request import RequestContext
from bot.routers.modes import until_span
from bot.routers.usage import explained
from bot.ui.buttons import ChooseSetting, Open, ResetSetting, SpanDraft, StepDraft, StepSetting, TypeSetting, Undo
from bot.ui.screen import Screen
from bot.views import settings as views
from bot.views.home import forgotten, sentence
from strategy.model import SettingView, Symbol


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
    return router


async def menu(_: Message, args: str, visit: RequestContext) -> None:
    await visit.stage.show(
        views.setting(visit.control.get(args), visit.frame) if args else views.menu(visit.control.menu(), visit.frame)
    )


async def open_menu(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.menu(visit.control.menu(), visit.frame))


async def open_group(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    await visit.stage.show(views.group(callback_data.ref, visit.control.menu(), visit.frame))


async def open_setting(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    await visit.stage.show(views.setting(visit.control.get(callback_data.ref), visit.frame))


async def open_tickers(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    about = visit.control.get(callback_data.ref)
    await visit.stage.show(views.pick_ticker(about, visit.control.symbols(), visit.frame))


async def open_setting_of(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    name, __, ticker = callback_data.ref.partition(" ")
    about, symbol = visit.control.get(name), visit.control.symbol(ticker)
    await visit.stage.show(views.setting_of(about, symbol, visit.frame))


async def get(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await menu(_, "", visit)
        return
    await visit.stage.show(views.setting(visit.control.get(args.split(maxsplit=1)[0]), visit.frame))


async def set_(_: Message, args: str, state: FSMContext, visit: RequestContext) -> None:
    """Read `NAME VALUE [TICKER] [for 2h]`, or `NAME=VALUE`; with less, the buttons do the rest."""
    words = args.replace("=", " ", 1).split()
    if len(words) < 2:
        await menu(_, "".join(words), visit)
        return
    until = None
    if len(words) > 3 and words[-2].casefold() == "for":
        until = _until_word(words.pop(), visit)
        words.pop()
    if len(words) not in (2, 3):
        raise arguments.BadArgument("not NAME VALUE [TICKER] [for DURATION]")
    symbol = visit.control.symbol(words[2]) if len(words) == 3 else None
    await visit.stage.say(await propose(visit.control.get(words[0]), words[1], symbol, state, visit, until=until))


async def reset(_: Message, args: str, visit: RequestContext) -> None:
    words = args.split()
    if not words:
        await menu(_, "", visit)
        return
    if len(words) > 2:
        raise arguments.BadArgument("not NAME [TICKER]")
    symbol = visit.control.symbol(words[1]) if len(words) == 2 else None
    await _preview_reset(visit.control.get(words[0]).name, symbol, visit)


async def history(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(views.history(await visit.control.history(), visit.frame))


async def open_history(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.history(await visit.control.history(), visit.frame))


async def undo(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(views.preview(await visit.control.preview_undo(visit.user_id), None, "", visit.frame))


async def press_undo(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.preview(await visit.control.preview_undo(visit.user_id), None, "", visit.frame))


async def step(_: CallbackQuery, callback_data: StepSetting, state: FSMContext, visit: RequestContext) -> None:
    """Propose one step from the value in force."""
    about, symbol = visit.control.get(callback_data.name), _symbol(callback_data.symbol, visit)
    value = _stepped(_in_force(about, symbol), about, callback_data.way)
    await visit.stage.show(await propose(about, value, symbol, state, visit))


async def step_draft(_: CallbackQuery, callback_data: StepDraft, state: FSMContext, visit: RequestContext) -> None:
    """Propose one step beyond the value that is proposed."""
    draft = await _draft(callback_data.draft, state, visit)
    if draft is not None:
        value = _stepped(draft.value, draft.about, callback_data.way)
        await visit.stage.show(
            await propose(draft.about, value, draft.symbol, state, visit, until=draft.until, draft=callback_data.draft)
        )


async def span_draft(_: CallbackQuery, callback_data: SpanDraft, state: FSMContext, visit: RequestContext) -> None:
    """Propose the same value for a while only."""
    draft = await _draft(callback_data.draft, state, visit)
    if draft is not None:
        until = until_span(callback_data.span, visit.control, visit.frame.now)
        await visit.stage.show(
            await propose(draft.about, draft.value, draft.symbol, state, visit, until=until, draft=callback_data.draft)
        )


async def choose(_: CallbackQuery, callback_data: ChooseSetting, state: FSMContext, visit: RequestContext) -> None:
    about = visit.control.get(callback_data.name)
    choices = about.choices or ()
    if not 0 <= callback_data.index < len(choices):  # a button of an older version
        await visit.stage.show(views.setting(about, visit.frame))
        return
    symbol = _symbol(callback_data.symbol, visit)
    await visit.stage.show(await propose(about, choices[callback_data.index], symbol, state, visit))


async def ask_value(_: CallbackQuery, callback_data: TypeSetting, state: FSMContext, visit: RequestContext) -> None:
    about, symbol = visit.control.get(callback_data.name), _symbol(callback_data.symbol, visit)
    await ask(state, Typing.setting_value, name=about.name, symbol=callback_data.symbol)
    await visit.stage.show(views.ask_value(about, symbol, visit.frame))


async def typed_value(message: Message, state: FSMContext, visit: RequestContext) -> None:
    """Take typed words for the value; a refusal tells the range and leaves the question open."""
    about_what = await asked_about(state)
    about = visit.control.get(str(about_what.get("name", "")))
    symbol = _symbol(str(about_what.get("symbol", "")), visit)
    screen = await propose(about, (message.text or "").strip(), symbol, state, visit)
    await state.set_state(None)
    await visit.stage.say(screen)


async def leave(_: Message, state: FSMContext, visit: RequestContext) -> None:
    await state.set_state(None)
    await visit.stage.say(sentence(visit.frame.t("Left as it was."), visit.frame))


async def press_reset(_: CallbackQuery, callback_data: ResetSetting, visit: RequestContext) -> None:
    await _preview_reset(visit.control.get(callback_data.name).name, _symbol(callback_data.symbol, visit), visit)


async def _preview_reset(name: str, symbol: Symbol | None, visit: RequestContext) -> None:
    view = await visit.control.preview_reset(visit.user_id, name, symbol=symbol)
    await visit.stage.show(views.preview(view, None, "", visit.frame))


@dataclass(frozen=True, slots=True)
class _Draft:
    about: SettingView
    value: str
    symbol: Symbol | None
    until: datetime | None


async def _draft(draft: str, state: FSMContext, visit: RequestContext) -> _Draft | None:
    """Return what a preview proposes; None when it is forgotten, which is then said."""
    facts = await find_draft(state, draft)
    if facts is None or "name" not in facts:
        await visit.stage.say(forgotten(visit.frame))
        return None
    until = facts["until"]
    return _Draft(
        about=visit.control.get(facts["name"]),
        value=facts["value"],
        symbol=_symbol(facts["symbol"], visit),
        until=datetime.fromisoformat(until) if until else None,
    )


async def propose(
    about: SettingView,
    value: str,
    symbol: Symbol | None,
    state: FSMContext,
    visit: RequestContext,
    *,
    until: datetime | None = None,
    draft: str = "",
) -> Screen:
    """Preview a value and remember it under the buttons of the preview."""
    view = await visit.control.preview_setting(visit.user_id, about.name, value, symbol=symbol, until=until)
    facts = {
        "name": about.name,
        "value": value,
        "symbol": "" if symbol is None else str(symbol),
        "until": "" if until is None else until.isoformat(),
    }
    draft = await keep_draft(state, facts, draft)
    return views.preview(view, about, draft, visit.frame)


def _symbol(ref: str, visit: RequestContext) -> Symbol | None:
    return visit.control.symbol(ref) if ref else None


def _in_force(about: SettingView, symbol: Symbol | None) -> str:
    return about.value if symbol is None else dict(about.per_ticker).get(symbol, about.value)


def _until_word(word: str, visit: RequestContext) -> datetime:
    """Read `2h`, or `close` for the end of the session."""
    if word.casefold() in arguments.CLOSE:
        return visit.control.until_close()
    return visit.frame.now + arguments.duration(word)


def _stepped(base: str, about: SettingView, way: str) -> str:
    """Return the value one step away; from `off` or nothing it starts at one step."""
    step = about.step or Decimal(1)
    try:
        value = Decimal(base)
    except InvalidOperation:
        value = Decimal(0)
    return plain(value + (step if way == "up" else -step))

"""Settings: browse, propose by steps, choices or typed words, confirm; nothing is in force before."""

from decimal import Decimal, InvalidOperation

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot import arguments
from bot.asking import Asks
from bot.buttons import ChooseSetting, Open, ResetSetting, StepSetting, TypeSetting, Undo
from bot.dialogs import Typing
from bot.figures import plain
from bot.routers.usage import explained
from bot.views import settings as views
from bot.views.home import sentence
from bot.visit import Visit
from strategy.views import SettingView


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
    router.callback_query.register(open_history, Open.filter(F.screen == "history"))
    router.callback_query.register(step, StepSetting.filter())
    router.callback_query.register(choose, ChooseSetting.filter())
    router.callback_query.register(ask, TypeSetting.filter())
    router.callback_query.register(press_reset, ResetSetting.filter())
    router.callback_query.register(press_undo, Undo.filter())
    return router


async def menu(_: Message, args: str, visit: Visit) -> None:
    await visit.stage.show(
        views.setting(visit.control.get(args), visit.frame) if args else views.menu(visit.control.menu(), visit.frame)
    )


async def open_menu(_: CallbackQuery, visit: Visit) -> None:
    await visit.stage.show(views.menu(visit.control.menu(), visit.frame))


async def open_group(_: CallbackQuery, callback_data: Open, visit: Visit) -> None:
    await visit.stage.show(views.group(callback_data.ref, visit.control.menu(), visit.frame))


async def open_setting(_: CallbackQuery, callback_data: Open, state: FSMContext, visit: Visit) -> None:
    await state.set_data({})
    await visit.stage.show(views.setting(visit.control.get(callback_data.ref), visit.frame))


async def get(_: Message, args: str, visit: Visit) -> None:
    if not args:
        raise arguments.BadArgument("no name")
    await visit.stage.show(views.setting(visit.control.get(args.split(maxsplit=1)[0]), visit.frame))


async def set_(_: Message, args: str, visit: Visit) -> None:
    """Read `NAME VALUE [TICKER] [for 2h]`; `NAME=VALUE` will do too."""
    words = args.replace("=", " ", 1).split()
    until = None
    if len(words) > 3 and words[-2].casefold() == "for":
        until = visit.frame.now + arguments.duration(words.pop())
        words.pop()
    if len(words) not in (2, 3):
        raise arguments.BadArgument("not NAME VALUE [TICKER] [for DURATION]")
    symbol = visit.control.symbol(words[2]) if len(words) == 3 else None
    name = visit.control.get(words[0]).name
    view = await visit.control.preview_setting(visit.user_id, name, words[1], symbol=symbol, until=until)
    await visit.stage.show(views.preview(view, None, visit.frame))


async def reset(_: Message, args: str, visit: Visit) -> None:
    words = args.split()
    if len(words) not in (1, 2):
        raise arguments.BadArgument("not NAME [TICKER]")
    symbol = visit.control.symbol(words[1]) if len(words) == 2 else None
    view = await visit.control.preview_reset(visit.user_id, visit.control.get(words[0]).name, symbol=symbol)
    await visit.stage.show(views.preview(view, None, visit.frame))


async def history(_: Message, visit: Visit) -> None:
    await visit.stage.show(views.history(await visit.control.history(), visit.frame))


async def open_history(_: CallbackQuery, visit: Visit) -> None:
    await visit.stage.show(views.history(await visit.control.history(), visit.frame))


async def undo(_: Message, visit: Visit) -> None:
    await visit.stage.show(views.preview(await visit.control.preview_undo(visit.user_id), None, visit.frame))


async def press_undo(_: CallbackQuery, visit: Visit) -> None:
    await visit.stage.show(views.preview(await visit.control.preview_undo(visit.user_id), None, visit.frame))


async def step(_: CallbackQuery, callback_data: StepSetting, state: FSMContext, visit: Visit) -> None:
    """Propose one step beyond the value this message proposes, or beyond the value in force."""
    about = visit.control.get(callback_data.name)
    data = await state.get_data()
    same = data.get("name") == about.name and data.get("message") == visit.stage.pressed
    base = str(data["value"]) if same else about.value
    value = _stepped(base, about, 1 if callback_data.way == "up" else -1)
    await _propose(about, value, state, visit)


async def choose(_: CallbackQuery, callback_data: ChooseSetting, state: FSMContext, visit: Visit) -> None:
    about = visit.control.get(callback_data.name)
    choices = about.choices or ()
    if not 0 <= callback_data.index < len(choices):  # a button of an older version
        await visit.stage.show(views.setting(about, visit.frame))
        return
    await _propose(about, choices[callback_data.index], state, visit)


async def ask(_: CallbackQuery, callback_data: TypeSetting, state: FSMContext, visit: Visit) -> None:
    about = visit.control.get(callback_data.name)
    await state.set_state(Typing.setting_value)
    await state.set_data({"name": about.name})
    await visit.stage.show(views.ask_value(about, visit.frame))


async def typed_value(message: Message, state: FSMContext, visit: Visit) -> None:
    """Take typed words for the value; a refusal tells the range and leaves the question open."""
    about = visit.control.get(str((await state.get_data()).get("name", "")))
    view = await visit.control.preview_setting(
        visit.user_id, about.name, (message.text or "").strip(), symbol=None, until=None
    )
    await state.clear()
    await visit.stage.say(views.preview(view, about, visit.frame))


async def leave(_: Message, state: FSMContext, visit: Visit) -> None:
    await state.clear()
    await visit.stage.say(sentence(visit.frame.t("Left as it was."), visit.frame))


async def press_reset(_: CallbackQuery, callback_data: ResetSetting, visit: Visit) -> None:
    name = visit.control.get(callback_data.name).name
    await visit.stage.show(
        views.preview(await visit.control.preview_reset(visit.user_id, name, symbol=None), None, visit.frame)
    )


async def _propose(about: SettingView, value: str, state: FSMContext, visit: Visit) -> None:
    view = await visit.control.preview_setting(visit.user_id, about.name, value, symbol=None, until=None)
    await state.set_data({"name": about.name, "value": value, "message": visit.stage.pressed})
    await visit.stage.show(views.preview(view, about, visit.frame))


def _stepped(base: str, about: SettingView, direction: int) -> str:
    """Return the value one step away; from `off` or nothing it starts at one step."""
    step = about.step or Decimal(1)
    try:
        value = Decimal(base)
    except InvalidOperation:
        value = Decimal(0)
    return plain(value + direction * step)

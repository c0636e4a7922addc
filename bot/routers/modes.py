"""Modes: run, pause, protect only, halt, release, arm."""

from contextlib import suppress
from datetime import datetime, timedelta

from aiogram import Bot, F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.i18n.translator import Tongue
from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask, asked_about
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.ui.buttons import Open, Release, SetMode, Span
from bot.ui.screen import Screen
from bot.views import modes as views
from bot.views.confirm import outcome
from bot.views.home import sentence
from strategy.control.interface import Control
from strategy.model import Environment, Mode, OutcomeKind, Symbol

SPANS: dict[Span, timedelta | None] = {
    "30m": timedelta(minutes=30),
    "2h": timedelta(hours=2),
    "close": None,  # until the session closes
    "": None,  # until changed
}


def make_router() -> Router:
    router = Router(name="modes")
    router.message.register(leave, StateFilter(Typing.mode_word), Asks("cancel"))
    router.message.register(halt_word, StateFilter(Typing.mode_word), ~F.text.startswith("/"))
    router.message.register(explained("run", run), Asks("run"))
    router.message.register(explained("pause", pause), Asks("pause"))
    router.message.register(explained("stop", stop), Asks("stop"))
    router.message.register(explained("halt", halt), Asks("halt"))
    router.message.register(release, Asks("release"))
    router.message.register(explained("arm", arm), Asks("arm"))
    router.callback_query.register(open_mode, Open.filter(F.screen == "mode"))
    router.callback_query.register(open_run, Open.filter(F.screen == "run"))
    router.callback_query.register(open_pause, Open.filter(F.screen == "pause"))
    router.callback_query.register(set_mode, SetMode.filter())
    router.callback_query.register(open_release, Open.filter(F.screen == "release"))
    router.callback_query.register(press_release, Release.filter())
    return router


async def run(_: Message, args: str, state: FSMContext, visit: RequestContext) -> None:
    symbol = visit.control.symbol(args) if args else None
    await visit.stage.show(await _preview(Mode.RUN, symbol, state, visit))


async def pause(_: Message, args: str, visit: RequestContext) -> None:
    """Pause at once: `/pause`, `/pause TQQQ`, `/pause 30m`, `/pause TQQQ close`."""
    symbol, until = _whom_and_when(args, visit.control, visit.frame.now)
    await _set(Mode.PAUSE_BUYS, symbol, until, visit)


async def stop(_: Message, args: str, visit: RequestContext) -> None:
    symbol = visit.control.symbol(args) if args else None
    await _set(Mode.PROTECT_ONLY, symbol, None, visit)


async def halt(_: Message, args: str, state: FSMContext, visit: RequestContext) -> None:
    symbol = visit.control.symbol(args) if args else None
    await visit.stage.show(await _preview(Mode.HALTED, symbol, state, visit))


async def halt_word(message: Message, state: FSMContext, visit: RequestContext) -> None:
    """Carry a halt out when the right word was typed; the service compares it. After another word it still waits."""
    ticket = str((await asked_about(state)).get("ticket", ""))
    await state.set_state(None)
    with visit.stage.answering():
        result = await visit.control.confirm(ticket, visit.user_id, typed=(message.text or "").strip())
        if result.kind is OutcomeKind.DENIED:
            await ask(state, Typing.mode_word, ticket=ticket)
        await visit.stage.tell(outcome(result, visit.frame), result.news)


async def leave(_: Message, state: FSMContext, visit: RequestContext) -> None:
    await state.set_state(None)
    await visit.stage.say(sentence(visit.frame.t("Left as it was."), visit.frame))


async def release(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await _pick_release(visit)
        return
    await _release(visit.control.symbol(args), visit)


async def open_release(_: CallbackQuery, visit: RequestContext) -> None:
    await _pick_release(visit)


async def _pick_release(visit: RequestContext) -> None:
    locks = list((await visit.control.holdings(fresh=False)).locks)
    await visit.stage.show(views.pick_release(locks, visit.frame))


async def arm(message: Message, args: str, bot: Bot, visit: RequestContext) -> None:
    if visit.frame.environment is not Environment.REAL:
        await visit.stage.say(views.arming_not_needed(visit.frame))
        return
    if not args:
        raise arguments.BadArgument("no code")
    with suppress(*TELEGRAM_FAILURES):  # digits of the account do not stay in the chat
        await bot.delete_message(message.chat.id, message.message_id)
    with visit.stage.answering():
        result = await visit.control.arm(visit.user_id, args)
        await visit.stage.tell(outcome(result, visit.frame), result.news)


async def open_mode(_: CallbackQuery, visit: RequestContext) -> None:
    status = await visit.control.status()
    locks = [each.lock for each in status.tickers if each.lock is not None]
    await visit.stage.show(views.menu(status.mode, locks, visit.frame))


async def open_pause(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    symbol = visit.control.symbol(callback_data.ref) if callback_data.ref else None
    await visit.stage.show(
        views.pick_pause(symbol, [(key, _span_label(key, visit.frame.t)) for key in SPANS], visit.frame)
    )


async def set_mode(_: CallbackQuery, callback_data: SetMode, state: FSMContext, visit: RequestContext) -> None:
    mode = callback_data.mode
    symbol = visit.control.symbol(callback_data.symbol) if callback_data.symbol else None
    if mode in (Mode.RUN, Mode.HALTED):
        await visit.stage.show(await _preview(mode, symbol, state, visit))
        return
    await _set(mode, symbol, until_span(callback_data.span, visit.control, visit.frame.now), visit)


async def open_run(_: CallbackQuery, callback_data: Open, state: FSMContext, visit: RequestContext) -> None:
    """Preview running again, from under a message that must stay."""
    symbol = visit.control.symbol(callback_data.ref) if callback_data.ref else None
    await visit.stage.show(await _preview(Mode.RUN, symbol, state, visit))


async def press_release(_: CallbackQuery, callback_data: Release, visit: RequestContext) -> None:
    await _release(visit.control.symbol(callback_data.symbol), visit)


async def _set(mode: Mode, symbol: Symbol | None, until: datetime | None, visit: RequestContext) -> None:
    with visit.stage.answering():
        told = await visit.control.set_mode(mode, symbol=symbol, until=until, user_id=visit.user_id)
        await visit.stage.tell(views.was_set(told, visit.frame), [told])


async def _release(symbol: Symbol, visit: RequestContext) -> None:
    """Release in a new message: the button stands under an alert too."""
    with visit.stage.answering():
        told = await visit.control.release(visit.user_id, symbol)
        screen = views.released(symbol, told is not None, visit.frame)
        await visit.stage.tell(screen, [] if told is None else [told], anew=True)


async def _preview(mode: Mode, symbol: Symbol | None, state: FSMContext, visit: RequestContext) -> Screen:
    view = await visit.control.preview_mode(visit.user_id, mode, symbol=symbol)
    if view.typed_word and view.ticket:
        await ask(state, Typing.mode_word, ticket=view.ticket)
    return views.preview(view, visit.frame)


def _whom_and_when(args: str, control: Control, now: datetime) -> tuple[Symbol | None, datetime | None]:
    words = args.split()
    until = None
    if words and (words[-1].casefold() in arguments.CLOSE or arguments.is_duration(words[-1])):
        last = words.pop().casefold()
        until = now + arguments.duration(last) if arguments.is_duration(last) else control.until_close()
    if len(words) > 1:
        raise arguments.BadArgument("not [TICKER] [DURATION]")
    return (control.symbol(words[0]) if words else None), until


def until_span(span: Span, control: Control, now: datetime) -> datetime | None:
    if span == "close":
        return control.until_close()
    length = SPANS.get(span)
    return None if length is None else now + length


def _span_label(key: Span, t: Tongue) -> str:
    return {
        "30m": t("30 minutes"),
        "2h": t("2 hours"),
        "close": t("until the close"),
        "": t("until I change it"),
    }[key]

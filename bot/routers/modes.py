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
from bot.input.dialogs import Typing, ask, ask_for_words, asked_about
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.ui.buttons import Again, Open, Release, SetMode, Span
from bot.ui.screen import Screen
from bot.views import modes as views
from bot.views.home import forgotten, sentence
from bot.views.outcome import outcome
from strategy.control.control import Control
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
    router.message.register(open_mode, Asks("mode"))
    router.callback_query.register(open_mode, Open.filter(F.screen == "mode"))
    router.callback_query.register(open_run, Open.filter(F.screen == "run"))
    router.callback_query.register(open_pause, Open.filter(F.screen == "pause"))
    router.callback_query.register(set_mode, SetMode.filter())
    router.callback_query.register(open_release, Open.filter(F.screen == "release"))
    router.callback_query.register(press_release, Release.filter())
    router.callback_query.register(again, Again.filter(F.action.in_({"mode", "release"})))
    return router


async def run(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    symbol = ctx.control.tickers.symbol(args) if args else None
    await ctx.reply.show(await _preview(Mode.RUN, symbol, state, ctx))


async def pause(_: Message, args: str, ctx: RequestContext) -> None:
    """Pause at once: `/pause`, `/pause TQQQ`, `/pause 30m`, `/pause TQQQ close`."""
    symbol, until = _whom_and_when(args, ctx.control, ctx.ui.now)
    await _set(Mode.PAUSE_BUYS, symbol, until, ctx)


async def stop(_: Message, args: str, ctx: RequestContext) -> None:
    symbol = ctx.control.tickers.symbol(args) if args else None
    await _set(Mode.PROTECT_ONLY, symbol, None, ctx)


async def halt(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    symbol = ctx.control.tickers.symbol(args) if args else None
    await ctx.reply.show(await _preview(Mode.HALTED, symbol, state, ctx))


async def halt_word(message: Message, state: FSMContext, ctx: RequestContext) -> None:
    """Carry out what takes stops off when the right words were typed; the service compares them. After others it still
    waits."""
    ticket = str((await asked_about(state)).get("ticket", ""))
    await state.set_state(None)
    with ctx.reply.answering():
        result = await ctx.control.confirmations.confirm(ticket, ctx.user_id, typed=(message.text or "").strip())
        if result.kind is OutcomeKind.DENIED:
            await ask(state, Typing.mode_word, ticket=ticket)
        await ctx.reply.tell(outcome(result, ctx.ui), result.news)


async def leave(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await state.set_state(None)
    await ctx.reply.say(sentence(ctx.ui.t("Left as it was."), ctx.ui))


async def release(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await _pick_release(ctx)
        return
    await _release(ctx.control.tickers.symbol(args), ctx)


async def open_release(_: CallbackQuery, ctx: RequestContext) -> None:
    await _pick_release(ctx)


async def _pick_release(ctx: RequestContext) -> None:
    locks = list((await ctx.control.holdings.view(fresh=False)).locks)
    await ctx.reply.show(views.pick_release(locks, ctx.ui))


async def arm(message: Message, args: str, bot: Bot, ctx: RequestContext) -> None:
    """Allow real orders by digits of the account; raise BadArgument without any."""
    if ctx.ui.environment is not Environment.REAL:
        await ctx.reply.say(views.arming_not_needed(ctx.ui))
        return
    if not args:
        raise arguments.BadArgument("no code")
    with suppress(*TELEGRAM_FAILURES):  # digits of the account do not stay in the chat
        await bot.delete_message(message.chat.id, message.message_id)
    with ctx.reply.answering():
        result = await ctx.control.arming.arm(ctx.user_id, args)
        await ctx.reply.tell(outcome(result, ctx.ui), result.news)


async def open_mode(_: CallbackQuery | Message, ctx: RequestContext) -> None:
    status = await ctx.control.status.now()
    locks = [each.lock for each in status.tickers if each.lock is not None]
    await ctx.reply.show(views.menu(status.mode, locks, ctx.ui))


async def open_pause(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    symbol = ctx.control.tickers.symbol(callback_data.ref) if callback_data.ref else None
    await ctx.reply.show(views.pick_pause(symbol, [(key, _span_label(key, ctx.ui.t)) for key in SPANS], ctx.ui))


async def set_mode(_: CallbackQuery, callback_data: SetMode, state: FSMContext, ctx: RequestContext) -> None:
    mode = callback_data.mode
    symbol = ctx.control.tickers.symbol(callback_data.symbol) if callback_data.symbol else None
    if mode is Mode.HALTED or ctx.control.modes.loosens(mode, symbol) or mode is Mode.RUN:
        await ctx.reply.show(await _preview(mode, symbol, state, ctx))
        return
    await _set(mode, symbol, until_span(callback_data.span, ctx.control, ctx.ui.now), ctx)


async def open_run(_: CallbackQuery, callback_data: Open, state: FSMContext, ctx: RequestContext) -> None:
    """Preview running again, from under a message that must stay."""
    symbol = ctx.control.tickers.symbol(callback_data.ref) if callback_data.ref else None
    await ctx.reply.show(await _preview(Mode.RUN, symbol, state, ctx))


async def press_release(_: CallbackQuery, callback_data: Release, ctx: RequestContext) -> None:
    await _release(ctx.control.tickers.symbol(callback_data.symbol), ctx, anew=True)


async def again(_: CallbackQuery, callback_data: Again, state: FSMContext, ctx: RequestContext) -> None:
    """Preview the same mode, or the same release, once more."""
    terms = await ctx.control.confirmations.terms(callback_data.ticket, ctx.user_id)
    if terms is None:
        await ctx.reply.say(forgotten(ctx.ui))
    elif callback_data.action == "release":
        await _release(Symbol.parse(terms["release"]), ctx)
    else:
        symbol = Symbol.parse(terms["symbol"]) if terms["symbol"] else None
        await ctx.reply.show(await _preview(Mode(terms["mode"]), symbol, state, ctx))


async def _set(mode: Mode, symbol: Symbol | None, until: datetime | None, ctx: RequestContext) -> None:
    with ctx.reply.answering():
        told = await ctx.control.modes.set_mode(mode, symbol=symbol, until=until, user_id=ctx.user_id)
        await ctx.reply.tell(views.was_set(told, ctx.control.modes.in_force(symbol).mode, ctx.ui), [told])


async def _release(symbol: Symbol, ctx: RequestContext, *, anew: bool = False) -> None:
    """Preview a release; in a new message where the button stands under an alert."""
    screen = views.release_preview(await ctx.control.modes.preview_release(ctx.user_id, symbol), ctx.ui)
    if anew:
        await ctx.reply.say(screen)
    else:
        await ctx.reply.show(screen)


async def _preview(mode: Mode, symbol: Symbol | None, state: FSMContext, ctx: RequestContext) -> Screen:
    view = await ctx.control.modes.preview(ctx.user_id, mode, symbol=symbol)
    await ask_for_words(state, view.typed_words, view.ticket)
    return views.preview(view, ctx.ui)


def _whom_and_when(args: str, control: Control, now: datetime) -> tuple[Symbol | None, datetime | None]:
    words = args.split()
    until = None
    if words and (words[-1].casefold() in arguments.CLOSE or arguments.is_duration(words[-1])):
        last = words.pop().casefold()
        until = now + arguments.duration(last) if arguments.is_duration(last) else control.modes.until_close()
    if len(words) > 1:
        raise arguments.BadArgument("not [TICKER] [DURATION]")
    return (control.tickers.symbol(words[0]) if words else None), until


def until_span(span: Span, control: Control, now: datetime) -> datetime | None:
    if span == "close":
        return control.modes.until_close()
    length = SPANS.get(span)
    return None if length is None else now + length


def _span_label(key: Span, t: Tongue) -> str:
    return {
        "30m": t("30 minutes"),
        "2h": t("2 hours"),
        "close": t("until the close"),
        "": t("until I change it"),
    }[key]

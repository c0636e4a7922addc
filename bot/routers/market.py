"""Prices, the watch list, and market days."""

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Open, TypeTicker, Watch
from bot.ui.screen import Screen
from bot.views import market as views
from bot.views.home import sentence
from bot.views.picking import pick_ticker
from bot.views.watch import watch_preview
from strategy.model import Symbol

_DAYS = 14
_MOST_DAYS = 60


def make_router() -> Router:
    router = Router(name="market")
    router.message.register(leave, StateFilter(Typing.ticker), Asks("cancel"))
    router.message.register(typed_ticker, StateFilter(Typing.ticker), ~F.text.startswith("/"))
    router.message.register(quote, Asks("quote"))
    router.message.register(explained("calendar", calendar), Asks("calendar"))
    router.message.register(watch, Asks("watch"))
    router.message.register(unwatch, Asks("unwatch"))
    router.callback_query.register(open_quote, Open.filter(F.screen == "quote"))
    router.callback_query.register(open_tickers, Open.filter(F.screen == "tickers"))
    router.callback_query.register(open_calendar, Open.filter(F.screen == "calendar"))
    router.callback_query.register(open_watch, Open.filter(F.screen == "watch"))
    router.callback_query.register(open_unwatch, Open.filter(F.screen == "unwatch"))
    router.callback_query.register(ask_ticker, TypeTicker.filter())
    router.callback_query.register(press_watch, Watch.filter())
    return router


async def quote(_: Message, args: str, visit: RequestContext) -> None:
    await _quote(args, visit)


async def open_quote(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    await _quote(callback_data.ref, visit)


async def open_tickers(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.tickers(visit.control.symbols(), visit.frame))


async def calendar(_: Message, args: str, visit: RequestContext) -> None:
    days = arguments.count(args, _DAYS, _MOST_DAYS)
    await visit.stage.show(views.calendar(visit.control.calendar(days), visit.frame))


async def open_calendar(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.calendar(visit.control.calendar(_DAYS), visit.frame))


async def watch(_: Message, args: str, visit: RequestContext) -> None:
    await visit.stage.show(await _watch(args, visit) if args else await _pick_watch(visit))


async def open_watch(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(await _pick_watch(visit))


async def unwatch(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await visit.stage.show(views.pick_unwatch(visit.control.symbols(), visit.frame))
        return
    await visit.stage.show(await _unwatch(visit.control.symbol(args), visit))


async def open_unwatch(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.pick_unwatch(visit.control.symbols(), visit.frame))


async def press_watch(_: CallbackQuery, callback_data: Watch, visit: RequestContext) -> None:
    if callback_data.adds:
        await visit.stage.show(await _watch(callback_data.symbol, visit))
        return
    await visit.stage.show(await _unwatch(visit.control.symbol(callback_data.symbol), visit))


async def ask_ticker(_: CallbackQuery, state: FSMContext, visit: RequestContext) -> None:
    await ask(state, Typing.ticker)
    await visit.stage.show(views.ask_ticker(visit.frame))


async def typed_ticker(message: Message, state: FSMContext, visit: RequestContext) -> None:
    """Take a typed ticker; one that no exchange knows leaves the question open."""
    screen = await _watch((message.text or "").strip(), visit)
    await state.set_state(None)
    await visit.stage.say(screen)


async def leave(_: Message, state: FSMContext, visit: RequestContext) -> None:
    await state.set_state(None)
    await visit.stage.say(sentence(visit.frame.t("Left as it was."), visit.frame))


async def _quote(name: str, visit: RequestContext) -> None:
    symbols = list(visit.control.symbols())
    if not name and len(symbols) != 1:
        t = visit.frame.t
        await visit.stage.show(pick_ticker("quote", f"💲 {t('Price now')}", t("Which ticker?"), symbols, visit.frame))
        return
    symbol = visit.control.symbol(name) if name else symbols[0]
    await visit.stage.show(views.quote(await visit.control.quote(symbol), visit.frame))


async def _watch(name: str, visit: RequestContext) -> Screen:
    return watch_preview(await visit.control.preview_watch(visit.user_id, name), visit.frame)


async def _unwatch(symbol: Symbol, visit: RequestContext) -> Screen:
    return watch_preview(await visit.control.preview_unwatch(visit.user_id, symbol), visit.frame)


async def _pick_watch(visit: RequestContext) -> Screen:
    """Offer what is held but not watched."""
    watched = set(visit.control.symbols())
    held = (await visit.control.holdings(fresh=False)).holdings
    others = [] if held is None else [each.symbol for each in held.positions if each.symbol not in watched]
    return views.pick_watch(others, visit.frame)

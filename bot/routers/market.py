"""Prices, the watch list, and market days."""

from collections.abc import Sequence

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask
from bot.quick_answers import BrokerAnswer, Recalled, answer_soon
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Again, Observe, Open, TypeTicker, Watch
from bot.ui.screen import Screen
from bot.views import market as views
from bot.views.home import forgotten, sentence
from bot.views.picking import pick_ticker
from bot.views.watch import observed, watch_only, watch_preview
from strategy.model import Symbol

_DAYS = 14
_MOST_DAYS = 60


def make_router() -> Router:
    router = Router(name="market")
    router.message.register(leave, StateFilter(Typing.ticker), Asks("cancel"))
    router.message.register(typed_ticker, StateFilter(Typing.ticker), ~F.text.startswith("/"))
    router.message.register(quote, Asks("quote"))
    router.message.register(explained("calendar", calendar), Asks("calendar"))
    router.message.register(add, Asks("add"))
    router.message.register(watch, Asks("watch"))
    router.message.register(unwatch, Asks("unwatch"))
    router.callback_query.register(open_quote, Open.filter(F.screen == "quote"))
    router.message.register(open_tickers, Asks("tickers"))
    router.callback_query.register(open_tickers, Open.filter(F.screen == "tickers"))
    router.callback_query.register(open_calendar, Open.filter(F.screen == "calendar"))
    router.callback_query.register(open_watch, Open.filter(F.screen == "watch"))
    router.callback_query.register(open_watch_only, Open.filter(F.screen == "watch_only"))
    router.callback_query.register(observe, Observe.filter())
    router.callback_query.register(open_unwatch, Open.filter(F.screen == "unwatch"))
    router.callback_query.register(ask_ticker, TypeTicker.filter())
    router.callback_query.register(press_watch, Watch.filter())
    router.callback_query.register(again, Again.filter(F.action == "watch"))
    return router


async def quote(_: Message, args: str, ctx: RequestContext) -> None:
    await _quote(args, ctx)


async def open_quote(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await _quote(callback_data.ref, ctx)


async def open_tickers(_: CallbackQuery | Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.tickers(ctx.control.tickers.watched(), ctx.ui))


async def calendar(_: Message, args: str, ctx: RequestContext) -> None:
    days = arguments.count(args, _DAYS, _MOST_DAYS)
    await ctx.reply.show(views.calendar(ctx.control.results.calendar(days), ctx.ui))


async def open_calendar(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.calendar(ctx.control.results.calendar(_DAYS), ctx.ui))


async def add(_: Message, args: str, ctx: RequestContext) -> None:
    await ctx.reply.show(await _watch(args, ctx) if args else await _pick_watch(ctx))


async def watch(_: Message, args: str, ctx: RequestContext) -> None:
    """Put a ticker on the list of those that are only looked at, or show that list."""
    if args:
        await _observe(await ctx.control.tickers.find(args), ctx)
    else:
        await ctx.reply.show(watch_only(await ctx.control.watch_only.quotes(), ctx.ui))


async def open_watch_only(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(watch_only(await ctx.control.watch_only.quotes(), ctx.ui))


async def observe(_: CallbackQuery, callback_data: Observe, ctx: RequestContext) -> None:
    symbol = Symbol.parse(callback_data.symbol)
    if callback_data.adds:
        await _observe(symbol, ctx)
        return
    await ctx.control.watch_only.remove(symbol)
    await ctx.reply.show(watch_only(await ctx.control.watch_only.quotes(), ctx.ui))


async def _observe(symbol: Symbol, ctx: RequestContext) -> None:
    await ctx.control.watch_only.add(symbol)
    await ctx.reply.show(observed(symbol, symbol in ctx.control.tickers.watched(), ctx.ui))


async def open_watch(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(await _pick_watch(ctx))


async def unwatch(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await ctx.reply.show(views.pick_unwatch(ctx.control.tickers.watched(), ctx.ui))
        return
    if (found := _among(args, await ctx.control.watch_only.symbols())) is not None:
        await ctx.control.watch_only.remove(found)
        await ctx.reply.show(watch_only(await ctx.control.watch_only.quotes(), ctx.ui))
        return
    await ctx.reply.show(await _unwatch(ctx.control.tickers.symbol(args), ctx))


async def open_unwatch(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.pick_unwatch(ctx.control.tickers.watched(), ctx.ui))


async def press_watch(_: CallbackQuery, callback_data: Watch, ctx: RequestContext) -> None:
    if callback_data.adds:
        await ctx.reply.show(await _watch(callback_data.symbol, ctx))
        return
    await ctx.reply.show(await _unwatch(ctx.control.tickers.symbol(callback_data.symbol), ctx))


async def again(_: CallbackQuery, callback_data: Again, ctx: RequestContext) -> None:
    """Preview the same change of the list once more."""
    terms = await ctx.control.confirmations.terms(callback_data.ticket, ctx.user_id)
    if terms is None:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    ways = _watch(terms["symbol"], ctx) if terms["adds"] else _unwatch(Symbol.parse(terms["symbol"]), ctx)
    await ctx.reply.show(await ways)


async def ask_ticker(_: CallbackQuery, state: FSMContext, ctx: RequestContext) -> None:
    await ask(state, Typing.ticker)
    await ctx.reply.show(views.ask_ticker(ctx.ui))


async def typed_ticker(message: Message, state: FSMContext, ctx: RequestContext) -> None:
    """Take a typed ticker; one that no exchange knows leaves the question open."""
    screen = await _watch((message.text or "").strip(), ctx)
    await state.set_state(None)
    await ctx.reply.say(screen)


async def leave(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await state.set_state(None)
    await ctx.reply.say(sentence(ctx.ui.t("Left as it was."), ctx.ui))


async def _quote(name: str, ctx: RequestContext) -> None:
    symbols = list(ctx.control.tickers.watched())
    if not name and len(symbols) != 1:
        t = ctx.ui.t
        await ctx.reply.show(pick_ticker("quote", f"💲 {t('Price now')}", t("Which ticker?"), symbols, ctx.ui))
        return
    symbol = await ctx.control.tickers.find(name) if name else symbols[0]
    await show_quote(symbol, ctx)


async def show_quote(symbol: Symbol, ctx: RequestContext) -> None:
    """Show the newest price known at once, and a fresh one when the broker has told it."""

    async def ask() -> BrokerAnswer:
        return BrokerAnswer(views.quote(await ctx.control.results.quote(symbol), ctx.ui))

    async def recall() -> Recalled | None:
        known = await ctx.control.results.quote_known(symbol)
        return None if known is None else Recalled(views.quote(known, ctx.ui), known.quote.received_at)

    await answer_soon(ctx, ask, recall)


async def _watch(name: str, ctx: RequestContext) -> Screen:
    return watch_preview(await ctx.control.watchlist.preview_add(ctx.user_id, name), ctx.ui)


async def _unwatch(symbol: Symbol, ctx: RequestContext) -> Screen:
    return watch_preview(await ctx.control.watchlist.preview_unwatch(ctx.user_id, symbol), ctx.ui)


def _among(text: str, symbols: Sequence[Symbol]) -> Symbol | None:
    """Return the ticker of a list that is named by `NVDA` or `NASDAQ:NVDA`, any case."""
    wanted = text.strip().upper()
    return next((each for each in symbols if wanted in (str(each), each.ticker)), None)


async def _pick_watch(ctx: RequestContext) -> Screen:
    """Offer what is held but not watched."""
    watched = set(ctx.control.tickers.watched())
    held = (await ctx.control.holdings.view(fresh=False)).holdings
    others = [] if held is None else [each.symbol for each in held.positions if each.symbol not in watched]
    return views.pick_watch(others, ctx.ui)

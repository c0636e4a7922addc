"""Prices somebody waits for: set by a picked percentage or a typed price, listed, removed."""

from decimal import Decimal

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask, asked_about
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import AlertAt, Open, RemoveAlert, TypeAlert
from bot.ui.screen import Screen
from bot.views import watch as views
from bot.views.home import sentence
from bot.views.picking import pick_ticker
from strategy.model import Symbol, tick_size


def make_router() -> Router:
    router = Router(name="price_alerts")
    router.message.register(leave, StateFilter(Typing.alert), Asks("cancel"))
    router.message.register(explained("alert", typed_price), StateFilter(Typing.alert), ~F.text.startswith("/"))
    router.message.register(explained("alert", alert), Asks("alert"))
    router.message.register(alerts, Asks("alerts"))
    router.callback_query.register(open_alert, Open.filter(F.screen == "alert"))
    router.callback_query.register(open_alerts, Open.filter(F.screen == "alerts"))
    router.callback_query.register(add_at, AlertAt.filter())
    router.callback_query.register(ask_price, TypeAlert.filter())
    router.callback_query.register(remove, RemoveAlert.filter())
    return router


async def alert(_: Message, args: str, ctx: RequestContext) -> None:
    """Read `TQQQ < 60`; a ticker alone opens the picker."""
    name, terms = arguments.ticker_and_rest(args)
    if not terms:
        await ctx.reply.show(await _pick(name, ctx))
        return
    symbol = await ctx.control.tickers.find(name)
    await ctx.reply.show(await _add(symbol, terms, ctx))


async def open_alert(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await ctx.reply.show(await _pick(callback_data.ref, ctx))


async def alerts(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(await _list(ctx))


async def open_alerts(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(await _list(ctx))


async def add_at(_: CallbackQuery, callback_data: AlertAt, ctx: RequestContext) -> None:
    """Wait for so many percent from the price now."""
    symbol = await ctx.control.tickers.find(callback_data.symbol)
    last = (await ctx.control.results.quote(symbol)).quote.last
    price = last * (100 + callback_data.percent) / 100
    price = max(price.quantize(tick_size(price)), tick_size(price))
    above = callback_data.percent > 0
    made = await ctx.control.price_alerts.add(ctx.user_id, symbol, above=above, price=price)
    await ctx.reply.show(views.alert_added(made, ctx.ui))


async def ask_price(_: CallbackQuery, callback_data: TypeAlert, state: FSMContext, ctx: RequestContext) -> None:
    symbol = await ctx.control.tickers.find(callback_data.symbol)
    await ask(state, Typing.alert, symbol=str(symbol))
    await ctx.reply.show(views.ask_alert(symbol, ctx.ui))


async def typed_price(message: Message, state: FSMContext, ctx: RequestContext) -> None:
    """Read `< 60` for the ticker that was picked; words that do not fit leave the question open."""
    symbol = await ctx.control.tickers.find(str((await asked_about(state)).get("symbol", "")))
    screen = await _add(symbol, (message.text or "").strip(), ctx)
    await state.set_state(None)
    await ctx.reply.say(screen)


async def leave(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await state.set_state(None)
    await ctx.reply.say(sentence(ctx.ui.t("Left as it was."), ctx.ui))


async def remove(_: CallbackQuery, callback_data: RemoveAlert, ctx: RequestContext) -> None:
    """Take one away; one that is gone already is gone."""
    await ctx.control.price_alerts.remove(callback_data.alert)
    await ctx.reply.show(await _list(ctx))


async def _add(symbol: Symbol, terms: str, ctx: RequestContext) -> Screen:
    above, price = arguments.threshold(terms)
    if above is None:
        above = price > await _last(symbol, ctx)
    made = await ctx.control.price_alerts.add(ctx.user_id, symbol, above=above, price=price)
    return views.alert_added(made, ctx.ui)


async def _last(symbol: Symbol, ctx: RequestContext) -> Decimal:
    return (await ctx.control.results.quote(symbol)).quote.last


async def _pick(name: str, ctx: RequestContext) -> Screen:
    if not name:
        t = ctx.ui.t
        return pick_ticker(
            "alert", f"⏰ {t('Alert at a price')}", t("Which ticker?"), ctx.control.tickers.watched(), ctx.ui
        )
    symbol = await ctx.control.tickers.find(name)
    return views.pick_alert(symbol, await _last(symbol, ctx), ctx.ui)


async def _list(ctx: RequestContext) -> Screen:
    return views.alerts(await ctx.control.price_alerts.all(), ctx.control.tickers.watched(), ctx.ui)

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
from strategy.model import InvalidInput, Symbol, tick_size


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


async def alert(_: Message, args: str, visit: RequestContext) -> None:
    """Read `TQQQ < 60`; a ticker alone opens the picker."""
    name, terms = arguments.ticker_and_rest(args)
    if not terms:
        await visit.stage.show(await _pick(name, visit))
        return
    symbol = _meant(visit, name)
    await visit.stage.show(await _add(symbol, terms, visit))


async def open_alert(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    await visit.stage.show(await _pick(callback_data.ref, visit))


async def alerts(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(await _list(visit))


async def open_alerts(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(await _list(visit))


async def add_at(_: CallbackQuery, callback_data: AlertAt, visit: RequestContext) -> None:
    """Wait for so many percent from the price now."""
    symbol = _meant(visit, callback_data.symbol)
    last = (await visit.control.quote(symbol)).quote.last
    price = last * (100 + callback_data.percent) / 100
    price = max(price.quantize(tick_size(price)), tick_size(price))
    above = callback_data.percent > 0
    made = await visit.control.add_price_alert(visit.user_id, symbol, above=above, price=price)
    await visit.stage.show(views.alert_added(made, visit.frame))


async def ask_price(_: CallbackQuery, callback_data: TypeAlert, state: FSMContext, visit: RequestContext) -> None:
    symbol = _meant(visit, callback_data.symbol)
    await ask(state, Typing.alert, symbol=str(symbol))
    await visit.stage.show(views.ask_alert(symbol, visit.frame))


async def typed_price(message: Message, state: FSMContext, visit: RequestContext) -> None:
    """Read `< 60` for the ticker that was picked; words that do not fit leave the question open."""
    symbol = _meant(visit, str((await asked_about(state)).get("symbol", "")))
    screen = await _add(symbol, (message.text or "").strip(), visit)
    await state.set_state(None)
    await visit.stage.say(screen)


async def leave(_: Message, state: FSMContext, visit: RequestContext) -> None:
    await state.set_state(None)
    await visit.stage.say(sentence(visit.frame.t("Left as it was."), visit.frame))


async def remove(_: CallbackQuery, callback_data: RemoveAlert, visit: RequestContext) -> None:
    """Take one away; one that is gone already is gone."""
    await visit.control.remove_price_alert(visit.user_id, callback_data.alert)
    await visit.stage.show(await _list(visit))


async def _add(symbol: Symbol, terms: str, visit: RequestContext) -> Screen:
    above, price = arguments.threshold(terms)
    if above is None:
        above = price > await _last(symbol, visit)
    made = await visit.control.add_price_alert(visit.user_id, symbol, above=above, price=price)
    return views.alert_added(made, visit.frame)


def _meant(visit: RequestContext, text: str) -> Symbol:
    """Find a ticker traded or held here, or take `MARKET:TICKER` as it is: the core asks whether it has a price."""
    try:
        return visit.control.symbol(text)
    except InvalidInput:
        if ":" in text:
            return Symbol.parse(text)
        raise


async def _last(symbol: Symbol, visit: RequestContext) -> Decimal:
    return (await visit.control.quote(symbol)).quote.last


async def _pick(name: str, visit: RequestContext) -> Screen:
    if not name:
        t = visit.frame.t
        return pick_ticker(
            "alert", f"⏰ {t('Alert at a price')}", t("Which ticker?"), visit.control.symbols(), visit.frame
        )
    symbol = _meant(visit, name)
    return views.pick_alert(symbol, await _last(symbol, visit), visit.frame)


async def _list(visit: RequestContext) -> Screen:
    return views.alerts(await visit.control.price_alerts(), visit.control.symbols(), visit.frame)

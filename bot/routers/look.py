"""Looking, never changing: status, balance, positions, one ticker, and why."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.input.command_filter import Asks
from bot.input.parsing import moment_before
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Open
from bot.ui.screen import Screen, ViewContext
from bot.views import decisions, holdings
from bot.views import status as status_views
from bot.views.market import quote as quote_view
from bot.views.picking import pick_ticker
from strategy.control.interface import Control
from strategy.model import Symbol


def make_router() -> Router:
    router = Router(name="look")
    router.message.register(status, Asks("status"))
    router.message.register(balance, Asks("balance"))
    router.message.register(positions, Asks("positions"))
    router.message.register(explained("why", why), Asks("why"))
    router.callback_query.register(open_status, Open.filter(F.screen == "status"))
    router.callback_query.register(open_balance, Open.filter(F.screen == "balance"))
    router.callback_query.register(open_positions, Open.filter(F.screen == "positions"))
    router.callback_query.register(open_ticker, Open.filter(F.screen == "ticker"))
    router.callback_query.register(open_why, Open.filter(F.screen == "why"))
    return router


async def status(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(status_views.status(await visit.control.status(), visit.frame))


async def open_status(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(status_views.status(await visit.control.status(), visit.frame))


async def balance(_: Message, visit: RequestContext) -> None:
    await visit.stage.show(holdings.balance(await visit.control.holdings(), visit.frame))


async def open_balance(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(holdings.balance(await visit.control.holdings(), visit.frame))


async def positions(_: Message, args: str, visit: RequestContext) -> None:
    only = visit.control.symbol(args) if args else None
    await visit.stage.show(holdings.positions(await visit.control.holdings(), visit.frame, only))


async def open_positions(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    only = visit.control.symbol(callback_data.ref) if callback_data.ref else None
    await visit.stage.show(holdings.positions(await visit.control.holdings(), visit.frame, only))


async def open_ticker(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    symbol = visit.control.symbol(callback_data.ref)
    found = next((each for each in (await visit.control.status()).tickers if each.symbol == symbol), None)
    if found is None:  # held, but not watched
        await visit.stage.show(quote_view(await visit.control.quote(symbol), visit.frame))
        return
    await visit.stage.show(status_views.ticker(found, visit.frame))


async def why(_: Message, args: str, visit: RequestContext) -> None:
    name, __, time = args.partition(" ")
    if not name:
        await visit.stage.show(await _why_or_pick(visit.control, visit.frame))
        return
    symbol = visit.control.symbol(name)
    at = moment_before(time, visit.frame.now) if time.strip() else None
    await visit.stage.show(decisions.why(await visit.control.why(symbol, at=at), symbol, visit.frame))


async def open_why(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    if not callback_data.ref:
        await visit.stage.show(await _why_or_pick(visit.control, visit.frame))
        return
    await visit.stage.show(await _why(visit.control.symbol(callback_data.ref), visit.control, visit.frame))


async def _why_or_pick(control: Control, frame: ViewContext) -> Screen:
    symbols = list(control.symbols())
    if len(symbols) == 1:
        return await _why(symbols[0], control, frame)
    return pick_ticker("why", frame.t("🔎 Why?"), frame.t("Which ticker?"), symbols, frame)


async def _why(symbol: Symbol, control: Control, frame: ViewContext) -> Screen:
    return decisions.why(await control.why(symbol), symbol, frame)

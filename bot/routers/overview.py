"""Looking, never changing: status, balance, positions, one ticker, and why."""

from collections.abc import Callable

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.input.command_filter import Asks
from bot.input.parsing import moment_before
from bot.quick_answers import BrokerAnswer, Recalled, answer_soon
from bot.request import RequestContext
from bot.routers.market import show_quote
from bot.routers.usage import explained
from bot.ui.buttons import Open
from bot.ui.screen import Screen, ViewContext
from bot.views import decisions, holdings
from bot.views import status as status_views
from bot.views.picking import pick_ticker
from strategy.control.control import Control
from strategy.model import HoldingsView, Symbol


def make_router() -> Router:
    router = Router(name="overview")
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


async def status(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(status_views.status(await ctx.control.status.now(), ctx.ui))


async def open_status(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(status_views.status(await ctx.control.status.now(), ctx.ui))


async def balance(_: Message, ctx: RequestContext) -> None:
    await _held(ctx, lambda view: holdings.balance(view, ctx.ui))


async def open_balance(_: CallbackQuery, ctx: RequestContext) -> None:
    await _held(ctx, lambda view: holdings.balance(view, ctx.ui))


async def positions(_: Message, args: str, ctx: RequestContext) -> None:
    only = ctx.control.tickers.symbol(args) if args else None
    await _held(ctx, lambda view: holdings.positions(view, ctx.ui, only))


async def open_positions(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    only = ctx.control.tickers.symbol(callback_data.ref) if callback_data.ref else None
    await _held(ctx, lambda view: holdings.positions(view, ctx.ui, only))


async def _held(ctx: RequestContext, screen: Callable[[HoldingsView], Screen]) -> None:
    """Show the account as it is known at once, and as the broker tells it when it does."""

    async def ask() -> BrokerAnswer:
        view = await ctx.control.holdings.view()
        return BrokerAnswer(screen(view), view.problem)

    async def recall() -> Recalled | None:
        view = await ctx.control.holdings.view(fresh=False)
        return None if view.holdings is None else Recalled(screen(view), view.holdings.taken_at)

    await answer_soon(ctx, ask, recall)


async def open_ticker(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    symbol = ctx.control.tickers.symbol(callback_data.ref)
    found = next((each for each in (await ctx.control.status.now()).tickers if each.symbol == symbol), None)
    if found is None:  # held, but not watched
        await show_quote(symbol, ctx)
        return
    await ctx.reply.show(status_views.ticker(found, ctx.ui))


async def why(_: Message, args: str, ctx: RequestContext) -> None:
    name, __, time = args.partition(" ")
    if not name:
        await ctx.reply.show(await _why_or_pick(ctx.control, ctx.ui))
        return
    symbol = await ctx.control.tickers.traded(name)
    at = moment_before(time, ctx.ui.now) if time.strip() else None
    await ctx.reply.show(decisions.why(await ctx.control.tickers.why(symbol, at=at), symbol, ctx.ui))


async def open_why(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    if not callback_data.ref:
        await ctx.reply.show(await _why_or_pick(ctx.control, ctx.ui))
        return
    await ctx.reply.show(await _why(ctx.control.tickers.symbol(callback_data.ref), ctx.control, ctx.ui))


async def _why_or_pick(control: Control, ui: ViewContext) -> Screen:
    symbols = list(control.tickers.watched())
    if len(symbols) == 1:
        return await _why(symbols[0], control, ui)
    return pick_ticker("why", ui.t("🔎 Why?"), ui.t("Which ticker?"), symbols, ui)


async def _why(symbol: Symbol, control: Control, ui: ViewContext) -> Screen:
    return decisions.why(await control.tickers.why(symbol), symbol, ui)

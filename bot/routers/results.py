"""What trading has come to: fills, results, statistics, the report."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks, asked
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Open
from bot.views import results as views
from strategy.model import Period

SPANS = {
    "profit": (Period.DAY, 7),
    "daily": (Period.DAY, 10),
    "weekly": (Period.WEEK, 8),
    "monthly": (Period.MONTH, 12),
}
"""What each screen counts, and how many of them at first."""

PERIODS = {
    **{period.value: period for period in Period},
    "일": Period.DAY,
    "오늘": Period.DAY,
    "주": Period.WEEK,
    "이번주": Period.WEEK,
    "월": Period.MONTH,
    "이번달": Period.MONTH,
}

_FILLS = 10
_MOST_FILLS = 100
_MOST_ROWS = 366


def make_router() -> Router:
    router = Router(name="results")
    router.message.register(explained("trades", trades), Asks("trades"))
    for name in SPANS:
        router.message.register(explained(name, results), Asks(name))
    router.message.register(performance, Asks("performance"))
    router.message.register(statistics, Asks("stats"))
    router.message.register(explained("report", report), Asks("report"))
    router.message.register(open_menu, Asks("results"))
    router.callback_query.register(open_menu, Open.filter(F.screen == "results"))
    router.callback_query.register(open_trades, Open.filter(F.screen == "trades"))
    router.callback_query.register(open_results, Open.filter(F.screen.in_(set(SPANS))))
    router.callback_query.register(open_performance, Open.filter(F.screen == "performance"))
    router.callback_query.register(open_statistics, Open.filter(F.screen == "stats"))
    router.callback_query.register(open_report, Open.filter(F.screen == "report"))
    return router


async def open_menu(_: CallbackQuery | Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.menu(ctx.ui))


async def trades(_: Message, args: str, ctx: RequestContext) -> None:
    await _trades(arguments.count(args, _FILLS, _MOST_FILLS), ctx)


async def open_trades(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await _trades(arguments.count_or(callback_data.ref, _FILLS, _MOST_FILLS), ctx)


async def results(message: Message, args: str, ctx: RequestContext) -> None:
    name, _args = asked(message.text) or ("daily", "")
    await _results(name, arguments.count(args, SPANS[name][1], _MOST_ROWS), ctx)


async def open_results(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    name = callback_data.screen
    await _results(name, arguments.count_or(callback_data.ref, SPANS[name][1], _MOST_ROWS), ctx)


async def performance(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.performance(await ctx.control.results.performance(), ctx.ui))


async def open_performance(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.performance(await ctx.control.results.performance(), ctx.ui))


async def statistics(_: Message, ctx: RequestContext) -> None:
    await ctx.reply.show(views.statistics(await ctx.control.results.statistics(), ctx.ui))


async def open_statistics(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.statistics(await ctx.control.results.statistics(), ctx.ui))


async def report(_: Message, args: str, ctx: RequestContext) -> None:
    """Show the report of a period; raise BadArgument for what is none."""
    period = PERIODS.get(args.strip().casefold() or "day")
    if period is None:
        raise arguments.BadArgument("not a period")
    await _report(period, ctx)


async def open_report(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    period = PERIODS.get(callback_data.ref, Period.DAY)
    await _report(period, ctx)


async def _trades(count: int, ctx: RequestContext) -> None:
    await ctx.reply.show(views.trades(await ctx.control.results.trades(count), count, ctx.ui))


async def _results(name: str, count: int, ctx: RequestContext) -> None:
    view, money = await ctx.control.results.periods(SPANS[name][0], count), await ctx.control.holdings.view(fresh=False)
    since = await ctx.control.since_start.now() if name == "profit" else None
    await ctx.reply.show(views.results(view, name, count, ctx.ui, money=money, since=since))


async def _report(period: Period, ctx: RequestContext) -> None:
    view, money = await ctx.control.results.report(period), await ctx.control.holdings.view(fresh=False)
    await ctx.reply.show(views.report(view, ctx.ui, money))

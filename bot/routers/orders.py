"""Orders: the list, one of them, canceling, and looking up an unknown outcome."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.i18n.terms import icon
from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.quick_answers import BrokerAnswer, Recalled, answer_soon
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Again, CancelOrder, CheckOrder, Open
from bot.views.home import forgotten
from bot.views.trading import orders as views
from bot.views.trading import trade
from strategy.model import OrderNo


def make_router() -> Router:
    router = Router(name="orders")
    router.message.register(orders, Asks("orders"))
    router.message.register(explained("order", order), Asks("order"))
    router.message.register(explained("cancel", cancel), Asks("cancel"))
    router.callback_query.register(open_orders, Open.filter(F.screen == "orders"))
    router.callback_query.register(open_order, Open.filter(F.screen == "order"))
    router.callback_query.register(open_cancel, Open.filter(F.screen == "cancel"))
    router.callback_query.register(cancel_order, CancelOrder.filter())
    router.callback_query.register(check_order, CheckOrder.filter())
    router.callback_query.register(again, Again.filter(F.action == "cancel"))
    return router


async def orders(_: Message, args: str, ctx: RequestContext) -> None:
    if args.removeprefix("#").isdigit():  # `주문 12`
        await _show(args, ctx)
        return
    await ctx.reply.show(views.orders(await ctx.control.orders.queries.list(), ctx.ui))


async def order(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await orders(_, "", ctx)
        return
    await _show(args, ctx)


async def open_cancel(_: CallbackQuery, ctx: RequestContext) -> None:
    await _pick_cancel(ctx)


async def _pick_cancel(ctx: RequestContext) -> None:
    waiting = (await ctx.control.orders.queries.list(recent=0)).open
    labels = [(int(each.no), f"{icon(each)} #{each.no} {each.request.symbol.ticker}") for each in waiting]
    await ctx.reply.show(trade.pick_order(ctx.ui, labels))


async def cancel(_: Message, args: str, ctx: RequestContext) -> None:
    if not args:
        await _pick_cancel(ctx)
        return
    no = None if args.casefold() in ("all", "전부", "모두") else OrderNo(arguments.order_no(args))
    await ctx.reply.show(trade.cancel_preview(await ctx.control.orders.cancels.preview(ctx.user_id, no), ctx.ui))


async def again(_: CallbackQuery, callback_data: Again, ctx: RequestContext) -> None:
    """Preview canceling the same order once more; of several, all that are open now."""
    terms = await ctx.control.confirmations.terms(callback_data.ticket, ctx.user_id)
    if terms is None:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    numbers = terms["orders"]
    no = OrderNo(numbers[0]) if len(numbers) == 1 else None
    await ctx.reply.show(trade.cancel_preview(await ctx.control.orders.cancels.preview(ctx.user_id, no), ctx.ui))


async def open_orders(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(views.orders(await ctx.control.orders.queries.list(), ctx.ui))


async def open_order(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    await _show(callback_data.ref, ctx)


async def cancel_order(_: CallbackQuery, callback_data: CancelOrder, ctx: RequestContext) -> None:
    """Preview in a new message: the pressed one may be the order's living message, which delivery edits."""
    no = OrderNo(callback_data.no) if callback_data.no else None
    await ctx.reply.say(trade.cancel_preview(await ctx.control.orders.cancels.preview(ctx.user_id, no), ctx.ui))


async def check_order(_: CallbackQuery, callback_data: CheckOrder, ctx: RequestContext) -> None:
    await ctx.reply.say(views.details(await ctx.control.orders.queries.check_now(OrderNo(callback_data.no)), ctx.ui))


async def _show(number: str, ctx: RequestContext) -> None:
    """Show an order as it is known at once; one that is open is asked for, too."""
    no = OrderNo(arguments.order_no(number))
    known = await ctx.control.orders.queries.order(no)
    if known.order.status.closed:
        await ctx.reply.show(views.details(known, ctx.ui))
        return

    async def ask() -> BrokerAnswer:
        return BrokerAnswer(views.details(await ctx.control.orders.queries.check_now(no), ctx.ui))

    async def recall() -> Recalled:
        view = await ctx.control.orders.queries.order(no)
        return Recalled(views.details(view, ctx.ui), max(at for at, _, _ in view.history))

    await answer_soon(ctx, ask, recall)

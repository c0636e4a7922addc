"""Orders: the list, one of them, canceling, and looking up an unknown outcome."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.i18n.terms import icon
from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.reply import Reply
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import CancelOrder, CheckOrder, Open
from bot.ui.screen import ViewContext
from bot.views.trading import orders as views
from bot.views.trading import trade
from strategy.control.interface import Control
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
    return router


async def orders(_: Message, args: str, visit: RequestContext) -> None:
    if args.removeprefix("#").isdigit():  # `주문 12`
        await _show(args, visit.control, visit.frame, visit.stage)
        return
    await visit.stage.show(views.orders(await visit.control.orders(), visit.frame))


async def order(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await orders(_, "", visit)
        return
    await _show(args, visit.control, visit.frame, visit.stage)


async def open_cancel(_: CallbackQuery, visit: RequestContext) -> None:
    await _pick_cancel(visit)


async def _pick_cancel(visit: RequestContext) -> None:
    waiting = (await visit.control.orders(recent=0)).open
    labels = [(int(each.no), f"{icon(each)} #{each.no} {each.request.symbol.ticker}") for each in waiting]
    await visit.stage.show(trade.pick_order(visit.frame, labels))


async def cancel(_: Message, args: str, visit: RequestContext) -> None:
    if not args:
        await _pick_cancel(visit)
        return
    no = None if args.casefold() in ("all", "전부", "모두") else OrderNo(arguments.order_no(args))
    await visit.stage.show(trade.cancel_preview(await visit.control.preview_cancel(visit.user_id, no), visit.frame))


async def open_orders(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(views.orders(await visit.control.orders(), visit.frame))


async def open_order(_: CallbackQuery, callback_data: Open, visit: RequestContext) -> None:
    await _show(callback_data.ref, visit.control, visit.frame, visit.stage)


async def cancel_order(_: CallbackQuery, callback_data: CancelOrder, visit: RequestContext) -> None:
    """Preview in a new message: the pressed one may be the order's living message, which delivery edits."""
    no = OrderNo(callback_data.no) if callback_data.no else None
    await visit.stage.say(trade.cancel_preview(await visit.control.preview_cancel(visit.user_id, no), visit.frame))


async def check_order(_: CallbackQuery, callback_data: CheckOrder, visit: RequestContext) -> None:
    await visit.stage.say(views.details(await visit.control.check_now(OrderNo(callback_data.no)), visit.frame))


async def _show(number: str, control: Control, frame: ViewContext, stage: Reply) -> None:
    found = await control.order(OrderNo(arguments.order_no(number)))
    await stage.show(views.details(found, frame))

"""Changing an open order, settling one of unknown outcome, deciding about one placed by hand."""

from decimal import Decimal

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask, asked_about, find_draft, keep_draft
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Again, AmendOrder, HandOrderChoice, Open, SettleOrder, StepAmend, TypeAmend
from bot.ui.screen import Screen
from bot.views.home import forgotten, sentence
from bot.views.outcome import outcome
from bot.views.trading import amend as views
from bot.views.trading.orders import changeable
from bot.views.trading.steps import moved
from strategy.model import Order, OrderNo


def make_router() -> Router:
    router = Router(name="amend")
    router.message.register(leave, StateFilter(Typing.amend), Asks("cancel"))
    router.message.register(explained("amend", typed_terms), StateFilter(Typing.amend), ~F.text.startswith("/"))
    router.message.register(explained("amend", amend), Asks("amend"))
    router.callback_query.register(open_pick, Open.filter(F.screen == "amend"))
    router.callback_query.register(offer, AmendOrder.filter())
    router.callback_query.register(step, StepAmend.filter())
    router.callback_query.register(ask_terms, TypeAmend.filter())
    router.callback_query.register(settle, SettleOrder.filter())
    router.callback_query.register(decide, HandOrderChoice.filter())
    router.callback_query.register(again, Again.filter(F.action == "amend"))
    return router


async def amend(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    """Read `12 5 @61.10`; a number alone opens the steppers, nothing at all the list of open orders."""
    if not args:
        await ctx.reply.show(await _pick(ctx))
        return
    no, _space, terms = args.partition(" ")
    found = await _order(arguments.order_no(no), ctx)
    if not terms.strip():
        await ctx.reply.show(await _start(found, state, ctx))
        return
    qty, price = arguments.amend(terms)
    await ctx.reply.show(await _preview(found, qty, price, state, ctx))


async def open_pick(_: CallbackQuery, ctx: RequestContext) -> None:
    await ctx.reply.show(await _pick(ctx))


async def offer(_: CallbackQuery, callback_data: AmendOrder, state: FSMContext, ctx: RequestContext) -> None:
    """Offer the steppers in a new message: the pressed one may be the order's living message."""
    await ctx.reply.say(await _start(await _order(callback_data.no, ctx), state, ctx))


async def step(_: CallbackQuery, callback_data: StepAmend, state: FSMContext, ctx: RequestContext) -> None:
    """Move the proposed quantity by shares or the proposed price by ticks, and preview."""
    facts = await find_draft(state, callback_data.draft)
    if facts is None or "no" not in facts:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    found = await _order(int(facts["no"]), ctx)
    qty = int(facts["qty"]) if facts["qty"] else None
    price = Decimal(facts["price"]) if facts["price"] else None
    if callback_data.what == "qty":
        qty = min(max((qty or found.open_qty) + callback_data.by, 1), max(found.open_qty, 1))
    else:
        price = moved(price or found.limit_price, callback_data.by)
    await ctx.reply.show(await _preview(found, qty, price, state, ctx, draft=callback_data.draft))


async def ask_terms(_: CallbackQuery, callback_data: TypeAmend, state: FSMContext, ctx: RequestContext) -> None:
    found = await _order(callback_data.no, ctx)
    await ask(state, Typing.amend, no=callback_data.no)
    await ctx.reply.show(views.ask(found, ctx.ui))


async def typed_terms(message: Message, state: FSMContext, ctx: RequestContext) -> None:
    """Read `5 @61.10`; words that do not fit leave the question open."""
    found = await _order(int((await asked_about(state)).get("no", 0)), ctx)
    qty, price = arguments.amend((message.text or "").strip())
    screen = await _preview(found, qty, price, state, ctx)
    await state.set_state(None)
    await ctx.reply.say(screen)


async def leave(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await state.set_state(None)
    await ctx.reply.say(sentence(ctx.ui.t("Left as it was."), ctx.ui))


async def settle(_: CallbackQuery, callback_data: SettleOrder, ctx: RequestContext) -> None:
    view = await ctx.control.orders.unknown.preview(ctx.user_id, OrderNo(callback_data.no))
    await ctx.reply.say(views.settling(view, ctx.ui))


async def decide(_: CallbackQuery, callback_data: HandOrderChoice, ctx: RequestContext) -> None:
    with ctx.reply.answering():
        result = await ctx.control.orders.external.decide(ctx.user_id, OrderNo(callback_data.no), callback_data.choice)
        await ctx.reply.tell(outcome(result, ctx.ui), result.news, anew=True)


async def again(_: CallbackQuery, callback_data: Again, state: FSMContext, ctx: RequestContext) -> None:
    """Preview the same change of an order once more."""
    terms = await ctx.control.confirmations.terms(callback_data.ticket, ctx.user_id)
    if terms is None:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    found = await _order(terms["order"], ctx)
    await ctx.reply.show(await _preview(found, int(terms["qty"]), Decimal(terms["price"]), state, ctx))


async def _order(no: int, ctx: RequestContext) -> Order:
    return (await ctx.control.orders.queries.order(OrderNo(no))).order


async def _pick(ctx: RequestContext) -> Screen:
    waiting = (await ctx.control.orders.queries.list(recent=0)).open
    return views.pick([each for each in waiting if changeable(each)], ctx.ui)


async def _start(found: Order, state: FSMContext, ctx: RequestContext) -> Screen:
    return views.start(found, await keep_draft(state, {"no": found.no, "qty": "", "price": ""}), ctx.ui)


async def _preview(
    found: Order, qty: int | None, price: Decimal | None, state: FSMContext, ctx: RequestContext, *, draft: str = ""
) -> Screen:
    view = await ctx.control.orders.amends.preview(ctx.user_id, found.no, qty=qty, price=price)
    facts = {"no": found.no, "qty": "" if qty is None else str(qty), "price": "" if price is None else str(price)}
    return views.preview(view, await keep_draft(state, facts, draft), ctx.ui)

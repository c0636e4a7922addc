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
from bot.ui.buttons import AmendOrder, HandOrderChoice, Open, SettleOrder, StepAmend, TypeAmend
from bot.ui.screen import Screen
from bot.views.confirm import outcome
from bot.views.home import forgotten, sentence
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
    return router


async def amend(_: Message, args: str, state: FSMContext, visit: RequestContext) -> None:
    """Read `12 5 @61.10`; a number alone opens the steppers, nothing at all the list of open orders."""
    if not args:
        await visit.stage.show(await _pick(visit))
        return
    no, _space, terms = args.partition(" ")
    found = await _order(arguments.order_no(no), visit)
    if not terms.strip():
        await visit.stage.show(await _start(found, state, visit))
        return
    qty, price = arguments.amend(terms)
    await visit.stage.show(await _preview(found, qty, price, state, visit))


async def open_pick(_: CallbackQuery, visit: RequestContext) -> None:
    await visit.stage.show(await _pick(visit))


async def offer(_: CallbackQuery, callback_data: AmendOrder, state: FSMContext, visit: RequestContext) -> None:
    """Offer the steppers in a new message: the pressed one may be the order's living message."""
    await visit.stage.say(await _start(await _order(callback_data.no, visit), state, visit))


async def step(_: CallbackQuery, callback_data: StepAmend, state: FSMContext, visit: RequestContext) -> None:
    """Move the proposed quantity by shares or the proposed price by ticks, and preview."""
    facts = await find_draft(state, callback_data.draft)
    if facts is None or "no" not in facts:
        await visit.stage.say(forgotten(visit.frame))
        return
    found = await _order(int(facts["no"]), visit)
    qty = int(facts["qty"]) if facts["qty"] else None
    price = Decimal(facts["price"]) if facts["price"] else None
    if callback_data.what == "qty":
        qty = min(max((qty or found.open_qty) + callback_data.by, 1), max(found.open_qty, 1))
    else:
        price = moved(price or found.limit_price, callback_data.by)
    await visit.stage.show(await _preview(found, qty, price, state, visit, draft=callback_data.draft))


async def ask_terms(_: CallbackQuery, callback_data: TypeAmend, state: FSMContext, visit: RequestContext) -> None:
    found = await _order(callback_data.no, visit)
    await ask(state, Typing.amend, no=callback_data.no)
    await visit.stage.show(views.ask(found, visit.frame))


async def typed_terms(message: Message, state: FSMContext, visit: RequestContext) -> None:
    """Read `5 @61.10`; words that do not fit leave the question open."""
    found = await _order(int((await asked_about(state)).get("no", 0)), visit)
    qty, price = arguments.amend((message.text or "").strip())
    screen = await _preview(found, qty, price, state, visit)
    await state.set_state(None)
    await visit.stage.say(screen)


async def leave(_: Message, state: FSMContext, visit: RequestContext) -> None:
    await state.set_state(None)
    await visit.stage.say(sentence(visit.frame.t("Left as it was."), visit.frame))


async def settle(_: CallbackQuery, callback_data: SettleOrder, visit: RequestContext) -> None:
    view = await visit.control.settling(visit.user_id, OrderNo(callback_data.no))
    await visit.stage.say(views.settling(view, visit.frame))


async def decide(_: CallbackQuery, callback_data: HandOrderChoice, visit: RequestContext) -> None:
    with visit.stage.answering():
        result = await visit.control.hand_order(visit.user_id, OrderNo(callback_data.no), callback_data.choice)
        await visit.stage.tell(outcome(result, visit.frame), result.news, anew=True)


async def _order(no: int, visit: RequestContext) -> Order:
    return (await visit.control.order(OrderNo(no))).order


async def _pick(visit: RequestContext) -> Screen:
    waiting = (await visit.control.orders(recent=0)).open
    return views.pick([each for each in waiting if changeable(each)], visit.frame)


async def _start(found: Order, state: FSMContext, visit: RequestContext) -> Screen:
    return views.start(found, await keep_draft(state, {"no": found.no, "qty": "", "price": ""}), visit.frame)


async def _preview(
    found: Order, qty: int | None, price: Decimal | None, state: FSMContext, visit: RequestContext, *, draft: str = ""
) -> Screen:
    view = await visit.control.preview_amend(visit.user_id, found.no, qty=qty, price=price)
    facts = {"no": found.no, "qty": "" if qty is None else str(qty), "price": "" if price is None else str(price)}
    return views.preview(view, await keep_draft(state, facts, draft), visit.frame)

"""Manual orders: typed or picked, always through a preview."""

from decimal import Decimal
from typing import NamedTuple

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.i18n.formats import shares, usd
from bot.i18n.terms import SIDE_ICONS, side
from bot.i18n.translator import Tongue
from bot.input import parsing as arguments
from bot.input.command_filter import Asks
from bot.input.dialogs import Typing, ask, asked_about, find_draft, keep_draft
from bot.request import RequestContext
from bot.routers.usage import explained
from bot.ui.buttons import Again, EditTrade, Open, Preset, StepTrade, TradeAmount, TypeTrade
from bot.ui.screen import Screen, ViewContext
from bot.views.home import forgotten, sentence
from bot.views.picking import pick_ticker
from bot.views.trading import trade as views
from bot.views.trading.steps import moved
from strategy.control.control import Control
from strategy.model import Amount, AmountKind, Side, Symbol


class Choice(NamedTuple):
    """An amount a button stands for."""

    key: Preset
    amount: Amount
    sides: tuple[Side, ...] = (Side.BUY, Side.SELL)


PRESETS = (
    Choice("default", Amount(kind=AmountKind.DEFAULT)),
    Choice("1", Amount(kind=AmountKind.SHARES, value=Decimal(1))),
    Choice("10", Amount(kind=AmountKind.SHARES, value=Decimal(10)), (Side.BUY,)),
    Choice("10%", Amount(kind=AmountKind.PERCENT, value=Decimal(10)), (Side.BUY,)),
    Choice("25%", Amount(kind=AmountKind.PERCENT, value=Decimal(25))),
    Choice("50%", Amount(kind=AmountKind.PERCENT, value=Decimal(50))),
    Choice("all", Amount(kind=AmountKind.ALL), (Side.SELL,)),
)


def make_router() -> Router:
    router = Router(name="trade")
    router.message.register(leave, StateFilter(Typing.trade), Asks("cancel"))
    router.message.register(typed_terms, StateFilter(Typing.trade), ~F.text.startswith("/"))
    router.message.register(explained("buy", buy), Asks("buy"))
    router.message.register(explained("sell", sell), Asks("sell"))
    router.callback_query.register(open_trade, Open.filter(F.screen.in_({"buy", "sell"})))
    router.callback_query.register(preset, TradeAmount.filter())
    router.callback_query.register(edit, EditTrade.filter())
    router.callback_query.register(step, StepTrade.filter())
    router.callback_query.register(ask_terms, TypeTrade.filter())
    router.callback_query.register(again, Again.filter(F.action == "order"))
    return router


async def buy(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    await _typed(Side.BUY, args, state, ctx)


async def sell(_: Message, args: str, state: FSMContext, ctx: RequestContext) -> None:
    await _typed(Side.SELL, args, state, ctx)


async def open_trade(_: CallbackQuery, callback_data: Open, ctx: RequestContext) -> None:
    of = Side(callback_data.screen)
    if not callback_data.ref:
        await ctx.reply.show(await _pick(of, ctx.control, ctx.ui))
        return
    symbol = ctx.control.tickers.symbol(callback_data.ref)
    labels = [(each.key, _label(each, of, ctx.ui.t)) for each in PRESETS if of in each.sides]
    await ctx.reply.show(views.pick_amount(of, symbol, labels, ctx.ui))


async def preset(_: CallbackQuery, callback_data: TradeAmount, state: FSMContext, ctx: RequestContext) -> None:
    found = next(each for each in PRESETS if each.key == callback_data.preset)
    symbol = ctx.control.tickers.symbol(callback_data.symbol)
    await ctx.reply.show(await _preview(callback_data.side, symbol, state, ctx, amount=found.amount, price=None))


async def edit(_: CallbackQuery, callback_data: EditTrade, state: FSMContext, ctx: RequestContext) -> None:
    """Show the same order again, with steppers."""
    await _again(callback_data.draft, state, ctx)


async def step(_: CallbackQuery, callback_data: StepTrade, state: FSMContext, ctx: RequestContext) -> None:
    """Move the quantity by shares or the price by ticks, and preview again."""
    shares, ticks = (callback_data.by, 0) if callback_data.what == "qty" else (0, callback_data.by)
    await _again(callback_data.draft, state, ctx, shares=shares, ticks=ticks)


async def again(_: CallbackQuery, callback_data: Again, state: FSMContext, ctx: RequestContext) -> None:
    """Preview the same order once more; a price that nobody set follows the market."""
    terms = await ctx.control.confirmations.terms(callback_data.ticket, ctx.user_id)
    if terms is None:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(terms["qty"]))
    price = Decimal(terms["price"]) if terms["source"] == "typed" else None
    of, symbol = Side(terms["side"]), Symbol.parse(terms["symbol"])
    await ctx.reply.show(await _preview(of, symbol, state, ctx, amount=amount, price=price))


async def ask_terms(_: CallbackQuery, callback_data: TypeTrade, state: FSMContext, ctx: RequestContext) -> None:
    symbol = ctx.control.tickers.symbol(callback_data.symbol)
    await ask(state, Typing.trade, side=callback_data.side.value, symbol=str(symbol))
    await ctx.reply.show(views.ask_terms(callback_data.side, symbol, ctx.ui))


async def typed_terms(message: Message, state: FSMContext, ctx: RequestContext) -> None:
    """Read `3 @61.20` for the ticker that was picked; words that do not fit leave the question open."""
    facts = await asked_about(state)
    of, symbol = Side(facts["side"]), ctx.control.tickers.symbol(facts["symbol"])
    try:
        wish = arguments.trade(f"{symbol.ticker} {(message.text or '').strip()}")
        screen = await _preview(of, symbol, state, ctx, amount=wish.amount, price=wish.price)
    except arguments.BadArgument:  # what fits here is less than what fits the command: the ticker and side are known
        await ctx.reply.say(views.ask_terms(of, symbol, ctx.ui, again=True))
        return
    await state.set_state(None)
    await ctx.reply.say(screen)


async def leave(_: Message, state: FSMContext, ctx: RequestContext) -> None:
    await state.set_state(None)
    await ctx.reply.say(sentence(ctx.ui.t("Left as it was."), ctx.ui))


async def _typed(of: Side, args: str, state: FSMContext, ctx: RequestContext) -> None:
    if not args:
        await ctx.reply.show(await _pick(of, ctx.control, ctx.ui))
        return
    wish = arguments.trade(args)
    symbol = await ctx.control.tickers.traded(wish.ticker)
    await ctx.reply.show(await _preview(of, symbol, state, ctx, amount=wish.amount, price=wish.price))


async def _preview(
    of: Side,
    symbol: Symbol,
    state: FSMContext,
    ctx: RequestContext,
    *,
    amount: Amount | arguments.Won,
    price: Decimal | None,
) -> Screen:
    """Preview an order and remember its terms under the buttons of the preview."""
    note = ""
    if isinstance(amount, arguments.Won):
        amount, note = await _in_dollars(amount, ctx)
    if of is Side.BUY and amount.kind is AmountKind.ALL:
        raise arguments.BadArgument("all is for sells")
    view = await ctx.control.orders.manual.preview(ctx.user_id, of, symbol, amount, price)
    facts = {"side": of.value, "symbol": str(symbol), "qty": view.qty, "price": "" if price is None else str(price)}
    return views.order_preview(view, await keep_draft(state, facts), ctx.ui, note=note)


async def _in_dollars(amount: arguments.Won, ctx: RequestContext) -> tuple[Amount, str]:
    """Return won as dollars at the rate of the last look at the account, and the sum as it was done."""
    holdings = (await ctx.control.holdings.view(fresh=False)).holdings
    rate = None if holdings is None else holdings.fx_rate
    dollars = amount.dollars(rate)
    figures = {"won": f"{amount.value:,f}", "rate": f"{rate:,}", "dollars": usd(dollars.value)}
    return dollars, ctx.ui.t("{won}원 at {rate} won per dollar is {dollars}", **figures)


async def _again(draft: str, state: FSMContext, ctx: RequestContext, *, shares: int = 0, ticks: int = 0) -> None:
    """Preview the order of a draft again; a price that nobody set follows the market."""
    facts = await find_draft(state, draft)
    if facts is None or "side" not in facts:
        await ctx.reply.say(forgotten(ctx.ui))
        return
    of, symbol = Side(facts["side"]), ctx.control.tickers.symbol(facts["symbol"])
    qty = max(int(facts["qty"]) + shares, 1)
    price = Decimal(facts["price"]) if facts["price"] else None
    if ticks:
        price = moved(price or await _shown_price(of, symbol, qty, ctx), ticks)
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(qty))
    view = await ctx.control.orders.manual.preview(ctx.user_id, of, symbol, amount, price)
    await keep_draft(state, {**facts, "qty": qty, "price": "" if price is None else str(price)}, draft)
    await ctx.reply.show(views.order_preview(view, draft, ctx.ui, editing=True))


async def _shown_price(of: Side, symbol: Symbol, qty: int, ctx: RequestContext) -> Decimal:
    """Return the price a preview without a price would show."""
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(qty))
    return (await ctx.control.orders.manual.preview(ctx.user_id, of, symbol, amount, None)).limit_price


async def _pick(of: Side, control: Control, ui: ViewContext) -> Screen:
    t = ui.t
    symbols = list(control.tickers.watched())
    question = t("Which ticker do you want to buy?")
    if of is Side.SELL:
        held = (await control.holdings.view(fresh=False)).holdings
        symbols = symbols if held is None else [each.symbol for each in held.positions]
        question = t("Which ticker do you want to sell?")
    return pick_ticker(of.value, f"{SIDE_ICONS[of]} {side(of, t)}", question, symbols, ui)


def _label(each: Choice, of: Side, t: Tongue) -> str:
    if each.amount.kind is AmountKind.DEFAULT:
        return "BUY_RATE" if of is Side.BUY else "SELL_RATE"
    if each.amount.kind is AmountKind.ALL:
        return t("All")
    return t("{qty} sh.", qty=shares(int(each.key))) if each.amount.kind is AmountKind.SHARES else each.key

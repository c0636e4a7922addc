"""Manual orders: typed or picked, always through a preview."""

from decimal import Decimal
from typing import NamedTuple

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot import arguments
from bot.asking import Asks
from bot.buttons import Open, Preset, TradeAmount
from bot.routers.usage import explained
from bot.screen import Frame, Screen
from bot.speech import Tongue
from bot.views import trade as views
from bot.views.picking import pick_ticker
from bot.visit import Visit
from bot.words import SIDE_ICONS, side
from strategy.orders import Side
from strategy.services import Control
from strategy.views import Amount, AmountKind


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
    router.message.register(explained("buy", buy), Asks("buy"))
    router.message.register(explained("sell", sell), Asks("sell"))
    router.callback_query.register(open_trade, Open.filter(F.screen.in_({"buy", "sell"})))
    router.callback_query.register(preset, TradeAmount.filter())
    return router


async def buy(_: Message, args: str, visit: Visit) -> None:
    await _typed(Side.BUY, args, visit)


async def sell(_: Message, args: str, visit: Visit) -> None:
    await _typed(Side.SELL, args, visit)


async def open_trade(_: CallbackQuery, callback_data: Open, visit: Visit) -> None:
    of = Side(callback_data.screen)
    if not callback_data.ref:
        await visit.stage.show(await _pick(of, visit.control, visit.frame))
        return
    symbol = visit.control.symbol(callback_data.ref)
    labels = [(each.key, _label(each, of, visit.frame.t)) for each in PRESETS if of in each.sides]
    await visit.stage.show(views.pick_amount(of, symbol, labels, visit.frame))


async def preset(_: CallbackQuery, callback_data: TradeAmount, visit: Visit) -> None:
    of = callback_data.side
    found = next(each for each in PRESETS if each.key == callback_data.preset)
    symbol = visit.control.symbol(callback_data.symbol)
    view = await visit.control.preview_order(visit.user_id, of, symbol, found.amount, None)
    await visit.stage.show(views.order_preview(view, visit.frame))


async def _typed(of: Side, args: str, visit: Visit) -> None:
    if not args:
        await visit.stage.show(await _pick(of, visit.control, visit.frame))
        return
    wish = arguments.trade(args)
    if of is Side.BUY and wish.amount.kind is AmountKind.ALL:
        raise arguments.BadArgument("all is for sells")
    symbol = visit.control.symbol(wish.ticker)
    view = await visit.control.preview_order(visit.user_id, of, symbol, wish.amount, wish.price)
    await visit.stage.show(views.order_preview(view, visit.frame))


async def _pick(of: Side, control: Control, frame: Frame) -> Screen:
    t = frame.t
    symbols = list(control.symbols())
    question = t("Which ticker do you want to buy?")
    if of is Side.SELL:
        held = (await control.holdings(fresh=False)).holdings
        symbols = symbols if held is None else [each.symbol for each in held.positions]
        question = t("Which ticker do you want to sell?")
    return pick_ticker(of.value, f"{SIDE_ICONS[of]} {side(of, t)}", question, symbols, frame)


def _label(each: Choice, of: Side, t: Tongue) -> str:
    if each.amount.kind is AmountKind.DEFAULT:
        return "BUY_RATE" if of is Side.BUY else "SELL_RATE"
    if each.amount.kind is AmountKind.ALL:
        return t("All")
    return t("{qty} sh.", qty=each.key) if each.amount.kind is AmountKind.SHARES else each.key

"""How many shares an order of the rule may have, and what the limits say to it: pure, like the rule itself."""

from collections.abc import Sequence
from decimal import Decimal

from strategy.model import BuyingPower, Refusal, Side, Symbol
from strategy.risk.limits import Exposure, check, room
from strategy.risk.sizing import Cap, Size, buy_size, sell_size
from strategy.settings.schema import TradingSettings


def sized(
    *,
    symbol: Symbol,
    side: Side,
    price: Decimal,
    power: BuyingPower | None,
    held: int | None,
    sellable: int | None,
    exposure: Exposure,
    settings: TradingSettings,
) -> tuple[Size | None, tuple[Refusal, ...]]:
    """Return the size of an order at that limit price in dollars (None: not to be known) and the caps it breaks.

    `power` is asked of buys, whole shares held and sellable of sells; None is unknown.
    """
    caps = room(side, exposure, settings)
    size = (
        _buy_size(price, power, caps, settings)
        if side is Side.BUY
        else _sell_size(held, sellable, price, caps, settings)
    )
    qty = max(1, size.qty) if size else 1
    return size, check(symbol=symbol, side=side, qty=qty, price=price, exposure=exposure, settings=settings)


def smallest_order(settings: TradingSettings) -> Decimal:
    """Return the dollars below which the rule makes no order; a MAX_ORDER_USD below MIN_ORDER_USD is that instead."""
    least, most = settings.min_order_usd or Decimal(0), settings.max_order_usd
    return least if most is None else min(least, most)


def _buy_size(price: Decimal, power: BuyingPower | None, caps: Sequence[Cap], settings: TradingSettings) -> Size | None:
    if power is None:
        return None
    return buy_size(
        cash=power.cash,
        rate=settings.buy_rate,
        price=price,
        commission_pct=settings.commission_pct,
        max_qty=power.max_qty,
        caps=caps,
        least=smallest_order(settings),
    )


def _sell_size(
    held: int | None, sellable: int | None, price: Decimal, caps: Sequence[Cap], settings: TradingSettings
) -> Size | None:
    if held is None or sellable is None:
        return None
    return sell_size(
        held=held,
        sellable=sellable,
        rate=settings.sell_rate,
        price=price,
        caps=caps,
        least=smallest_order(settings),
    )

"""The limits of spec section 7 as pure checks: which cap refuses, by what value."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from strategy.model import CapKey, Refusal, Side, Symbol, percent
from strategy.risk.sizing import Cap
from strategy.settings.schema import TradingSettings

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What the account carries just before an order; None is unknown and refuses what depends on it."""

    equity: Decimal | None  # dollars: cash and positions
    position_value: Decimal | None  # dollars held in the ticker, with its open buys at their limits
    tickers: frozenset[Symbol] | None  # held or being bought
    orders_today: int | None  # own orders of this New York date


def check(
    *, symbol: Symbol, side: Side, qty: int, price: Decimal, exposure: Exposure, settings: TradingSettings
) -> tuple[Refusal, ...]:
    """Return every cap that this order would break, or of which that is not known; empty when it may go.

    Position and ticker caps speak of buys only. Stops and panic sells are not to be asked: a cap that keeps a loss
    running protects nobody. The quantity is in whole shares, the price in dollars.
    """
    value = price * qty
    found = [_order_value(value, settings), _orders_per_day(exposure, settings)]
    if side is Side.BUY:
        found += [_position_rate(value, exposure, settings), _open_tickers(symbol, exposure, settings)]
    return tuple(refusal for refusal in found if refusal is not None)


def room(side: Side, exposure: Exposure, settings: TradingSettings) -> Sequence[Cap]:
    """Return the dollar caps for sizing an order, so that a rule's order is made smaller rather than refused."""
    caps: list[Cap] = []
    if settings.max_order_usd is not None:
        caps.append(Cap(key=CapKey.MAX_ORDER_USD, room=settings.max_order_usd))
    if side is Side.BUY:
        equity, held = exposure.equity, exposure.position_value
        left = Decimal(0) if equity is None or held is None else equity * settings.max_position_rate - held
        caps.append(Cap(key=CapKey.MAX_POSITION_RATE, room=left))
    return caps


def daily_loss(start_equity: Decimal, equity: Decimal, limit_pct: Decimal | None) -> Refusal | None:
    """Return the refusal when the day's loss has reached DAILY_LOSS_LIMIT_PCT of the equity it began with.

    The caller corrects both figures for money paid in or out. A limit of None is off. Equity is dollars.
    """
    if limit_pct is None or start_equity <= 0:
        return None
    change = (equity - start_equity) / start_equity * _HUNDRED
    if change > -limit_pct:
        return None
    return Refusal(cap=CapKey.DAILY_LOSS_LIMIT_PCT, value=percent(change), limit=-limit_pct)


def _order_value(value: Decimal, settings: TradingSettings) -> Refusal | None:
    limit = settings.max_order_usd
    if limit is None or value <= limit:
        return None
    return Refusal(cap=CapKey.MAX_ORDER_USD, value=value, limit=limit)


def _orders_per_day(exposure: Exposure, settings: TradingSettings) -> Refusal | None:
    count, limit = exposure.orders_today, settings.max_orders_per_day
    if count is not None and count < limit:
        return None
    return Refusal(cap=CapKey.MAX_ORDERS_PER_DAY, value=None if count is None else count + 1, limit=limit)


def _position_rate(value: Decimal, exposure: Exposure, settings: TradingSettings) -> Refusal | None:
    limit = settings.max_position_rate
    if exposure.equity is None or exposure.position_value is None:
        return Refusal(cap=CapKey.MAX_POSITION_RATE, value=None, limit=limit)
    after = exposure.position_value + value
    if after <= exposure.equity * limit:
        return None
    share = percent(after / exposure.equity * _HUNDRED) if exposure.equity > 0 else _HUNDRED
    return Refusal(cap=CapKey.MAX_POSITION_RATE, value=share, limit=limit)


def _open_tickers(symbol: Symbol, exposure: Exposure, settings: TradingSettings) -> Refusal | None:
    limit = settings.max_open_tickers
    if limit is None:
        return None
    if exposure.tickers is None:
        return Refusal(cap=CapKey.MAX_OPEN_TICKERS, value=None, limit=limit)
    count = len(exposure.tickers | {symbol})
    if symbol in exposure.tickers or count <= limit:
        return None
    return Refusal(cap=CapKey.MAX_OPEN_TICKERS, value=count, limit=limit)

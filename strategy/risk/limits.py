"""The limits of spec section 7 as pure checks: which cap refuses, by what value, in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from strategy.model import Side, Symbol, Text, cents, percent
from strategy.risk.sizing import Cap
from strategy.settings.schema import TradingSettings

PER_DAY = "max_orders_per_day"  # the one cap that counts orders
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What the account carries just before an order; None is unknown and refuses what depends on it."""

    equity: Decimal | None  # dollars: cash and positions
    position_value: Decimal | None  # dollars held in the ticker, with its open buys at their limits
    tickers: frozenset[Symbol] | None  # held or being bought
    orders_today: int | None  # own orders of this New York date


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One cap that an order would break."""

    cap: str  # the setting's name in lower case, as gates show it
    value: str  # what the order would make of it, or "unknown"
    limit: str
    text: Text


def check(
    *, symbol: Symbol, side: Side, qty: int, price: Decimal, exposure: Exposure, settings: TradingSettings
) -> tuple[Refusal, ...]:
    """Return every cap that this order would break; empty when it may go.

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
        caps.append(Cap(name="max_order_usd", room=settings.max_order_usd))
    if side is Side.BUY:
        known = exposure.equity is not None and exposure.position_value is not None
        left = (
            exposure.equity * settings.max_position_rate - exposure.position_value
            if known and exposure.equity is not None and exposure.position_value is not None
            else Decimal(0)
        )
        caps.append(Cap(name="max_position_rate", room=left))
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
    shown = percent(change)
    return Refusal(
        cap="daily_loss_limit_pct",
        value=f"{shown}%",
        limit=f"-{limit_pct}%",
        text=Text(
            f"오늘 손실 {shown}%가 한도 -{limit_pct}%에 닿았습니다.",
            f"Today's loss of {shown}% has reached the limit of -{limit_pct}%.",
        ),
    )


def _order_value(value: Decimal, settings: TradingSettings) -> Refusal | None:
    limit = settings.max_order_usd
    if limit is None or value <= limit:
        return None
    return Refusal(
        cap="max_order_usd",
        value=f"${cents(value):,}",
        limit=f"${limit:,}",
        text=Text(
            f"주문 금액 ${cents(value):,}이 1회 한도 ${limit:,}를 넘습니다 (MAX_ORDER_USD).",
            f"The order's ${cents(value):,} is over the limit of ${limit:,} for one order (MAX_ORDER_USD).",
        ),
    )


def _orders_per_day(exposure: Exposure, settings: TradingSettings) -> Refusal | None:
    count, limit = exposure.orders_today, settings.max_orders_per_day
    if count is not None and count < limit:
        return None
    shown = "unknown" if count is None else str(count + 1)
    return Refusal(
        cap=PER_DAY,
        value=shown,
        limit=str(limit),
        text=Text(
            f"오늘 주문이 하루 한도 {limit}건에 닿았습니다 (MAX_ORDERS_PER_DAY).",
            f"Today's orders have reached the limit of {limit} (MAX_ORDERS_PER_DAY).",
        )
        if count is not None
        else _unknown("MAX_ORDERS_PER_DAY"),
    )


def _position_rate(value: Decimal, exposure: Exposure, settings: TradingSettings) -> Refusal | None:
    limit = settings.max_position_rate
    if exposure.equity is None or exposure.position_value is None:
        return Refusal(cap="max_position_rate", value="unknown", limit=str(limit), text=_unknown("MAX_POSITION_RATE"))
    after = exposure.position_value + value
    if after <= exposure.equity * limit:
        return None
    share = percent(after / exposure.equity * _HUNDRED) if exposure.equity > 0 else _HUNDRED
    return Refusal(
        cap="max_position_rate",
        value=f"{share}%",
        limit=f"{percent(limit * _HUNDRED)}%",
        text=Text(
            f"이 종목이 자산의 {share}%가 되어 한도 {percent(limit * _HUNDRED)}%를 넘습니다 (MAX_POSITION_RATE).",
            f"The ticker would be {share}% of equity, over the limit of {percent(limit * _HUNDRED)}%"
            " (MAX_POSITION_RATE).",
        ),
    )


def _open_tickers(symbol: Symbol, exposure: Exposure, settings: TradingSettings) -> Refusal | None:
    limit = settings.max_open_tickers
    if limit is None:
        return None
    if exposure.tickers is None:
        return Refusal(cap="max_open_tickers", value="unknown", limit=str(limit), text=_unknown("MAX_OPEN_TICKERS"))
    count = len(exposure.tickers | {symbol})
    if symbol in exposure.tickers or count <= limit:
        return None
    return Refusal(
        cap="max_open_tickers",
        value=str(count),
        limit=str(limit),
        text=Text(
            f"보유 종목이 {count}개가 되어 한도 {limit}개를 넘습니다 (MAX_OPEN_TICKERS).",
            f"{count} tickers would be held, over the limit of {limit} (MAX_OPEN_TICKERS).",
        ),
    )


def _unknown(name: str) -> Text:
    return Text(
        f"한도를 확인할 수 없어 주문하지 않습니다 ({name}).",
        f"The limit cannot be checked, so nothing is ordered ({name}).",
    )

"""Sample facts for the tests of the journals."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from storage.orders.orders import OrderRepository, _insert, _intended
from strategy.model import (
    BrokerOrder,
    CashGate,
    CrossView,
    Decision,
    DecisionAction,
    DecisionReason,
    Fill,
    GateSide,
    Indicators,
    Market,
    Notable,
    Order,
    OrderChanged,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Side,
    Symbol,
    Trouble,
    VenueNo,
)
from tests.support.words import made_up

TQQQ = Symbol(Market.NASDAQ, "TQQQ")
O = Symbol(Market.NYSE, "O")  # noqa: E741 - the ticker
OPEN = datetime(2026, 3, 10, 13, 30, tzinfo=UTC)
TRADED_ON = date(2026, 3, 10)


def at(seconds: float = 0) -> datetime:
    return OPEN + timedelta(seconds=seconds)


async def intend(orders: OrderRepository, asked: OrderRequest) -> Order:
    """Store an intent by itself, as versions before did."""
    return await orders._database.write(lambda conn: _insert(conn, _intended(asked), TRADED_ON))


def request(**changes: Any) -> OrderRequest:
    values: dict[str, Any] = {
        "symbol": TQQQ,
        "side": Side.BUY,
        "qty": 10,
        "limit_price": Decimal("61.20"),
        "origin": Origin.SIGNAL,
        "created_at": at(),
    }
    return OrderRequest(**{**values, **changes})


def fill(order: Order, key: str, qty: int = 1, price: str = "61.10", **changes: Any) -> Fill:
    values: dict[str, Any] = {
        "key": key,
        "order_no": order.no,
        "venue_no": VenueNo("101"),
        "symbol": order.request.symbol,
        "side": order.request.side,
        "qty": qty,
        "price": Decimal(price),
        "filled_at": at(5),
        "fees": Decimal("0.15"),
        "realized": None,
        "source": "notice",
    }
    return Fill(**{**values, **changes})


def broker_order(**changes: Any) -> BrokerOrder:
    values: dict[str, Any] = {
        "venue_no": VenueNo("777"),
        "symbol": O,
        "side": Side.SELL,
        "qty": 4,
        "limit_price": Decimal("55.5"),
        "filled_qty": 0,
        "filled_amount": Decimal(0),
        "open_qty": 4,
        "status": OrderStatus.ACCEPTED,
        "ordered_at": at(-60),
        "traded_on": TRADED_ON,
        "reason": "",
        "replaced": (VenueNo("770"),),
    }
    return BrokerOrder(**{**values, **changes})


def decision(**changes: Any) -> Decision:
    plain = Decision(
        symbol=TQQQ,
        decided_at=at(),
        action=DecisionAction.NONE,
        reason=DecisionReason.BLOCKED_BY_CASH,
        gates=(
            CashGate(
                side=GateSide.BUY,
                passed=None,
                observed=None,
                threshold=Decimal("0.3"),
                asked=True,
                bound=None,
                wanted=None,
            ),
        ),
        indicators=Indicators(
            rsi=48.25,
            rsi_interval="day",
            rsi_bars=250,
            macd=0.1,
            macd_signal=0.05,
            macd_histogram=0.05,
            macd_interval="1",
            macd_bars=250,
            golden_cross=CrossView(age=2, holds=True),
            dead_cross=None,
            bars_used="live",
            newest_bar_at=at(-60),
        ),
        last=Decimal("61.20"),
        bid=None,
        ask=None,
        quote_age_s=0.5,
        position_qty=None,
        average_cost=None,
        return_percent=None,
        cash=Decimal("1000.10"),
        settings={"RSI_OVERSOLD": "50"},
    )
    return replace(plain, **changes)


def notable(key: str = "k", seconds: float = 0) -> Notable:
    return Notable(at=at(seconds), key=key, what=made_up("알림", "note"))


def trouble(key: str = "t") -> Trouble:
    return Trouble(at=at(), key=key, what=made_up("오류", "error"))


def order_changed(order: Order, last_fill: Fill | None = None) -> OrderChanged:
    return OrderChanged(at=at(), order=order, last_fill=last_fill)


def unnumbered(of: OrderRequest) -> Order:
    return Order(
        no=OrderNo(0),
        request=of,
        status=OrderStatus.INTENDED,
        venue_no=None,
        limit_price=of.limit_price,
        filled_qty=0,
        filled_amount=Decimal(0),
        reason=None,
        updated_at=of.created_at,
    )

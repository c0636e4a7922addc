"""What is held right now: the broker's word, moved on by fills, never counted twice."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from storage.database import open_storage
from strategy.model import (
    Holdings,
    Order,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Position,
    PositionScope,
    Side,
    Symbol,
    VenueNo,
)
from strategy.portfolio.positions import LivePositions

NOON = datetime(2026, 9, 15, 16, tzinfo=UTC)
TQQQ = Symbol.parse("NASDAQ:TQQQ")


def look(qty: int, cost: str = "100") -> Holdings:
    held = Position(
        symbol=TQQQ,
        name="TQQQ",
        qty=qty,
        sellable_qty=qty,
        average_cost=Decimal(cost),
        last=Decimal(100),
        profit_rate=Decimal(0),
    )
    return Holdings(positions=(held,) if qty else (), cash=None, fx_rate=None, taken_at=NOON)


def order(
    filled: int, side: Side = Side.BUY, *, no: int = 1, price: int = 110, origin: Origin = Origin.SIGNAL
) -> Order:
    request = OrderRequest(symbol=TQQQ, side=side, qty=10, limit_price=Decimal(price), origin=origin, created_at=NOON)
    return Order(
        no=OrderNo(no),
        request=request,
        status=OrderStatus.PARTIALLY_FILLED,
        venue_no=VenueNo("1"),
        limit_price=Decimal(price),
        filled_qty=filled,
        filled_amount=Decimal(price * filled),
        reason=None,
        updated_at=NOON,
    )


async def positions(path: Path) -> LivePositions:
    async with open_storage(path) as storage:
        made = LivePositions(storage.orders)
        await made.load()
    return made


async def test_fills_move_quantity_and_cost_at_once(tmp_path: Path) -> None:
    held = await positions(tmp_path)
    held.take(look(10))
    assert held.on_order(order(4))
    assert held.on_order(order(10))
    assert not held.on_order(order(10))
    position = held.of(TQQQ)
    assert position is not None
    assert (position.qty, position.average_cost) == (20, Decimal(105))
    assert held.on_order(order(5, Side.SELL, no=2))
    assert held.in_scope(TQQQ, PositionScope.ACCOUNT) == (15, 15)
    assert held.in_scope(TQQQ, PositionScope.BOT) == (5, 5)


async def test_a_fill_the_look_already_shows_is_not_counted_again(tmp_path: Path) -> None:
    held = await positions(tmp_path)
    held.take(look(0))
    held.take(look(10, "110"), orders=[order(10)])
    assert not held.on_order(order(10))  # its news arrives after the look
    assert held.in_scope(TQQQ, PositionScope.ACCOUNT) == (10, 10)
    assert held.in_scope(TQQQ, PositionScope.BOT) == (10, 10)


async def test_a_look_that_lags_behind_a_fill_does_not_hide_it(tmp_path: Path) -> None:
    held = await positions(tmp_path)
    held.take(look(0))
    held.on_order(order(10))
    held.take(look(0), orders=[order(10)], settled=lambda _: False)
    assert held.in_scope(TQQQ, PositionScope.ACCOUNT) == (10, 10)
    held.on_order(order(10, Side.SELL, no=2))
    assert held.of(TQQQ) is None


async def test_shares_bought_by_hand_are_not_the_bots(tmp_path: Path) -> None:
    held = await positions(tmp_path)
    held.take(look(0))
    held.on_order(order(10, origin=Origin.EXTERNAL))
    assert held.in_scope(TQQQ, PositionScope.ACCOUNT) == (10, 10)
    assert held.in_scope(TQQQ, PositionScope.BOT) == (0, 0)

"""Table order_states: every change of every order, append-only (S100)."""

from collections.abc import Sequence
from datetime import datetime

import aiosqlite

from storage.columns import decimal_text, instant, instant_text
from strategy.orders import Order, OrderNo, OrderStatus


async def add_state(conn: aiosqlite.Connection, order: Order) -> None:
    """Append what the order has just become."""
    await conn.execute(
        "INSERT INTO order_states (order_no, at, status, reason, venue_no, limit_price, filled_qty)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            order.no,
            instant_text(order.updated_at),
            order.status.value,
            order.reason,
            order.venue_no,
            decimal_text(order.limit_price),
            order.filled_qty,
        ),
    )


async def find_states(conn: aiosqlite.Connection, no: OrderNo) -> Sequence[tuple[datetime, OrderStatus, str]]:
    """Return time, state and reason of each change, oldest first."""
    rows = await conn.execute_fetchall(
        "SELECT at, status, reason FROM order_states WHERE order_no = ? ORDER BY id", (no,)
    )
    return [(instant(str(row["at"])), OrderStatus(row["status"]), row["reason"]) for row in rows]

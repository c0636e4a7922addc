"""Table order_states: every change of every order, append-only, written by triggers of the table orders (S100)."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection

from storage.tables.columns import instant, said
from strategy.model import OrderNo, OrderStatus, Said


def find_states(conn: Connection, no: OrderNo) -> Sequence[tuple[datetime, OrderStatus, Said | None]]:
    """Return time, state and reason of each change, oldest first."""
    rows = conn.execute("SELECT at, status, reason FROM order_states WHERE order_no = ? ORDER BY id", (no,))
    return [(instant(str(row["at"])), OrderStatus(row["status"]), said(row["reason"])) for row in rows]

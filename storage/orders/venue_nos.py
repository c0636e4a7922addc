"""Table order_venue_nos: every number the broker gave an order.

A number is unique within a branch and a New York date; ticker and side tell orders of two branches apart.
"""

from collections.abc import Sequence
from datetime import date
from sqlite3 import Connection

from storage.tables.columns import day_text
from strategy.model import Order, OrderNo, Side, StorageError, VenueNo


def add_venue_no(conn: Connection, order: Order, venue_no: VenueNo, traded_on: date) -> None:
    """Store a number once; raise StorageError when it belongs to another order of that date, ticker and side."""
    ticker, side = order.request.symbol.ticker, order.request.side
    cursor = conn.execute(
        "INSERT INTO order_venue_nos (traded_on, venue_no, ticker, side, order_no) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (traded_on, venue_no, ticker, side) DO NOTHING",
        (day_text(traded_on), venue_no, ticker, side.value, order.no),
    )
    if cursor.rowcount == 0 and (owner := owner_of(conn, venue_no, traded_on, ticker, side)) != order.no:
        raise StorageError(f"venue number {venue_no} of {traded_on} belongs to order {owner}, not to {order.no}")


def owner_of(conn: Connection, venue_no: VenueNo, traded_on: date, ticker: str, side: Side) -> OrderNo | None:
    """Return the order of that ticker and side that carries or carried the number on that date."""
    rows = conn.execute(
        "SELECT order_no FROM order_venue_nos WHERE traded_on = ? AND venue_no = ? AND ticker = ? AND side = ?",
        (day_text(traded_on), venue_no, ticker, side.value),
    )
    return next((OrderNo(row["order_no"]) for row in rows), None)


def find_venue_nos(conn: Connection, no: OrderNo) -> Sequence[VenueNo]:
    """Return an order's numbers, oldest first."""
    rows = conn.execute("SELECT venue_no FROM order_venue_nos WHERE order_no = ? ORDER BY id", (no,))
    return [VenueNo(row["venue_no"]) for row in rows]

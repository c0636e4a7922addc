"""Table order_venue_nos: every number the broker gave an order; unique within a New York date."""

from collections.abc import Sequence
from datetime import date
from sqlite3 import Connection

from storage.columns import day_text
from strategy.errors import StorageError
from strategy.orders import OrderNo, VenueNo


def add_venue_no(conn: Connection, no: OrderNo, venue_no: VenueNo, traded_on: date) -> None:
    """Store a number once; raise StorageError when it belongs to another order of that date."""
    cursor = conn.execute(
        "INSERT INTO order_venue_nos (traded_on, venue_no, order_no) VALUES (?, ?, ?)"
        " ON CONFLICT (traded_on, venue_no) DO NOTHING",
        (day_text(traded_on), venue_no, no),
    )
    if cursor.rowcount == 0 and (owner := owner_of(conn, venue_no, traded_on)) != no:
        raise StorageError(f"venue number {venue_no} of {traded_on} belongs to order {owner}, not to {no}")


def owner_of(conn: Connection, venue_no: VenueNo, traded_on: date) -> OrderNo | None:
    """Return the order that carries or carried the number on that date."""
    rows = conn.execute(
        "SELECT order_no FROM order_venue_nos WHERE traded_on = ? AND venue_no = ?", (day_text(traded_on), venue_no)
    )
    return next((OrderNo(row["order_no"]) for row in rows), None)


def find_venue_nos(conn: Connection, no: OrderNo) -> Sequence[VenueNo]:
    """Return an order's numbers, oldest first."""
    rows = conn.execute("SELECT venue_no FROM order_venue_nos WHERE order_no = ? ORDER BY id", (no,))
    return [VenueNo(row["venue_no"]) for row in rows]

"""Tables fills and fill_corrections: executions, and what the broker's list makes of their prices; insert only. Tables
fill_costs and cost_anchors: what the shares of each sale had cost, which follows from the fills."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from sqlite3 import Connection, Row

from storage.tables.columns import decimal, decimal_text, instant, instant_text, symbol, symbol_text
from strategy.model import CostAnchor, Fill, OrderNo, PaidShares, Side, VenueNo

FILL_COLUMNS = "key, order_no, venue_no, symbol, side, qty, price, filled_at, fees, realized, source, paid, held"
_STORED = FILL_COLUMNS.removesuffix(", paid, held")


def add_fill(conn: Connection, fill: Fill) -> bool:
    """Store a fill once; return False for one already stored."""
    cursor = conn.execute(
        f"INSERT INTO fills ({_STORED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own columns
        " ON CONFLICT (key) DO NOTHING",
        (
            fill.key,
            fill.order_no,
            fill.venue_no,
            symbol_text(fill.symbol),
            fill.side.value,
            fill.qty,
            decimal_text(fill.price),
            instant_text(fill.filled_at),
            decimal_text(fill.fees),
            decimal_text(fill.realized),
            fill.source,
        ),
    )
    if cursor.rowcount == 1:
        set_cost(conn, fill)
    return cursor.rowcount == 1


def set_cost(conn: Connection, fill: Fill) -> None:
    """Store what the shares of a stored fill had cost and what it left, in place of what was stored."""
    if fill.held is not None:
        conn.execute(
            "INSERT OR REPLACE INTO fill_costs (fill_key, paid, held) VALUES (?, ?, ?)",
            (fill.key, decimal_text(fill.paid), fill.held),
        )


def add_anchor(conn: Connection, anchor: CostAnchor) -> None:
    """Store an anchor after all fills stored so far."""
    shares = anchor.shares
    conn.execute(
        "INSERT INTO cost_anchors (ticker, at, qty, amount, fees, after_fill)"
        " VALUES (?, ?, ?, ?, ?, (SELECT COALESCE(MAX(id), 0) FROM fills))",
        (
            anchor.ticker,
            instant_text(anchor.at),
            shares.qty,
            decimal_text(shares.amount),
            decimal_text(shares.fees),
        ),
    )


def cost_entries(conn: Connection) -> Sequence[Fill | CostAnchor]:
    """Return all fills and anchors in the order in which they were stored."""
    found: list[tuple[int, int, Fill | CostAnchor]] = [
        (row["id"], 0, read_fill(row))
        for row in conn.execute(f"SELECT id, {FILL_COLUMNS} FROM counted_fills ORDER BY id")  # noqa: S608 - ours
    ]
    found += [(row["after_fill"], row["id"], _read_anchor(row)) for row in conn.execute("SELECT * FROM cost_anchors")]
    return [entry for _, _, entry in sorted(found, key=lambda each: each[:2])]


def _read_anchor(row: Row) -> CostAnchor:
    return CostAnchor(
        ticker=row["ticker"],
        at=instant(str(row["at"])),
        shares=PaidShares(qty=row["qty"], amount=decimal(str(row["amount"])), fees=decimal(str(row["fees"]))),
    )


def correct_fill(conn: Connection, fill: Fill, at: datetime) -> None:
    """Store what a fill came to by the broker's list; what was told of it first stays beside it."""
    conn.execute(
        "INSERT INTO fill_corrections (fill_key, at, price, fees, realized) VALUES (?, ?, ?, ?, ?)",
        (fill.key, instant_text(at), decimal_text(fill.price), decimal_text(fill.fees), decimal_text(fill.realized)),
    )


def filled(conn: Connection, no: OrderNo) -> tuple[int, Decimal]:
    """Return shares and dollars filled of an order, from its fills."""
    rows = conn.execute("SELECT qty, price FROM counted_fills WHERE order_no = ?", (no,)).fetchall()
    return sum(row["qty"] for row in rows), sum((row["qty"] * Decimal(row["price"]) for row in rows), Decimal(0))


def find_fills(conn: Connection, order: OrderNo | None, since: datetime | None) -> Sequence[Fill]:
    """Return fills at the prices that count, in the order of their time, then of their arrival."""
    wanted: dict[str, object] = {}  # only what is asked for, so that an index serves it
    if order is not None:
        wanted["order_no = ?"] = order
    if since is not None:
        wanted["filled_at >= ?"] = instant_text(since)
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    rows = conn.execute(
        f"SELECT {FILL_COLUMNS} FROM counted_fills {where} ORDER BY filled_at, id",  # noqa: S608 - our own columns and conditions
        tuple(wanted.values()),
    )
    return [read_fill(row) for row in rows]


def read_fill(row: Row) -> Fill:
    """Read a row with the columns of `FILL_COLUMNS`."""
    return Fill(
        key=row["key"],
        order_no=OrderNo(row["order_no"]),
        venue_no=VenueNo(row["venue_no"]),
        symbol=symbol(str(row["symbol"])),
        side=Side(row["side"]),
        qty=row["qty"],
        price=decimal(str(row["price"])),
        filled_at=instant(str(row["filled_at"])),
        fees=decimal(str(row["fees"])),
        realized=decimal(row["realized"]),
        source=row["source"],
        paid=decimal(row["paid"]),
        held=row["held"],
    )

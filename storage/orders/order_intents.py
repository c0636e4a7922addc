"""Table order_intents: what is on disk before an order leaves, and the rows that follow from it. See decision 0104."""

import logging
import sqlite3
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from sqlite3 import Connection

import orjson

from storage.tables.columns import day_text, decimal_text, instant, instant_text, symbol, symbol_text
from storage.tables.outbox import OUTBOX_COLUMNS, add_events, outbox_row
from strategy.model import Event, Order, OrderNo, OrderRequest, Said, StorageError, Trouble, new_york

log = logging.getLogger(__name__)


class IntentNote(StrEnum):
    UNRECORDED = "intent.unrecorded"
    REASON = "intent.reason"


_REQUEST = "symbol, side, qty, asked_price, order_type, origin, created_at, traded_on, decision_id, asked_by, ticket"
_ADD = f"INSERT INTO order_intents (order_no, {_REQUEST}, sent_at, events) VALUES (?{', ?' * 13})"  # noqa: S608 - ours
_ORDER = (
    f"INSERT INTO orders (no, {_REQUEST}, status, limit_price, reason, updated_at)"  # noqa: S608 - our own columns
    f" SELECT order_no, {_REQUEST}, 'intended', asked_price, '', created_at FROM order_intents WHERE order_no = ?"
)
_SENT = (
    "UPDATE orders SET status = 'sent', updated_at = (SELECT sent_at FROM order_intents WHERE order_no = no)"
    " WHERE no = ?"
)
_EVENTS = (
    f"INSERT INTO outbox ({OUTBOX_COLUMNS})"  # noqa: S608 - our own columns
    " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
    " json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]')"
    " FROM order_intents, json_each(events) WHERE order_no = ? ORDER BY key"
)
# As an order of which nobody knows what became, without what stands in its way: it is looked for at the broker.
_UNKNOWN = (
    f"INSERT INTO orders (no, {_REQUEST}, status, limit_price, reason, updated_at)"  # noqa: S608 - our own columns
    " SELECT CASE WHEN order_no NOT IN (SELECT no FROM orders) THEN order_no END,"
    " symbol, side, qty, asked_price, order_type, origin, created_at, traded_on,"
    " CASE WHEN decision_id IN (SELECT id FROM decisions) THEN decision_id END, asked_by,"
    " CASE WHEN ticket NOT IN (SELECT ticket FROM orders WHERE ticket IS NOT NULL) THEN ticket END,"
    " 'unknown', asked_price, ?, sent_at FROM order_intents WHERE order_no = ?"
)


def next_order_no(conn: Connection) -> OrderNo:
    """Return the number of the next order: above all of those stored or intended."""
    [row] = conn.execute(
        "SELECT MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'orders'), 0),"
        " COALESCE((SELECT MAX(order_no) FROM order_intents), 0)) + 1"
    )
    return OrderNo(row[0])


def asked(request: OrderRequest, traded_on: date) -> tuple[str | int | None, ...]:
    """Return what was asked for as columns, from `symbol` to `ticket`, with its New York date."""
    return (
        symbol_text(request.symbol),
        request.side.value,
        request.qty,
        decimal_text(request.limit_price),
        request.order_type.value,
        request.origin.value,
        instant_text(request.created_at),
        day_text(traded_on),
        request.decision_id,
        request.asked_by,
        request.ticket,
    )


def add_intent(conn: Connection, order: Order, events: Sequence[Event]) -> None:
    """Store that an order is leaving, and what is told of it."""
    request = order.request
    conn.execute(
        _ADD,
        (
            order.no,
            *asked(request, new_york(request.created_at).date()),
            instant_text(order.updated_at),
            orjson.dumps([outbox_row(event) for event in events]).decode(),
        ),
    )


def ticket_intended(conn: Connection, ticket: str) -> bool:
    """Return whether an order that is on its way to the tables uses a ticket."""
    return conn.execute("SELECT 1 FROM order_intents WHERE ticket = ?", (ticket,)).fetchone() is not None


def check_kept(conn: Connection, no: OrderNo) -> None:
    """Raise StorageError where the row of that number is another order's: its own is kept under another one."""
    row = conn.execute("SELECT kept_as FROM order_intents WHERE order_no = ?", (no,)).fetchone()
    if row is not None and row["kept_as"] != no:
        raise StorageError(f"the number of order {no} was taken; it is kept as order {row['kept_as']}")


def follow_next(conn: Connection) -> bool:
    """Let the rows of the oldest intent follow, in the transaction going on; return whether another one waits.

    One that breaks a constraint can never be carried out. It is set aside: its order, which may have left, is kept as
    unknown, told, and looked for at the broker like any other without an answer; and the next one is not held up.
    """
    waiting = conn.execute("SELECT order_no FROM order_intents WHERE failure IS NULL ORDER BY order_no LIMIT 2")
    numbers = [OrderNo(row["order_no"]) for row in waiting]
    if numbers:
        conn.execute("SAVEPOINT intent")
        try:
            follow(conn, numbers[0])
        except sqlite3.IntegrityError as error:
            conn.execute("ROLLBACK TO intent")
            _set_aside(conn, numbers[0], str(error))
        conn.execute("RELEASE intent")
    return len(numbers) > 1


def follow(conn: Connection, no: OrderNo) -> None:
    """Write the rows that follow from an intent, in place of it."""
    for sql in (_ORDER, _SENT, _EVENTS, "DELETE FROM order_intents WHERE order_no = ?"):
        conn.execute(sql, (no,))


def _set_aside(conn: Connection, no: OrderNo, why: str) -> None:
    """Keep an order whose rows cannot follow as one of unknown outcome, and tell of it."""
    log.error("an order could not be recorded as it was sent", extra={"order": no, "error": why})
    kept_as = conn.execute(_UNKNOWN, (_REASON.stored(), no)).lastrowid
    conn.execute("UPDATE order_intents SET failure = ?, kept_as = ? WHERE order_no = ?", (why, kept_as, no))
    [row] = conn.execute("SELECT symbol, side, qty, asked_price, sent_at FROM order_intents WHERE order_no = ?", (no,))
    of = symbol(str(row["symbol"]))
    what = f"#{kept_as} {of.ticker} {row['side']} {row['qty']} @ {row['asked_price']}"
    told = Said(IntentNote.UNRECORDED, what=what)
    add_events(conn, [Trouble(at=instant(str(row["sent_at"])), key=f"intent:{no}", what=told, symbol=of)])


_REASON = Said(IntentNote.REASON)

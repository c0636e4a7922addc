"""Table orders, and the order journal over it, its states, its venue numbers and its fills."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from sqlite3 import Connection, Row

from storage.connection import Database
from storage.orders.fills import (
    add_anchor,
    add_fill,
    correct_fill,
    cost_entries,
    filled,
    find_fills,
    set_cost,
)
from storage.orders.order_intents import add_intent, asked, check_kept, next_order_no, ticket_intended
from storage.orders.order_states import find_states
from storage.orders.venue_nos import add_venue_no, find_venue_nos, owner_of
from storage.tables.columns import (
    decimal,
    decimal_text,
    instant,
    instant_text,
    said,
    said_text,
    symbol,
    symbol_text,
)
from storage.tables.outbox import OutboxRepository
from strategy.model import (
    BrokerOrder,
    CostAnchor,
    Event,
    Fill,
    HandOrder,
    InvalidOrder,
    Kept,
    Order,
    OrderChanged,
    OrderNo,
    OrderRequest,
    OrderStatus,
    OrderType,
    Origin,
    Said,
    Side,
    StorageError,
    Symbol,
    VenueNo,
)


class TicketNote(StrEnum):
    USED = "ticket.used"


_NOT_CLOSED = "status NOT IN ('filled', 'canceled', 'rejected', 'denied', 'expired')"  # as the partial index has it
_TICKET_USED = Said(TicketNote.USED)


class OrderRepository:
    """Implements `strategy.ports.OrderJournal`.

    It checks no move between states; the desk does. An event OrderChanged whose order has number 0, or a HandOrder
    without one, is stored with the order as committed, and one that tells a fill already stored is left out: it has
    been told.
    """

    def __init__(self, database: Database, outbox: OutboxRepository) -> None:
        self._database = database
        self._outbox = outbox

    async def send(self, request: OrderRequest, at: datetime, *, events: Sequence[Event] = ()) -> Order:
        """Store an order as intended and as being sent; return it with its number.

        One commit, flushed, since the request follows it: the intent, from which the rows of the order follow. The
        flush makes what was committed before it outlive a power cut, too: the decision that led here, and its lock.
        Raise InvalidOrder for a used ticket.
        """

        def intend(conn: Connection) -> Order:
            ticket = request.ticket
            if ticket is not None and (_one(conn, "ticket = ?", ticket) or ticket_intended(conn, ticket)):
                raise InvalidOrder(f"ticket {ticket} was used before", user_message=_TICKET_USED)
            if request.decision_id is not None and not _decided(conn, request.decision_id):
                raise StorageError(f"there is no decision {request.decision_id}")
            order = replace(_intended(request), no=next_order_no(conn), status=OrderStatus.SENT, updated_at=at)
            add_intent(conn, order, _named(events, order))
            self._outbox.wake_after_commit()
            return order

        return await self._database.write_ahead(intend)

    async def add_external(self, found: BrokerOrder, at: datetime, events: Sequence[Event] = ()) -> Order:
        """Store an order placed by hand, in the state the broker tells, without fills: those are given to `change`.

        One whose number is known already is returned as it is, and nothing is told again.
        """

        def add(conn: Connection) -> Order:
            for venue_no in (found.venue_no, *found.replaced):
                known = owner_of(conn, venue_no, found.traded_on, found.symbol.ticker, found.side)
                if known is not None:
                    return _get(conn, known)
            order = _insert(conn, _external(found, at), found.traded_on)
            for venue_no in (*found.replaced, found.venue_no):
                add_venue_no(conn, order, venue_no, found.traded_on)
            self._outbox.append(conn, _named(events, order))
            return order

        return await self._database.write(add)

    async def change(
        self,
        no: OrderNo,
        status: OrderStatus,
        at: datetime,
        *,
        reason: Said | None = None,
        venue_no: VenueNo | None = None,
        limit_price: Decimal | None = None,
        accepted_at: datetime | None = None,
        reprices: int | None = None,
        working_qty: int | None = None,
        adopted_by: int | None = None,
        fills: Sequence[Fill] = (),
        corrected: Sequence[Fill] = (),
        events: Sequence[Event] = (),
    ) -> Order:
        """Append a state change with its fills (those already stored are ignored) and return the order.

        `corrected` are stored fills at the price the broker's list leads to.
        The first acceptance stays; everything left out stays as it was, but for the reason, which is this change's.
        Nothing of it is flushed: it is what the broker tells again. Prices are dollars, `working_qty` whole shares.
        """

        def append(conn: Connection) -> Order:
            check_kept(conn, no)
            old = _get(conn, no)
            if any(fill.order_no != no for fill in (*fills, *corrected)):
                raise StorageError(f"a fill given to order {no} belongs to another order")
            repeated = {fill.key for fill in fills if not add_fill(conn, fill)}
            for fill in corrected:
                correct_fill(conn, fill, at)
            news = fills or corrected
            filled_qty, filled_amount = filled(conn, no) if news else (old.filled_qty, old.filled_amount)
            order = replace(
                old,
                status=status,
                reason=reason,
                updated_at=at,
                venue_no=old.venue_no if venue_no is None else venue_no,
                limit_price=old.limit_price if limit_price is None else limit_price,
                accepted_at=old.accepted_at or accepted_at,
                reprices=old.reprices if reprices is None else reprices,
                working_qty=old.working_qty if working_qty is None else working_qty,
                adopted_by=old.adopted_by if adopted_by is None else adopted_by,
                filled_qty=filled_qty,
                filled_amount=filled_amount,
            )
            if venue_no is not None and venue_no != old.venue_no:
                add_venue_no(conn, order, venue_no, _traded_on(conn, no))
            _update(conn, order)
            self._outbox.append(conn, _untold(_named(events, order), repeated))
            return order

        return await self._database.write(append, flush=False, urgent=True)

    async def get(self, no: OrderNo) -> Order | None:
        return await self._database.read(lambda conn: _one(conn, "no = ?", no))

    async def by_venue_no(self, venue_no: VenueNo, traded_on: date, ticker: str, side: Side) -> Order | None:

        def find(conn: Connection) -> Order | None:
            no = owner_of(conn, venue_no, traded_on, ticker, side)
            return None if no is None else _get(conn, no)

        return await self._database.read(find)

    async def by_ticket(self, ticket: str) -> Order | None:
        return await self._database.read(lambda conn: _one(conn, "ticket = ?", ticket))

    async def open(self) -> Sequence[Order]:
        return await self._database.read(lambda conn: _select(conn, f"WHERE {_NOT_CLOSED} ORDER BY no"))

    async def recent(self, limit: int, *, symbol: Symbol | None = None) -> Sequence[Order]:
        """Return the newest orders, newest first."""
        name = symbol_text(symbol)
        return await self._database.read(
            lambda conn: _select(conn, "WHERE (? IS NULL OR symbol = ?) ORDER BY no DESC LIMIT ?", name, name, limit)
        )

    async def history(self, no: OrderNo) -> Sequence[tuple[datetime, OrderStatus, Said | None]]:
        return await self._database.read(lambda conn: find_states(conn, no))

    async def venue_nos(self, no: OrderNo) -> Sequence[VenueNo]:
        return await self._database.read(lambda conn: find_venue_nos(conn, no))

    async def fills(self, *, order: OrderNo | None = None, since: datetime | None = None) -> Sequence[Fill]:
        return await self._database.read(lambda conn: find_fills(conn, order, since))

    async def cost_entries(self) -> Sequence[Fill | CostAnchor]:
        return await self._database.read(cost_entries)

    async def add_anchor(self, anchor: CostAnchor) -> None:
        await self._database.write(lambda conn: add_anchor(conn, anchor), flush=False)

    async def recost(self, fills: Sequence[Fill]) -> None:

        def store(conn: Connection) -> None:
            for fill in fills:
                set_cost(conn, fill)

        await self._database.write(store, flush=False)

    async def last_accepted(self, symbol: Symbol, side: str) -> datetime | None:
        """When the broker accepted the newest own order of that side that it accepted (D5).

        Orders refused later by the venue do not count, unless a part of them was filled. The newest is the one with
        the highest number: a time may be from before the clock was put back.
        """
        rows = await self._database.rows(
            "SELECT accepted_at FROM orders WHERE symbol = ? AND side = ? AND origin <> 'external'"
            " AND accepted_at IS NOT NULL AND (status NOT IN ('rejected', 'denied') OR filled_qty > 0)"
            " ORDER BY no DESC LIMIT 1",
            (symbol_text(symbol), str(side)),
        )
        return instant(next((row["accepted_at"] for row in rows), None))

    async def count_since(self, since: datetime) -> int:
        """Own orders sent since then, refused ones included, amends not, nor what was taken back before it left."""
        rows = await self._database.rows(
            "SELECT COUNT(DISTINCT order_no) AS count FROM order_states JOIN orders ON no = order_no"
            " WHERE order_states.status = 'sent' AND at >= ? AND origin <> 'external' AND orders.status <> 'denied'",
            (instant_text(since),),
        )
        return int(next(iter(rows))["count"])


def _intended(request: OrderRequest) -> Order:
    return Order(
        no=OrderNo(0),
        request=request,
        status=OrderStatus.INTENDED,
        venue_no=None,
        limit_price=request.limit_price,
        filled_qty=0,
        filled_amount=Decimal(0),
        reason=None,
        updated_at=request.created_at,
    )


def _external(found: BrokerOrder, at: datetime) -> Order:
    request = OrderRequest(
        symbol=found.symbol,
        side=found.side,
        qty=found.qty,
        limit_price=found.limit_price,
        origin=Origin.EXTERNAL,
        created_at=found.ordered_at,
        order_type=OrderType.LIMIT if found.limit_price > 0 else OrderType.MOO,  # the broker's list names no type
    )
    return replace(
        _intended(request),
        status=found.status,
        venue_no=found.venue_no,
        reason=Said(Kept.WORDS, words=found.reason) if found.reason else None,
        updated_at=at,
        accepted_at=found.ordered_at,
    )


def _named(events: Sequence[Event], order: Order) -> list[Event]:
    """Put the order as committed where an event speaks of one that had no number yet."""

    def named(event: Event) -> Event:
        if isinstance(event, OrderChanged) and not event.order.no:
            return replace(event, order=order)
        if isinstance(event, HandOrder) and event.order is None:
            return replace(event, order=order)
        return event

    return [named(event) for event in events]


def _untold(events: Sequence[Event], repeated: set[str]) -> list[Event]:
    return [
        event
        for event in events
        if not (isinstance(event, OrderChanged) and event.last_fill is not None and event.last_fill.key in repeated)
    ]


def _insert(conn: Connection, order: Order, traded_on: date) -> Order:
    """Store an order under the next number."""
    cursor = conn.execute(
        "INSERT INTO orders (symbol, side, qty, asked_price, order_type, origin, created_at, traded_on,"
        " decision_id, asked_by, ticket, status, venue_no, limit_price, reason, updated_at, accepted_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *asked(order.request, traded_on),
            order.status.value,
            order.venue_no,
            decimal_text(order.limit_price),
            said_text(order.reason),
            instant_text(order.updated_at),
            instant_text(order.accepted_at),
        ),
    )
    return replace(order, no=OrderNo(cursor.lastrowid or 0))


def _update(conn: Connection, order: Order) -> None:
    conn.execute(
        "UPDATE orders SET status = ?, venue_no = ?, limit_price = ?, filled_qty = ?, filled_amount = ?,"
        " reason = ?, updated_at = ?, accepted_at = ?, reprices = ?, working_qty = ?, adopted_by = ? WHERE no = ?",
        (
            order.status.value,
            order.venue_no,
            decimal_text(order.limit_price),
            order.filled_qty,
            decimal_text(order.filled_amount),
            said_text(order.reason),
            instant_text(order.updated_at),
            instant_text(order.accepted_at),
            order.reprices,
            order.working_qty,
            order.adopted_by,
            order.no,
        ),
    )


def _get(conn: Connection, no: OrderNo) -> Order:
    order = _one(conn, "no = ?", no)
    if order is None:
        raise StorageError(f"there is no order {no}")
    return order


def _one(conn: Connection, condition: str, *values: object) -> Order | None:
    return next(iter(_select(conn, f"WHERE {condition}", *values)), None)


def _select(conn: Connection, rest: str, *values: object) -> list[Order]:
    rows = conn.execute(f"SELECT * FROM orders {rest}", values)  # noqa: S608 - `rest` is ours
    return [read_order(row) for row in rows]


def _decided(conn: Connection, number: int) -> bool:
    return conn.execute("SELECT 1 FROM decisions WHERE id = ?", (number,)).fetchone() is not None


def _traded_on(conn: Connection, no: OrderNo) -> date:
    row: Row = conn.execute("SELECT traded_on FROM orders WHERE no = ?", (no,)).fetchone()
    return date.fromisoformat(row["traded_on"])


def read_order(row: Row) -> Order:
    """Read a row of the table."""
    return Order(
        no=OrderNo(row["no"]),
        request=OrderRequest(
            symbol=symbol(str(row["symbol"])),
            side=Side(row["side"]),
            qty=row["qty"],
            limit_price=decimal(str(row["asked_price"])),
            origin=Origin(row["origin"]),
            created_at=instant(str(row["created_at"])),
            order_type=OrderType(row["order_type"]),
            decision_id=row["decision_id"],
            asked_by=row["asked_by"],
            ticket=row["ticket"],
        ),
        status=OrderStatus(row["status"]),
        venue_no=None if row["venue_no"] is None else VenueNo(row["venue_no"]),
        limit_price=decimal(str(row["limit_price"])),
        filled_qty=row["filled_qty"],
        filled_amount=decimal(str(row["filled_amount"])),
        reason=said(row["reason"]),
        updated_at=instant(str(row["updated_at"])),
        accepted_at=instant(row["accepted_at"]),
        reprices=row["reprices"],
        working_qty=row["working_qty"],
        adopted_by=row["adopted_by"],
    )

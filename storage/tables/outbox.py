"""Table outbox: events waiting to be told, stored with the facts they tell."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from sqlite3 import Connection, Row

from pydantic import TypeAdapter, ValidationError

from storage.connection import Database
from storage.tables.columns import instant, instant_text
from strategy.model import Event, EventRow, HandOrder, OrderChanged, OrderNo, Said, Trouble

log = logging.getLogger(__name__)


class OutboxNote(StrEnum):
    UNREADABLE = "outbox.unreadable"


_EVENTS: TypeAdapter[Event] = TypeAdapter(Event)

OUTBOX_COLUMNS = "kind, critical, urgency, order_no, body, added_at"
_ADD = f"INSERT INTO outbox ({OUTBOX_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own columns

# Critical first, then fills and orders that need an eye, then by number; but what is told of one order keeps its order:
# an earlier row of an order is lifted with a later urgent one instead of being overtaken by it.
_PENDING = (
    "SELECT * FROM (SELECT *, MAX(critical * 2 + urgency)"
    " OVER (PARTITION BY COALESCE(order_no, -id) ORDER BY id DESC) AS lifted"
    " FROM outbox WHERE done_at IS NULL) ORDER BY lifted DESC, id LIMIT ?"
)
# Without the retries of a refused stop: hundreds a night, told in the message of the first run, they would displace it.
_BODY = "CASE WHEN json_valid(body) THEN body ELSE '{}' END"  # a body that is no JSON must not fail the whole question
_RETRIES = (
    f"kind IN ('stop_triggered', 'stop_finished') AND COALESCE(json_extract({_BODY}, '$.attempt'), 1) > 1"
    " AND (kind = 'stop_triggered'"
    f" OR json_extract({_BODY}, '$.reason') = 'rejected' AND json_extract({_BODY}, '$.sold') = 0)"
)
_UNSEEN = (
    "SELECT * FROM (SELECT * FROM outbox WHERE critical = 1 AND done_at IS NOT NULL AND seen_at IS NULL"  # noqa: S608 - ours
    f" AND NOT ({_RETRIES}) ORDER BY id DESC LIMIT ?) ORDER BY id"
)
_SEE = (
    "UPDATE outbox SET seen_at = ?, seen_by = ?"
    " WHERE critical = 1 AND done_at IS NOT NULL AND seen_at IS NULL AND id <= ?"
)


class AddedWake:
    """Implements `strategy.ports.Wake`."""

    def __init__(self) -> None:
        self._added = asyncio.Event()

    def notify(self) -> None:
        self._added.set()

    async def wait(self) -> None:
        """Return when something was added since the last wait."""
        await self._added.wait()
        self._added.clear()


class OutboxRepository:
    """Implements `strategy.ports.Outbox` and `strategy.ports.Notifier`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wakes: set[AddedWake] = set()

    async def tell(self, *events: Event) -> None:
        """Store what the core wants to say without another fact."""
        await self.add(events)

    async def add(self, events: Sequence[Event]) -> None:
        if events:
            await self._database.write(lambda conn: self.append(conn, events))

    def append(self, conn: Connection, events: Sequence[Event]) -> None:
        """Store events in the transaction going on; sleepers wake once it has ended."""
        if events:
            add_events(conn, events)
            self.wake_after_commit()

    def wake_after_commit(self) -> None:
        """Wake sleepers once the transaction going on has ended; for events that another table brings here."""
        self._database.after_commit(self._wake_all)

    async def pending(self, limit: int) -> Sequence[EventRow]:
        return await self._rows(_PENDING, limit)

    async def count_pending(self) -> int:
        [row] = await self._database.rows("SELECT COUNT(*) AS count FROM outbox WHERE done_at IS NULL", ())
        return int(row["count"])

    async def critical_after(self, row_id: int, limit: int) -> Sequence[EventRow]:
        """Return critical rows that wait and are newer than that one, oldest first."""
        return await self._rows(
            "SELECT * FROM outbox WHERE done_at IS NULL AND critical = 1 AND id > ? ORDER BY id LIMIT ?", row_id, limit
        )

    async def mark_sending(self, row_id: int, at: datetime) -> None:
        """Count an attempt and remember since when it is under way."""
        await self._run(
            "UPDATE outbox SET sending_since = ?, attempts = attempts + 1 WHERE id = ?", instant_text(at), row_id
        )

    async def mark_done(self, row_id: int, at: datetime, message_id: int | None) -> None:
        """Note a delivery; undone by a power cut the row is told again, marked, since its sending was flushed."""
        await self._run(
            "UPDATE outbox SET done_at = ?, message_id = ?, sending_since = NULL, error = NULL WHERE id = ?",
            instant_text(at),
            message_id,
            row_id,
            flush=False,
        )

    async def mark_many_sending(self, row_ids: Sequence[int], at: datetime) -> None:
        """Do for the rows of one message, at once, what `mark_sending` does for one."""
        marked = [(instant_text(at), row_id) for row_id in row_ids]
        sql = "UPDATE outbox SET sending_since = ?, attempts = attempts + 1 WHERE id = ?"
        await self._database.write(lambda conn: conn.executemany(sql, marked))

    async def mark_many_done(self, row_ids: Sequence[int], at: datetime, message_id: int | None) -> None:
        """Do for the rows of one message, at once, what `mark_done` does for one."""
        marked = [(instant_text(at), message_id, row_id) for row_id in row_ids]
        sql = "UPDATE outbox SET done_at = ?, message_id = ?, sending_since = NULL, error = NULL WHERE id = ?"
        await self._database.write(lambda conn: conn.executemany(sql, marked), flush=False)

    async def mark_failed(self, row_id: int, at: datetime, error: str, *, give_up: bool) -> None:
        """Note a send that certainly did not arrive; when given up, the row is not pending any more."""
        await self._run(
            "UPDATE outbox SET error = ?, sending_since = NULL, gave_up = ?, done_at = ? WHERE id = ?",
            error,
            int(give_up),
            instant_text(at) if give_up else None,
            row_id,
        )

    async def order_events(self, no: OrderNo) -> Sequence[EventRow]:
        """Return everything told or to be told of an order, oldest first."""
        return await self._rows("SELECT * FROM outbox WHERE order_no = ? ORDER BY id", no)

    async def told_between(self, since: datetime, until: datetime) -> Sequence[EventRow]:
        return await self._rows(
            "SELECT * FROM outbox WHERE done_at >= ? AND done_at < ? ORDER BY done_at, id",
            instant_text(since),
            instant_text(until),
        )

    async def unacknowledged(self, limit: int) -> Sequence[EventRow]:
        """Return the newest critical rows nobody has seen, oldest first."""
        return await self._rows(_UNSEEN, limit)

    async def acknowledge(self, until_id: int, user_id: int, at: datetime) -> int:
        """Note who has seen the critical rows told so far; `user_id` 0 is the program (they settled themselves)."""
        return await self._database.change(_SEE, (instant_text(at), user_id, until_id))

    async def mark_repeated(self, row_ids: Sequence[int], at: datetime) -> None:
        marked = [(instant_text(at), row_id) for row_id in row_ids]
        await self._database.write(
            lambda conn: conn.executemany(
                "UPDATE outbox SET repeats = repeats + 1, repeated_at = ? WHERE id = ?", marked
            )
        )

    @contextmanager
    def added(self) -> Iterator[AddedWake]:
        """Subscribe to a wake-up that fires after each commit that added rows."""
        wake = AddedWake()
        self._wakes.add(wake)
        try:
            yield wake
        finally:
            self._wakes.discard(wake)

    def _wake_all(self) -> None:
        for wake in self._wakes:
            wake.notify()

    async def _rows(self, sql: str, *values: object) -> list[EventRow]:
        return [_event_row(row) for row in await self._database.rows(sql, values)]

    async def _run(self, sql: str, *values: object, flush: bool = True) -> None:
        await self._database.change(sql, values, flush=flush)


def add_events(conn: Connection, events: Iterable[Event]) -> None:
    """Store events in the transaction going on, and wake nobody."""
    conn.executemany(_ADD, [outbox_row(event) for event in events])


def outbox_row(event: Event) -> tuple[str | int | None, ...]:
    """Return an event as the columns of `OUTBOX_COLUMNS`."""
    return (
        event.kind,
        int(event.critical),
        int(event.urgent),
        _order_no(event),
        _EVENTS.dump_json(event).decode(),
        instant_text(event.at),
    )


def _order_no(event: Event) -> OrderNo | None:
    if isinstance(event, (OrderChanged, HandOrder)) and event.order is not None:
        return event.order.no
    return None


def _event_row(row: Row) -> EventRow:
    return EventRow(
        id=row["id"],
        event=_event(row),
        added_at=instant(str(row["added_at"])),
        attempts=row["attempts"],
        sending_since=instant(row["sending_since"]),
        done_at=instant(row["done_at"]),
        message_id=row["message_id"],
        repeats=row["repeats"],
        repeated_at=instant(row["repeated_at"]),
    )


def _event(row: Row) -> Event:
    """Read the event; one that an older version wrote and this one cannot read is told as such, not lost in silence."""
    try:
        return _EVENTS.validate_json(row["body"])
    except ValidationError:
        log.exception("stored event unreadable", extra={"row": row["id"], "kind": row["kind"]})
        return Trouble(
            at=instant(str(row["added_at"])),
            key=f"unreadable_event:{row['kind']}",
            what=Said(OutboxNote.UNREADABLE, kind=row["kind"]),
        )

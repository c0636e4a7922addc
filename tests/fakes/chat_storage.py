"""Hand-written fakes of the outbox, the notes and what message shows what."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from strategy.model import Event, EventRow, HandOrder, Order, OrderChanged, OrderNo, StorageError
from tests.fakes import samples


class FakeNotes:
    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.messages = FakeMessages(self)
        self.outbox: FakeOutbox | None = None
        self.failing = False

    async def get(self, key: str) -> str | None:
        self.check()
        return self.stored.get(key)

    async def put(self, key: str, value: str, events: Sequence[Event] = ()) -> None:
        self.check()
        self.stored[key] = value
        if self.outbox is not None and events:
            await self.outbox.add(events)

    def check(self) -> None:
        """Raise StorageError while nothing can be stored."""
        if self.failing:
            raise StorageError("injected")


KINDS = ("order", "panic", "proposal", "dashboard", "reminder")  # of the table `chat_messages`


class FakeMessages:
    """Fails where the notes beside it do."""

    def __init__(self, notes: FakeNotes) -> None:
        self.stored: dict[tuple[int, str], int] = {}
        self._notes = notes

    async def of(self, chat_id: int, what: str) -> int | None:
        self._notes.check()
        return self.stored.get((chat_id, what))

    async def keep(self, chat_id: int, what: str, message_id: int) -> None:
        self._notes.check()
        assert what.partition(":")[0] in KINDS, f"the real table refuses {what}"
        self.stored[chat_id, what] = message_id

    async def forget(self, chat_id: int, what: str) -> None:
        self._notes.check()
        self.stored.pop((chat_id, what), None)


class FakeWake:
    def __init__(self) -> None:
        self.added = asyncio.Event()

    async def wait(self) -> None:
        await self.added.wait()
        self.added.clear()


class FakeOutbox:
    """An outbox in memory with the order and the marks of the real one."""

    def __init__(self) -> None:
        self.rows: list[EventRow] = []
        self.done: dict[int, int | None] = {}
        self.failed: list[tuple[int, str, bool]] = []
        self.given_up: list[int] = []
        self.seen: dict[int, int] = {}
        self.idle = asyncio.Event()
        self._wakes: list[FakeWake] = []
        self._count = 0

    async def add(self, events: Sequence[Event]) -> None:
        for event in events:
            self._count += 1
            self.rows.append(EventRow(id=self._count, event=event, added_at=event.at, attempts=0, sending_since=None))
        self.idle.clear()
        for wake in self._wakes:
            wake.added.set()

    async def pending(self, limit: int) -> Sequence[EventRow]:
        waiting = self._waiting()
        return sorted(waiting, key=lambda row: (-self._urgency(row, waiting), row.id))[:limit]

    async def count_pending(self) -> int:
        return len(self._waiting())

    async def critical_after(self, row_id: int, limit: int) -> Sequence[EventRow]:
        return [row for row in self._waiting() if row.event.critical and row.id > row_id][:limit]

    async def mark_sending(self, row_id: int, at: datetime) -> None:
        attempts = next(row.attempts for row in self.rows if row.id == row_id)
        self._change(row_id, sending_since=at, attempts=attempts + 1)

    async def mark_done(self, row_id: int, at: datetime, message_id: int | None) -> None:
        self.done[row_id] = message_id
        self._change(row_id, done_at=at, message_id=message_id, sending_since=None)
        self._waiting()

    async def mark_many_sending(self, row_ids: Sequence[int], at: datetime) -> None:
        for row_id in row_ids:
            await self.mark_sending(row_id, at)

    async def mark_many_done(self, row_ids: Sequence[int], at: datetime, message_id: int | None) -> None:
        for row_id in row_ids:
            await self.mark_done(row_id, at, message_id)

    async def mark_failed(self, row_id: int, at: datetime, error: str, *, give_up: bool) -> None:
        self.failed.append((row_id, error, give_up))
        self._change(row_id, sending_since=None)
        if give_up:
            self.given_up.append(row_id)
            self._change(row_id, done_at=at)
            self._waiting()

    async def order_events(self, no: OrderNo) -> Sequence[EventRow]:
        return [row for row in self.rows if _order_no(row.event) == no]

    async def told_between(self, since: datetime, until: datetime) -> Sequence[EventRow]:
        return [row for row in self.rows if row.done_at is not None and since <= row.done_at < until]

    async def unacknowledged(self, limit: int) -> Sequence[EventRow]:
        return [row for row in self.rows if row.event.critical and row.done_at and row.id not in self.seen][-limit:]

    async def acknowledge(self, until_id: int, user_id: int, at: datetime) -> int:
        found = [row.id for row in await self.unacknowledged(len(self.rows)) if row.id <= until_id]
        self.seen |= dict.fromkeys(found, user_id)
        return len(found)

    async def mark_repeated(self, row_ids: Sequence[int], at: datetime) -> None:
        for row in list(self.rows):
            if row.id in row_ids:
                self._change(row.id, repeats=row.repeats + 1, repeated_at=at)

    @contextmanager
    def added(self) -> Iterator[FakeWake]:
        wake = FakeWake()
        self._wakes.append(wake)
        try:
            yield wake
        finally:
            self._wakes.remove(wake)

    def _change(self, row_id: int, **changes: Any) -> None:
        self.rows = [replace(row, **changes) if row.id == row_id else row for row in self.rows]

    def _waiting(self) -> list[EventRow]:
        waiting = [row for row in self.rows if row.id not in self.done and row.id not in self.given_up]
        if not waiting:
            self.idle.set()
        return waiting

    @staticmethod
    def _urgency(row: EventRow, waiting: Sequence[EventRow]) -> int:
        """Rank a row; an earlier row of an order is lifted with a later one."""
        no = _order_no(row.event)
        later = [each for each in waiting if each.id >= row.id and no is not None and _order_no(each.event) == no]
        return max(each.event.critical * 2 + each.event.urgent for each in later or [row])


def _order_no(event: Event) -> OrderNo | None:
    order = event.order if isinstance(event, (OrderChanged, HandOrder)) else None
    return None if order is None else order.no


def order_event(order: Order, at: datetime = samples.NOW) -> OrderChanged:
    return OrderChanged(at=at, order=order, decision=samples.decision(), cash_before=Decimal("1234.56"))

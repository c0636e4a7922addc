"""Reading for accounts, statistics and exports: long looks at many rows, over a connection of their own.

Rows become objects in a worker thread, page by page, so that neither the trading nor the event loop waits for them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from sqlite3 import Row
from typing import TypeVar

from storage.connection import Database
from storage.orders.fills import FILL_COLUMNS, read_fill
from storage.orders.orders import read_order
from storage.tables.columns import day_text, decimal, instant_text, symbol_text
from storage.tables.day_starts import first_day_start
from storage.tables.decisions import read_decision
from strategy.model import DayStart, Decision, OrderStatus, Symbol, Trade

_ORDERS_A_PAGE = 250
_DECISIONS_A_PAGE = 250
_FIRST, _LAST = "", "9999"  # before and after every stored instant and date

_Item = TypeVar("_Item")


class RecordRepository:
    """Implements `strategy.ports.Records`; `reader` may be a connection that nobody writes on."""

    def __init__(self, reader: Database) -> None:
        self._reader = reader

    async def newest_trades(self, limit: int, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        """Return the newest fills by their own time, newest first."""
        condition, values = ("", ()) if symbol is None else ("WHERE symbol = ?", (symbol_text(symbol),))
        fills = await self._rows(
            f"SELECT {FILL_COLUMNS} FROM counted_fills {condition} ORDER BY filled_at DESC, id DESC LIMIT ?",  # noqa: S608 - ours
            *values,
            limit,
        )
        numbers = sorted({row["order_no"] for row in fills})
        return await asyncio.to_thread(_trades, await self._orders(numbers), fills)

    async def trades(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[Sequence[Trade]]:
        """Give the fills of the orders asked for in `[since, until)`, in pages: newest order first, and so its fills.

        All fills of an order are on one page.
        """
        begin, end = instant_text(since) or _FIRST, instant_text(until) or _LAST
        before = (end, 0)
        while True:
            orders = await self._rows(
                "SELECT * FROM orders WHERE filled_qty > 0 AND created_at >= ? AND (created_at, no) < (?, ?)"
                " ORDER BY created_at DESC, no DESC LIMIT ?",
                begin,
                *before,
                _ORDERS_A_PAGE,
            )
            if not orders:
                return
            fills = await self._rows(
                f"SELECT {FILL_COLUMNS} FROM counted_fills WHERE order_no IN ({_marks(orders)}) ORDER BY id DESC",  # noqa: S608 - ours
                *(row["no"] for row in orders),
            )
            yield await asyncio.to_thread(_by_order, orders, fills)
            before = (orders[-1]["created_at"], orders[-1]["no"])

    async def orders_by_status(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Mapping[OrderStatus, int]:
        """Count the own orders asked for in `[since, until)` by where they stand; those placed by hand are left out."""
        rows = await self._rows(
            "SELECT status, COUNT(*) AS count FROM orders WHERE created_at >= ? AND created_at < ?"
            " AND origin <> 'external' GROUP BY status",
            instant_text(since) or _FIRST,
            instant_text(until) or _LAST,
        )
        return {OrderStatus(row["status"]): row["count"] for row in rows}

    async def decisions_by_reason(self, *, since: date | None = None, until: date | None = None) -> Mapping[str, int]:
        """Count the decisions of those New York dates (both included) by outcome, forgotten ones too.

        Decisions are made in the regular session only, in which the dates of New York and UTC are the same.
        """
        first = _FIRST if since is None else day_text(since)
        last = _LAST if until is None else day_text(until)
        rows = await self._rows(
            "SELECT reason, SUM(part) AS count FROM ("
            "SELECT reason, COUNT(*) AS part FROM decisions WHERE decided_at >= ? AND decided_at < ? GROUP BY reason"
            " UNION ALL SELECT reason, SUM(count) FROM decision_counts WHERE decided_on BETWEEN ? AND ? GROUP BY reason"
            ") GROUP BY reason",
            first,
            f"{last}T24",
            first,
            last,
        )
        return {row["reason"]: row["count"] for row in rows}

    async def exchange_rates(self) -> Mapping[date, Decimal]:
        """Return the won per dollar of each New York date on which it was told."""
        rows = await self._rows("SELECT told_on, won_per_dollar FROM exchange_rates")
        return {date.fromisoformat(row["told_on"]): decimal(str(row["won_per_dollar"])) for row in rows}

    async def first_day_start(self) -> DayStart | None:
        """Return where the first session of all began; a day kept by a build that did not say what each share was
        worth is none."""
        return await self._reader.read(first_day_start)

    async def decisions(self, *, since: datetime | None = None) -> AsyncIterator[Sequence[Decision]]:
        """Give the decisions kept, newest first, in pages."""
        before: tuple[str, int] = (_LAST, 0)
        while True:
            rows = await self._rows(
                "SELECT id, decided_at, body FROM decisions WHERE decided_at >= ? AND (decided_at, id) < (?, ?)"
                " ORDER BY decided_at DESC, id DESC LIMIT ?",
                instant_text(since) or _FIRST,
                *before,
                _DECISIONS_A_PAGE,
            )
            if not rows:
                return
            yield await asyncio.to_thread(_each, read_decision, rows)
            before = (rows[-1]["decided_at"], rows[-1]["id"])

    async def _orders(self, numbers: Sequence[int]) -> list[Row]:
        rows: list[Row] = []
        for start in range(0, len(numbers), _ORDERS_A_PAGE):
            part = numbers[start : start + _ORDERS_A_PAGE]
            rows += await self._rows(f"SELECT * FROM orders WHERE no IN ({_marks(part)})", *part)  # noqa: S608 - ours
        return rows

    async def _rows(self, sql: str, *values: object) -> list[Row]:
        return await self._reader.rows(sql, values)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _each(read: Callable[[Row], _Item], rows: Sequence[Row]) -> list[_Item]:
    return [read(row) for row in rows]


def _trades(orders: Sequence[Row], fills: Sequence[Row]) -> list[Trade]:
    known = {row["no"]: read_order(row) for row in orders}
    return [Trade(fill=read_fill(row), order=known.get(row["order_no"])) for row in fills]


def _by_order(orders: Sequence[Row], fills: Sequence[Row]) -> list[Trade]:
    """Join in the order of the orders."""
    place = {row["no"]: place for place, row in enumerate(orders)}
    return _trades(orders, sorted(fills, key=lambda row: place[row["order_no"]]))

"""The two accounts of what happened: the program's database and the simulated broker's own books."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from storage.orders.order_intents import follow_next

Row = dict[str, Any]

_TABLES = (
    "decisions",
    "orders",
    "order_venue_nos",
    "order_states",
    "fills",
    "outbox",
    "chat_messages",
    "mode_changes",
    "positions_agreed",
    "stop_runs",
)
OPEN = frozenset({"intended", "sent", "accepted", "partially_filled", "cancel_sent", "unknown"})
UNSURE = frozenset({"intended", "sent", "unknown"})


@dataclass
class Stored:
    """What the program has on disk."""

    tables: Mapping[str, list[Row]]

    @property
    def orders(self) -> list[Row]:
        return self.tables["orders"]

    @property
    def outbox(self) -> list[Row]:
        return self.tables["outbox"]

    @cached_property
    def owners(self) -> dict[int, int]:
        """Return the order of each of the broker's numbers; all of a group's are of one day."""
        return {int(row["venue_no"]): int(row["order_no"]) for row in self.tables["order_venue_nos"]}

    @cached_property
    def fills(self) -> dict[int, list[tuple[int, Decimal]]]:
        """Return quantity and price of each order's fills."""
        found: dict[int, list[tuple[int, Decimal]]] = {}
        for row in self.tables["fills"]:
            found.setdefault(row["order_no"], []).append((row["qty"], Decimal(row["price"])))
        return found

    def filled(self, no: int) -> tuple[int, Decimal]:
        """Return shares and dollars of an order's fills."""
        fills = self.fills.get(no, [])
        return sum(qty for qty, _ in fills), sum((qty * price for qty, price in fills), Decimal(0))

    @property
    def mode(self) -> str | None:
        """Return the account's newest mode, None while nobody chose one."""
        modes = [row for row in self.tables["mode_changes"] if row["symbol"] is None]
        return str(modes[-1]["mode"]) if modes else None


def of_the_dead(database: Path) -> Stored:
    """Read the database of a killed program from a copy: opening the file itself would recover it for the next one."""
    with TemporaryDirectory() as scratch:
        for path in database.parent.glob(f"{database.name}*"):
            shutil.copy(path, scratch)
        copy = Path(scratch) / database.name
        if not copy.exists():
            return Stored({table: [] for table in _TABLES})
        _let_rows_follow(copy)
        return of_the_living(copy)


def _let_rows_follow(database: Path) -> None:
    """Do what the next one to open the file does: write the rows of the intents that the dead had not come to."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'order_intents'").fetchone() is not None:
            while follow_next(connection):
                pass


def of_the_living(database: Path) -> Stored:
    """Read the database of a running program, in one transaction."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return Stored(
            {
                table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608
                if table in there
                else []
                for table in _TABLES
            }
        )


@dataclass(slots=True)
class Placed:
    """An order in the broker's books, with what replaced it when it was amended."""

    symbol: str
    side: str
    qty: int
    price: Decimal
    by_hand: bool
    placed_at: datetime
    numbers: list[int]
    works: bool
    filled: int = 0
    amount: Decimal = Decimal(0)

    def __str__(self) -> str:
        return f"{self.numbers} {self.side} {self.symbol} {self.qty} @ {self.price}"


@dataclass(slots=True)
class Truth:
    """The broker's books."""

    placed: list[Placed]
    positions: dict[str, int]
    cash: Decimal
    fees: Decimal
    by_number: dict[int, Placed] = field(default_factory=dict)

    @classmethod
    def of(cls, state: Row) -> "Truth":
        """Read the simulator's state."""
        placed: list[Placed] = []
        by_number: dict[int, Placed] = {}
        for row in state["orders"]:
            number = int(row["odno"])
            if row["change"] == "amend":
                order = by_number[number] = by_number[int(row["original"])]
                order.numbers.append(number)
                order.works |= row["status"] == "working"
            elif row["change"] == "new":
                order = by_number[number] = Placed(
                    symbol=row["symbol"],
                    side=row["side"],
                    qty=row["qty"],
                    price=Decimal(row["price"]),
                    by_hand=row["medium"] != "OpenAPI",
                    placed_at=datetime.fromisoformat(row["placed_at"]),
                    numbers=[number],
                    works=row["status"] == "working",
                )
                placed.append(order)
        fees = Decimal(0)
        for fill in state["fills"]:
            order = by_number[int(fill["odno"])]
            order.filled += fill["qty"]
            order.amount += fill["qty"] * Decimal(fill["price"])
            fees += Decimal(fill["fee"])
        positions = {row["symbol"]: int(row["qty"]) for row in state["positions"] if row["qty"]}
        return cls(placed, positions, Decimal(state["cash"]), fees, by_number)

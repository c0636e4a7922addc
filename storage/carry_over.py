"""What versions with schema 5 to 12 kept as notes, brought into the tables that hold it since; once, at an upgrade."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from storage.tables.agreements import keep_agreement
from storage.tables.day_starts import add_day_start
from storage.tables.panics import add_panic
from strategy.model import AgreedPosition, AgreedPositions, DayStart, OrderNo, PanicRecord, Symbol

Json = dict[str, Any]
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, sqlite3.IntegrityError, OverflowError)
_TOLD = "stop.told:"
_A_STOP = "reason IN ('stop_loss', 'take_profit', 'trailing_stop')"


def carry_over(connection: sqlite3.Connection) -> None:
    """Bring each note of these families into its table. One that cannot be read is kept aside under its key."""
    told: dict[str, int] = {}  # the newest stop of a ticker whose end was told
    for key, value in connection.execute("SELECT key, value FROM notes ORDER BY key").fetchall():
        family = next((start for start in (*_FAMILIES, _TOLD) if key.startswith(start)), None)
        if family is None:
            continue
        connection.execute("SAVEPOINT note")
        try:
            if family == _TOLD:
                told[key.removeprefix(_TOLD)] = int(value)
            else:
                _FAMILIES[family](connection, key, value)
        except _UNREADABLE as error:
            connection.execute("ROLLBACK TO note")
            connection.execute(
                "INSERT INTO kept_aside (came_from, content, why) VALUES (?, ?, ?)", (key, value, repr(error))
            )
        connection.execute("DELETE FROM notes WHERE key = ?", (key,))
        connection.execute("RELEASE note")
    _stop_runs(connection, told)


def _agreement(connection: sqlite3.Connection, _: str, value: str) -> None:
    fields: Json = orjson.loads(value)
    shares: Counter[Symbol] = Counter()
    nets: Counter[Symbol] = Counter()
    for symbol, (qty, net) in _plain(fields["symbols"]):  # two spellings of a listing are one
        shares[symbol] += int(qty)
        nets[symbol] += int(net)
    costs = {symbol: Decimal(cost) for symbol, cost in _plain(fields.get("costs", {}))}
    positions = {
        symbol: AgreedPosition(shares[symbol], nets[symbol], costs.get(symbol))
        for symbol in shares.keys() | costs.keys()
    }
    since, at = datetime.fromisoformat(fields["since"]), datetime.fromisoformat(fields["at"])
    keep_agreement(connection, AgreedPositions(since=since, at=at, positions=positions))


def _panic(connection: sqlite3.Connection, _: str, value: str) -> None:
    if not value:
        return  # the last one is over
    fields: Json = orjson.loads(value)
    shares: Counter[Symbol] = Counter()
    for symbol, qty in _plain(fields["shares"]):
        shares[symbol] += int(qty)
    add_panic(
        connection,
        PanicRecord(
            run=fields["run"],
            asked_by=fields["asked_by"],
            started_at=datetime.fromisoformat(fields["started_at"]),
            everything=fields["everything"],
            shares=shares,
            orders=tuple(OrderNo(no) for no in fields["orders"]),
        ),
    )


def _day_start(connection: sqlite3.Connection, key: str, value: str) -> None:
    fields: Json = orjson.loads(value)
    if "held" not in fields:
        return  # of a version that kept less: with it that day's result began anew
    held: Counter[Symbol] = Counter()
    values: dict[Symbol, Decimal] = {}
    for name, qty in fields["held"].items():
        held[Symbol.stored(name)] += int(qty)
    for name, amount in fields.get("values", {}).items():
        symbol = Symbol.stored(name)
        values[symbol] = values.get(symbol, Decimal(0)) + Decimal(amount)
    left_out = {Symbol.stored(name) for name in fields.get("left_out", ())}
    left_out |= {symbol for symbol in held if not symbol.plain}  # bonds, which were taken for stocks once
    add_day_start(
        connection,
        DayStart(
            session_on=date.fromisoformat(key.removeprefix("day:")),
            equity=Decimal(fields["equity"]),
            value=Decimal(fields["value"]),
            looked_at=datetime.fromisoformat(fields["at"]),
            held=held,
            values=values,
            left_out=frozenset(left_out),
            unvalued=frozenset(Symbol.stored(name) for name in fields.get("unvalued", ())),
        ),
    )


def _chat_message(connection: sqlite3.Connection, key: str, value: str) -> None:
    if not value:
        return  # there is none any more
    _, kind, rest = key.split(".", 2)
    chat_id, _, what = rest.partition(".")
    of = ""
    if kind == "message":
        kind, _, of = what.partition(":")
    connection.execute(
        "INSERT INTO chat_messages (chat_id, kind, of, message_id) VALUES (?, ?, ?, ?)",
        (int(chat_id), kind, of, int(value)),
    )


def _stop_runs(connection: sqlite3.Connection, told: Mapping[str, int]) -> None:
    """Give each stop its run, ended but for the newest that a lock in force stands for and that was not told."""
    connection.execute(
        "INSERT OR IGNORE INTO stop_runs"  # noqa: S608 - ours
        " (decision_id, symbol, trigger, price, qty, attempt, begun_at, ended_at, outcome)"
        " SELECT id, symbol, reason, json_extract(body, '$.last'), COALESCE(json_extract(body, '$.qty'), 0),"
        " COALESCE(json_extract(body, '$.attempt'), 1), decided_at,"
        " COALESCE((SELECT MAX(updated_at) FROM orders WHERE decision_id = decisions.id), decided_at), 'not kept'"
        f" FROM decisions WHERE action = 'stop' AND {_A_STOP} AND json_valid(body)"
        " AND json_extract(body, '$.last') IS NOT NULL"
    )
    newest = connection.execute(
        "SELECT symbol, MAX(decision_id) FROM stop_runs WHERE symbol IN"  # noqa: S608 - ours
        f" (SELECT symbol FROM ticker_locks WHERE released_at IS NULL AND {_A_STOP}) GROUP BY symbol"
    ).fetchall()
    for symbol, decision_id in newest:
        if decision_id > told.get(symbol, 0):
            connection.execute(
                "UPDATE stop_runs SET ended_at = NULL, outcome = NULL WHERE decision_id = ?", (decision_id,)
            )


def _plain(of: Mapping[str, Any]) -> Iterator[tuple[Symbol, Any]]:
    """Give what is kept of stocks: other things, bonds above all, are none of ours."""
    for name, value in of.items():
        if (symbol := Symbol.stored(name)).plain:
            yield symbol, value


_FAMILIES: Mapping[str, Callable[[sqlite3.Connection, str, str], None]] = {
    "reconcile.agreed": _agreement,
    "panic": _panic,
    "day:": _day_start,
    "chat.message.": _chat_message,
    "chat.dashboard.": _chat_message,
    "chat.reminder.": _chat_message,
}

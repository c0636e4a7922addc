"""What the shell shows: JSON for programs, a table for people. Money as text, times with their offset."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from kis.calls.prices import Book
from strategy.model import Acceptance, Bar, BrokerOrder, BuyingPower, Notice, Position, Quote, Symbol, Tick

Record = dict[str, Any]


def plain(value: object) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, int | float | bool | None) else str(value)


def as_json(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False)


def quote(found: Quote) -> Record:
    return {
        "symbol": found.symbol,
        "last": found.last,
        "bid": found.bid,
        "ask": found.ask,
        "bid_size": found.bid_size,
        "ask_size": found.ask_size,
        "previous_close": found.previous_close,
        "received_at": found.received_at,
    }


def bar(found: Bar) -> Record:
    return {
        "start": found.start,
        "end": found.end,
        "open": found.open,
        "high": found.high,
        "low": found.low,
        "close": found.close,
        "volume": found.volume,
        "closed": found.closed,
    }


def book(found: Book) -> Record:
    levels = [
        {"bid": level.bid, "ask": level.ask, "bid_size": level.bid_size, "ask_size": level.ask_size}
        for level in found.levels
    ]
    return {"symbol": found.symbol, "last": found.last, "levels": levels}


def position(found: Position) -> Record:
    return {
        "symbol": found.symbol,
        "name": found.name,
        "qty": found.qty,
        "sellable_qty": found.sellable_qty,
        "average_cost": found.average_cost,
        "last": found.last,
        "profit_rate": found.profit_rate,
    }


def buying_power(found: BuyingPower) -> Record:
    return {
        "symbol": found.symbol,
        "price": found.price,
        "cash": found.cash,
        "max_qty": found.max_qty,
        "fx_rate": found.fx_rate,
    }


def acceptance(found: Acceptance) -> Record:
    return {"order": found.venue_no, "accepted_at": found.accepted_at}


def order(found: BrokerOrder) -> Record:
    return {
        "order": found.venue_no,
        "symbol": found.symbol,
        "side": found.side,
        "qty": found.qty,
        "price": found.limit_price,
        "filled_qty": found.filled_qty,
        "filled_amount": found.filled_amount,
        "open_qty": found.open_qty,
        "status": found.status,
        "ordered_at": found.ordered_at,
        "traded_on": found.traded_on,
        "reason": found.reason,
        "replaced": found.replaced,
        "by_api": found.by_api,
    }


def tick(found: Tick) -> Record:
    return {
        "kind": "tick",
        "symbol": found.symbol,
        "last": found.last,
        "bid": found.bid,
        "ask": found.ask,
        "size": found.size,
        "traded_at": found.traded_at,
        "received_at": found.received_at,
    }


def notice(found: Notice) -> Record:
    return {
        "kind": "notice",
        "notice": found.kind,
        "order": found.venue_no,
        "original": found.original_no,
        "ticker": found.ticker,
        "side": found.side,
        "qty": found.qty,
        "price": found.price,
        "received_at": found.received_at,
    }


def table(records: Sequence[Mapping[str, object]]) -> str:
    """Return aligned columns under their names; a line saying so for nothing."""
    if not records:
        return "없음 (none)"
    names = list(records[0])
    lines = [names, *([_cell(record.get(name)) for name in names] for record in records)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def _cell(value: object) -> str:
    shown = plain(value)
    if shown is None:
        return "-"
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)

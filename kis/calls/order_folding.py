"""Folding the rows of one order into one picture: original, amendments and cancels (kis-protocol 3.2, 3.9).

A cancel never changes the row it cancels, an amendment goes on under a new number; both show as sibling rows that
name the number they changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from kis.calls.executions import Instruction, OrderRow
from strategy.model import BrokerOrder, OrderStatus, Side, Symbol, VenueNo

_Key = tuple[date, VenueNo, Symbol, Side]


def fold(found: Iterable[OrderRow]) -> list[BrokerOrder]:
    """Return one BrokerOrder per order, oldest first."""
    families: dict[_Key, list[OrderRow]] = defaultdict(list)
    every = {row.key: row for row in found}
    for row in every.values():
        families[_root(row, every)].append(row)
    folded = [_fold_family(root, members) for root, members in families.items()]
    orders = [order for order in folded if order is not None]
    return sorted(orders, key=lambda order: (order.ordered_at, int(order.venue_no)))


def _root(row: OrderRow, every: dict[_Key, OrderRow]) -> _Key:
    """Return the key of the first order of a chain, also when that row itself is not in the answer."""
    key = row.key
    seen = {key}
    while row.original_no is not None:
        key = (row.traded_on, row.original_no, row.symbol, row.side)
        if key in seen or key not in every:
            break
        seen.add(key)
        row = every[key]
    return key


def _fold_family(root: _Key, members: Sequence[OrderRow]) -> BrokerOrder | None:
    """Return the order behind these rows; None when only a cancel of an order outside the dates is there."""
    carriers = _carriers(members)
    if not carriers:
        return None
    newest = carriers[-1]
    replaced = tuple(row.venue_no for row in carriers[:-1])
    if not replaced and newest.venue_no != root[1]:  # the original itself is not in the answer
        replaced = (root[1],)
    filled_qty = sum(row.filled_qty for row in carriers)
    qty = sum(row.filled_qty for row in carriers[:-1]) + newest.qty
    status = _status(newest, filled_qty, qty, canceled=_canceled(newest, members))
    return BrokerOrder(
        venue_no=newest.venue_no,
        symbol=newest.symbol,
        side=newest.side,
        qty=qty,
        limit_price=newest.limit_price,
        filled_qty=filled_qty,
        filled_amount=sum((row.filled_amount for row in carriers), Decimal(0)),
        open_qty=0 if status.closed else newest.open_qty,
        status=status,
        ordered_at=carriers[0].ordered_at,
        traded_on=newest.traded_on,
        reason=newest.reason if status in (OrderStatus.REJECTED, OrderStatus.EXPIRED) else "",
        replaced=replaced,
        by_api=carriers[0].by_api,
    )


def _carriers(members: Sequence[OrderRow]) -> list[OrderRow]:
    """Return the rows that carry quantity, oldest first: the original, then each amendment that took effect.

    An amendment that was rejected, or that came when the order it names had filled, carries nothing.
    """
    by_no = {row.venue_no: row for row in members}
    carriers: list[OrderRow] = []
    for row in sorted(members, key=lambda member: (member.ordered_at, int(member.venue_no))):
        if row.instruction is Instruction.CANCEL:
            continue
        if row.instruction is Instruction.AMEND:
            before = by_no.get(row.original_no) if row.original_no is not None else None
            idle = row.filled_qty == 0 and row.open_qty == 0
            if idle and (row.rejected or (before is not None and before.filled_qty >= before.qty)):
                continue
        carriers.append(row)
    return carriers


def _canceled(newest: OrderRow, members: Sequence[OrderRow]) -> bool:
    """Return whether a cancel took effect: a sibling names the order, and nothing of it is open (quirk 3)."""
    return newest.open_qty == 0 and any(
        row.instruction is Instruction.CANCEL and not row.rejected and row.venue_no != newest.venue_no
        for row in members
    )


def _status(newest: OrderRow, filled_qty: int, qty: int, *, canceled: bool) -> OrderStatus:
    if filled_qty >= qty > 0:
        return OrderStatus.FILLED
    if newest.open_qty > 0:
        return OrderStatus.PARTIALLY_FILLED if filled_qty else OrderStatus.ACCEPTED
    if canceled:
        return OrderStatus.CANCELED
    if newest.expired:
        return OrderStatus.EXPIRED
    if newest.rejected:
        return OrderStatus.CANCELED if filled_qty else OrderStatus.REJECTED
    return OrderStatus.UNKNOWN  # all zero and no sibling: ask again later (quirk 9)

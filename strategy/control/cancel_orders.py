"""Canceling working orders by one press."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from strategy.control.order_queries import joined, no_such_order
from strategy.execution.interface import OrderDesk
from strategy.model import (
    BrokerError,
    CancelPreview,
    Order,
    OrderDenied,
    OrderNo,
    OrderStatus,
    Outcome,
    OutcomeKind,
    Said,
)
from strategy.ports import OrderJournal
from strategy.runtime.confirmations import Confirmations, Confirmed


class CancelNote(StrEnum):
    NOTHING = "cancel.nothing"
    OVER = "cancel.over"
    BEING_LOOKED_UP = "cancel.being_looked_up"
    FAILED = "cancel.failed"
    ENDED = "cancel.ended"
    ASKED = "cancel.asked"


CANCEL = "cancel"


class Cancels:
    """Cancels working orders by one press."""

    def __init__(self, *, desk: OrderDesk, orders: OrderJournal, presses: Confirmations) -> None:
        self._desk = desk
        self._orders = orders
        self._confirmations = presses
        presses.register(CANCEL, self)

    async def preview(self, user_id: int, no: OrderNo | None) -> CancelPreview:
        """Show what would be canceled; `no` None is every open order. Raise InvalidInput for a number of none."""
        orders = tuple(order for order in self._desk.open if no is None or order.no == no)
        refusals: list[Said] = []
        if not orders:
            refusals.append(Said(CancelNote.NOTHING) if no is None else await self._over(no))
        working = tuple(order for order in orders if order.status is not OrderStatus.UNKNOWN)
        if orders and not working:
            refusals.append(Said(CancelNote.BEING_LOOKED_UP))
        if refusals:
            return CancelPreview(orders=orders, refusals=tuple(refusals), ticket=None, expires_at=None)
        numbers = [int(order.no) for order in working]
        ticket = await self._confirmations.issue(CANCEL, user_id, {"orders": numbers}, {})
        return CancelPreview(orders=working, refusals=(), ticket=ticket.id, expires_at=ticket.expires_at)

    async def _over(self, no: OrderNo) -> Said:
        order = await self._orders.get(no)
        if order is None:
            raise no_such_order(no)
        return Said(CancelNote.OVER, order=no, status=order.status)

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Ask to cancel each order shown that still works; the broker's word confirms later."""
        asked: list[OrderNo] = []
        problems: list[Said] = []
        last: Order | None = None
        for number in press.payload["orders"]:
            no = OrderNo(number)
            if all(order.no != no for order in self._desk.open):
                continue  # filled or canceled meanwhile
            try:
                last = await self._desk.cancel(no)
                asked.append(no)
            except (BrokerError, OrderDenied) as error:
                said = error.user_message
                problems.append(Said(CancelNote.FAILED, order=no, why=said))
        if problems:
            return Outcome(kind=OutcomeKind.REJECTED, text=joined(problems), order=last, order_nos=tuple(asked))
        if not asked:
            return Outcome(
                kind=OutcomeKind.CHANGED,
                text=Said(CancelNote.ENDED),
            )
        numbers = ", ".join(f"#{no}" for no in asked)
        return Outcome(
            kind=OutcomeKind.DONE,
            text=Said(CancelNote.ASKED, numbers=numbers),
            order=last,
            order_nos=tuple(asked),
            becomes=f"order:cancel:{asked[0]}" if len(asked) == 1 else None,
        )

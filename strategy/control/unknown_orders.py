"""What a person may declare about an order whose outcome nobody knows; nothing is sent by it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from strategy.control.order_queries import no_such_order
from strategy.execution.interface import OrderDesk
from strategy.model import (
    BrokerOrder,
    InvalidOrder,
    Order,
    OrderNo,
    OrderStatus,
    Outcome,
    OutcomeKind,
    Said,
    SettleChoice,
    SettlePreview,
)
from strategy.ports import OrderJournal
from strategy.runtime.confirmations import Confirmations, Confirmed, changed


class SettleNote(StrEnum):
    TOO_EARLY = "settle.too_early"
    KNOWN_BY_NOW = "settle.known_by_now"
    NEVER_ARRIVED = "settle.never_arrived"
    OVER = "settle.over"
    OFFER = "settle.offer"
    SETTLED_OVER = "settle.settled_over"
    SETTLED_AS = "settle.settled_as"


SETTLE = "settle"


class UnknownOrders:
    """Offers what the broker's list leaves open, and carries the person's word to the desk."""

    def __init__(self, *, desk: OrderDesk, orders: OrderJournal, presses: Confirmations) -> None:
        self._desk = desk
        self._orders = orders
        self._confirmations = presses
        presses.register(SETTLE, self)

    async def preview(self, user_id: int, no: OrderNo) -> SettlePreview:
        """Ask the broker once more, then offer what is left to decide.

        Raises InvalidInput for a number that does not exist and BrokerError when the broker cannot be asked.
        """
        await self._order(no)
        await self._desk.poll_orders()
        order = await self._order(no)
        refusals: list[Said] = []
        choices: list[SettleChoice] = []
        expires_at = None
        if order.status is not OrderStatus.UNKNOWN:
            refusals.append(_settled(order))
        else:
            offers: list[BrokerOrder | None] = [*self._desk.candidates(no)]
            if self._desk.absence_counts(order):
                offers.append(None)
            for offer in offers:
                payload = {"order": int(no), "venue_no": offer.venue_no if offer else None}
                ticket = await self._confirmations.issue(SETTLE, user_id, payload, {})
                choices.append(SettleChoice(candidate=offer, label=_label(order, offer), ticket=ticket.id))
                expires_at = ticket.expires_at
            if not choices:
                refusals.append(Said(SettleNote.TOO_EARLY))
        return SettlePreview(order=order, choices=tuple(choices), refusals=tuple(refusals), expires_at=expires_at)

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Ask the broker again, and take the person's word where it is still possible."""
        no, number = OrderNo(press.payload["order"]), press.payload["venue_no"]
        await self._desk.poll_orders()
        found = next((one for one in self._desk.candidates(no) if one.venue_no == number), None)
        order = await self._order(no)
        if order.status is not OrderStatus.UNKNOWN:
            return Outcome(kind=OutcomeKind.CHANGED, text=_settled(order), order=order, order_nos=(no,))
        if number is not None and found is None:
            return changed()
        try:
            order = await self._desk.settle(no, found, press.user_id)
        except InvalidOrder as error:
            return Outcome(kind=OutcomeKind.CHANGED, text=error.user_message, order=order, order_nos=(no,))
        return Outcome(kind=OutcomeKind.DONE, text=_done(order, found), order=order, order_nos=(no,))

    async def _order(self, no: OrderNo) -> Order:
        order = await self._orders.get(no)
        if order is None:
            raise no_such_order(no)
        return order


def _settled(order: Order) -> Said:
    return Said(SettleNote.KNOWN_BY_NOW, order=order.no)


def _label(order: Order, offer: BrokerOrder | None) -> Said:
    if offer is None and order.venue_no is None:
        return Said(SettleNote.NEVER_ARRIVED)
    if offer is None:
        return Said(SettleNote.OVER)
    return Said(SettleNote.OFFER, venue_no=offer.venue_no, at=offer.ordered_at, filled=offer.filled_qty)


def _done(order: Order, found: BrokerOrder | None) -> Said:
    if found is None:
        return Said(SettleNote.SETTLED_OVER, order=order.no)
    return Said(SettleNote.SETTLED_AS, order=order.no, venue_no=found.venue_no)

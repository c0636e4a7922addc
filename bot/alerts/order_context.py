"""What is known of each order: its later events do not repeat why it was placed.

The outbox keeps every event, so a restart forgets nothing.
"""

from dataclasses import replace

from strategy.model import EventRow, OrderChanged, OrderNo, OrderStatus
from strategy.ports import Outbox

_TOLD_ONCE = ("decision", "cash_before", "position_qty_before", "average_cost")


class OrderContext:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._known: dict[OrderNo, OrderChanged] = {}

    async def complete(self, event: OrderChanged) -> OrderChanged:
        """Return the event with what only earlier events of its order told (its reason, the cash before)."""
        no = event.order.no
        if no not in self._known:
            self._known[no] = event if event.order.status is OrderStatus.INTENDED else await self._recalled(no, event)
        self._known[no] = _with(event, self._known[no])
        return self._known[no]

    async def shown_by(self, message_id: int, no: OrderNo) -> int:
        """Return the newest row that an earlier run told of an order by that message, 0 where it told none.

        An older row may still wait for its edit, which would put the message back.
        """
        rows = await self._outbox.order_events(no)
        return max((row.id for row in rows if row.done_at is not None and row.message_id == message_id), default=0)

    def forget(self, no: OrderNo) -> None:
        self._known.pop(no, None)

    async def _recalled(self, no: OrderNo, event: OrderChanged) -> OrderChanged:
        known = event
        for row in await self._outbox.order_events(no):
            known = _with(known, row.event) if _tells(row) else known
        return known


def _tells(row: EventRow) -> bool:
    return isinstance(row.event, OrderChanged)


def _with(event: OrderChanged, known: object) -> OrderChanged:
    missing = {name: getattr(known, name) for name in _TOLD_ONCE if getattr(event, name) is None}
    return replace(event, **missing)

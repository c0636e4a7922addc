"""Orders and cancels that the broker certainly did not take, and will be asked for again in about a second.

"Not now" (too many calls, a token that died, no connection, maintenance) is neither a refusal nor an unknown outcome:
no venue saw the order, so the same intent goes out again, counted towards nothing and at the same price. Whoever asked
is judged anew each time. A rule's or a person's order is given up after a while; what protects shares is not, nor the
cancel of it: whoever has asked for it may have gone, and an order that nobody follows any more must not rest.
See decision 0110.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from strategy.market import current
from strategy.model import OrderNo, OrderRequest, Origin, Said

AGAIN = timedelta(seconds=1)
_PATIENCE = timedelta(seconds=10)  # a price of a rule or a person is old by then
_IMPATIENT = frozenset({Origin.SIGNAL, Origin.MANUAL})


@dataclass(slots=True, kw_only=True)
class _Waiting:
    request: OrderRequest
    since: datetime
    due: datetime
    said: Said  # the broker's words
    busy: bool = False  # on its way again


class Resending:
    """Remembers what waits for its next try, and when that is."""

    def __init__(self) -> None:
        self._orders: dict[OrderNo, _Waiting] = {}
        self._cancels: dict[OrderNo, _Waiting] = {}
        self.wake = asyncio.Event()  # set when something has come to wait

    def hold(self, no: OrderNo, request: OrderRequest, said: Said, now: datetime) -> bool:
        """Let an order wait for its next try; False when it has waited long enough."""
        return self._hold(self._orders, no, request, said, now, patient=request.origin not in _IMPATIENT)

    def hold_cancel(self, no: OrderNo, request: OrderRequest, said: Said, now: datetime) -> None:
        """Let a cancel wait for its next try: for a while, or to the close where it takes back what a stop sells."""
        self._hold(self._cancels, no, request, said, now, patient=request.protects and current(now) is not None)

    def drop(self, no: OrderNo) -> bool:
        """Let an order wait no longer; return whether it did."""
        return self._orders.pop(no, None) is not None

    def drop_cancel(self, no: OrderNo) -> None:
        self._cancels.pop(no, None)

    def holds(self, no: OrderNo) -> bool:
        """Return whether an order is known to be nowhere but here."""
        return no in self._orders

    def said(self, no: OrderNo) -> Said | None:
        """Return the broker's words on an order that waits."""
        waiting = self._orders.get(no)
        return waiting.said if waiting is not None else None

    def begin(self) -> None:
        """Let what was on its way when its hands were lost with their service be due as before."""
        for each in (*self._orders.values(), *self._cancels.values()):
            each.busy = False

    @property
    def orders(self) -> tuple[OrderNo, ...]:
        return tuple(self._orders)

    @property
    def next_due(self) -> datetime | None:
        both = (*self._orders.values(), *self._cancels.values())
        return min((each.due for each in both if not each.busy), default=None)

    def take_due(self, now: datetime) -> tuple[list[OrderNo], list[OrderNo]]:
        """Return the orders and the cancels whose next try is due; each is taken once until it waits again."""
        taken: tuple[list[OrderNo], list[OrderNo]] = ([], [])
        for due, waiting in zip(taken, (self._orders, self._cancels), strict=True):
            for no, each in waiting.items():
                if not each.busy and each.due <= now:
                    each.busy = True
                    due.append(no)
        return taken

    def _hold(
        self,
        waiting: dict[OrderNo, _Waiting],
        no: OrderNo,
        request: OrderRequest,
        said: Said,
        now: datetime,
        *,
        patient: bool,
    ) -> bool:
        known = waiting.get(no)
        since = known.since if known is not None else now
        if not patient and now - since >= _PATIENCE:
            waiting.pop(no, None)
            return False
        waiting[no] = _Waiting(request=request, since=since, due=now + AGAIN, said=said)
        self.wake.set()
        return True

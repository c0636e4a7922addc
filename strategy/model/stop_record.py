"""What led to a stop's order, on its way to disk."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from strategy.model.decisions import Decision
from strategy.model.events import Event
from strategy.model.modes import TickerLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A stop's decision, not numbered yet, the lock it puts on its ticker, and what is told of both."""

    decision: Decision
    lock: TickerLock
    events: tuple[Event, ...]


class Opening:
    """A lead until it is stored: in one commit with the first order where that can leave at once, else by itself.

    Each trip to the disk costs a stop a millisecond or more; the promise that nothing is sent before why and the lock
    are on disk needs one.
    """

    def __init__(
        self, lead: Lead, *, store: Callable[[Lead], Awaitable[Decision]], stored: Callable[[Decision], None]
    ) -> None:
        """`store` puts a lead on disk by itself; `stored` is given the decision once, however it came there."""
        self.lead: Lead | None = lead  # None once it is on disk
        self.decision = lead.decision
        self._store = store
        self._stored = stored

    async def store(self) -> None:
        """Store the lead by itself, unless it is stored."""
        if self.lead is not None:
            self.came_with((await self._store(self.lead)).id)

    def came_with(self, decision_id: int | None) -> None:
        """Take note that an order brought the lead to disk, and the number its decision got there."""
        self.lead = None
        self.decision = replace(self.decision, id=decision_id or 0)
        self._stored(self.decision)

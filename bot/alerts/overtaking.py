"""Rows that others overtake for a while; whatever comes after them in the same story waits with them.
See decision 0137."""

from dataclasses import dataclass
from datetime import datetime

from bot.transport.send_gate import SendGate
from strategy.model import Clock, EventRow


@dataclass(frozen=True, slots=True)
class _Put:
    row: EventRow
    until: datetime  # real time
    through: int | None  # back as soon as more messages than these got through


class Overtaken:
    """One chat's. What is told of one order, stop, panic or proposal keeps its order."""

    def __init__(self, gate: SendGate, wall: Clock) -> None:
        self._gate = gate
        self._wall = wall
        self._put: dict[int, _Put] = {}

    def put(self, row: EventRow, until: datetime, *, or_through: bool = False) -> None:
        """Let others go first until that moment, or until one of them got through."""
        self._put[row.id] = _Put(row, until, self._gate.through if or_through else None)

    def clear(self, row_id: int) -> None:
        self._put.pop(row_id, None)

    def holds(self, row: EventRow) -> bool:
        """Return whether a row waits, for its own sake or for an earlier one of its story."""
        self._release()
        return row.id in self._put or any(follows(row, each.row) for each in self._put.values())

    def due(self) -> datetime | None:
        """Return when the first row comes back."""
        self._release()
        return min((each.until for each in self._put.values()), default=None)

    def __len__(self) -> int:
        return len(self._put)

    def _release(self) -> None:
        now, through = self._wall.now(), self._gate.through
        self._put = {
            row_id: each
            for row_id, each in self._put.items()
            if now < each.until and (each.through is None or through <= each.through)
        }


def follows(row: EventRow, earlier: EventRow) -> bool:
    """Return whether a row goes on with the story of an earlier one."""
    story = row.event.story
    return story is not None and row.id > earlier.id and story == earlier.event.story

"""Very many alerts that come late, after an outage: told in few messages, a line each, what belongs together in one.
See decision 0138."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aiogram.utils.formatting import Text

from bot.ui.screen import ViewContext
from bot.views.news.backlog import entry_line
from strategy.model import Event, EventRow, OrderChanged, Protection, StopFinished, StopTriggered

MANY = 400  # rows that wait; fewer are told as they are
WINDOW = 400  # rows looked at for one message
_MESSAGES = 50  # what the routine ones may come to
_ROOM = 3600  # characters of a message
_SHORTEST, _LONGEST = 70, 400  # characters of a line
_STAMP = 20
_ALONE = 8  # stops told in messages of their own, with their buttons


@dataclass(slots=True)
class Backlog:
    """One backlog on its way: how long its lines may be, and which stops are told alone."""

    width: int
    alone: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, count: int) -> "Backlog":
        return cls(max(_SHORTEST, min(_MESSAGES * _ROOM // count - _STAMP, _LONGEST)))

    def tells_alone(self, row: EventRow) -> bool:
        """Return whether a row gets a message of its own: the first stops do, and what leaves shares bare."""
        if len(self.alone) < _ALONE and isinstance(row.event, (StopTriggered, StopFinished, Protection)):
            self.alone.add(row.id)
        return row.id in self.alone

    def message(self, rows: Sequence[EventRow], ui: ViewContext) -> tuple[list[EventRow], list[Text]]:
        """Return the lines of the next message, and the rows they tell: critical and routine ones apart."""
        critical = rows[0].event.critical
        groups: dict[str, list[EventRow]] = {}
        for row in rows:
            if row.event.critical is critical:
                groups.setdefault(_belongs(row), []).append(row)
        told: list[EventRow] = []
        lines: list[Text] = []
        used = 0
        for group in groups.values():
            line = entry_line(_whole(group), len(group), self.width, ui)
            used += len(line) + 1
            if lines and used > _ROOM:
                break
            told += group
            lines.append(line)
        return told, lines


def _belongs(row: EventRow) -> str:
    """Return what a row shares its line with: of an order or a panic the newest state is enough."""
    event = row.event
    if isinstance(event, (StopTriggered, StopFinished)):
        return event.fold_key or str(row.id)
    return event.story or event.fold_key or str(row.id)


def _whole(group: Sequence[EventRow]) -> Event:
    """Return the newest event of a group; of an order with its fill, if any came."""
    newest = group[-1].event
    if not isinstance(newest, OrderChanged) or newest.realized is not None:
        return newest
    told = [row.event for row in group if isinstance(row.event, OrderChanged) and row.event.realized is not None]
    return replace(newest, realized=told[-1].realized, result=told[-1].result) if told else newest

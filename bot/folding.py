"""Repeats of an alert become one message with a count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from strategy.events import BothSignals, Event, EventRow, Notable, SignalBlocked, Trouble

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Fold:
    """A message that stands for several events of the same kind."""

    message_id: int
    count: int
    first_at: datetime  # market time, as the events'
    last_at: datetime
    edited_at: datetime  # real time; when its message was sent or last edited


def fold_key(event: Event) -> str | None:
    """Return what makes two events the same news, or None for one that always stands alone."""
    match event:
        case Trouble():
            return f"trouble:{event.key}:{event.symbol}"
        case SignalBlocked():
            return f"blocked:{event.decision.symbol}:{event.side}:{','.join(sorted(event.guards))}"
        case BothSignals():
            return f"both:{event.decision.symbol}"
        case Notable(key="overrun"):  # a slow broker makes one each minute
            return "overrun"
        case _:
            return None


class Folds:
    """Remembers which alert is being repeated."""

    def __init__(self) -> None:
        self._open: dict[str, Fold] = {}

    def restore(self, rows: Sequence[EventRow]) -> None:
        """Count what was told before a restart: repeats carry the id of the message that stands for them."""
        for row in rows:
            key = fold_key(row.event)
            if key is None or row.message_id is None or row.done_at is None:
                continue
            fold = self._open.get(key)
            if fold is not None and fold.message_id == row.message_id:
                fold.count += 1
                fold.last_at = row.event.at
            else:
                self._open[key] = Fold(row.message_id, 1, row.event.at, row.event.at, row.done_at)

    def of(self, event: Event) -> Fold | None:
        """Return the message this event adds to, if it is recent enough.

        Trouble sounds again after an hour; a blocked signal stays one message for as long as it keeps coming.
        """
        key = fold_key(event)
        fold = self._open.get(key) if key else None
        if fold is None:
            return None
        since = fold.first_at if isinstance(event, Trouble) else fold.last_at
        return fold if event.at - since <= _HOUR else None

    def start(self, event: Event, fold: Fold) -> None:
        if key := fold_key(event):
            self._open = {name: each for name, each in self._open.items() if fold.last_at - each.last_at <= _HOUR}
            self._open[key] = fold

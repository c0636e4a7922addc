"""Repeats of an alert become one message with a count."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from strategy.events import BothSignals, Event, EventRow, SignalBlocked, Trouble

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Fold:
    """A message that stands for several events of the same kind."""

    message_id: int
    count: int
    first_at: datetime  # market time, as the events'
    last_at: datetime
    edited_at: datetime  # real time
    unsaid: EventRow | None = None  # counted, but the message does not show it yet


def fold_key(event: Event) -> str | None:
    """Return what makes two events the same news, or None for one that always stands alone."""
    match event:
        case Trouble():
            return f"trouble:{event.key}:{event.symbol}"
        case SignalBlocked():
            return f"blocked:{event.decision.symbol}:{event.side}:{','.join(sorted(event.guards))}"
        case BothSignals():
            return f"both:{event.decision.symbol}"
        case _:
            return None


class Folds:
    """Remembers which alert is being repeated. Kept in memory: after a restart the next one is told anew."""

    def __init__(self) -> None:
        self._open: dict[str, Fold] = {}

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
            self._open = {
                name: each for name, each in self._open.items() if each.unsaid or fold.last_at - each.last_at <= _HOUR
            }
            self._open[key] = fold

    def unsaid(self) -> Iterator[Fold]:
        """Yield the messages whose count has grown since they were edited."""
        return (fold for fold in list(self._open.values()) if fold.unsaid is not None)

"""Repeats of an alert become one message with a count."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from strategy.events import BothSignals, Event, SignalBlocked, Trouble

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Fold:
    """A message that stands for several events of the same kind. Times are market time, as the events'."""

    message_id: int
    count: int
    first_at: datetime
    last_at: datetime


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

    def start(self, event: Event, message_id: int, count: int, last_at: datetime) -> None:
        if key := fold_key(event):
            self._open[key] = Fold(message_id, count, event.at, last_at)
            self._forget(last_at)

    def _forget(self, now: datetime) -> None:
        self._open = {key: fold for key, fold in self._open.items() if now - fold.last_at <= _HOUR}

"""Repeats of an alert become one message with a count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from strategy.model import (
    BothSignals,
    Event,
    EventRow,
    Notable,
    OrderChanged,
    OrderStatus,
    SignalBlocked,
    StopFinished,
    StopTriggered,
    StreamState,
    Symbol,
    Trouble,
)

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Fold:
    """A message that stands for several events of the same kind."""

    message_id: int
    count: int
    first_at: datetime  # market time, as the events'
    last_at: datetime
    edited_at: datetime  # real time; when its message was sent or last edited
    began: int  # id of the row its message was sent for


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
        case StreamState() if event.drops > 1:  # the first drop and its end are told by themselves
            return "stream"
        case StopTriggered() if event.attempt > 1:
            return _stop_key(event.symbol, event.trigger)
        case StopFinished(reason="rejected", sold=0):  # one that sold anything stands alone, and so does a success
            return _stop_key(event.symbol, event.trigger)
        case _:
            return None


def order_fold_key(event: OrderChanged) -> str | None:
    """Return the news within which a retry's order is told that nobody has taken yet; `event` knows its decision.

    From the moment the broker accepts it, and where its outcome is unknown, an order is told by itself like any other.
    """
    decision, order = event.decision, event.order
    untaken = order.status in (OrderStatus.INTENDED, OrderStatus.SENT, OrderStatus.REJECTED) and not order.filled_qty
    if decision is None or decision.attempt == 1 or not untaken:
        return None
    return _stop_key(order.request.symbol, decision.reason)


def begins(event: Event) -> bool:
    """Return whether an event is the first of its kind although another of the same key came shortly before."""
    if isinstance(event, StreamState):
        return not event.up and event.drops == 2
    return isinstance(event, StopFinished) and event.attempt == 1


def together(rows: Sequence[EventRow]) -> list[EventRow]:
    """Return the first row with all that say the same, up to one that begins anew."""
    key = fold_key(rows[0].event)
    same = [row for row in rows if fold_key(row.event) == key]
    return [rows[0], *takewhile(lambda row: not begins(row.event), same[1:])]


def says_how_often(event: Event) -> bool:
    """Return whether an event itself knows how often it came."""
    return isinstance(event, (StopTriggered, StopFinished, StreamState))


def _stop_key(symbol: Symbol, trigger: str) -> str:
    return f"stop:{symbol}:{trigger}"


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
                self._open[key] = Fold(row.message_id, 1, row.event.at, row.event.at, row.done_at, row.id)

    def of(self, event: Event) -> Fold | None:
        """Return the message this event adds to, if it is recent enough.

        Trouble and a refused stop sound again after an hour; a blocked signal stays one message for as long as it keeps
        coming.
        """
        key = fold_key(event)
        fold = self._open.get(key) if key else None
        if fold is None:
            return None
        sounds_again = isinstance(event, (Trouble, StopTriggered, StopFinished))
        since = fold.first_at if sounds_again else fold.last_at
        return fold if event.at - since <= _HOUR else None

    def message_of(self, key: str) -> int | None:
        """Return the newest message that stands for a kind of news."""
        fold = self._open.get(key)
        return None if fold is None else fold.message_id

    def forget(self) -> None:
        """Begin anew: the messages are out of reach."""
        self._open.clear()

    def start(self, event: Event, fold: Fold) -> None:
        if key := fold_key(event):
            self._open = {name: each for name, each in self._open.items() if fold.last_at - each.last_at <= _HOUR}
            self._open[key] = fold

"""Repeats of an alert become one message with a count. See decision 0059."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from strategy.model import Event, EventRow

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


def together(rows: Sequence[EventRow]) -> list[EventRow]:
    """Return the first row with all that say the same, up to one that begins anew."""
    key = rows[0].event.fold_key
    same = [row for row in rows if row.event.fold_key == key]
    return [rows[0], *takewhile(lambda row: not row.event.opens_fold, same[1:])]


class Folds:
    """Remembers which alert is being repeated."""

    def __init__(self) -> None:
        self._open: dict[str, Fold] = {}

    def restore(self, rows: Sequence[EventRow]) -> None:
        """Count what was told before a restart: repeats carry the id of the message that stands for them."""
        for row in rows:
            key = row.event.fold_key
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
        key = event.fold_key
        fold = self._open.get(key) if key else None
        if fold is None:
            return None
        since = fold.first_at if event.sounds_again else fold.last_at
        return fold if event.at - since <= _HOUR else None

    def message_of(self, key: str) -> int | None:
        """Return the newest message that stands for a kind of news."""
        fold = self._open.get(key)
        return None if fold is None else fold.message_id

    def forget(self) -> None:
        """Begin anew: the messages are out of reach."""
        self._open.clear()

    def start(self, event: Event, fold: Fold) -> None:
        if key := event.fold_key:
            self._open = {name: each for name, each in self._open.items() if fold.last_at - each.last_at <= _HOUR}
            self._open[key] = fold

"""How late an alert is, in real time.

`EventRow.added_at` is market time. With real markets that is real time; in the demo the market clock runs fast, so
there the first moment this process saw the row counts, or its first attempt (`sending_since`, which delivery stamps
with real time).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from strategy.model import Clock, EventRow

LATE = timedelta(minutes=1)
_SAME = timedelta(seconds=5)


class Lateness:
    def __init__(self, clock: Clock, wall: Clock) -> None:
        self._clock = clock
        self._wall = wall
        self._seen: dict[int, datetime] = {}

    @property
    def must_be_seen(self) -> bool:
        """Return whether the market's clock is not the world's, so that rows do not say themselves when they came."""
        return abs(self._clock.now() - self._wall.now()) > _SAME

    def see(self, rows: Sequence[EventRow]) -> None:
        """Remember when rows were first seen, where that is needed."""
        if not self.must_be_seen:
            return
        now = self._wall.now()
        for row in rows:
            self._seen.setdefault(row.id, now)

    def forget(self, row_id: int) -> None:
        self._seen.pop(row_id, None)

    def minutes_late(self, row: EventRow) -> int:
        """Return whole minutes between the fact and now; 0 while that is under a minute."""
        now = self._wall.now()
        late = now - self._since(row, now)
        return int(late.total_seconds() // 60) if late >= LATE else 0

    def _since(self, row: EventRow, now: datetime) -> datetime:
        if not self.must_be_seen:
            return row.added_at
        return min(self._seen.get(row.id, now), row.sending_since or now)

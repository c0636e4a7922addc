"""One pacer per app key: never over the limit in any second, and the important calls first (kis-protocol 6.2)."""

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from kis.environment import Lane
from strategy.clock import Clock

_EVENNESS = 0.98  # gap between neighbours as a share of an even spread; the rest absorbs late timers


@dataclass(slots=True, order=True)
class _Waiter:
    lane: Lane
    number: int
    woken: asyncio.Future[None] | None = field(default=None, compare=False)


class Pacer:
    """Grants turns to send, in market time. The limit is counted at the time of sending, over a sliding window.

    `slack` widens the window: it pays for the difference between when a call is sent and when the server counts it.
    Calls are spread evenly rather than sent in bursts, so that an order never waits longer than one gap.
    """

    def __init__(self, clock: Clock, *, calls_per_s: float, ledger_calls_per_s: float, slack: float = 0.01) -> None:
        self._clock = clock
        self._limit = max(1, int(calls_per_s))
        window = max(1.0, 1 / calls_per_s) * (1 + slack)
        self._window = timedelta(seconds=window)
        self._gap = timedelta(seconds=window / self._limit * _EVENNESS)
        self._ledger_gap = timedelta(seconds=1 / ledger_calls_per_s)
        self._sent: deque[datetime] = deque(maxlen=self._limit)
        self._ledger_sent: datetime | None = None
        self._slot: datetime | None = None  # when the last call was due: late timers are made up for
        self._held_until: datetime | None = None
        self._ledger = asyncio.Lock()
        self._queue: list[_Waiter] = []
        self._numbers = count()
        self.granted = 0

    async def turn(self, lane: Lane) -> datetime:
        """Wait for the right to send one request now; return the instant it was granted."""
        if lane is not Lane.LEDGER:
            return await self._turn(lane)
        async with self._ledger:
            if self._ledger_sent is not None:
                await self._clock.sleep_until(self._ledger_sent + self._ledger_gap)
            self._ledger_sent = await self._turn(lane)
            return self._ledger_sent

    def hold(self, seconds: float, *, ledger: bool = False) -> None:
        """Send nothing for that much market time: KIS said that we were too fast."""
        until = self._clock.now() + timedelta(seconds=seconds)
        if ledger:
            self._ledger_sent = max(until - self._ledger_gap, self._ledger_sent or until - self._ledger_gap)
        else:
            self._held_until = max(until, self._held_until or until)

    def in_last_second(self) -> int:
        """Return how many turns the last market second saw, for showing the usage (row S103)."""
        since = self._clock.now() - timedelta(seconds=1)
        return sum(1 for at in self._sent if at > since)

    async def _turn(self, lane: Lane) -> datetime:
        me = _Waiter(lane, next(self._numbers))
        heapq.heappush(self._queue, me)
        try:
            while True:
                if self._queue[0] is not me:
                    me.woken = asyncio.get_running_loop().create_future()
                    await me.woken
                    continue
                now = self._clock.now()
                slot = self._next_slot()
                if slot is None or slot <= now:
                    break
                await self._clock.sleep_until(slot)
            self._sent.append(now)
            self._slot = slot if slot is not None and now - slot < self._gap else now
            self._held_until = None
            self.granted += 1
            return now
        finally:
            self._queue.remove(me)
            heapq.heapify(self._queue)
            self._wake_first()

    def _wake_first(self) -> None:
        if self._queue and (woken := self._queue[0].woken) is not None and not woken.done():
            woken.set_result(None)

    def _next_slot(self) -> datetime | None:
        """Return when the next call may leave, None for at once."""
        slot = self._held_until
        if self._slot is not None:
            after_last = self._slot + self._gap
            slot = after_last if slot is None else max(slot, after_last)
        if len(self._sent) == self._limit:
            full_until = self._sent[0] + self._window
            slot = full_until if slot is None else max(slot, full_until)
        return slot

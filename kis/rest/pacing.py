"""One pacer per app key: never over the limit in any second, and the important calls first (kis-protocol 6.2).
See decision 0072."""

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from kis.environment import Lane
from strategy.model import Clock

_UNDER_WAY_S = 0.25  # real seconds: a call that hangs longer has arrived, or never will
_BACKGROUND_SHARE = 3  # what nobody waits for takes at most one in so many of a second's calls
_EVENNESS = 0.98  # gap between neighbours as a share of an even spread; the rest absorbs late timers


@dataclass(slots=True, order=True)
class _Waiter:
    lane: Lane
    number: int
    woken: asyncio.Future[None] | None = field(default=None, compare=False)


class SendSlot:
    """The right to send one request now."""

    __slots__ = ("_answered", "_began", "_clock", "at")

    def __init__(self, clock: Clock, at: datetime) -> None:
        self.at = at  # market time; moves on when the answer comes
        self._clock = clock
        self._began = asyncio.get_running_loop().time()
        self._answered = False

    def answered(self) -> None:
        """Count the call now: the server has seen it some time between its sending and its answer."""
        self.at = max(self.at, self._clock.now())
        self._answered = True

    def counts_at(self, now: datetime) -> datetime:
        """Return the latest moment at which the server may have counted the call; one under way may just arrive."""
        under_way = not self._answered and asyncio.get_running_loop().time() - self._began < _UNDER_WAY_S
        return now if under_way else self.at


class Pacer:
    """Grants turns to send, in market time, so that the server never counts more than the limit in any second.

    A call is counted over a sliding window from its answer on, since only then it has certainly arrived: the network
    may be slow for one call and fast for the next, and a simulated market makes milliseconds long. `slack` widens the
    window. Calls are spread evenly rather than sent in bursts, so that an order never waits longer than one gap, and
    not at all while the second has room.
    """

    def __init__(self, clock: Clock, *, calls_per_s: float, ledger_calls_per_s: float, slack: float = 0.01) -> None:
        self._clock = clock
        self._limit = max(1, int(calls_per_s))
        window = max(1.0, 1 / calls_per_s) * (1 + slack)
        self._window = timedelta(seconds=window)
        self._gap = timedelta(seconds=window / self._limit * _EVENNESS)
        self._ledger_gap = timedelta(seconds=1 / ledger_calls_per_s)
        self._sent: deque[SendSlot] = deque(maxlen=self._limit)
        self._ledger_sent: SendSlot | None = None
        self._ledger_held_until: datetime | None = None
        self._slot: datetime | None = None  # when the last call was due: late timers are made up for
        self._held_until: datetime | None = None
        self._ledger = asyncio.Lock()
        self._queue: list[_Waiter] = []
        self._numbers = count()
        self.granted = 0

    async def turn(self, lane: Lane) -> SendSlot:
        """Wait for the right to send one request now; tell the turn when its answer came."""
        if lane is not Lane.LEDGER:
            return await self._turn(lane)
        async with self._ledger:
            while (due := self._ledger_slot()) is not None and due > self._clock.now():
                await self._clock.sleep_until(due)
            self._ledger_held_until = None
            self._ledger_sent = await self._turn(lane)
            return self._ledger_sent

    def hold(self, seconds: float, *, ledger: bool = False) -> None:
        """Send nothing for that much market time: KIS said that we were too fast."""
        until = self._clock.now() + timedelta(seconds=seconds)
        if ledger:
            self._ledger_held_until = max(until, self._ledger_held_until or until)
        else:
            self._held_until = max(until, self._held_until or until)

    async def settled(self) -> None:
        """Wait until somebody who knows nothing of the calls made here may make one of any kind."""
        due = [slot] if (slot := self._next_slot(self._clock.now())) is not None else []
        if (ledger := self._ledger_slot()) is not None:
            due.append(ledger)
        if due:
            await self._clock.sleep_until(max(due))

    def in_last_second(self) -> int:
        """Return how many turns the last market second saw, for showing the usage (row S103)."""
        since = self._clock.now() - timedelta(seconds=1)
        return sum(1 for turn in self._sent if turn.at > since)

    def _ledger_slot(self) -> datetime | None:
        if self._ledger_sent is None:
            return self._ledger_held_until
        due = self._ledger_sent.counts_at(self._clock.now()) + self._ledger_gap
        return due if self._ledger_held_until is None else max(due, self._ledger_held_until)

    async def _turn(self, lane: Lane) -> SendSlot:
        me = _Waiter(lane, next(self._numbers))
        heapq.heappush(self._queue, me)
        try:
            while True:
                if self._queue[0] is not me:
                    me.woken = asyncio.get_running_loop().create_future()
                    await me.woken
                    continue
                now = self._clock.now()
                slot = self._next_slot(now, at_once=lane is Lane.ORDER)
                if lane is Lane.BACKGROUND and (free := self._room_left(now)) is not None:
                    slot = free if slot is None else max(slot, free)
                if slot is None or slot <= now:
                    break
                await self._clock.sleep_until(slot)
            turn = SendSlot(self._clock, now)
            self._sent.append(turn)
            self._slot = slot if slot is not None and now - slot < self._gap else now
            self._held_until = None
            self.granted += 1
            return turn
        finally:
            self._queue.remove(me)
            heapq.heapify(self._queue)
            self._wake_first()

    def _room_left(self, now: datetime) -> datetime | None:
        """Return when so few calls count that most of a second is free for others; None for now."""
        most = max(1, self._limit // _BACKGROUND_SHARE)
        counted = sorted(at + self._window for turn in self._sent if (at := turn.counts_at(now)) + self._window > now)
        return counted[-most] if len(counted) >= most else None

    def _wake_first(self) -> None:
        if self._queue and (woken := self._queue[0].woken) is not None and not woken.done():
            woken.set_result(None)

    def _next_slot(self, now: datetime, *, at_once: bool = False) -> datetime | None:
        """Return when the next call may leave, None for at once; an order need not be even, only within the limit."""
        slot = self._held_until
        if self._slot is not None and not at_once:
            after_last = self._slot + self._gap
            slot = after_last if slot is None else max(slot, after_last)
        if len(self._sent) == self._limit:
            full_until = min(turn.counts_at(now) for turn in self._sent) + self._window
            slot = full_until if slot is None else max(slot, full_until)
        return slot

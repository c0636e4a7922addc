"""Hand-written fakes of the ports and makers of sample values, for every test."""

import asyncio
import heapq
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from strategy.model import SMALL, Disturbance, Moment
from strategy.settings.schema import TradingSettings

_NONE = timedelta(0)

SAMPLE_SETTINGS: dict[str, str] = {
    "trading_tickers": "NASDAQ:TQQQ,NYSE:O,AMEX:XLF",
    "market_start_time": "09:30",
    "market_end_time": "16:00",
    "auto_shutdown_time": "16:30",
    "check_interval_minutes": "1",
    "buy_delay_min": "5",
    "sell_delay_min": "5",
    "buy_rate": "0.30",
    "sell_rate": "0.30",
    "rsi_oversold": "50",
    "rsi_overbought": "60",
    "rsi_interval": "day",
    "macd_interval": "1",
    "stop_loss_rate": "-5",
}


def trading_settings(**changes: Any) -> TradingSettings:
    """Return the sample settings with changes, checked like real ones; the environment is not read."""
    return TradingSettings.model_validate({**SAMPLE_SETTINGS, **changes})


class FakeClock:
    """Market time that stands still until a test advances it; sleepers wake in order of their time.

    It can be put forward or back like a machine's: then it shows another time, and has run no longer.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self._ran = _NONE
        self._shown = start  # what it would have shown at the start, had it always been set as it is now
        self._now = Moment.of(start, _NONE, self)
        self._sleepers: list[tuple[timedelta, int, datetime, asyncio.Future[None]]] = []  # by when they are due
        self._count = 0
        self._stood = _NONE
        self._disturbed = asyncio.Event()

    def now(self) -> Moment:
        return self._now

    async def sleep_until(self, when: datetime) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.ran_by(when), self._count, when, woken))
        await woken

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self._now + timedelta(seconds=seconds))

    @property
    def next_wake(self) -> datetime | None:
        """Return when the next sleeper wants to wake, or None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][3].done():  # cancelled
            heapq.heappop(self._sleepers)
        return self.after(self._sleepers[0][0]) if self._sleepers else None

    def set(self, when: datetime) -> None:
        """Move to `when` and wake everybody due, without letting them run in between."""
        self._ran = max(self._ran, self.ran_by(when))
        self._now = self.after(self._ran)
        self._wake()

    def put(self, seconds: float) -> None:
        """Show a time that much later (negative: earlier) without any time passing, as when a machine's is set."""
        self._shown += timedelta(seconds=seconds)
        self._now = self.after(self._ran)
        waiting = [(self.ran_by(when), count, when, woken) for _, count, when, woken in self._sleepers]
        self._sleepers = sorted(waiting, key=itemgetter(0, 1))
        self._wake()
        self._disturbed.set()

    def stand_still(self, seconds: float) -> None:
        """Let that much time pass in which nothing ran, as on a machine that slept."""
        self.set(self._now + timedelta(seconds=seconds))
        self._stood += timedelta(seconds=seconds)
        self._disturbed.set()

    async def disturbed(self, since: Moment) -> Disturbance:
        while abs(put := self._now.set_since(since)) < SMALL and not self._stood:
            self._disturbed.clear()
            await self._disturbed.wait()
        stood, self._stood = self._stood, _NONE
        return Disturbance(at=self._now, put=put, stood=stood)

    def ran_by(self, when: datetime) -> timedelta:
        """Return how long the clock will have run by then."""
        return self._ran + (when - self._now)

    def after(self, ran: timedelta) -> Moment:
        """Return the moment at which it will have run for so long."""
        return Moment.of(self._shown + ran, ran, self)

    async def advance(self, seconds: float) -> None:
        """Let that much time pass; everybody due runs at its own instant, in order."""
        end = self._now + timedelta(seconds=seconds)
        await settle()
        while (due := self.next_wake) is not None and due <= end:
            self.set(due)
            await settle()
        self.set(end)
        await settle()

    def _wake(self) -> None:
        while self._sleepers and (self._sleepers[0][3].done() or self._sleepers[0][0] <= self._ran):
            woken = heapq.heappop(self._sleepers)[3]
            if not woken.done():
                woken.set_result(None)


async def settle(rounds: int = 50) -> None:
    """Let every ready task run; enough for work that needs no network or disk."""
    for _ in range(rounds):
        await asyncio.sleep(0)

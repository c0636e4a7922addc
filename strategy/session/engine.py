"""The engine: start, then one trading day after the other, with the housekeeping beside it."""

import asyncio
from datetime import timedelta

from strategy.model import Clock
from strategy.runtime import Activity, wait_until_or
from strategy.session.housekeeping import Housekeeping
from strategy.session.startup import StartUp
from strategy.session.trading_day import TradingDay

_STREAM_WAIT = timedelta(seconds=10)  # real time a start waits for the stream to say how it stands


class Engine:
    """Trades by the rules until cancelled; a second run starts more quietly."""

    def __init__(
        self,
        *,
        startup: StartUp,
        day: TradingDay,
        housekeeping: Housekeeping,
        stream_settled: asyncio.Event,
        wall: Clock,
        activity: Activity,
    ) -> None:
        """`stream_settled` is set once the stream has said how it stands; `wall` is a person's clock."""
        self._startup = startup
        self._day = day
        self._housekeeping = housekeeping
        self._stream_settled = stream_settled
        self._wall = wall
        self._activity = activity
        self.begun = asyncio.Event()  # the start is over and has been told

    async def run(self) -> None:
        """Start, then go from session to session until cancelled; raise StorageError where the start is not stored."""
        if self.begun.is_set():
            with self._activity():
                await self._startup.resume()
        else:
            await self._start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._housekeeping.run(), name="engine: housekeeping")
            while True:
                await self._day.session()

    async def _start(self) -> None:
        with self._activity():
            found = await self._startup.prepare()
        await wait_until_or(self._wall, self._wall.now() + _STREAM_WAIT, self._stream_settled)
        with self._activity():
            await self._startup.tell(found)
        self.begun.set()

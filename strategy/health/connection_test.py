"""Testing every connection on demand: the broker's steps and the chat, side by side, within one time limit (S109)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

from strategy.model import HealthLine, Kept, Said, TradingError


class TestNote(StrEnum):
    TELEGRAM = "connection_test.telegram"
    BROKER = "connection_test.broker"
    LATE = "connection_test.late"


_LIMIT_S = 60.0  # real time; the parts have limits of their own below it
_TELEGRAM = Said(TestNote.TELEGRAM)
_BROKER = Said(TestNote.BROKER)
_LATE = Said(TestNote.LATE)


class Checkup:
    """Runs the tests; who asks while they run gets the same answer. Nothing is ever placed or changed."""

    def __init__(
        self,
        *,
        broker: Callable[[], Awaitable[Sequence[HealthLine]]] | None,
        telegram: Callable[[], Awaitable[str]] | None,
        limit_s: float = _LIMIT_S,
    ) -> None:
        self._broker = broker
        self._telegram = telegram
        self._limit_s = limit_s
        self._turn = asyncio.Lock()
        self._ended = 0
        self._last: tuple[HealthLine, ...] = ()

    async def run(self) -> Sequence[HealthLine]:
        """Return every step's line, in a fixed order; a step that hangs is told as such."""
        asked_after = self._ended
        async with self._turn:
            if self._ended > asked_after:
                return self._last
            self._last = await self._run()
            self._ended += 1
            return self._last

    async def _run(self) -> tuple[HealthLine, ...]:
        async with asyncio.TaskGroup() as group:
            broker = group.create_task(self._within(self._check_broker(), _BROKER))
            telegram = group.create_task(self._within(self._check_telegram(), _TELEGRAM))
        return (*broker.result(), *telegram.result())

    async def _within(self, check: Awaitable[Sequence[HealthLine]], name: Said) -> Sequence[HealthLine]:
        try:
            async with asyncio.timeout(self._limit_s):
                return await check
        except TimeoutError:
            return [HealthLine(name=name, ok=False, detail=_LATE)]
        except TradingError as error:
            return [HealthLine(name=name, ok=False, detail=error.user_message)]

    async def _check_broker(self) -> Sequence[HealthLine]:
        return await self._broker() if self._broker is not None else ()

    async def _check_telegram(self) -> Sequence[HealthLine]:
        if self._telegram is None:
            return ()
        name = await self._telegram()
        return [HealthLine(name=_TELEGRAM, ok=True, detail=Said(Kept.WORDS, words=name))]

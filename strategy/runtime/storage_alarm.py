"""The last resort when nothing can be stored: say so straight to the chat, since no alert can be kept (promise 4).
See decision 0030."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum

from strategy.model import Clock, Event, Said, StorageDamaged, StorageError
from strategy.ports import Notifier

log = logging.getLogger(__name__)

AGAIN_S = 600.0  # real time between two cries while it lasts
RETRY_S = 15.0  # and after one that did not get through

SendNow = Callable[[Said], Awaitable[None]]


class AlarmNote(StrEnum):
    DAMAGED = "alarm.damaged"
    NOT_STORED = "alarm.not_stored"


def of_damage(error: StorageDamaged) -> Said:
    """Return what a person must know of a database that cannot be trusted any more."""
    return Said(AlarmNote.DAMAGED, damage=error.user_message)


WORDS = Said(AlarmNote.NOT_STORED)


class StorageAlarm:
    """A notifier that cries when what it was told cannot be stored. Whoever tells waits for no chat."""

    def __init__(self, notifier: Notifier, *, cry: SendNow | None, wall: Clock) -> None:
        self._notifier = notifier
        self._cry = cry
        self._wall = wall
        self._wanted = asyncio.Event()
        self._words = WORDS

    async def tell(self, *events: Event) -> None:
        """Store events for delivery; raise StorageError when that cannot be."""
        try:
            await self._notifier.tell(*events)
        except StorageError as error:
            self._words = of_damage(error) if isinstance(error, StorageDamaged) else WORDS
            self._wanted.set()
            raise

    async def run(self) -> None:
        """Cry when there is need, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._wall.sleep(AGAIN_S if await self._cried() else RETRY_S)

    async def _cried(self) -> bool:
        if self._cry is None:
            return True
        try:
            await self._cry(self._words)
        except Exception:  # a door: whatever keeps the chat from hearing it, it is tried again
            log.exception("nobody could be told that nothing can be stored")
            self._wanted.set()
            return False
        return True

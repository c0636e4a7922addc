"""The last resort when nothing can be stored: say so straight to the chat, since no alert can be kept (promise 4)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from strategy.model import Clock, Event, StorageDamaged, StorageError, Text
from strategy.ports import Notifier

log = logging.getLogger(__name__)

AGAIN_S = 600.0  # real time between two cries while it lasts
RETRY_S = 15.0  # and after one that did not get through

SendNow = Callable[[Text], Awaitable[None]]


def of_damage(error: StorageDamaged) -> Text:
    """Return what a person must know of a database that cannot be trusted any more."""
    said = error.user_message
    return Text(
        f"🚨 {said.ko}\n그동안 주문도 손절도 나가지 않고, 다른 알림도 오지 않을 수 있습니다.",
        f"🚨 {said.en}\nUntil then no order and no stop is sent, and other alerts may be missing.",
    )


WORDS = Text(
    "🚨 기록을 저장하지 못합니다 (디스크가 가득 찼을 수 있습니다). 그동안 주문도 손절도 나가지 않고, 다른 알림도 오지"
    " 않을 수 있습니다. 디스크 공간을 비우세요. 바로 전에 나간 주문이 있을 수 있으니, 급하면 증권사 앱에서"
    " 보유와 미체결을 확인하고 직접 파세요.",
    "🚨 Records cannot be stored (the disk may be full). Until they can, no order and no stop is sent, and other alerts"
    " may be missing. Free space on the disk. An order may have left just before: if it is urgent, look at your"
    " holdings and open orders in the broker's app and sell there.",
)


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

"""Telling what must not stop the teller: stored for delivery, or logged where that cannot be done."""

import logging

from strategy.model import Clock, Event, Notable, Said, Symbol, TradingError, Trouble
from strategy.ports import Notifier

log = logging.getLogger(__name__)


class Telling:
    """Tells people of things at the moment they are found; but for `tell` nothing here raises a TradingError."""

    def __init__(self, notifier: Notifier, clock: Clock) -> None:
        self._notifier = notifier
        self._clock = clock

    async def tell(self, event: Event) -> None:
        """Tell an event; raise StorageError when it cannot be stored."""
        await self._notifier.tell(event)

    async def trouble(self, key: str, what: Said, symbol: Symbol | None = None) -> bool:
        """Tell what somebody should look at; return whether it is stored."""
        return await self.safely(Trouble(at=self._clock.now(), key=key, what=what, symbol=symbol))

    async def note(self, key: str, what: Said, symbol: Symbol | None = None) -> bool:
        """Tell what is good to know; return whether it is stored."""
        return await self.safely(Notable(at=self._clock.now(), key=key, what=what, symbol=symbol))

    async def safely(self, event: Event) -> bool:
        """Tell an event; return whether it is stored."""
        try:
            await self.tell(event)
        except TradingError:
            log.exception("could not be told", extra={"event": event.kind, "key": getattr(event, "key", "")})
            return False
        return True

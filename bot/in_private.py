"""While the alert chat cannot be written to, its owners are told in private: that it is so, and what is critical."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from bot.alert_chat import AlertChat
from bot.courier import noted
from bot.failures import TELEGRAM_FAILURES, Failure
from bot.screen import Frame, Screen
from bot.showing import shown
from bot.views.in_private import barred, elsewhere_note, works_again
from strategy.events import EventRow

log = logging.getLogger(__name__)

AFTER = timedelta(minutes=5)
_LOOK_S = 15.0
_MANY = 100  # rows looked at: the critical ones come first
_AGAIN = timedelta(minutes=5)  # a person who cannot be written to either is tried again this much later


class InPrivate:
    """One alert chat's, in real time. Whom it told what outlives a restart."""

    def __init__(self, chat: AlertChat, owners: Iterable[int], frame: Callable[[int], Awaitable[Frame]]) -> None:
        self._chat = chat
        self._owners = tuple(owners)
        self._frame_of = frame
        self._note = f"chat.in_private.{chat.id}"
        self._not_before = {owner: chat.wall.now() for owner in self._owners}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._look()
            await self._chat.wall.sleep(_LOOK_S)

    async def _look(self) -> None:
        barrier = self._chat.barrier
        now = self._chat.wall.now()
        told = await self._told()
        if barrier.barred_since is not None and now - barrier.barred_since >= AFTER:
            waiting = await self._chat.outbox.pending(_MANY)
            for owner in self._owners:
                if owner != self._chat.id and now >= self._not_before[owner]:
                    await self._tell(owner, told, waiting)
        elif told and barrier.through and barrier.barred_since is None:
            await self._tell_it_works(told)

    async def _tell(self, owner: int, told: dict[int, int], waiting: Iterable[EventRow]) -> None:
        """Tell one owner what is new: first that the chat is barred, then each critical alert once."""
        barrier = self._chat.barrier
        frame = await self._frame_of(owner)
        try:
            if owner not in told and barrier.barred_since is not None:
                why = barrier.barred_by or Failure.REFUSED
                await self._say(owner, barred(barrier.barred_since, why, frame))
                await self._remember(told, owner, 0)
            for row in sorted(waiting, key=lambda row: row.id):
                if row.event.critical and row.id > told[owner]:
                    await self._say(owner, noted(shown(row.event, frame, row.id), elsewhere_note(frame)))
                    await self._remember(told, owner, row.id)
        except TELEGRAM_FAILURES as error:
            log.warning("owner not told in private", extra={"user": owner, "error": type(error).__name__})
            self._not_before[owner] = self._chat.wall.now() + _AGAIN

    async def _tell_it_works(self, told: dict[int, int]) -> None:
        for owner in list(told):
            try:
                await self._say(owner, works_again(await self._frame_of(owner)))
            except TELEGRAM_FAILURES as error:
                log.info("owner not told that the chat works", extra={"user": owner, "error": type(error).__name__})
            del told[owner]
        await self._chat.notes.put(self._note, "")

    async def _say(self, owner: int, screen: Screen) -> None:
        """Send the words without buttons: those of an alert belong to the alert chat."""
        await self._chat.speaker.send(owner, Screen(screen.message))

    async def _told(self) -> dict[int, int]:
        """Return whom it told, and each one's newest row."""
        stored = await self._chat.notes.get(self._note)
        return {int(owner): int(row) for owner, row in json.loads(stored or "{}").items()}

    async def _remember(self, told: dict[int, int], owner: int, row_id: int) -> None:
        told[owner] = row_id
        await self._chat.notes.put(self._note, json.dumps(told))

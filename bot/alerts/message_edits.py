"""Brings messages that were sent already up to date, beside the sends: a slow edit holds up no alert.

One wish per message, and the newest wins, so that a message that could not be edited for a while jumps to its newest
state. Edits count against Telegram's send rate like messages do (telegram-bot-api 4.11).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.alerts.alert_channel import GRACE_S, AlertChat
from bot.transport.api_errors import EDIT_PAUSES, TELEGRAM_FAILURES, Failure
from bot.transport.sender import Gone
from bot.ui.screen import Screen, ViewContext
from strategy.model import EventRow
from strategy.runtime import run_to_end, wait_until_or

log = logging.getLogger(__name__)

_STRIKES = 3  # refusals of one edit before it is told anew, once messages get into the chat


@dataclass(slots=True)
class WantedEdit:
    """What a message is to show."""

    chat_id: int  # where it was then: in another chat its number means another message
    message_id: int
    show: Callable[[ViewContext], Screen]
    gone: Callable[[], Awaitable[None]]  # what to do when the message is not there any more
    due: datetime  # real time; not edited earlier
    rows: list[EventRow] = field(default_factory=list)  # told by this edit, and done with it
    strikes: int = 0
    through: int = 0  # what had got into the chat when it was refused first


class MessageEdits:
    """One chat's edits. Rows that wait for one are held: `holds` keeps the sender from taking them up meanwhile."""

    def __init__(
        self,
        chat: AlertChat,
        *,
        caught_up: asyncio.Event,
        released: Callable[[], None],
        done: Callable[[int], None],
    ) -> None:
        self._sender = chat.sender
        self._outbox = chat.outbox
        self._chat = chat
        self._ui = chat.ui
        self._wall = chat.wall
        self._gate = chat.gate
        self._caught_up = caught_up  # whatever waits to be sent goes first, and may make an edit needless
        self._released = released
        self._done = done
        self._wishes: dict[str, WantedEdit] = {}
        self._held: set[int] = set()
        self._stirred = asyncio.Event()
        self._heard = asyncio.Event()
        self._failures = 0
        chat.address.on_move(self._moved)

    def nudge(self) -> None:
        """Try again now: the person has just been heard of."""
        self._heard.set()

    def holds(self, row_id: int) -> bool:
        return row_id in self._held

    @property
    def held(self) -> int:
        """Return how many edits wait; no shares."""
        return len(self._held)

    def want(
        self,
        key: str,
        message_id: int,
        show: Callable[[ViewContext], Screen],
        *,
        gone: Callable[[], Awaitable[None]],
        rows: Sequence[EventRow] = (),
        due: datetime | None = None,
    ) -> None:
        """Show this in a message soon, in place of what was wanted for it before."""
        wish = WantedEdit(self._chat.id, message_id, show, gone, due or self._wall.now(), list(rows))
        earlier = self._wishes.pop(key, None)
        if earlier is not None:
            wish.rows[:0] = earlier.rows
            wish.due = min(wish.due, earlier.due)
        self._wishes[key] = wish
        self._held.update(row.id for row in rows)
        self._stirred.set()

    async def run(self) -> None:
        """Edit until cancelled; an edit under way at the cancellation gets a moment to finish."""
        self._held = {row.id for wish in self._wishes.values() for row in wish.rows}  # after a crash: no others
        while True:
            await self._gate.opened()
            await self._caught_up.wait()
            self._stirred.clear()
            key = self._next()
            if key is None:
                await self._until_due()
                continue
            await run_to_end(self._show(key), grace_s=GRACE_S)
            if self._failures and not self._gate.closed:
                self._heard.clear()
                again_at = self._wall.now() + timedelta(seconds=EDIT_PAUSES.pause(self._failures - 1))
                await wait_until_or(self._wall, again_at, self._heard)

    async def flush(self) -> None:
        """Show everything wanted now, due or not; stop at the first failure."""
        while self._wishes and not self._gate.closed:
            await self._show(next(iter(self._wishes)))
            if self._failures:
                return

    async def take_away(self, key: str, message_id: int, screen: Screen) -> None:
        """Delete a message whose place a new one has taken; one that has to stay says the same as that."""
        try:
            await self._chat.bot.delete_message(self._chat.id, message_id)
        except TELEGRAM_FAILURES as error:
            log.info("message not taken away", extra={"wish": key, "error": type(error).__name__})
            await self._chat.heed(error)
            self.want(key, message_id, lambda _: screen, gone=_nothing)

    def _next(self) -> str | None:
        now = self._wall.now()
        return next((key for key, wish in self._wishes.items() if wish.due <= now), None)

    async def _until_due(self) -> None:
        """Wait for a wish, or until the earliest one is due."""
        due = min((wish.due for wish in self._wishes.values()), default=None)
        await wait_until_or(self._wall, due, self._stirred)

    async def _show(self, key: str) -> None:
        wish = self._wishes.pop(key)
        try:
            screen = wish.show(await self._ui())
            try:
                await self._sender.edit(self._chat.id, wish.message_id, screen)
            except Gone:
                await wish.gone()
                self._release(wish)
                return
        except TELEGRAM_FAILURES as error:
            await self._failed(key, wish, error)
            return
        else:
            self._failures = 0
        for row in wish.rows:
            await self._outbox.mark_done(row.id, self._wall.now(), wish.message_id)
            self._held.discard(row.id)
            self._done(row.id)

    async def _moved(self, _old: int, _new: int) -> None:
        """Give up what was wanted for messages of the old chat; what they were to tell is told in the new one."""
        wishes, self._wishes = self._wishes, {}
        for wish in wishes.values():
            self._release(wish)

    def _release(self, wish: WantedEdit) -> None:
        """Give rows back to the sender, who tells them in a new message."""
        self._held.difference_update(row.id for row in wish.rows)
        self._released()

    async def _failed(self, key: str, wish: WantedEdit, error: Exception) -> None:
        """Keep the wish, unless a newer one came; one that is refused while messages get through is told anew."""
        kind = await self._chat.heed(error)
        log.info("message not edited", extra={"wish": key, "failure": kind.name.lower()})
        if wish.chat_id != self._chat.id:
            self._release(wish)
            return
        if kind is Failure.BARRED:
            self._gate.failed(kind)
        elif kind is not Failure.FLOOD:
            self._failures = min(self._failures + 1, 8)
        if kind is Failure.REFUSED:
            wish.through = wish.through if wish.strikes else self._gate.through
            wish.strikes += 1
        if wish.strikes >= _STRIKES and self._gate.through > wish.through:
            log.error("edit refused, told anew", extra={"wish": key, "error": type(error).__name__})
            self._failures = 0
            await self._told_anew(key, wish)
            return
        self._keep(key, wish)

    async def _told_anew(self, key: str, wish: WantedEdit) -> None:
        """Have a message that cannot be brought up to date replaced by a new one."""
        try:
            await wish.gone()
        except TELEGRAM_FAILURES as error:
            log.info("message not replaced", extra={"wish": key, "error": type(error).__name__})
            self._keep(key, wish)
            return
        self._release(wish)

    def _keep(self, key: str, wish: WantedEdit) -> None:
        newer = self._wishes.get(key)
        if newer is None:
            self._wishes[key] = wish
        else:
            newer.rows[:0] = wish.rows


async def _nothing() -> None:
    """Do nothing where there is nothing left to show."""

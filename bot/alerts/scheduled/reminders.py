"""Critical alerts are told again until somebody has seen them (spec 6, alerts): one message lists what is left."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alerts.acknowledgement import outstanding
from bot.alerts.alert_channel import AlertChat
from bot.alerts.scheduled.own_message import OwnMessage
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.views.news.reminders import reminder
from strategy.model import SMALL, EventRow, Topic

log = logging.getLogger(__name__)

_MESSAGE = "reminder"  # of the chat as it is now: one of a chat that has moved since is none of the new chat's
GAPS = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60))  # at 5, 15, 30, 60, then every 60 minutes
_EVERY_S = 15.0
_MOST = 500
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeenMark:
    """What a press of the button under an alert came to."""

    now: int  # how many alerts it settled
    left: int  # how many newer ones nobody has seen yet


class Reminders:
    """One chat's reminders, in real time. Where everything is seen or has settled itself there are none."""

    def __init__(self, chat: AlertChat) -> None:
        self._chat = chat
        self._message = OwnMessage(chat, Topic.CRITICAL)

    async def run(self) -> None:
        """Remind until cancelled."""
        while True:
            await self._chat.gate.opened()
            await self._check()
            await self._chat.wall.sleep(_EVERY_S)

    async def seen(self, row_id: int, user_id: int) -> SeenMark:
        """Note that somebody has seen every critical alert up to that row; no reminder tells of them again."""
        now = await self._chat.outbox.acknowledge(row_id, user_id, self._chat.wall.now())
        left = [row for row in await self._chat.outbox.unacknowledged(_MOST) if row.event.needs_ack]
        message_id = await self.message_id()
        if message_id is not None and not left:
            await self._chat.messages.forget(self._chat.id, _MESSAGE)
            with suppress(*TELEGRAM_FAILURES):
                await self._chat.bot.delete_message(self._chat.id, message_id)
        log.info("alerts seen", extra={"user": user_id, "count": now})
        return SeenMark(now, len(left))

    async def message_id(self) -> int | None:
        """Return the reminder that stands in the chat."""
        return await self._chat.messages.of(self._chat.id, _MESSAGE)

    async def _check(self) -> None:
        critical = await self._chat.outbox.unacknowledged(_MOST)
        left = [row for row in critical if row.event.needs_ack]
        now = self._chat.wall.now()
        if any(_due(row, now) for row in left):
            since = max(min(row.done_at or now for row in critical), now - _DAY)
            left = outstanding(critical, await self._chat.outbox.told_between(since, now))
            if any(_due(row, now) for row in left):
                await self._remind(left)
            settled = [row.id for row in critical if row not in left]
            await self._chat.outbox.mark_repeated(settled, now)
        await self._put_away(critical, left, now)

    async def _put_away(self, critical: Sequence[EventRow], left: Sequence[EventRow], now: datetime) -> None:
        """Ask nobody about what has settled itself; what comes after something unseen waits for that."""
        first = left[0].id if left else None
        settled = [row.id for row in critical if first is None or row.id < first]
        if settled:
            await self._chat.outbox.acknowledge(settled[-1], 0, now)

    async def _remind(self, rows: Sequence[EventRow]) -> None:
        """Send the list with sound, in place of the one before.

        Where the answer is lost it is sent once more, without a sound, and after that when its time comes again.
        """
        chat_id, earlier = self._chat.id, await self.message_id()
        sent = await self._message.send(lambda ui: reminder(rows, ui))
        if sent.settled:
            await self._chat.outbox.mark_repeated([row.id for row in rows], self._chat.wall.now())
        if sent.message_id is None:
            return
        await self._chat.messages.keep(self._chat.id, _MESSAGE, sent.message_id)
        if earlier is not None and chat_id == self._chat.id:  # else the number means another message by now
            with suppress(*TELEGRAM_FAILURES):
                await self._chat.bot.delete_message(chat_id, earlier)


def _due(row: EventRow, now: datetime) -> bool:
    """Return whether it is time to ask again; a time still to come is from before the clock was put back."""
    last = row.repeated_at or row.done_at
    return last is not None and (last - SMALL > now or now - last >= GAPS[min(row.repeats, len(GAPS) - 1)])

"""Delivers the outbox: critical first, else in order, as often as it takes; trading never waits for it.

Two lanes: sends go one after the other in the order of the outbox; edits of messages sent before go beside them
(`bot.alerts.message_edits`), so that a fill or a stop is not held up by bringing an older message up to date.
See decisions 0136 and 0098.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot.alerts.acknowledgement import with_seen_button
from bot.alerts.alert_channel import GRACE_S, AlertChat
from bot.alerts.alert_sender import AlertSender
from bot.alerts.answered_alerts import AnsweredAlerts
from bot.alerts.backlog import MANY, WINDOW, Backlog
from bot.alerts.card_alerts import CardAlerts
from bot.alerts.grouping import Repeats
from bot.alerts.lateness import Lateness
from bot.alerts.live_messages import LiveMessages
from bot.alerts.message_edits import MessageEdits
from bot.alerts.notification_level import Manner, manner
from bot.alerts.overtaking import Overtaken, follows
from bot.alerts.refused_messages import RefusedMessages
from bot.alerts.rendering import alert_screen
from bot.i18n.sentences import say
from bot.i18n.translator import LANGUAGES
from bot.transport.api_errors import TELEGRAM_FAILURES, Failure
from bot.ui.blocks import block
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import together_note
from bot.views.news.backlog import backlog as many_late
from strategy.model import (
    Clock,
    Event,
    EventRow,
    OrderChanged,
    Said,
)
from strategy.ports import Wake
from strategy.runtime import run_to_end, wait_until_or

log = logging.getLogger(__name__)

_BATCH = 100
_MANY = 1000  # rows looked at for when they came, not for sending
_UNTIL_ASKED_AGAIN = timedelta(minutes=5)  # what was repeated in vain waits this long, or until a message got through
_FEWEST, _MOST = 5, 20  # how many late ones make one message
_JOINED_SIZE = 3500  # characters


class OutboxWorker:
    """One chat's alerts."""

    def __init__(self, chat: AlertChat, clock: Clock) -> None:
        self._chat = chat
        self._outbox = chat.outbox
        self._ui = chat.ui
        self._rules = chat.rules
        self._wall = chat.wall
        self._gate = chat.gate
        self._orders_first = chat.orders_first
        self._stirred = asyncio.Event()
        self._caught_up = asyncio.Event()  # nothing waits to be sent
        self._lateness = Lateness(clock, chat.wall)
        self._backlog: Backlog | None = None
        self._alert_sender = AlertSender(chat, self._lateness)
        self._overtaken = Overtaken(chat.gate, chat.wall)
        self._alert_sender.on_done(self._overtaken.clear)
        self._refused = RefusedMessages(chat, self._alert_sender, self._overtaken)
        forget, released = self._alert_sender.forget, self._stirred.set
        live = LiveMessages(chat.messages, chat.address)
        self.answered_alerts = AnsweredAlerts(chat, live, released=released, done=forget)
        self._edits = MessageEdits(chat, caught_up=self._caught_up, released=released, done=forget)
        self._repeats = Repeats(chat, self._alert_sender, self._edits)
        self._cards = CardAlerts(chat, live, self._alert_sender, self._edits, self._repeats)

    def nudge(self) -> None:
        """Try again now: the person has just been heard of, so that a block may be over."""
        self._gate.nudge()
        self._edits.nudge()

    async def run(self) -> None:
        """Deliver until cancelled; a send or edit under way at the cancellation gets a moment to finish."""
        await self._repeats.remember()
        self._alert_sender.begin()
        with self._outbox.added() as wake:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._notice(wake))
                group.create_task(self._edits.run())
                group.create_task(self._send_all())

    async def drain(self, seconds: float) -> bool:
        """Deliver what waits, within a time limit; for the last words at a stop. Return whether nothing is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._gate.closed:
                    rows = await self._waiting()
                    if not rows:
                        await self._edits.flush()
                        if self._edits.held or not await self._waiting():
                            break
                        continue
                    await run_to_end(self._step(rows), grace_s=GRACE_S)
        return not await self._outbox.pending(1)

    async def _notice(self, wake: Wake) -> None:
        """Pass on that rows were added; while nothing can be sent, note when they came."""
        while True:
            await wake.wait()
            self._stirred.set()
            if self._gate.closed and self._lateness.must_be_seen:
                self._lateness.see(await self._outbox.pending(_MANY))

    async def _send_all(self) -> None:
        while True:
            await self._gate.opened()
            await self._orders_first()
            self._stirred.clear()
            rows = await self._waiting()
            if rows:
                await run_to_end(self._step(rows), grace_s=GRACE_S)
            else:
                self._caught_up.set()
                await self._until_stirred()
                self._caught_up.clear()

    async def _until_stirred(self) -> None:
        """Wait for rows, or for one that others went before to come back."""
        await wait_until_or(self._wall, self._overtaken.due(), self._stirred)

    async def _waiting(self, most: int = _BATCH) -> list[EventRow]:
        """Return the next rows to send; those that wait for an edit, an answer that tells them, or others are not."""
        rows = await self._outbox.pending(most + self._edits.held + _BATCH * min(len(self._overtaken), 9))
        self._lateness.see(rows)
        return [
            row
            for row in rows
            if not self._edits.holds(row.id) and not self.answered_alerts.holds(row) and not self._overtaken.holds(row)
        ]

    async def _step(self, rows: Sequence[EventRow]) -> None:
        """Tell the first row, and what goes with it."""
        rows = await self._of_the_backlog(rows)
        try:
            if self._backlog is not None and not self._alone(rows[0], self._backlog):
                rows = await self._tell_many(rows, self._backlog, await self._ui())
            else:
                await self._tell(rows[0], rows, await self._ui())
        except TELEGRAM_FAILURES as error:
            await self._failed(rows, error)

    # very many that are late

    async def _of_the_backlog(self, rows: Sequence[EventRow]) -> Sequence[EventRow]:
        """Notice that very many rows are late, until they are told; return the ones to choose from."""
        if not self._lateness.minutes_late(rows[0]):
            self._backlog = None
        elif self._backlog is None and len(rows) >= _BATCH and (count := await self._outbox.count_pending()) >= MANY:
            self._backlog = Backlog.of(count)
            log.warning("many alerts are late, told in few messages", extra={"count": count})
        if self._backlog is None:
            return rows
        return await self._waiting(WINDOW) or rows  # none where an answer holds them by now

    def _alone(self, row: EventRow, backlog: Backlog) -> bool:
        """Return whether a row is told as it is: a stop, or what was refused within others."""
        return self._refused.knows(row.id) or backlog.tells_alone(row)

    async def _tell_many(self, rows: Sequence[EventRow], backlog: Backlog, ui: ViewContext) -> Sequence[EventRow]:
        """Tell as many as one message holds, a line each; return the rows that were tried."""
        rules, now = self._rules(), self._wall.now()
        kept_back = [row for row in rows if manner(row.event, rules, now).kept_back]
        await self._alert_sender.done(kept_back, None)
        off = {row.id for row in kept_back}
        rows = [row for row in rows if row.id not in off]
        if not rows:
            return kept_back
        told, lines = backlog.message(rows, ui)
        screen = many_late(lines, len(told), ui)
        screen = replace(screen, keyboard=with_seen_button(screen.keyboard, _to_be_seen(told), ui))
        message_id = await self._alert_sender.send(told, screen, ui, silent=not told[0].event.critical)
        held = {row.id for row in await self._cards.follow_up(told, message_id)}
        await self._alert_sender.done([row for row in told if row.id not in held], message_id)
        return told

    async def _tell(self, row: EventRow, rows: Sequence[EventRow], ui: ViewContext) -> None:
        event = row.event
        how = manner(event, self._rules(), self._wall.now())
        if isinstance(event, OrderChanged):
            await self._cards.tell_order(row, event, rows, how, ui)
        elif how.kept_back:
            await self._alert_sender.done([row], None)
        elif await self._cards.tell(row, rows, how, ui):
            return
        elif event.fold_key is not None:
            await self._repeats.tell(row, rows, how, ui)
        else:
            await self._tell_plainly(self._joined(rows), how, ui)

    # one alert, or several short ones that are late

    async def _tell_plainly(self, rows: Sequence[EventRow], how: Manner, ui: ViewContext) -> None:
        screen = alert_screen(rows[0], ui)
        if len(rows) > 1:
            blocks = [part for row in rows for part in alert_screen(row, ui).blocks]
            screen = Screen((block(together_note(len(rows), ui)), *blocks))
        rules, now = self._rules(), self._wall.now()
        silent = how.silent and all(manner(row.event, rules, now).silent for row in rows)
        await self._alert_sender.done(rows, await self._alert_sender.send(rows, screen, ui, silent=silent))

    def _joined(self, rows: Sequence[EventRow]) -> list[EventRow]:
        """Return the first row with the late ones right behind it that fit into one message; else the row alone."""
        if begun := self._alert_sender.begun_with(rows[0].id):
            return [row for row in rows if row.id in begun]
        rules, now = self._rules(), self._wall.now()
        joined: list[EventRow] = []
        size = 0
        for row in rows[:_MOST]:
            size += 60 + _length(row.event)
            kept_back = manner(row.event, rules, now).kept_back
            if kept_back or not self._joinable(row) or (joined and size > _JOINED_SIZE):
                break
            joined.append(row)
        return joined if len(joined) >= _FEWEST else [rows[0]]

    def _joinable(self, row: EventRow) -> bool:
        """Return whether a row is short and late; one that was refused goes alone, so that it harms no other."""
        return row.event.short and not self._refused.knows(row.id) and self._lateness.minutes_late(row) > 0

    async def _failed(self, rows: Sequence[EventRow], error: Exception) -> None:
        """Note a failure, and close the barrier for as long as it calls for."""
        row = rows[0]
        kind = await self._chat.heed(error)
        log.warning(
            "alert not delivered",
            extra={"row": row.id, "kind": row.event.kind, "failure": kind.name.lower(), "error": type(error).__name__},
        )
        if kind is Failure.REFUSED:
            await self._refused.refused(row, error, others=any(not follows(each, row) for each in rows[1:]))
        elif kind is not Failure.FLOOD:
            self._gate.failed(kind)
        for each in rows:
            if self._alert_sender.lost_twice(each.id):
                self._overtaken.put(each, self._wall.now() + _UNTIL_ASKED_AGAIN, or_through=True)


def _to_be_seen(rows: Sequence[EventRow]) -> EventRow:
    """Return the newest of those that somebody has to see; any where nobody has to."""
    return max((row for row in rows if row.event.needs_ack), key=lambda row: row.id, default=rows[-1])


def _length(event: Event) -> int:
    what = getattr(event, "what", None) or getattr(event, "reason", None)
    return max(len(say(what, language)) for language in LANGUAGES) if isinstance(what, Said) else 100

"""Delivers the outbox: critical first, else in order, as often as it takes; trading never waits for it.

Two lanes: sends go one after the other in the order of the outbox; edits of messages sent before go beside them
(`bot.alerts.message_edits`), so that a fill or a stop is not held up by bringing an older message up to date.
See decisions 0136 and 0098.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot.alerts.acknowledgement import with_seen_button
from bot.alerts.alert_channel import GRACE_S, AlertChat
from bot.alerts.alert_sender import Courier
from bot.alerts.answered_alerts import FirstHand
from bot.alerts.backlog import MANY, WINDOW, Backlog
from bot.alerts.grouping import Fold, Folds, together
from bot.alerts.lateness import Arrivals
from bot.alerts.live_messages import Living
from bot.alerts.message_edits import Edits
from bot.alerts.notification_level import Manner, fill_manner, manner
from bot.alerts.order_context import Stories
from bot.alerts.overtaking import Aside, follows
from bot.alerts.refused_messages import RefusedMessages
from bot.alerts.rendering import shown
from bot.transport.api_errors import TELEGRAM_FAILURES, Failure
from bot.transport.chat_migration import MOVED
from bot.ui.blocks import block
from bot.ui.buttons import opening_aside
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import folded_note, together_note
from bot.views.news.backlog import backlog as many_late
from bot.views.trading.orders import fill_reply
from strategy.model import (
    Clock,
    Event,
    EventRow,
    OrderChanged,
    OrderStatus,
    PanicProgress,
    ProposalClosed,
    Proposed,
    StopTriggered,
    Text,
    Trouble,
)
from strategy.ports import Wake
from strategy.runtime.shielding import run_to_end, wait_until_or

log = logging.getLogger(__name__)

_BATCH = 100
_MANY = 1000  # rows looked at for when they came, not for sending
_COUNT_S = 10.0  # a count of repeats is shown at most this often: edits count against the send rate
_UNTIL_ASKED_AGAIN = timedelta(minutes=5)  # what was repeated in vain waits this long, or until a message got through
_REMEMBERED = timedelta(hours=12)  # how far back repeats are counted at the start
_FEWEST, _MOST = 5, 20  # how many late ones make one message
_JOINED_SIZE = 3500  # characters


class Delivery:
    """One chat's alerts."""

    def __init__(self, chat: AlertChat, clock: Clock) -> None:
        self._chat = chat
        self._bot = chat.bot
        self._outbox = chat.outbox
        self._frame = chat.frame
        self._rules = chat.rules
        self._wall = chat.wall
        self._barrier = chat.barrier
        self._orders_first = chat.orders_first
        self._stirred = asyncio.Event()
        self._caught_up = asyncio.Event()  # nothing waits to be sent
        self._arrivals = Arrivals(clock, chat.wall)
        self._folds = Folds()
        self._remembers = False
        self._backlog: Backlog | None = None
        self._living = Living(chat.messages, chat.address)
        self._stories = Stories(chat.outbox)
        self._replied: set[int] = set()  # rows whose reply is told, while their order's message is not yet edited
        self._shown: dict[str, int] = {}  # newest row a living message shows, or is about to
        self._courier = Courier(chat, self._arrivals)
        self._aside = Aside(chat.barrier, chat.wall)
        self._refusals = RefusedMessages(chat, self._courier, self._aside, self._forget)
        self.first_hand = FirstHand(chat, released=self._stirred.set, done=self._forget)
        self._edits = Edits(chat, caught_up=self._caught_up, released=self._stirred.set, done=self._forget)
        chat.address.on_move(self._moved)

    def nudge(self) -> None:
        """Try again now: the person has just been heard of, so that a block may be over."""
        self._barrier.nudge()
        self._edits.nudge()

    async def run(self) -> None:
        """Deliver until cancelled; a send or edit under way at the cancellation gets a moment to finish."""
        await self._remember()
        self._courier.begin()
        with self._outbox.added() as wake:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._notice(wake))
                group.create_task(self._edits.run())
                group.create_task(self._send_all())

    async def drain(self, seconds: float) -> bool:
        """Deliver what waits, within a time limit; for the last words at a stop. Return whether nothing is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._barrier.closed:
                    rows = await self._waiting()
                    if not rows:
                        await self._edits.flush()
                        if self._edits.held or not await self._waiting():
                            break
                        continue
                    await run_to_end(self._step(rows), grace_s=GRACE_S)
        return not await self._outbox.pending(1)

    async def _remember(self) -> None:
        """Count the repeats that were told before the start, once."""
        if not self._remembers:
            now = self._wall.now()
            told = await self._outbox.told_between(now - _REMEMBERED, now)
            moved = max((n for n, row in enumerate(told) if _tells_of_a_move(row.event)), default=0)
            self._folds.restore(told[moved:])
            self._remembers = True

    async def _moved(self, _old: int, _new: int) -> None:
        """Count in none of the old chat's messages: in the new one their numbers mean others."""
        self._folds.forget()

    async def _notice(self, wake: Wake) -> None:
        """Pass on that rows were added; while nothing can be sent, note when they came."""
        while True:
            await wake.wait()
            self._stirred.set()
            if self._barrier.closed and self._arrivals.must_be_seen:
                self._arrivals.see(await self._outbox.pending(_MANY))

    async def _send_all(self) -> None:
        while True:
            await self._barrier.opened()
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
        await wait_until_or(self._wall, self._aside.due(), self._stirred)

    async def _waiting(self, most: int = _BATCH) -> list[EventRow]:
        """Return the next rows to send; those that wait for an edit, an answer that tells them, or others are not."""
        rows = await self._outbox.pending(most + self._edits.held + _BATCH * min(len(self._aside), 9))
        self._arrivals.see(rows)
        return [
            row
            for row in rows
            if not self._edits.holds(row.id) and not self.first_hand.holds(row) and not self._aside.holds(row)
        ]

    async def _step(self, rows: Sequence[EventRow]) -> None:
        """Tell the first row, and what goes with it."""
        rows = await self._of_the_backlog(rows)
        try:
            if self._backlog is not None and not self._alone(rows[0], self._backlog):
                rows = await self._tell_many(rows, self._backlog, await self._frame())
            else:
                await self._tell(rows[0], rows, await self._frame())
        except TELEGRAM_FAILURES as error:
            await self._failed(rows, error)

    # very many that are late

    async def _of_the_backlog(self, rows: Sequence[EventRow]) -> Sequence[EventRow]:
        """Notice that very many rows are late, until they are told; return the ones to choose from."""
        if not self._arrivals.minutes_late(rows[0]):
            self._backlog = None
        elif self._backlog is None and len(rows) >= _BATCH and (count := await self._outbox.count_pending()) >= MANY:
            self._backlog = Backlog.of(count)
            log.warning("many alerts are late, told in few messages", extra={"count": count})
        if self._backlog is None:
            return rows
        return await self._waiting(WINDOW) or rows  # none where an answer holds them by now

    def _alone(self, row: EventRow, backlog: Backlog) -> bool:
        """Return whether a row is told as it is: a stop, or what was refused within others."""
        return self._refusals.knows(row.id) or backlog.tells_alone(row)

    async def _tell_many(self, rows: Sequence[EventRow], backlog: Backlog, frame: ViewContext) -> Sequence[EventRow]:
        """Tell as many as one message holds, a line each; return the rows that were tried."""
        rules, now = self._rules(), self._wall.now()
        kept_back = [row for row in rows if manner(row.event, rules, now).kept_back]
        await self._done(kept_back, None)
        off = {row.id for row in kept_back}
        rows = [row for row in rows if row.id not in off]
        if not rows:
            return kept_back
        told, lines = backlog.message(rows, frame)
        screen = many_late(lines, len(told), frame)
        screen = replace(screen, keyboard=with_seen_button(screen.keyboard, _to_be_seen(told), frame))
        message_id = await self._send(told, screen, frame, silent=not told[0].event.critical)
        for row in told:
            await self._follow_up(row)
        await self._done(told, message_id)
        return told

    async def _follow_up(self, row: EventRow) -> None:
        """Bring the message an order had before the outage up to date as well."""
        if not isinstance(row.event, OrderChanged):
            return
        key = f"order:{row.event.order.no}"
        message_id = await self._living.of(key)
        if message_id is not None:
            screen = await self._order_screen(row, await self._frame())
            self._shown[key] = row.id

            async def gone() -> None:
                if await self._living.of(key) == message_id:
                    self._living.lost(key)

            self._edits.want(key, message_id, lambda _: screen, gone=gone)

    async def _tell(self, row: EventRow, rows: Sequence[EventRow], frame: ViewContext) -> None:
        event = row.event
        how = manner(event, self._rules(), self._wall.now())
        if isinstance(event, OrderChanged):
            await self._tell_order(row, event, rows, how, frame)
        elif how.kept_back:
            await self._done([row], None)
        elif isinstance(event, PanicProgress):
            await self._tell_panic(row, event, frame)
        elif isinstance(event, (Proposed, ProposalClosed)):
            await self._tell_proposal(row, event, rows, how, frame)
        elif event.fold_key is not None:
            await self._tell_repeated(row, rows, how, frame)
        else:
            await self._tell_plainly(self._joined(rows), how, frame)

    # one alert, or several short ones that are late

    async def _tell_plainly(self, rows: Sequence[EventRow], how: Manner, frame: ViewContext) -> None:
        screen = self._screen(rows[0], frame)
        if len(rows) > 1:
            blocks = [part for row in rows for part in self._screen(row, frame).blocks]
            screen = Screen((block(together_note(len(rows), frame)), *blocks))
        rules, now = self._rules(), self._wall.now()
        silent = how.silent and all(manner(row.event, rules, now).silent for row in rows)
        await self._done(rows, await self._send(rows, screen, frame, silent=silent))

    def _joined(self, rows: Sequence[EventRow]) -> list[EventRow]:
        """Return the first row with the late ones right behind it that fit into one message; else the row alone."""
        if begun := self._courier.begun_with(rows[0].id):
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
        return row.event.short and not self._refusals.knows(row.id) and self._arrivals.minutes_late(row) > 0

    # repeats

    async def _tell_repeated(self, row: EventRow, rows: Sequence[EventRow], how: Manner, frame: ViewContext) -> None:
        """Tell the row with all waiting ones that say the same, or count them in the message that says it already."""
        same = together(rows)
        newest = same[-1]
        fold = None if row.event.opens_fold else self._folds.of(newest.event)
        if fold is None:
            screen = self._counted(newest, len(same), frame, began=row.id)
            message_id = await self._send([row], screen, frame, silent=how.silent)
            fold = Fold(message_id, len(same), row.event.at, newest.event.at, self._wall.now(), row.id)
            self._folds.start(row.event, fold)
        else:
            fold.count += len(same)
            fold.last_at = newest.event.at
            told = [each for each in same if not isinstance(each.event, StopTriggered)]  # a new try is no news yet
            if told:
                self._show_count(fold, told[-1])
        await self._done(same, fold.message_id)

    def _show_count(self, fold: Fold, newest: EventRow) -> None:
        def show(frame: ViewContext) -> Screen:
            fold.edited_at = self._wall.now()
            return self._counted(newest, fold.count, frame, began=fold.began)

        async def anew() -> None:
            frame = await self._frame()
            how = manner(newest.event, self._rules(), self._wall.now())
            screen = self._counted(newest, fold.count, frame, began=fold.began)
            fold.message_id = await self._courier.resend(screen, topic=newest.event.topic, silent=how.silent)

        due = fold.edited_at + timedelta(seconds=_COUNT_S)
        self._edits.want(f"fold:{newest.event.fold_key}", fold.message_id, show, gone=anew, due=due)

    def _counted(self, row: EventRow, count: int, frame: ViewContext, *, began: int) -> Screen:
        """Show the newest of several. Seen, a refused stop's message settles no alert that came after its beginning."""
        screen = self._screen(replace(row, id=began) if row.event.counts_itself else row, frame)
        if count == 1 or row.event.counts_itself:
            return screen
        return screen.under(folded_note(count, frame.when(row.event.at), frame))

    # orders

    async def _tell_order(
        self, row: EventRow, event: OrderChanged, rows: Sequence[EventRow], how: Manner, frame: ViewContext
    ) -> None:
        """Reply to the order's living message for a fill, and have that message brought up to date."""
        no = event.order.no
        key = f"order:{no}"
        whole = await self._stories.complete(event)
        message_id = await self._living.of(key)
        if message_id is None and not how.kept_back:
            newest = [each for each in rows if isinstance(each.event, OrderChanged) and each.event.order.no == no][-1]
            if (folded := await self._folded_order(newest)) is not None:
                await self._done([row], folded)
                if whole.order.status.closed:
                    self._stories.forget(no)
                return
            message_id = await self._send([row], await self._order_screen(newest, frame), frame, silent=how.silent)
            self._shown[key] = 0 if self._courier.only_found(message_id) else newest.id
            await self._living.remember(key, message_id)
        if event.order.status is OrderStatus.REJECTED:
            message_id = await self._tell_refused(row, key, message_id, how, frame)
        if event.last_fill is not None and row.id not in self._replied:
            told = fill_manner(self._rules(), self._wall.now())
            if not told.kept_back:
                reply = fill_reply(whole, event.last_fill, frame)
                await self._send([row], reply, frame, silent=told.silent, reply_to=message_id)
            self._replied.add(row.id)
        if message_id is None or self._shown.get(key, 0) >= row.id:
            await self._done([row], message_id)
        else:
            screen = await self._order_screen(row, frame)
            await self._bring_up_to_date(key, message_id, lambda _: screen, row)
        if whole.order.status.closed and self._shown.get(key, 0) <= row.id:
            self._stories.forget(no)

    async def _folded_order(self, newest: EventRow) -> int | None:
        """Return the message within which a retry's order is told for as long as the broker has not taken it."""
        if not isinstance(newest.event, OrderChanged):
            return None
        key = (await self._stories.complete(newest.event)).told_within
        return None if key is None else self._folds.message_of(key)

    async def _tell_refused(
        self, row: EventRow, key: str, message_id: int | None, how: Manner, frame: ViewContext
    ) -> int | None:
        """Say that the broker refused an order in a new living message, for an edit makes no sound; return its id.

        The one before is taken away, so that one card is left. A message that shows it already is enough.
        """
        if message_id is None or self._shown.get(key, 0) >= row.id or how.kept_back:
            return message_id
        chat_id = self._chat.id
        screen = await self._order_screen(row, frame)
        sent = await self._send([row], screen, frame, silent=how.silent)
        self._shown[key] = row.id
        if chat_id == self._chat.id:  # else the number means another message by now
            await self._take_away(key, message_id, screen)
        await self._living.remember(key, sent)
        return sent

    async def _take_away(self, key: str, message_id: int, screen: Screen) -> None:
        """Delete a message whose place a new one has taken; one that has to stay says the same as that."""
        try:
            await self._bot.delete_message(self._chat.id, message_id)
        except TELEGRAM_FAILURES as error:
            log.info("message not taken away", extra={"wish": key, "error": type(error).__name__})
            await self._chat.heed(error)
            self._edits.want(f"{key}:former", message_id, lambda _: screen, gone=_nothing)

    async def _order_screen(self, row: EventRow, frame: ViewContext) -> Screen:
        """Return the living message at a row's state, with what only earlier ones told."""
        event = row.event
        if isinstance(event, OrderChanged):
            event = await self._stories.complete(event)
        return self._view(row, event, frame)

    async def _bring_up_to_date(
        self, key: str, message_id: int, show: Callable[[ViewContext], Screen], row: EventRow
    ) -> None:
        """Edit a living message; the row is done with it, or told in a new message where the old one is gone."""
        if await self._living.of(key) != message_id:  # the chat moved while another part was told: next time anew
            return

        async def gone() -> None:
            if await self._living.of(key) == message_id:  # else a newer one has taken its place
                self._living.lost(key)
                self._shown.pop(key, None)

        self._shown[key] = row.id
        self._edits.want(key, message_id, show, gone=gone, rows=[row])

    # panics and proposals

    async def _tell_panic(self, row: EventRow, event: PanicProgress, frame: ViewContext) -> None:
        """Keep one message up to date while a panic goes on, and tell its end in a new one, with sound."""
        key = f"panic:{event.run}"
        screen = self._screen(row, frame)
        message_id = await self._living.of(key)
        if message_id is None and row.id in self._replied:
            await self._done([row], None)
            return
        if message_id is None or (event.done and row.id not in self._replied):
            sent = await self._send([row], screen, frame, silent=False)
            self._replied.add(row.id)
            if message_id is None:
                await self._living.remember(key, sent)
                self._shown[key] = row.id
                await self._done([row], sent)
                return
        await self._bring_up_to_date(key, message_id, lambda _: screen, row)

    async def _tell_proposal(
        self, row: EventRow, event: Proposed | ProposalClosed, rows: Sequence[EventRow], how: Manner, frame: ViewContext
    ) -> None:
        """Send a card, or say in it how it ended; one that is over before it was told is told once."""
        key = f"proposal:{event.proposal.id}"
        if isinstance(event, ProposalClosed):
            screen = self._screen(row, frame)
            message_id = await self._living.of(key)
            if message_id is not None:
                await self._bring_up_to_date(key, message_id, lambda _: screen, row)
            else:
                await self._done([row], await self._send([row], screen, frame, silent=True))
            return
        ends = [
            each
            for each in rows
            if isinstance(each.event, ProposalClosed) and each.event.proposal.id == event.proposal.id
        ]
        both = [row, *ends]
        screen = self._screen(both[-1], frame)
        message_id = await self._send(both, screen, frame, silent=how.silent or bool(ends))
        if ends and self._courier.only_found(message_id):
            self._edits.want(f"{key}:end", message_id, lambda _: screen, gone=_nothing)
        if event.proposal.ticket is not None:
            await self._living.remember(key, message_id)
        await self._done(both, message_id)

    # the rest

    def _screen(self, row: EventRow, frame: ViewContext) -> Screen:
        return self._view(row, row.event, frame)

    def _view(self, row: EventRow, event: Event, frame: ViewContext) -> Screen:
        screen = shown(event, frame, row.id)
        return Screen(screen.blocks, with_seen_button(opening_aside(screen.keyboard), row, frame))

    async def _send(
        self, rows: Sequence[EventRow], screen: Screen, frame: ViewContext, *, silent: bool, reply_to: int | None = None
    ) -> int:
        return await self._courier.send(
            rows, screen, frame, topic=rows[0].event.topic, silent=silent, reply_to=reply_to
        )

    async def _done(self, rows: Sequence[EventRow], message_id: int | None) -> None:
        if len(rows) == 1:
            await self._outbox.mark_done(rows[0].id, self._wall.now(), message_id)
        elif rows:
            await self._outbox.mark_many_done([row.id for row in rows], self._wall.now(), message_id)
        for row in rows:
            self._forget(row.id)

    async def _failed(self, rows: Sequence[EventRow], error: Exception) -> None:
        """Note a failure, and close the barrier for as long as it calls for."""
        row = rows[0]
        kind = await self._chat.heed(error)
        log.warning(
            "alert not delivered",
            extra={"row": row.id, "kind": row.event.kind, "failure": kind.name.lower(), "error": type(error).__name__},
        )
        if kind is Failure.REFUSED:
            await self._refusals.refused(row, error, others=any(not follows(each, row) for each in rows[1:]))
        elif kind is not Failure.FLOOD:
            self._barrier.failed(kind)
        for each in rows:
            if self._courier.lost_twice(each.id):
                self._aside.put(each, self._wall.now() + _UNTIL_ASKED_AGAIN, or_through=True)

    def _forget(self, row_id: int) -> None:
        self._arrivals.forget(row_id)
        self._refusals.forget(row_id)
        self._aside.clear(row_id)
        self._replied.discard(row_id)
        self._courier.forget(row_id)


def _to_be_seen(rows: Sequence[EventRow]) -> EventRow:
    """Return the newest of those that somebody has to see; any where nobody has to."""
    return max((row for row in rows if row.event.needs_ack), key=lambda row: row.id, default=rows[-1])


def _tells_of_a_move(event: Event) -> bool:
    return isinstance(event, Trouble) and event.key == MOVED


async def _nothing() -> None:
    """Do nothing where there is nothing left to show."""


def _length(event: Event) -> int:
    what = getattr(event, "what", None) or getattr(event, "reason", None)
    return max(len(what.ko), len(what.en)) if isinstance(what, Text) else 100

"""Delivers the outbox: in order, critical first, as often as it takes; trading never waits for it."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from aiogram.exceptions import TelegramRetryAfter

from bot.buttons import opening_aside
from bot.failures import TELEGRAM_FAILURES, Failure, failure
from bot.folding import Fold, Folds, fold_key
from bot.lateness import Arrivals
from bot.message import Line, Message, block
from bot.screen import Frame, Screen
from bot.sending import Gone, Speaker
from bot.views.alerts import alert, folded_note, late_note, resent_note, unshown
from bot.views.orders import fill_reply
from strategy.clock import Clock
from strategy.events import EventRow, ModeChanged, Notable, OrderChanged, SettingChanged, SignalBlocked, StreamState
from strategy.orders import OrderNo
from strategy.ports import Outbox, Wake

log = logging.getLogger(__name__)

_BATCH = 100
_MANY = 1000  # rows looked at for when they came, not for sending
_LONGEST_PAUSE_S = 30.0
_BARRED_PAUSE_S = 60.0
_LONGEST_BARRED_PAUSE_S = 600.0
_COUNT_S = 10.0  # a count of repeats is shown at most this often: edits count against the send rate
_STRIKES = 3  # refusals of one message before it is told in a plainer way
_GRACE_S = 3.0  # what a send under way gets at the stop
_QUIET = (ModeChanged, SettingChanged, Notable, StreamState, SignalBlocked)  # told without a sound


class Delivery:
    """One chat's alerts. `frame` makes what views need, in the language of that chat, at the moment of sending."""

    def __init__(
        self,
        *,
        speaker: Speaker,
        outbox: Outbox,
        chat_id: int,
        frame: Callable[[], Awaitable[Frame]],
        clock: Clock,
        wall: Clock,
    ) -> None:
        self._speaker = speaker
        self._outbox = outbox
        self._chat_id = chat_id
        self._frame = frame
        self._wall = wall
        self._arrivals = Arrivals(clock, wall)
        self._folds = Folds()
        self._nudged = asyncio.Event()
        self._failures = 0  # in a row, of any row
        self._strikes: dict[int, int] = {}
        self._tried: set[int] = set()  # rows this process has begun to send
        self._doubtful: set[int] = set()  # rows whose message may have arrived although no answer came
        self._half_sent: dict[int, tuple[Screen, list[int]]] = {}
        self._stories: dict[OrderNo, OrderChanged] = {}
        self._shown: dict[OrderNo, int] = {}  # newest row the living message shows

    def nudge(self) -> None:
        """Try again now: the person has just been heard of, so that a block may be over."""
        self._nudged.set()

    async def run(self) -> None:
        """Deliver until cancelled; a send under way at the cancellation gets a moment to finish."""
        with self._outbox.added() as wake:
            while True:
                rows = await self._outbox.pending(_BATCH)
                self._arrivals.see(rows)
                if not rows:
                    await self._idle(wake)
                    continue
                if pause := await self._unhurried(rows):
                    await self._rest(pause, wake)

    async def drain(self, seconds: float) -> bool:
        """Deliver what waits, within a time limit; for the last words at a stop. Return whether nothing is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while rows := await self._outbox.pending(_BATCH):
                    self._arrivals.see(rows)
                    if await self._unhurried(rows):
                        break
        return not await self._outbox.pending(1)

    async def _unhurried(self, rows: Sequence[EventRow]) -> float:
        step = asyncio.create_task(self._step(rows))  # noqa: TID251 - awaited here whatever happens
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_S):
                    await step
            raise

    async def _rest(self, seconds: float, wake: Wake) -> None:
        """Wait, but not longer than until the person is heard of; rows that come meanwhile are noticed."""
        self._nudged.clear()
        self._arrivals.see(await self._outbox.pending(_MANY))
        async with asyncio.TaskGroup() as group:
            arrivals = group.create_task(self._notice(wake))
            ends = [group.create_task(self._wall.sleep(seconds)), group.create_task(self._nudged.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in (arrivals, *ends):
                task.cancel()

    async def _idle(self, wake: Wake) -> None:
        """Wait for something to tell; counts that have grown are shown meanwhile, not oftener than they should."""
        if not any(self._folds.unsaid()):
            await wake.wait()
            return
        async with asyncio.TaskGroup() as group:
            woken = group.create_task(wake.wait())
            due = group.create_task(self._wall.sleep(_COUNT_S))
            done, _ = await asyncio.wait((woken, due), return_when=asyncio.FIRST_COMPLETED)
            for task in (woken, due):
                task.cancel()
        if due in done:
            await self._show_counts()

    async def _show_counts(self) -> None:
        frame = await self._frame()
        for fold in self._folds.unsaid():
            with suppress(Gone, *TELEGRAM_FAILURES):
                await self._show_count(fold, frame)

    async def _show_count(self, fold: Fold, frame: Frame) -> None:
        """Edit the message of a repeated alert; a failure leaves the count for the next time."""
        row = fold.unsaid
        if row is None:
            return
        fold.edited_at = self._wall.now()
        screen = _noted(self._screen(row, frame), folded_note(fold.count, frame.when(fold.last_at), frame))
        await self._speaker.edit(self._chat_id, fold.message_id, screen)
        fold.unsaid = None

    async def _notice(self, wake: Wake) -> None:
        while True:
            await wake.wait()
            self._arrivals.see(await self._outbox.pending(_MANY))

    async def _step(self, rows: Sequence[EventRow]) -> float:
        """Deliver the first row and what folds into it; return how long to wait before the next try."""
        row = rows[0]
        together = _repeats(row, rows)
        try:
            message_id = await self._tell(row, together, rows)
        except TELEGRAM_FAILURES as error:
            return await self._failed(row, error)
        for each in together:
            await self._outbox.mark_done(each.id, self._wall.now(), message_id)
            self._forget(each.id)
        self._failures = 0
        return 0.0

    async def _tell(self, row: EventRow, together: Sequence[EventRow], rows: Sequence[EventRow]) -> int | None:
        frame = await self._frame()
        if isinstance(row.event, OrderChanged):
            return await self._tell_order(row, row.event, rows, frame)
        fold = self._folds.of(together[-1].event)
        if fold is None:
            return await self._tell_folded(row, together, len(together), frame)
        fold.count += len(together)
        fold.last_at, fold.unsaid = together[-1].event.at, together[-1]
        if (self._wall.now() - fold.edited_at).total_seconds() >= _COUNT_S:
            try:
                await self._show_count(fold, frame)
            except Gone:
                return await self._tell_folded(row, together, fold.count, frame)
            except TELEGRAM_FAILURES:
                log.info("count not shown yet", extra={"row": row.id})
        return fold.message_id

    async def _tell_folded(self, row: EventRow, together: Sequence[EventRow], count: int, frame: Frame) -> int:
        newest = together[-1]
        screen = self._screen(newest, frame)
        if count > 1:
            screen = _noted(screen, folded_note(count, frame.when(newest.event.at), frame))
        message_id = await self._send(row, screen, frame)
        now = self._wall.now()
        self._folds.start(row.event, Fold(message_id, count, row.event.at, newest.event.at, now))
        return message_id

    async def _tell_order(self, row: EventRow, event: OrderChanged, rows: Sequence[EventRow], frame: Frame) -> int:
        """Bring the order's living message up to date, and reply to it for a fill."""
        no = event.order.no
        newest = [each for each in rows if isinstance(each.event, OrderChanged) and each.event.order.no == no][-1]
        story = self._story(no, [row, newest])
        message_id = await self._outbox.order_message(no, self._chat_id)
        if message_id is not None and self._shown.get(no, 0) < newest.id:
            try:
                await self._speaker.edit(self._chat_id, message_id, self._order_screen(newest, story, frame))
            except Gone:
                message_id = None
        if message_id is None:
            message_id = await self._send(row, self._order_screen(newest, story, frame), frame)
            await self._outbox.set_order_message(no, self._chat_id, message_id)
            self._half_sent.pop(row.id, None)
            self._doubtful.discard(row.id)
        self._shown[no] = max(newest.id, self._shown.get(no, 0))
        if event.last_fill is not None:
            full = self._with_story(event, story)
            await self._send(row, fill_reply(full, event.last_fill, frame), frame, reply_to=message_id)
        if story.order.status.closed and newest.id == row.id:
            self._stories.pop(no, None)
            self._shown.pop(no, None)
        return message_id

    def _story(self, no: OrderNo, rows: Sequence[EventRow]) -> OrderChanged:
        """Return the newest state with what only earlier events of the order told (its reason, the cash before)."""
        for each in rows:
            if isinstance(each.event, OrderChanged):
                known = self._stories.get(no)
                self._stories[no] = each.event if known is None else self._with_story(each.event, known)
        return self._stories[no]

    @staticmethod
    def _with_story(event: OrderChanged, known: OrderChanged) -> OrderChanged:
        kept = ("decision", "cash_before", "position_qty_before", "average_cost")
        missing = {name: getattr(known, name) for name in kept if getattr(event, name) is None}
        return replace(event, **missing)

    def _order_screen(self, newest: EventRow, story: OrderChanged, frame: Frame) -> Screen:
        return self._screen(replace(newest, event=story), frame)

    def _screen(self, row: EventRow, frame: Frame) -> Screen:
        """Return the view of an event; a fault in a view must not hold up what comes after."""
        try:
            screen = alert(row.event, frame)
            return Screen(screen.message, opening_aside(screen.keyboard))
        except Exception:  # a door: whatever a view trips over, the row is told
            reference = secrets.token_hex(3)
            log.exception("alert not shown", extra={"row": row.id, "kind": row.event.kind, "reference": reference})
            return unshown(row.event.kind, reference, frame)

    async def _send(self, row: EventRow, screen: Screen, frame: Frame, *, reply_to: int | None = None) -> int:
        screen, sent = self._half_sent.get(row.id) or (self._stamped(row, screen, frame), [])
        if not sent:
            await self._outbox.mark_sending(row.id, self._wall.now())
        self._tried.add(row.id)
        try:
            return await self._speaker.send(
                self._chat_id, screen, reply_to=reply_to, silent=isinstance(row.event, _QUIET), sent=sent
            )
        except TELEGRAM_FAILURES as error:
            if sent:
                self._half_sent[row.id] = (screen, sent)
            if failure(error) is Failure.DOUBTFUL:
                self._doubtful.add(row.id)
            raise

    def _stamped(self, row: EventRow, screen: Screen, frame: Frame) -> Screen:
        notes = []
        if minutes := self._arrivals.minutes_late(row):
            notes.append(late_note(minutes, frame))
        begun_before = row.sending_since is not None and row.id not in self._tried
        if begun_before or row.id in self._doubtful:
            notes.append(resent_note(frame))
        return _noted(screen, *notes)

    async def _failed(self, row: EventRow, error: Exception) -> float:
        """Note a failure and return how long to wait."""
        kind = failure(error)
        self._failures += 1
        log.warning(
            "alert not delivered",
            extra={"row": row.id, "kind": row.event.kind, "failure": kind.name.lower(), "error": type(error).__name__},
        )
        if row.id not in self._doubtful:  # a doubtful one stays marked as being sent, also across a restart
            await self._outbox.mark_failed(row.id, self._wall.now(), type(error).__name__, give_up=False)
        if isinstance(error, TelegramRetryAfter):
            return float(error.retry_after)
        if kind is Failure.BARRED:
            return min(_BARRED_PAUSE_S * float(2 ** min(self._failures - 1, 8)), _LONGEST_BARRED_PAUSE_S)
        if kind is Failure.UNFIT:
            return await self._unfit(row, error)
        return min(float(2 ** min(self._failures - 1, 8)), _LONGEST_PAUSE_S)

    async def _unfit(self, row: EventRow, error: Exception) -> float:
        """After some refusals of one message, tell that it could not be told, and go on with the others."""
        strikes = self._strikes[row.id] = self._strikes.get(row.id, 0) + 1
        if strikes < _STRIKES:
            return 1.0
        reference = secrets.token_hex(3)
        log.error("alert given up", extra={"row": row.id, "kind": row.event.kind, "reference": reference})
        with suppress(*TELEGRAM_FAILURES):
            await self._speaker.send(self._chat_id, unshown(row.event.kind, reference, await self._frame()))
        await self._outbox.mark_failed(row.id, self._wall.now(), f"{type(error).__name__} {reference}", give_up=True)
        self._forget(row.id)
        return 0.0

    def _forget(self, row_id: int) -> None:
        self._arrivals.forget(row_id)
        self._strikes.pop(row_id, None)
        self._tried.discard(row_id)
        self._doubtful.discard(row_id)
        self._half_sent.pop(row_id, None)


def _repeats(row: EventRow, rows: Sequence[EventRow]) -> list[EventRow]:
    """Return the row with all waiting ones that tell the same."""
    key = fold_key(row.event)
    if key is None:
        return [row]
    return [each for each in rows if fold_key(each.event) == key]


def _noted(screen: Screen, *notes: Line) -> Screen:
    if not notes:
        return screen
    return Screen(Message((block(*notes), *screen.message.blocks)), screen.keyboard)

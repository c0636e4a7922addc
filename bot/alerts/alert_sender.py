"""Sends the messages of rows so that, after any failure or crash, the next try knows what may have arrived."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiogram.exceptions import TelegramBadRequest

from bot.alerts.alert_channel import AlertChat
from bot.alerts.lateness import Lateness
from bot.alerts.message_lookup import MessageLookup
from bot.transport.api_errors import TELEGRAM_FAILURES, Failure, failure
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import late_note, resent_note
from strategy.model import EventRow, Topic


@dataclass(frozen=True, slots=True)
class _HalfSent:
    """A long message of which only the first pieces were taken."""

    screen: Screen
    sent: list[int]
    rows: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a message is sent."""

    in_topic: bool
    plainly: bool


class AlertSender:
    """One chat's sends. Raises TELEGRAM_FAILURES; calling again goes on where the failure was."""

    def __init__(self, chat: AlertChat, lateness: Lateness) -> None:
        self._sender = chat.sender
        self._outbox = chat.outbox
        self._chat = chat
        self._gate = chat.gate
        self._wall = chat.wall
        self._topics = chat.topics
        self._lateness = lateness
        self._tried: set[int] = set()  # rows this run has begun to send
        self._doubtful: set[int] = set()  # rows whose message may have arrived although no answer came
        self._lost: Counter[int] = Counter()  # answers to sends of a row that this run did not get
        self._found: int | None = None  # the message that the newest send found, and did not send
        self._half_sent: dict[int, _HalfSent] = {}
        self._lookup = MessageLookup(chat)
        self._followers: list[Callable[[int], object]] = []

    async def send(
        self,
        rows: Sequence[EventRow],
        screen: Screen,
        ui: ViewContext,
        *,
        silent: bool,
        reply_to: int | None = None,
    ) -> int:
        """Send the message that tells these rows, stamped late or sent again where it is, and return its id.

        A topic that was deleted is made anew, one that was closed is passed by. What is refused is said in plain words
        without buttons, at last outside of its topic.
        """
        topic = rows[0].event.topic
        ways = [_Way(in_topic=True, plainly=False)]
        while True:
            way = ways[-1]
            thread = await self._topics.thread(topic) if way.in_topic else None  # failing here leaves no doubt
            try:
                return await self._attempt(rows, screen, ui, silent=silent, reply_to=reply_to, to=(thread, way))
            except TELEGRAM_FAILURES as error:
                if await self._topic_refused(topic, thread, error):
                    continue
                if failure(error) is not Failure.REFUSED or (way.plainly and thread is None):
                    raise
                ways.append(_Way(in_topic=not way.plainly, plainly=True))

    async def _topic_refused(self, topic: Topic, thread: int | None, error: Exception) -> bool:
        """Return whether another try at once goes to another place."""
        if thread is None or not isinstance(error, TelegramBadRequest):
            return False
        return await self._topics.refused(topic, error)

    async def _attempt(
        self,
        rows: Sequence[EventRow],
        screen: Screen,
        ui: ViewContext,
        *,
        silent: bool,
        reply_to: int | None,
        to: tuple[int | None, "_Way"],
    ) -> int:
        thread, way = to
        self._doubtful.update(row.id for row in rows if self._begun_before(row))
        if self._gate.in_doubt or any(row.id in self._doubtful for row in rows):
            await self._chat.ask_for_an_answer(thread)
        first = rows[0].id
        self._found = await self._looked_up(rows[0], screen, thread, ui)
        if (there := self._found) is not None:
            self._arrived(rows, there)
            return there
        half = self._half_sent.get(first)
        said = screen
        screen, sent = (half.screen, half.sent) if half else (self._stamped(rows, screen, ui), [])
        if not sent:
            await self._mark_sending(rows)
        self._tried.update(row.id for row in rows)
        try:
            message_id = await self._sender.send(
                self._chat.id,
                screen,
                reply_to=reply_to,
                silent=silent or any(self._lost[row.id] for row in rows),
                sent=sent,
                thread=thread,
                plainly=way.plainly,
            )
        except TELEGRAM_FAILURES as error:
            if sent:
                self._half_sent[first] = _HalfSent(screen, sent, frozenset(row.id for row in rows))
            if failure(error) is Failure.DOUBTFUL:
                self._lookup.lost(first, said)
            await self._note(rows, error)
            raise
        self._half_sent.pop(first, None)
        self._arrived(rows, message_id)
        return message_id

    def _arrived(self, rows: Sequence[EventRow], message_id: int) -> None:
        for row in rows:
            self._doubtful.discard(row.id)
            self._lost.pop(row.id, None)
            self._lookup.forget(row.id)
        self._lookup.saw(message_id)
        self._gate.fine()

    def only_found(self, message_id: int) -> bool:
        """Return whether the newest `send` found that message in the chat: it shows what was to be told back then."""
        return self._found == message_id

    async def _looked_up(self, row: EventRow, screen: Screen, thread: int | None, ui: ViewContext) -> int | None:
        """Return the message of a row that was repeated in vain, where it is in the chat: a third would be too many."""
        before = self._begun_before(row) and row.attempts > 1  # in vain by an earlier run
        if before and not self._lookup.seeks(row.id):
            self._lookup.lost(row.id, screen)
        if not before and not self.lost_twice(row.id):
            return None
        words = ui.t("♻️ Looking whether an alert has arrived…")
        return await self._lookup.found(row.id, words, thread)

    async def _mark_sending(self, rows: Sequence[EventRow]) -> None:
        if len(rows) == 1:
            await self._outbox.mark_sending(rows[0].id, self._wall.now())
        else:
            await self._outbox.mark_many_sending([row.id for row in rows], self._wall.now())

    def begin(self) -> None:
        """Trust nothing begun before: a run that crashed may have sent what it could not note."""
        self._tried.clear()

    async def resend(self, screen: Screen, *, topic: Topic, silent: bool) -> int:
        """Send in place of a message that is gone; its rows are done already."""
        thread = await self._topics.thread(topic)
        message_id = await self._sender.send(self._chat.id, screen, silent=silent, thread=thread)
        self._lookup.saw(message_id)
        self._gate.fine()
        return message_id

    def lost_twice(self, row_id: int) -> bool:
        """Return whether a row was repeated in vain: its message may be there twice."""
        return self._lost[row_id] > 1

    def begun_with(self, row_id: int) -> frozenset[int]:
        """Return the rows of a message whose first pieces have been sent already; they must stay together."""
        half = self._half_sent.get(row_id)
        return frozenset() if half is None else half.rows

    def on_done(self, follower: Callable[[int], object]) -> None:
        """Call back with each row that is done: told, kept back or given up."""
        self._followers.append(follower)

    async def done(self, rows: Sequence[EventRow], message_id: int | None) -> None:
        """Note that rows are told, by that message, or kept back; there may be none."""
        if len(rows) == 1:
            await self._outbox.mark_done(rows[0].id, self._wall.now(), message_id)
        elif rows:
            await self._outbox.mark_many_done([row.id for row in rows], self._wall.now(), message_id)
        for row in rows:
            self.forget(row.id)

    def forget(self, row_id: int) -> None:
        for follower in self._followers:
            follower(row_id)
        self._lateness.forget(row_id)
        self._tried.discard(row_id)
        self._doubtful.discard(row_id)
        self._lost.pop(row_id, None)
        self._lookup.forget(row_id)
        self._half_sent.pop(row_id, None)

    async def _note(self, rows: Sequence[EventRow], error: Exception) -> None:
        """Note a failure. A row in doubt stays marked as being sent, also across a restart."""
        if failure(error) is Failure.DOUBTFUL:
            self._doubtful.update(row.id for row in rows)
            self._lost.update(row.id for row in rows)
        for row in rows:
            if row.id not in self._doubtful:
                await self._outbox.mark_failed(row.id, self._wall.now(), type(error).__name__, give_up=False)

    def _stamped(self, rows: Sequence[EventRow], screen: Screen, ui: ViewContext) -> Screen:
        notes = []
        if minutes := max(self._lateness.minutes_late(row) for row in rows):
            notes.append(late_note(minutes, ui))
        if any(row.id in self._doubtful for row in rows):
            notes.append(resent_note(ui))
        return screen.under(*notes)

    def _begun_before(self, row: EventRow) -> bool:
        """Return whether an earlier run began to send the row and did not come to its end."""
        return row.sending_since is not None and row.id not in self._tried

"""What a person does in the alert chat is told by the answer to it, and not once more by an alert.

The alert waits while the answer is under way. Once the answer stands in the chat its row is done, with the message of
the answer. Where that is not certain (not sent, the program died, another chat, a topic of its own) the alert comes:
a repeat is better than silence, and like every alert that may be there already it is marked as one. See decision 0147.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.alerts.alert_channel import AlertChat
from bot.alerts.live_messages import LiveMessages
from bot.transport.api_errors import TELEGRAM_FAILURES, Failure
from strategy.model import (
    Event,
    EventRow,
    ModeChanged,
    Notable,
    OrderChanged,
    Origin,
    SettingChanged,
    StorageError,
    Topic,
)

log = logging.getLogger(__name__)

_MANY = 1000  # rows looked through for the ones an answer tells


class AnsweredAlerts:
    """One alert chat's rows that answers tell."""

    def __init__(
        self, chat: AlertChat, live: LiveMessages, *, released: Callable[[], None], done: Callable[[int], None]
    ) -> None:
        self._chat = chat
        self._outbox = chat.outbox
        self._topics = chat.topics
        self._live = live
        self._wall = chat.wall
        self._released = released  # what was held may be told now
        self._done = done
        self._answering: list[int] = []  # users whose press or command is being answered here
        self._told: set[int] = set()  # rows: somebody may have read them as pending just before they were done
        self._kept: set[int] = set()  # messages that stand for alerts

    def holds(self, row: EventRow) -> bool:
        """Return whether a row is told by an answer, or may be: then it waits for that."""
        return row.id in self._told or any(_done_by(row.event, user_id) for user_id in self._answering)

    def stands_in(self, chat_id: int, message_id: int) -> bool:
        """Return whether a message stands for an alert, and so must not be overwritten."""
        return chat_id == self._chat.id and message_id in self._kept

    @contextmanager
    def answering(self, chat_id: int, user_id: int) -> Iterator[None]:
        """Hold back what the block makes known of this person's doing; what no answer tells is told at its end."""
        if chat_id != self._chat.id:
            yield
            return
        self._answering.append(user_id)
        try:
            yield
        finally:
            self._answering.remove(user_id)
            self._released()

    async def adopt(self, chat_id: int, thread: int | None, message_id: int, story: str) -> None:
        """Let an answer be the message that a story is told in, where its alerts go to the same place."""
        if chat_id != self._chat.id:
            return
        try:
            if await self._topics.thread(Topic.ORDERS) == thread:
                await self._live.remember(story, message_id)
                self._kept.add(message_id)
        except (StorageError, *TELEGRAM_FAILURES) as error:
            log.warning("the answer becomes no living message", extra={"error": type(error).__name__})

    async def begin(self, chat_id: int, thread: int | None, news: Sequence[Event]) -> list[EventRow]:
        """Mark the rows of these events as being told by an answer about to be sent, and return them.

        None of them where the alert goes to another place than the answer.
        """
        if chat_id != self._chat.id or not news:
            return []
        try:
            if any([await self._topics.thread(event.topic) != thread for event in news]):
                return []
            rows = _rows_of(news, await self._outbox.pending(_MANY))
            for row in rows:
                await self._outbox.mark_sending(row.id, self._wall.now())
        except (StorageError, *TELEGRAM_FAILURES) as error:
            log.warning("answer tells nothing first hand", extra={"error": type(error).__name__})
            return []
        return rows

    async def end(self, rows: Sequence[EventRow], message_id: int | None, failed: Failure | None) -> None:
        """Note what became of the answer: the message it stands in, or why it could not be given."""
        for row in rows:
            try:
                await self._note(row, message_id, failed)
            except StorageError as error:
                log.warning("answer not noted", extra={"row": row.id, "error": type(error).__name__})

    async def _note(self, row: EventRow, message_id: int | None, failed: Failure | None) -> None:
        if message_id is not None:
            self._told.add(row.id)
            self._kept.add(message_id)
            await self._outbox.mark_done(row.id, self._wall.now(), message_id)
            self._done(row.id)
            log.info("told by the answer", extra={"row": row.id, "kind": row.event.kind, "message_id": message_id})
        elif failed is not Failure.DOUBTFUL:  # else it may be there: the mark stays, and the alert says so
            await self._outbox.mark_failed(row.id, self._wall.now(), "answer not sent", give_up=False)


def _done_by(event: Event, user_id: int) -> bool:
    """Return whether an event tells what this person did; what the program does is nobody's."""
    match event:
        case SettingChanged():
            return event.change.set_by == user_id
        case ModeChanged():
            return event.state.set_by == user_id
        case OrderChanged():  # the answer to the press becomes the message of its order
            request = event.order.request
            return request.origin is Origin.MANUAL and request.asked_by == user_id and event.last_fill is None
        case Notable():
            return event.key == f"armed:{user_id}" or event.key.startswith("released:")
        case _:
            return False


def _rows_of(news: Sequence[Event], rows: Sequence[EventRow]) -> list[EventRow]:
    """Return the newest row of each event that nobody has begun to tell."""
    found: list[EventRow] = []
    for event in news:
        alike = [row for row in rows if row.sending_since is None and row not in found and _same(row.event, event)]
        found += alike and [max(alike, key=lambda row: row.id)]
    return found


def _same(one: Event, other: Event) -> bool:
    match one, other:
        case SettingChanged(), SettingChanged():
            return one.change == other.change
        case ModeChanged(), ModeChanged():
            return one.state == other.state
        case _:
            return one == other

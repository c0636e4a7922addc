"""Live events to whoever watches a person's screen."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.localchat.model import Json

_QUEUE_LIMIT = 1000
_HISTORY = 500


@dataclass(frozen=True, slots=True)
class ScreenEvent:
    """Something a screen shows: a message as it is now, an answer to a press, typing."""

    number: int
    person_id: int
    name: str
    data: Json


class Watcher:
    """The events of one open stream. A reader that falls far behind is cut off and comes back for the whole list."""

    def __init__(self, person_id: int) -> None:
        self.person_id = person_id
        self.queue: asyncio.Queue[ScreenEvent | None] = asyncio.Queue(_QUEUE_LIMIT + 1)

    def push(self, event: ScreenEvent | None) -> None:
        if self.queue.qsize() < _QUEUE_LIMIT:
            self.queue.put_nowait(event)
        elif not self.queue.full():
            self.queue.put_nowait(None)


class Hub:
    """Hands each event to the watchers of its person, and to those who come back with the last number they saw."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._history: deque[ScreenEvent] = deque(maxlen=_HISTORY)
        self._number = 0

    def publish(self, person_id: int, name: str, data: Json) -> None:
        self._number += 1
        event = ScreenEvent(self._number, person_id, name, data)
        self._history.append(event)
        for watcher in self._watchers:
            if watcher.person_id == person_id:
                watcher.push(event)

    @contextmanager
    def watch(self, person_id: int, last_seen: int | None = None) -> Iterator[Watcher]:
        """Collect a person's events, beginning after the last number seen when that is given."""
        watcher = Watcher(person_id)
        if last_seen is not None:
            for event in self._history:
                if event.person_id == person_id and event.number > last_seen:
                    watcher.push(event)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def close(self) -> None:
        """End every stream."""
        for watcher in self._watchers:
            watcher.push(None)

"""What a person has just done in the private chat that alerts go to: its answer card is enough, no alert repeats it.

Kept in memory only: after a restart, or wherever it is not certain that the card was shown, the alert comes.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from strategy.clock import Clock
from strategy.events import Event, ModeChanged, SettingChanged
from strategy.modes import Mode

_REMEMBERED = 50
_CHOSEN = frozenset({"", "chat"})  # reasons of a mode that a person chose; what came with something else names that


@dataclass(slots=True)
class Act:
    """One command or press. Times are of the market clock, as those of events."""

    user_id: int
    here: bool  # in the chat that alerts go to, and private
    since: datetime
    until: datetime | None = None
    answered: bool = False  # the card that tells what was changed is shown

    def covers(self, user_id: int, at: datetime) -> bool:
        return self.user_id == user_id and self.since <= at and (self.until is None or at <= self.until)


class OwnActs:
    """Tells the delivery which changes their own author has seen."""

    def __init__(self, chat_id: int, clock: Clock) -> None:
        self._chat_id = chat_id
        self._clock = clock
        self._under_way: list[Act] = []
        self._over: deque[Act] = deque(maxlen=_REMEMBERED)
        self._ended: Callable[[], None] | None = None

    def listen(self, ended: Callable[[], None]) -> None:
        """Call this whenever an act is over."""
        self._ended = ended

    @contextmanager
    def during(self, user_id: int, chat_id: int) -> Iterator[Act]:
        """Hold back the alerts of what the block changes; afterwards they come unless the act was answered."""
        act = Act(user_id, here=chat_id == self._chat_id == user_id, since=self._clock.now())
        self._under_way.append(act)
        try:
            yield act
        finally:
            act.until = self._clock.now()
            self._under_way.remove(act)
            self._over.append(act)
            if self._ended is not None:
                self._ended()

    def under_way(self, event: Event) -> bool:
        """Return whether an event may belong to an act that is not answered yet."""
        return any(act.here for act in self._of(event, self._under_way))

    def answered(self, event: Event) -> bool:
        """Return whether an event belongs to an act whose card is shown; in doubt it does not."""
        acts = self._of(event, [*self._over, *self._under_way])
        return bool(acts) and all(act.here and act.answered for act in acts)

    def _of(self, event: Event, acts: list[Act]) -> list[Act]:
        author = _author(event)
        return [] if author is None else [act for act in acts if act.covers(author, event.at)]


def _author(event: Event) -> int | None:
    """Return who made a change that its card tells in full; a halt is told again, since it leaves all unprotected."""
    match event:
        case ModeChanged():
            told = event.state.reason in _CHOSEN and event.state.mode is not Mode.HALTED
            return event.state.set_by if told else None
        case SettingChanged():
            return event.change.set_by
        case _:
            return None

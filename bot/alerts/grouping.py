"""Repeats of an alert become one message with a count: told once, and counted in that message from then on.

See decision 0059.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from bot.alerts.alert_channel import AlertChat
from bot.alerts.alert_sender import AlertSender
from bot.alerts.message_edits import MessageEdits
from bot.alerts.notification_level import Manner, manner
from bot.alerts.rendering import alert_screen
from bot.transport.chat_migration import MOVED
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import folded_note
from strategy.model import Event, EventRow, StopTriggered, Trouble

_COUNT_S = 10.0  # a count of repeats is shown at most this often: edits count against the send rate
_REMEMBERED = timedelta(hours=12)  # how far back repeats are counted at the start
_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Fold:
    """A message that stands for several events of the same kind."""

    message_id: int
    count: int
    first_at: datetime  # market time, as the events'
    last_at: datetime
    edited_at: datetime  # real time; when its message was sent or last edited
    began: int  # id of the row its message was sent for


def together(rows: Sequence[EventRow]) -> list[EventRow]:
    """Return the first row with all that say the same, up to one that begins anew."""
    key = rows[0].event.fold_key
    same = [row for row in rows if row.event.fold_key == key]
    return [rows[0], *takewhile(lambda row: not row.event.opens_fold, same[1:])]


class Folds:
    """Remembers which alert is being repeated."""

    def __init__(self) -> None:
        self._open: dict[str, Fold] = {}

    def restore(self, rows: Sequence[EventRow]) -> None:
        """Count what was told before a restart: repeats carry the id of the message that stands for them."""
        for row in rows:
            key = row.event.fold_key
            if key is None or row.message_id is None or row.done_at is None:
                continue
            fold = self._open.get(key)
            if fold is not None and fold.message_id == row.message_id:
                fold.count += 1
                fold.last_at = row.event.at
            else:
                self._open[key] = Fold(row.message_id, 1, row.event.at, row.event.at, row.done_at, row.id)

    def of(self, event: Event) -> Fold | None:
        """Return the message this event adds to, if it is recent enough.

        Trouble and a refused stop sound again after an hour; a blocked signal stays one message for as long as it keeps
        coming.
        """
        key = event.fold_key
        fold = self._open.get(key) if key else None
        if fold is None:
            return None
        since = fold.first_at if event.sounds_again else fold.last_at
        return fold if event.at - since <= _HOUR else None

    def message_of(self, key: str) -> int | None:
        """Return the newest message that stands for a kind of news."""
        fold = self._open.get(key)
        return None if fold is None else fold.message_id

    def forget(self) -> None:
        """Begin anew: the messages are out of reach."""
        self._open.clear()

    def start(self, event: Event, fold: Fold) -> None:
        if key := event.fold_key:
            self._open = {name: each for name, each in self._open.items() if fold.last_at - each.last_at <= _HOUR}
            self._open[key] = fold


class Repeats:
    """One chat's."""

    def __init__(self, chat: AlertChat, alert_sender: AlertSender, edits: MessageEdits) -> None:
        self._chat = chat
        self._alert_sender = alert_sender
        self._edits = edits
        self._folds = Folds()
        self._remembers = False
        chat.address.on_move(self._moved)

    async def remember(self) -> None:
        """Count the repeats that were told before the start, once."""
        if not self._remembers:
            now = self._chat.wall.now()
            told = await self._chat.outbox.told_between(now - _REMEMBERED, now)
            moved = max((n for n, row in enumerate(told) if _tells_of_a_move(row.event)), default=0)
            self._folds.restore(told[moved:])
            self._remembers = True

    async def _moved(self, _old: int, _new: int) -> None:
        """Count in none of the old chat's messages: in the new one their numbers mean others."""
        self._folds.forget()

    def message_of(self, key: str) -> int | None:
        """Return the newest message that stands for a kind of news."""
        return self._folds.message_of(key)

    async def tell(self, row: EventRow, rows: Sequence[EventRow], how: Manner, ui: ViewContext) -> None:
        """Tell the row with all waiting ones that say the same, or count them in the message that says it already."""
        same = together(rows)
        newest = same[-1]
        fold = None if row.event.opens_fold else self._folds.of(newest.event)
        if fold is None:
            screen = self._counted(newest, len(same), ui, began=row.id)
            message_id = await self._alert_sender.send([row], screen, ui, silent=how.silent)
            fold = Fold(message_id, len(same), row.event.at, newest.event.at, self._chat.wall.now(), row.id)
            self._folds.start(row.event, fold)
        else:
            fold.count += len(same)
            fold.last_at = newest.event.at
            told = [each for each in same if not isinstance(each.event, StopTriggered)]  # a new try is no news yet
            if told:
                self._show_count(fold, told[-1])
        await self._alert_sender.done(same, fold.message_id)

    def _show_count(self, fold: Fold, newest: EventRow) -> None:
        def show(ui: ViewContext) -> Screen:
            fold.edited_at = self._chat.wall.now()
            return self._counted(newest, fold.count, ui, began=fold.began)

        async def anew() -> None:
            ui = await self._chat.ui()
            how = manner(newest.event, self._chat.rules(), self._chat.wall.now())
            screen = self._counted(newest, fold.count, ui, began=fold.began)
            fold.message_id = await self._alert_sender.resend(screen, topic=newest.event.topic, silent=how.silent)

        due = fold.edited_at + timedelta(seconds=_COUNT_S)
        self._edits.want(f"fold:{newest.event.fold_key}", fold.message_id, show, gone=anew, due=due)

    def _counted(self, row: EventRow, count: int, ui: ViewContext, *, began: int) -> Screen:
        """Show the newest of several. Seen, a refused stop's message settles no alert that came after its beginning."""
        screen = alert_screen(replace(row, id=began) if row.event.counts_itself else row, ui)
        if count == 1 or row.event.counts_itself:
            return screen
        return screen.under(folded_note(count, ui.when(row.event.at), ui))


def _tells_of_a_move(event: Event) -> bool:
    return isinstance(event, Trouble) and event.key == MOVED

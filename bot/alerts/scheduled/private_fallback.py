"""While the alert chat cannot be written to, its owners are told in private: that it is so, and what is critical.
See decision 0142."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bot.alerts.alert_channel import AlertChat
from bot.alerts.rendering import shown
from bot.transport.api_errors import PRIVATE_PAUSES, TELEGRAM_FAILURES, Failure, failure, pause_after
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import folded_note, resent_note
from bot.views.news.in_private import barred, elsewhere_note, many, works_again
from strategy.model import EventRow, StorageError

log = logging.getLogger(__name__)

AFTER = timedelta(minutes=5)
_EVERY_S = 15.0
_MANY = 100  # rows looked at
_FEW = 5  # pieces of news told each in a message of its own; of more, stops
_SOUNDS_AGAIN = timedelta(hours=1)  # what repeats itself
_NOTE = "chat.in_private"  # whatever id the chat has by now


class PrivateFallback:
    """One alert chat's, in real time. Whom it told what outlives a restart."""

    def __init__(self, chat: AlertChat, owners: Iterable[int], ui: Callable[[int], Awaitable[ViewContext]]) -> None:
        self._chat = chat
        self._owners = tuple(owners)
        self._ui_of = ui
        self._not_before = {owner: chat.wall.now() for owner in self._owners}
        self._kept: dict[int, int] | None = None  # as the note says
        self._doubtful: set[tuple[int, int]] = set()  # owner and row: it may be there although no answer came
        self._said: dict[tuple[int, str], datetime] = {}  # when each owner was told of what repeats itself

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._check()
            await self._chat.wall.sleep(_EVERY_S)

    async def _check(self) -> None:
        gate = self._chat.gate
        now = self._chat.wall.now()
        told = await self._told()
        if gate.barred_since is not None and now - gate.barred_since >= AFTER:
            for owner in self._owners:
                if owner != self._chat.id and now >= self._not_before[owner]:
                    await self._tell(owner, told)
        elif told and gate.through and gate.barred_since is None:
            await self._tell_it_works(told)

    async def _tell(self, owner: int, told: dict[int, int]) -> None:
        """Tell one owner what is new: first that the chat is barred, then each critical alert once."""
        gate = self._chat.gate
        ui = await self._ui_of(owner)
        try:
            if owner not in told and gate.barred_since is not None:
                why = gate.barred_by or Failure.REFUSED
                await self._say(owner, barred(gate.barred_since, why, ui))
                await self._remember(told, owner, 0)
            waiting = await self._chat.outbox.critical_after(told[owner], _MANY)
            news = self._news(owner, waiting)
            alone = news if len(news) <= _FEW else [same for same in news if same[-1].event.urgent][:_FEW]
            for same in alone:
                await self._say_once(owner, same, _screen(same, ui), ui)
                self._note_said(owner, same)
                if alone is news:
                    await self._remember(told, owner, same[-1].id)
            if others := [same for same in news if same not in alone]:
                await self._say_once(owner, others[-1], many(others, ui), ui)
                for same in others:
                    self._note_said(owner, same)
            if waiting and waiting[-1].id > told[owner]:
                await self._remember(told, owner, waiting[-1].id)
        except TELEGRAM_FAILURES as error:
            log.warning("owner not told in private", extra={"user": owner, "error": type(error).__name__})
            pause = pause_after(error, 0, PRIVATE_PAUSES)
            self._not_before[owner] = self._chat.wall.now() + timedelta(seconds=pause)

    def _news(self, owner: int, rows: Sequence[EventRow]) -> list[list[EventRow]]:
        """Return the rows that say the same together, by the newest of each, without what has just been repeated."""
        groups: dict[str, list[EventRow]] = {}
        for row in rows:
            key = row.event.fold_key or str(row.id)
            said = self._said.get((owner, key))
            if said is None or row.event.opens_fold or row.event.at - said > _SOUNDS_AGAIN:
                groups.setdefault(key, []).append(row)
        return sorted(groups.values(), key=lambda same: same[-1].id)

    async def _say_once(self, owner: int, same: Sequence[EventRow], screen: Screen, ui: ViewContext) -> None:
        """Say it, and once more, marked, where the answer was lost: more than twice it is not said here."""
        said = (owner, same[-1].id)
        marks = [elsewhere_note(ui), *([resent_note(ui)] if said in self._doubtful else [])]
        try:
            await self._say(owner, screen.under(*marks))
        except TELEGRAM_FAILURES as error:
            if failure(error) is not Failure.DOUBTFUL:
                raise
            if said not in self._doubtful:
                self._doubtful.add(said)
                raise
        self._doubtful.discard(said)

    def _note_said(self, owner: int, same: Sequence[EventRow]) -> None:
        if key := same[-1].event.fold_key:
            self._said[owner, key] = same[-1].event.at

    async def _tell_it_works(self, told: dict[int, int]) -> None:
        for owner in list(told):
            try:
                await self._say(owner, works_again(await self._ui_of(owner)))
            except TELEGRAM_FAILURES as error:
                log.info("owner not told that the chat works", extra={"user": owner, "error": type(error).__name__})
            del told[owner]
        self._said.clear()
        await self._keep(told)

    async def _say(self, owner: int, screen: Screen) -> None:
        """Send the words without buttons: those of an alert belong to the alert chat."""
        await self._chat.sender.send(owner, Screen(screen.blocks))

    async def _told(self) -> dict[int, int]:
        """Return whom it told, and each one's newest row."""
        if self._kept is None:
            stored = await self._chat.notes.get(_NOTE)
            self._kept = {int(owner): int(row) for owner, row in json.loads(stored or "{}").items()}
        return self._kept

    async def _remember(self, told: dict[int, int], owner: int, row_id: int) -> None:
        told[owner] = row_id
        await self._keep(told)

    async def _keep(self, told: dict[int, int]) -> None:
        """Note it for the next start; a disk that takes nothing is no reason to say everything again."""
        try:
            await self._chat.notes.put(_NOTE, json.dumps(told) if told else "")
        except StorageError as error:
            log.warning("told in private, not noted", extra={"error": type(error).__name__})


def _screen(same: Sequence[EventRow], ui: ViewContext) -> Screen:
    newest = same[-1]
    screen = shown(newest.event, ui, newest.id)
    return screen if len(same) == 1 else screen.under(folded_note(len(same), ui.when(newest.event.at), ui))

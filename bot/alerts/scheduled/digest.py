"""The morning digest: what happened while the chat was quiet, once per quiet span (spec 6, alerts).
See decision 0056."""

import logging
from datetime import datetime, timedelta

from bot.alerts.alert_channel import AlertChat
from bot.alerts.scheduled.own_message import OwnMessage
from bot.views.news.digest import digest
from bot.views.news.digest_counts import night_of
from strategy.model import QuietHours, Topic, from_seoul, seoul

log = logging.getLogger(__name__)

_EVERY_S = 30.0
_TOO_LATE = timedelta(hours=12)  # a digest that could not be sent by then would only puzzle


class Digests:
    """One chat's digests, in real time."""

    def __init__(self, chat: AlertChat) -> None:
        self._chat = chat
        self._notes = chat.notes
        self._note = f"chat.digest.{chat.id}"  # of the chat as it was at the start: a move changes no quiet hours
        self._message = OwnMessage(chat, Topic.SYSTEM)

    async def run(self) -> None:
        """Send a digest at the end of each quiet span until cancelled."""
        while True:
            await self._chat.gate.opened()
            await self._check()
            await self._chat.wall.sleep(_EVERY_S)

    async def _check(self) -> None:
        """Send what is due; the note holds the quiet hours and the end of the newest span settled."""
        quiet, now = self._chat.rules().quiet, self._chat.wall.now()
        stored = await self._notes.get(self._note) or ""
        hours, _, settled = stored.partition(" ")
        if quiet is None:
            if stored:
                await self._notes.put(self._note, "")
            return
        begin, end = newest_span(quiet, now)
        if hours != str(quiet):  # just set: what ended before was not a quiet span
            await self._notes.put(self._note, f"{quiet} {end.isoformat()}")
            return
        if datetime.fromisoformat(settled) >= end:
            return
        if now - end > _TOO_LATE or await self._told(begin, end):
            await self._notes.put(self._note, f"{quiet} {end.isoformat()}")

    async def _told(self, begin: datetime, end: datetime) -> bool:
        """Send the digest of a span, where there is anything to say; return whether it is settled."""
        night = night_of(await self._chat.outbox.told_between(begin, end))
        if night.empty:
            return True
        return (await self._message.send(lambda ui: digest(night, begin, end, ui))).settled


def newest_span(quiet: QuietHours, now: datetime) -> tuple[datetime, datetime]:
    """Return begin and end of the quiet span that ended last, as aware instants."""
    today = seoul(now).date()
    day = next(each for each in (today, today - timedelta(days=1)) if from_seoul(each, quiet.ends) <= now)
    begun = day if quiet.begins < quiet.ends else day - timedelta(days=1)
    return from_seoul(begun, quiet.begins), from_seoul(day, quiet.ends)

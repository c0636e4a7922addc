"""Messages that are refused: one is given up only when another got into the same chat since, and it is refused again.

Until then the chat may be the reason (restricted, a closed topic, no right to post): everything is kept and tried again
with growing pauses. Of two refused rows the first goes first again, so that nothing changes its order for long. Nothing
critical is ever given up: where it is itself the reason, that is told, and it is tried again for as long as it takes.
See decision 0141.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from bot.alerts.alert_channel import AlertChat
from bot.alerts.alert_sender import AlertSender
from bot.alerts.overtaking import Overtaken
from bot.transport.api_errors import REST_PAUSES, TELEGRAM_FAILURES, Failure
from bot.views.news.alerts import unshown
from strategy.model import EventRow

log = logging.getLogger(__name__)

_STRIKES = 3  # refusals of one message before the shortest other one is tried where nothing else waits
_STEP_S = 1.0
_STEPS_ASIDE = timedelta(seconds=5)


@dataclass(slots=True)
class _Refusal:
    through: int  # what had got into the chat when it was refused
    strikes: int = 0
    told: bool = False  # that it could not be shown
    rests: int = 0


class RefusedMessages:
    """One chat's."""

    def __init__(self, chat: AlertChat, alert_sender: AlertSender, overtaken: Overtaken) -> None:
        self._outbox = chat.outbox
        self._gate = chat.gate
        self._ui = chat.ui
        self._wall = chat.wall
        self._alert_sender = alert_sender
        alert_sender.on_done(self._forget)
        self._overtaken = overtaken
        self._known: dict[int, _Refusal] = {}
        self._stepped: tuple[int, int] | None = None  # the row that let another go first, and what had got through then

    def knows(self, row_id: int) -> bool:
        return row_id in self._known

    def _forget(self, row_id: int) -> None:
        self._known.pop(row_id, None)

    async def refused(self, row: EventRow, error: Exception, *, others: bool) -> None:
        """Note a refusal, in plain words too, and decide who goes next and when. `others` may go before the row."""
        refusal = self._known.setdefault(row.id, _Refusal(self._gate.through))
        if self._gate.through > refusal.through:
            await self._by_itself(row, refusal, error)
            return
        refusal.strikes += 1
        stepped = self._stepped
        if others and (stepped is None or stepped[1] != self._gate.through):
            self._stepped = (row.id, self._gate.through)
            self._overtaken.put(row, self._wall.now() + _STEPS_ASIDE, or_through=True)
            self._gate.hold(_STEP_S)
            return
        self._stepped = None
        if stepped is not None:
            self._overtaken.clear(stepped[0])
        if not others and refusal.strikes >= _STRIKES and await self._told_unshown(row, refusal, error):
            return
        self._gate.failed(Failure.REFUSED)

    async def _by_itself(self, row: EventRow, refusal: _Refusal, error: Exception) -> None:
        """Give up a row that is refused where others are not; what is critical rests, and is tried again."""
        if not refusal.told and not await self._told_unshown(row, refusal, error):
            refusal.through = self._gate.through  # the chat may have closed meanwhile: begin again
            self._gate.failed(Failure.REFUSED)
            return
        if row.event.critical:
            rest = timedelta(seconds=REST_PAUSES.pause(refusal.rests))
            refusal.rests += 1
            self._overtaken.put(row, self._wall.now() + rest)
            return
        log.error("alert given up", extra={"row": row.id, "kind": row.event.kind})
        await self._outbox.mark_failed(row.id, self._wall.now(), type(error).__name__, give_up=True)
        self._alert_sender.forget(row.id)

    async def _told_unshown(self, row: EventRow, refusal: _Refusal, error: Exception) -> bool:
        """Tell that the row could not be shown; return whether that got through."""
        if refusal.told:
            return False
        reference = secrets.token_hex(3)
        extra = {"row": row.id, "kind": row.event.kind, "reference": reference, "error": type(error).__name__}
        log.error("alert not shown", extra=extra)
        screen = unshown(row.event.kind, reference, await self._ui())
        try:
            await self._alert_sender.resend(screen, topic=row.event.topic, silent=False)
        except TELEGRAM_FAILURES as failed:
            log.info("refusal not told", extra={"row": row.id, "error": type(failed).__name__})
            return False
        refusal.told = True
        return True

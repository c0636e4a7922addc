"""Where the answer to one update goes: into a new message, or in place of the one whose button was pressed."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial

from aiogram.utils.formatting import Bold

from bot.alerts.answered_alerts import AnsweredAlerts
from bot.i18n.formats import span
from bot.i18n.translator import Tongue
from bot.input.permissions import for_role
from bot.role import Role
from bot.transport.api_errors import (
    ANSWER_PAUSES,
    TELEGRAM_FAILURES,
    Failure,
    about_a_topic,
    failure,
    pause_after,
)
from bot.transport.late_answers import LateAnswers
from bot.transport.sender import Gone, Sender
from bot.transport.toast import Toast
from bot.ui.blocks import lines_of, split
from bot.ui.buttons import opening_aside
from bot.ui.screen import Screen
from strategy.model import Clock, Event

log = logging.getLogger(__name__)

_TRIES = 3
_LONGEST_WAIT_S = 30.0  # what a person waits for an answer
_FILE_TRIES = 4
_LONGEST_FILE_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why an answer could not be given."""

    kind: Failure
    wait: float  # seconds after which Telegram may take it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What it takes to answer anybody."""

    sender: Sender
    wall: Clock
    answered_alerts: AnsweredAlerts
    late_answers: LateAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, where, and under which message."""

    user_id: int
    role: Role
    t: Tongue
    chat_id: int
    thread: int | None  # the topic of the question
    pressed: int | None  # the message under the button


class Reply:
    """Answers one person. A failure to answer is never raised: what was asked for has been done. It is noticed instead:
    the press's toast says what the message could not, and an answer that only has to wait comes later.

    Buttons that the person's role may not press are left out.
    """

    def __init__(self, answering: Answering, asker: Asker, toast: Toast) -> None:
        self._sender = answering.sender
        self._wall = answering.wall
        self._answered_alerts = answering.answered_alerts
        self._late_answers = answering.late_answers
        self._toast = toast
        self._chat_id = asker.chat_id
        self._thread = asker.thread
        self._user_id = asker.user_id
        self._role = asker.role
        self._t = asker.t
        self.pressed = asker.pressed

    def answering(self) -> AbstractContextManager[None]:
        """Have the alerts of what the person does in the block wait for the answer that `tell` gives in it."""
        return self._answered_alerts.answering(self._chat_id, self._user_id)

    async def tell(self, screen: Screen, news: Sequence[Event], *, anew: bool = False) -> None:
        """Show what the person did; the alerts of these events need not come where this stands in their place.

        So it is not overwritten either: its buttons open their screens in new messages.
        """
        if not news:
            await (self.say(screen) if anew else self.show(screen))
            return
        kept = replace(screen, keyboard=opening_aside(screen.keyboard))
        rows = await self._answered_alerts.begin(self._chat_id, self._thread, news)
        shown, failed = await self._put(None if anew else self.pressed, kept)
        await self._answered_alerts.end(rows, shown, None if failed is None else failed.kind)
        if failed is not None:
            await self._notice(kept, failed, told_anyway=bool(rows))

    async def become(self, screen: Screen, story: str) -> None:
        """Show what was done in a card that the alerts of that story keep up to date from here on."""
        kept = replace(screen, keyboard=opening_aside(screen.keyboard))
        shown, failed = await self._put(self.pressed, kept)
        if failed is not None:
            await self._notice(kept, failed)
        elif shown is not None:
            await self._answered_alerts.adopt(self._chat_id, self._thread, shown, story)

    async def show(self, screen: Screen) -> None:
        """Show a screen in place of the pressed message, or as a new one."""
        await self.show_at(self.pressed, screen)

    async def show_at(self, message_id: int | None, screen: Screen) -> bool:
        """Show a screen in place of a message, or as a new one where there is none; return whether it is there."""
        _, failed = await self._put(message_id, screen)
        if failed is not None:
            await self._notice(screen, failed)
        return failed is None

    async def show_for_now(self, screen: Screen) -> int | None:
        """Show what a better screen replaces soon; return the message it stands in, None where it could not be shown.

        Nothing is told of a failure: the better screen follows.
        """
        shown, _ = await self._put(self.pressed, screen)
        return shown

    async def say(self, screen: Screen, *, reply_to: int | None = None) -> int | None:
        """Send a new message and return its id, None where it could not be sent."""
        shown, failed = await self._put(None, screen, reply_to=reply_to)
        if failed is not None:
            await self._notice(screen, failed)
        return shown

    async def hand_over(self, name: str, content: bytes, caption: str) -> bool:
        """Send a document with a caption of at most 1024 characters; return whether it arrived for certain."""

        async def send() -> None:
            await self._sender.send_document(self._chat_id, name, content, caption, thread=self._thread)

        return await self._patiently(send, _FILE_TRIES, _LONGEST_FILE_WAIT_S, in_doubt_too=True) is None

    async def _put(
        self, message_id: int | None, screen: Screen, *, reply_to: int | None = None
    ) -> tuple[int | None, Unanswered | None]:
        """Show a screen; return the message it stands in, or None and why it does not."""
        shown = self._for_role(screen)
        if message_id is not None and self._answered_alerts.stands_in(self._chat_id, message_id):
            message_id = None
        if len(split(shown.blocks)) > 1:  # an edit would cut it off: it comes in several messages
            message_id = None
        sent: list[int] = []

        async def put() -> None:
            if message_id is not None and not sent:
                with suppress(Gone):
                    await self._sender.edit(self._chat_id, message_id, shown)
                    return
            await self._sender.send(self._chat_id, shown, reply_to=reply_to, sent=sent, thread=self._thread)

        failed = await self._patiently(put, _TRIES, _LONGEST_WAIT_S)
        for thread in dict.fromkeys((self._thread, None)):  # in plain words, at last outside of the topic
            if failed is not None and failed.kind is Failure.REFUSED:
                plainly = partial(self._sender.send, self._chat_id, shown, sent=sent, plainly=True, thread=thread)
                failed = await self._patiently(plainly, 1, 0)
        if failed is not None:
            return None, failed
        return (sent[-1] if sent else message_id), None

    async def _notice(self, screen: Screen, failed: Unanswered, *, told_anyway: bool = False) -> None:
        """Have the person learn what the message could not say: by the press, in private, or later.

        `told_anyway`: an alert tells the same, so that a late card would say it twice.
        """
        shown = self._for_role(screen)
        in_private = failed.kind.by_the_chat and await self._said_in_private(shown)
        late = not in_private and not told_anyway and not failed.kind.by_the_chat
        if late:
            self._late_answers.put(self._chat_id, self._again(shown, failed.kind), failed.wait, thread=self._thread)
        to_close = failed.kind is not Failure.FLOOD and not in_private
        said = await self._toast.say(self._in_a_toast(screen, failed, in_private=in_private), to_close=to_close)
        extra = {"failure": failed.kind.name.lower(), "private": in_private, "later": late, "toast": said}
        log.warning("answer not sent", extra=extra)

    async def _said_in_private(self, shown: Screen) -> bool:
        """Answer outside of a group that takes no answer; the person may never have spoken to the bot there."""
        if self._chat_id == self._user_id:
            return False
        try:
            await self._sender.send(self._user_id, shown)
        except TELEGRAM_FAILURES as error:
            log.info("not answered in private either", extra={"error": type(error).__name__})
            return False
        return True

    def _again(self, shown: Screen, kind: Failure) -> Screen:
        """Return a late card, marked where it may be there already."""
        if kind is not Failure.DOUBTFUL:
            return shown
        return shown.under(Bold(self._t("♻️ Sent again: you may see this twice.")))

    def _in_a_toast(self, screen: Screen, failed: Unanswered, *, in_private: bool) -> str:
        t = self._t
        if in_private:
            end = t("The answer is in our private chat.")
        elif failed.kind is Failure.FLOOD:
            end = t("The card follows in {span}.", span=span(failed.wait, t))
        else:
            end = t("⚠️ The card could not be shown. Look again with /status or /orders.")
        return f"{_first_words(screen)}\n{end}"

    def _for_role(self, screen: Screen) -> Screen:
        return replace(screen, keyboard=for_role(screen.keyboard, self._role))

    async def _patiently(
        self, call: Callable[[], Awaitable[object]], tries: int, longest_s: float, *, in_doubt_too: bool = False
    ) -> Unanswered | None:
        """Try a few times, waiting no longer at once; return why it failed, None where it did not."""
        for attempt in range(tries):
            try:
                await call()
            except TELEGRAM_FAILURES as error:
                if self._thread is not None and about_a_topic(error):  # closed or deleted: the general one has room
                    self._thread = None
                    return await self._patiently(call, tries, longest_s, in_doubt_too=in_doubt_too)
                kind = failure(error)
                wait = pause_after(error, attempt, ANSWER_PAUSES)
                log.info("answer not taken", extra={"error": type(error).__name__, "attempt": attempt + 1})
                again = kind.wants_time or (in_doubt_too and kind is Failure.DOUBTFUL)
                if not again or attempt + 1 == tries or wait > longest_s:
                    return Unanswered(kind, wait)
                await self._wall.sleep(wait)
            else:
                return None
        return None


def _first_words(screen: Screen) -> str:
    """Return the headline with the sentence after it, as much as a toast has room for."""
    lines = [line for block in screen.blocks for line in lines_of(block)]
    return "\n".join(lines[:2])[:120]

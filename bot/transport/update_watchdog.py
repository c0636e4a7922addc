"""Whether the bot hears what people write, and telling them when it does not: a /stop that nobody hears stops nothing.

What is sent goes out all the same while nothing comes in, so the chat is told why after half a minute, and again when
the bot hears. Both are stored with the fact: a restart neither forgets nor repeats them. See decision 0149.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import WebhookInfo

from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.transport.token_proof import TokenProof
from strategy.model import Clock, Event, Notable, Said, StorageError, Trouble
from strategy.ports import Notes
from strategy.runtime import wait_until_or

log = logging.getLogger(__name__)


class HearingNote(StrEnum):
    WEBHOOK = "hearing.webhook"
    RIVAL = "hearing.rival"
    TOKEN = "hearing.token"
    FLOOD = "hearing.flood"
    SERVERS = "hearing.servers"
    NETWORK = "hearing.network"
    GARBLED = "hearing.garbled"
    REFUSED = "hearing.refused"
    HEARD_IN_PART = "hearing.heard_in_part"
    NOT_HEARD = "hearing.not_heard"
    REMOVE_WEBHOOK = "hearing.remove_webhook"
    STOP_RIVAL = "hearing.stop_rival"
    WAIT = "hearing.wait"
    AT = "hearing.at"
    DEAF = "hearing.deaf"
    AGAIN = "hearing.again"


TOLD_AFTER = timedelta(seconds=30)
WEBHOOK_KEPT = timedelta(minutes=5)  # from the telling; a bot that trades must not stay deaf for somebody's sake
_POLLS_AGAIN_S = 5.0
_PROBE_S = 5.0
_RIVAL_FORGOTTEN = timedelta(seconds=30)
_RIVAL_RETURNS = (
    3  # times in that span that one comes back after polls that worked: it takes a part of what people write
)
_RIVAL_SPAN = timedelta(minutes=10)
_NOTE = "chat.deaf"
KEY = "deaf"


class Deaf(StrEnum):
    """Why polls fail."""

    WEBHOOK = "webhook"
    RIVAL = "rival"
    TOKEN = "token"
    FLOOD = "flood"
    SERVERS = "servers"
    NETWORK = "network"
    GARBLED = "garbled"
    REFUSED = "refused"


def cause(error: BaseException) -> Deaf:
    """Return what a failed poll means."""
    match error:
        case TelegramConflictError():
            return Deaf.WEBHOOK if "webhook" in error.message.lower() else Deaf.RIVAL
        case TelegramUnauthorizedError() | TelegramNotFound():
            return Deaf.TOKEN
        case TelegramRetryAfter():
            return Deaf.FLOOD
        case TelegramServerError():
            return Deaf.SERVERS
        case TelegramNetworkError():
            return Deaf.NETWORK
        case ClientDecodeError():
            return Deaf.GARBLED
        case _:
            return Deaf.REFUSED


def words(why: Deaf) -> Said:
    """Return the cause in words, for within a sentence."""
    return Said(HearingNote[why.name])


_HEARD_IN_PART = Said(HearingNote.HEARD_IN_PART)
_NOT_HEARD = Said(HearingNote.NOT_HEARD)
_TO_DO: dict[Deaf, Said] = {
    Deaf.WEBHOOK: Said(HearingNote.REMOVE_WEBHOOK),
    Deaf.RIVAL: Said(HearingNote.STOP_RIVAL),
}
_WAIT = Said(HearingNote.WAIT)


class UpdateWatchdog:
    """The incoming lane: failed polls in a row, their cause, and what was told of it."""

    def __init__(
        self,
        bot: Bot,
        notes: Notes,
        clock: Clock,
        wall: Clock,
        *,
        proof: TokenProof,
        works_again: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._proof = proof
        self._works_again = works_again  # what is kept back because of a failure may be tried now
        self._notes = notes
        self._clock = clock
        self._wall = wall
        self._turned = asyncio.Event()  # from hearing to not, or back
        self.heard_at: datetime | None = None  # wall time, like the others
        self.deaf_since: datetime | None = None
        self.why: Deaf | None = None
        self._rival_at: datetime | None = None
        self._rival_came: deque[datetime] = deque(maxlen=_RIVAL_RETURNS)  # each time after polls that worked
        self._worked = True
        self._told: tuple[Deaf, datetime] | None = None  # the cause, and since when the bot was deaf
        self._owed: tuple[Deaf, datetime] | None = None  # a refused token that is over before anybody looked
        self._hook_named_at: datetime | None = None
        self._hook_pending = 0  # updates that the webhook had not taken then

    def heard(self, *, undisturbed: bool) -> None:
        """Note a poll that was answered; between two pollers, one that brought something proves nothing yet.

        Where the other one comes now and then, no poll proves anything.
        """
        now = self.heard_at = self._wall.now()
        self._worked = True
        if not undisturbed and self._rival_at is not None and now - self._rival_at < _RIVAL_FORGOTTEN:
            return
        if len(self._rival_came) == _RIVAL_RETURNS and now - self._rival_came[0] < _RIVAL_SPAN:
            return
        if self.deaf_since is not None:
            if self.why is Deaf.TOKEN:
                self._owed = Deaf.TOKEN, self.deaf_since
            self._works_again()
        self.deaf_since = self.why = None
        self._turned.set()

    def doubted(self) -> None:
        """Note that the token was refused at the start: that it is taken again is told, however soon that is."""
        self.why, self.deaf_since = Deaf.TOKEN, self._wall.now()
        self._turned.set()

    def failed(self, began: datetime, error: BaseException) -> None:
        """Note a poll that failed, and when it was begun."""
        self.why = cause(error)
        if self.why is Deaf.RIVAL:
            self._rival_at = self._wall.now()
            if self._worked:
                self._rival_came.append(self._rival_at)
        self._worked = False
        if self.deaf_since is None:
            self.deaf_since = began
            self._turned.set()

    async def watch(self) -> None:
        """Tell the chat what there is to tell, until cancelled."""
        recalled = False
        while True:
            self._turned.clear()
            try:
                if not recalled:
                    self._told, recalled = _read(await self._notes.get(_NOTE)), True
                seconds = await self._step()
            except StorageError as error:
                log.warning("hearing not noted", extra={"error": type(error).__name__})
                seconds = _POLLS_AGAIN_S
            again_at = None if seconds is None else self._wall.now() + timedelta(seconds=seconds)
            await wait_until_or(self._wall, again_at, self._turned)

    async def _step(self) -> float | None:
        """Do what is due and return when to look again; None: when something has turned."""
        since, why = self.deaf_since, self.why
        if since is None or why is None:
            if self.heard_at is not None:
                await self._proof.note()
                if (over := self._told or self._owed) is not None:
                    await self._tell_over(*over)
                    self._owed = None
            return None
        left = (since + TOLD_AFTER - self._wall.now()).total_seconds()
        if left > 0 and why is not Deaf.TOKEN:  # nothing can be sent then: that it is over is told in any case
            return left
        if self._told is None or (why is not self._told[0] and why in _TO_DO):
            await self._tell(why, since)
        elif why is Deaf.WEBHOOK:
            await self._mind_webhook()
        return _POLLS_AGAIN_S

    async def _tell(self, why: Deaf, since: datetime) -> None:
        """Say why nothing is heard, unless nothing could be sent either: then the whole of Telegram is away."""
        where = await self._name_webhook() if why is Deaf.WEBHOOK else ""
        if why is not Deaf.TOKEN and why not in _TO_DO and not await self._answered():
            return
        log.error("telegram is not heard", extra={"cause": why.value, "since": since.isoformat(), "webhook": where})
        to_do = _TO_DO.get(why, _WAIT)
        heard = _HEARD_IN_PART if why is Deaf.RIVAL else _NOT_HEARD
        reason = words(why)
        if where:
            reason = Said(HearingNote.AT, reason=reason, where=where)
        what = Said(HearingNote.DEAF, reason=reason, heard=heard, to_do=to_do)
        told = Trouble(at=self._clock.now(), key=f"{KEY}:{why}", what=what)
        await self._keep((why, since), () if why is Deaf.TOKEN else (told,))

    async def _tell_over(self, why: Deaf, since: datetime) -> None:
        what = Said(HearingNote.AGAIN, length=self._wall.now() - since, reason=words(why))
        log.info("telegram is heard again", extra={"cause": why.value, "since": since.isoformat()})
        await self._keep(None, (Notable(at=self._clock.now(), key=f"{KEY}:{why}", what=what),))

    async def _keep(self, told: tuple[Deaf, datetime] | None, events: Sequence[Event]) -> None:
        words = "" if told is None else f"{told[0]} {told[1].isoformat()}"
        await self._notes.put(_NOTE, words, events)
        self._told = told

    async def _answered(self) -> bool:
        """Return whether Telegram answers anything else."""
        try:
            async with asyncio.timeout(_PROBE_S):
                await self._bot.get_me()
        except (TimeoutError, *TELEGRAM_FAILURES):
            return False
        return True

    async def _name_webhook(self) -> str:
        """Return the host of the webhook, and remember how much waits for it: a press on the button adds to that."""
        info = await self._webhook()
        self._hook_named_at = self._wall.now()
        self._hook_pending = 0 if info is None else info.pending_update_count
        return ((info is not None and urlsplit(info.url).hostname) or "").strip()

    async def _mind_webhook(self) -> None:
        """Remove the webhook as soon as somebody presses or writes past it, and in the end without being asked.

        Who it is cannot be told while the webhook stands; its removal harms nobody but the other program.
        """
        if self._hook_named_at is None:  # it was told before a restart
            await self._name_webhook()
            return
        info = await self._webhook()
        long_enough = self._wall.now() - self._hook_named_at >= WEBHOOK_KEPT
        if info is None or not (long_enough or info.pending_update_count > self._hook_pending):
            return
        with suppress(TimeoutError, *TELEGRAM_FAILURES):
            async with asyncio.timeout(_PROBE_S):
                await self._bot.delete_webhook()
            log.warning("webhook removed", extra={"host": urlsplit(info.url).hostname})

    async def _webhook(self) -> WebhookInfo | None:
        try:
            async with asyncio.timeout(_PROBE_S):
                return await self._bot.get_webhook_info()
        except (TimeoutError, *TELEGRAM_FAILURES):
            return None


def _read(stored: str | None) -> tuple[Deaf, datetime] | None:
    why, _, since = (stored or "").partition(" ")
    return (Deaf(why), datetime.fromisoformat(since)) if since and why in set(Deaf) else None

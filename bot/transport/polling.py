"""Takes updates from Telegram, one by one as they come: what cannot be read is passed by and stops nothing else.

aiogram's own poller reads a batch as one whole, so a single update that its models do not know would come again and
again, with everything behind it, until Telegram forgets it. See decision 0148.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import ClientDecodeError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError

from bot.transport.api_errors import POLL_PAUSES, TELEGRAM_FAILURES, TOKEN_PAUSES, pause_after
from bot.transport.server_clock import ClockWatch
from bot.transport.update_watchdog import UpdateWatchdog
from strategy.model import Clock

log = logging.getLogger(__name__)

_HELD_S = 10  # how long Telegram may hold a poll
_MOST_PATIENCE_S = 10  # ... and how much longer its answer may take: a silent line must be noticed within half a minute

Unread = Callable[[Mapping[str, Any]], Awaitable[None]]


class RawUpdates(TelegramMethod[list[Any]]):
    """getUpdates with each update as it came. `timeout` is seconds (telegram-bot-api 3.3)."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int
    allowed_updates: list[str]


async def poll(poller: "Poller") -> None:
    """Handle updates until cancelled, and watch whether any come."""
    async with asyncio.TaskGroup() as group:
        group.create_task(poller.watchdog.watch())
        group.create_task(poller.listen())


class Poller:
    """One bot's updates, given to its dispatcher. The handlers still at work at the end are counted by `InFlight`."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        bot: Bot,
        wall: Clock,
        watchdog: UpdateWatchdog,
        *,
        unread: Unread,
        clock_watch: ClockWatch,
    ) -> None:
        self._dispatcher = dispatcher
        self._bot = bot
        self._wall = wall
        self.watchdog = watchdog
        self._unread = unread
        self._clock_watch = clock_watch
        self._next: int | None = None  # the first update not confirmed yet
        self._at_work: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Handle updates until cancelled; a poll that fails is repeated after a pause."""
        failures = 0
        while True:
            began = self._wall.now()
            try:
                updates = await self._asked()
            except TELEGRAM_FAILURES as error:
                failures += 1
                await self._pause(began, error, failures)
                continue
            failures = 0
            self.watchdog.heard(undisturbed=not updates)
            for raw in updates:
                self._take(raw)
            await self._clock_watch.check()

    async def _asked(self) -> list[Any]:
        await self._bot.me()  # handlers ask for the bot's name; it is remembered
        kinds = self._dispatcher.resolve_used_update_types()
        method = RawUpdates(offset=self._next, timeout=_HELD_S, allowed_updates=kinds)
        patience = min(self._bot.session.timeout, _MOST_PATIENCE_S)
        found = await self._bot(method, request_timeout=int(_HELD_S + patience))
        known = [raw for raw in found if isinstance(raw, dict) and isinstance(raw.get("update_id"), int)]
        if found and not known:
            raise ClientDecodeError("updates without an id", ValueError("update_id"), None)
        return known

    async def _pause(self, began: datetime, error: Exception, failures: int) -> None:
        of_the_token = isinstance(error, TelegramUnauthorizedError | TelegramNotFound)
        seconds = pause_after(error, failures - 1, TOKEN_PAUSES if of_the_token else POLL_PAUSES)
        log.warning("poll failed", extra={"error": type(error).__name__, "in_a_row": failures, "pause_s": seconds})
        self.watchdog.failed(began, error)
        await self._wall.sleep(seconds)

    def _take(self, raw: Mapping[str, Any]) -> None:
        """Hand an update over and count it as taken: whatever becomes of it, it must not come again."""
        self._next = int(raw["update_id"]) + 1
        update = self._read(raw)
        work = self._unread(raw) if update is None else self._dispatcher.feed_update(self._bot, update)
        task = asyncio.create_task(_done(work, raw["update_id"]))  # noqa: TID251 - outlives the poll on purpose; `InFlight` is waited for
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    def _read(self, raw: Mapping[str, Any]) -> Update | None:
        """Return an update, None for one that the models cannot read; of that the log gets fields, never content."""
        kinds = sorted(set(raw) - {"update_id"})
        try:
            update = Update.model_validate(raw, context={"bot": self._bot})
            update.event_type  # noqa: B018 - raises for a kind nobody knows
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors()[:5]]
            log.warning("update not readable", extra={"update": raw["update_id"], "kinds": kinds, "wrong": wrong})
        except UpdateTypeLookupError:
            log.warning("update of an unknown kind", extra={"update": raw["update_id"], "kinds": kinds})
        else:
            return update
        return None


async def _done(work: Awaitable[Any], update_id: int) -> None:
    try:
        await work
    except Exception:  # a door: the error router could not say it either
        log.exception("update failed", extra={"update": update_id})

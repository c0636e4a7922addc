"""What every update passes, outermost first: allow-list, in-flight count, language, freshness, press answer, role."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message, TelegramObject, Update

from bot.i18n.formats import moment
from bot.i18n.language_choice import Languages
from bot.i18n.translator import Tongue
from bot.input.addressing import Handler, is_ephemeral
from bot.input.command_filter import asked
from bot.input.dialogs import asked_at, outlived
from bot.input.permissions import DIALOGS, needs_command, needs_data
from bot.reply import Answering, Asker, Reply
from bot.request import RequestContext
from bot.role import Role
from bot.transport.server_clock import TelegramTime
from bot.transport.toast import Toast
from bot.ui.buttons import Open, opens_aside, turned
from bot.ui.screen import ViewContext
from bot.views.home import denied, expired, sentence
from strategy.control.control import Control
from strategy.model import Clock
from strategy.runtime import Activity

log = logging.getLogger(__name__)

_OLD = timedelta(minutes=2)
_BEFORE_START = timedelta(seconds=60)
_TOAST_S = 2.0  # a press can be answered for 5 to 15 s (telegram-bot-api 6.10)


class PeopleOnly(BaseMiddleware):
    """Let only listed people pass, and only where their answers stay private; strangers get silence and a log line."""

    def __init__(self, users: frozenset[int], chats: Callable[[], Collection[int]], heard: Callable[[], None]) -> None:
        self._users = users
        self._chats = chats  # beside the private ones
        self._heard = heard

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        user, chat = data.get("event_from_user"), data.get("event_chat")
        user_id, chat_id = (None if each is None else each.id for each in (user, chat))
        if user_id not in self._users:
            log.warning("stranger ignored", extra={"user": user_id, "chat": chat_id})
            return None
        if chat_id not in (None, user_id) and chat_id not in self._chats():
            log.warning("foreign chat ignored", extra={"user": user_id, "chat": chat_id})
            return None
        self._heard()
        return await handler(event, data)


class InFlight(BaseMiddleware):
    """Count handlers at work, so that a stop can wait for them."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        with self._activity():
            return await handler(event, data)


class ContextGiven(BaseMiddleware):
    """Give handlers the language, the moment and the place of the answer."""

    def __init__(
        self,
        *,
        control: Control,
        languages: Languages,
        ui: Callable[[Tongue], ViewContext],
        roles: Mapping[int, Role],
        answering: Answering,
    ) -> None:
        self._control = control
        self._languages = languages
        self._ui = ui
        self._roles = roles
        self._answering = answering

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        user, chat = data["event_from_user"], data.get("event_chat")
        query = event.callback_query if isinstance(event, Update) else None
        pressed, page = None, 0
        if query is not None and (turn := turned(query.data)) is not None:  # another page of a screen is that screen
            with suppress(ValueError):  # no button of ours: too long to be one, and answered as one nobody owns
                opened = query.model_copy(update={"data": Open(screen=turn.screen, ref=turn.ref).pack()})
                event, page = event.model_copy(update={"callback_query": opened}), turn.page
        if query is not None and query.message is not None and not (opens_aside(query.data) or is_ephemeral(query)):
            pressed = query.message.message_id
        role = self._roles[user.id]
        t = await self._languages.meet(user.id, user.language_code)
        toast = data["toast"] = Toast(data["bot"], None if query is None else query.id)
        asker = Asker(
            user_id=user.id,
            role=role,
            t=t,
            chat_id=user.id if chat is None else chat.id,
            thread=data.get("event_thread_id"),
            pressed=pressed,
        )
        data["ctx"] = RequestContext(
            user_id=user.id,
            role=role,
            control=self._control,
            ui=replace(self._ui(t), page=max(page, 0)),
            reply=Reply(self._answering, asker, toast),
        )
        return await handler(event, data)


class Fresh(BaseMiddleware):
    """Answer messages from a downtime with "expired" instead of carrying them out."""

    def __init__(self, time: TelegramTime) -> None:
        self._time = time  # by which messages are stamped
        self.started_at: datetime | None = None  # by this machine's clock

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        if not isinstance(event, Message):
            return await handler(event, data)
        now = self._time.now()
        oldest = now - _OLD
        if self.started_at is not None:
            oldest = max(oldest, now - self._time.since(self.started_at) - _BEFORE_START)
        if event.date >= oldest:
            return await handler(event, data)
        ctx: RequestContext = data["ctx"]
        age = (now - event.date).total_seconds()
        log.info("expired message answered", extra={"user": ctx.user_id, "age_s": age})
        screen = expired(event.text or "…", moment(event.date, now), ctx.ui)
        await ctx.reply.say(screen, reply_to=None if is_ephemeral(event) else event.message_id)
        return None


class RolesOnly(BaseMiddleware):
    """Let a person ask for what the role allows, and say so where it does not: the one place that decides it."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        ctx: RequestContext = data["ctx"]
        need = await self._need(event, data)
        if ctx.role >= need:
            return await handler(event, data)
        log.info("not allowed to this role", extra={"user": ctx.user_id, "role": ctx.role.name, "need": need.name})
        await ctx.reply.say(denied(ctx.role, need, ctx.ui))
        return None

    @staticmethod
    async def _need(event: TelegramObject, data: dict[str, Any]) -> Role:
        if isinstance(event, CallbackQuery):
            return needs_data(event.data)
        text = event.text if isinstance(event, Message) else None
        dialog = data.get("raw_state")
        if dialog and not (text or "").startswith("/"):
            return DIALOGS.get(dialog, Role.VIEWER)
        bot: Bot = data["bot"]
        found = asked(text, (await bot.me()).username)
        return Role.VIEWER if found is None else needs_command(found[0])


class PressAnswered(BaseMiddleware):
    """Answer every press: with its handler, or after a moment beside it, for the button must not spin.

    Until then its toast can still say what a message could not.
    """

    def __init__(self, wall: Clock) -> None:
        self._wall = wall

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        if not isinstance(event, CallbackQuery):
            return await handler(event, data)
        toast: Toast = data["toast"]
        failed: Exception | None = None
        result: Any = None
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(self._after_a_moment(toast))
            try:
                result = await handler(event, data)
            except Exception as error:  # noqa: BLE001 - raised below as it is; the group would wrap it
                failed = error
            waiting.cancel()
        if failed is not None:
            raise failed
        await toast.say()
        return result

    async def _after_a_moment(self, toast: Toast) -> None:
        await self._wall.sleep(_TOAST_S)
        await toast.say()


class Forgetting(BaseMiddleware):
    """What ends an open question: a button, a command however it is typed, or five minutes without an answer.

    A command word always means the command: 비상 must work whatever was asked before. Only /cancel answers a question.
    """

    def __init__(self, wall: Clock) -> None:
        self._wall = wall

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        state: FSMContext | None = data.get("state")
        if state is None:
            return await handler(event, data)
        if data.get("raw_state") and not await self._stays_open(event, state, data):
            await state.set_state(None)
            data["raw_state"] = None  # what the filters of dialogs go by
        result = await handler(event, data)
        if await state.get_state() is not None:
            await asked_at(state, self._wall.now())
        return result

    async def _stays_open(self, event: TelegramObject, state: FSMContext, data: dict[str, Any]) -> bool:
        """Return whether the question is still open for what has come; say so where it is not."""
        if not isinstance(event, Message):
            return False
        bot, ctx = data["bot"], data["ctx"]
        found = asked(event.text, (await bot.me()).username)
        if found is None and not (event.text or "").startswith("/"):
            if not await outlived(state, self._wall.now()):
                return True
            said = ctx.ui.t("That question was open too long and has ended. Nothing changed.")
        elif found == ("cancel", ""):
            return True
        else:
            said = ctx.ui.t("The open question is dropped; nothing of it was done.")
        await ctx.reply.say(sentence(said, ctx.ui))
        return False

"""Puts the bot together for `main.py`: `open_bot` yields what it checks, publishes and runs as tasks."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from aiogram import Bot, Dispatcher
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramMigrateToChat, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import ChatMemberUpdated

from bot.alerts.alert_channel import AlertChat
from bot.alerts.outbox_worker import OutboxWorker
from bot.alerts.scheduled.dashboard import Dashboard
from bot.alerts.scheduled.digest import Digests
from bot.alerts.scheduled.private_fallback import PrivateFallback
from bot.alerts.scheduled.reminders import Reminders
from bot.errors import (
    TelegramChatMoved,
    TelegramChatRefused,
    TelegramTokenDoubted,
    TelegramTokenRefused,
    TelegramUnreachable,
    TelegramWebhookSet,
)
from bot.i18n.language_choice import Languages
from bot.i18n.translator import Tongue, load_catalogs
from bot.input.addressing import Privately, Spoken
from bot.input.command_menu import CommandMenus
from bot.input.dialogs import NotesStorage
from bot.input.first_start import FirstStart
from bot.input.normalising import Typed
from bot.input.unreadable import UnreadableUpdates
from bot.middlewares import ContextGiven, Forgetting, Fresh, InFlight, PeopleOnly, PressAnswered, RolesOnly
from bot.reply import Answering
from bot.role import Role
from bot.routers import make_routers
from bot.settings import TelegramSettings
from bot.transport.api_errors import TELEGRAM_FAILURES
from bot.transport.chat_address import ChatAddress
from bot.transport.chat_migration import FollowedCalls, FollowedUpdates, address_of
from bot.transport.http_session import StatusSession
from bot.transport.late_answers import LateAnswers
from bot.transport.polling import Poller, poll
from bot.transport.reachability import Reachability
from bot.transport.response_types import AnswerTypes
from bot.transport.send_gate import SendGate
from bot.transport.sender import Sender
from bot.transport.server_clock import ClockWatch, Stamps, TelegramTime
from bot.transport.token_proof import TokenProof
from bot.transport.topics import Topics
from bot.transport.update_watchdog import UpdateWatchdog, words
from bot.ui.blocks import block
from bot.ui.screen import ViewContext
from bot.views.home import test_message
from strategy.control.control import Control
from strategy.model import Clock, Environment, Language, Said, Service
from strategy.ports import ChatMessages, Notes, Outbox
from strategy.runtime import Activity
from strategy.runtime.probes import TelegramState

log = logging.getLogger(__name__)

_LEAVING_S = 5.0  # what handlers still at work get at the stop


@dataclass(frozen=True, slots=True)
class BotApp:
    """The running parts. `poll` and `deliver` run until cancelled, as tasks of the caller's group."""

    bot: Bot
    settings: TelegramSettings
    address: ChatAddress
    dispatcher: Dispatcher
    outbox_worker: OutboxWorker
    tasks: tuple[tuple[Service, Callable[[], Awaitable[None]]], ...]  # beside `poll` and `deliver`, until cancelled
    activity: Activity
    languages: Languages
    sender: Sender
    wall: Clock
    contexts: "ViewContexts"
    fresh: Fresh
    reachability: Reachability
    time: TelegramTime
    watchdog: UpdateWatchdog
    proof: TokenProof
    poller: Poller
    menus: CommandMenus

    async def check(self) -> str:
        """Ask getMe within the time limit and return the bot's @name.

        Raises TelegramTokenRefused, and its kind TelegramTokenDoubted where the token has worked before;
        TelegramUnreachable.
        """
        try:
            async with asyncio.timeout(self.settings.telegram_timeout_s):
                me = await self.bot.get_me()  # asked anew each time: `me` would answer from memory
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            refused = TelegramTokenDoubted if await self.proof.given() else TelegramTokenRefused
            raise refused(type(error).__name__) from error
        except (TimeoutError, *TELEGRAM_FAILURES) as error:
            raise TelegramUnreachable(type(error).__name__) from error
        await self.proof.note()
        return f"@{me.username}"

    async def check_incoming(self) -> str:
        """Ask whether anything keeps what people write from this bot.

        Raises TelegramWebhookSet, TelegramTokenRefused, TelegramUnreachable.
        """
        try:
            async with asyncio.timeout(self.settings.telegram_timeout_s):
                info = await self.bot.get_webhook_info()
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise TelegramTokenRefused(type(error).__name__) from error
        except (TimeoutError, *TELEGRAM_FAILURES) as error:
            raise TelegramUnreachable(type(error).__name__) from error
        if info.url:
            raise TelegramWebhookSet(urlsplit(info.url).hostname or "?")
        return ""

    async def chat(self) -> None:
        """Handle commands and presses, and publish the menus beside it for as long as one is missing."""
        failed: Exception | None = None
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(self.menus.keep(), name="menus")
            try:
                await self.poll()
            except Exception as error:  # noqa: BLE001 - raised below as it is; the group would wrap it
                failed = error
            finally:
                publishing.cancel()
        if failed is not None:
            raise failed

    async def send_test(self) -> None:
        """Send a test message to TELEGRAM_CHAT_TEST_ID and nowhere else (S28).

        Raises TelegramTokenRefused, TelegramChatRefused, TelegramChatMoved, TelegramUnreachable.
        """
        screen = test_message(self.contexts.in_(self.languages.default()))
        try:
            async with asyncio.timeout(self.settings.telegram_timeout_s):
                await self.sender.send(self.settings.telegram_chat_test_id, screen)
            if self.address.former:  # it arrived, but `.env` names a chat that is no more
                raise TelegramChatMoved(self.address.id)
        except TelegramUnauthorizedError as error:
            raise TelegramTokenRefused(type(error).__name__) from error
        except TelegramMigrateToChat as error:
            raise TelegramChatMoved(error.migrate_to_chat_id) from error
        except TELEGRAM_FAILURES as error:
            refused = getattr(error, "message", "").startswith(("Bad Request", "Forbidden"))
            raise (TelegramChatRefused if refused else TelegramUnreachable)(type(error).__name__) from error
        except TimeoutError as error:
            raise TelegramUnreachable("TimeoutError") from error

    async def send_now(self, text: Said) -> None:
        """Send a few words to TELEGRAM_CHAT_ID at once, stored nowhere; raise what Telegram raises."""
        ui = self.contexts.in_(self.languages.default())
        async with asyncio.timeout(self.settings.telegram_timeout_s):
            await self.sender.send(self.address.id, ui.screen(block(ui.t.of(text))))

    async def poll(self) -> None:
        """Handle commands and presses."""
        if self.fresh.started_at is None:  # the chat alone may be started again: what came meanwhile is no downtime
            self.fresh.started_at = self.wall.now()
        await poll(self.poller)

    def telegram(self) -> TelegramState:
        """Return how both lanes are, for /health."""
        watchdog = self.watchdog
        return replace(
            self.reachability.state(),
            ahead=self.time.ahead,
            heard_at=watchdog.heard_at,
            deaf_since=watchdog.deaf_since,
            deaf=None if watchdog.why is None else words(watchdog.why),
        )

    async def deliver(self) -> None:
        """Deliver the outbox to TELEGRAM_CHAT_ID."""
        await self.outbox_worker.run()

    async def drain(self, seconds: float) -> bool:
        """Deliver what still waits, within a time limit, once `deliver` has ended; True when nothing is left."""
        return await self.outbox_worker.drain(seconds)


@dataclass(frozen=True, slots=True)
class ViewContexts:
    """Makes frames: the moment of the market in somebody's language."""

    clock: Clock
    wall: Clock
    environment: Environment
    account: str

    def in_(self, t: Tongue) -> ViewContext:
        return ViewContext(
            t=t,
            now=self.clock.now(),
            environment=self.environment,
            account=self.account,
            real_now=self.wall.now(),
        )


async def _at_once() -> None:
    """Wait for nothing."""


@asynccontextmanager
async def open_bot(
    settings: TelegramSettings,
    *,
    control: Control,
    outbox: Outbox,
    notes: Notes,
    messages: ChatMessages,
    clock: Clock,
    wall: Clock,
    environment: Environment,
    account: str,
    version: str = "",
    language: Language = "ko",
    orders_first: Callable[[], Awaitable[None]] = _at_once,
) -> AsyncIterator[BotApp]:
    """Make the bot; nothing is contacted before `check`, `poll` or `deliver`.

    `clock` is market time, `wall` real time (chats live in real time also where the market is simulated). `account`
    is masked already. `orders_first` returns when no order is on its way out: alerts are put into words after it. At
    the end handlers still at work get a moment, then the HTTP session is closed.
    """
    token = settings.telegram_bot_token.get_secret_value()
    url = settings.telegram_api_url
    api = PRODUCTION if url is None else TelegramAPIServer.from_base(url)
    time = TelegramTime(wall)
    bot = Bot(token, session=StatusSession(api=api, timeout=settings.telegram_timeout_s, dated=time.heard))
    bot.session.middleware(Stamps(time))
    reachability = Reachability(wall)
    bot.session.middleware(reachability)
    bot.session.middleware(AnswerTypes())
    languages = Languages(load_catalogs(), notes, language)
    contexts = ViewContexts(clock, wall, environment, account)
    sender = Sender(bot)
    chat_id = settings.telegram_chat_id
    address = await address_of(chat_id, notes, clock)
    bot.session.middleware(FollowedCalls(address))

    async def chat_ui() -> ViewContext:
        await orders_first()
        return contexts.in_(await languages.of(chat_id) if chat_id > 0 else languages.default())

    alerts = AlertChat(
        address=address,
        bot=bot,
        sender=sender,
        topics=Topics(bot, notes, address, languages.default),
        gate=SendGate(wall),
        orders_first=orders_first,
        ui=chat_ui,
        rules=control.system.alert_rules,
        outbox=outbox,
        notes=notes,
        messages=messages,
        wall=wall,
    )
    outbox_worker = OutboxWorker(alerts, clock)
    reminders, digests, dashboard = Reminders(alerts), Digests(alerts), Dashboard(alerts, control)
    activity = Activity()

    async def ui_of(user_id: int) -> ViewContext:
        await orders_first()
        return contexts.in_(await languages.of(user_id))

    owners = [user_id for user_id, role in settings.roles.items() if role is Role.OWNER]
    private_fallback = PrivateFallback(alerts, owners, ui_of)
    late_answers = LateAnswers(sender, wall)
    fresh = Fresh(time)
    dispatcher = Dispatcher(
        storage=NotesStorage(notes),
        disable_fsm=True,
        languages=languages,
        program=version,
        reminders=reminders,
        first_start=FirstStart(notes),
    )

    def chats() -> frozenset[int]:
        return frozenset({address.id, settings.telegram_chat_test_id})

    for middleware in (
        FollowedUpdates(address),
        Spoken(),
        PeopleOnly(settings.allowed_users, chats, outbox_worker.nudge),
        InFlight(activity),
        Privately(),
        dispatcher.fsm,
        ContextGiven(
            control=control,
            languages=languages,
            ui=contexts.in_,
            roles=settings.roles,
            answering=Answering(
                sender=sender, wall=wall, answered_alerts=outbox_worker.answered_alerts, late_answers=late_answers
            ),
        ),
    ):
        dispatcher.update.outer_middleware(middleware)
    dispatcher.message.outer_middleware(Typed())
    dispatcher.message.outer_middleware(fresh)
    dispatcher.callback_query.outer_middleware(PressAnswered(wall))
    for observer in (dispatcher.message, dispatcher.callback_query):
        observer.outer_middleware(RolesOnly())
        observer.outer_middleware(Forgetting(wall))
    dispatcher.my_chat_member.register(_unblocked)
    dispatcher.include_routers(*make_routers())
    proof = TokenProof(notes, token)
    watchdog = UpdateWatchdog(bot, notes, clock, wall, proof=proof, works_again=outbox_worker.nudge)
    unread = UnreadableUpdates(sender, settings.allowed_users, chats, contexts.in_, languages, wall=wall)
    try:
        yield BotApp(
            bot=bot,
            settings=settings,
            address=address,
            dispatcher=dispatcher,
            outbox_worker=outbox_worker,
            tasks=(
                (Service.REMINDERS, reminders.run),
                (Service.DIGESTS, digests.run),
                (Service.DASHBOARD, dashboard.run),
                (Service.IN_PRIVATE, private_fallback.run),
                (Service.LATE_ANSWERS, late_answers.run),
            ),
            activity=activity,
            languages=languages,
            sender=sender,
            wall=wall,
            contexts=contexts,
            fresh=fresh,
            reachability=reachability,
            time=time,
            watchdog=watchdog,
            proof=proof,
            poller=Poller(dispatcher, bot, wall, watchdog, unread=unread, clock_watch=ClockWatch(time, notes, clock)),
            menus=CommandMenus(bot, settings, languages, wall, address),
        )
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVING_S):
                await activity.until_quiet()
        await bot.session.close()


async def _unblocked(event: ChatMemberUpdated) -> None:
    """Note that somebody blocked or unblocked the bot; the allow-list has nudged the delivery already."""
    log.info("chat membership changed", extra={"chat": event.chat.id, "status": event.new_chat_member.status})

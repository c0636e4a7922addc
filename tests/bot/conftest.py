"""The bot against a local Telegram on loopback, with fakes of the core behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiogram.client.session.aiohttp import AiohttpSession

from bot.app import BotApp, open_bot
from bot.i18n.translator import Catalogs, Tongue, load_catalogs
from bot.input.first_start import KEY as FIRST_START
from bot.localchat import LocalChat
from bot.settings import TelegramSettings
from bot.ui.screen import ViewContext
from strategy.model import Clock, Environment, Language, Service, SystemClock
from tests.fakes import samples
from tests.fakes.chat_core import FakeControl
from tests.fakes.chat_storage import FakeNotes, FakeOutbox
from tests.fakes.clock import FakeClock
from tests.support.person import Person, present


@dataclass
class Room:
    """A running bot with everything around it."""

    chat: LocalChat
    app: BotApp
    control: FakeControl
    outbox: FakeOutbox
    notes: FakeNotes
    market: FakeClock
    owner: Person

    def visitor(self, user_id: int) -> AbstractAsyncContextManager[Person]:
        return present(self.chat.url, user_id)


@pytest.fixture(autouse=True)
def _no_wait_at_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiogram waits a quarter of a second for TLS sockets at each close; loopback has none."""

    async def close(self: AiohttpSession) -> None:
        if self._session is not None and not self._session.closed:
            await self._session.close()

    monkeypatch.setattr(AiohttpSession, "close", close)


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
def outbox() -> FakeOutbox:
    return FakeOutbox()


@pytest.fixture
def notes() -> FakeNotes:
    """Return notes of an owner who has been led through the first settings already."""
    made = FakeNotes()
    made.stored[FIRST_START] = "asked"
    return made


@pytest.fixture(scope="session")
def catalogs() -> Catalogs:
    return load_catalogs()


@pytest.fixture
def ui(catalogs: Catalogs) -> Callable[..., ViewContext]:
    def make(language: Language = "ko", environment: Environment = Environment.VIRTUAL) -> ViewContext:
        return ViewContext(
            t=Tongue(catalogs, language), now=samples.NOW, environment=environment, account=samples.MASKED
        )

    return make


def telegram_settings(chat: LocalChat, **changes: str) -> TelegramSettings:
    values = {
        "telegram_bot_token": chat.token,
        "telegram_chat_id": str(chat.owner_id),
        "telegram_chat_test_id": str(chat.owner_id),
        "telegram_api_url": chat.url,
        "telegram_timeout_s": "2",
        **changes,
    }
    return TelegramSettings.model_validate(values)


OpenRoom = Callable[..., AbstractAsyncContextManager[Room]]


@pytest.fixture
def open_room(control: FakeControl, outbox: FakeOutbox, notes: FakeNotes) -> OpenRoom:
    """Return a maker of rooms; a second room on the same chat is the bot after a restart."""

    @asynccontextmanager
    async def make(
        *,
        chat: LocalChat | None = None,
        polls: bool = True,
        delivers: bool = False,
        runs: Collection[Service] = (),
        language: Language = "ko",
        wall: Clock | None = None,
        environment: Environment = Environment.VIRTUAL,
        **settings: str,
    ) -> AsyncIterator[Room]:
        own = LocalChat(rates=None) if chat is None else None
        running = chat or own
        assert running is not None
        if own is not None:
            await own.start()
        market = FakeClock(samples.NOW)
        control.outbox = notes.outbox = outbox
        try:
            async with (
                open_bot(
                    telegram_settings(running, **settings),
                    control=control.services,
                    outbox=outbox,
                    notes=notes,
                    messages=notes.messages,
                    clock=market,
                    wall=wall or SystemClock(),
                    environment=environment,
                    account=samples.MASKED,
                    version="1.2.3",
                    language=language,
                ) as app,
                present(running.url, running.owner_id) as owner,
                asyncio.TaskGroup() as group,
            ):
                await owner.post("person", language_code=language)  # what an app speaks goes before the default
                tasks = [group.create_task(app.poll())] if polls else []
                tasks += [group.create_task(app.deliver())] if delivers else []
                tasks += [group.create_task(_run(task)) for name, task in app.tasks if name in runs]
                yield Room(running, app, control, outbox, notes, market, owner)
                for task in tasks:
                    task.cancel()
        finally:
            if own is not None:
                await own.aclose()

    return make


@pytest.fixture
def wall() -> FakeClock:
    """Real time, which the tests move; the market clock of a room stands at the same instant."""
    return FakeClock(samples.NOW)


@pytest.fixture
def delivering(open_room: OpenRoom, wall: FakeClock) -> OpenRoom:
    """Return a maker of rooms that deliver, on the clock that the test moves."""

    def make(**options: Any) -> AbstractAsyncContextManager[Room]:
        return open_room(**{"polls": False, "delivers": True, "wall": wall, **options})

    return make


async def _run(task: Callable[[], Awaitable[None]]) -> None:
    await task()


@pytest.fixture
async def room(open_room: OpenRoom) -> AsyncIterator[Room]:
    async with open_room() as made:
        yield made

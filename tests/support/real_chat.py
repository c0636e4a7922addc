"""The chat from outside: a person, a Telegram on loopback, the real Dispatcher, and the real core on real storage."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.app import open_bot
from bot.localchat import LocalChat
from bot.settings import TelegramSettings
from strategy.model import Clock, Environment, Language, SystemClock
from strategy.settings.schema import TradingSettings
from tests.fakes import samples
from tests.support.engine_bench import Bench, World, running
from tests.support.person import Json, Person, present


@dataclass(frozen=True, slots=True)
class RealChat:
    """What a person sees, and the bench behind it."""

    owner: Person
    bench: Bench

    async def presses(self, message: Json, label: str) -> Json:
        """Press a button; return the bot's next message, or the same one as it was edited."""
        shown = await self.owner.does(message, label)
        await self.bench.settle()
        return self.owner.screen[shown["id"]]


@asynccontextmanager
async def real_chat(
    path: Path,
    world: World,
    *,
    settings: TradingSettings,
    language: Language = "ko",
    environment: Environment = Environment.VIRTUAL,
    wall: Clock | None = None,
    delivers: bool = False,
    chat_settings: Mapping[str, str] | None = None,
) -> AsyncIterator[RealChat]:
    """Run core and bot on the storage in `path`; with `delivers` the alerts come too."""
    chat = LocalChat(rates=None)
    await chat.start()
    telegram = TelegramSettings.model_validate(
        {
            "telegram_bot_token": chat.token,
            "telegram_chat_id": str(chat.owner_id),
            "telegram_chat_test_id": str(chat.owner_id),
            "telegram_api_url": chat.url,
            "telegram_timeout_s": "2",
            **(chat_settings or {}),
        }
    )
    try:
        async with (
            running(path, world, settings=settings, environment=environment) as bench,
            open_bot(
                telegram,
                control=bench.core.control,
                outbox=bench.storage.outbox,
                notes=bench.storage.notes,
                messages=bench.storage.messages,
                clock=world.clock,
                wall=wall or SystemClock(),
                environment=environment,
                account=samples.MASKED,
                language=language,
            ) as app,
            present(chat.url, chat.owner_id) as owner,
            asyncio.TaskGroup() as group,
        ):
            await owner.post("person", language_code=language)  # what an app speaks goes before the default
            tasks = [group.create_task(app.poll()), *([group.create_task(app.deliver())] if delivers else [])]
            yield RealChat(owner, bench)
            for task in tasks:
                task.cancel()
    finally:
        await chat.aclose()

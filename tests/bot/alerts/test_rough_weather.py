"""Property: whatever Telegram refuses, floods, loses or moves, and however often we start, each alert arrives."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.app import BotApp, open_bot
from bot.localchat import LocalChat
from storage.database import Storage, open_storage
from strategy.model import Environment, Event, OrderStatus
from tests.bot.conftest import telegram_settings
from tests.fakes import samples
from tests.fakes.chat_core import FakeControl
from tests.fakes.clock import FakeClock, settle
from tests.support.alert_rooms import changed
from tests.support.person import Json
from tests.support.rough_weather import Flights
from tests.support.words import made_up

Deed = tuple[Any, ...]

REFUSALS = (
    (400, "Bad Request: TOPIC_CLOSED"),
    (400, "Bad Request: CHAT_RESTRICTED"),
    (400, "Bad Request: not enough rights to send text messages to the chat"),
    (403, "Forbidden: bot was kicked from the supergroup chat"),
    (406, "Not Acceptable"),
    (409, "Conflict"),
    (413, "Request Entity Too Large"),
)
times = st.integers(1, 6)
methods = st.sampled_from(("", "sendMessage"))  # of every call, or of messages alone
deeds = st.one_of(
    st.tuples(st.just("refused"), st.sampled_from(REFUSALS), times),
    st.tuples(st.just("flood"), st.sampled_from((0, 1, 7, 40)), st.integers(1, 3)),
    st.tuples(st.just("lost"), st.sampled_from(("timeout_after_send", "error_after_send")), methods, times),
    st.tuples(st.just("never arrived"), st.sampled_from(("timeout_before", "garbage")), methods, times),
    st.tuples(st.just("migrates")),
    st.tuples(st.just("restarts")),
)
lives = st.lists(st.tuples(deeds, st.integers(0, 2), st.sampled_from((0, 3, 30))), min_size=1, max_size=30)


class Sea:
    """One chat and one database, and the bot's lives between them."""

    def __init__(self, chat: LocalChat, storage: Storage, http: aiohttp.ClientSession, group: int) -> None:
        self.chat = chat
        self.storage = storage
        self.group = group
        self.wall = FakeClock(samples.NOW)
        self.market = FakeClock(samples.NOW)
        self.told = 0
        self._http = http
        self._flights = Flights()

    @asynccontextmanager
    async def life(self) -> AsyncIterator[BotApp]:
        """Let the bot deliver for the time of the block."""
        people = {"telegram_chat_id": str(self.group), "telegram_allowed_user_ids": str(self.chat.owner_id)}
        async with open_bot(
            telegram_settings(self.chat, **people),
            control=FakeControl().services,
            outbox=self.storage.outbox,
            notes=self.storage.notes,
            messages=self.storage.messages,
            clock=self.market,
            wall=self.wall,
            environment=Environment.VIRTUAL,
            account=samples.MASKED,
        ) as app:
            app.bot.session.middleware(self._flights)
            async with asyncio.TaskGroup() as tasks:
                delivering = tasks.create_task(app.deliver())
                yield app
                delivering.cancel()

    async def adds(self, count: int) -> None:
        for _ in range(count):
            self.told += 1
            await self.storage.outbox.add(alerts(self.told))

    async def post(self, path: str, **body: Any) -> Json:
        async with self._http.post(f"{self.chat.url}/user/{path}", json=body) as response:
            found: Json = await response.json()
            return found

    async def passes(self, seconds: float) -> None:
        """Let time pass; nobody is at work when it goes on."""
        for _ in range(int(seconds)):
            await self.lull()
            if self.wall.next_wake is not None:
                await self.wall.advance(1)

    async def lull(self) -> None:
        quiet = 0
        async with asyncio.timeout(30):
            while quiet < 4:
                await settle(10)
                waits = await self.storage.outbox.pending(1)
                idle = not self._flights.count and (self.wall.next_wake is not None or not waits)
                quiet = quiet + 1 if idle else 0

    async def texts(self) -> list[list[str]]:
        """Return what the owner was told, in the group as it was and in what it became."""
        found: list[list[str]] = []
        for chat_id in (self.group, *(await self._moved_to())):
            params = {"after": "0", "chat_id": str(chat_id)}
            async with self._http.get(f"{self.chat.url}/user/messages", params=params) as response:
                said = [each for each in await response.json() if each["from"]["is_bot"] and each.get("text")]
            found.append([each["text"] for each in sorted(said, key=lambda each: int(each["id"]))])
        return found

    async def _moved_to(self) -> list[int]:
        return [chat.migrated_to for chat in self.chat._world.chats.values() if chat.migrated_to is not None]


def alerts(number: int) -> list[Event]:
    """Return a critical alert, and what becomes of an order."""
    order = samples.order(number, OrderStatus.SENT)
    part = samples.order(number, OrderStatus.PARTIALLY_FILLED, filled_qty=3, filled_amount=Decimal("183.57"))
    rest = samples.fill(7, f"{number}.72", order_no=number, key=f"{number}b")
    return [
        samples.trouble(f"alarm{number}", what=made_up(f"경보 {number}.", f"alarm {number}.")),
        changed(order),
        changed(part, last_fill=samples.fill(3, f"{number}.31", order_no=number, key=f"{number}a")),
        changed(samples.filled_order(number), last_fill=rest),
    ]


async def voyage(steps: Sequence[tuple[Deed, int, int]], directory: Path) -> list[list[str]]:
    async with aiohttp.ClientSession() as http, open_storage(directory) as storage, LocalChat(rates=None) as chat:
        async with http.post(f"{chat.url}/user/group", json={"title": "desk", "type": "group"}) as response:
            group = int((await response.json())["chat_id"])
        sea = Sea(chat, storage, http, group)
        await sailed(sea, list(steps))
        assert await storage.outbox.pending(10) == []
        rows = await storage.outbox.told_between(samples.NOW - timedelta(days=1), samples.NOW + timedelta(days=9))
        assert len([row for row in rows if getattr(row.event, "key", "") != "chat_moved"]) == 4 * sea.told
        return await sea.texts()


async def sailed(sea: Sea, steps: list[tuple[Deed, int, int]]) -> None:
    while True:
        async with sea.life():
            while steps:
                deed, count, seconds = steps.pop(0)
                if deed[0] == "restarts":
                    break
                await befall(sea, deed)
                await sea.adds(count)
                await sea.passes(seconds)
            else:
                await sea.adds(1)
                await sea.passes(1)
                async with sea._http.delete(f"{sea.chat.url}/user/fault"):
                    pass
                await sea.passes(600)
                return


async def befall(sea: Sea, deed: Deed) -> None:
    match deed:
        case ("refused", (code, description), count):
            await sea.post("fault", kind="error", code=code, description=description, times=count)
        case ("flood", seconds, count):
            await sea.post("fault", kind="error", code=429, retry_after=seconds, times=count)
        case ("lost" | "never arrived", "error_after_send", method, count):
            await sea.post("fault", kind="error_after_send", code=502, method=method, times=count)
        case ("lost" | "never arrived", kind, method, count):
            await sea.post("fault", kind=kind, seconds=0, method=method, times=count)
        case ("migrates",):
            await sea.post("fault", kind="migrate", chat_id=sea.group, silent=True)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(lives)
@example(
    [
        (("lost", "timeout_after_send", "", 3), 2, 3),
        (("restarts",), 1, 0),
        (("lost", "error_after_send", "sendMessage", 6), 2, 30),
    ]
)
@example([(("lost", "timeout_after_send", "sendMessage", 2), 1, 3), (("migrates",), 0, 30)])
@example([(("refused", REFUSALS[0], 6), 2, 30), (("migrates",), 2, 3), (("refused", REFUSALS[3], 6), 1, 0)])
def test_every_alert_arrives_once_or_twice_and_each_order_in_order(steps: list[tuple[Deed, int, int]]) -> None:
    with TemporaryDirectory() as directory:
        chats = asyncio.run(voyage(steps, Path(directory)))
    texts = [text for chat in chats for text in chat]
    numbers = {int(each) for text in texts for each in re.findall(r"경보 (\d+)\.", text)}
    assert numbers == set(range(1, max(numbers) + 1))
    for number in numbers:
        copies = [text for text in texts if f"경보 {number}." in text]
        assert copies, number
        for chat in chats:  # where the group has moved, nobody can look in the old chat for what came through there
            assert sum(f"경보 {number}." in text for text in chat) <= 2, number
        assert all("재전송" in text for text in copies[1:])
        fills = [place for place, text in enumerate(texts) if re.search(r"매수 체결: TQQQ \d+/10", text)]
        assert fills
    assert not any("표시하지 못했습니다" in text for text in texts if "경보" in text)

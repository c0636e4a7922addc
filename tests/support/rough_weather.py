"""What the tests of a Telegram that refuses share: time that passes only while nothing is on its way."""

import asyncio
from collections.abc import Callable

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from tests.bot.conftest import Room
from tests.fakes.clock import FakeClock, settle
from tests.support.person import Json

PATIENCE_S = 30


class Flights(BaseRequestMiddleware):
    """Counts the calls under way."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        self.count += 1
        try:
            return await make_request(bot, method)
        finally:
            self.count -= 1


class Weather:
    """Lets time pass for one bot."""

    def __init__(self, room: Room, wall: FakeClock) -> None:
        self._room = room
        self._wall = wall
        self._flights = Flights()
        room.app.bot.session.middleware(self._flights)

    async def lull(self) -> None:
        """Wait until no call is under way and somebody sleeps, or nothing is left to tell."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await settle(20)
                if not self._flights.count and (self._wall.next_wake is not None or self._room.outbox.idle.is_set()):
                    return

    async def passes(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> float:
        """Let time pass, whoever wakes being done before it goes on; return how much passed."""
        passed = 0.0
        while passed < seconds:
            await self.lull()
            if until():
                break
            await self._wall.advance(1)
            passed += 1
        await self.lull()
        return passed


async def shown(room: Room) -> list[Json]:
    """Return the bot's messages as they are now, oldest first: asked for, not as they come in."""
    found = [each for each in await room.owner.get("messages", after=0) if each["from"]["is_bot"]]
    return sorted((each for each in found if each.get("text") and not each.get("deleted")), key=lambda each: each["id"])


async def texts(room: Room) -> list[str]:
    return [each["text"] for each in await shown(room)]


async def clear(room: Room) -> None:
    """End every fault."""
    async with room.owner._http.delete(f"{room.chat.url}/user/fault"):
        pass

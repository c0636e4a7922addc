"""A local chat whose bot is played by the test, and the page of its owner."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession

from bot.localchat import LocalChat
from kis.simulator.clock import SimClock
from kis.simulator.demo import demo
from kis.simulator.market.market import SimMarket
from kis.simulator.market.replay import read_replay
from kis.simulator.options import SimulatorOptions
from kis.simulator.server import Simulator
from tests.bot.localchat.conftest import TOKEN, Api, User
from tests.e2e.browser import Browser, Locator, Page, expect
from tests.e2e.screens import DESKTOP, Look, Screen, open_screen

DESK = Look(*DESKTOP)


@dataclass(slots=True)
class Talk:
    """The bot's side, the person's side over HTTP, and the person's screen."""

    chat: LocalChat
    api: Api
    user: User
    screen: Screen
    simulator: Simulator | None

    @property
    def page(self) -> Page:
        return self.screen.page

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    async def bot_says(self, text: str, **more: Any) -> int:
        """Send a message of the bot's, wait until it is on the screen, and return its id."""
        sent = await self.api.ok("sendMessage", chat_id=self.user.id, text=text, **more)
        await self.node(sent["message_id"]).wait_for()
        return int(sent["message_id"])

    def node(self, message_id: int) -> Locator:
        return self.page.locator(f'[data-id="{message_id}"]')

    async def answer(self, text: str = "", **more: Any) -> dict[str, Any]:
        """Answer the next press as the bot and return the query."""
        offset, query = 0, None
        while query is None:
            for update in await self.api.ok("getUpdates", timeout=20, offset=offset):
                offset, query = update["update_id"] + 1, update.get("callback_query")
        await self.api.ok("getUpdates", offset=offset)
        await self.api.ok("answerCallbackQuery", callback_query_id=query["id"], text=text, **more)
        return dict(query)

    async def said(self) -> list[str]:
        """Return what the person has said so far, as the bot would get it."""
        return [message["text"] for message in await self.user.messages() if not message["from"]["is_bot"]]

    async def until_said(self, text: str) -> None:
        await self.user.until(lambda shown: any(m["text"] == text and not m["from"]["is_bot"] for m in shown))


def keys(*rows: list[str], **more: Any) -> dict[str, Any]:
    """Return an inline keyboard whose buttons carry their own words."""
    return {"inline_keyboard": [[{"text": text, "callback_data": text, **more} for text in row] for row in rows]}


@asynccontextmanager
async def still_market() -> AsyncIterator[Simulator]:
    """Run a simulated KIS whose market time stands still soon after the open of the made-up day."""
    day = demo()
    start = day.start + timedelta(minutes=2)
    market = SimMarket(start, replay=read_replay(day.path))
    clock = SimClock(start, speed=0)
    simulator = Simulator(SimulatorOptions(holdings=day.holdings), market=market, clock=clock)
    await simulator.start(0)
    try:
        yield simulator
    finally:
        await simulator.aclose()


@asynccontextmanager
async def talk(
    browser: Browser, look: Look = DESK, *, market: bool = False, path: str = "", speaks: str = ""
) -> AsyncIterator[Talk]:
    """Open the page of a fresh chat; at the end nothing may have been complained of on its console.

    The chat speaks `speaks`, where that is not the language of the browser.
    """
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(still_market()) if market else None
        chat = LocalChat(
            token=TOKEN,
            language=speaks or look.language,
            rates=None,
            simulator_url=simulator.rest_url if simulator else "",
        )
        await stack.enter_async_context(chat)
        http = await stack.enter_async_context(ClientSession())
        screen = await stack.enter_async_context(open_screen(browser, f"{chat.url}/{path}", look))
        if market:
            await expect(screen.page.get_by_test_id("market-prices").locator("li")).not_to_have_count(0)
        yield Talk(chat, Api(http, chat.url), User(http, chat.url, chat.owner_id), screen, simulator)
        assert screen.complaints == []

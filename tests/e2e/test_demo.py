"""The product in a browser, from the first press to a restart: simulated KIS, local chat and the real program.

The program is a process of its own, so it can be stopped and started again while the chat and the market live on.
`UPDATE_SCREENS=1` lets these tests write the page's pictures in `docs/screens/`.
"""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.localchat import LocalChat
from kis.simulator.clock import SimClock
from kis.simulator.demo import demo
from kis.simulator.market.market import SimMarket
from kis.simulator.market.replay import read_replay
from kis.simulator.options import KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator
from tests.bot.localchat.conftest import User
from tests.e2e.browser import Browser, Locator, Page, expect
from tests.e2e.screens import DESKTOP, PHONE, Look, Screen, open_screen
from tests.test_main import QUOTE_KEY, env_file, process

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

PATIENCE_S = 150  # a loaded machine starts a program slowly; nothing here measures speed
SCREENS = Path(__file__).parents[2] / "docs" / "screens"


@dataclass(slots=True)
class Stage:
    """The market and the chat, which outlive the program, and the owner's screen."""

    simulator: Simulator
    chat: LocalChat
    user: User
    screen: Screen
    directory: Path
    program: asyncio.subprocess.Process | None = None

    @property
    def page(self) -> Page:
        return self.screen.page

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def said(self, words: str | re.Pattern[str]) -> Locator:
        """Return the bot's messages that contain these words, newest last."""
        text = self.page.get_by_test_id("message-text").filter(has_text=words)
        return self.page.locator('[data-from="bot"]').filter(has=text)

    async def hear(self, words: str | re.Pattern[str]) -> Locator:
        """Wait until the bot has said these words and return the newest such message."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while await self.said(words).count() == 0:
                    if self.program is not None and self.program.returncode is not None:
                        _, errors = await self.program.communicate()
                        raise AssertionError(f"the program ended: {errors.decode()}")
                    with suppress(AssertionError):
                        await expect(self.said(words).last).to_be_attached(timeout=2_000)
        except TimeoutError:
            texts = [message["text"] for message in await self.user.messages()]
            raise AssertionError(f"nobody said {words!r}, but: {texts}") from None
        return self.said(words).last

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run the program beside the market for as long as the block takes."""
        async with process(self.directory, "--sim-clock", self.simulator.rest_url) as self.program:
            yield self.program

    async def stop(self, number: signal.Signals) -> None:
        """Let the program end in order."""
        assert self.program is not None
        self.program.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            await self.program.communicate()
        assert self.program.returncode == 0

    async def pace(self, speed: int) -> None:
        """Set the market's pace as a person does."""
        await self.at(f"pace-{speed}").click()
        await expect(self.at(f"pace-{speed}")).to_have_attribute("aria-pressed", "true")

    async def press(self, message: Locator, words: str) -> None:
        await message.get_by_test_id("inline-button").filter(has_text=words).first.click()

    async def type(self, text: str) -> None:
        await self.at("text").fill(text)
        await self.page.keyboard.press("Enter")

    async def picture(self, name: str) -> None:
        """Write a picture for the documents, when asked to."""
        if os.environ.get("UPDATE_SCREENS") == "1":
            await self.page.mouse.move(1, 1)
            await self.at("toast").first.wait_for(state="detached")
            await self.page.screenshot(path=SCREENS / f"page-{name}.png", animations="disabled", caret="hide")


@asynccontextmanager
async def stage(browser: Browser, directory: Path, look: Look) -> AsyncIterator[Stage]:
    """Open market, chat and page; the program is not running yet. The console must stay silent to the end."""
    day = demo()
    options = SimulatorOptions(keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),), holdings=day.holdings)
    market = SimMarket(day.start, replay=read_replay(day.path))
    async with AsyncExitStack() as stack:
        simulator = Simulator(options, market=market, clock=SimClock(day.start, speed=1))
        stack.push_async_callback(simulator.aclose)
        await simulator.start(0)
        chat = await stack.enter_async_context(LocalChat(language=look.language, simulator_url=simulator.rest_url))
        env_file(directory, simulator, chat)
        http = await stack.enter_async_context(ClientSession())
        screen = await stack.enter_async_context(open_screen(browser, chat.url, look))
        yield Stage(simulator, chat, User(http, chat.url, chat.owner_id), screen, directory)
        assert screen.complaints == []


async def test_start_status_setting_buy_stop_restart_and_on(browser: Browser, tmp_path: Path) -> None:
    async with stage(browser, tmp_path, Look(*DESKTOP)) as on:
        await on.at("start").click()
        async with on.running():
            await on.hear("시작했습니다")
            await on.pace(60)
            bought = await on.hear("매수 체결: TQQQ")
            await expect(bought.get_by_test_id("reply-quote")).to_contain_text("매수 TQQQ #")
            await on.pace(1)
            await expect(on.at("market-account")).to_contain_text("TQQQ")

            await on.at("guide-status").click()
            status = await on.hear("📊 상태")
            await expect(on.at("guide-status")).to_have_class("step done")
            await expect(status.get_by_test_id("inline-button")).not_to_have_count(0)

            await on.type("/settings")
            settings = await on.hear("되돌릴 수 있습니다")
            number = await settings.get_attribute("data-id")
            settings = on.page.locator(f'[data-id="{number}"]')
            await on.press(settings, "RSI")
            await on.press(settings, "RSI_OVERSOLD")
            await on.press(settings, "➕")
            await expect(settings).to_contain_text("50 → 51")
            await on.press(settings, "51 적용")
            await expect(settings).to_contain_text("RSI_OVERSOLD: 50 → 51")
            await expect(settings.get_by_test_id("edited")).to_be_visible()
            await on.picture("desktop")

            await expect(on.at("market-fall")).to_contain_text("TQQQ")
            await on.at("guide-fall").click()
            await on.hear("손절: TQQQ")
            await on.hear("손절 종료: TQQQ")
            await expect(on.at("market-account")).not_to_contain_text("TQQQ")
            await on.picture("stop")

            await on.type("/sell O 1")
            preview = await on.hear("미리보기: 매도 O")
            await on.stop(signal.SIGTERM)

        await on.press(preview, "✅")  # nobody is there; the press waits, as it would at Telegram
        async with on.running():
            await expect(on.said("시작했습니다")).to_have_count(2, timeout=PATIENCE_S * 1000)
            await on.hear(re.compile("매도 O #|시간이 지나"))  # carried out, unless this machine took a minute to start
            await expect(preview.get_by_test_id("inline-button").filter(has_text="✅")).to_have_count(0)
            await on.press(on.said("시작했습니다").first, "상태")  # an old card still leads somewhere
            await expect(on.said("📊 상태")).to_have_count(2)
            await on.stop(signal.SIGTERM)
        assert await on.screen.shifts() == []


async def test_a_phone_in_english_and_in_the_dark(browser: Browser, tmp_path: Path) -> None:
    async with stage(browser, tmp_path, Look(*PHONE, "dark", "en")) as on:
        await on.at("start").tap()
        async with on.running():
            await on.hear("Started")  # as the browser speaks: nothing had to be chosen
            await on.type("/start")  # the first one may be too old for a program that was slow to start
            await on.hear("🏠 US stock trader")
            await on.at("market-toggle").tap()
            if await on.at("to-end").is_visible():  # the pressed card was further up
                await on.at("to-end").tap()
            await on.pace(60)
            await on.hear("Buy filled: TQQQ")
            await on.pace(1)
            await expect(on.at("market-fall")).to_have_text("TQQQ price −6 %")
            await on.picture("phone-market")
            await on.at("market-fall").tap()
            await on.hear("Orders of this stop")
            newest = on.page.locator('[data-testid="message"]').last
            await expect(newest).to_be_in_viewport()  # above the panel, where it was provoked
            await on.at("market-toggle").tap()
            await on.type("/status")
            await on.hear("📊 Status")
            await on.picture("phone")
            await on.stop(signal.SIGINT)
        assert await on.screen.shifts() == []

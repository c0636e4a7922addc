"""The guided set-up of a first /start in a browser, with the real program behind it."""

import signal
from pathlib import Path

import pytest

from tests.e2e.browser import Browser, expect
from tests.e2e.screens import DESKTOP, PHONE, Look
from tests.e2e.test_demo import stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]


@pytest.mark.parametrize(
    ("look", "begin", "words"),
    [
        (
            Look(*DESKTOP),
            "한국어",
            ("처음 설정 {n}/7", "⏭ 그대로 두기", "🏁 나머지는 나중에", "설정을 마쳤습니다", "먼저 묻기"),
        ),
        (
            Look(*PHONE, "dark", "en"),
            "English",
            ("First settings {n}/7", "⏭ Leave as it is", "🏁 The rest later", "Set up", "Ask me first"),
        ),
    ],
    ids=["desktop", "phone in English"],
)
async def test_a_first_start_is_led_through_the_settings(
    browser: Browser, tmp_path: Path, look: Look, begin: str, words: tuple[str, ...]
) -> None:
    step, leave, later, end, ask_first = words
    async with stage(browser, tmp_path, look) as on:
        await on.at("start").click()
        async with on.running():
            await on.hear("🟢")
            await on.type("/start")  # the first one may be too old for a program that was slow to start
            await on.press(await on.hear(step.format(n=1)), begin)
            await on.press(await on.hear(step.format(n=2)), "23:00-07:00")
            asked = await on.hear(step.format(n=3))
            await expect(asked).to_contain_text("QUIET_HOURS: off → 23:00-07:00")
            await on.press(asked, leave)
            await on.press(await on.hear(step.format(n=4)), "$200.00")
            await on.hear("MIN_ORDER_USD: 100 → 200")
            await on.press(await on.hear(step.format(n=5)), leave)
            asked = await on.hear(step.format(n=6))
            await expect(asked.get_by_test_id("inline-button").filter(has_text="($")).not_to_have_count(0)  # in dollars
            await on.press(asked, leave)
            await on.press(await on.hear(step.format(n=7)), ask_first)
            await expect(await on.hear(end)).to_contain_text("TRADE_MODE = approve")
            await on.type("/setup")
            await on.press(await on.hear(step.format(n=1)), later)
            await expect(on.said(end)).to_have_count(2)
            await on.stop(signal.SIGTERM)

"""The market panel and the guided first minute, with the simulated KIS behind them and no program in between."""

import pytest

from tests.e2e.browser import Browser, expect
from tests.e2e.screens import DESKTOP, PHONE, Look
from tests.e2e.talk import Talk, talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def state(talking: Talk, path: str = "state") -> dict[str, object]:
    """Ask the simulator itself."""
    assert talking.simulator is not None
    async with talking.api.http.get(f"{talking.simulator.rest_url}/sim/{path}") as response:
        found: dict[str, object] = await response.json()
        return found


async def test_the_pace_is_set_and_shown(browser: Browser) -> None:
    async with talk(browser, market=True) as talking:
        for speed in (1, 60, 120, 0):
            await talking.at(f"pace-{speed}").click()
            await expect(talking.at(f"pace-{speed}")).to_have_attribute("aria-pressed", "true")
            assert (await state(talking, "clock"))["speed"] == speed
        await expect(talking.at("market-clock")).to_contain_text("뉴욕")
        await expect(talking.at("market-clock")).to_contain_text("서울")


async def test_after_the_close_one_press_leads_to_the_next_open(browser: Browser) -> None:
    async with talk(browser, market=True) as talking:
        assert talking.simulator is not None
        await expect(talking.at("market-nextOpen")).to_be_hidden()  # the session runs
        async with talking.api.http.post(
            f"{talking.simulator.rest_url}/sim/clock", json={"advance_s": 7 * 3600}
        ) as response:
            response.raise_for_status()
        await talking.at("market-nextOpen").click()
        await expect(talking.at("market-nextOpen")).to_be_hidden()
        before = await state(talking)
        assert "T09:29:40" in str(before["clock_ny"])
        assert str(before["clock"]) < str(before["next_open"])


async def test_the_demo_speaks_as_the_browser_does(browser: Browser) -> None:
    """Its bot has greeted in Korean before anybody came: an English browser is greeted in English."""
    async with talk(browser, market=True, speaks="ko") as korean:
        assert await korean.said() == []
    async with talk(browser, Look(*DESKTOP, "light", "en"), market=True, speaks="ko") as english:
        await english.until_said("/start")
        await expect(english.at("market")).to_contain_text("New York")
        assert (await english.user.get("state"))["person"]["language_code"] == "en"


async def test_the_price_falls_by_six_percent_of_what_is_chosen(browser: Browser) -> None:
    async with talk(browser, market=True) as talking:
        row = talking.at("market-prices").locator("button", has_text="O")
        await row.click()
        await expect(row).to_have_attribute("aria-pressed", "true")
        before = float((await row.locator(".last").inner_text()).lstrip("$"))
        await talking.at("market-fall").click()
        await expect(talking.at("toast")).to_contain_text("O")
        await expect(row.locator(".last")).to_have_text(f"${before * 0.94:.2f}")
        await expect(talking.at("market-account")).to_contain_text("−")


async def test_faults_are_set_for_the_program_to_meet(browser: Browser) -> None:
    async with talk(browser, market=True) as talking:
        await talking.at("market-rejectNext").click()
        await expect(talking.at("toast")).to_have_text("다음 주문은 거부됩니다")
        await talking.at("market-dropSocket").click()
        await expect(talking.at("toast").last).to_have_text("웹소켓을 끊었습니다")
        assert "reject" in str(await state(talking, "fault"))


async def test_a_trade_by_hand_shows_in_the_account(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE), market=True) as talking:
        await talking.at("market-toggle").tap()
        await talking.at("pace-60").tap()  # a market that stands still matches nothing
        await talking.at("hand-symbol").fill("O")
        await talking.at("hand-side").select_option("sell")
        await talking.at("hand-qty").fill("15")
        await talking.at("hand-price").fill("50")
        await talking.at("hand-place").tap()
        await expect(talking.at("toast")).to_have_text("봇 밖에서 주문했습니다")
        await expect(talking.at("market-account")).to_contain_text("O 25주")
        await talking.page.keyboard.press("Escape")
        await expect(talking.at("market")).to_be_hidden()


@pytest.mark.parametrize("look", [Look(*PHONE, "light", "en"), Look(*DESKTOP)], ids=["phone", "desktop"])
async def test_the_first_minute_is_three_suggestions(browser: Browser, look: Look) -> None:
    async with talk(browser, look, market=True) as talking:
        steps = talking.at("guide").locator(".step")
        await expect(steps).to_have_count(3)
        await steps.nth(0).click()
        await talking.until_said("/status")
        await steps.nth(1).click()
        await talking.until_said("/set RSI_OVERSOLD 55")
        await expect(steps.nth(1)).to_have_class("step done")
        await talking.page.reload()
        await expect(steps.nth(0)).to_have_class("step done")  # what was done stays done
        await steps.nth(2).click()
        await expect(talking.at("toast")).to_be_visible()
        await expect(talking.at("guide")).to_be_hidden()  # all three tried


async def test_the_guide_can_be_put_away(browser: Browser) -> None:
    async with talk(browser, market=True) as talking:
        await talking.at("guide-close").click()
        await expect(talking.at("guide")).to_be_hidden()
        await talking.page.reload()
        await expect(talking.at("market-fall")).to_be_visible()
        await expect(talking.at("guide")).to_be_hidden()

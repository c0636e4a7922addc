"""What is measured while messages arrive: first paint, layout shift, the console, axe's rules."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.bot.localchat.conftest import png
from tests.e2e.browser import Browser, expect
from tests.e2e.screens import DESKTOP, PHONE, Look, Screen
from tests.e2e.talk import Talk, keys, talk

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_PAINT_MS = 1_000
SERIOUS = ("serious", "critical")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def everything(talking: Talk) -> None:
    """Put every kind of thing into the chat."""
    api, user = talking.api, talking.user
    for command, words in (("status", "상태 보기"), ("settings", "설정 바꾸기"), ("stop", "매매 정지")):
        await api.ok("setMyCommands", commands=[{"command": command, "description": words}])
    await talking.bot_says(
        "<b>시작했습니다</b>\n잔고를 확인했습니다.", parse_mode="HTML", reply_markup=keys(["상태", "보유"])
    )
    own = await user.send("/status 지금 $TQQQ 어때?")
    await talking.node(own).wait_for()
    long = "\n".join(f"{row}. 가격이 오르내립니다. <code>$61.{row:02}</code>" for row in range(1, 13))
    folded = "접힌 줄\n" * 8
    living = await talking.bot_says(
        f"{long}\n<blockquote expandable>{folded}끝</blockquote>\n<tg-spoiler>가려진 글</tg-spoiler>",
        parse_mode="HTML",
        reply_parameters={"message_id": own},
    )
    await api.upload("sendPhoto", {"photo": png(320, 180)}, chat_id=user.id, caption="차트 TQQQ")
    await api.upload("sendDocument", {"document": b"a,b\n1,2\n"}, chat_id=user.id, caption="기록")
    await talking.at("document").wait_for()
    await api.ok("pinChatMessage", chat_id=user.id, message_id=living)
    await talking.at("pinned").wait_for()
    await api.ok("editMessageText", chat_id=user.id, message_id=living, text="짧아졌습니다", reply_markup=keys(["왜?"]))
    await talking.node(living).get_by_test_id("edited").wait_for()
    await api.ok("setMessageReaction", chat_id=user.id, message_id=own, reaction=[{"type": "emoji", "emoji": "👍"}])
    await talking.at("reactions").wait_for()
    gone = await talking.bot_says("곧 지워집니다")
    await api.ok("deleteMessage", chat_id=user.id, message_id=gone)
    await talking.node(gone).wait_for(state="detached")
    await api.ok("sendChatAction", chat_id=user.id, action="typing")
    for number in range(6):
        styled = [{"text": f"매수 {number}", "callback_data": "b", "style": "success"}]
        danger = [
            {"text": "매도", "callback_data": "s", "style": "danger"},
            {"text": "링크", "url": "https://a.example"},
        ]
        await talking.bot_says(f"알림 {number}", reply_markup={"inline_keyboard": [styled, danger]})


async def a_press_answered(talking: Talk) -> None:
    await talking.at("inline-button").last.scroll_into_view_if_needed()
    await talking.page.locator('[data-data="s"]').last.click()
    await talking.answer("눌렀습니다")
    await talking.at("toast").wait_for()


async def best_first_paint(talking: Talk) -> float:
    """Return the first paint of a visit in milliseconds; a visit that a busy machine slowed down is made again."""
    paint = await talking.screen.first_paint_ms()
    for _ in range(4):
        if paint < FIRST_PAINT_MS:
            break
        await talking.page.reload()
        await talking.page.locator("body:not(.starting)").wait_for()
        paint = min(paint, await talking.screen.first_paint_ms())
    return paint


async def serious(screen: Screen) -> list[dict[str, Any]]:
    """Return what axe finds serious or critical, short enough to read."""
    results = await Axe().run(screen.page)
    assert results.response["passes"]  # it did look
    return [
        {"id": found["id"], "help": found["help"], "where": [node["target"] for node in found["nodes"]][:5]}
        for found in results.response["violations"]
        if found["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=lambda look: look.name)
async def test_messages_arrive_without_anything_jumping(
    browser: Browser, look: Look, record_property: Callable[[str, object], None]
) -> None:
    async with talk(browser, look, market=True) as talking:
        paint = await best_first_paint(talking)
        await everything(talking)
        await a_press_answered(talking)
        shifts = await talking.screen.shifts()
        record_property("first paint ms", paint)
        record_property("layout shift", sum(entry["value"] for entry in shifts))
        print(f"{look.name}: first paint {paint:.0f} ms, layout shift {sum(e['value'] for e in shifts):.4f}")
        assert shifts == []
        assert paint < FIRST_PAINT_MS


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=lambda look: look.name)
async def test_a_reply_keeps_its_size_when_the_quoted_message_is_edited(browser: Browser, look: Look) -> None:
    """An order's living message changes while fills reply to it: what is being read must not move."""
    async with talk(browser, look) as talking:
        original = await talking.bot_says("접수: 매수 TQQQ #12, 3주, 지정가 $61.20, 아직 체결된 것이 없습니다.")
        reply = await talking.bot_says(
            "매수 체결: TQQQ 3주 @ $61.15, 모두 체결되었습니다.", reply_parameters={"message_id": original}
        )
        bubble = talking.node(reply).locator(".bubble")
        before = await bubble.bounding_box()
        for text in ("체결", "체결: 매수 TQQQ #12 " + "아주 긴 말 " * 20):
            await talking.api.ok("editMessageText", chat_id=talking.user.id, message_id=original, text=text)
            await expect(talking.node(reply).get_by_test_id("reply-quote")).to_contain_text(text[:9])
            after = await bubble.bounding_box()
            assert before is not None
            assert after is not None
            assert (after["width"], after["height"]) == (before["width"], before["height"])


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=lambda look: look.name)
async def test_changes_a_slow_machine_takes_in_at_once_move_nothing_that_is_being_read(
    browser: Browser, look: Look
) -> None:
    """An edited dashboard further up and a new alert in one frame: the list scrolled by one and moved by the other."""
    async with talk(browser, look) as talking:
        lines = "\n".join(f"{number}. 줄" for number in range(14))
        dashboard, order, *_ = [await talking.bot_says(lines, reply_markup=keys(["새로"])) for _ in range(4)]
        hold = "setTimeout(() => { const end = performance.now() + 1000; while (performance.now() < end); })"
        await talking.page.evaluate(hold)
        for number in (dashboard, order):
            await talking.api.ok("editMessageText", chat_id=talking.user.id, message_id=number, text="1. 줄\n2. 줄")
        alerts = [
            await talking.api.ok("sendMessage", chat_id=talking.user.id, text=f"{number}. 알림\n체결")
            for number in range(3)
        ]
        await expect(talking.node(alerts[-1]["message_id"])).to_be_in_viewport()
        await expect(talking.node(order).get_by_test_id("edited")).to_be_attached()
        assert await talking.screen.shifts() == []


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=lambda look: look.name)
@pytest.mark.parametrize("back", [60, 400, 900], ids=lambda back: f"{back} px back")
async def test_a_card_that_changes_its_size_moves_nothing_below_it(browser: Browser, look: Look, back: int) -> None:
    """A press may be answered late, when other messages stand below the pressed card and somebody reads them."""
    async with talk(browser, look) as talking:
        lines = "\n".join(f"{number}. 줄" for number in range(12))
        cards = [await talking.bot_says(f"{card}번\n{lines}", reply_markup=keys(["새로"])) for card in range(20)][10:]
        await talking.at("scroll").evaluate("(list, back) => { list.scrollTop -= back; }", back)
        for text in ("1. 줄", f"{lines}\n{lines}", "2. 줄"):
            for card in cards:
                await talking.api.ok(
                    "editMessageText", chat_id=talking.user.id, message_id=card, text=f"{card}번\n{text}"
                )
                await expect(talking.node(card).get_by_test_id("message-text")).to_have_text(f"{card}번\n{text}")
        await talking.api.ok("deleteMessage", chat_id=talking.user.id, message_id=cards[3])
        await talking.node(cards[3]).wait_for(state="detached")
        await talking.bot_says("새 알림\n체결")
        assert await talking.screen.shifts() == []


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=lambda look: look.name)
async def test_the_chat_stands_in_its_place_before_the_market_is_there(browser: Browser, look: Look) -> None:
    """A slow machine paints the page after reading half of it; what comes later must have its room already."""
    async with talk(browser, look, market=True) as talking:
        chat = talking.page.locator("main.chat")
        whole = await chat.bounding_box()
        await talking.at("market").evaluate("market => market.remove()")
        assert await chat.bounding_box() == whole
        await talking.page.evaluate("document.body.classList.add('starting')")
        assert await chat.bounding_box() == whole


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=["phone", "desktop"])
async def test_axe_finds_nothing_serious_in_either_light_or_language(browser: Browser, look: Look) -> None:
    async with talk(browser, look, market=True) as talking:
        await everything(talking)
        for language in ("ko", "en"):
            await expect(talking.page.locator("html")).to_have_attribute("lang", language)
            for scheme in SCHEMES:
                await talking.page.emulate_media(color_scheme=scheme)
                assert await serious(talking.screen) == [], (language, scheme)
                if look.is_phone:
                    await talking.at("market-toggle").click()
                    await expect(talking.at("market-fall")).to_be_visible()
                    assert await serious(talking.screen) == [], (language, scheme, "market")
                    await talking.at("market-toggle").click()
            await talking.at("more").click()
            await talking.at("language").click()


@pytest.mark.parametrize("look", [Look(*PHONE, "dark"), Look(*DESKTOP, "light", "en")], ids=lambda look: look.name)
async def test_axe_finds_nothing_serious_in_what_opens(browser: Browser, look: Look) -> None:
    async with talk(browser, look) as talking:
        assert await serious(talking.screen) == []  # the empty chat with its welcome
        await everything(talking)
        await talking.api.ok(
            "sendMessage",
            chat_id=talking.user.id,
            text="키보드",
            reply_markup={"keyboard": [["상태", "잔고"], ["정지"]]},
        )
        await talking.at("reply-button").first.wait_for()
        await talking.at("text").fill("/")
        await talking.at("command").first.wait_for()
        assert await serious(talking.screen) == []
        await talking.page.keyboard.press("Escape")
        await talking.at("more").click()
        assert await serious(talking.screen) == []
        await talking.page.keyboard.press("Escape")
        await talking.at("picture").click()
        await talking.at("viewer-image").wait_for()
        assert await serious(talking.screen) == []
        await talking.page.keyboard.press("Escape")
        await talking.page.locator('[data-data="s"]').last.click()
        await talking.answer("주문을 냈습니다", show_alert=True)
        await talking.at("alert-ok").wait_for()
        assert await serious(talking.screen) == []

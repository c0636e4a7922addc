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


async def hold_frames(talking: Talk) -> None:
    """Let the page draw nothing new until `draw_frames`, as on a machine that is busy."""
    await talking.page.evaluate("() => { window.held = []; window.requestAnimationFrame = (draw) => held.push(draw); }")


async def draw_frames(talking: Talk) -> int:
    """Draw until the page asks for no more; return how many frames it took."""
    script = "() => { let drawn = 0; while (held.length) { held.shift()(); drawn += 1; } return drawn; }"
    return int(await talking.page.evaluate(script))


async def all_has_come(talking: Talk) -> None:
    """Wait until the page has heard of everything so far: events come in order."""
    await talking.api.ok("sendChatAction", chat_id=talking.user.id, action="typing")
    await expect(talking.at("bot-status")).to_have_attribute("data-kind", "busy")


async def fill(talking: Talk, count: int = 12) -> list[int]:
    return [await talking.bot_says(f"{card}번\n" + "줄\n" * 6 + "끝") for card in range(count)]


async def test_what_the_bot_begins_after_a_message_outlives_that_message(browser: Browser) -> None:
    """A message waits for its frame; an action or a draft that came after it must not end with it."""
    async with talk(browser) as talking:
        await hold_frames(talking)
        sent = await talking.api.ok("sendMessage", chat_id=talking.user.id, text="먼저")
        await talking.api.ok("sendMessageDraft", chat_id=talking.user.id, draft_id=5, text="쓰는 중")
        await all_has_come(talking)
        await draw_frames(talking)
        await expect(talking.node(sent["message_id"])).to_be_visible()
        await expect(talking.at("bot-status")).to_have_attribute("data-kind", "busy", timeout=1_000)
        await expect(talking.at("draft")).to_have_text("쓰는 중", timeout=1_000)


async def test_a_draft_that_is_being_read_stays_where_it_is_when_it_becomes_a_message(browser: Browser) -> None:
    async with talk(browser) as talking:
        text = "\n".join(f"{number}. 줄" for number in range(80))
        await talking.api.ok("sendMessageDraft", chat_id=talking.user.id, draft_id=5, text=text)
        await talking.at("draft").wait_for()
        place = await talking.at("scroll").evaluate("list => list.scrollTop -= 500")
        await talking.bot_says(text)
        await expect(talking.at("draft")).to_have_count(0)
        assert await talking.at("scroll").evaluate("list => list.scrollTop") == place
        await expect(talking.at("to-end")).to_have_text("1")


async def test_a_message_that_still_waits_does_not_outlive_a_reset(browser: Browser) -> None:
    async with talk(browser) as talking:
        await talking.bot_says("있던 글")
        await hold_frames(talking)
        for text in ("하나", "둘"):
            await talking.api.ok("sendMessage", chat_id=talking.user.id, text=text)
        await all_has_come(talking)
        await talking.user.post("reset")
        await expect(talking.at("welcome")).to_be_visible()
        await draw_frames(talking)
        await expect(talking.page.locator("[data-id]")).to_have_count(0)


async def test_a_tab_that_is_hidden_while_a_message_waits_shows_it_once(browser: Browser) -> None:
    async with talk(browser) as talking:
        await hold_frames(talking)
        sent = await talking.api.ok("sendMessage", chat_id=talking.user.id, text="하나")
        await all_has_come(talking)
        hide = "document.dispatchEvent(new Event('visibilitychange'))"
        await talking.page.evaluate(f"Object.defineProperty(document, 'hidden', {{ get: () => true }}); {hide}")
        await draw_frames(talking)
        await expect(talking.node(sent["message_id"])).to_have_count(1)


async def test_a_message_edited_many_times_between_two_frames_is_drawn_as_it_is_last(browser: Browser) -> None:
    """A machine slower than the edits would fall behind further and further."""
    async with talk(browser) as talking:
        card = await talking.bot_says("0")
        await hold_frames(talking)
        for number in range(1, 21):
            await talking.api.ok("editMessageText", chat_id=talking.user.id, message_id=card, text=f"{number}")
        await all_has_come(talking)
        assert await draw_frames(talking) <= 2
        await expect(talking.node(card).get_by_test_id("message-text")).to_have_text("20")


async def test_a_keyboard_that_opens_leaves_the_end_in_sight_of_who_is_near_it(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE)) as talking:
        *_, last = await fill(talking)
        await talking.at("scroll").evaluate("list => { list.scrollTop -= 60; }")
        await talking.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1] - 320})
        await expect(talking.node(last)).to_be_in_viewport(ratio=0.6)


async def test_who_is_near_the_end_follows_after_a_message_below_the_edge_grew(browser: Browser) -> None:
    """Only a person who scrolls leaves the end."""
    async with talk(browser) as talking:
        await fill(talking)
        card, other = await talking.bot_says("자라는 글"), await talking.bot_says("끝 글")
        await talking.at("scroll").evaluate("list => { list.scrollTop -= 110; }")
        for number in (card, other):
            await talking.api.ok(
                "editMessageText", chat_id=talking.user.id, message_id=number, text="긴 줄\n" * 9 + "끝"
            )
            await expect(talking.node(number).get_by_test_id("edited")).to_be_attached()
        await expect(talking.node(await talking.bot_says("새 알림"))).to_be_in_viewport()
        await expect(talking.at("to-end")).to_be_hidden()


async def test_the_way_to_the_end_is_not_cut_short_by_an_edit(browser: Browser) -> None:
    async with talk(browser) as talking:
        cards = await fill(talking, 20)
        await talking.page.emulate_media(reduced_motion="no-preference")
        for text in ("긴 줄\n" * 12 + "끝", "짧은 글"):
            await talking.at("scroll").evaluate("list => { list.scrollTop = 0; }")
            await talking.at("to-end").click()
            await talking.api.ok("editMessageText", chat_id=talking.user.id, message_id=cards[0], text=text)
            await expect(talking.node(cards[0]).get_by_test_id("message-text")).to_have_text(text)
            await expect(talking.node(cards[-1])).to_be_in_viewport()
            await expect(talking.at("to-end")).to_be_hidden()


async def test_an_open_quote_stays_open_when_its_message_is_edited(browser: Browser) -> None:
    async with talk(browser) as talking:
        quote = "<blockquote expandable>" + "접힌 줄\n" * 12 + "끝</blockquote>"
        card = await talking.bot_says(f"하나 {quote}", parse_mode="HTML")
        await talking.node(card).locator("blockquote").click()
        await talking.api.ok(
            "editMessageText", chat_id=talking.user.id, message_id=card, text=f"둘 {quote}", parse_mode="HTML"
        )
        await expect(talking.node(card).get_by_test_id("message-text")).to_contain_text("둘")
        await expect(talking.node(card).locator("blockquote.open")).to_have_count(1, timeout=1_000)


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

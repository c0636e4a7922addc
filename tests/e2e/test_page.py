"""The chat page as a person uses it: mouse, finger or keyboard alone, both languages, both lights, phone and desk."""

import re
from pathlib import Path

import pytest

from bot.localchat import LocalChat
from tests.bot.localchat.conftest import TOKEN, png
from tests.e2e.browser import Browser, expect
from tests.e2e.screens import DESKTOP, PHONE, Look, open_screen
from tests.e2e.talk import keys, talk

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMMANDS = [
    {"command": "status", "description": "상태"},
    {"command": "stop", "description": "정지"},
    {"command": "balance", "description": "잔고"},
]


@pytest.mark.parametrize("look", [Look(*PHONE), Look(*DESKTOP)], ids=["phone", "desktop"])
async def test_a_first_visit_begins_with_one_button(browser: Browser, look: Look) -> None:
    async with talk(browser, look) as talking:
        await talking.api.ok("setMyDescription", description="무엇이든 물어보세요")
        await talking.page.reload()
        await expect(talking.at("welcome")).to_contain_text("무엇이든 물어보세요")
        await expect(talking.at("composer")).to_be_hidden()
        await talking.at("start").click()
        await talking.until_said("/start")
        await expect(talking.at("welcome")).to_be_hidden()
        await expect(talking.at("text")).to_be_focused()
        wide = await talking.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= look.width  # nothing hangs over the edge


async def test_everything_can_be_done_by_keyboard_alone(browser: Browser) -> None:
    async with talk(browser) as talking:
        press = talking.page.keyboard.press
        await talking.api.ok("setMyCommands", commands=COMMANDS)
        question = await talking.bot_says("사시겠습니까?", reply_markup=keys(["산다", "안 산다"]))
        await press("Tab")
        await expect(talking.page.locator(".skip")).to_be_focused()
        await press("Enter")
        await talking.page.keyboard.type("/st")
        await expect(talking.at("command")).to_have_count(2)
        await press("ArrowDown")
        await press("ArrowDown")
        chosen = talking.page.locator('[role="option"][aria-selected="true"]')
        await expect(chosen).to_contain_text("/stop")
        active = await talking.at("text").get_attribute("aria-activedescendant")
        assert active == await chosen.get_attribute("id")
        await press("Enter")
        await talking.until_said("/stop")
        await talking.page.keyboard.type("/ba")
        await press("Tab")
        await talking.page.keyboard.type("now")
        await press("Enter")
        await talking.until_said("/balance now")
        buttons = talking.node(question).get_by_test_id("inline-button")
        await buttons.nth(1).focus()
        await press("Shift+Tab")
        await expect(buttons.nth(0)).to_be_focused()
        await press("Enter")
        await expect(buttons.nth(0)).to_have_attribute("aria-busy", "true")
        query = await talking.answer("한 번 더 확인하세요", show_alert=True)
        assert query["data"] == "산다"
        await expect(talking.at("alert-ok")).to_be_focused()
        await press("Enter")
        await expect(talking.at("alert")).to_be_hidden()
        await talking.api.ok(
            "editMessageText",
            chat_id=talking.user.id,
            message_id=question,
            text="샀습니다",
            reply_markup=keys(["확인", "취소"]),
        )
        await expect(talking.node(question)).to_contain_text("샀습니다")
        await expect(buttons.nth(0)).to_be_focused()  # still where the person was
        await talking.at("more").focus()
        await press("Enter")
        await expect(talking.at("language")).to_be_focused()
        await press("ArrowDown")
        await expect(talking.at("theme")).to_be_focused()
        await press("Escape")
        await expect(talking.at("more")).to_be_focused()


async def test_the_language_is_changed_and_kept_and_the_bot_is_told(browser: Browser) -> None:
    async with talk(browser) as talking:
        await expect(talking.at("text")).to_have_attribute("placeholder", "메시지 입력")
        await talking.at("more").click()
        await talking.at("language").click()
        await expect(talking.page.locator("html")).to_have_attribute("lang", "en")
        await expect(talking.at("start")).to_have_text("Start")
        await talking.at("start").click()
        await talking.user.until(bool)
        update = (await talking.api.ok("getUpdates"))[-1]
        assert update["message"]["from"]["language_code"] == "en"
        await talking.page.reload()
        await expect(talking.at("text")).to_have_attribute("placeholder", "Message")


async def test_light_and_dark_follow_the_system_until_one_is_chosen(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE, "dark")) as talking:

        async def paper() -> str:
            return str(await talking.page.evaluate("getComputedStyle(document.body).backgroundColor"))

        dark = await paper()
        await talking.page.emulate_media(color_scheme="light")
        light = await paper()
        assert light != dark
        await talking.at("more").click()
        await talking.at("theme").click()
        assert await paper() == dark
        await talking.page.reload()
        assert await paper() == dark


async def test_a_picture_opens_large_and_closes_again(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE)) as talking:
        await talking.api.upload("sendPhoto", {"photo": png(640, 360)}, chat_id=talking.user.id, caption="<TQQQ>")
        picture = talking.at("picture")
        small = await picture.bounding_box()
        await picture.tap()
        large = await talking.at("viewer-image").bounding_box()
        assert small is not None
        assert large is not None
        assert large["width"] > small["width"]
        assert await talking.at("viewer-image").get_attribute("alt") == "<TQQQ>"
        await talking.page.keyboard.press("Escape")
        await expect(talking.at("viewer")).to_be_hidden()
        await picture.tap()
        await talking.at("viewer-close").tap()
        await expect(talking.at("viewer")).to_be_hidden()


async def test_a_document_is_shown_with_name_and_size_and_comes_down_as_it_went_up(browser: Browser) -> None:
    async with talk(browser) as talking:
        content = b"day,profit\n1,2\n" * 100
        await talking.api.upload("sendDocument", {"document": content}, chat_id=talking.user.id)
        await expect(talking.at("document")).to_contain_text("document.bin")
        await expect(talking.at("document")).to_contain_text("2 KB")
        async with talking.page.expect_download() as coming:
            await talking.at("document").click()
        download = await coming.value
        assert download.suggested_filename == "document.bin"
        assert Path(await download.path()).read_bytes() == content


async def test_the_person_sends_a_picture_and_a_file(browser: Browser) -> None:
    async with talk(browser) as talking:
        await talking.user.send("/start")
        await talking.at("text").fill("내 차트")
        await talking.at("file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png()})
        await expect(talking.at("picture")).to_have_count(1)
        await talking.at("file").set_input_files({"name": "기록.csv", "mimeType": "text/csv", "buffer": b"1,2"})
        await expect(talking.at("document")).to_contain_text("기록.csv")
        updates = await talking.api.ok("getUpdates")
        assert updates[1]["message"]["caption"] == "내 차트"
        assert updates[2]["message"]["document"]["file_name"] == "기록.csv"


async def test_replies_quotes_pins_edits_and_deletions(browser: Browser) -> None:
    async with talk(browser) as talking:
        api, page, chat_id = talking.api, talking.page, talking.user.id
        first = await talking.bot_says("처음 말")
        for number in range(12):
            await talking.bot_says(f"말 {number}\n\n\n끝")
        await talking.node(first).hover()
        await talking.node(first).get_by_test_id("reply").click()
        await expect(talking.at("replying")).to_contain_text("처음 말")
        await page.keyboard.press("Escape")
        await expect(talking.at("replying")).to_be_hidden()
        await talking.node(first).get_by_test_id("reply").click()
        await talking.at("text").fill("답장입니다")
        await page.keyboard.press("Enter")
        await talking.until_said("답장입니다")
        assert (await api.ok("getUpdates"))[-1]["message"]["reply_to_message"]["message_id"] == first
        quote = talking.at("reply-quote")
        await expect(quote).to_contain_text("처음 말")
        await quote.click()
        await expect(talking.node(first)).to_be_in_viewport()
        await expect(talking.node(first)).to_be_focused()
        await api.ok("pinChatMessage", chat_id=chat_id, message_id=first)
        await expect(talking.at("pinned")).to_have_attribute("aria-label", "고정된 메시지: 처음 말")
        await expect(talking.at("service")).to_contain_text("고정")
        await api.ok("editMessageText", chat_id=chat_id, message_id=first, text="고친 말")
        await expect(talking.node(first).get_by_test_id("edited")).to_have_text("수정됨")
        await expect(talking.at("pinned")).to_contain_text("고친 말")
        await expect(quote).to_contain_text("고친 말")
        await api.ok("deleteMessage", chat_id=chat_id, message_id=first)
        await expect(talking.node(first)).to_have_count(0)
        await expect(talking.at("pinned")).to_be_hidden()
        await expect(quote).to_contain_text("삭제된 메시지")


async def test_a_reader_further_up_is_not_dragged_to_the_end(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE)) as talking:
        first = await talking.bot_says("처음")
        for number in range(15):
            await talking.bot_says(f"말 {number}\n\n\n끝")
        await talking.node(first).scroll_into_view_if_needed()
        await expect(talking.at("to-end")).to_be_visible()
        newest = await talking.bot_says("새 말")
        await expect(talking.at("to-end")).to_have_text("1")
        await expect(talking.node(first)).to_be_in_viewport()
        await talking.at("to-end").tap()
        await expect(talking.node(newest)).to_be_in_viewport()
        await expect(talking.at("to-end")).to_be_hidden()


async def test_a_press_spins_until_it_is_answered_and_shows_the_toast(browser: Browser) -> None:
    async with talk(browser) as talking:
        message = await talking.bot_says("고르세요", reply_markup=keys(["하나", "둘"]))
        button = talking.node(message).get_by_test_id("inline-button").first
        await button.click()
        await expect(button).to_have_attribute("aria-busy", "true")
        await button.click()  # nothing: it is on its way
        await talking.answer("<b>눌렀습니다</b>")
        await expect(talking.at("toast")).to_have_text("<b>눌렀습니다</b>")
        await expect(button).not_to_have_attribute("aria-busy", "true")
        assert await talking.api.ok("getUpdates") == []
        await button.click()
        await talking.answer()
        await expect(button).not_to_have_attribute("aria-busy", "true")


async def test_a_press_nobody_answers_is_given_up(browser: Browser) -> None:
    async with talk(browser) as talking:
        message = await talking.bot_says("고르세요", reply_markup=keys(["하나"]))
        await talking.page.clock.install()
        await talking.at("inline-button").click()
        await talking.user.until(lambda _: True)
        await expect(talking.at("inline-button")).to_have_attribute("aria-busy", "true")
        await talking.page.clock.run_for(16_000)
        await expect(talking.at("toast").last).to_contain_text("답하지 않았습니다")
        await expect(talking.node(message).get_by_test_id("inline-button")).not_to_have_attribute("aria-busy", "true")


async def test_buttons_that_copy_or_lead_elsewhere(browser: Browser) -> None:
    async with talk(browser) as talking:
        await talking.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        rows = [[{"text": "복사", "copy_text": {"text": "TQQQ"}}, {"text": "보기", "url": "https://example.com/a"}]]
        await talking.bot_says("둘", reply_markup={"inline_keyboard": rows})
        await expect(talking.at("inline-button").first).to_have_text("복사")  # its sign is drawn: fonts may lack it
        await expect(talking.at("inline-button").first.locator("svg")).to_be_visible()
        await talking.at("inline-button").first.click()
        await expect(talking.at("toast")).to_have_text("복사했습니다")
        assert await talking.page.evaluate("navigator.clipboard.readText()") == "TQQQ"
        link = talking.at("inline-button").last
        assert await link.get_attribute("href") == "https://example.com/a"
        assert await link.get_attribute("rel") == "noopener noreferrer"


async def test_reply_keyboards_come_go_and_type_for_the_person(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE)) as talking:
        board = {
            "keyboard": [["상태", "잔고"], ["정지"]],
            "one_time_keyboard": True,
            "input_field_placeholder": "고르세요",
        }
        await talking.bot_says("무엇을 할까요?", reply_markup=board)
        await expect(talking.at("reply-button")).to_have_count(3)
        await expect(talking.at("text")).to_have_attribute("placeholder", "고르세요")
        await talking.at("reply-button").nth(1).tap()
        await talking.until_said("잔고")
        await expect(talking.at("keyboard")).to_be_hidden()
        await talking.at("keyboard-toggle").tap()
        await expect(talking.at("keyboard")).to_be_visible()
        await talking.bot_says("됐습니다", reply_markup={"remove_keyboard": True})
        await expect(talking.at("keyboard")).to_be_hidden()
        await expect(talking.at("keyboard-toggle")).to_be_hidden()
        asked = await talking.bot_says("얼마입니까?", reply_markup={"force_reply": True})
        await expect(talking.at("replying")).to_contain_text("얼마입니까?")
        await talking.at("text").fill("50")
        await talking.at("send").tap()
        await talking.until_said("50")
        assert (await talking.api.ok("getUpdates"))[-1]["message"]["reply_to_message"]["message_id"] == asked


async def test_the_menu_of_commands_is_the_bots_and_changes_with_it(browser: Browser) -> None:
    async with talk(browser, Look(*PHONE)) as talking:
        await talking.user.send("/start")
        await expect(talking.at("menu")).to_be_hidden()
        await talking.api.ok("setMyCommands", commands=COMMANDS)
        await talking.at("menu").tap()
        await expect(talking.at("command")).to_have_count(3)
        await talking.at("command").nth(2).tap()
        await talking.until_said("/balance")
        await talking.bot_says("또는 /status 를 누르세요")
        await talking.page.locator("button.command").last.tap()
        await talking.until_said("/status")


async def test_spoilers_and_long_quotes_open_and_nothing_is_taken_as_markup(browser: Browser) -> None:
    async with talk(browser) as talking:
        text = "<tg-spoiler>비밀</tg-spoiler> &lt;script&gt;alert(1)&lt;/script&gt;\n<blockquote expandable>"
        message = await talking.bot_says(text + "줄\n" * 9 + "</blockquote>", parse_mode="HTML")
        await expect(talking.node(message)).to_contain_text("<script>alert(1)</script>")
        await talking.page.locator(".spoiler").click()
        await expect(talking.page.locator(".spoiler")).to_have_class(re.compile("open"))
        quote = talking.page.locator("blockquote.expandable")
        folded = await quote.bounding_box()
        await quote.focus()
        await talking.page.keyboard.press("Enter")
        opened = await quote.bounding_box()
        assert folded is not None
        assert opened is not None
        assert opened["height"] > folded["height"]


async def test_what_the_bot_is_doing_is_shown(browser: Browser) -> None:
    async with talk(browser) as talking:
        await talking.user.send("/start")
        await talking.api.ok("sendChatAction", chat_id=talking.user.id, action="upload_photo")
        await expect(talking.at("bot-status")).to_have_text("사진 보내는 중…")
        await talking.api.ok(
            "sendMessageDraft", chat_id=talking.user.id, draft_id=5, text="쓰는 중인 글", can_stop=True
        )
        await expect(talking.at("draft")).to_contain_text("쓰는 중인 글")
        await talking.at("draft-stop").click()
        await expect(talking.at("draft")).to_have_count(0)
        await talking.bot_says("끝")
        await expect(talking.at("bot-status")).to_have_text("봇")


async def test_blocking_and_unblocking(browser: Browser) -> None:
    async with talk(browser) as talking:
        await talking.bot_says("안녕하세요")
        await talking.at("more").click()
        await talking.at("block").click()
        await expect(talking.at("start")).to_have_text("차단 해제")
        refusal = await talking.api.refused("sendMessage", chat_id=talking.user.id, text="x")
        assert refusal == "Forbidden: bot was blocked by the user"
        await talking.at("start").click()
        await expect(talking.at("composer")).to_be_visible()
        await talking.bot_says("다시 안녕하세요")


async def test_somebody_else_sees_a_chat_of_their_own(browser: Browser) -> None:
    async with talk(browser, path="?user=2000001") as talking:
        await talking.user.send("주인의 말")
        await talking.at("start").click()
        await expect(talking.at("message")).to_have_count(1)
        update = (await talking.api.ok("getUpdates"))[-1]
        assert update["message"]["chat"]["id"] == 2_000_001


async def test_a_group_shows_who_speaks(browser: Browser) -> None:
    async with talk(browser) as talking:
        group = await talking.user.post("group", title="가족", members=[talking.user.id, 2_000_001])
        await talking.page.goto(f"{talking.chat.url}/?chat={group['chat_id']}")
        await talking.user.post("send", user_id=2_000_001, chat_id=group["chat_id"], text="/status@kis_us_trader_bot")
        await expect(talking.at("message")).to_contain_text("User 2000001")
        await talking.api.ok("sendMessage", chat_id=group["chat_id"], text="모두에게")
        await expect(talking.at("message").last).to_contain_text("모두에게")


async def test_a_server_that_comes_back_is_found_again_with_everything_said_meanwhile(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "chat.sqlite"
    chat = await LocalChat(token=TOKEN, data_file=file).start()
    port = chat.port
    try:
        async with open_screen(browser, chat.url, Look(*DESKTOP)) as screen:
            await screen.page.get_by_test_id("start").click()
            await expect(screen.page.get_by_test_id("message")).to_have_count(1)
            await chat.aclose()
            await expect(screen.page.get_by_test_id("bot-status")).to_contain_text("연결이 끊겼습니다")
            chat = await LocalChat(token=TOKEN, data_file=file).start(port)
            await expect(screen.page.get_by_test_id("bot-status")).to_have_text("봇")
            await expect(screen.page.get_by_test_id("message")).to_have_count(1)
            await screen.page.get_by_test_id("text").fill("아직 있나요?")
            await screen.page.keyboard.press("Enter")
            await expect(screen.page.get_by_test_id("message")).to_have_count(2)
    finally:
        await chat.aclose()

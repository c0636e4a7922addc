"""Everything can be reached with one thumb: home, pickers, settings by steps, modes by buttons. Rows S12, S102."""

import pytest

from strategy.model import Environment, Mode, OutcomeKind
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.support.person import labels


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("📊", "증권사와 일치"),
        ("💰", "합계 $1,846.56"),
        ("📦", "손절가 $57.00"),
        ("🧾", "미체결 (1)"),
        ("🟥 매수", "어느 종목을 살까요?"),
        ("🟦 매도", "어느 종목을 팔까요?"),
        ("🎛", "매수, 매도, 손절이 모두 작동합니다."),
        ("🔎", "어느 종목인가요?"),
        ("⚙️", "채팅 설정이 .env 보다"),
        ("❓", "낱말을 입력하거나"),
        ("🌐", "어떤 언어로"),
    ],
)
async def test_home_reaches_everything_and_everything_leads_home(room: Room, label: str, expected: str) -> None:
    home = await room.owner.ask("/start")
    screen = await room.owner.does(home, label)
    assert screen["id"] == home["id"]  # in place
    assert expected in screen["text"]
    again = await room.owner.does(screen, "🏠")
    assert "미국 주식 자동매매" in again["text"]


async def test_refresh_edits_in_place_with_a_new_time(room: Room) -> None:
    status = await room.owner.ask("/status")
    assert "KST 00:00:00" in status["text"]
    room.market.set(samples.NOW.replace(second=7))
    again = await room.owner.does(status, "새로고침")
    assert again["id"] == status["id"]
    assert "KST 00:00:07" in again["text"]


async def test_a_refresh_without_any_change_is_no_error(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    status = await room.owner.ask("/status")
    await room.owner.press(status, "새로고침")
    await room.owner.ask("/version")
    assert "answer not sent" not in caplog.messages
    assert "handler failed" not in caplog.messages


async def test_the_risk_notice_is_accepted_once(open_room: OpenRoom) -> None:
    """S104, S117."""
    async with open_room(environment=Environment.REAL) as room:
        home = await room.owner.ask("/start")
        assert home["text"].startswith("[실전]")
        await room.owner.does(home, "위험을 이해했습니다")
        assert room.control.accepted
        assert "✅ 위험을 이해했습니다" not in labels(await room.owner.ask("/start"))


async def test_the_demo_says_what_is_simulated_and_what_to_press(open_room: OpenRoom) -> None:
    async with open_room(environment=Environment.DEMO) as room:
        home = await room.owner.ask("/start")
        assert home["text"].startswith("[데모]")
        assert "모두 가상입니다" in home["text"]
        assert "눌러 보세요" in home["text"]
        assert "all simulated" in home["text"]


async def test_buying_without_typing(room: Room) -> None:
    screen = await room.owner.ask("/buy")
    screen = await room.owner.does(screen, "TQQQ")
    screen = await room.owner.does(screen, "25%")
    assert "미리보기: 매수 TQQQ" in screen["text"]
    await room.owner.does(screen, "3주 매수")
    assert len(room.control.placed) == 1


async def test_selling_offers_what_is_held(room: Room) -> None:
    screen = await room.owner.ask("/sell")
    assert "TQQQ" in labels(screen)
    assert "XLF" not in labels(screen)
    screen = await room.owner.does(screen, "TQQQ")
    assert "전량" in labels(screen)
    await room.owner.does(await room.owner.does(screen, "전량"), "3주 매도")
    assert len(room.control.placed) == 1


async def test_a_refused_preview_has_no_confirm_button(room: Room) -> None:
    room.control.refusals = (samples.trouble().what,)
    screen = await room.owner.ask("/buy TQQQ 3")
    assert "낼 수 없습니다" in screen["text"]
    assert labels(screen) == ["🏠 홈", "✏️ 수량·가격"]


@pytest.mark.parametrize("typed", ["/cancel 12", "/cancel all", "취소 전부"])
async def test_canceling_is_previewed(room: Room, typed: str) -> None:
    preview = await room.owner.ask(typed)
    assert "#12 TQQQ" in preview["text"]
    assert "완료" in (await room.owner.does(preview, "예, 취소"))["text"]


async def test_canceling_from_the_list(room: Room) -> None:
    picks = await room.owner.ask("/cancel")
    preview = await room.owner.does(picks, "#12")
    assert "이 주문을 취소할까요?" in preview["text"]
    assert "취소할 것이 없습니다" in (await room.owner.ask("/cancel 99"))["text"]


async def test_an_unknown_order_can_be_looked_up_now(room: Room) -> None:
    room.control.next_outcome = OutcomeKind.UNKNOWN
    message = await room.owner.ask("/order 12")
    room.control.checked.clear()  # showing it has asked, too
    await room.owner.press_data(message["id"], "k|12")
    await room.owner.sees(lambda each: each["id"] > message["id"])
    assert room.control.checked == [12]


async def test_a_ticker_card_has_its_actions(room: Room) -> None:
    card = await room.owner.does(await room.owner.ask("/status"), "TQQQ")
    assert labels(card)[:6] == ["🟥 매수", "🟦 매도", "💲 시세", "🔎 왜?", "⏰ 가격 알림", "⏸ 매수 멈춤"]
    why = await room.owner.does(card, "왜?")
    assert "결론: 매수" in why["text"]


async def test_pausing_by_buttons(room: Room) -> None:
    screen = await room.owner.does(await room.owner.ask("/start"), "🎛")
    screen = await room.owner.does(screen, "매수 멈춤")
    screen = await room.owner.does(screen, "장 마감까지")
    assert "매수 멈춤" in screen["text"]
    assert room.control.modes[-1].until == room.control.services.modes.until_close()


async def test_halting_by_button_wants_the_word_and_can_be_left(room: Room) -> None:
    screen = await room.owner.does(await room.owner.ask("/start"), "🎛")
    screen = await room.owner.does(screen, "⛔ 중단")
    assert "손절 끄기" in screen["text"]
    assert "그대로 두었습니다" in (await room.owner.ask("/cancel"))["text"]
    await room.owner.ask("손절 끄기")  # nothing asks for it any more
    assert room.control.modes[-1].mode is Mode.RUN


async def test_a_wrong_word_does_not_halt(room: Room) -> None:
    await room.owner.ask("/halt")
    assert "낱말이 다릅니다" in (await room.owner.ask("yes"))["text"]
    assert room.control.modes[-1].mode is Mode.RUN


async def test_after_a_wrong_word_the_right_one_still_halts(room: Room) -> None:
    await room.owner.ask("/halt")
    await room.owner.ask("halten")
    await room.owner.ask("STOPS OFF")  # nobody has to begin again in a hurry
    assert room.control.modes[-1].mode is Mode.HALTED


async def test_another_command_ends_a_dialog(room: Room) -> None:
    await room.owner.ask("/halt")
    await room.owner.ask("/version")
    await room.owner.ask("STOPS OFF")
    assert room.control.modes[-1].mode is Mode.RUN


async def test_a_dialog_outlives_a_restart(open_room: OpenRoom) -> None:
    async with open_room() as before:
        await before.owner.ask("/halt")
    async with open_room() as after:
        await after.owner.ask("STOPS OFF")
        assert after.control.modes[-1].mode is Mode.HALTED


async def test_releasing(room: Room) -> None:
    preview = await room.owner.ask("/release TQQQ")
    assert "TQQQ 바로 삽니다" in preview["text"]
    assert samples.TQQQ in room.control.locked, "nothing is released before it is confirmed"
    assert "풀었습니다" in (await room.owner.does(preview, "해제"))["text"]
    assert "잠겨 있지 않습니다" in (await room.owner.ask("/release TQQQ"))["text"]
    room.control.locked = [samples.O]
    screen = await room.owner.ask("해제")
    await room.owner.does(await room.owner.does(screen, "O 해제"), "🔓")
    assert room.control.locked == []


async def test_arming_removes_the_typed_digits_from_the_chat_s12_s102(open_room: OpenRoom) -> None:
    async with open_room(environment=Environment.REAL) as room:
        sent = await room.owner.send("/arm 7801")
        await room.owner.reads("완료")
        assert room.control.armed_with == ["7801"]
        assert room.owner.screen[sent]["deleted"]
        assert "처럼 입력하세요" in (await room.owner.ask("/arm"))["text"]


async def test_a_setting_is_changed_by_steps(room: Room) -> None:
    menu = await room.owner.ask("/settings")
    group = await room.owner.does(menu, "RSI")
    setting = await room.owner.does(group, "RSI_OVERSOLD")
    assert "허용: 0 이상 100 이하" in setting["text"]
    once = await room.owner.does(setting, "➖ 1")
    assert "50 → 49" in once["text"]
    twice = await room.owner.does(once, "➖ 1")
    assert "50 → 48" in twice["text"]
    assert "TQQQ 매수 신호가 사라집니다" in twice["text"]
    back = await room.owner.does(await room.owner.does(twice, "➕ 1"), "➕ 1")
    assert "바뀌는 것이 없습니다" in back["text"]
    await room.owner.does(twice | {"reply_markup": twice["reply_markup"]}, "48 적용")
    assert [(each.name, each.old, each.new) for each in room.control.changes] == [("RSI_OVERSOLD", "50", "48")]


async def test_a_setting_is_changed_by_choice_and_by_typing(room: Room) -> None:
    screen = await room.owner.ask("/get RSI_INTERVAL")
    preview = await room.owner.does(screen, "60")
    await room.owner.does(preview, "60 적용")
    screen = await room.owner.does(await room.owner.ask("/get RSI_OVERSOLD"), "직접 입력")
    assert "새 값을 입력하세요" in screen["text"]
    assert "허용: 0 이상 100 이하" in (await room.owner.ask("150"))["text"]  # refused with the range, still asked
    await room.owner.does(await room.owner.ask("45"), "45 적용")
    assert [each.new for each in room.control.changes] == ["60", "45"]


async def test_typing_a_value_can_be_left(room: Room) -> None:
    await room.owner.does(await room.owner.ask("/get RSI_OVERSOLD"), "직접 입력")
    assert "그대로 두었습니다" in (await room.owner.ask("취소"))["text"]
    assert "모르는 말" in (await room.owner.ask("45"))["text"]


@pytest.mark.parametrize(
    ("typed", "symbol", "hours"),
    [
        ("/set RSI_OVERSOLD 45", None, None),
        ("/set rsi_oversold=45", None, None),
        ("/set RSI_OVERSOLD 45 TQQQ", samples.TQQQ, None),
        ("/set RSI_OVERSOLD 45 for 2h", None, 2),
        ("/set RSI_OVERSOLD 45 TQQQ for 2h", samples.TQQQ, 2),
    ],
)
async def test_setting_by_words(room: Room, typed: str, symbol: object, hours: int | None) -> None:
    await room.owner.does(await room.owner.ask(typed), "45 적용")
    [change] = room.control.changes
    assert (change.name, change.new, change.symbol) == ("RSI_OVERSOLD", "45", symbol)
    assert (None if change.until is None else (change.until - samples.NOW).total_seconds()) == (hours and hours * 3600)


@pytest.mark.parametrize("typed", ["/set RSI_OVERSOLD 45 TQQQ x y", "/reset RSI_OVERSOLD TQQQ x"])
async def test_settings_usage(room: Room, typed: str) -> None:
    assert "처럼 입력하세요" in (await room.owner.ask(typed))["text"]


@pytest.mark.parametrize("typed", ["/set", "/reset", "/get"])
async def test_a_settings_command_without_words_opens_the_menu(room: Room, typed: str) -> None:
    assert "📜 이력" in labels(await room.owner.ask(typed))


async def test_a_set_without_a_value_offers_steps(room: Room) -> None:
    assert "➕ 1" in labels(await room.owner.ask("/set RSI_OVERSOLD"))


async def test_an_order_without_a_number_lists_them(room: Room) -> None:
    assert "미체결" in (await room.owner.ask("/order"))["text"]


async def test_history_undo_and_reset(room: Room) -> None:
    assert "되돌릴 변경이 없습니다" in (await room.owner.ask("/undo"))["text"]
    await room.owner.does(await room.owner.ask("/set RSI_OVERSOLD 45"), "45 적용")
    history = await room.owner.ask("/history")
    assert "RSI_OVERSOLD 50 → 45" in history["text"]
    undo = await room.owner.does(history, "되돌리기")
    assert "45 → 50" in undo["text"]
    reset = await room.owner.ask("/reset RSI_OVERSOLD")
    assert "45 → 50" in reset["text"]


async def test_a_setting_read_at_start_offers_no_change(room: Room) -> None:
    screen = await room.owner.ask("/get TRADING_TICKERS")
    assert "종목은 /add 와 /unwatch 로" in screen["text"]
    assert labels(screen) == ["➕ 매매 종목 추가", "➖ 종목 빼기", "⬅️ 뒤로", "🏠 홈"]
    room.control.settings["LATER"] = samples.setting("LATER", changeable=False)
    screen = await room.owner.ask("/get LATER")
    assert "시작할 때만 읽습니다" in screen["text"]
    assert labels(screen) == ["⬅️ 뒤로", "🏠 홈"]


async def test_a_stepper_starts_from_nothing(room: Room) -> None:
    screen = await room.owner.ask("/get MAX_ORDER_USD")
    assert "♻️ 초기화" in labels(screen)
    assert "— → 100" in (await room.owner.does(screen, "➕ 100"))["text"]


@pytest.mark.parametrize(("typed", "hour"), [("/why TQQQ 23:30", 14), ("/why TQQQ 2026-11-19 23:30", 14)])
async def test_why_of_a_moment(room: Room, typed: str, hour: int) -> None:
    await room.owner.ask(typed)
    [at] = room.control.why_at
    assert at is not None
    assert (at.hour, at.minute) == (hour, 30)
    assert at < samples.NOW


async def test_language_by_button(room: Room) -> None:
    screen = await room.owner.does(await room.owner.ask("/start"), "🌐")
    screen = await room.owner.does(screen, "English")
    assert "US stock trader" in screen["text"]
    assert "📊 Status" in labels(screen)

"""Every command of this slice, typed by a person in front of a local Telegram. Rows S8, S21, S49, S100, S103."""

import aiohttp
import pytest

from bot.input.commands import COMMANDS
from strategy.model import Mode, OutcomeKind, OutcomeUnknown
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.support.person import labels
from tests.support.words import korean


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/start", "미국 주식 자동매매"),
        ("/status", "상태"),
        ("/status@kis_us_trader_bot", "상태"),
        ("/balance", "잔고"),
        ("/positions", "TQQQ"),
        ("/positions tqqq", "손절가 $57.00"),
        ("/orders", "미체결 (1)"),
        ("/order 11", "체결 완료"),
        ("/why TQQQ", "결론: 매수"),
        ("/settings", "설정"),
        ("/get rsi_oversold", "허용: 0 이상 100 이하"),
        ("/history", "아직 없습니다"),
        ("/version", "버전 1.2.3"),
        ("/help", "도움말"),
        ("/help buy", "/buy TQQQ 3 @61.20"),
        ("/lang", "어떤 언어로"),
        ("/release", "다시 규칙으로"),
        ("상태", "상태"),
        ("잔고", "잔고"),
        ("보유", "TQQQ"),
        ("주문", "미체결 (1)"),
        ("주문 11", "체결 완료"),
        ("설정", "설정"),
        ("도움말", "도움말"),
        ("왜 TQQQ", "결론: 매수"),
        ("홈", "미국 주식 자동매매"),
    ],
)
async def test_a_command_is_answered(room: Room, typed: str, expected: str) -> None:
    answer = await room.owner.ask(typed)
    assert expected in answer["text"]


@pytest.mark.parametrize("typed", ["/status", "/balance", "/positions", "/orders", "/order 12", "/buy TQQQ 3", "/run"])
async def test_the_environment_is_on_every_message_about_money(room: Room, typed: str) -> None:
    assert (await room.owner.ask(typed))["text"].startswith("[모의]")


async def test_balance_shows_dollars_won_and_the_masked_account_s8_s49(room: Room) -> None:
    text = (await room.owner.ask("/balance"))["text"]
    assert "$1,234.56" in text
    assert "1,716,656원" in text
    assert samples.MASKED in text


async def test_status_shows_environment_mode_and_calls_s21_s103(room: Room) -> None:
    text = (await room.owner.ask("/status"))["text"]
    assert "모의투자" in text
    assert "▶️ 실행" in text
    assert "3/s of 18" in text


async def test_the_story_of_an_order_can_be_read_s100(room: Room) -> None:
    text = (await room.owner.ask("/order 11"))["text"]
    assert "경과" in text
    assert "접수됨" in text
    assert "30123" in text


async def test_preview_confirm_places_one_order_and_removes_the_buttons(room: Room) -> None:
    preview = await room.owner.ask("/buy TQQQ 3 @61.20")
    assert "3주 × $61.20 = $183.60" in preview["text"]
    done = await room.owner.does(preview, "3주 매수")
    assert "완료" in done["text"]
    assert done["id"] == preview["id"]
    assert "✅ TQQQ 3주 매수" not in labels(done)
    assert [each.request.qty for each in room.control.placed] == [3]


async def test_a_second_press_places_nothing_and_names_the_order_promise_6(room: Room) -> None:
    preview = await room.owner.ask("매수 TQQQ 3")
    first = await room.owner.does(preview, "3주 매수")
    await room.owner.post("press", message_id=preview["id"], data="y|ticket0001")
    answer = await room.owner.sees(lambda message: "이미 누른" in message["text"])
    assert first["id"] == answer["id"]
    assert f"#{room.control.placed[0].no}" in answer["text"]
    assert len(room.control.placed) == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (OutcomeKind.UNKNOWN, "다시 주문하지 마세요"),
        (OutcomeKind.REJECTED, "증권사가 거부"),
        (OutcomeKind.DENIED, "실행하지 않았습니다"),
        (OutcomeKind.CHANGED, "상황이 바뀌어"),
        (OutcomeKind.EXPIRED, "시간이 지나"),
    ],
)
async def test_what_a_press_did_is_said_as_it_is_promise_3(room: Room, kind: OutcomeKind, said: str) -> None:
    room.control.next_outcome = kind
    preview = await room.owner.ask("/sell TQQQ 3")
    answer = await room.owner.does(preview, "3주 매도")
    assert said in answer["text"]
    assert room.control.placed == []


async def test_an_order_over_a_cap_asks_twice(room: Room) -> None:
    room.control.next_outcome = OutcomeKind.SECOND_CONFIRM
    preview = await room.owner.ask("/buy TQQQ 3")
    again = await room.owner.does(preview, "3주 매수")
    assert "한 번 더" in again["text"]
    assert room.control.placed == []
    await room.owner.does(again, "그래도 주문")
    assert len(room.control.placed) == 1


async def test_dismissing_places_nothing(room: Room) -> None:
    preview = await room.owner.ask("/buy TQQQ 3")
    answer = await room.owner.does(preview, "아니요")
    assert "하지 않았습니다" in answer["text"]
    assert room.control.placed == []


@pytest.mark.parametrize(
    "typed", ["/buy TQQQ x", "/buy TQQQ 3 61.20 9", "/buy TQQQ -3", "/buy TQQQ 1.5", "/buy TQQQ all", "/sell TQQQ 0"]
)
async def test_words_that_do_not_fit_are_answered_with_usage(room: Room, typed: str) -> None:
    text = (await room.owner.ask(typed))["text"]
    assert "TQQQ 3 @61.20 처럼 입력하세요" in text
    assert room.control.tickets == {}


async def test_an_unknown_ticker_is_answered_with_the_nearest(room: Room) -> None:
    assert "혹시 TQQQ?" in (await room.owner.ask("/buy TQQ 3"))["text"]


async def test_an_unknown_command_gets_the_nearest_one(room: Room) -> None:
    assert "/status" in (await room.owner.ask("/statuss"))["text"]
    assert "/balance" in (await room.owner.ask("/balanse"))["text"]
    assert "모르는 말" in (await room.owner.ask("안녕하세요 여러분"))["text"]


async def test_commands_of_later_are_answered_honestly(room: Room) -> None:
    for name in (command.name for command in COMMANDS if not command.ready):
        assert f"/{name}는 아직 준비 중" in (await room.owner.ask(f"/{name} TQQQ"))["text"]


async def test_what_does_not_work_yet_stands_in_no_list_and_is_not_proposed(room: Room) -> None:
    listed = (await room.owner.ask("/help"))["text"]
    for name in (command.name for command in COMMANDS if not command.ready):
        assert f"/{name}" not in listed
        assert f"/{name}?" not in (await room.owner.ask(f"/{name}x"))["text"]


async def test_a_picture_is_answered_with_what_can_be_read(room: Room) -> None:
    form = aiohttp.FormData()
    form.add_field("user_id", str(room.owner.id))
    form.add_field("file", b"a,b", filename="a.csv", content_type="text/csv")
    async with aiohttp.ClientSession() as http, http.post(f"{room.chat.url}/user/document", data=form) as response:
        assert response.status == 200
    await room.owner.reads("글만 읽을 수 있습니다")


async def test_an_error_of_the_core_is_told_in_its_own_words(room: Room) -> None:
    room.control.error = OutcomeUnknown("secret internals")
    text = (await room.owner.ask("/balance"))["text"]
    assert korean(OutcomeUnknown.user_message) in text
    assert "secret" not in text


async def test_a_surprise_is_told_with_a_reference_and_logged(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.control.error = RuntimeError("secret internals")
    text = (await room.owner.ask("/balance"))["text"]
    record = next(each for each in caplog.records if each.message == "handler failed")
    assert record.__dict__["reference"] in text
    assert "secret" not in text


async def test_pause_with_a_ticker_and_a_span(room: Room) -> None:
    await room.owner.ask("/pause TQQQ 2h")
    state = room.control.modes[-1]
    assert (state.mode, state.symbol) == (Mode.PAUSE_BUYS, samples.TQQQ)
    assert state.until is not None
    assert (state.until - samples.NOW).total_seconds() == 7200


async def test_run_is_confirmed(room: Room) -> None:
    await room.owner.ask("/stop")
    preview = await room.owner.ask("실행")
    await room.owner.does(preview, "예")
    assert [each.mode for each in room.control.modes[-2:]] == [Mode.PROTECT_ONLY, Mode.RUN]


async def test_halting_wants_the_typed_word(room: Room) -> None:
    preview = await room.owner.ask("/halt")
    assert "손절 보호가 없어지는 종목: TQQQ" in preview["text"]
    assert "손절 끄기" in preview["text"]
    await room.owner.ask("손절 끄기")
    assert room.control.modes[-1].mode is Mode.HALTED


async def test_both_languages(open_room: OpenRoom) -> None:
    async with open_room() as room:
        await room.owner.ask("/lang en")
        assert "Status" in (await room.owner.ask("/status"))["text"]
    async with open_room(chat=None) as room:  # another chat, the same notes: the choice outlives a restart
        assert (await room.owner.ask("/status"))["text"].startswith("[PAPER]")

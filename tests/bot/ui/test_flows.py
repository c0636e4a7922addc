"""Whole ways through the chat with one thumb: orders and settings put together by steps, dialogs, and their ends.

Row S109.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.localchat import LocalChat
from strategy.model import (
    Environment,
    HandChoice,
    InvalidInput,
    Mode,
    OrderStatus,
    Origin,
    OutcomeUnknown,
    SystemClock,
)
from tests.bot.conftest import OpenRoom, Room
from tests.bot.ui.test_every_button import prepare, press, typed
from tests.fakes import result_samples, samples
from tests.fakes.clock import FakeClock
from tests.support.person import Json, labels
from tests.support.words import korean, made_up


async def _tap(room: Room, message: Json, *path: str) -> Json:
    """Press one button after the other, each on what the last one showed."""
    for label in path:
        message = await room.owner.does(message, label)
    return message


async def test_an_order_is_put_together_by_steps_and_placed_once(room: Room) -> None:
    preview = await _tap(room, await room.owner.ask("/buy"), "TQQQ", "1주", "✏️")
    assert "1주 × $61.20" in preview["text"]
    more = await _tap(room, preview, "+10주", "-1주")
    assert "10주 × $61.20 = $612.00" in more["text"]
    dearer = await _tap(room, more, "+$0.1", "+$0.01")
    assert "10주 × $61.31" in dearer["text"]
    await _tap(room, dearer, "10주 매수")
    assert [each.request.qty for each in room.control.placed] == [10]


async def test_a_quantity_never_falls_below_one(room: Room) -> None:
    preview = await _tap(room, await room.owner.ask("/buy TQQQ 3 @61.20"), "✏️", "-10주")
    assert "1주 × $61.20" in preview["text"]


async def test_what_was_being_put_together_outlives_a_restart(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat) as before:
            preview = await _tap(before, await before.owner.ask("/buy TQQQ 3"), "✏️", "+1주")
        async with open_room(chat=chat) as after:
            await after.owner.press(preview, "+1주")
            await after.owner.reads("5주 × $61.20")


async def test_only_the_newest_drafts_are_kept_and_older_ones_say_so(room: Room) -> None:
    first = await room.owner.ask("/buy TQQQ 3")
    for _ in range(20):
        await room.owner.ask("/buy TQQQ 3")
    before = max(room.owner.screen)
    await room.owner.press(first, "✏️")
    answer = await room.owner.sees(lambda each: each["id"] > before)
    assert "더 기억하지 않습니다" in answer["text"]


@pytest.mark.parametrize("button", ["➕ 1", "🌙"])
async def test_a_draft_of_another_kind_is_not_taken(room: Room, button: str) -> None:
    await room.owner.ask("/buy TQQQ 3")
    [draft] = (await _drafts(room)).keys()
    under = (await room.owner.ask("/version"))["id"]
    data = f"sd|{draft}|up" if button == "➕ 1" else f"ea|{draft}|qty|-1"
    await press(room, under, data, "더 기억하지 않습니다")


async def test_the_terms_of_an_order_can_be_typed(room: Room) -> None:
    asked = await _tap(room, await room.owner.ask("/buy"), "TQQQ", "⌨️")
    assert "원하면 가격도" in asked["text"]
    assert "알아듣지 못했습니다" in (await room.owner.ask("many"))["text"]  # still asked
    assert "알아듣지 못했습니다" in (await room.owner.ask("all"))["text"]  # not for a buy
    assert "5주 × $60.00" in (await room.owner.ask("5 @60"))["text"]
    assert "모르는 말" in (await room.owner.ask("5 @60"))["text"]  # answered, no longer asked


async def test_typed_terms_of_a_sell_that_do_not_fit_are_answered_as_a_sell(room: Room) -> None:
    under = (await room.owner.ask("/version"))["id"]
    await press(room, under, "tw|sell|NASDAQ:TQQQ", "50%, all")
    answer = (await room.owner.ask("many"))["text"]
    assert "매도 TQQQ" in answer
    assert "/buy" not in answer
    assert "미리보기: 매도 TQQQ" in (await room.owner.ask("1"))["text"]


@pytest.mark.parametrize("data", ["tw|buy|NASDAQ:TQQQ", "ew|14", "pw|NASDAQ:TQQQ", "fw", "w|RSI_OVERSOLD|"])
async def test_every_question_can_be_left(room: Room, data: str) -> None:
    prepare(room)
    under = (await room.owner.ask("/version"))["id"]
    await press(room, under, data, "/cancel")
    assert "그대로 두었습니다" in (await room.owner.ask("취소"))["text"]
    assert "모르는 말" in (await room.owner.ask("45"))["text"]


async def test_an_order_is_changed_by_steps(room: Room) -> None:
    prepare(room)
    start = await _tap(room, await room.owner.ask("/amend"), "#14")
    assert "10 × $61.20" in start["text"]
    assert "+1주" not in labels(start)  # an open quantity only goes down
    fewer = await _tap(room, start, "-1주")
    assert "10주 → 9주" in fewer["text"]
    cheaper = await _tap(room, fewer, "-$0.1")
    assert "$61.20 → $61.10" in cheaper["text"]
    await _tap(room, cheaper, "9주로 정정")
    assert next(each for each in room.control.orders_ if each.no == 14).limit_price == Decimal("61.10")
    assert room.control.placed == []


async def test_an_order_is_changed_by_typing(room: Room) -> None:
    prepare(room)
    asked = await _tap(room, await room.owner.ask("/amend 14"), "⌨️")
    assert "새 남은 수량" in asked["text"]
    assert "처럼 입력하세요" in (await room.owner.ask("cheaper"))["text"]
    assert "$61.20 → $60.50" in (await room.owner.ask("@60.50"))["text"]
    assert "10주 → 4주" in (await room.owner.ask("정정 14 4"))["text"]


@pytest.mark.parametrize("words", ["/amend x", "/amend 14 1 2 3", "/amend 14 1.5"])
async def test_an_amend_that_does_not_fit_is_answered_with_usage(room: Room, words: str) -> None:
    prepare(room)
    assert "/amend 12 @61.10 처럼 입력하세요" in (await room.owner.ask(words))["text"]


async def test_what_cannot_be_changed_says_why(room: Room) -> None:
    prepare(room)
    over = await room.owner.ask("/amend 11")
    assert "이미 끝난 주문이라" in over["text"]
    assert not [each for each in labels(over) if "$" in each]  # no steps that lead nowhere
    refused = await room.owner.ask("/amend 11 @61")
    assert "이미 끝난 주문입니다" in refused["text"]
    assert not [each for each in labels(refused) if "정정" in each and "✅" in each]
    room.control.orders_ = []
    assert "직접 낸 미체결 주문이 없습니다" in (await room.owner.ask("/amend"))["text"]


async def test_the_bots_own_orders_offer_no_change(room: Room) -> None:
    prepare(room)
    assert "✏️ 정정" not in labels(await room.owner.ask("/order 12"))
    assert "✏️ 정정" in labels(await room.owner.ask("/order 14"))


async def test_an_unknown_order_is_settled_by_a_persons_word(room: Room) -> None:
    prepare(room)
    details = await room.owner.ask("/order 15")
    before = max(room.owner.screen)
    await room.owner.press(details, "⚖️")
    question = await room.owner.sees(lambda each: each["id"] > before)
    assert "증권사 30999번입니다" in labels(question)
    await _tap(room, question, "도착하지 않았습니다")
    assert room.control.tickets["ticket0002"].used
    assert not room.control.tickets["ticket0001"].used


async def test_an_order_that_is_known_by_now_is_not_settled(room: Room) -> None:
    prepare(room)
    under = (await room.owner.ask("/version"))["id"]
    answer = await press(room, under, "g|14", "이미 밝혀졌습니다")
    assert labels(answer) == ["🧾 주문", "🏠 홈"]


async def test_an_order_by_hand_is_decided_about(room: Room) -> None:
    prepare(room)
    details = await room.owner.ask("/order 16")
    await room.owner.press(details, "🤝")
    await room.owner.sees(lambda each: each["id"] > details["id"])
    assert room.control.chosen == [(16, HandChoice.ADOPT)]
    room.control.orders_ = [replace(samples.order(16, origin=Origin.EXTERNAL), adopted_by=1)]
    assert "🤝 맡기기" not in labels(await room.owner.ask("/order 16"))


async def test_a_setting_for_one_ticker_for_tonight(room: Room) -> None:
    screen = await _tap(room, await room.owner.ask("/get RSI_OVERSOLD"), "🎯", "TQQQ")
    assert "RSI_OVERSOLD · TQQQ" in screen["text"]
    preview = await _tap(room, screen, "➖ 1", "➖ 1", "🌙")
    assert "50 → 48" in preview["text"]
    assert "적용 대상: TQQQ" in preview["text"]
    assert "그 뒤 다시 50" in preview["text"]
    assert "♾ 계속" in labels(preview)
    await _tap(room, preview, "48 적용")
    [change] = room.control.changes
    assert (change.symbol, change.new, change.until) == (samples.TQQQ, "48", room.control.services.modes.until_close())


async def test_a_span_can_be_taken_back_before_confirming(room: Room) -> None:
    preview = await _tap(room, await room.owner.ask("/set RSI_OVERSOLD 45 for close"), "♾")
    await _tap(room, preview, "45 적용")
    assert room.control.changes[-1].until is None


async def test_a_value_of_one_ticker_can_be_typed_and_reset(room: Room) -> None:
    own = replace(room.control.settings["RSI_OVERSOLD"], per_ticker=((samples.TQQQ, "40"),))
    room.control.settings["RSI_OVERSOLD"] = own
    pick = await _tap(room, await room.owner.ask("/get RSI_OVERSOLD"), "🎯")
    assert "TQQQ = 40" in labels(pick)
    screen = await _tap(room, pick, "TQQQ")
    assert "♻️ 초기화" in labels(screen)
    assert "40 → 41" not in screen["text"]
    assert "적용 대상: TQQQ" in (await _tap(room, screen, "⌨️"))["text"]
    assert "→ 44" in (await room.owner.ask("44"))["text"]
    reset = await room.owner.ask("/reset RSI_OVERSOLD TQQQ")
    assert "적용 대상: TQQQ" in reset["text"]


async def test_a_choice_of_an_older_version_shows_the_setting(room: Room) -> None:
    under = (await room.owner.ask("/version"))["id"]
    await press(room, under, "c|RSI_INTERVAL|9|", "직접 입력")


async def test_a_ticker_is_typed_verified_and_watched(room: Room) -> None:
    screen = await _tap(room, await room.owner.ask("/start"), "📈", "➕")
    await _tap(room, screen, "⌨️")
    assert "종목이 없습니다" in (await room.owner.ask("NOPE"))["text"]  # still asked
    preview = await room.owner.ask("aapl")
    assert "APPLE INC" in preview["text"]
    assert "TQQQ, O, XLF, AAPL" in preview["text"]
    await _tap(room, preview, "자동매매")
    assert samples.AAPL in room.control.watched
    taken = await _tap(room, await room.owner.ask("/unwatch"), "O", "➖ O")
    assert "완료" in taken["text"]
    assert samples.O not in room.control.watched


async def test_what_is_held_but_not_watched_can_be_picked(room: Room) -> None:
    held = samples.holdings(samples.position(), samples.position(symbol=samples.AAPL))
    room.control.holdings_ = samples.holdings_view(holdings=held)
    preview = await _tap(room, await room.owner.ask("/add"), "AAPL")
    assert "자동매매에 추가할까요" in preview["text"]
    room.control.holdings_ = samples.holdings_view(holdings=None)
    assert "AAPL" not in labels(await room.owner.ask("/add"))


async def test_a_watch_that_is_refused_says_why(room: Room) -> None:
    room.control.refusals = (made_up("마지막 종목입니다.", "It is the last ticker."),)
    refused = await room.owner.ask("/unwatch O")
    assert "마지막 종목입니다" in refused["text"]
    assert labels(refused) == ["🏠 홈"]


async def test_a_price_alert_is_set_listed_and_removed(room: Room) -> None:
    picked = await _tap(room, await room.owner.ask("/alert TQQQ"), "-5%")
    assert "TQQQ $58.14 이하" in picked["text"]
    await _tap(room, await room.owner.ask("/alert TQQQ"), "⌨️")
    assert "처럼 입력하세요" in (await room.owner.ask("soon"))["text"]
    assert "$70.00 이상" in (await room.owner.ask("70 이상"))["text"]
    listed = await room.owner.ask("/alerts")
    assert "🗑 TQQQ $70.00 이상" in labels(listed)
    left = await _tap(room, listed, "🗑 TQQQ $58.14")
    assert "🗑 TQQQ $58.14 이하" not in labels(left)
    assert len(room.control.alerts) == 1


async def test_a_price_alert_may_wait_for_a_ticker_that_is_not_traded(room: Room) -> None:
    assert "AAPL $150.00 이하" in (await room.owner.ask("/alert NASDAQ:AAPL < 150"))["text"]
    assert str(room.control.alerts[-1].symbol) == "NASDAQ:AAPL"
    assert "AAPL $140.00 이하" in (await room.owner.ask("/alert AAPL < 140"))["text"]
    assert "시장" in (await room.owner.ask("/alert MOON:AAPL < 150"))["text"]
    assert [str(each.symbol) for each in room.control.alerts] == ["NASDAQ:AAPL"] * 2


@pytest.mark.parametrize("words", ["/alert TQQQ < soon", "/alert TQQQ < 0", "/alert TQQQ 1 2"])
async def test_an_alert_that_does_not_fit_is_answered_with_usage(room: Room, words: str) -> None:
    assert "/alert TQQQ < 60 처럼 입력하세요" in (await room.owner.ask(words))["text"]


async def test_a_group_of_alerts_is_made_silent(room: Room) -> None:
    screen = await room.owner.ask("/notify")
    assert "✅ 체결 🔔" in labels(screen)
    preview = await _tap(room, screen, "체결 🔕")
    assert "NOTIFY_FILLS" in preview["text"]
    await _tap(room, preview, "silent 적용")
    assert [(each.name, each.new) for each in room.control.changes] == [("NOTIFY_FILLS", "silent")]
    assert "처럼 입력하세요" in (await room.owner.ask("/notify fills loudly"))["text"]
    assert "NOTIFY_SIGNALS" in (await room.owner.ask("알림 신호 끄기"))["text"]


async def test_quiet_hours_are_shown_and_proposed(room: Room) -> None:
    preview = await _tap(room, await room.owner.ask("/quiet"), "00:00-08:00")
    assert "→ 00:00-08:00" in preview["text"]


async def test_panic_offers_two_ways_and_does_one(room: Room) -> None:
    preview = await room.owner.ask("/panic")
    assert "AAPL 2주 (매매 종목 아님)" in preview["text"]
    assert "#12" in preview["text"]
    await _tap(room, preview, "매매 종목만")
    assert room.control.panics == ["watched"]
    await room.owner.press_data(preview["id"], "y|ticket0002")
    await room.owner.reads("이미 누른")
    await _tap(room, await room.owner.ask("비상"), "계좌 전체를")
    assert room.control.panics == ["watched", "all"]


async def test_panic_while_the_market_is_closed_says_what_that_means(room: Room) -> None:
    room.control.market_open = False
    assert "지금은 팔 수 없습니다" in (await room.owner.ask("/panic"))["text"]
    room.control.refusals = (made_up("실전이 무장되지 않았습니다.", "Real trading is not armed."),)
    refused = await room.owner.ask("/panic")
    assert "무장되지 않았습니다" in refused["text"]
    assert labels(refused) == ["📦 보유", "🏠 홈"]


async def test_panic_can_be_dismissed(room: Room) -> None:
    await _tap(room, await room.owner.ask("/panic"), "아니요")
    assert room.control.panics == []


async def test_diagnose_answers_at_once_and_edits_its_message_s109(room: Room) -> None:
    hang = asyncio.Event()
    room.control.before_diagnosis = hang.wait
    sent = await room.owner.send("/diagnose")
    waiting = await room.owner.sees(lambda each: each["id"] > sent)
    assert "시험하고 있습니다" in waiting["text"]
    hang.set()
    result = await room.owner.reads("연결 시험 결과")
    assert result["id"] == waiting["id"]
    room.control.error = OutcomeUnknown("secret")
    await room.owner.press(result, "🔁")
    failed = await room.owner.sees(lambda each: korean(OutcomeUnknown.user_message) in each["text"])
    assert failed["id"] == waiting["id"]


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("/trades many", "/trades 30"),
        ("/profit 0", "/profit 30"),
        ("/report year", "/report day"),
        ("/calendar x", "/calendar 30"),
        ("/logs x", "/logs 30"),
        ("/export soon", "/export 30d"),
    ],
)
async def test_counts_and_spans_that_do_not_fit(room: Room, words: str, usage: str) -> None:
    assert f"{usage} 처럼 입력하세요" in (await room.owner.ask(words))["text"]


async def test_a_button_with_a_broken_count_shows_the_usual_number(room: Room) -> None:
    under = (await room.owner.ask("/version"))["id"]
    await press(room, under, "o|daily|x|0", "11-20")
    assert room.control.asked_results[-1][1] == 10


async def test_proposals_wait_at_home_and_are_approved(room: Room) -> None:
    assert not [each for each in labels(await room.owner.ask("/start")) if "🙋" in each]
    ticket = room.control.ticket("order", room.owner.id, samples.order(40, OrderStatus.SENT))
    room.control.proposals_ = [result_samples.proposal(ticket=ticket)]
    home = await room.owner.ask("/start")
    assert "🙋 제안 1건이 기다립니다" in labels(home)
    await room.owner.press(home, "🙋")
    card = await room.owner.reads("승인 요청")
    await _tap(room, card, "✅ 승인")
    assert [each.no for each in room.control.placed] == [40]
    room.control.proposals_ = []
    await press(room, home["id"], "o|proposals||0", "기다리는 제안이 없습니다")


async def test_a_ticker_that_is_not_watched_shows_its_price_and_can_be_watched(room: Room) -> None:
    room.control.status_ = samples.status(tickers=())
    room.control.quote_ = result_samples.quote_view(watched=False, position_qty=None, decision=None, stop_price=None)
    under = (await room.owner.ask("/version"))["id"]
    card = await press(room, under, "o|ticker|NASDAQ:TQQQ|0", "매매 종목이 아니어서")
    assert "➕ 자동매매…" in labels(card)


async def test_the_price_of_the_only_ticker_is_shown_without_asking(room: Room) -> None:
    room.control.watched = [samples.XLF]
    assert "AMEX:XLF" in (await room.owner.ask("/quote"))["text"]


async def test_arming_outside_the_real_account_is_not_needed(open_room: OpenRoom) -> None:
    async with open_room(environment=Environment.DEMO) as room:
        assert "무장이 필요 없습니다" in (await room.owner.ask("/arm 7801"))["text"]
        assert room.control.armed_with == []


async def test_a_menu_is_published_again_when_telegram_is_back(open_room: OpenRoom) -> None:
    wall = FakeClock(SystemClock().now())
    async with open_room(polls=False, wall=wall) as room:
        await room.owner.post("fault", kind="error", method="setMyCommands", code=502)
        assert await room.app.menus.publish() is not None
        await room.owner.post("fault", kind="error", method="setMyCommands", code=400)
        async with asyncio.TaskGroup() as group:
            chatting = group.create_task(room.app.chat())
            async with asyncio.timeout(20):
                while wall.next_wake is None:  # noqa: ASYNC110 - a fake clock has no event for it
                    await asyncio.sleep(0)
                assert not await room.app.bot.get_my_commands()
                await wall.advance(30)
                while not await _menu(room):  # noqa: ASYNC110 - the fact of another server
                    await asyncio.sleep(0)
            chatting.cancel()


async def test_an_unforeseen_end_of_the_polling_is_not_hidden(
    open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise InvalidInput("gone")

    monkeypatch.setattr("bot.app.poll", fails)
    async with open_room(polls=False) as room:
        with pytest.raises(InvalidInput):
            await room.app.chat()


async def test_plain_words_reach_the_new_commands(room: Room) -> None:
    for words, part in {"체결": "+$12.34", "시세 TQQQ": "전일 종가", "일정": "추수감사절", "건강": "상태 점검"}.items():
        await typed(room, words, part)


async def _drafts(room: Room) -> dict[str, object]:
    context = room.app.dispatcher.fsm.get_context(room.app.bot, room.owner.id, room.owner.id)
    return dict((await context.get_data())["drafts"])


async def _menu(room: Room) -> list[object]:
    scope = {"type": "chat", "chat_id": room.owner.id}
    return list(await room.app.bot.get_my_commands(scope=scope))  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["비상", "panic", "상태", "/status", "실행", "매수 TQQQ 1"])
async def test_a_command_word_is_never_taken_for_the_answer_to_a_question(room: Room, words: str) -> None:
    await room.owner.does(await room.owner.ask("/get RSI_OVERSOLD"), "직접 입력")
    await room.owner.send(words)
    await room.owner.reads("열려 있던 질문은 그만두었습니다")
    assert "RSI_OVERSOLD" not in (await room.owner.ask("31"))["text"], "nothing asks for a value any more"


@pytest.mark.parametrize(("minutes", "halted"), [(4, True), (6, False)])
async def test_a_question_ends_after_five_minutes(
    open_room: OpenRoom, wall: FakeClock, minutes: int, halted: bool
) -> None:
    async with open_room(wall=wall) as room:
        await room.owner.ask("/halt")
        wall.set(wall.now() + timedelta(minutes=minutes))
        answer = await room.owner.ask("손절 끄기")
        assert ("너무 오래 열려 있어서 끝났습니다" not in answer["text"]) is halted
        assert (room.control.modes[-1].mode is Mode.HALTED) is halted


async def test_the_word_for_halting_sent_twice_halts_nothing(room: Room) -> None:
    await room.owner.ask("중단")
    await room.owner.ask("중단")
    assert room.control.modes[-1].mode is Mode.RUN

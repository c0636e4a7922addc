"""What each event looks like: complete, in both languages, readable by the (local) Telegram.

Rows S8, S21, S46, S47, S48, S49, S90, S91, S92, S93, S94, S95.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.i18n.translator import LANGUAGES
from bot.ui.buttons import markup
from bot.ui.screen import ViewContext
from bot.views.news.alerts import alert
from bot.views.trading.orders import fill_reply
from strategy.model import (
    Environment,
    Event,
    Language,
    Mode,
    Notable,
    Order,
    OrderChanged,
    OrderStatus,
    Said,
    SaleEnd,
    Side,
    Started,
)
from tests.fakes import samples
from tests.support.kept_text import kept_pieces
from tests.support.words import made_up

MakeUi = Callable[..., ViewContext]
HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_event_has_a_view_that_fits(event: Event, language: Language, ui: MakeUi) -> None:
    screen = alert(event, ui(language))
    [text] = kept_pieces(screen)
    assert "{" not in text
    assert text.startswith({"ko": "[모의]", "en": "[PAPER]"}[language])
    keyboard = markup(screen.keyboard)
    buttons = [button for row in keyboard.inline_keyboard for button in row] if keyboard else []
    assert all(0 < len((button.callback_data or "").encode()) <= 64 for button in buttons)


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
def test_english_messages_hold_no_korean_of_ours(event: Event, ui: MakeUi) -> None:
    text = alert(event, ui("en")).text.replace("이유", "").replace("모의투자", "").replace("원", "")
    assert not HANGUL.search(text)


def changed(order: Order, **changes: object) -> OrderChanged:
    return OrderChanged(at=samples.NOW, order=order, decision=samples.decision(), **changes)  # type: ignore[arg-type]


def test_a_buy_tells_why_how_much_and_what_was_there_s91(ui: MakeUi) -> None:
    text = alert(changed(samples.order(), cash_before=Decimal("1234.56")), ui()).text
    for part in ("TQQQ", "#12", "RSI(일봉) 48.20", "(50 이하)", "10주", "$61.20", "$1,234.56", "[모의]"):
        assert part in text
    assert "KST 00:00 (ET 10:00)" in text


def test_a_sell_tells_macd_cross_result_and_what_stays_s92(ui: MakeUi) -> None:
    event = changed(samples.order(side=Side.SELL), position_qty_before=30, average_cost=Decimal("60.00"))
    text = alert(event, ui()).text
    for part in (
        "RSI(일봉) 48.20 (60 이상)",
        "MACD(1분) 0.1234",
        "시그널 0.1000",
        "2봉 전, 유지",
        "+$12.00",
        "남는 수량 20주",
    ):
        assert part in text


def test_a_stop_tells_trigger_threshold_average_and_quantity_s93(ui: MakeUi) -> None:
    text = alert(samples.stop_triggered(), ui()).text
    for part in ("손절", "-5.01%", "기준 -5.00%", "$60.00", "$56.99", "10주"):
        assert part in text


def test_the_result_of_a_stop_is_told_s93(ui: MakeUi) -> None:
    text = alert(samples.stop_finished(), ui()).text
    for part in ("10주 매도", "$56.95", "모든 수수료 뺀 손익 🔵 -$38.12", "증권사 표시 손익 -$31.93", "전량 매도"):
        assert part in text
    left = alert(samples.stop_finished(left=4, reason=SaleEnd.SESSION_END), ui()).text
    assert "⚠️ 4주가 남았습니다" in left
    assert "다시 시도" not in left
    refused = alert(samples.stop_finished(left=4, reason=SaleEnd.REJECTED), ui()).text
    assert "1분 뒤 다시 시도합니다" in refused


def test_a_refusal_kept_in_both_languages_is_told_in_one(ui: MakeUi) -> None:
    reason = made_up("수량을 넘었습니다. (40310000: a/b)", "More than there is. (40310000: a/b)")
    event = changed(samples.order(status=OrderStatus.REJECTED, reason=reason))
    korean, english = (alert(event, ui(one)).text for one in LANGUAGES)
    assert "사유: 수량을 넘었습니다. (40310000: a/b)\n" in korean
    assert "More than" not in korean
    assert "Reason: More than there is. (40310000: a/b)\n" in english
    odd = changed(samples.order(status=OrderStatus.REJECTED, reason=Said.read("one / two / three")))
    assert "사유: one / two / three" in alert(odd, ui()).text


def test_an_unarmed_start_says_what_to_do(ui: MakeUi) -> None:
    started = next(each for each in samples.every_event() if isinstance(each, Started))
    unarmed = replace(started, mode=replace(samples.mode(Mode.HALTED), reason="not_armed"))
    for part in ("⛔ 중단 · ", "/arm", "손절을 포함해 어떤 주문도 나가지 않습니다"):
        assert part in alert(unarmed, ui()).text
    again = replace(started, mode=replace(samples.mode(Mode.PROTECT_ONLY), reason="not_armed"))
    assert "손절은 나갑니다" in alert(again, ui()).text


def test_a_complete_fill_tells_quantity_average_amount_and_fees_s94(ui: MakeUi) -> None:
    event = changed(samples.filled_order(), last_fill=samples.fill(), fees=Decimal("1.53"))
    text = fill_reply(event, samples.fill(), ui()).text
    for part in ("전량 체결", "수량 10주", "$61.19", "금액 $611.90", "수수료 $1.53"):
        assert part in text


def test_an_unknown_order_is_neither_done_nor_failed_promise_3(ui: MakeUi) -> None:
    screen = alert(changed(samples.order(status=OrderStatus.UNKNOWN)), ui())
    text = screen.text
    assert "❓ 결과 미확인" in text
    assert "다시 보내지 않습니다" in text
    assert screen.keyboard[0][0].text == "🔎 지금 확인"


def test_trouble_says_what_and_where_s95(ui: MakeUi) -> None:
    text = alert(samples.trouble(), ui()).text
    assert "시세를 받지 못했습니다" in text
    assert "TQQQ" in text


def test_the_open_tells_holdings_and_masked_account_s90_s49(ui: MakeUi) -> None:
    opened = next(each for each in samples.every_event() if each.kind == "session_opened")
    text = alert(opened, ui()).text
    for part in (samples.MASKED, "10주 (매도 가능 8주)", "$612.00", "원", "▶️ 실행", "반일장"):
        assert part in text


def test_the_start_tells_tickers_bars_and_stream_s46_s47_s48(ui: MakeUi) -> None:
    text = alert(samples.started(), ui()).text
    for part in ("TQQQ NASDAQ · $61.20", "O 1분: 봉 40/100개", "체결통보 구독됨"):
        assert part in text


def test_a_blocked_signal_names_the_guard_s8(ui: MakeUi) -> None:
    text = alert(samples.blocked(), ui()).text
    assert "매수 신호 보류: TQQQ" in text
    assert "막은 조건: 매수 대기 시간" in text
    assert "3분 10초 (5분 이상)" in text


@pytest.mark.parametrize(
    ("environment", "badge"),
    [(Environment.REAL, "[실전]"), (Environment.VIRTUAL, "[모의]"), (Environment.DEMO, "[데모]")],
)
def test_the_environment_is_in_the_headline_s21(ui: MakeUi, environment: Environment, badge: str) -> None:
    assert alert(samples.started(), ui("ko", environment)).text.startswith(badge)


def test_a_note_names_its_ticker_once(ui: MakeUi) -> None:
    released = Notable(
        at=samples.NOW, key="released", symbol=samples.O, what=made_up("O 잠금을 풀었습니다.", "O is free.")
    )
    assert alert(released, ui()).text.startswith("[모의] ℹ️ O 잠금을 풀었습니다.")
    other = replace(released, what=made_up("주문 하나가 늦습니다.", "Order late."))
    assert alert(other, ui("en")).text.startswith("[PAPER] ℹ️ O · Order late.")

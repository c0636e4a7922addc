"""What the chat says in words: nothing that reads as more than happened, no machine's words, no dead ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ui.screen import Screen, ViewContext
from bot.views import decisions, status
from strategy.market.trading_window import session_view
from strategy.model import (
    CapKey,
    CapsGate,
    CashGate,
    DecisionAction,
    DecisionReason,
    Gate,
    GateKey,
    GateSide,
    Language,
    LockGate,
    OpenOrdersGate,
    Refusal,
    StopGate,
)
from tests.bot.test_real_core import Talk, open_market, talking
from tests.fakes import samples
from tests.fakes.clock import trading_settings
from tests.support.kept_text import kept_pieces

MakeUi = Callable[..., ViewContext]
HEALTHY = StopGate(key=GateKey.STOP_LOSS, passed=False, observed=Decimal("-1.20"), threshold=Decimal(-5))


def said(screen: Screen) -> str:
    return "\n".join(kept_pieces(screen))


async def english(talk: Talk) -> None:
    await talk.type("/lang en")


async def test_a_number_of_no_order_is_answered_plainly(tmp_path: Path) -> None:
    async with talking(tmp_path, open_market()) as talk:
        assert "#999 주문은 없습니다" in await talk.type("/cancel 999")
        await english(talk)
        assert "There is no order #999" in await talk.type("/cancel 999")


async def test_an_order_that_is_over_is_not_called_nothing(tmp_path: Path) -> None:
    world = open_market()
    async with talking(tmp_path, world) as talk:
        await talk.confirm("/buy TQQQ 1")
        await talk.bench.settle()
        newest = (await talk.bench.core.control.orders.queries.list()).recent[0]
        answer = await talk.type(f"/cancel {newest.no}")
        assert f"주문 #{newest.no}" in answer
        assert "이미 끝났습니다" in answer


async def test_a_pause_under_protect_only_says_what_is_in_force(tmp_path: Path) -> None:
    async with talking(tmp_path, open_market()) as talk:
        await talk.type("/stop")
        answer = await talk.type("/pause TQQQ")
        assert "지금은 더 엄격한 🛡 보호 전용 모드가 적용됩니다" in answer
        await english(talk)
        assert "In force now: 🛡 Protect only" in await talk.type("/pause O 2h")


async def test_a_pause_that_is_in_force_says_nothing_of_another_mode(tmp_path: Path) -> None:
    async with talking(tmp_path, open_market()) as talk:
        answer = await talk.type("/pause TQQQ")
        assert "매수 멈춤" in answer
        assert "엄격한" not in answer


async def test_what_was_dismissed_is_not_called_done(tmp_path: Path) -> None:
    async with talking(tmp_path, open_market()) as talk:
        ticket = await talk.ticket("/buy TQQQ 1")
        answer = await talk.press("n" + ticket[1:])
        assert "✅" not in answer
        assert "완료" not in answer
        assert "하지 않았습니다" in answer
        assert "바뀐 것은 없습니다" in answer


def why(ui: ViewContext, *gates: Gate) -> str:
    decision = samples.decision(gates=gates, action=DecisionAction.NONE, reason=DecisionReason.NO_SIGNAL, qty=None)
    return said(decisions.why(decision, samples.TQQQ, ui))


@pytest.mark.parametrize(
    ("stop", "mark"),
    [
        (HEALTHY, "✅"),
        (replace(HEALTHY, passed=True, observed=Decimal("-5.10")), "🟧"),
        (replace(HEALTHY, passed=None, observed=None), "❓"),
        (replace(HEALTHY, threshold=None), "➖"),
    ],
)
def test_a_stop_that_has_not_fired_is_well(ui: MakeUi, stop: StopGate, mark: str) -> None:
    for language in ("ko", "en"):
        text = why(ui(language), stop)
        assert f"{mark} {'손절' if language == 'ko' else 'Stop-loss'}" in text
        assert "❌" not in text


def at_a_cap(side: GateSide = GateSide.BUY) -> tuple[Gate, ...]:
    refusal = Refusal(cap=CapKey.MAX_POSITION_RATE, value=Decimal("50.01"), limit=Decimal(50))
    return (
        CashGate(
            side=side,
            passed=True,
            observed=0,
            threshold=Decimal("0.30"),
            asked=True,
            bound=CapKey.MAX_POSITION_RATE,
            wanted=148,
        ),
        CapsGate(side=side, passed=False, observed=refusal, broken=(CapKey.MAX_POSITION_RATE,), asked=True),
    )


@pytest.mark.parametrize(
    ("language", "cash", "limit"),
    [
        ("ko", "✅ 현금: 148주", "한도 때문에 0주: MAX_POSITION_RATE"),
        ("en", "✅ Cash: 148 sh.", "a limit leaves 0 shares: MAX_POSITION_RATE"),
    ],
)
def test_at_a_cap_the_limit_is_named_and_not_the_cash(ui: MakeUi, language: Language, cash: str, limit: str) -> None:
    text = why(ui(language), *at_a_cap())
    blocked = samples.decision(gates=at_a_cap(), reason=DecisionReason.BLOCKED_BY_CAPS, action=DecisionAction.NONE)
    assert "(MAX_POSITION_RATE)" in said(decisions.why(blocked, samples.TQQQ, ui(language))).split("\n")[1]
    assert cash in text
    assert limit in text
    assert text.index("❌") > text.index(cash)


def test_conditions_read_as_sentences_and_not_as_a_programs_comparisons(ui: MakeUi) -> None:
    none = (
        OpenOrdersGate(side=GateSide.BUY, passed=True, observed=0),
        LockGate(side=GateSide.BUY, passed=True, observed=None),
    )
    assert "✅ 미체결 주문: 없음\n✅ 종목 잠금: 없음" in why(ui("ko"), *none)
    some = (
        OpenOrdersGate(side=GateSide.BUY, passed=False, observed=1),
        LockGate(side=GateSide.BUY, passed=False, observed="stop_loss"),
    )
    assert "❌ 미체결 주문: 1건 (없어야 함)\n❌ 종목 잠금: 손절 실행 (없어야 함)" in why(ui("ko"), *some)
    assert "❌ Open order: 1 open (must be none)" in why(ui("en"), *some)
    everything = why(ui("ko"), *samples.gates(), *some, HEALTHY)
    assert not {">", "<", ">=", "<="} & set(everything.split())
    assert "golden" not in everything


EVENING = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)  # 18:00 in New York, a Tuesday
MORNING = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # before the open of the same day
SUNDAY = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
GOOD_FRIDAY = datetime(2026, 4, 3, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(("now", "closed"), [(EVENING, True), (MORNING, True), (SUNDAY, False), (GOOD_FRIDAY, False)])
def test_an_evening_after_the_close_is_no_holiday(ui: MakeUi, now: datetime, closed: bool) -> None:
    view = session_view(now, trading_settings())
    assert view.phase.shut
    for language, evening, holiday in (("ko", "장이 닫혀 있음", "휴장일"), ("en", "market closed", "holiday")):
        text = said(status.status(replace(samples.status(), session=view), ui(language)))
        assert (evening in text) is closed
        assert (holiday in text) is not closed

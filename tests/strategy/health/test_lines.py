"""Each line of /health: fine, not fine, and what it then tells to do. Rows S13, S113."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from strategy.health import lines
from strategy.market.trading_window import session_view
from strategy.model import BarsStanding, HealthLine, KeptTotals, OutboxState, StopState, StorageState, Symbol
from strategy.runtime.probes import LoopLag, TelegramState
from tests.fakes.clock import trading_settings
from tests.support.trades import TQQQ, O
from tests.support.words import bilingual, english, korean, made_up

NOW = datetime(2026, 9, 15, 15, 0, tzinfo=UTC)  # a Tuesday, in the session
GB = 1024**3


def told(line: HealthLine, ok: bool | None, *words: str) -> bool:
    """Check the judgement, and that the words are in one of the languages and neither language is empty."""
    both = bilingual(line.detail)
    return (
        line.ok is ok
        and bool(korean(line.detail))
        and bool(english(line.detail))
        and all(word in both for word in words)
    )


def test_the_market_line_tells_the_next_open_in_both_zones_s113() -> None:
    closed = lines.market(session_view(datetime(2026, 9, 15, 2, 0, tzinfo=UTC), trading_settings()))
    assert told(closed, None, "닫힘", "KST 09-15 22:30", "ET 09-15 09:30")
    assert told(lines.market(session_view(NOW, trading_settings())), None, "KST 09-16 05:00", "ET 09-15 16:00")


def test_an_order_of_unknown_outcome_is_not_fine() -> None:
    assert told(lines.order_desk(3, 1), False, "/orders")
    assert told(lines.order_desk(3, 0), True, "3")


def test_without_agreement_buying_is_said_to_be_blocked() -> None:
    assert told(lines.reconciled(True, NOW - timedelta(seconds=42), NOW), True, "42초 전", "42 s ago")
    assert told(lines.reconciled(False, NOW - timedelta(minutes=3), NOW), False, "매수를 막았습니다", "3 min ago")
    assert told(lines.reconciled(False, None, NOW), False, "never")


def test_stops_that_do_not_work_are_named_with_the_reason() -> None:
    assert told(lines.stops({}), None)
    assert told(lines.stops({TQQQ: StopState.NOT_HELD}), None, "지킬 보유 종목이 없습니다")
    assert told(lines.stops({TQQQ: StopState.CLOSED}), None, "장이 열리면")
    assert told(lines.stops({TQQQ: StopState.HALTED}), False, "/run")
    assert told(lines.stops({TQQQ: StopState.SILENT, O: StopState.TICKS}), False, "TQQQ (시세가 오지 않음)")
    assert told(lines.stops({TQQQ: StopState.UNSTORABLE, O: StopState.NOT_HELD}), False, "디스크")
    assert told(lines.stops({TQQQ: StopState.NO_COST}), False, "평균단가")
    assert told(lines.stops({TQQQ: StopState.POLLING, O: StopState.TICKS}), True, "실시간 1, 조회 1")


def test_what_is_not_known_to_be_held_is_not_nothing() -> None:
    assert told(lines.stops({TQQQ: StopState.NOT_SEEN, O: StopState.NOT_SEEN}), False, "not known what is held")


def test_prices_are_judged_by_age_in_the_session_only() -> None:
    ages: dict[Symbol, tuple[float | None, int]] = {TQQQ: (45.0, 30), O: (2.0, 30)}
    assert told(lines.quotes(ages, in_session=True), False, "TQQQ", "45초 전")
    assert told(lines.quotes(ages, in_session=False), None, "TQQQ")
    assert told(lines.quotes({O: (2.0, 30)}, in_session=True), True)
    assert told(lines.quotes({TQQQ: (None, 30)}, in_session=False), False, "TQQQ", "/diagnose")


def test_kept_bars_say_what_is_missing_and_why() -> None:
    totals = KeptTotals(tickers=3, sessions=1240, bars=480_000, newest=date(2026, 9, 14), size=3_000_000)
    kept = BarsStanding(offered=True, totals=totals)
    assert told(lines.bars_kept(BarsStanding(offered=False)), None, "QUOTE_APP_KEY")
    assert told(lines.bars_kept(BarsStanding(offered=True)), None)
    assert told(lines.bars_kept(kept), True, "1,240", "2026-09-14", "2.9 MB")
    nights = {"TQQQ": (date(2026, 9, 14),), "O": tuple(date(2026, 9, on) for on in (8, 9, 10, 11))}
    assert told(
        lines.bars_kept(replace(kept, missing=nights)), None, "TQQQ 2026-09-14", "O 4일 (2026-09-08 - 2026-09-11)"
    )
    failed = replace(kept, missing=nights, why=made_up("답이 없습니다.", "No answer."), again_at=NOW)
    assert told(lines.bars_kept(failed), False, "TQQQ 2026-09-14", "No answer.", "KST 09-16 00:00")
    assert told(lines.bars_kept(replace(kept, never=nights)), True, "no more, of O 4 nights")


def test_missing_bars_are_named() -> None:
    assert told(lines.bars([(TQQQ, "day", 80, 100), (TQQQ, "1", 200, 100)]), False, "TQQQ day 80/100")
    assert told(lines.bars([(TQQQ, "1", 200, 100)]), True)


def test_storage_that_cannot_be_written_or_is_almost_full() -> None:
    assert told(lines.storage(StorageState(writable=False, size=1, free=GB)), False, "주문을 낼 수 없으니")
    assert told(lines.storage(StorageState(writable=True, size=1, free=100 * 1024**2)), False, "100 MB")
    assert told(lines.storage(StorageState(writable=True, size=3 * 1024**2, free=5 * GB)), True, "3.0 MB", "5.0 GB")


def test_alerts_that_wait_long_or_were_given_up() -> None:
    recent = OutboxState(waiting=2, oldest_at=NOW - timedelta(seconds=10), given_up=0)
    assert told(lines.outbox(recent, NOW), True, "2건")
    old = OutboxState(waiting=2, oldest_at=NOW - timedelta(hours=1), given_up=0)
    assert told(lines.outbox(old, NOW), False, "1시간 0분 전")
    assert told(lines.outbox(OutboxState(waiting=0, oldest_at=None, given_up=0), NOW), True)
    assert told(lines.outbox(OutboxState(waiting=0, oldest_at=None, given_up=1), NOW), False, "1 given up")


def test_telegram_is_judged_by_its_newest_word() -> None:
    def state(answered: int | None, failed: int | None) -> TelegramState:
        return TelegramState(
            answered_at=None if answered is None else NOW - timedelta(seconds=answered),
            failed_at=None if failed is None else NOW - timedelta(seconds=failed),
            error="TelegramNetworkError" if failed is not None else "",
        )

    assert told(lines.telegram(state(None, None), NOW), None)
    assert told(lines.telegram(state(None, 5), NOW), False, "TelegramNetworkError")
    assert told(lines.telegram(state(5, 60), NOW), True, "5 s ago")
    assert told(lines.telegram(state(60, 5), NOW), False, "TelegramNetworkError")
    assert told(lines.telegram(state(600, None), NOW), False, "10 min ago")


def test_the_token_tells_how_long_it_is_good() -> None:
    assert told(lines.token(None, NOW), None)
    assert told(lines.token(NOW + timedelta(hours=10), NOW), True, "KST 09-16 10:00", "ET 09-15 21:00")
    assert told(lines.token(NOW - timedelta(hours=1), NOW), False, "/diagnose")


@pytest.mark.parametrize(("p99", "longest", "fine"), [(20, 300, True), (150, 300, False), (20, 1500, False)])
def test_a_slow_loop_is_not_fine_s13(p99: float, longest: float, fine: bool) -> None:
    lag = LoopLag(p99_ms=p99, longest_ms=longest, over=timedelta(minutes=5))
    assert told(lines.loop_lag(lag), fine, f"{p99:.0f} ms")


def test_a_clock_that_is_off_asks_for_ntp() -> None:
    assert told(lines.clock_skew(timedelta(seconds=-1.5)), True, "1.5")
    assert told(lines.clock_skew(timedelta(seconds=-60)), False, "NTP")


def test_memory_and_program() -> None:
    assert told(lines.memory(150 * 1024**2), True, "150 MB")
    assert told(lines.memory(2 * GB), False, "2.0 GB")
    assert told(lines.program("0.1.0", timedelta(days=3, hours=5, minutes=1)), True, "0.1.0", "3일 5시간", "3 d 5 h")

"""Results, prices, health and logs as they look when there is little, nothing, or something odd to tell. Row S100."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot.input.commands import COMMANDS
from bot.role import Role
from bot.ui.screen import Screen, ViewContext
from bot.views import home, market, notify, results, status, system, watch
from bot.views.trading import amend, panic, proposals
from strategy.model import (
    AlertRules,
    Language,
    Loudness,
    Mode,
    PanicPreview,
    Period,
    Proposed,
    QuietHours,
    SettlePreview,
    TaskState,
    Totals,
)
from tests.fakes import result_samples, samples
from tests.support.kept_text import kept_pieces

MakeUi = Callable[..., ViewContext]


def said(screen: Screen) -> str:
    """Return the words, after the strict reading of what is sent."""
    assert kept_pieces(screen)
    for button in (each for row in screen.keyboard for each in row):
        assert button.text.strip()
    return screen.text


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_yet(ui: MakeUi, language: Language) -> None:
    f = ui(language)
    empty = Totals()
    said(results.trades((), 10, f))
    said(results.results(result_samples.results(rows=(), total=empty, profit_open=None), "weekly", 8, f))
    said(results.performance(result_samples.performance(tickers=(), since=None, total=empty), f))
    nothing = result_samples.statistics(
        since=None,
        wins=0,
        losses=0,
        win_rate=None,
        average_win=None,
        average_loss=None,
        profit_factor=None,
        best=None,
        worst=None,
        largest_drawdown=None,
        average_hold_hours=None,
        blocked=(),
    )
    said(results.statistics(nothing, f))
    said(results.report(result_samples.report(tickers=(), holdings=None, blocked=()), f))
    said(system.logs((), 10, f))
    said(system.health(result_samples.health(lines=(), tasks=()), f))
    said(system.diagnosis((), f))
    said(watch.alerts((), (), f))
    said(market.calendar((), f))
    said(market.tickers((), f))


def test_a_win_rate_of_nothing_is_not_made_up(ui: MakeUi) -> None:
    text = said(results.statistics(result_samples.statistics(win_rate=None), ui("en")))
    assert "Positions won 7 of 11: —" in text


def test_a_fill_without_its_order_is_told_by_its_side_s100(ui: MakeUi) -> None:
    text = said(results.trades(result_samples.trades(), 10, ui("en")))
    assert "🟥 TQQQ Buy 10 × $61.19" in text
    assert "Result after all fees 🔴 +$6.15\nAs the broker shows it +$12.34" in text


@pytest.mark.parametrize(
    ("language", "first", "second", "row"),
    [
        ("ko", "모든 수수료 뺀 손익 🔵 -$9.30", "증권사 표시 손익 +$9.06", "🔴 +$11.90 · 증권사 표시 +$18.02"),
        ("en", "Result after all fees 🔵 -$9.30", "As the broker shows it +$9.06", "🔴 +$11.90 · broker +$18.02"),
    ],
)
def test_results_are_two_figures_by_name_the_one_after_all_fees_first_d16(
    ui: MakeUi, language: Language, first: str, second: str, row: str
) -> None:
    text = said(results.results(result_samples.results(), "daily", 10, ui(language)))
    assert first in text
    assert text.index(first) < text.index(second)
    assert row in text
    assert row in said(results.performance(result_samples.performance(), ui(language)))
    assert row in said(results.report(result_samples.report(), ui(language)))
    figures = said(results.statistics(result_samples.statistics(), ui(language)))
    assert second.replace("9.06", "18.02") in figures


@pytest.mark.parametrize(
    ("language", "void", "end", "drifted"),
    [
        (
            "ko",
            "0.5% 넘게 벗어나면 무효",
            "KST 00:05 (ET 10:05) 까지 기다립니다 (5분)",
            "가격이 0.5% 넘게 움직여 주문하지 않았습니다",
        ),
        (
            "en",
            "Void when the price moves by more than 0.5% from here.",
            "until KST 00:05 (ET 10:05) (5 min)",
            "The price moved by more than 0.5%: nothing was ordered.",
        ),
    ],
)
def test_a_proposal_says_the_percent_and_the_clock_time_at_which_it_is_void(
    ui: MakeUi, language: Language, void: str, end: str, drifted: str
) -> None:
    card = samples.proposal(drift_pct=Decimal("0.50"))
    text = said(proposals.proposed(Proposed(at=samples.NOW, proposal=card), ui(language)))
    assert void in text
    assert end in text
    assert drifted in said(proposals.proposal_closed(samples.closed_proposal("drifted"), ui(language)))
    assert "APPROVAL_DRIFT_PCT" not in text


@pytest.mark.parametrize(
    ("language", "end"),
    [
        ("ko", "실제 시각 KST 12:05 (ET 22:05) 까지 기다립니다 (5분)"),
        ("en", "until KST 12:05 (ET 22:05) by your own clock (5 min)"),
    ],
)
def test_where_the_market_has_a_clock_of_its_own_a_proposal_waits_by_the_real_one(
    ui: MakeUi, language: Language, end: str
) -> None:
    now = samples.NOW + timedelta(days=1, hours=12)
    there = replace(ui(language), real_now=now)
    card = samples.proposal(expires_at=now + timedelta(minutes=5))
    text = said(proposals.proposed(Proposed(at=samples.NOW, proposal=card), there))
    assert end in text


def test_won_stand_beside_dollars_where_the_rate_is_known(ui: MakeUi) -> None:
    view = result_samples.results()
    assert "-$9.30 (-12,932원)" in said(results.results(view, "daily", 10, ui()))
    assert "그날그날의 환율" in said(results.results(view, "daily", 10, ui()))
    without = said(results.results(replace(view, fx_rate=None, won=None), "daily", 10, ui()))
    assert "원)" not in without
    assert "환율" not in without


def test_a_month_and_a_week_are_named_by_their_dates(ui: MakeUi) -> None:
    assert "2026-11 " in said(results.results(result_samples.results(Period.MONTH), "monthly", 12, ui()))
    assert "11-20 ~ 11-26" in said(results.results(result_samples.results(Period.WEEK), "weekly", 8, ui()))


def test_a_report_over_several_days_names_both_ends(ui: MakeUi) -> None:
    view = result_samples.report(Period.WEEK)
    week = replace(view, since=view.since.replace(day=16))
    assert "2026-11-16 ~ 2026-11-20" in said(results.report(week, ui()))


def test_a_halted_ticker_without_a_book(ui: MakeUi) -> None:
    view = result_samples.quote_view(halted=True, spread_percent=None)
    bare = replace(view, quote=replace(view.quote, bid=None, ask=None), position_qty=0)
    text = said(market.quote(bare, ui("en")))
    assert "halted" in text
    assert "No bid and ask here." in text


def test_a_task_that_gave_up_is_marked(ui: MakeUi) -> None:
    view = result_samples.health()
    tasks = tuple(replace(each, state=TaskState.GIVEN_UP) for each in view.tasks)
    text = said(system.health(replace(view, tasks=tasks), ui("en")))
    assert "❌ Trading rules: crashed too often" in text


def test_everything_well_is_said_so(ui: MakeUi) -> None:
    view = result_samples.health()
    well = replace(
        view,
        lines=tuple(replace(each, ok=True) for each in view.lines),
        tasks=tuple(replace(each, state=TaskState.RUNNING, crashed_at=None) for each in view.tasks),
    )
    assert "Everything works" in said(system.health(well, ui("en")))
    assert "Every connection works" in said(system.diagnosis(well.lines, ui("en")))


def test_log_lines_are_escaped_and_folded(ui: MakeUi) -> None:
    lines = [result_samples.log_line(level="ERROR", details="<b>&" * 300) for _ in range(50)]
    pages = [system.logs(lines, 50, replace(ui(), page=number)) for number in range(40)]
    for screen in pages:
        said(screen)
        assert "🟥" in screen.text
        assert len(kept_pieces(screen)) == 1
    assert sum(screen.text.count("🟥") for screen in pages) >= 50


def test_quiet_hours_and_levels_are_shown(ui: MakeUi) -> None:
    span = QuietHours(time(23), time(7))
    rules = AlertRules(levels={"fills": Loudness.OFF, "newer": Loudness.ON}, quiet=span, dashboard=False)
    text = said(notify.notify(rules, ui("en")))
    assert "Fills: 🚫 off" in text
    assert "newer: 🔔 sound" in text
    assert "23:00-07:00" in said(notify.quiet(rules, [("off", "off"), ("night", "23:00-07:00")], ui("en")))


def test_a_panic_with_nothing_to_do(ui: MakeUi) -> None:
    view = PanicPreview(
        orders=(),
        lines=(),
        value=None,
        market_open=True,
        next_open=samples.NOW,
        refusals=(),
        ticket_all="t",
        ticket_watched=None,
        expires_at=None,
    )
    screen = panic.preview(view, ui("en"))
    assert "No open orders." in said(screen)
    assert [row[0].text for row in screen.keyboard] == ["🚨 Cancel and sell everything", "No"]


def test_a_settling_that_has_nothing_to_offer_says_why(ui: MakeUi) -> None:
    view = SettlePreview(order=samples.order(), choices=(), refusals=(samples.trouble().what,), expires_at=None)
    assert "No quote came." in said(amend.settling(view, ui("en")))


def test_a_locked_and_stopped_ticker_offers_both_ways_out(ui: MakeUi) -> None:
    view = samples.ticker(lock=samples.lock(), mode=samples.mode(Mode.PAUSE_BUYS, symbol=samples.TQQQ))
    names = [button.text for row in status.ticker(view, ui("en")).keyboard for button in row]
    assert "🔓 Release TQQQ" in names
    assert "▶️ Run" in names


def test_an_alert_picker_without_a_price(ui: MakeUi) -> None:
    assert "/alert TQQQ < 60" in said(watch.pick_alert(samples.TQQQ, None, ui()))
    assert "/alert TQQQ < 97.00" in said(watch.pick_alert(samples.TQQQ, Decimal(100), ui()))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_help_fits_one_message_and_names_every_command_that_works(ui: MakeUi, language: Language) -> None:
    screen = home.help_all(Role.OWNER, ui(language))
    assert len(kept_pieces(screen)) == 1
    text = said(screen)
    assert [each.name for each in COMMANDS if (f"/{each.name} " in text) is not each.ready] == []


def test_help_names_what_a_role_may_use(ui: MakeUi) -> None:
    text = said(home.help_all(Role.VIEWER, ui("en")))
    assert "/status" in text
    assert "/buy " not in text
    assert "/export" not in text

"""Results as the chat asks for them, on real storage and the whole core."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    Amount,
    AmountKind,
    BrokerOrder,
    DataUnavailable,
    DecisionReason,
    Fill,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Period,
    Side,
    Symbol,
    VenueNo,
    new_york_date,
)
from strategy.reports.profit_and_loss import totals
from tests.fakes.clock import trading_settings
from tests.fakes.stored_samples import decision
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, O, World, running

QUIET = {"rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}
DAY = timedelta(days=1)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a quiet core on a Tuesday, ten minutes into the session, holding 10 TQQQ at 100."""
    made = World.at(OPEN + timedelta(minutes=10))
    for symbol in (TQQQ, O, XLF):
        made.ready(symbol)
    made.broker.hold(TQQQ, 10, Decimal(100))
    async with running(tmp_path, made, settings=trading_settings(**QUIET)) as running_bench:
        yield running_bench


async def sold(bench: Bench, at: datetime, realized: str | None, *, symbol: Symbol = TQQQ, **more: object) -> OrderNo:
    """Store a filled sell of one share at 100 as the desk would have left it."""
    orders = bench.storage.orders
    request = OrderRequest(
        symbol=symbol,
        side=Side.SELL,
        qty=1,
        limit_price=Decimal(100),
        origin=Origin(str(more.get("origin", "signal"))),
        created_at=at,
    )
    order = await orders.send(request, at)
    fill = Fill(
        key=f"{order.no}:0-1",
        order_no=order.no,
        venue_no=VenueNo(str(order.no)),
        symbol=symbol,
        side=Side.SELL,
        qty=1,
        price=Decimal(100),
        filled_at=at + timedelta(seconds=2),
        fees=Decimal("0.25"),
        realized=None if realized is None else Decimal(realized),
        source="notice",
        paid=None if realized is None else Decimal("99.75") - Decimal(realized),
        held=0,
    )
    await orders.change(order.no, OrderStatus.FILLED, at, fills=[fill])
    return order.no


async def test_an_empty_database_gives_empty_views(bench: Bench) -> None:
    control = bench.core.control
    assert list(await control.results.trades()) == []
    for period in Period:
        view = await control.results.periods(period, 7)
        assert (view.rows, view.total.fills) == ((), 0)
        report = await control.results.report(period)
        assert (report.totals.fills, report.orders, report.rejected) == (0, 0, 0)
        assert report.since <= date(2026, 9, 15) <= report.until
    performance = await control.results.performance()
    assert performance.since is None
    assert [row.symbol for row in performance.tickers] == [TQQQ]  # held
    assert (await control.results.statistics()).fills == 0
    files = [each async for each in control.results.export()]
    assert [file.rows for file in files][:2] == [0, 0]


async def test_the_newest_days_with_fills_are_summed(bench: Bench) -> None:
    for days, realized in ((30, "1"), (8, "2"), (1, "4"), (1, None), (0, "-8")):
        await sold(bench, OPEN - DAY * days, realized)
    view = await bench.core.control.results.periods(Period.DAY, 2)
    assert [(row.since, row.totals.realized, row.totals.unknown_cost) for row in view.rows] == [
        (date(2026, 9, 15), Decimal(-8), 0),
        (date(2026, 9, 14), Decimal(4), 1),
    ]
    assert (view.total.fills, view.total.realized) == (3, Decimal(-4))
    weeks = await bench.core.control.results.periods(Period.WEEK, 9)
    assert [(row.since, row.totals.fills) for row in weeks.rows] == [
        (date(2026, 9, 14), 3),
        (date(2026, 9, 7), 1),
        (date(2026, 8, 10), 1),
    ]
    months = await bench.core.control.results.periods(Period.MONTH, 1)
    assert [(row.since, row.until, row.totals.fills) for row in months.rows] == [
        (date(2026, 9, 1), date(2026, 9, 30), 4)
    ]


async def test_open_profit_and_the_won_rate_come_with_the_results(bench: Bench) -> None:
    await bench.core.control.holdings.view()
    bench.price(TQQQ, "101.5")
    view = await bench.core.control.results.periods(Period.DAY, 1)
    assert view.profit_open == Decimal("15.0") - Decimal("2.5")  # a commission of a quarter percent went with the buy
    assert view.fx_rate == (
        bench.core.trading.account_sync.last.fx_rate if bench.core.trading.account_sync.last else None
    )


async def test_past_sums_are_in_won_at_the_rates_of_their_own_days(bench: Bench) -> None:
    """Today's rate would make another past of it each day; where a day's rate is not known, nothing is said in won."""
    await sold(bench, OPEN - 2 * DAY, "3")
    await sold(bench, OPEN - DAY, "-5")
    unknown = await bench.core.control.results.periods(Period.DAY, 2)
    assert [row.won for row in unknown.rows] == [None, None]
    assert unknown.won is None
    for days, rate in ((2, "1300"), (1, "1350.5")):
        await bench.storage.exchange_rates.keep(new_york_date(OPEN - days * DAY), Decimal(rate))
    known = await bench.core.control.results.periods(Period.DAY, 2)
    results = [row.totals.result for row in known.rows]
    assert [row.won for row in known.rows] == [results[0] * Decimal("1350.5"), results[1] * 1300]
    assert known.won == sum(row.won for row in known.rows if row.won is not None)
    [month] = (await bench.core.control.results.periods(Period.MONTH, 1)).rows
    assert month.won == known.won != month.totals.result * 1400
    assert (await bench.core.control.results.performance()).won == known.won


async def test_performance_ranks_the_tickers(bench: Bench) -> None:
    await sold(bench, OPEN - DAY, "3", symbol=O)
    await sold(bench, OPEN - DAY, "5", symbol=XLF)
    await sold(bench, OPEN, "-1", symbol=O)
    view = await bench.core.control.results.performance()
    assert [(row.symbol, row.wins, row.losses) for row in view.tickers] == [(XLF, 1, 0), (O, 1, 1), (TQQQ, 0, 0)]
    assert view.since == date(2026, 9, 14)
    assert view.total.realized == 7


async def test_a_report_compares_with_the_period_before(bench: Bench) -> None:
    await sold(bench, OPEN - DAY * 7, "10")
    await sold(bench, OPEN - DAY, "2", origin="stop_loss")
    await sold(bench, OPEN, "-1")
    refused = await sold(bench, OPEN, None)
    await bench.storage.orders.change(refused, OrderStatus.REJECTED, OPEN)
    await bench.storage.decisions.add(decision(decided_at=OPEN, reason=DecisionReason.BLOCKED_BY_CASH))
    preview = await bench.core.control.settings.preview(OWNER, "BUY_RATE", "0.2", symbol=None, until=None)
    assert preview.ticket is not None
    await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    day = await bench.core.control.results.report(Period.DAY)
    assert (day.since, day.until) == (date(2026, 9, 15), date(2026, 9, 15))
    assert (day.totals.fills, day.before.realized) == (2, Decimal(2))
    assert (day.orders, day.rejected, day.setting_changes) == (2, 1, 1)
    assert dict(day.blocked)["cash"] == 1
    assert day.holdings is not None
    week = await bench.core.control.results.report(Period.WEEK)
    assert (week.totals.fills, week.stops, week.before.realized) == (3, 1, Decimal(10))
    month = await bench.core.control.results.report(Period.MONTH)
    assert (month.totals.fills, month.before.fills) == (4, 0)


async def test_before_mondays_open_the_report_is_fridays(tmp_path: Path) -> None:
    monday = datetime(2026, 9, 14, 12, 0, tzinfo=UTC)
    async with running(tmp_path, World.at(monday), settings=trading_settings(**QUIET)) as bench:
        report = await bench.core.control.results.report(Period.DAY)
        assert report.since == date(2026, 9, 11)
        week = await bench.core.control.results.report(Period.WEEK)
        assert (week.since, week.until) == (date(2026, 9, 7), date(2026, 9, 13))


async def test_what_the_core_trades_is_what_the_results_show(bench: Bench) -> None:
    preview = await bench.core.control.orders.manual.preview(
        OWNER, Side.SELL, TQQQ, Amount(kind=AmountKind.SHARES, value=Decimal(3)), None
    )
    assert preview.ticket is not None
    await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    await bench.settle()
    trades = await bench.core.control.results.trades()
    fills = list(await bench.storage.orders.fills())
    assert fills
    assert [trade.fill for trade in trades] == fills[::-1]
    view = await bench.core.control.results.periods(Period.DAY, 1)
    assert view.total == totals(fills)
    assert view.total.realized == sum((fill.realized or 0 for fill in fills), Decimal(0))


async def test_statistics_count_own_orders_and_decisions(bench: Bench) -> None:
    await sold(bench, OPEN - DAY, "2")
    by_hand = BrokerOrder(
        venue_no=VenueNo("9"),
        symbol=O,
        side=Side.BUY,
        qty=1,
        limit_price=Decimal(50),
        filled_qty=0,
        filled_amount=Decimal(0),
        open_qty=1,
        status=OrderStatus.ACCEPTED,
        ordered_at=OPEN,
        traded_on=date(2026, 9, 15),
        reason="",
    )
    await bench.storage.orders.add_external(by_hand, OPEN)
    await bench.storage.decisions.add(decision(decided_at=OPEN, reason=DecisionReason.BLOCKED_BY_CAPS))
    before = (await bench.core.control.results.statistics()).decisions
    await bench.storage.decisions.forget(OPEN + DAY)
    view = await bench.core.control.results.statistics()
    assert view.orders == 1
    assert view.decisions == before
    assert ("caps", 1) in view.blocked


# quotes


async def test_a_quote_shows_what_it_means_to_the_owner(bench: Bench) -> None:
    await bench.core.control.holdings.view()
    bench.price(TQQQ, "98", tick=False)
    view = await bench.core.control.results.quote(TQQQ)
    assert view.quote.last == 98
    assert view.return_percent is not None
    assert round(view.return_percent, 4) == Decimal("-2.2444")  # of 100.25 a share: the fees of its buy are paid, too
    assert (view.position_qty, view.watched) == (10, True)
    assert view.stop_price == Decimal(95)
    assert view.previous_close is not None
    assert view.change_percent == (98 - view.previous_close) / view.previous_close * 100
    assert view.decision is not None
    if view.quote.bid and view.quote.ask:
        assert view.spread_percent is not None
        assert view.spread_percent >= 0


async def test_a_ticker_that_is_not_watched_has_a_quote_too(bench: Bench) -> None:
    other = Symbol.parse("NASDAQ:MSFT")
    bench.world.price(other, "400")
    view = await bench.core.control.results.quote(other)
    assert (view.quote.last, view.watched, view.stop_price, view.position_qty) == (Decimal(400), False, None, 0)


async def test_no_price_is_no_quote(bench: Bench) -> None:
    with pytest.raises(DataUnavailable):
        await bench.core.control.results.quote(Symbol.parse("NASDAQ:NONE"))


async def test_the_calendar_begins_today(bench: Bench) -> None:
    days = bench.core.control.results.calendar(7)
    assert [day.on for day in days] == [date(2026, 9, d) for d in (15, 16, 17, 18, 21)]


# files


async def test_exports_hold_trades_settings_and_decisions(bench: Bench) -> None:
    await sold(bench, OPEN - DAY * 40, "1")
    await sold(bench, OPEN, "2")
    preview = await bench.core.control.settings.preview(OWNER, "STOP_LOSS_RATE", "-7", symbol=TQQQ, until=None)
    assert preview.ticket is not None
    await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    files = {file.name.split("-")[0]: file async for file in bench.core.control.results.export()}
    assert files["trades"].name == "trades-2026-09-15.csv"
    rows = list(csv.DictReader(io.StringIO(files["trades"].content.decode("utf-8-sig"), newline="")))
    assert [row["모든 수수료 뺀 손익(USD) result_after_all_fees"] for row in rows] == ["2.00", "1.00"]
    assert [row["증권사 표시 손익(USD) realized_as_broker"] for row in rows] == ["2", "1"]
    [change] = csv.DictReader(io.StringIO(files["settings"].content.decode("utf-8-sig"), newline=""))
    assert (change["설정 name"], change["새 값 new"], change["종목 symbol"]) == ("STOP_LOSS_RATE", "-7", "NASDAQ:TQQQ")
    checks = list(csv.DictReader(io.StringIO(files["decisions"].content.decode("utf-8-sig"), newline="")))
    assert len(checks) == files["decisions"].rows == sum((await bench.storage.records.decisions_by_reason()).values())
    assert all(row["buy.rsi_oversold"].startswith(("yes", "no", "unknown")) for row in checks)
    newer = {file.name.split("-")[0]: file async for file in bench.core.control.results.export(since=date(2026, 9, 15))}
    assert newer["trades"].rows == 1
    assert newer["trades"].name == "trades-2026-09-15-2026-09-15.csv"

"""Sample results, health and proposals for views and fakes."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from strategy.model import (
    CalendarDay,
    ExportFile,
    HealthLine,
    HealthView,
    LogLine,
    PanicLine,
    PerformanceView,
    Period,
    PriceAlert,
    Proposal,
    Quote,
    QuoteView,
    ReportView,
    ResultRow,
    ResultsView,
    RoundTrip,
    Service,
    Side,
    SinceStartView,
    StatisticsView,
    TaskHealth,
    TaskState,
    TickerResult,
    Totals,
    Trade,
)
from tests.fakes import samples
from tests.fakes.samples import NOW, TQQQ, XLF
from tests.support.words import made_up

_D = Decimal
TODAY = date(2026, 11, 20)  # a Friday in New York


def trade(**changes: Any) -> Trade:
    made = Trade(
        fill=samples.fill(10, "62.40", side=Side.SELL, realized=_D("12.34"), paid=_D("616.32"), key="sell"),
        order=samples.filled_order(11, side=Side.SELL),
    )
    return replace(made, **changes)


def trades() -> tuple[Trade, ...]:
    return (trade(), Trade(fill=samples.fill(), order=None))


def round_trip(**changes: Any) -> RoundTrip:
    made = RoundTrip(
        symbol=TQQQ,
        opened_at=NOW - timedelta(days=1),
        closed_at=NOW,
        sold=10,
        result=_D("6.15"),
        realized=_D("12.34"),
    )
    return replace(made, **changes)


def totals(**changes: Any) -> Totals:
    made = Totals(
        fills=4,
        buys=2,
        sells=2,
        bought=_D("1223.80"),
        sold=_D("1248.00"),
        fees=_D("6.18"),
        realized=_D("18.02"),
        result=_D("11.90"),
    )
    return replace(made, **changes)


def results(period: Period = Period.DAY, count: int = 7, **changes: Any) -> ResultsView:
    days = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 28}[period]
    rows = tuple(
        ResultRow(
            since=TODAY - timedelta(days=days * number),
            until=TODAY - timedelta(days=days * number) + timedelta(days=days - 1),
            totals=totals(result=_D("11.90") - 15 * number, realized=_D("18.02") - 15 * number),
        )
        for number in range(min(count, 3))
    )
    made = ResultsView(
        period=period,
        rows=rows,
        total=totals(fills=12, result=_D("-9.30"), realized=_D("9.06"), unknown_cost=1),
        won=_D("-12931.65"),
        fx_rate=_D("1390.50"),
        profit_open=_D("12.00"),
    )
    return replace(made, **changes)


def ticker_result(**changes: Any) -> TickerResult:
    made = TickerResult(symbol=TQQQ, totals=totals(), wins=3, losses=1, open_qty=10, profit_open=_D("12.00"))
    return replace(made, **changes)


def performance(**changes: Any) -> PerformanceView:
    made = PerformanceView(
        since=date(2026, 10, 1),
        tickers=(
            ticker_result(),
            ticker_result(
                symbol=XLF, totals=totals(result=_D("-14.20"), realized=_D("-8.10"), unknown_cost=1), open_qty=None
            ),
        ),
        total=totals(fills=8, result=_D("-2.30"), realized=_D("9.92")),
        won=_D("-3198.15"),
    )
    return replace(made, **changes)


def statistics(**changes: Any) -> StatisticsView:
    made = StatisticsView(
        since=date(2026, 10, 1),
        orders=24,
        fills=31,
        wins=7,
        losses=4,
        win_rate=_D("63.64"),
        average_win=_D("6.20"),
        average_loss=_D("-8.40"),
        profit_factor=_D("1.29"),
        best=round_trip(),
        worst=round_trip(result=_D("-38.12"), realized=_D("-31.93")),
        longest_losing_run=2,
        largest_drawdown=_D("-40.33"),
        stops=1,
        average_hold_hours=_D("27.5"),
        decisions=4210,
        blocked=(("buy_delay", 31), ("macd_confirm", 12)),
        total=totals(),
    )
    return replace(made, **changes)


def report(period: Period = Period.DAY, **changes: Any) -> ReportView:
    made = ReportView(
        period=period,
        since=TODAY,
        until=TODAY,
        totals=totals(),
        won=_D("16547.95"),
        before=totals(result=_D("-9.40"), realized=_D("-3.20")),
        tickers=(ticker_result(),),
        stops=1,
        orders=5,
        rejected=1,
        decisions=390,
        blocked=(("buy_delay", 4),),
        setting_changes=2,
        holdings=samples.holdings(),
    )
    return replace(made, **changes)


def quote_view(**changes: Any) -> QuoteView:
    quote = Quote(
        symbol=changes.pop("symbol", TQQQ),
        last=_D("61.20"),
        bid=_D("61.19"),
        ask=_D("61.21"),
        previous_close=_D("60.00"),
        received_at=NOW,
        halted=changes.pop("halted", False),
    )
    made = QuoteView(
        quote=quote,
        previous_close=_D("60.00"),
        change_percent=_D("2.00"),
        spread_percent=_D("0.03"),
        position_qty=10,
        return_percent=_D("2.00"),
        stop_price=_D("57.00"),
        decision=samples.decision(symbol=quote.symbol),
        watched=True,
    )
    return replace(made, **changes)


def calendar() -> tuple[CalendarDay, ...]:
    opens, closes = NOW - timedelta(minutes=30), NOW + timedelta(hours=6)
    return (
        CalendarDay(on=TODAY, opens_at=opens, closes_at=closes, half_day=False, note=None),
        CalendarDay(
            on=date(2026, 11, 26),
            opens_at=None,
            closes_at=None,
            half_day=False,
            note=made_up("추수감사절", "Thanksgiving Day"),
        ),
        CalendarDay(
            on=date(2026, 11, 27),
            opens_at=opens + timedelta(days=7),
            closes_at=NOW + timedelta(days=7, hours=3),
            half_day=True,
            note=made_up("조기 폐장", "Early close"),
        ),
    )


def export_files() -> tuple[ExportFile, ...]:
    return (
        ExportFile(name="trades.csv", content="\ufeffno,ticker\r\n12,TQQQ\r\n".encode(), rows=1),
        ExportFile(name="settings.csv", content="\ufeffname\r\n".encode(), rows=0),
        ExportFile(name="decisions.csv", content="\ufeffid\r\n7\r\n".encode(), rows=1),
    )


def health_lines() -> tuple[HealthLine, ...]:
    return (
        HealthLine(name=made_up("토큰", "Token"), ok=True, detail=made_up("22시간 남음", "22 h left")),
        HealthLine(
            name=made_up("체결통보", "Fill notices"), ok=False, detail=made_up("구독 거부됨", "subscription refused")
        ),
        HealthLine(
            name=made_up("시계", "Clock"), ok=None, detail=made_up("비교할 곳이 없음", "nothing to compare with")
        ),
    )


def health(**changes: Any) -> HealthView:
    made = HealthView(
        lines=health_lines(),
        tasks=(
            TaskHealth(service=Service.ENGINE, state=TaskState.RUNNING, restarts=0, crashed_at=None, error=""),
            TaskHealth(
                service=Service.STREAM,
                state=TaskState.RESTARTING,
                restarts=2,
                crashed_at=NOW - timedelta(seconds=20),
                error="ConnectionError",
            ),
        ),
        started_at=NOW - timedelta(hours=1),
        now=NOW,
    )
    return replace(made, **changes)


def log_line(**changes: Any) -> LogLine:
    made = LogLine(
        at=NOW, level="WARNING", logger="kis.http", event="call failed", details="endpoint=<quote> status=500"
    )
    return replace(made, **changes)


def price_alert(**changes: Any) -> PriceAlert:
    made = PriceAlert(symbol=TQQQ, above=False, price=_D("60.00"), set_by=samples.OWNER, set_at=NOW, id=1)
    return replace(made, **changes)


def proposal(**changes: Any) -> Proposal:
    made = Proposal(
        id="p1",
        symbol=TQQQ,
        side=Side.BUY,
        qty=3,
        limit_price=_D("61.21"),
        decision=samples.decision(),
        ticket="ticket0001",
        expires_at=NOW + timedelta(minutes=5),
        drift_pct=_D("0.5"),
    )
    return replace(made, **changes)


def panic_lines() -> tuple[PanicLine, ...]:
    return (
        PanicLine(symbol=TQQQ, watched=True, qty=10, last=_D("61.20")),
        PanicLine(symbol=samples.AAPL, watched=False, qty=2, last=None),
    )


def since_start(**changes: Any) -> SinceStartView:
    made = SinceStartView(
        since=date(2026, 9, 1),
        start=Decimal("10000.00"),
        amount=Decimal("-120.50"),
        percent=Decimal("-1.205"),
        amount_krw=Decimal(-95_000),
        holding_percent=Decimal("2.5"),
        holding=Decimal("250.00"),
        without=(),
    )
    return replace(made, **changes)

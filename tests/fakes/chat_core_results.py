"""The fake core's results, system and watch list: from memory, in the shapes of the real ones."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from strategy.model import (
    AlertRules,
    CalendarDay,
    ExportFile,
    HealthLine,
    HealthView,
    InvalidInput,
    LogLine,
    Loudness,
    PerformanceView,
    Period,
    PriceAlert,
    Proposal,
    QuoteView,
    ReportView,
    ResultsView,
    StatisticsView,
    Symbol,
    Text,
    Trade,
    WatchPreview,
)
from tests.fakes import result_samples, samples
from tests.fakes.chat_core_base import FakeBase

GROUPS = ("orders", "fills", "signals", "session", "stream", "changes", "notes")


@dataclass
class FakeResults(FakeBase):
    trades_: Sequence[Trade] = field(default_factory=result_samples.trades)
    asked_results: list[tuple[Period, int]] = field(default_factory=list)
    results_: ResultsView | None = None
    performance_: PerformanceView = field(default_factory=result_samples.performance)
    statistics_: StatisticsView = field(default_factory=result_samples.statistics)
    report_: ReportView | None = None
    quote_: QuoteView = field(default_factory=result_samples.quote_view)
    calendar_: Sequence[CalendarDay] = field(default_factory=result_samples.calendar)
    files: Sequence[ExportFile] = field(default_factory=result_samples.export_files)
    exported_since: list[date | None] = field(default_factory=list)

    async def trades(self, limit: int = 20, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        self._fail()
        return [each for each in self.trades_ if symbol in (None, each.fill.symbol)][:limit]

    async def results(self, period: Period, count: int) -> ResultsView:
        self._fail()
        self.asked_results.append((period, count))
        return self.results_ or result_samples.results(period, count)

    async def performance(self) -> PerformanceView:
        self._fail()
        return self.performance_

    async def statistics(self) -> StatisticsView:
        self._fail()
        return self.statistics_

    async def report(self, period: Period) -> ReportView:
        self._fail()
        return self.report_ or result_samples.report(period)

    async def quote(self, symbol: Symbol) -> QuoteView:
        self._fail()
        return replace(self.quote_, quote=replace(self.quote_.quote, symbol=symbol))

    def calendar(self, days: int = 14) -> Sequence[CalendarDay]:
        self._fail()
        return self.calendar_

    async def export(self, *, since: date | None = None) -> AsyncIterator[ExportFile]:
        self._fail()
        self.exported_since.append(since)
        for file in self.files:
            yield file


@dataclass
class FakeSystem(FakeBase):
    health_: HealthView = field(default_factory=result_samples.health)
    before_diagnosis: Callable[[], Awaitable[object]] | None = None
    diagnosis: Sequence[HealthLine] = field(default_factory=result_samples.health_lines)
    log_lines: Sequence[LogLine] = field(default_factory=lambda: [result_samples.log_line()])
    rules: AlertRules = field(
        default_factory=lambda: AlertRules(levels=dict.fromkeys(GROUPS, Loudness.ON), quiet=None, dashboard=True)
    )

    async def health(self) -> HealthView:
        self._fail()
        return self.health_

    async def diagnose(self) -> Sequence[HealthLine]:
        self._fail()
        if self.before_diagnosis is not None:
            await self.before_diagnosis()
        return self.diagnosis

    async def logs(self, count: int) -> Sequence[LogLine]:
        self._fail()
        return self.log_lines[-count:]

    def alert_rules(self) -> AlertRules:
        return self.rules


@dataclass
class FakeWatchList(FakeBase):
    watched: list[Symbol] = field(default_factory=lambda: [samples.TQQQ, samples.O, samples.XLF])
    alerts: list[PriceAlert] = field(default_factory=list)
    proposals_: list[Proposal] = field(default_factory=list)

    async def preview_watch(self, user_id: int, text: str) -> WatchPreview:
        self._fail()
        if text.upper().rpartition(":")[2] != "AAPL":
            raise InvalidInput(user_message=Text(f"{text[:20]} 종목이 없습니다.", f"No exchange knows {text[:20]}."))
        return self._watch(user_id, samples.AAPL, adds=True)

    async def preview_unwatch(self, user_id: int, symbol: Symbol) -> WatchPreview:
        self._fail()
        return self._watch(user_id, symbol, adds=False)

    def _watch(self, user_id: int, symbol: Symbol, *, adds: bool) -> WatchPreview:
        others = tuple(each for each in self.watched if each != symbol)
        after = (*others, symbol) if adds else others
        ticket = self._offered("watch", user_id, after)
        return WatchPreview(
            symbol=symbol,
            name="APPLE INC" if adds else "",
            adds=adds,
            last=Decimal("230.10"),
            tickers=after,
            warnings=(Text("데이터를 모으는 동안 거래하지 않습니다.", "It does not trade while it warms up."),),
            refusals=self.refusals,
            ticket=ticket,
            expires_at=None,
        )

    async def add_price_alert(self, user_id: int, symbol: Symbol, *, above: bool, price: Decimal) -> PriceAlert:
        self._fail()
        made = PriceAlert(
            symbol=symbol,
            above=above,
            price=price,
            set_by=user_id,
            set_at=samples.NOW,
            id=len(self.alerts) + 1,
        )
        self.alerts.append(made)
        return made

    async def price_alerts(self) -> Sequence[PriceAlert]:
        self._fail()
        return tuple(self.alerts)

    async def remove_price_alert(self, user_id: int, alert_id: int) -> bool:
        self._fail()
        before = len(self.alerts)
        self.alerts = [each for each in self.alerts if each.id != alert_id]
        return len(self.alerts) < before

    async def proposals(self) -> Sequence[Proposal]:
        self._fail()
        return tuple(self.proposals_)

"""The fake core's memory: what its services answer from, and what tests read off it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from strategy.model import (
    AlertGroup,
    AlertRules,
    CalendarDay,
    Decision,
    Event,
    ExportFile,
    HandChoice,
    HealthLine,
    HealthView,
    HoldingsView,
    InvalidInput,
    LogLine,
    Loudness,
    Mode,
    ModeChanged,
    ModeState,
    Order,
    OrderNo,
    OutcomeKind,
    PerformanceView,
    Period,
    PriceAlert,
    Proposal,
    QuoteView,
    ReportView,
    ResultsView,
    Said,
    SettingChange,
    SettingSource,
    SettingView,
    StatisticsView,
    StatusView,
    Symbol,
    Trade,
)
from tests.fakes import result_samples, samples
from tests.support.words import made_up

GROUPS: tuple[str, ...] = tuple(AlertGroup)


@dataclass
class Made:
    """What a ticket of the fake stands for."""

    action: str
    user_id: int
    payload: object = None
    used: bool = False
    order: Order | None = None


class Told(Protocol):
    async def add(self, events: Sequence[Event]) -> None: ...


@dataclass
class FakeCoreState:
    """Keeps tickets in memory; `error` makes the next calls fail, `refusals` every preview be refused."""

    tickets: dict[str, Made] = field(default_factory=dict)
    refusals: tuple[Said, ...] = ()
    error: Exception | None = None
    placed: list[Order] = field(default_factory=list)
    orders_: list[Order] = field(default_factory=lambda: [samples.order(), samples.filled_order(11)])
    settings: dict[str, SettingView] = field(
        default_factory=lambda: {
            "RSI_OVERSOLD": samples.setting(),
            "RSI_INTERVAL": samples.setting("RSI_INTERVAL", value="day", choices=("day", "1", "60"), step=None),
            "TRADING_TICKERS": samples.setting(
                "TRADING_TICKERS", group="other", value="NASDAQ:TQQQ", changeable=False, step=None
            ),
            "MAX_ORDER_USD": samples.setting(
                "MAX_ORDER_USD", group="limits", value="", step=Decimal(100), source=SettingSource.CHAT
            ),
            "COMMISSION_PCT": samples.setting("COMMISSION_PCT", group="other", value="0.25", step=None),
            "MIN_ORDER_USD": samples.setting("MIN_ORDER_USD", group="limits", value="100", step=None),
            "MAX_POSITION_RATE": samples.setting("MAX_POSITION_RATE", group="limits", value="0.5", step=None),
            "TRADE_MODE": samples.setting(
                "TRADE_MODE", group="orders", value="auto", choices=("auto", "approve", "signal"), step=None
            ),
            "QUIET_HOURS": samples.setting("QUIET_HOURS", group="alerts", value="", step=None),
            **{
                f"NOTIFY_{group.upper()}": samples.setting(
                    f"NOTIFY_{group.upper()}", group="alerts", value="on", choices=("on", "silent", "off"), step=None
                )
                for group in GROUPS
            },
        }
    )
    changes: list[SettingChange] = field(default_factory=list)
    modes: list[ModeState] = field(default_factory=lambda: [samples.mode()])
    locked: list[Symbol] = field(default_factory=lambda: [samples.TQQQ])
    checked: list[OrderNo] = field(default_factory=list)
    armed_with: list[str] = field(default_factory=list)
    chosen: list[tuple[OrderNo, HandChoice]] = field(default_factory=list)
    panics: list[str] = field(default_factory=list)
    accepted: bool = False
    market_open: bool = True
    next_outcome: OutcomeKind = OutcomeKind.DONE
    status_: StatusView = field(default_factory=samples.status)
    holdings_: HoldingsView = field(default_factory=samples.holdings_view)
    decision: Decision | None = field(default_factory=samples.decision)
    why_at: list[datetime | None] = field(default_factory=list)
    broker_silent: asyncio.Event | None = None  # what needs the broker waits until it is set
    quote_known_: QuoteView | None = None
    before_status: Callable[[], Awaitable[object]] | None = None
    outbox: Told | None = None  # where what was changed is told, as the real core does before it answers
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
    health_: HealthView = field(default_factory=result_samples.health)
    before_diagnosis: Callable[[], Awaitable[object]] | None = None
    diagnosis: Sequence[HealthLine] = field(default_factory=result_samples.health_lines)
    log_lines: Sequence[LogLine] = field(default_factory=lambda: [result_samples.log_line()])
    rules: AlertRules = field(
        default_factory=lambda: AlertRules(levels=dict.fromkeys(GROUPS, Loudness.ON), quiet=None, dashboard=True)
    )
    watched: list[Symbol] = field(default_factory=lambda: [samples.TQQQ, samples.O, samples.XLF])
    observed: list[Symbol] = field(default_factory=list)
    alerts: list[PriceAlert] = field(default_factory=list)
    proposals_: list[Proposal] = field(default_factory=list)

    def ticket(self, action: str, user_id: int, payload: object) -> str:
        ticket = f"ticket{len(self.tickets) + 1:04d}"
        self.tickets[ticket] = Made(action, user_id, payload)
        return ticket

    def offered(self, action: str, user_id: int, payload: object) -> str | None:
        return None if self.refusals else self.ticket(action, user_id, payload)

    async def broker_answers(self) -> None:
        if self.broker_silent is not None:
            await self.broker_silent.wait()

    def fail(self) -> None:
        if self.error is not None:
            raise self.error

    def order(self, no: OrderNo) -> Order:
        self.fail()
        found = next((each for each in self.orders_ if each.no == no), None)
        if found is None:
            raise InvalidInput(user_message=made_up(f"주문 #{no}: 없습니다.", f"There is no order #{no}."))
        return found

    async def set_mode(
        self, mode: Mode, symbol: Symbol | None, user_id: int, *, until: datetime | None = None, reason: str = ""
    ) -> ModeChanged:
        state = ModeState(mode=mode, symbol=symbol, set_by=user_id, set_at=samples.NOW, reason=reason, until=until)
        told = ModeChanged(at=samples.NOW, state=state, previous=self.modes[-1])
        self.modes.append(state)
        await self.tell(told)
        return told

    async def tell(self, event: Event) -> None:
        if self.outbox is not None:
            await self.outbox.add([event])

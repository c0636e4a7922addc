"""Everything the chat may ask of the core, in one object (`strategy.control.interface.Control`)."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from strategy.control.amend_orders import Amends
from strategy.control.cancel_orders import Cancels
from strategy.control.external_orders import ExternalOrders
from strategy.control.manual_orders import ManualOrders
from strategy.control.modes import ModeService
from strategy.control.panic import PanicPress
from strategy.control.proposals import ApprovalPress
from strategy.control.settings import SettingService
from strategy.control.status import StatusQueries
from strategy.control.unknown_orders import UnknownOrders
from strategy.control.watchlist import WatchList
from strategy.health.system import SystemService
from strategy.model import (
    AlertRules,
    AmendPreview,
    Amount,
    CalendarDay,
    CancelPreview,
    Decision,
    ExportFile,
    HandChoice,
    HealthLine,
    HealthView,
    HoldingsView,
    LogLine,
    Mode,
    ModeChanged,
    ModePreview,
    Notable,
    OrderNo,
    OrderPreview,
    OrdersView,
    OrderView,
    Outcome,
    PanicPreview,
    PerformanceView,
    Period,
    PriceAlert,
    Proposal,
    QuoteView,
    ReportView,
    ResultsView,
    SettingChange,
    SettingPreview,
    SettingView,
    SettlePreview,
    Side,
    StatisticsView,
    StatusView,
    Symbol,
    Trade,
    WatchPreview,
)
from strategy.reports.reports import ResultService
from strategy.runtime.confirmations import Confirmations
from strategy.session.price_alert_monitor import PriceWatch


class TradingControl:
    """Hands each question to the part that answers it; decides nothing itself."""

    def __init__(
        self,
        *,
        looking: StatusQueries,
        manual: ManualOrders,
        cancels: Cancels,
        amends: Amends,
        settling: UnknownOrders,
        hand_orders: ExternalOrders,
        panic: PanicPress,
        modes: ModeService,
        settings: SettingService,
        presses: Confirmations,
        results: ResultService,
        system: SystemService,
        approvals: ApprovalPress,
        watch_list: WatchList,
        price_watch: PriceWatch,
    ) -> None:
        self._queries = looking
        self._manual = manual
        self._cancels = cancels
        self._amends = amends
        self._settling = settling
        self._hand_orders = hand_orders
        self._panic = panic
        self._modes = modes
        self._settings = settings
        self._confirmations = presses
        self._results = results
        self._system = system
        self._approvals = approvals
        self._watch_list = watch_list
        self._price_watch = price_watch

    # Overview

    async def status(self) -> StatusView:
        return await self._queries.status()

    async def holdings(self, *, fresh: bool = True) -> HoldingsView:
        return await self._queries.holdings(fresh=fresh)

    async def orders(self, *, recent: int = 10) -> OrdersView:
        return await self._queries.orders(recent=recent)

    async def order(self, no: OrderNo) -> OrderView:
        return await self._queries.order(no)

    async def why(self, symbol: Symbol, *, at: datetime | None = None) -> Decision | None:
        return await self._queries.why(symbol, at=at)

    def symbol(self, text: str) -> Symbol:
        return self._queries.symbol(text)

    def symbols(self) -> Sequence[Symbol]:
        return self._queries.symbols()

    # OrderControl

    async def preview_order(
        self, user_id: int, side: Side, symbol: Symbol, amount: Amount, price: Decimal | None
    ) -> OrderPreview:
        return await self._manual.preview(user_id, side, symbol, amount, price)

    async def preview_cancel(self, user_id: int, no: OrderNo | None) -> CancelPreview:
        return await self._cancels.preview(user_id, no)

    async def check_now(self, no: OrderNo) -> OrderView:
        return await self._queries.check_now(no)

    async def preview_amend(self, user_id: int, no: OrderNo, *, qty: int | None, price: Decimal | None) -> AmendPreview:
        return await self._amends.preview(user_id, no, qty=qty, price=price)

    async def settling(self, user_id: int, no: OrderNo) -> SettlePreview:
        return await self._settling.preview(user_id, no)

    async def hand_order(self, user_id: int, no: OrderNo, choice: HandChoice) -> Outcome:
        return await self._hand_orders.decide(user_id, no, choice)

    async def preview_panic(self, user_id: int) -> PanicPreview:
        return await self._panic.preview(user_id)

    # ModeControl

    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeChanged:
        return await self._modes.set_mode(mode, symbol=symbol, until=until, user_id=user_id, reason=reason)

    async def preview_mode(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview:
        return await self._modes.preview_mode(user_id, mode, symbol=symbol)

    async def release(self, user_id: int, symbol: Symbol) -> Notable | None:
        return await self._modes.release(user_id, symbol)

    async def arm(self, user_id: int, code: str) -> Outcome:
        return await self._modes.arm(user_id, code)

    async def accept_disclaimer(self, user_id: int) -> None:
        await self._modes.accept_disclaimer(user_id)

    async def disclaimer_accepted(self) -> bool:
        return await self._modes.disclaimer_accepted()

    def until_close(self) -> datetime:
        return self._modes.until_close()

    # SettingControl

    def menu(self) -> Sequence[SettingView]:
        return self._settings.menu()

    def get(self, name: str) -> SettingView:
        return self._settings.get(name)

    async def preview_setting(
        self, user_id: int, name: str, value: str, *, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        return await self._settings.preview_setting(user_id, name, value, symbol=symbol, until=until)

    async def preview_reset(self, user_id: int, name: str, *, symbol: Symbol | None) -> SettingPreview:
        return await self._settings.preview_reset(user_id, name, symbol=symbol)

    async def preview_undo(self, user_id: int) -> SettingPreview:
        return await self._settings.preview_undo(user_id)

    async def history(self, limit: int = 20) -> Sequence[SettingChange]:
        return await self._settings.history(limit)

    # Results

    async def trades(self, limit: int = 20, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        return await self._results.trades(limit, symbol=symbol)

    async def results(self, period: Period, count: int) -> ResultsView:
        return await self._results.results(period, count)

    async def performance(self) -> PerformanceView:
        return await self._results.performance()

    async def statistics(self) -> StatisticsView:
        return await self._results.statistics()

    async def report(self, period: Period) -> ReportView:
        return await self._results.report(period)

    async def quote(self, symbol: Symbol) -> QuoteView:
        return await self._results.quote(symbol)

    def calendar(self, days: int = 14) -> Sequence[CalendarDay]:
        return self._results.calendar(days)

    def export(self, *, since: date | None = None) -> AsyncIterator[ExportFile]:
        return self._results.export(since=since)

    # System

    async def health(self) -> HealthView:
        return await self._system.health()

    async def diagnose(self) -> Sequence[HealthLine]:
        return await self._system.diagnose()

    async def logs(self, count: int) -> Sequence[LogLine]:
        return await self._system.logs(count)

    def alert_rules(self) -> AlertRules:
        return self._system.alert_rules()

    # WatchList

    async def preview_watch(self, user_id: int, text: str) -> WatchPreview:
        return await self._watch_list.preview_watch(user_id, text)

    async def preview_unwatch(self, user_id: int, symbol: Symbol) -> WatchPreview:
        return await self._watch_list.preview_unwatch(user_id, symbol)

    async def add_price_alert(self, user_id: int, symbol: Symbol, *, above: bool, price: Decimal) -> PriceAlert:
        return await self._price_watch.add(user_id, symbol, above=above, price=price)

    async def price_alerts(self) -> Sequence[PriceAlert]:
        return await self._price_watch.all()

    async def remove_price_alert(self, user_id: int, alert_id: int) -> bool:  # noqa: ARG002 - anybody's may be removed
        return await self._price_watch.remove(alert_id)

    async def proposals(self) -> Sequence[Proposal]:
        return await self._approvals.proposals()

    # Confirmation

    async def for_owners(self, ticket_id: str) -> bool:
        return await self._confirmations.for_owners(ticket_id)

    async def confirm(self, ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        return await self._confirmations.confirm(ticket_id, user_id, typed=typed)

    async def dismiss(self, ticket_id: str, user_id: int) -> Outcome:
        return await self._confirmations.dismiss(ticket_id, user_id)

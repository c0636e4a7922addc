"""What the chat may ask of the core. The engine uses the same services, so chat and rule cannot differ.

Every method raises InvalidInput for what a person got wrong and another TradingError when something failed; its
`user_message` is what to show.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

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


class Overview(Protocol):
    """Looking, never changing."""

    async def status(self) -> StatusView: ...

    async def holdings(self, *, fresh: bool = True) -> HoldingsView:
        """Ask the broker unless `fresh` is False; a failure is told in the view, not raised."""

    async def orders(self, *, recent: int = 10) -> OrdersView: ...

    async def order(self, no: OrderNo) -> OrderView: ...

    async def why(self, symbol: Symbol, *, at: datetime | None = None) -> Decision | None:
        """Return the newest decision about a ticker, or the newest before `at`."""

    def symbol(self, text: str) -> Symbol:
        """Find a watched or held ticker by `TQQQ` or `NASDAQ:TQQQ`, any case; InvalidInput names the nearest."""

    def symbols(self) -> Sequence[Symbol]:
        """Watched tickers, in the order of the settings."""


class OrderControl(Protocol):
    """Manual orders: preview, then one confirmed press."""

    async def preview_order(
        self, user_id: int, side: Side, symbol: Symbol, amount: Amount, price: Decimal | None
    ) -> OrderPreview: ...

    async def preview_cancel(self, user_id: int, no: OrderNo | None) -> CancelPreview:
        """`no` None: every open order."""

    async def check_now(self, no: OrderNo) -> OrderView:
        """Look an order up at the broker at once; for one whose outcome is unknown."""

    async def preview_amend(self, user_id: int, no: OrderNo, *, qty: int | None, price: Decimal | None) -> AmendPreview:
        """`qty` is the open quantity wanted (only downwards)."""

    async def settling(self, user_id: int, no: OrderNo) -> SettlePreview:
        """Ask the broker once more, then offer what a person may declare about an order of unknown outcome."""

    async def hand_order(self, user_id: int, no: OrderNo, choice: HandChoice) -> Outcome:
        """Decide about an order placed by hand; carried out at once, pressing again changes nothing."""

    async def preview_panic(self, user_id: int) -> PanicPreview:
        """Confirming starts it and answers at once; `PanicProgress` events tell the rest (spec section 6)."""


class ModeControl(Protocol):
    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeChanged:
        """Set a mode that needs no confirmation (pausing, protecting) and return the alert that tells it.

        RUN and HALTED go through `preview_mode`.
        """

    async def preview_mode(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview: ...

    async def release(self, user_id: int, symbol: Symbol) -> Notable | None:
        """Take the lock off a ticker after a stop; return the alert that tells it, None when there was no lock."""

    async def arm(self, user_id: int, code: str) -> Outcome:
        """Arm the real environment by the last four of the account's first eight digits (and a TOTP code where set)."""

    async def accept_disclaimer(self, user_id: int) -> None: ...

    async def disclaimer_accepted(self) -> bool: ...

    def until_close(self) -> datetime:
        """When this session closes, or the next one: for `/pause close`."""


class SettingControl(Protocol):
    def menu(self) -> Sequence[SettingView]: ...

    def get(self, name: str) -> SettingView:
        """Raise InvalidInput naming the nearest setting when there is none of that name."""

    async def preview_setting(
        self, user_id: int, name: str, value: str, *, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        """Check a value with the models that read `.env`; InvalidInput tells the allowed range."""

    async def preview_reset(self, user_id: int, name: str, *, symbol: Symbol | None) -> SettingPreview: ...

    async def preview_undo(self, user_id: int) -> SettingPreview:
        """Take back the newest change not yet taken back."""

    async def history(self, limit: int = 20) -> Sequence[SettingChange]: ...


class Results(Protocol):
    """What trading has come to. Nothing here asks the broker, but for a quote."""

    async def trades(self, limit: int = 20, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        """Return the newest fills, newest first."""

    async def results(self, period: Period, count: int) -> ResultsView:
        """Return the newest `count` days, weeks or months with fills in them."""

    async def performance(self) -> PerformanceView: ...

    async def statistics(self) -> StatisticsView: ...

    async def report(self, period: Period) -> ReportView:
        """Report the period that is on; of a week or month the part so far."""

    async def quote(self, symbol: Symbol) -> QuoteView:
        """Ask a fresh price; raise DataUnavailable when there is none."""

    def calendar(self, days: int = 14) -> Sequence[CalendarDay]:
        """Return the coming New York dates from today on, closed weekdays with their reason; weekends left out."""

    def export(self, *, since: date | None = None) -> AsyncIterator[ExportFile]:
        """Give trades, setting changes and decisions as CSV files, each as soon as it is written."""


class System(Protocol):
    async def health(self) -> HealthView: ...

    async def diagnose(self) -> Sequence[HealthLine]:
        """Test every connection by itself: names, ports, tokens, calls, subscriptions (row S109); takes seconds."""

    async def logs(self, count: int) -> Sequence[LogLine]:
        """Return the newest lines of WARNING and above, newest last."""

    def alert_rules(self) -> AlertRules: ...


class WatchListControl(Protocol):
    async def preview_watch(self, user_id: int, text: str) -> WatchPreview:
        """Verify a ticker (`TQQQ` or `NASDAQ:TQQQ`) by a quote; raise InvalidInput where no exchange knows it."""

    async def preview_unwatch(self, user_id: int, symbol: Symbol) -> WatchPreview: ...

    async def add_price_alert(self, user_id: int, symbol: Symbol, *, above: bool, price: Decimal) -> PriceAlert: ...

    async def price_alerts(self) -> Sequence[PriceAlert]: ...

    async def remove_price_alert(self, user_id: int, alert_id: int) -> bool: ...

    async def proposals(self) -> Sequence[Proposal]:
        """Return the cards that still wait for a tap; `confirm` and `dismiss` answer them."""


class Confirmation(Protocol):
    async def for_owners(self, ticket_id: str) -> bool:
        """Return whether only an owner may press a button: its asker may have become less since it was shown."""

    async def confirm(self, ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        """Carry out what a button stands for, at most once ever: the press is checked against the asker, the time
        and the state that was shown. `typed` is the word a halt asks for."""

    async def dismiss(self, ticket_id: str, user_id: int) -> Outcome: ...


class Control(
    Overview, OrderControl, ModeControl, SettingControl, Results, System, WatchListControl, Confirmation, Protocol
):
    """All of it, as the composition root hands it out."""

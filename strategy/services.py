"""What the chat may ask of the core. The engine uses the same services, so chat and rule cannot differ.

Every method raises InvalidInput for what a person got wrong and another TradingError when something failed; its
`user_message` is what to show.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from strategy.changes import SettingChange
from strategy.decisions import Decision
from strategy.instruments import Symbol
from strategy.modes import Mode, ModeState
from strategy.orders import OrderNo, Side
from strategy.views import (
    Amount,
    CancelPreview,
    HoldingsView,
    ModePreview,
    OrderPreview,
    OrdersView,
    OrderView,
    Outcome,
    SettingPreview,
    SettingView,
    StatusView,
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


class ModeControl(Protocol):
    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeState:
        """Set a mode that needs no confirmation (pausing, protecting). RUN and HALTED go through `preview_mode`."""

    async def preview_mode(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview: ...

    async def release(self, user_id: int, symbol: Symbol) -> bool:
        """Take the lock off a ticker after a stop; False when there was none."""

    async def arm(self, user_id: int, code: str) -> Outcome:
        """Arm the real environment with the last four digits of the account (and a TOTP code where one is set)."""

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


class Confirmation(Protocol):
    async def confirm(self, ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        """Carry out what a button stands for, at most once ever: the press is checked against the asker, the time
        and the state that was shown. `typed` is the word a halt asks for."""

    async def dismiss(self, ticket_id: str, user_id: int) -> Outcome: ...


class Control(Overview, OrderControl, ModeControl, SettingControl, Confirmation, Protocol):
    """All of it, as the composition root hands it out."""

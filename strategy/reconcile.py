"""Reconciling: ask the broker, explain every difference."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Literal

from strategy.account import Holdings
from strategy.activity import Activity
from strategy.clock import Clock
from strategy.desk import OrderDesk
from strategy.instruments import Symbol
from strategy.ports import Broker, Notes, Notifier, OrderJournal

Trigger = Literal["start", "reconnect", "timer", "before_buy", "asked"]
CashProbe = Callable[[Holdings], Awaitable[tuple[Symbol, Decimal] | None]]


class Reconciler:
    """Holds the broker's holdings and says whether broker and bot agree."""

    def __init__(
        self,
        *,
        broker: Broker,
        orders: OrderJournal,
        desk: OrderDesk,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
        notes: Notes,
        cash_probe: CashProbe | None = None,
        visibility_lag_s: float = 120.0,
    ) -> None:
        """`cash_probe` names a symbol and price to ask the cash by (kis-protocol 10, line 11); None: no cash asked."""
        raise NotImplementedError

    @property
    def reconciled(self) -> bool:
        """False from the start, after a gap and while an order is UNKNOWN, until broker and bot agree."""
        raise NotImplementedError

    @property
    def reconciled_at(self) -> datetime | None: ...

    @property
    def holdings(self) -> Holdings | None:
        """The last look at the account."""
        raise NotImplementedError

    def settled(self, symbol: Symbol) -> bool:
        """Return whether the ticker's position agrees with its fills; False while they are on their way."""
        raise NotImplementedError

    async def reconcile(self, trigger: Trigger) -> Holdings:
        """Look at orders, positions and cash, tell differences (Recovered) and return the holdings.

        Raises BrokerError when the broker cannot be asked; then nothing counts as reconciled that was not.
        """
        raise NotImplementedError

    def mark_gap(self, reason: str) -> None:
        """Something may have been missed: not reconciled until the next agreement."""
        raise NotImplementedError

"""What /status, /health and the ready check judge trading by: orders, agreement with the broker, the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from strategy.model import Order, Said, StopState, Symbol


class WorkingOrders(Protocol):
    @property
    def open(self) -> Sequence[Order]: ...
    @property
    def unknown(self) -> Sequence[Order]:
        """Return the orders whose outcome nobody can say yet."""


class Agreement(Protocol):
    """Whether broker and bot agree; `reconciled_at` is when they last did."""

    @property
    def reconciled(self) -> bool: ...
    @property
    def reconciled_at(self) -> datetime | None: ...


class StreamStanding(Protocol):
    """How the live connection stands; `notices`: those of orders are subscribed."""

    @property
    def up(self) -> bool: ...
    @property
    def notices(self) -> bool: ...
    @property
    def reason(self) -> Said: ...


class StopStates(Protocol):
    def state(self, symbol: Symbol) -> StopState:
        """Return whether the stop of a ticker works now, and if not why."""


@dataclass(frozen=True, slots=True)
class TradingState:
    orders: WorkingOrders
    agreement: Agreement
    stream: StreamStanding

"""A broker in memory with the habits of the real one: late, forgetful about replies, and generous with notices."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from strategy.account import BuyingPower, Holdings
from strategy.clock import Clock
from strategy.instruments import Symbol
from strategy.orders import Acceptance, BrokerOrder, Notice, OrderRequest, Side, VenueNo

Call = Literal["submit", "amend", "cancel", "orders", "holdings", "buying_power"]
FaultKind = Literal["lost_reply", "lost_request", "reject", "try_later", "fault", "hang"]
NoticeMode = Literal["at_once", "held", "lost", "twice"]


class FakeBroker:
    """A Broker over market time. Orders cross `set_price` quotes at once unless `matching` is off.

    `submitted`, `amended`, `canceled` list what arrived, for counting. `sink` gets notices per `notices`.
    """

    def __init__(
        self, clock: Clock, *, cash: Decimal = Decimal(10_000), lag_s: float = 0, fee_pct: Decimal = Decimal(0)
    ) -> None:
        self.sink: Callable[[Notice], None] | None = None
        self.notices: NoticeMode = "at_once"
        self.matching = True
        self.submitted: list[OrderRequest] = []
        raise NotImplementedError

    # the market and the account, moved by the test

    def set_price(
        self, symbol: Symbol, last: Decimal, *, bid: Decimal | None = None, ask: Decimal | None = None
    ) -> None:
        """Quote a symbol; resting orders it crosses fill (at the quote, or at their limit while resting)."""
        raise NotImplementedError

    def hold(self, symbol: Symbol, qty: int, average_cost: Decimal) -> None:
        """Start with a position."""
        raise NotImplementedError

    def fill(self, venue_no: VenueNo, qty: int | None = None, price: Decimal | None = None) -> None:
        """Execute part (or the rest) of a working order."""
        raise NotImplementedError

    def reject_later(self, venue_no: VenueNo, reason: str = "거부") -> None:
        raise NotImplementedError

    def end_session(self) -> None:
        """Expire everything that still works, without a notice."""
        raise NotImplementedError

    def hand_order(self, symbol: Symbol, side: Side, qty: int, price: Decimal) -> VenueNo:
        """Place an order outside the bot (HTS/MTS)."""
        raise NotImplementedError

    def fail(self, call: Call, kind: FaultKind, *, times: int = 1) -> None:
        """Make the next calls fail; `lost_reply` does the deed and raises OutcomeUnknown, `hang` waits for `unhang`."""
        raise NotImplementedError

    def unhang(self) -> None:
        raise NotImplementedError

    def release_notices(self) -> None:
        """Deliver notices held back so far, in order."""
        raise NotImplementedError

    # the port

    async def submit(self, request: OrderRequest) -> Acceptance:
        raise NotImplementedError

    async def amend(self, symbol: Symbol, venue_no: VenueNo, qty: int, limit_price: Decimal) -> Acceptance:
        raise NotImplementedError

    async def cancel(self, symbol: Symbol, venue_no: VenueNo, qty: int) -> Acceptance:
        raise NotImplementedError

    async def orders(self, since: date, until: date) -> Sequence[BrokerOrder]:
        raise NotImplementedError

    async def open_orders(self) -> Sequence[BrokerOrder]:
        raise NotImplementedError

    async def holdings(self) -> Holdings:
        raise NotImplementedError

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        raise NotImplementedError

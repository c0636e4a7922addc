"""The order desk: the only code that may submit, amend or cancel."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from strategy.account import Position
from strategy.activity import Activity
from strategy.clock import Clock
from strategy.decisions import Decision
from strategy.instruments import Symbol
from strategy.orders import BrokerOrder, Notice, Order, OrderNo, OrderRequest
from strategy.ports import Broker, DecisionJournal, Notes, Notifier, OrderJournal
from strategy.settings import TradingSettings
from strategy.text import Text

PriceFor = Callable[[Order], Awaitable[Decimal | None]]


class DeskSettings(Protocol):
    """The settings in force; `SettingsBook` is one."""

    def of(self, symbol: Symbol | None) -> TradingSettings: ...


class Changes(Protocol):
    """What a subscriber of `OrderDesk.changed` holds: the newest state of each order that changed since it looked."""

    async def next(self) -> Order:
        """Wait for the next changed order; of one order changed several times only the newest state comes."""


class OrderDesk:
    """Intents, the one request, facts from notices and inquiries, and the orders' ends.

    Call `load` (or `refresh`) once before use. Never holds `activity` while it only waits for the clock.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        orders: OrderJournal,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
        settings: DeskSettings,
        price_for: PriceFor | None = None,
        notes: Notes | None = None,
        decisions: DecisionJournal | None = None,
        visibility_lag_s: float = 120.0,
        answer_limit_s: float = 20.0,
    ) -> None:
        """`visibility_lag_s` is market time; `answer_limit_s` real time, a last guard over the client's own limits.

        `notes` and `decisions` let the messages of an order keep their reasons over a restart.
        """
        raise NotImplementedError

    async def load(self) -> None:
        """Read the open orders once: intents never sent become DENIED, sent ones without an answer UNKNOWN."""
        raise NotImplementedError

    async def place(
        self,
        request: OrderRequest,
        *,
        decision: Decision | None = None,
        cash_before: Decimal | None = None,
        position: Position | None = None,
    ) -> Order:
        """Store the intent, send once, and return the order as it is after the answer (ACCEPTED, REJECTED, UNKNOWN).

        A ticket used before returns its order and sends nothing. Raises OrderDenied when nothing was sent because
        the ticker is blocked, StorageError when the intent could not be stored.
        """
        raise NotImplementedError

    async def amend(self, no: OrderNo, *, qty: int | None = None, limit_price: Decimal | None = None) -> Order:
        """Change the open quantity (only downwards) or the price of a working order.

        Returns the order; a closed one when it ended meanwhile. Raises InvalidOrder for what cannot be asked and a
        BrokerError when the broker refused and the order works on unchanged.
        """
        raise NotImplementedError

    async def cancel(self, no: OrderNo) -> Order:
        """Ask to cancel; returns CANCEL_SENT, or the order closed already. The notice or the inquiry confirms.

        Raises a BrokerError when the broker refused and the order works on.
        """
        raise NotImplementedError

    async def cancel_and_confirm(self, no: OrderNo, *, within_s: float) -> Order:
        """Cancel and wait up to `within_s` of market time for a closed state; return whatever is true then."""
        raise NotImplementedError

    def on_notice(self, notice: Notice) -> None:
        """Queue a notice; never blocks. Notices of numbers not known yet wait for their order."""
        raise NotImplementedError

    async def run(self) -> None:
        """Work notices, look up unknown orders and keep SIGNAL orders from resting (D10), until cancelled."""
        raise NotImplementedError

    async def look(self) -> Sequence[Text]:
        """Ask the broker for all orders now and apply its word; raise BrokerError when it cannot be asked.

        A look started after this call serves; callers at the same time share one.
        """
        raise NotImplementedError

    async def refresh(self, seen: Sequence[BrokerOrder], at: datetime) -> Sequence[Text]:
        """Apply the broker's word on all orders as asked for at `at`; return one line per difference found."""
        raise NotImplementedError

    def blocked(self, symbol: Symbol) -> Text | None:
        """Return why nothing may be sent for the ticker: an order of it is UNKNOWN or has no answer yet."""
        raise NotImplementedError

    @property
    def unknown(self) -> Sequence[Order]:
        """Orders whose outcome nobody can say yet."""
        raise NotImplementedError

    @property
    def open(self) -> Sequence[Order]:
        """Own and external orders not closed, oldest first, from memory."""
        raise NotImplementedError

    async def open_in(self, symbol: Symbol) -> Sequence[Order]:
        """Return own and external orders of the ticker that are not closed."""
        raise NotImplementedError

    @contextmanager
    def changed(self) -> Iterator[Changes]:
        """Subscribe: `with desk.changed() as changes: order = await changes.next()`."""
        raise NotImplementedError

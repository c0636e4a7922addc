"""What the other rooms may ask of the order desk; `order_desk` is the one that does it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from strategy.execution.cost_book import CostBook
from strategy.execution.order_feed import OrderChanges
from strategy.model import (
    BrokerOrder,
    Decision,
    Holdings,
    Notice,
    Order,
    OrderNo,
    OrderRequest,
    Position,
    Said,
    Symbol,
)
from strategy.runtime import Precedence


class OrderDesk(Protocol):
    """Intents, the one request, facts from notices and inquiries, and the orders' ends."""

    precedence: Precedence  # what orders on their way out have over what can wait
    unexplained: Callable[[Symbol, Holdings], Awaitable[int]]  # shares held that nothing explains; set at the wiring

    async def load(self) -> None:
        """Read the open orders once: intents never sent become DENIED, sent ones without an answer UNKNOWN."""

    async def place(
        self,
        request: OrderRequest,
        *,
        decision: Decision | None = None,
        cash_before: Decimal | None = None,
        position: Position | None = None,
        offered: int | None = None,
    ) -> Order:
        """Store the intent, send once, and return the order as it is after the answer (ACCEPTED, REJECTED, UNKNOWN).

        A ticket used before returns its order and sends nothing. Raises OrderDenied when nothing was sent because the
        ticker is blocked, or the order not permitted (NotPermitted), StorageError when it could not be stored.
        DENIED: what permitted it ended while it was stored. `cash_before` is dollars. Where `offered` says how many
        shares other sells were known to offer when this one was sized, more of them raise OfferedMeanwhile.
        """

    async def amend(
        self,
        no: OrderNo,
        *,
        qty: int | None = None,
        limit_price: Decimal | None = None,
        reprices: int | None = None,
    ) -> Order:
        """Change the open quantity (only downwards) or the price of a working order.

        Returns the order; a closed one when it ended meanwhile. Raises InvalidOrder for what cannot be asked,
        NotPermitted for what may not be, and a BrokerError when the broker refused; the order works on unchanged then.
        `reprices` is the working policy's count. The quantity is in whole shares, the limit in dollars.
        """

    async def cancel(self, no: OrderNo) -> Order:
        """Ask to cancel; returns CANCEL_SENT, or the order closed already. The notice or the inquiry confirms.

        Raises a BrokerError when the broker refused and the order works on, InvalidOrder while its number is unknown.
        """

    async def cancel_and_confirm(self, no: OrderNo, *, within_s: float) -> Order:
        """Cancel and wait up to `within_s` of market time for a closed state; return whatever is true then.

        Never raises for the broker's answers. Do not hold `activity` around it: it waits for the clock.
        """

    async def adopt(self, no: OrderNo, by: int) -> Order:
        """Watch over an order placed by hand like over one of our own, on a person's word; again changes nothing."""

    async def answered(self, within_s: float) -> bool:
        """Wait until no request is on its way, at most so many real seconds; return whether none is."""

    def hurry(self, seconds: float) -> None:
        """Wait no longer than that (real time) for answers from now on: the program is being stopped.

        What has no answer by then is stored as UNKNOWN, and looked up by the next start.
        """

    def candidates(self, no: OrderNo) -> Sequence[BrokerOrder]:
        """Return the broker's orders that may be this one of unknown outcome, as the newest look showed them."""

    def absence_counts(self, order: Order) -> bool:
        """Return whether an order would surely be visible at the broker by now, had it arrived."""

    async def settle(self, no: OrderNo, found: BrokerOrder | None, by: int) -> Order:
        """Take a person's word on an order of unknown outcome: it is `found`, or (None) it never arrived.

        Nothing is sent. Raises InvalidOrder when the order or that candidate is settled otherwise already.
        """

    def on_notice(self, notice: Notice) -> None:
        """Queue a notice; never blocks. Notices of numbers not known yet wait for their order."""

    def on_unread_notice(self) -> None:
        """Ask the broker for what a notice told that cannot be read."""

    async def run(self) -> None:
        """Work notices, look up unknown orders and keep SIGNAL orders from resting (D10), until cancelled."""

    async def poll_orders(self, *, since: datetime | None = None) -> Sequence[Said]:
        """Ask the broker for all orders now and apply its word; raise BrokerError when it cannot be asked.

        Covers today, its neighbours and the dates of open orders, and every date from `since` on.
        A look started after this call serves; callers at the same time share one.
        """

    def blocked(self, symbol: Symbol, *, protects: bool = False) -> Said | None:
        """Return why nothing may be sent for the ticker: an order of it is UNKNOWN or has no answer yet.

        What `protects` (a stop, a panic) is held up by a sell only: of shares known to be held a buy takes none away.
        """

    @property
    def unknown(self) -> Sequence[Order]:
        """Orders whose outcome nobody can say yet."""

    @property
    def doubts(self) -> int:
        """How many outcomes became unknown so far; a reconciler remembers the number it settled."""

    @property
    def open(self) -> Sequence[Order]:
        """Own and external orders not closed, oldest first, from memory."""

    @property
    def unread(self) -> frozenset[Symbol]:
        """Tickers with an order that the last look could not read; it may be open."""

    async def open_in(self, symbol: Symbol) -> Sequence[Order]:
        """Return own and external orders of the ticker that are not closed."""

    @property
    def costs(self) -> CostBook:
        """What the shares held have cost, fees of their buys included, as far as counted."""

    async def agree_costs(self, held: Mapping[str, Position | None], states: Mapping[str, int]) -> None:
        """Let what shares have cost follow the broker's positions, by ticker, where the fills do not tell it.

        `states` are those of `costs` before the fills were compared with them. Raises StorageError.
        """

    @contextmanager
    def changed(self) -> Iterator[OrderChanges]:
        """Subscribe: `with desk.changed() as changes: order = await changes.next()`."""

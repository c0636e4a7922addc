"""An order desk on real storage, a fake broker and a clock that stands still, for the tests of the desk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from storage.database import Storage, open_storage
from strategy.execution.order_desk import LiveOrderDesk, OrderRecords
from strategy.model import (
    Event,
    Forbidden,
    HandOrder,
    Notable,
    Order,
    OrderChanged,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Said,
    Side,
    Symbol,
    Trouble,
    VenueNo,
)
from strategy.ports import Permits
from strategy.runtime import Activity, Precedence
from strategy.settings.schema import TradingSettings
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock, settle, trading_settings

OPEN = datetime(2026, 9, 15, 13, 30, tzinfo=UTC)  # a Tuesday, 09:30 in New York
TQQQ = Symbol.parse("NASDAQ:TQQQ")
KO = Symbol.parse("NYSE:KO")
PRICE = Decimal("61.20")


@dataclass
class OneForAll:
    """Settings of a test, the same for every ticker."""

    settings: TradingSettings = field(default_factory=trading_settings)

    def of(self, symbol: Symbol | None) -> TradingSettings:
        return self.settings


class AnythingGoes:
    """Permissions that forbid nothing."""

    def may_send(self, request: OrderRequest) -> Forbidden | None:
        return None

    def may_amend(self, order: Order, qty: int, price: Decimal, *, by_rule: bool) -> Forbidden | None:
        return None

    @asynccontextmanager
    async def may_reprice(self, order: Order, price: Decimal) -> AsyncIterator[Said | None]:
        yield None


@dataclass
class Bench:
    clock: FakeClock
    broker: FakeBroker
    storage: Storage
    desk: LiveOrderDesk
    activity: Activity
    settings: OneForAll
    prices: dict[Symbol, Decimal] = field(default_factory=dict)

    def request(
        self,
        side: Side = Side.BUY,
        qty: int = 10,
        price: Decimal = PRICE,
        *,
        symbol: Symbol = TQQQ,
        origin: Origin = Origin.MANUAL,
        ticket: str | None = None,
    ) -> OrderRequest:
        return OrderRequest(
            symbol=symbol,
            side=side,
            qty=qty,
            limit_price=price,
            origin=origin,
            created_at=self.clock.now(),
            ticket=ticket,
        )

    async def buy(self, qty: int = 10, price: Decimal = PRICE, *, origin: Origin = Origin.MANUAL) -> Order:
        return await self.desk.place(self.request(Side.BUY, qty, price, origin=origin))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, in no market time, until something has happened."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - any condition, so there is no event for it
                await asyncio.sleep(0)

    async def order(self, no: OrderNo) -> Order:
        order = await self.storage.orders.get(no)
        assert order is not None
        return order

    async def settle(self) -> None:
        """Let everything run that can without time passing."""
        for _ in range(3):
            await settle(20)
            await self.activity.until_quiet()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass; everybody due runs at its own instant and to its end."""
        end = self.clock.now().timestamp() + seconds
        await self.settle()
        while (due := self.clock.next_wake) is not None and due.timestamp() <= end:
            self.clock.set(due)
            await self.settle()
        self.clock.set(datetime.fromtimestamp(end, UTC))
        await self.settle()

    async def events(self) -> Sequence[Event]:
        return [row.event for row in await self.storage.outbox.pending(1000)]

    async def states_told(self, no: OrderNo) -> Sequence[OrderStatus]:
        told = [one.order for one in await self.events() if isinstance(one, OrderChanged) and one.order.no == no]
        return [order.status for order in told]

    async def hand_orders(self) -> Sequence[HandOrder]:
        return [one for one in await self.events() if isinstance(one, HandOrder)]

    async def troubles(self) -> Sequence[Trouble | Notable]:
        return [one for one in await self.events() if isinstance(one, Trouble | Notable)]

    def venue(self, order: Order) -> VenueNo:
        assert order.venue_no is not None
        return order.venue_no

    async def agrees(self) -> None:
        """Assert that fills and open orders are those of the broker (row S9)."""
        ours = {order.venue_no: order for order in await self.storage.orders.recent(1000) if order.venue_no}
        for found in self.broker.truth():
            order = ours[found.venue_no]
            assert (order.filled_qty, order.filled_amount) == (found.filled_qty, found.filled_amount), (order, found)
            assert order.status.closed == found.status.closed, (order, found)
            fills = await self.storage.orders.fills(order=order.no)
            assert sum(fill.qty for fill in fills) == found.filled_qty


def make_desk(
    bench_parts: tuple[FakeBroker, Storage, FakeClock, Activity, OneForAll],
    prices: dict[Symbol, Decimal],
    permissions: Permits | None = None,
) -> LiveOrderDesk:
    broker, storage, clock, activity, settings = bench_parts

    async def price_for(order: Order) -> Decimal | None:
        return prices.get(order.request.symbol)

    desk = LiveOrderDesk(
        broker=broker,
        records=OrderRecords(
            orders=storage.orders, notifier=storage.outbox, notes=storage.notes, decisions=storage.decisions
        ),
        clock=clock,
        activity=activity,
        settings=settings,
        precedence=Precedence(),
        permissions=permissions or AnythingGoes(),
        price_for=price_for,
    )
    broker.sink = desk.on_notice
    return desk


@asynccontextmanager
async def bench(
    path: Path, *, broker: FakeBroker | None = None, clock: FakeClock | None = None, running: bool = True
) -> AsyncIterator[Bench]:
    """Open storage in `path` and run a desk on it; give broker and clock again for a restart."""
    clock = clock or FakeClock(OPEN)
    broker = broker or FakeBroker(clock)
    async with open_storage(path) as storage:
        activity, settings = Activity(), OneForAll()
        prices: dict[Symbol, Decimal] = {}
        desk = make_desk((broker, storage, clock, activity, settings), prices)
        made = Bench(clock, broker, storage, desk, activity, settings, prices)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(desk.run()) if running else None
            if running:
                await made.settle()
            try:
                yield made
            finally:
                broker.sink = None
                if task is not None:
                    task.cancel()

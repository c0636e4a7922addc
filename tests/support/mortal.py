"""A process that can die between any two things that outlive it: commits and requests."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from storage.database import Storage
from storage.orders.orders import OrderRepository
from strategy.execution.order_desk import LiveOrderDesk, OrderRecords
from strategy.model import (
    Acceptance,
    BrokerOrder,
    BuyingPower,
    Deposit,
    Event,
    Holdings,
    Order,
    OrderList,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Symbol,
    VenueNo,
)
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.runtime import Activity, Precedence
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.support.order_bench import AnythingGoes, OneForAll


class Killed(BaseException):
    """SIGKILL: nothing of this process runs any more."""


class Life:
    """Counts numbered steps; the process dies at the given one."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = steps
        self.taken = 0

    @property
    def dead(self) -> bool:
        return self.left is not None and self.left < 0

    def step(self) -> None:
        self.taken += 1
        if self.left is not None:
            self.left -= 1
        if self.dead:
            raise Killed


class MortalJournal(OrderRepository):
    life: Life

    async def send(self, request: OrderRequest, at: datetime, *, events: Sequence[Event] = ()) -> Order:
        self.life.step()
        order = await super().send(request, at, events=events)
        self.life.step()
        return order

    async def add_external(self, found: BrokerOrder, at: Any, events: Sequence[Event] = ()) -> Order:
        self.life.step()
        order = await super().add_external(found, at, events)
        self.life.step()
        return order

    async def change(self, no: OrderNo, status: OrderStatus, at: Any, **rest: Any) -> Order:
        self.life.step()
        order = await super().change(no, status, at, **rest)
        self.life.step()
        return order


class MortalBroker:
    """The line to the broker: cut when the process dies, before the request or before its reply."""

    def __init__(self, broker: FakeBroker, life: Life) -> None:
        self._broker = broker
        self._life = life

    @property
    def clock_ahead(self) -> timedelta | None:
        return self._broker.clock_ahead

    async def submit(self, request: OrderRequest) -> Acceptance:
        self._life.step()
        try:
            return await self._broker.submit(request)
        finally:
            self._life.step()

    async def amend(self, symbol: Symbol, venue_no: VenueNo, qty: int, limit_price: Decimal) -> Acceptance:
        self._life.step()
        try:
            return await self._broker.amend(symbol, venue_no, qty, limit_price)
        finally:
            self._life.step()

    async def cancel(self, symbol: Symbol, venue_no: VenueNo, qty: int) -> Acceptance:
        self._life.step()
        try:
            return await self._broker.cancel(symbol, venue_no, qty)
        finally:
            self._life.step()

    async def orders(self, since: date, until: date) -> OrderList:
        self._life.step()
        return await self._broker.orders(since, until)

    async def open_orders(self) -> OrderList:
        self._life.step()
        return await self._broker.open_orders()

    async def holdings(self) -> Holdings:
        self._life.step()
        return await self._broker.holdings()

    async def deposit(self) -> Deposit | None:
        self._life.step()
        return await self._broker.deposit()

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        self._life.step()
        return await self._broker.buying_power(symbol, price)


class Process:
    """One start of the program's order half over a data directory that outlives it."""

    def __init__(self, storage: Storage, broker: FakeBroker, clock: FakeClock, life: Life) -> None:
        self.life = life
        self.activity = Activity()
        self.storage = storage
        journal = MortalJournal(storage.orders._database, storage.outbox)
        journal.life = life
        line = MortalBroker(broker, life)
        prices: dict[Symbol, Decimal] = {}
        self.prices = prices

        async def price_for(order: Order) -> Decimal | None:
            return prices.get(order.request.symbol)

        self.desk = LiveOrderDesk(
            broker=line,
            records=OrderRecords(
                orders=journal, notifier=storage.outbox, notes=storage.notes, decisions=storage.decisions
            ),
            clock=clock,
            activity=self.activity,
            settings=OneForAll(),
            precedence=Precedence(),
            permissions=AnythingGoes(),
            price_for=price_for,
        )
        self.recon = Reconciler(
            broker=line,
            orders=journal,
            desk=self.desk,
            notifier=storage.outbox,
            clock=clock,
            activity=self.activity,
            agreements=storage.agreements,
        )
        self.desk.unexplained = self.recon.unexplained
        broker.sink = self.desk.on_notice


def data_dir(root: Path, name: str) -> Path:
    path = root / name
    path.mkdir()
    return path

"""The whole core on real storage, with a broker, a market and a stream in memory and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from storage.database import Storage, open_storage
from strategy.control.one_time_codes import OneTimeCodes
from strategy.model import Environment, Event, Interval, Order, Symbol
from strategy.runtime.probes import Surroundings
from strategy.runtime.storage_alarm import SendNow
from strategy.settings.schema import TradingSettings
from strategy.wiring.core import Core, Journals, build_core
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock, trading_settings
from tests.fakes.market import FakeMarket, FakeStream
from tests.scenarios.stepping import DatabaseCalls, until_idle

OPEN = datetime(2026, 9, 15, 13, 30, tzinfo=UTC)  # a Tuesday, 09:30 in New York
BEFORE_OPEN = OPEN - timedelta(minutes=5)
TQQQ = Symbol.parse("NASDAQ:TQQQ")
O = Symbol.parse("NYSE:O")  # noqa: E741 - Realty Income's ticker
XLF = Symbol.parse("AMEX:XLF")
OWNER = 7
ARM_SECRET = "7801"

Kind = TypeVar("Kind")


def wave(count: int = 250, middle: str = "100", swing: str = "1") -> list[Decimal]:
    """Return closes that go up and down by the same amount: RSI near 50, MACD near its signal."""
    return [Decimal(middle) + (Decimal(swing) if n % 2 else -Decimal(swing)) for n in range(count)]


@dataclass
class World:
    """What outlives a restart of the program: the clock, the market and the account."""

    clock: FakeClock
    broker: FakeBroker
    market: FakeMarket

    @classmethod
    def at(cls, when: datetime, *, cash: str = "10000") -> "World":
        clock = FakeClock(when)
        return cls(clock, FakeBroker(clock, cash=Decimal(cash)), FakeMarket(clock))

    def price(self, symbol: Symbol, last: str | Decimal) -> None:
        """Move the price at broker and market."""
        self.market.set_price(symbol, Decimal(last))
        price, bid, ask = self.market.book(symbol)
        self.broker.set_price(symbol, price, bid=bid, ask=ask)

    def ready(self, symbol: Symbol, price: str = "100") -> None:
        """Give a ticker enough quiet bars of every interval and a price."""
        for interval in Interval:
            self.market.set_closes(symbol, interval, wave(middle=price))
        self.price(symbol, price)


@dataclass
class Bench:
    world: World
    core: Core
    storage: Storage
    stream: FakeStream
    calls: DatabaseCalls

    @property
    def clock(self) -> FakeClock:
        return self.world.clock

    @property
    def broker(self) -> FakeBroker:
        return self.world.broker

    @property
    def market(self) -> FakeMarket:
        return self.world.market

    def price(self, symbol: Symbol, last: str | Decimal, *, tick: bool = True) -> None:
        """Move the price; streamed as a tick unless told otherwise."""
        self.world.price(symbol, last)
        if tick:
            self.stream.tick(symbol, Decimal(last))

    async def settle(self) -> None:
        """Let everything run that can without time passing."""
        await until_idle(self.calls)

    async def until(self, when: datetime) -> None:
        """Let time pass; everybody due runs at its own instant and to its end."""
        await self.settle()
        while (due := self.clock.next_wake) is not None and due <= when:
            self.clock.set(due)
            await self.settle()
        self.clock.set(when)
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        await self.until(self.clock.now() + timedelta(seconds=seconds))

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait, in no market time, until something has happened."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - any condition, so there is no event for it
                await asyncio.sleep(0)

    async def events(self) -> Sequence[Event]:
        return [row.event for row in sorted(await self.storage.outbox.pending(10_000), key=lambda row: row.id)]

    async def told(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in await self.events() if isinstance(event, kind)]

    async def orders(self) -> list[Order]:
        """Return all orders, oldest first."""
        return list(reversed(await self.storage.orders.recent(1000)))


@asynccontextmanager
async def running(
    path: Path,
    world: World,
    *,
    settings: TradingSettings | None = None,
    environment: Environment = Environment.VIRTUAL,
    totp: OneTimeCodes | None = None,
    wall: FakeClock | None = None,
    ticks: bool = True,
    calls_per_second: float | None = None,
    tick_places: int | None = None,
    may_crash: bool = False,
    surroundings: Surroundings | None = None,
    cry: SendNow | None = None,
    arm_secret: str = ARM_SECRET,
) -> AsyncIterator[Bench]:
    """Run the core on the storage in `path` until the block ends; again with the same world for a restart.

    A service that crashed fails the test unless it `may_crash`: the supervisor would hide it.
    """
    stream = FakeStream(world.clock)
    stream.offers_ticks = ticks
    calls = DatabaseCalls()
    with calls.counted():
        async with open_storage(path) as storage:
            core = build_core(
                base=settings or trading_settings(),
                env_names=frozenset({"RSI_OVERSOLD", "STOP_LOSS_RATE"}),
                environment=environment,
                account_masked="****7801",
                journals=journals_of(storage),
                broker=world.broker,
                market=world.market,
                stream=stream,
                clock=world.clock,
                wall=wall or world.clock,
                arm_secret=arm_secret,
                totp=totp,
                calls_per_second=calls_per_second,
                tick_places=tick_places,
                surroundings=surroundings or Surroundings(vitals=storage.vitals, calls_used=lambda: "1/s of 2"),
                cry=cry,
            )
            world.broker.sink = core.session.inbox.on_notice
            bench = Bench(world, core, storage, stream, calls)
            await core.load()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(run(), name=name) for name, run in core.tasks]
                await bench.settle()
                try:
                    yield bench
                    crashed = [
                        (one.service, one.error) for one in core.supervisor.health() if one.crashed_at is not None
                    ]
                    assert may_crash or not crashed, crashed
                finally:
                    world.broker.sink = None
                    for task in reversed(tasks):
                        task.cancel()


def journals_of(storage: Storage) -> Journals:
    return Journals(
        orders=storage.orders,
        decisions=storage.decisions,
        settings=storage.settings,
        modes=storage.modes,
        stop_runs=storage.stop_runs,
        panics=storage.panics,
        agreements=storage.agreements,
        day_starts=storage.day_starts,
        deposits=storage.deposits,
        exchange_rates=storage.exchange_rates,
        notes=storage.notes,
        tickets=storage.tickets,
        price_alerts=storage.price_alerts,
        outbox=storage.outbox,
        notifier=storage.outbox,
        records=storage.records,
    )

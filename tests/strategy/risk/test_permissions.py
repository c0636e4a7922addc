"""The one door (spec sections 5 and 7; promises 2 and 4): what may leave for the broker, whoever wants it, and
whatever came between the wish and the request."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from storage.database import open_storage
from strategy.execution.interface import OrderDesk
from strategy.model import (
    Acceptance,
    BrokerError,
    Environment,
    Forbidden,
    Mode,
    ModeState,
    NotPermitted,
    Order,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    OutcomeKind,
    Said,
    Side,
    StopFinished,
    TickerLock,
)
from strategy.ports import Permits
from strategy.risk.mode_store import ModeStore
from strategy.risk.permissions import Permissions
from strategy.runtime import Activity
from strategy.settings.store import SettingsStore
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock, trading_settings
from tests.strategy.stops.test_stop_monitor import QUIET, holding
from tests.support.engine_bench import ARM_SECRET, OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.order_bench import AnythingGoes, OneForAll, make_desk

STOPS = (Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP)
WISHES = [
    *product((Origin.SIGNAL, Origin.MANUAL), Side),
    *((origin, Side.SELL) for origin in (*STOPS, Origin.PANIC)),
]
ARMINGS = ("virtual", "armed", "not now", "never")
HOURS = {
    "closed": OPEN - timedelta(hours=2),
    "before start": OPEN + timedelta(minutes=5),
    "open": OPEN + timedelta(hours=1),
}
PRICE = Decimal(90)


@dataclass(frozen=True)
class Case:
    """What is in force at the moment of asking."""

    arming: str
    hours: str
    mode: Mode
    lock: str
    reconciled: bool
    selling: bool  # a stop is at work in the ticker


def cases(arming: str, hours: str) -> Iterator[Case]:
    for parts in product(Mode, ("none", "stop", "split"), (True, False), (True, False)):
        yield Case(arming, hours, *parts)


def may_leave(origin: Origin, side: Side, case: Case) -> bool:
    """Return what the specification says: section 5's table of modes, section 7, the promises."""
    if origin is Origin.PANIC:  # whatever the mode was when it was asked for; only a later /halt ends it
        return case.arming != "never" and case.hours != "closed"
    if origin in STOPS:
        halted = case.mode is Mode.HALTED or case.arming == "never"
        return not halted and case.lock != "split" and case.hours == "open"
    if case.arming in ("not now", "never") or case.hours == "closed" or case.selling:
        return False
    if origin is Origin.MANUAL:
        return side is Side.SELL or (case.mode is Mode.RUN and case.reconciled)
    if case.lock != "none" or case.hours == "before start":
        return False
    return (case.mode is Mode.RUN and case.reconciled) if side is Side.BUY else case.mode in (Mode.RUN, Mode.PAUSE_BUYS)


def may_change(origin: Origin, side: Side, case: Case, *, by_rule: bool, dearer: bool) -> bool:
    """Return the same of a change: what ties up no more money asks less, and a resting order outlives the window."""
    if origin in (*STOPS, Origin.PANIC):
        return may_leave(origin, side, case)
    if case.arming in ("not now", "never") or case.hours == "closed" or case.selling:
        return False
    more = side is Side.BUY and dearer
    if not by_rule:
        return not more or (case.mode is Mode.RUN and case.reconciled)
    if case.lock != "none" or (more and not case.reconciled):
        return False
    return case.mode is Mode.RUN if side is Side.BUY else case.mode in (Mode.RUN, Mode.PAUSE_BUYS)


class Door:
    """The real permissions, or none while a test prepares."""

    def __init__(self, real: Permissions) -> None:
        self.now: Permits = AnythingGoes()
        self.real = real

    def may_send(self, request: OrderRequest) -> Forbidden | None:
        return self.now.may_send(request)

    def may_amend(self, order: Order, qty: int, price: Decimal, *, by_rule: bool) -> Forbidden | None:
        return self.now.may_amend(order, qty, price, by_rule=by_rule)

    def may_reprice(self, order: Order, price: Decimal) -> AbstractAsyncContextManager[Said | None]:
        return self.now.may_reprice(order, price)


@dataclass
class Guarded:
    """A desk with real permissions over real modes and settings, in one kind of world."""

    desk: OrderDesk
    broker: FakeBroker
    modes: ModeStore
    door: Door
    clock: FakeClock
    reconciled: bool = True

    async def arrange(self, case: Case) -> None:
        now = self.clock.now()
        await self.modes.set(
            ModeState(mode=case.mode, symbol=None, set_by=OWNER, set_at=now, reason="test", until=None)
        )
        await self.modes.release(TQQQ, OWNER)
        if case.lock != "none":
            split = case.lock == "split"
            await self.modes.set_lock(
                TickerLock(symbol=TQQQ, reason=case.lock, locked_at=now, until=None, blocks_stop=split)
            )
        self.reconciled = case.reconciled
        self.door.real.selling = lambda _: case.selling
        self.door.real.panic_from = now
        self.door.now = self.door.real

    async def leaves(self, origin: Origin, side: Side) -> bool:
        """Ask for an order, which the broker refuses so that nothing is left of it; return whether it got there."""
        before = len(self.broker.submitted)
        self.broker.fail("submit", "reject")
        wish = OrderRequest(
            symbol=TQQQ, side=side, qty=1, limit_price=PRICE, origin=origin, created_at=self.clock.now()
        )
        try:
            await self.desk.place(wish)
        except NotPermitted:
            self.broker._faults["submit"].clear()
        return len(self.broker.submitted) > before

    async def changes(self, no: OrderNo, price: Decimal, *, by_rule: bool) -> bool:
        before = len(self.broker.amended)
        self.broker.fail("amend", "reject")
        try:
            await self.desk.amend(no, limit_price=price, reprices=1 if by_rule else None)
        except NotPermitted:
            self.broker._faults["amend"].clear()
        except BrokerError:
            pass
        return len(self.broker.amended) > before


@asynccontextmanager
async def guarded(path: Path, arming: str, hours: str) -> AsyncIterator[Guarded]:
    clock = FakeClock(HOURS[hours])
    broker = FakeBroker(clock, cash=Decimal(1_000_000))
    broker.hold(TQQQ, 1_000, Decimal(100))
    environment = Environment.VIRTUAL if arming == "virtual" else Environment.REAL
    base = trading_settings(market_start_time="10:00", trading_tickers="NASDAQ:TQQQ")
    async with open_storage(path) as storage:
        settings = SettingsStore(base=base, env_names=frozenset(), journal=storage.settings, clock=clock)
        await settings.load()
        modes = ModeStore(journal=storage.modes, notes=storage.notes, clock=clock, environment=environment)
        if arming in ("armed", "not now"):
            await modes.arm(clock.now())
        if arming == "not now":  # the program was started again
            modes = ModeStore(journal=storage.modes, notes=storage.notes, clock=clock, environment=environment)
        await modes.load()
        state: dict[str, Any] = {}
        real = Permissions(modes=modes, settings=settings, clock=clock, reconciled=lambda: state["guarded"].reconciled)
        door = Door(real)
        desk = make_desk((broker, storage, clock, Activity(), OneForAll()), {}, door)
        made = state["guarded"] = Guarded(desk, broker, modes, door, clock)
        yield made
        broker.sink = None


@pytest.mark.parametrize(("arming", "hours"), list(product(ARMINGS, HOURS)))
async def test_every_origin_in_every_mode_lock_arming_agreement_and_session_leaves_as_specified(
    tmp_path: Path, arming: str, hours: str
) -> None:
    async with guarded(tmp_path, arming, hours) as world:
        for case in cases(arming, hours):
            await world.arrange(case)
            for origin, side in WISHES:
                assert await world.leaves(origin, side) is may_leave(origin, side, case), (origin, side, case)


@pytest.mark.parametrize(("arming", "hours"), list(product(ARMINGS, HOURS)))
async def test_a_change_of_any_order_is_judged_at_the_door_too(tmp_path: Path, arming: str, hours: str) -> None:
    """Orders of every origin, and adopted ones; dearer and cheaper. Cancels always pass."""
    async with guarded(tmp_path, arming, hours) as world:
        orders = []
        for origin, side in WISHES:
            wish = OrderRequest(
                symbol=TQQQ, side=side, qty=1, limit_price=PRICE, origin=origin, created_at=world.clock.now()
            )
            orders.append(await world.desk.place(wish))
        for side in Side:
            world.broker.hand_order(TQQQ, side, 1, PRICE)
        await world.desk.poll_orders()
        adopted = [order for order in world.desk.open if order.request.origin is Origin.EXTERNAL]
        orders += [await world.desk.adopt(order.no, OWNER) for order in adopted]
        for case in cases(arming, hours):
            await world.arrange(case)
            for order, price in product(orders, (PRICE + 1, PRICE - 1)):
                origin, side = order.request.origin, order.request.side
                hands = {Origin.SIGNAL: (True,), Origin.EXTERNAL: (True, False)}.get(origin, (False,))
                for by_rule in hands:
                    wanted = may_change(origin, side, case, by_rule=by_rule, dearer=price > PRICE)
                    assert await world.changes(order.no, price, by_rule=by_rule) is wanted, (order, case, by_rule)
        await world.arrange(Case(arming, hours, Mode.HALTED, "split", reconciled=False, selling=True))
        for order in orders:
            await world.desk.cancel(order.no)
        assert len(world.broker.canceled) == len(orders)


async def halt(bench: Bench) -> None:
    preview = await bench.core.control.modes.preview(OWNER, Mode.HALTED, symbol=None)
    assert preview.ticket is not None
    done = await bench.core.control.confirmations.confirm(preview.ticket, OWNER, typed="손절 끄기")
    assert done.kind is OutcomeKind.DONE


@pytest.mark.parametrize("resting", [True, False])
async def test_nothing_of_a_stop_leaves_after_a_halt_confirmed_while_it_waited_for_a_price(
    tmp_path: Path, *, resting: bool
) -> None:
    """With an order out it was about to follow the price; without one it was about to place the first."""
    async with holding(tmp_path, ticks=False) as bench:
        bench.broker.matching = False
        bench.price(TQQQ, "94", tick=False)
        if not resting:
            bench.broker.hand_order(TQQQ, Side.SELL, 1, Decimal(200))
        await bench.pass_time(6)
        asked = bench.market.asked[TQQQ]
        bench.market.latency_s = 2
        while bench.market.asked[TQQQ] == asked:
            await bench.pass_time(0.25)
        bench.price(TQQQ, "93", tick=False)
        left = len(bench.broker.submitted), len(bench.broker.amended)
        await halt(bench)
        await bench.pass_time(30)
        assert (len(bench.broker.submitted), len(bench.broker.amended)) == left
        assert not [order for order in await bench.orders() if not order.status.closed]
        assert [each.reason for each in await bench.told(StopFinished)] in ([], ["halted"])


async def test_a_halt_is_answered_only_when_nothing_is_on_its_way_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order may wait a second for its turn at the broker: until then "halted" would be untrue."""
    async with holding(tmp_path) as bench:
        submit, turn, waits = bench.broker.submit, asyncio.Event(), asyncio.Event()

        async def queued(request: OrderRequest) -> Acceptance:
            waits.set()
            await turn.wait()
            return await submit(request)

        monkeypatch.setattr(bench.broker, "submit", queued)
        bench.price(TQQQ, "94")
        await bench.settle()
        assert waits.is_set()
        async with asyncio.TaskGroup() as group:
            halting = group.create_task(halt(bench))
            await bench.wait_for(lambda: bench.core.base.modes.of(TQQQ).mode is Mode.HALTED)
            await bench.settle()
            assert not halting.done()
            turn.set()
        left = len(bench.broker.submitted), len(bench.broker.amended)
        await bench.pass_time(30)
        assert (len(bench.broker.submitted), len(bench.broker.amended)) == left == (1, 0)


async def test_an_order_whose_permission_ends_while_it_is_stored_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with holding(tmp_path, qty=0) as bench:
        whole = bench.storage.orders.send

        async def slow(*args: Any, **kwargs: Any) -> Order:
            order = await whole(*args, **kwargs)
            await halt(bench)
            return order

        monkeypatch.setattr(bench.storage.orders, "send", slow)
        wish = OrderRequest(
            symbol=TQQQ,
            side=Side.BUY,
            qty=1,
            limit_price=PRICE,
            origin=Origin.MANUAL,
            created_at=bench.clock.now(),
        )
        order = await bench.core.trading.desk.place(wish)
        assert order.status is OrderStatus.DENIED
        assert order.reason
        assert not bench.broker.submitted


async def test_in_real_trading_not_armed_after_a_restart_the_stop_sells_and_nothing_else_leaves(tmp_path: Path) -> None:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    settings = trading_settings(**QUIET)
    async with running(tmp_path, world, settings=settings, environment=Environment.REAL) as bench:
        await bench.core.control.arming.accept_disclaimer(OWNER)
        assert (await bench.core.control.arming.arm(OWNER, ARM_SECRET)).kind is OutcomeKind.DONE
        await bench.core.base.modes.set(
            ModeState(mode=Mode.RUN, symbol=None, set_by=OWNER, set_at=bench.clock.now(), reason="test", until=None)
        )
    async with running(tmp_path, world, settings=settings, environment=Environment.REAL) as bench:
        await bench.pass_time(5)
        for origin, side in product((Origin.SIGNAL, Origin.MANUAL), Side):
            wish = OrderRequest(
                symbol=TQQQ, side=side, qty=1, limit_price=PRICE, origin=origin, created_at=bench.clock.now()
            )
            with pytest.raises(NotPermitted):
                await bench.core.trading.desk.place(wish)
        assert not bench.broker.submitted
        bench.price(TQQQ, "94")
        await bench.pass_time(5)
        assert bench.broker.qty_held(TQQQ) == 0

"""Any interleaving of market, replies, notices, cancels, hand orders, restarts and deaths ends in agreement.

Rows S9, S80.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.database import open_storage
from strategy.model import Order, OrderRejected, OrderRequest, OrderStatus, Origin, OutcomeUnknown, Side, TradingError
from tests.fakes.broker import FakeBroker, FaultKind, NoticeMode
from tests.fakes.clock import FakeClock, settle
from tests.support.mortal import Killed, Life, Process
from tests.support.order_bench import OPEN, TQQQ

HELD = 20
CENTS = st.integers(1, 40)  # how far a limit rests from the market
FAULTS = st.sampled_from([None, None, None, "lost_reply", "lost_request", "reject", "try_later"])


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock(OPEN)
        self.broker = FakeBroker(self.clock)
        self.broker.hold(TQQQ, HELD, Decimal(60))
        self.broker.set_price(TQQQ, Decimal("61.20"))
        self.serial = 0
        self.hands = 0
        self.process: Process
        self.task: asyncio.Task[None]
        self.stack = AsyncExitStack()

    # lives

    @initialize(
        mode=st.sampled_from(["at_once", "held", "lost", "twice"]), blank=st.booleans(), lag=st.sampled_from([0, 0, 90])
    )
    def first_start(self, mode: NoticeMode, blank: bool, lag: int) -> None:
        self.notices(mode, blank)
        self.broker.lag_s = lag
        self.runner.run(self._start())

    async def _start(self) -> None:
        self.stack = AsyncExitStack()
        storage = await self.stack.enter_async_context(open_storage(Path(self.folder.name)))
        self.process = Process(storage, self.broker, self.clock, Life())
        self.process.prices[TQQQ] = Decimal("61.20")
        self.task = asyncio.get_running_loop().create_task(self.process.desk.run())
        await self._quiet()
        with suppress(TradingError):
            await self.process.recon.reconcile("start")

    async def _stop(self, *, die: bool) -> None:
        self.broker.sink = None
        if die:
            self.process.life.left = -1
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.stack.aclose()

    async def _quiet(self) -> None:
        for _ in range(2):
            await settle(10)
            if not self.process.life.dead:
                await self.process.activity.until_quiet()

    async def _pass(self, seconds: float) -> None:
        end = self.clock.now().timestamp() + seconds
        await self._quiet()
        while (due := self.clock.next_wake) is not None and due.timestamp() <= end:
            self.clock.set(due)
            await self._quiet()
        await self.clock.advance(end - self.clock.now().timestamp())
        await self._quiet()

    async def _ours(self) -> list[Order]:
        return [
            order
            for order in await self.process.storage.orders.recent(500)
            if order.request.origin is not Origin.EXTERNAL
        ]

    # what may happen

    @rule(
        side=st.sampled_from(Side),
        qty=st.integers(1, 9),
        cents=CENTS,
        origin=st.sampled_from([Origin.SIGNAL, Origin.MANUAL]),
        fault=FAULTS,
    )
    def place(self, side: Side, qty: int, cents: int, origin: Origin, fault: FaultKind | None) -> None:
        self.runner.run(self._place(side, qty, cents, origin, fault))

    async def _place(self, side: Side, qty: int, cents: int, origin: Origin, fault: FaultKind | None) -> None:
        self.serial += 1
        request = OrderRequest(
            symbol=TQQQ,
            side=side,
            qty=qty,
            limit_price=_away(side, cents),
            origin=origin,
            created_at=self.clock.now(),
            asked_by=self.serial,
        )
        if fault is not None:
            self.broker.fail("submit", fault)
        with suppress(TradingError):
            await self.process.desk.place(request)
        self.broker._faults["submit"].clear()
        if fault not in ("hang", "slow_reply"):
            await self._quiet()

    @rule(
        steps=st.integers(0, 9),
        side=st.sampled_from(Side),
        cents=CENTS,
        fault=FAULTS,
        cancels=st.booleans(),
    )
    def die_while_working(self, steps: int, side: Side, cents: int, fault: FaultKind | None, cancels: bool) -> None:
        self.runner.run(self._die(steps, side, cents, fault, cancels))

    async def _die(self, steps: int, side: Side, cents: int, fault: FaultKind | None, cancels: bool) -> None:
        self.process.life.left = steps
        with suppress(Killed):
            if cancels:
                await self._change("cancel", 0, fault, 0)
            await self._place(side, 2, cents, Origin.MANUAL, fault)
        await self._stop(die=True)
        await self._start()

    @rule(
        side=st.sampled_from(Side),
        cents=CENTS,
        which=st.integers(0, 5),
        before=st.booleans(),
        steps=st.lists(
            st.tuples(st.sampled_from(["fill", "look", "cancel", "leave", "notices", "price"]), st.integers(0, 60)),
            max_size=6,
        ),
    )
    def while_a_reply_is_awaited(
        self, side: Side, cents: int, which: int, before: bool, steps: list[tuple[str, int]]
    ) -> None:
        self.runner.run(self._meanwhile(side, cents, which, before, steps))

    async def _meanwhile(self, side: Side, cents: int, which: int, before: bool, steps: list[tuple[str, int]]) -> None:
        """Let things happen at once while a submit hangs, before or after the broker took the order."""
        others = self.process.desk.open
        async with asyncio.TaskGroup() as tasks:
            placing = tasks.create_task(self._place(side, 5, cents, Origin.SIGNAL, "hang" if before else "slow_reply"))
            for what, turns in steps:
                for _ in range(turns):
                    await asyncio.sleep(0)
                working = [found for found in self.broker.truth() if found.open_qty]
                if what == "fill" and working:
                    self.broker.fill(working[-1 - which % len(working)].venue_no, 1)
                elif what == "look":
                    tasks.create_task(self._quietly(self.process.desk.poll_orders()))
                elif what == "cancel" and others:
                    tasks.create_task(self._quietly(self.process.desk.cancel(others[which % len(others)].no)))
                elif what == "leave":
                    placing.cancel()
                elif what == "notices":
                    self.broker.release_notices(backwards=bool(which % 2))
                elif what == "price":
                    self.broker.set_price(TQQQ, Decimal("61.20") + Decimal(which - 2) / 10)
            while not placing.done():
                self.broker.unhang()
                await asyncio.sleep(0)
        self.broker._faults["submit"].clear()
        await self._quiet()

    async def _quietly(self, work: Coroutine[Any, Any, object]) -> None:
        with suppress(TradingError):
            await work

    @rule()
    def restart(self) -> None:
        async def again() -> None:
            await self._stop(die=False)
            await self._start()

        self.runner.run(again())

    @rule(
        what=st.sampled_from(["cancel", "amend", "fewer"]),
        which=st.integers(0, 5),
        fault=FAULTS,
        cents=CENTS,
    )
    def change(self, what: str, which: int, fault: FaultKind | None, cents: int) -> None:
        self.runner.run(self._change(what, which, fault, cents))

    async def _change(self, what: str, which: int, fault: FaultKind | None, cents: int) -> None:
        if not (choices := self.process.desk.open):
            return
        order = choices[which % len(choices)]
        if fault is not None:
            self.broker.fail("cancel" if what == "cancel" else "amend", fault)
        with suppress(TradingError):
            if what == "cancel":
                await self.process.desk.cancel(order.no)
            elif what == "fewer":
                await self.process.desk.amend(order.no, qty=1)
            else:
                await self.process.desk.amend(order.no, limit_price=_away(order.request.side, cents))
        for call in ("cancel", "amend"):
            self.broker._faults[call].clear()
        await self._quiet()

    @rule(cents=st.integers(-40, 40), most=st.sampled_from([None, 1, 2]))
    def trade(self, cents: int, most: int | None) -> None:
        async def move() -> None:
            self.broker.fill_at_most = most
            price = Decimal("61.20") + Decimal(cents) / 100
            self.process.prices[TQQQ] = price
            self.broker.set_price(TQQQ, price)
            await self._quiet()

        self.runner.run(move())

    @rule(which=st.integers(0, 9), qtys=st.lists(st.integers(1, 3), max_size=3))
    def happen(self, which: int, qtys: list[int]) -> None:
        async def execute() -> None:
            if working := [found for found in self.broker.truth() if found.open_qty]:
                number = working[which % len(working)].venue_no
                for qty in qtys:
                    self.broker.fill(number, qty)
                if not qtys:
                    self.broker.reject_later(number)
            await self._quiet()

        self.runner.run(execute())

    @rule(mode=st.sampled_from(["at_once", "held", "lost", "twice"]), blank=st.booleans())
    def notices(self, mode: NoticeMode, blank: bool) -> None:
        self.broker.notices = mode
        self.broker.blank_times = blank

    @rule(backwards=st.booleans())
    def deliver(self, backwards: bool) -> None:
        async def late() -> None:
            self.broker.release_notices(backwards=backwards)
            await self._quiet()

        self.runner.run(late())

    @rule(
        lag=st.sampled_from([0, 0, 10, 90]), slow=st.booleans(), answer=st.sampled_from([OrderRejected, OutcomeUnknown])
    )
    def weather(self, lag: int, slow: bool, answer: type[OrderRejected | OutcomeUnknown]) -> None:
        self.broker.lag_s, self.broker.slow_cancels, self.broker.nothing_left = lag, slow, answer

    @precondition(lambda self: self.hands < 3)
    @rule(side=st.sampled_from(Side), cents=st.integers(-3, 3))
    def by_hand(self, side: Side, cents: int) -> None:
        async def hand() -> None:
            self.hands += 1
            if side is Side.SELL and self.broker._sellable(TQQQ) < 1:
                return
            self.broker.hand_order(TQQQ, side, 1, _away(side, cents))
            await self._quiet()

        self.runner.run(hand())

    @rule(seconds=st.sampled_from([1, 5, 30, 61, 150]))
    def wait(self, seconds: int) -> None:
        self.runner.run(self._pass(seconds))

    @rule(fails=st.booleans())
    def reconcile(self, fails: bool) -> None:
        async def look() -> None:
            if fails:
                self.broker.fail("holdings", "try_later")
            with suppress(TradingError):
                await self.process.recon.reconcile("timer")
            await self._quiet()

        self.runner.run(look())

    # what must hold

    @invariant()
    def no_order_without_intent_and_none_twice(self) -> None:
        if not hasattr(self, "process"):
            return
        self.runner.run(self._check_sent())

    async def _check_sent(self) -> None:
        put_off = Counter(request.asked_by for request in self.broker.put_off)
        asked = Counter(request.asked_by for request in self.broker.submitted) - put_off
        assert set(asked.values()) <= {1}
        ours = await self._ours()
        intents = {order.request.asked_by: order for order in ours}
        for serial in asked:
            assert intents[serial].status not in (OrderStatus.INTENDED, OrderStatus.DENIED)
        truth = {number: found for found in self.broker.truth() for number in (found.venue_no, *found.replaced)}
        for order in ours:
            if order.venue_no is not None:
                assert order.filled_qty <= truth[order.venue_no].filled_qty
                assert order.request.asked_by in asked

    async def _agree(self) -> None:
        self.broker.lag_s, self.broker.slow_cancels = 0, False
        self.broker._faults.clear()
        for _ in range(6):
            await self._pass(65)
            holdings = await self.process.recon.reconcile("timer")
        orders = {order.venue_no: order for order in await self.process.storage.orders.recent(500) if order.venue_no}
        for found in self.broker.truth():
            order = orders[found.venue_no]
            assert (order.request.origin is Origin.EXTERNAL) == (found.by_api is False)
            assert (order.filled_qty, order.filled_amount) == (found.filled_qty, found.filled_amount)
            assert order.status.closed == found.status.closed
            assert order.status is OrderStatus.CANCEL_SENT or order.status is found.status
        fills = await self.process.storage.orders.fills()
        net = sum(fill.qty if fill.side is Side.BUY else -fill.qty for fill in fills)
        assert HELD + net == self.broker.qty_held(TQQQ) == sum(position.qty for position in holdings.positions)
        assert not self.process.desk.unknown
        assert self.process.recon.reconciled
        assert self.process.recon.settled(TQQQ)

    def teardown(self) -> None:
        if hasattr(self, "process"):
            try:
                self.runner.run(self._agree())
            finally:
                self.runner.run(self._stop(die=False))
        self.runner.close()
        self.folder.cleanup()


def _away(side: Side, cents: int) -> Decimal:
    away = Decimal(cents) / 100
    return Decimal("61.20") + (away if side is Side.SELL else -away)


def test_any_interleaving_ends_in_agreement_with_the_broker_s9_s80() -> None:
    run_state_machine_as_test(
        DeskMachine,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

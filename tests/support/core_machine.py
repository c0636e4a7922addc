"""Anything that may happen to the running core, in any order: a hypothesis state machine over real storage.

Each life of the process is a task of its own; it ends cleanly or dies between any two database calls and requests.
"""

import asyncio
import logging
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from strategy.market import current, next_open
from strategy.model import (
    Amount,
    AmountKind,
    DataUnavailable,
    Mode,
    Order,
    OrderRejected,
    OrderStatus,
    Origin,
    Outcome,
    OutcomeKind,
    OutcomeUnknown,
    Side,
    Symbol,
    TradingError,
)
from tests.fakes.broker import Call, FakeBroker, FaultKind, NoticeMode
from tests.fakes.clock import FakeClock, trading_settings
from tests.fakes.market import FakeMarket
from tests.support.core_witness import Caps, Witness, only_killed
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, O, World, running
from tests.support.mortal import Killed, Life
from tests.support.words import english

SYMBOLS = (TQQQ, O)
CAPS = Caps(
    order_usd=Decimal(2500),
    position_rate=Decimal("0.4"),
    orders_per_day=14,
    open_tickers=1,
    daily_loss_pct=Decimal(2),
)
SETTINGS = trading_settings(
    trading_tickers=",".join(map(str, SYMBOLS)),
    rsi_oversold="49.5",
    rsi_overbought="52",
    sell_confirm="none",
    buy_delay_min="1",
    sell_delay_min="1",
    order_timeout_s="10",
    order_reprices="1",
    max_order_usd=str(CAPS.order_usd),
    max_position_rate=str(CAPS.position_rate),
    max_orders_per_day=str(CAPS.orders_per_day),
    max_open_tickers=str(CAPS.open_tickers),
    daily_loss_limit_pct=str(CAPS.daily_loss_pct),
)
STRANGER = OWNER + 1
MOST_SLEEPS, MOST_BY_HAND = 2, 4
CALLS: list[Call] = ["submit", "amend", "cancel", "orders", "holdings", "deposit", "buying_power"]
FAULTS: list[FaultKind] = ["lost_reply", "lost_request", "reject", "try_later", "fault"]
NOTICES: list[NoticeMode] = ["at_once", "at_once", "held", "lost", "twice"]
UNEXPECTED = re.compile(r"unexpected|a cycle failed|failed after its caller")
SYMBOL = st.sampled_from(SYMBOLS)
MODES = {Mode.RUN: "", Mode.PAUSE_BUYS: "", Mode.PROTECT_ONLY: "", Mode.HALTED: "STOPS OFF"}


class Complaints(logging.Handler):
    """Collects what the program says should never happen."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if UNEXPECTED.search(record.getMessage()) and not isinstance(error, Killed | TradingError):
            self.heard.append(f"{record.getMessage()}: {error!r}")


class CoreMachine(RuleBasedStateMachine):
    """The world outside outlives the process; rules are what happens, invariants what must always hold."""

    ever: ClassVar[Counter[str]] = Counter()  # what all machines together have reached

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.complaints = Complaints()
        logging.getLogger().addHandler(self.complaints)
        clock = FakeClock(OPEN + timedelta(minutes=10))
        self.world = World(clock, FakeBroker(clock), FakeMarket(clock))
        for symbol in SYMBOLS:
            self.world.ready(symbol)
        self.witness = Witness(
            clock=clock,
            broker=self.world.broker,
            directory=Path(self.folder.name),
            caps=Caps(**vars(CAPS)),
            symbols=SYMBOLS,
        )
        self.bench: Bench
        self.life: asyncio.Task[None]
        self.hands: list[asyncio.Task[object]] = []  # what a person waits for
        self.buttons: list[tuple[str, str]] = []  # tickets, with what must be typed
        self.pressed: set[str] = set()
        self.roots: dict[str, str] = {}  # a second question's ticket -> the first one's
        self.by_hand = 0
        self.sleeps = 0

    # lives

    @initialize(
        held=st.sampled_from([0, 15, 30]),
        notices=st.sampled_from(NOTICES),
        blank=st.booleans(),
        lag=st.sampled_from([0, 0, 0, 90]),
    )
    def first_start(self, held: int, notices: NoticeMode, blank: bool, lag: int) -> None:
        broker = self.world.broker
        if held:
            broker.hold(TQQQ, held, Decimal(100))
        broker.notices, broker.blank_times, broker.lag_s = notices, blank, 0
        self.runner.run(self._start())
        broker.lag_s = lag

    async def _start(self) -> None:
        self.witness.life = Life()
        ready: asyncio.Future[Bench] = asyncio.get_running_loop().create_future()
        self.end = asyncio.Event()
        self.life = asyncio.get_running_loop().create_task(self._live(ready, self.end))
        self.life.add_done_callback(lambda _: ready.cancel())
        try:
            self.bench = await ready
        except asyncio.CancelledError:
            self.life.result()  # why it could not start
            raise

    async def _live(self, ready: asyncio.Future[Bench], end: asyncio.Event) -> None:
        try:
            with self.witness.mortal():
                async with running(Path(self.folder.name), self.world, settings=SETTINGS) as bench:
                    ready.set_result(bench)
                    await end.wait()
        except BaseExceptionGroup as group:
            if not only_killed(group):
                raise
        except (Killed, asyncio.CancelledError):
            pass

    async def _stop(self, *, die: bool) -> None:
        self.world.broker.sink = None
        if die:
            self.witness.life.left = -1
        for hand in self.hands:  # nobody waits any more before the core is stopped
            hand.cancel()
        self.world.broker.unhang()
        await asyncio.gather(*self.hands)
        self.hands.clear()
        self.end.set()
        await self.life

    async def _again(self, *, die: bool) -> None:
        await self._stop(die=die)
        await self._start()

    # doing

    def act(self, work: Callable[[], Coroutine[Any, Any, object]]) -> Any:
        """Let a person or the outside do something and everybody react; return its result if it has one already."""
        return self.runner.run(self._act(work))

    async def _act(self, work: Callable[[], Coroutine[Any, Any, object]]) -> object:
        hand = asyncio.get_running_loop().create_task(self._safely(work()))
        self.hands.append(hand)
        await self._settle()
        self.hands = [one for one in self.hands if not one.done()]
        return hand.result() if hand.done() else None

    async def _safely(self, work: Coroutine[Any, Any, object]) -> object:
        try:
            return await work
        except (TradingError, Killed, asyncio.CancelledError):
            return None

    async def _settle(self) -> None:
        await self.bench.settle()
        self.witness.remember()
        if self.life.done():
            await self._again(die=True)

    async def _pass(self, seconds: float) -> None:
        end = self.world.clock.now() + timedelta(seconds=seconds)
        await self._settle()
        while (due := self.world.clock.next_wake) is not None and due <= end:
            self.world.clock.set(due)
            await self._settle()
        self.world.clock.set(end)
        await self._settle()

    def reach(self, what: str) -> None:
        self.witness.reached[what] += 1

    # what the market does

    @rule(symbol=SYMBOL, cents=st.integers(-250, 250), tick=st.booleans())
    def price_moves(self, symbol: Symbol, cents: int, tick: bool) -> None:
        self._price(symbol, Decimal(100) + Decimal(cents) / 100, tick=tick)

    @rule(symbol=SYMBOL, dollars=st.integers(85, 98), tick=st.booleans())
    def price_falls(self, symbol: Symbol, dollars: int, tick: bool) -> None:
        self._price(symbol, Decimal(dollars), tick=tick)

    def _price(self, symbol: Symbol, price: Decimal, *, tick: bool) -> None:
        async def move() -> None:
            self.bench.price(symbol, price, tick=tick)

        self.act(move)

    @rule(seconds=st.sampled_from([1, 4, 10, 30, 61, 61, 150]))
    def time_passes(self, seconds: int) -> None:
        self.runner.run(self._pass(seconds))

    @rule(to_next_session=st.booleans())
    def machine_sleeps(self, to_next_session: bool) -> None:
        """The computer is suspended: time jumps, and nobody ran in between."""
        if self.sleeps == MOST_SLEEPS:
            return
        self.sleeps += 1
        self.late_replies_come()  # no request stays on the wire for hours

        async def jump() -> None:
            clock = self.world.clock
            before = current(clock.now())
            target = (
                next_open(clock.now()) + timedelta(minutes=2)
                if to_next_session
                else clock.now() + timedelta(minutes=20)
            )
            if before is not None and target >= before.closes_at:
                self.world.broker.end_session()
                self.reach("orders of a session expired")
            clock.set(target)

        self.act(jump)
        self.runner.run(self._pass(5))
        if to_next_session:
            self.reach("next session")

    @rule(symbol=SYMBOL, what=st.sampled_from(["halted", "no quote", "wide", "back", "back", "back"]))
    def market_trouble(self, symbol: Symbol, what: str) -> None:
        market = self.world.market
        market.halted.discard(symbol)
        market.broken.pop(symbol, None)
        market.spread = Decimal("0.02")
        if what == "halted":
            market.halted.add(symbol)
        elif what == "no quote":
            market.broken[symbol] = DataUnavailable("no price")
        elif what == "wide":
            market.spread = Decimal(6)

    # what the broker does

    @rule(call=st.sampled_from(CALLS), kind=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def broker_fails(self, call: Call, kind: FaultKind, times: int) -> None:
        self.world.broker.fail(call, kind, times=times)

    @rule(kind=st.sampled_from(["slow_reply", "hang"]))
    def a_reply_will_be_late(self, kind: FaultKind) -> None:
        self.world.broker.fail("submit", kind)

    @rule()
    def late_replies_come(self) -> None:
        async def come() -> None:
            self.world.broker.unhang()

        self.act(come)

    @rule(notices=st.sampled_from(NOTICES), blank=st.booleans())
    def notices_change(self, notices: NoticeMode, blank: bool) -> None:
        self.world.broker.notices, self.world.broker.blank_times = notices, blank

    @rule(backwards=st.booleans())
    def late_notices_come(self, backwards: bool) -> None:
        async def come() -> None:
            self.world.broker.release_notices(backwards=backwards)

        self.act(come)

    @rule(
        lag=st.sampled_from([0, 0, 10, 90]),
        slow=st.booleans(),
        answer=st.sampled_from([OrderRejected, OutcomeUnknown]),
        matching=st.sampled_from([True, True, False]),
        most=st.sampled_from([None, None, 1, 5]),
    )
    def broker_habits_change(
        self, lag: int, slow: bool, answer: type[OrderRejected | OutcomeUnknown], matching: bool, most: int | None
    ) -> None:
        broker = self.world.broker
        broker.lag_s, broker.slow_cancels, broker.nothing_left = lag, slow, answer
        broker.matching, broker.fill_at_most = matching, most

    @rule(which=st.integers(0, 9), what=st.sampled_from(["fill", "part", "refuse", "cancel"]))
    def venue_acts(self, which: int, what: str) -> None:
        """The venue fills, refuses or ends a working order."""

        async def do() -> None:
            broker = self.world.broker
            if working := [one for one in broker.truth() if one.open_qty]:
                number = working[which % len(working)].venue_no
                if what in ("fill", "part"):
                    broker.fill(number, 1 if what == "part" else None)
                elif what == "refuse":
                    broker.reject_later(number)
                else:
                    broker.finish_cancel(number)

        self.act(do)

    @rule(symbol=SYMBOL, side=st.sampled_from(Side), qty=st.integers(1, 4), cents=st.integers(-30, 30))
    def order_by_hand(self, symbol: Symbol, side: Side, qty: int, cents: int) -> None:
        """The owner trades in the broker's own app."""

        async def place() -> None:
            broker = self.world.broker
            if self.by_hand == MOST_BY_HAND:
                return
            if side is Side.SELL and broker._sellable(symbol) - self._being_offered(symbol) < qty:
                return
            self.by_hand += 1
            self.reach("order by hand")
            broker.hand_order(symbol, side, qty, self.world.market.book(symbol)[0] + Decimal(cents) / 100)

        self.act(place)

    def _being_offered(self, symbol: Symbol) -> int:
        return sum(one.qty for one in self.witness._untaken if one.symbol == symbol and one.side is Side.SELL)

    @rule()
    def connection_drops(self) -> None:
        async def drop() -> None:
            if self.bench.stream.connected:
                self.bench.stream.drop()

        self.act(drop)

    @rule()
    def connection_returns(self) -> None:
        async def connect() -> None:
            if not self.bench.stream.connected:
                self.bench.stream.connect()
                self.reach("reconnected")

        self.act(connect)

    # what people do

    @rule(
        side=st.sampled_from(Side),
        symbol=SYMBOL,
        qty=st.sampled_from([1, 3, 8, 20, 30]),
        cents=st.sampled_from([None, -40, 0, 40]),
        press=st.sampled_from(["no", "yes", "over caps", "over caps"]),
    )
    def order_asked_for(self, side: Side, symbol: Symbol, qty: int, cents: int | None, press: str) -> None:
        async def ask() -> Any:
            price = None if cents is None else self.world.market.book(symbol)[0] + Decimal(cents) / 100
            amount = Amount(kind=AmountKind.SHARES, value=Decimal(qty))
            return await self.bench.core.control.orders.manual.preview(OWNER, side, symbol, amount, price)

        preview = self.act(ask)
        if preview is None or preview.ticket is None:
            return
        self.buttons.append((preview.ticket, ""))
        if press != "no":
            self._press(preview.ticket, agree=press == "over caps")

    @rule(
        which=st.integers(0, 20),
        user=st.sampled_from([OWNER, OWNER, STRANGER]),
        twice=st.booleans(),
        agree=st.booleans(),
    )
    def button_pressed(self, which: int, user: int, twice: bool, agree: bool) -> None:
        if not self.buttons:
            return
        ticket, typed = self.buttons[-1 - which % len(self.buttons)]
        self._press(ticket, typed=typed, user=user, twice=twice, agree=agree)

    def _press(
        self, ticket: str, *, typed: str = "", user: int = OWNER, twice: bool = False, agree: bool = False
    ) -> Outcome | None:
        """Press a button, even at the same moment twice; agree to break a cap where asked."""
        before = len(self.world.broker.submitted)
        control = self.bench.core.control

        async def press() -> Outcome:
            both = await asyncio.gather(
                *(control.confirmations.confirm(ticket, user, typed=typed) for _ in range(1 + twice))
            )
            kinds = [one.kind for one in both]
            if twice:
                self.reach("pressed twice")
                assert kinds.count(OutcomeKind.DONE) <= 1
            return next((one for one in both if one.kind is not OutcomeKind.USED), both[0])

        if user == OWNER:
            self.pressed.add(self.roots.get(ticket, ticket))
        outcome: Outcome | None = self.act(press)
        if outcome is None:
            return None
        self.reach(f"press {outcome.kind}")
        if user == STRANGER:
            assert outcome.kind in (OutcomeKind.NOT_YOURS, OutcomeKind.EXPIRED)
        if outcome.next_ticket is not None:
            assert len([one for one in self.world.broker.submitted[before:] if one.origin is Origin.MANUAL]) == 0
            root = self.roots.get(ticket, ticket)
            self.roots[outcome.next_ticket] = root
            if agree:
                self.witness.overridden.setdefault(root, set()).update(
                    re.findall(r"MAX_[A-Z_]+", english(outcome.text))
                )
                self._press(outcome.next_ticket)
        return outcome

    @rule(side=st.sampled_from(Side), qty=st.sampled_from([1, 5, 10]), resting=st.booleans())
    def order_placed(self, side: Side, qty: int, resting: bool) -> None:
        away = 60 if side is Side.SELL else -60
        self.order_asked_for(side, TQQQ, qty, away if resting else None, "over caps")

    @rule(which=st.integers(-1, 5))
    def cancel_asked_for(self, which: int) -> None:
        orders = self.bench.core.trading.desk.open
        no = None if which < 0 or not orders else orders[which % len(orders)].no

        async def ask() -> Any:
            return await self.bench.core.control.orders.cancels.preview(OWNER, no)

        preview = self.act(ask)
        if preview is not None and preview.ticket is not None:
            self.buttons.append((preview.ticket, ""))
            outcome = self._press(preview.ticket)
            if outcome is not None and outcome.kind is OutcomeKind.DONE:
                self.reach("cancel by press")

    @rule(
        mode=st.sampled_from([Mode.RUN, Mode.RUN, Mode.RUN, *Mode]),
        symbol=st.sampled_from([None, None, *SYMBOLS]),
        minutes=st.sampled_from([None, 2]),
    )
    def mode_changed(self, mode: Mode, symbol: Symbol | None, minutes: int | None) -> None:
        until = self.world.clock.now() + timedelta(minutes=minutes) if minutes else None
        control = self.bench.core.control
        if mode in (Mode.PAUSE_BUYS, Mode.PROTECT_ONLY):

            async def set_mode() -> Any:
                return await control.modes.set_mode(mode, symbol=symbol, until=until, user_id=OWNER, reason="")

            if self.act(set_mode) is not None:
                self.witness.set_mode(symbol, mode, until)
            return

        async def ask() -> Any:
            return await control.modes.preview(OWNER, mode, symbol=symbol)

        preview = self.act(ask)
        if preview is None or preview.ticket is None:
            return
        lost = self.bench.core.base.modes.chosen().reason == "daily_loss_limit"
        outcome = self._press(preview.ticket, typed=preview.typed_words.get("en", ""))
        if outcome is not None and outcome.kind is OutcomeKind.DONE:
            self.witness.set_mode(symbol, mode, loss_accepted=lost)
            self.reach(f"mode {mode}")

    @rule(symbol=SYMBOL)
    def ticker_released(self, symbol: Symbol) -> None:
        async def release() -> Any:
            return await self.bench.core.control.modes.release(OWNER, symbol)

        if self.act(release):
            self.witness.release(symbol)
            self.reach("released")

    @rule(
        setting=st.sampled_from(
            [
                ("MAX_ORDER_USD", "1500"),
                ("MAX_ORDER_USD", "2500"),
                ("STOP_LOSS_RATE", "-3"),
                ("STOP_LOSS_RATE", "-5"),
                ("RSI_OVERSOLD", "47"),
                ("RSI_OVERSOLD", "49.5"),
                ("MAX_ORDERS_PER_DAY", "5"),
                ("MAX_ORDERS_PER_DAY", "14"),
            ]
        )
    )
    def setting_changed(self, setting: tuple[str, str]) -> None:
        name, value = setting

        async def ask() -> Any:
            return await self.bench.core.control.settings.preview(OWNER, name, value, symbol=None, until=None)

        preview = self.act(ask)
        if preview is None or preview.ticket is None:
            return
        outcome = self._press(preview.ticket)
        if outcome is not None and outcome.kind is OutcomeKind.DONE:
            self.reach("setting changed")
            if name == "MAX_ORDER_USD":
                self.witness.caps.order_usd = Decimal(value)
            elif name == "MAX_ORDERS_PER_DAY":
                self.witness.caps.orders_per_day = int(value)

    @rule()
    def check_now_pressed(self) -> None:
        unknown = self.bench.core.trading.desk.unknown
        if not unknown:
            return

        async def check() -> Any:
            return await self.bench.core.control.orders.queries.check_now(unknown[0].no)

        self.act(check)
        self.reach("checked now")

    # deaths

    @rule()
    def restarted(self) -> None:
        self._count_death("restarted")
        self.runner.run(self._again(die=False))

    @rule()
    def killed(self) -> None:
        self._count_death("killed")
        self.runner.run(self._again(die=True))

    @rule(
        steps=st.integers(0, 80),
        symbol=SYMBOL,
        while_=st.sampled_from(["falling", "buying", "checking", "filling"]),
    )
    def killed_in_the_middle(self, steps: int, symbol: Symbol, while_: str) -> None:
        self.witness.life.left = steps
        if while_ == "falling":
            self.price_falls(symbol, 90, True)
        elif while_ == "buying":
            self.order_asked_for(Side.BUY, symbol, 3, None, "yes")
        elif while_ == "filling":
            self.venue_acts(0, "part")
        self.runner.run(self._pass(61 if while_ == "checking" else 5))
        if self.witness.life.left is not None:
            self._count_death("killed late")
            self.runner.run(self._again(die=True))
        else:
            self.reach(f"killed while {while_}")

    def _count_death(self, how: str) -> None:
        self.reach(how)
        if self.bench.core.trading.desk.open:
            self.reach(f"{how} with open orders")

    # what must hold

    @invariant()
    def promises_hold(self) -> None:
        if not hasattr(self, "bench"):
            return
        assert not self.witness.broken, self.witness.broken
        assert not self.complaints.heard, self.complaints.heard
        broker = self.world.broker
        for symbol in SYMBOLS:
            selling = sum(one.open_qty for one in broker.truth() if one.side is Side.SELL and one.symbol == symbol)
            assert selling <= broker.qty_held(symbol)
        tickets = [one.ticket for one in broker.submitted if one.origin is Origin.MANUAL]
        assert None not in tickets
        assert len(tickets) == len(set(tickets))
        assert set(tickets) <= self.pressed
        self.runner.run(self._nothing_invented())

    async def _nothing_invented(self) -> None:
        """Whatever is recorded as filled was filled, and a number names one order."""
        truth = {number: one for one in self.world.broker.truth() for number in (one.venue_no, *one.replaced)}
        for order in await self.bench.orders():
            if order.venue_no is not None:
                found = truth[order.venue_no]
                assert order.filled_qty <= found.filled_qty
                assert (order.request.origin is Origin.EXTERNAL) is not found.by_api, (order, found)
            if order.status is OrderStatus.UNKNOWN:
                self.reach("unknown outcome")

    # the end

    def teardown(self) -> None:
        try:
            if hasattr(self, "bench"):
                try:
                    self.runner.run(self._agree())
                finally:
                    self.runner.run(self._stop(die=False))
        finally:
            logging.getLogger().removeHandler(self.complaints)
            self.runner.close()
            self.folder.cleanup()
            self.ever.update(self.witness.reached)

    async def _agree(self) -> None:
        """Let all trouble pass; then program and broker must agree on everything."""
        await self._calm()
        inside = current(self.world.clock.now()) is not None
        for _ in range(3):
            await self._pass(250 if inside else 1000)
        assert not self.witness.broken, self.witness.broken
        assert not self.complaints.heard, self.complaints.heard
        broker, core = self.world.broker, self.bench.core
        ours = {order.venue_no: order for order in await self.bench.orders() if order.venue_no is not None}
        for found in broker.truth():
            self._same(ours[found.venue_no], found)
        assert core.trading.account_sync.last is not None
        for symbol in SYMBOLS:
            position = core.trading.account_sync.last.of(symbol)
            assert (position.qty if position else 0) == broker.qty_held(symbol)
        assert core.trading.account_sync.last.cash == broker.cash
        status = await core.control.status.now()
        assert status.unknown_orders == 0, core.trading.desk.unknown
        assert status.reconciled
        self._count_ends(ours.values())

    @rule()
    def trouble_passes(self) -> None:
        self.runner.run(self._calm())

    @rule()
    def check_in_calm(self) -> None:
        self.runner.run(self._calm(price=False))
        self.runner.run(self._pass(61))

    async def _calm(self, *, price: bool = True) -> None:
        broker, market = self.world.broker, self.world.market
        broker._faults.clear()
        broker.unhang()
        broker.matching, broker.fill_at_most, broker.notices = True, None, "at_once"
        broker.lag_s, broker.slow_cancels = 0, False
        market.halted.clear()
        market.broken.clear()
        market.spread = Decimal("0.02")
        await self._settle()
        if not self.bench.stream.connected:
            self.bench.stream.connect()
        for symbol in SYMBOLS if price else ():
            self.bench.price(symbol, Decimal(100))
        await self._settle()

    def _same(self, order: Order, found: Any) -> None:
        assert (order.filled_qty, order.filled_amount) == (found.filled_qty, found.filled_amount), (order, found)
        assert order.status.closed == found.status.closed, (order, found)
        if order.request.origin not in (Origin.MANUAL, Origin.EXTERNAL):
            assert order.status.closed, f"left resting: {order}"

    def _count_ends(self, orders: Any) -> None:
        for order in orders:
            self.reach(f"{order.request.origin} {order.request.side} {order.status}")

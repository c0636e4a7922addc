"""Any mix of prices, lost replies, notices, drops, presses, modes and restarts (spec section 8, promises 1 to 7)."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from strategy.model import Acceptance, Amount, AmountKind, Mode, ModeState, OrderRequest, Origin, Side
from tests.fakes.broker import Call, FaultKind, NoticeMode
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running

SETTINGS = trading_settings(
    trading_tickers="NASDAQ:TQQQ",
    rsi_oversold="52",
    rsi_overbought="60",
    sell_confirm="none",
    buy_delay_min="1",
    sell_delay_min="1",
    order_timeout_s="10",
    order_reprices="1",
    max_orders_per_day="12",
    daily_loss_limit_pct="50",
)
FAULTS: list[tuple[Call, FaultKind]] = [
    ("submit", "lost_reply"),
    ("submit", "lost_request"),
    ("submit", "reject"),
    ("cancel", "lost_reply"),
    ("amend", "reject"),
    ("orders", "try_later"),
    ("holdings", "try_later"),
    ("buying_power", "try_later"),
]
NOTICES: list[NoticeMode] = ["at_once", "held", "lost", "twice"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("price"), st.integers(-80, 80)),
        st.tuples(st.just("silent price"), st.integers(-80, 80)),
        st.tuples(st.just("wait"), st.integers(1, 90)),
        st.tuples(st.just("fault"), st.integers(0, len(FAULTS) - 1)),
        st.tuples(st.just("notices"), st.integers(0, len(NOTICES) - 1)),
        st.tuples(st.just("matching"), st.integers(0, 2)),
        st.tuples(st.just("mode"), st.integers(0, len(Mode) - 1)),
        st.tuples(st.sampled_from(["drop", "connect", "hand buy", "buy", "sell", "release", "restart"]), st.just(0)),
    ),
    min_size=5,
    max_size=25,
)


class Story:
    """One life of the program over several restarts, watched from the broker's side."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.world = World.at(OPEN + timedelta(minutes=10))
        self.world.ready(TQQQ)
        self.bench: Bench | None = None
        self.forbidden: list[OrderRequest] = []
        self.pressed = 0
        broker, submit = self.world.broker, self.world.broker.submit

        async def watched(request: OrderRequest) -> Acceptance:
            assert self.bench is not None
            mode = self.bench.core.base.modes.of(TQQQ).mode
            allowed = mode.buys if request.side is Side.BUY else request.origin is Origin.MANUAL or mode.stops
            if not allowed or (request.origin is Origin.SIGNAL and self.bench.core.base.modes.lock(TQQQ) is not None):
                self.forbidden.append(request)
            stored = await self.bench.storage.orders.recent(50)
            assert any(order.request == request for order in stored), "no order without its intent on disk"
            return await submit(request)

        broker.submit = watched  # type: ignore[method-assign]

    async def live(self, steps: list[tuple[str, int]]) -> None:
        pending = list(steps)
        while True:
            async with running(self.path, self.world, settings=SETTINGS) as bench:
                self.bench = bench
                while pending and (step := pending.pop(0))[0] != "restart":
                    await self.act(bench, *step)
                    await bench.settle()
                    self.holds()
                if not pending:
                    await self.calm(bench)
                    return

    async def act(self, bench: Bench, what: str, value: int) -> None:
        broker, control = bench.broker, bench.core.control
        if what in ("price", "silent price"):
            bench.price(TQQQ, Decimal(100) + Decimal(value) / 10, tick=what == "price")
        elif what == "wait":
            await bench.pass_time(value)
        elif what == "fault":
            broker.fail(*FAULTS[value])
        elif what == "notices":
            broker.notices = NOTICES[value]
            broker.release_notices(backwards=True)
        elif what == "matching":
            broker.matching, broker.fill_at_most = value > 0, 3 if value == 1 else None
        elif what == "mode":
            now = bench.clock.now()
            mode = list(Mode)[value]
            await bench.core.base.modes.set(
                ModeState(mode=mode, symbol=None, set_by=OWNER, set_at=now, reason="", until=None)
            )
        elif what == "drop" and bench.stream.connected:
            bench.stream.drop()
        elif what == "connect" and not bench.stream.connected:
            bench.stream.connect()
        elif what == "hand buy":
            broker.hand_order(TQQQ, Side.BUY, 2, Decimal("100.50"))
        elif what == "release":
            await control.modes.release(OWNER, TQQQ)
        elif what in ("buy", "sell"):
            side = Side.BUY if what == "buy" else Side.SELL
            amount = Amount(kind=AmountKind.SHARES, value=Decimal(1))
            preview = await control.orders.manual.preview(OWNER, side, TQQQ, amount, None)
            if preview.ticket is not None:
                self.pressed += 1
                ticket = preview.ticket
                await asyncio.gather(
                    control.confirmations.confirm(ticket, OWNER), control.confirmations.confirm(ticket, OWNER)
                )

    def holds(self) -> None:
        """Assert what must be true at every moment."""
        broker = self.world.broker
        assert self.forbidden == []
        truth = broker.truth()
        selling = sum(order.open_qty for order in truth if order.side is Side.SELL)
        assert selling <= broker.qty_held(TQQQ)
        manual = [request for request in broker.submitted if request.origin is Origin.MANUAL]
        assert len(manual) <= self.pressed
        rule = [request for request in broker.submitted if request.origin is Origin.SIGNAL]
        assert len(rule) <= SETTINGS.max_orders_per_day

    async def calm(self, bench: Bench) -> None:
        """Let the faults pass; then program and broker must agree on everything."""
        broker = bench.broker
        broker._faults.clear()
        broker.matching, broker.fill_at_most, broker.notices = True, None, "at_once"
        if not bench.stream.connected:
            bench.stream.connect()
        bench.price(TQQQ, Decimal(100))
        await bench.pass_time(900)
        self.holds()
        ours = {order.venue_no: order for order in await bench.orders() if order.venue_no is not None}
        for found in broker.truth():
            order = ours[found.venue_no]
            assert (order.filled_qty, order.filled_amount) == (found.filled_qty, found.filled_amount)
            assert order.status.closed == found.status.closed
        position = bench.core.trading.account_sync.last.of(TQQQ) if bench.core.trading.account_sync.last else None
        assert (position.qty if position else 0) == broker.qty_held(TQQQ)
        status = await bench.core.control.status.now()
        assert status.unknown_orders == 0
        assert status.reconciled


@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
def test_promises_hold_in_any_storm(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as directory:
        asyncio.run(Story(Path(directory)).live(steps))

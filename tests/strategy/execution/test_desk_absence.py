"""When an order without an answer may be called absent: whatever clocks and lists do, none is ever sent twice."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strategy.execution.order_cache import NOT_FOUND
from strategy.model import Order, OrderDenied, OrderStatus, Side, Trouble
from strategy.portfolio.position_reconciliation import Reconciler
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.support.order_bench import OPEN, PRICE, TQQQ, Bench, bench

S = OrderStatus
HELD = 20
COST = Decimal(65)


@asynccontextmanager
async def desk_and_recon(
    path: Path, broker: FakeBroker | None = None, clock: FakeClock | None = None
) -> AsyncIterator[tuple[Bench, Reconciler]]:
    """Run a desk whose holdings are agreed on with the broker; give broker and clock again for a restart."""
    async with bench(path, broker=broker, clock=clock) as made:
        if broker is None:
            made.broker.holdings_lag_s = 0  # orderable shares are listed like the rest
        if not made.broker.submitted:
            made.broker.hold(TQQQ, HELD, COST)
        recon = Reconciler(
            broker=made.broker,
            orders=made.storage.orders,
            desk=made.desk,
            notifier=made.storage.outbox,
            clock=made.clock,
            activity=made.activity,
            agreements=made.storage.agreements,
        )
        made.desk.unexplained = recon.unexplained
        await recon.reconcile("start")
        made.broker.notices = "lost"
        yield made, recon


async def place_when_free(made: Bench, side: Side, qty: int) -> Order | None:
    with suppress(OrderDenied):
        return await made.desk.place(made.request(side, qty))
    return None


def told_by(made: Bench, by_api: bool | None) -> None:
    """Let the broker tell, or not tell, by what medium its one order came."""
    (book,) = made.broker._books
    book.now = replace(book.now, by_api=by_api)
    book.versions[:] = [(at, replace(order, by_api=by_api)) for at, order in book.versions]


# the broker's clock is another one


@pytest.mark.parametrize("measured", [timedelta(seconds=-8), None, timedelta(0)], ids=["measured", "unknown", "wrong"])
async def test_a_lost_reply_is_found_though_our_clock_is_eight_seconds_ahead(
    tmp_path: Path, measured: timedelta | None
) -> None:
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.stamps_ahead, made.broker.clock_ahead = timedelta(seconds=-8), measured
        made.broker.fail("submit", "lost_reply")
        order = await made.buy()
        await made.pass_time(200)
        found = await made.order(order.no)
        assert found.status is S.ACCEPTED
        assert found.venue_no == made.broker.truth()[0].venue_no
        assert not await made.hand_orders()


async def test_an_order_an_hour_off_by_its_stamp_keeps_ours_unknown_and_is_told(tmp_path: Path) -> None:
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.stamps_ahead = -timedelta(hours=1)
        made.broker.fail("submit", "lost_reply")
        order = await made.buy()
        await made.pass_time(600)
        assert (await made.order(order.no)).status is S.UNKNOWN
        assert [found.venue_no for found in made.desk.candidates(order.no)] == [made.broker.truth()[0].venue_no]
        assert [type(one) for one in await made.troubles()] == [Trouble]


@settings(max_examples=60, deadline=None)
@given(
    off=st.integers(-600, 600),
    measured=st.sampled_from(["well", "not", "as none"]),
    medium=st.sampled_from([True, None]),
    lag=st.integers(0, 98),
    fills=st.booleans(),
)
def test_clocks_ten_minutes_apart_and_a_lost_reply_never_buy_twice(
    off: int, measured: str, medium: bool | None, lag: int, *, fills: bool
) -> None:
    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with desk_and_recon(Path(folder)) as (made, recon):
                broker = made.broker
                broker.stamps_ahead = timedelta(seconds=off)
                broker.clock_ahead = {"well": broker.stamps_ahead, "not": None, "as none": timedelta(0)}[measured]
                broker.lag_s = broker.holdings_lag_s = lag
                broker.fail("submit", "lost_reply")
                order = await made.buy()
                told_by(made, medium)
                if fills:
                    broker.fill(broker.truth()[0].venue_no)
                for _ in range(60):
                    await made.pass_time(10)
                    await recon.reconcile("timer")
                    if (await made.order(order.no)).venue_no is not None:
                        break  # known, with its fills: whatever is bought now is bought knowingly
                    await place_when_free(made, Side.BUY, 10)
                assert len(broker.truth()) == 1
                assert (await made.order(order.no)).status is not S.REJECTED

    asyncio.run(scenario())


# the list of orders is not the only witness


async def test_shares_that_came_without_an_order_keep_a_buy_from_being_called_absent(tmp_path: Path) -> None:
    async with desk_and_recon(tmp_path) as (made, recon):
        made.broker.lag_s = 500  # the list of orders; the holdings follow at once
        made.broker.set_price(TQQQ, PRICE)
        made.broker.fail("submit", "lost_reply")
        order = await made.buy()
        for _ in range(40):
            await made.pass_time(10)
            await recon.reconcile("timer")
        assert (await made.order(order.no)).status is S.UNKNOWN
        assert f"unknown:{order.no}" in [one.key for one in await made.troubles()]
        await made.pass_time(200)
        assert (await made.order(order.no)).status is S.FILLED
        await made.agrees()


async def test_a_buy_that_never_arrived_is_given_up_after_the_lag(tmp_path: Path) -> None:
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.fail("submit", "lost_request")
        order = await made.buy()
        await made.pass_time(115)
        assert (await made.order(order.no)).status is S.UNKNOWN
        await made.pass_time(60)
        assert (await made.order(order.no)).reason == NOT_FOUND


async def test_no_order_is_called_absent_while_the_holdings_cannot_be_asked(tmp_path: Path) -> None:
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.fail("submit", "lost_request")
        made.broker.fail("holdings", "try_later", times=1000)
        order = await made.buy()
        await made.pass_time(600)
        assert (await made.order(order.no)).status is S.UNKNOWN


async def test_a_sell_that_never_arrived_is_given_up_within_forty_seconds(tmp_path: Path) -> None:
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.fail("submit", "lost_request")
        order = await made.desk.place(made.request(Side.SELL, HELD))
        await made.pass_time(30)
        assert (await made.order(order.no)).status is S.UNKNOWN
        await made.pass_time(3)
        assert (await made.order(order.no)).reason == NOT_FOUND
        assert made.desk.blocked(TQQQ) is None


@pytest.mark.parametrize("put_s", [-86_400, -3600, -40, 40, 3600, 86_400])
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_that_is_set_neither_hastens_nor_delays_the_verdict_on_a_sell(
    tmp_path: Path, put_s: int, *, restarted: bool
) -> None:
    """Hastened, shares could be sold twice; delayed, a stop that waits for it would not sell for as long."""
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.fail("submit", "lost_request")
        order = await made.desk.place(made.request(Side.SELL, HELD))
        await made.pass_time(2)
        if restarted:
            made.desk._cache.loaded = False  # as read from disk by the next start
            made.desk._cache._known.clear()
            await made.desk.load()
        made.clock.put(put_s)
        await made.pass_time(28)
        assert (await made.order(order.no)).status is S.UNKNOWN
        await made.pass_time(4)
        assert (await made.order(order.no)).reason == NOT_FOUND
        assert made.desk.blocked(TQQQ) is None


_SET = st.sampled_from([0, 0, 0, -7200, -3600, -40, 40, 3600, 7200])  # seconds a clock is put forward


@settings(max_examples=40, deadline=None)
@given(
    side=st.sampled_from(Side),
    lag=st.integers(0, 98),
    measured=st.booleans(),
    runs=st.lists(st.tuples(st.integers(1, 40), _SET, st.integers(0, 5), _SET), min_size=1, max_size=4),
)
@example(side=Side.BUY, lag=11, measured=False, runs=[(1, 0, 0, 3600)])
def test_clocks_that_are_set_and_restarts_never_let_an_order_go_twice(
    side: Side, lag: int, runs: list[tuple[int, int, int, int]], *, measured: bool
) -> None:
    """Each run lasts so many seconds with the clock put by so many, and is down for some with it put again."""

    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as folder:
            clock = FakeClock(OPEN)
            broker = FakeBroker(clock)
            broker.lag_s, broker.holdings_lag_s, broker.notices = lag, lag if side is Side.BUY else 0, "lost"
            broker.clock_ahead = timedelta() if measured else None

            def put(seconds: int) -> None:
                clock.put(seconds)
                broker.stamps_ahead -= timedelta(seconds=seconds)  # the broker's clock goes right
                broker.clock_ahead = broker.stamps_ahead if measured else None

            for seconds, put_s, down_s, put_down_s in [*runs, (250, 0, 0, 0)]:
                async with desk_and_recon(Path(folder), broker, clock) as (made, recon):
                    if not broker.submitted:
                        broker.fail("submit", "lost_reply")
                        await made.desk.place(made.request(side))
                    put(put_s)
                    for _ in range(0, seconds, 5):
                        await made.pass_time(5)
                        await recon.reconcile("timer")
                        if any(order.venue_no is not None for order in await made.storage.orders.recent(5)):
                            return  # known: whatever is ordered now is ordered knowingly
                        await place_when_free(made, side, 10)
                        assert len(broker.submitted) == 1
                clock.set(clock.now() + timedelta(seconds=down_s))
                put(put_down_s)

    asyncio.run(scenario())


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("off_s", [-86_400, -3600, 3600, 86_400])
async def test_an_order_without_a_reply_is_found_though_the_clock_was_put_right_meanwhile(
    tmp_path: Path, side: Side, off_s: int
) -> None:
    """The intent has the wrong clock's time, the broker's stamp the right one."""
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.stamps_ahead = made.broker.clock_ahead = timedelta(seconds=-off_s)
        made.broker.fail("submit", "lost_reply")
        order = await made.desk.place(made.request(side))
        made.clock.put(-off_s)
        made.broker.stamps_ahead = made.broker.clock_ahead = timedelta()
        await made.pass_time(30)
        found = await made.order(order.no)
        assert found.status is S.ACCEPTED
        assert found.venue_no == made.broker.truth()[0].venue_no
        assert not await made.hand_orders()


async def test_a_sell_whose_shares_cannot_be_ordered_any_more_stays_unknown(tmp_path: Path) -> None:
    """Both lists of orders are late; the orderable quantity tells that something holds the shares."""
    async with desk_and_recon(tmp_path) as (made, _):
        made.broker.lag_s = made.broker.open_lag_s = 100
        made.broker.fail("submit", "lost_reply")
        order = await made.desk.place(made.request(Side.SELL, HELD, PRICE + 1))
        await made.pass_time(95)
        assert (await made.order(order.no)).status is S.UNKNOWN
        await made.pass_time(30)
        assert (await made.order(order.no)).status is S.ACCEPTED


@settings(max_examples=80, deadline=None)
@given(
    late=st.sampled_from(["orders", "open", "holdings"]),
    lag=st.integers(0, 600),
    others=st.integers(0, 30),
    qty=st.sampled_from([HELD, HELD, 7]),
    filled_after=st.sampled_from([None, 0, 3, 25, 38, 60, 115]),
    part=st.booleans(),
)
def test_one_list_later_than_anybody_knew_never_lets_a_sell_go_twice(
    late: str, lag: int, others: int, qty: int, filled_after: int | None, *, part: bool
) -> None:
    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with desk_and_recon(Path(folder)) as (made, recon):
                broker = made.broker
                lags = {"orders": others, "open": others, "holdings": others, late: lag}
                broker.lag_s, broker.open_lag_s = lags["orders"], lags["open"]
                broker.holdings_lag_s = lags["holdings"]
                broker.fail("submit", "lost_reply")
                order = await made.desk.place(made.request(Side.SELL, qty, PRICE + 1))
                for second in range(0, 650, 5):
                    if filled_after is not None and second == filled_after // 5 * 5:
                        broker.fill(broker.truth()[0].venue_no, 3 if part else None)
                    await made.pass_time(5)
                    if second % 60 == 0:
                        await recon.reconcile("timer")
                    if (await made.order(order.no)).venue_no is not None:
                        break
                    await place_when_free(made, Side.SELL, qty)
                assert len(broker.submitted) == 1

    asyncio.run(scenario())

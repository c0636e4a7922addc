"""One contract over the client and the simulator, real and virtual: both were written from the document alone.

Rows S6, S9, S15, S16, S63, S67, S70, S71, S74, S75, S76, S78, S86, S87, S113.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kis.calls import account as accounts_api
from kis.calls import prices as prices_api
from kis.calls import products, profits, reserved
from kis.connect import Kis, open_kis
from kis.simulator.clock import SimClock
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator, build_market
from kis.stream.connection import Patience
from kis.stream.reconnect import ReconnectPauses
from kis.stream.two_sockets import SplitStream
from strategy.model import (
    BrokerError,
    BrokerOrder,
    DataUnavailable,
    Interval,
    Market,
    Notice,
    NotOffered,
    OrderRejected,
    OrderRequest,
    OrderStatus,
    OrderType,
    Origin,
    OutcomeUnknown,
    Side,
    Symbol,
    TryLater,
)
from tests.fakes.kis_server import APP_SECRET, kis_settings
from tests.kis.stream.test_client import Recorder, until
from tests.support.words import english

NOON = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)  # 12:00 New York, a Tuesday
TODAY = date(2026, 9, 15)
MSFT = Symbol(Market.NASDAQ, "MSFT")
KO = Symbol(Market.NYSE, "KO")
XLF = Symbol(Market.AMEX, "XLF")


class StandingClock:
    """Market time of a standing simulator: whoever waits moves it."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def now(self) -> datetime:
        return self._simulator.clock.now()

    async def sleep_until(self, when: datetime) -> None:
        if when > self.now():
            await self._simulator.advance_to(when + timedelta(milliseconds=1))
        await asyncio.sleep(0)

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + timedelta(seconds=seconds))


class RunningClock(StandingClock):
    """Market time of a simulator that runs by itself."""

    async def sleep_until(self, when: datetime) -> None:
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time itself
            await asyncio.sleep(left / self._simulator.clock.speed)


@dataclass
class Bench:
    """A client on a simulator, with the simulator's controls."""

    kis: Kis
    simulator: Simulator
    http: aiohttp.ClientSession
    sink: Recorder = field(default_factory=Recorder)

    @property
    def virtual(self) -> bool:
        return self.kis.environment.name == "virtual"

    async def control(self, path: str, **body: Any) -> Any:
        async with self.http.post(f"{self.simulator.rest_url}/sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def state(self) -> Any:
        async with self.http.get(f"{self.simulator.rest_url}/sim/state") as answer:
            return await answer.json()

    async def submit(self, symbol: Symbol, side: Side, qty: int, price: str, **more: Any) -> str:
        request = OrderRequest(
            symbol=symbol,
            side=side,
            qty=qty,
            limit_price=Decimal(price),
            origin=Origin.MANUAL,
            created_at=self.kis.clock.now(),
            **more,
        )
        return (await self.kis.broker.submit(request)).venue_no

    async def order(self, number: str) -> BrokerOrder:
        """Return what the broker says of an order once its lag is over."""
        await self.simulator.advance(5)
        found = await self.kis.broker.orders(TODAY, TODAY)
        return next(order for order in found if number == order.venue_no or number in order.replaced)

    async def price(self, symbol: Symbol, last: str) -> None:
        value = Decimal(last)
        await self.control(
            "tick",
            symbol=symbol.ticker,
            last=last,
            bid=str(value - Decimal("0.01")),
            ask=str(value + Decimal("0.01")),
            volume=10_000,
        )


@asynccontextmanager
async def bench(
    folder: Path, *, virtual: bool, now: datetime = NOON, speed: float = 0, quote_key: str = "", **options: Any
) -> AsyncIterator[Bench]:
    """Open a simulator with its limits on, and a client on it with the limits of its environment."""
    environment = Served.VIRTUAL if virtual else Served.REAL
    chosen = SimulatorOptions(environment=environment, **{"live": False, "ledger_limiter": True, **options})
    if quote_key:
        chosen = replace(chosen, keys=(KeySpec(app_key=quote_key, environment=Served.REAL),))
    clock = SimClock(now, speed=speed)
    simulator = Simulator(chosen, market=build_market(chosen, now, 1), clock=clock, seed=1)
    async with simulator, aiohttp.ClientSession() as http:
        settings = kis_settings(
            is_virtual=str(virtual).lower(),
            rest_url_base=simulator.rest_url,
            ws_url_base=simulator.ws_url,
            kis_real_calls_per_s="18",
            kis_virtual_calls_per_s="1",
            kis_ledger_calls_per_s="0.8" if speed else "0.95",
            kis_pacing_slack="0.25" if speed else "0.01",
            kis_timeout_s="1",
            kis_read_timeout_s="1",
            quote_app_key=quote_key,
            quote_app_secret=APP_SECRET if quote_key else "",
        )
        market_time = RunningClock(simulator) if speed else StandingClock(simulator)
        async with open_kis(settings, clock=market_time, data_dir=folder) as kis:
            streams = [kis.account_stream, *([kis.stream.quotes] if isinstance(kis.stream, SplitStream) else [])]
            for stream in streams:
                stream._backoff = ReconnectPauses(scale=0.02)
                stream._patience = Patience(ack_s=1, retry_s=0.01, probe_s=0.2, silence_s=60)
            yield Bench(kis, simulator, http)


@asynccontextmanager
async def streaming(subject: Bench, *symbols: Symbol) -> AsyncIterator[Recorder]:
    subject.kis.stream.watch(symbols)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(subject.kis.stream.run(subject.sink))
        try:
            await until(lambda: subject.sink.ups, 10)
            yield subject.sink
        finally:
            task.cancel()


@pytest.fixture(params=["real", "virtual"])
def virtual(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "virtual")


async def test_a_busy_minute_meets_no_refusal_s15(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual, speed=30 if virtual else 3) as it:
        async with asyncio.TaskGroup() as group:
            for _ in range(12):
                group.create_task(it.kis.market.quote(MSFT))
                group.create_task(it.kis.market.bars(MSFT, Interval.DAY, 20))
            for _ in range(3):
                group.create_task(it.kis.broker.holdings())
                group.create_task(it.kis.broker.open_orders())
        state = await it.state()
    assert state["refusals_by_code"] == {}


async def test_quotes_of_three_exchanges(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        for symbol in (MSFT, KO, XLF):
            quote = await it.kis.market.quote(symbol)
            assert quote.last > 0
            assert (quote.bid is None) is virtual
            if quote.bid is not None and quote.ask is not None:
                assert quote.bid <= quote.ask
        with pytest.raises(DataUnavailable):
            await it.kis.market.quote(Symbol(Market.NYSE, "MSFT"))
        with pytest.raises(DataUnavailable):
            await it.kis.market.quote(Symbol(Market.NASDAQ, "NOSUCH"))


async def test_bars_of_every_interval_s78(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        for interval in Interval:
            if interval is not Interval.DAY and virtual:
                with pytest.raises(NotOffered):
                    await it.kis.market.bars(MSFT, interval, 100)
                continue
            bars = await it.kis.market.bars(MSFT, interval, 250 if interval is Interval.DAY else 130)
            assert len(bars) == (250 if interval is Interval.DAY else 130)
            starts = [bar.start for bar in bars]
            assert starts == sorted(set(starts))
            assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
            assert all(bar.closed for bar in bars[:-1])
            assert not bars[-1].closed


async def test_an_order_rests_fills_in_part_and_fills_s74(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        number = await it.submit(MSFT, Side.BUY, 5, "420.00")
        resting = await it.order(number)
        assert (resting.status, resting.open_qty, resting.limit_price) == (OrderStatus.ACCEPTED, 5, Decimal(420))
        assert resting.traded_on == TODAY
        assert abs(resting.ordered_at - it.kis.clock.now()) < timedelta(minutes=2)
        assert [order.venue_no for order in await it.kis.broker.open_orders()] == [number]
        await it.price(MSFT, "419.00")
        await it.simulator.advance(10)
        filled = await it.order(number)
        assert (filled.status, filled.filled_qty) == (OrderStatus.FILLED, 5)
        assert filled.filled_amount <= Decimal(420) * 5
        assert await it.kis.broker.open_orders() == []
        (position,) = (await it.kis.broker.holdings()).positions
        assert (position.symbol, position.qty, position.sellable_qty) == (MSFT, 5, 5)


async def test_a_cancel_shows_as_canceled_s71(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        number = await it.submit(MSFT, Side.BUY, 5, "420.00")
        await it.kis.broker.cancel(MSFT, (await it.order(number)).venue_no, 5)
        canceled = await it.order(number)
        assert (canceled.status, canceled.open_qty, canceled.filled_qty) == (OrderStatus.CANCELED, 0, 0)
        assert await it.kis.broker.open_orders() == []
        with pytest.raises(BrokerError):
            await it.kis.broker.cancel(MSFT, canceled.venue_no, 5)


async def test_an_amended_order_goes_on_under_its_new_number_s70(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        number = await it.submit(MSFT, Side.BUY, 5, "420.00")
        before = await it.order(number)
        newest = (await it.kis.broker.amend(MSFT, before.venue_no, 5, Decimal("421.00"))).venue_no
        amended = await it.order(number)
        assert amended.venue_no == newest
        assert amended.replaced == (number,)
        assert (amended.status, amended.qty, amended.open_qty) == (OrderStatus.ACCEPTED, 5, 5)
        assert amended.limit_price == Decimal(421)
        assert [order.venue_no for order in await it.kis.broker.open_orders()] == [newest]
        await it.price(MSFT, "420.50")
        await it.simulator.advance(10)
        assert (await it.order(number)).status is OrderStatus.FILLED


async def test_an_order_by_hand_is_seen_as_one_s9(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=False) as it:
        await it.price(KO, "68.00")
        await it.kis.broker.holdings()
        placed = await it.control("order", symbol="KO", side="buy", qty=3, price="60.00")
        assert placed
        await it.simulator.advance(5)
        (order,) = await it.kis.broker.open_orders()
        assert (order.symbol, order.qty) == (KO, 3)
        (listed,) = await it.kis.broker.orders(TODAY, TODAY)
        assert listed.by_api is False


async def test_a_day_order_expires_at_the_end_s63(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=False) as it:
        await it.price(MSFT, "430.00")
        number = await it.submit(MSFT, Side.BUY, 5, "420.00")
        await it.simulator.advance(20 * 3600)
        expired = await it.order(number)
        assert expired.status is OrderStatus.EXPIRED
        assert expired.reason


async def test_buying_power_and_what_may_be_bought_s76(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        power = await it.kis.broker.buying_power(MSFT, Decimal("431.00"))
        assert power.max_qty == int(power.cash / Decimal("431.00"))
        with pytest.raises(OrderRejected) as refused:
            await it.submit(MSFT, Side.BUY, power.max_qty + 1, "431.00")
        assert "available" in english(refused.value.user_message)
        await it.submit(MSFT, Side.BUY, power.max_qty, "431.00")


@pytest.mark.parametrize("count", [3, 45])
async def test_orders_over_several_pages_s75(tmp_path: Path, virtual: bool, count: int) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(KO, "68.00")
        numbers = {await it.submit(KO, Side.BUY, 1, "60.00") for _ in range(count)}
        await it.simulator.advance(5)
        assert {order.venue_no for order in await it.kis.broker.orders(TODAY, TODAY)} == numbers
        assert {order.venue_no for order in await it.kis.broker.open_orders()} == numbers


async def test_virtual_refuses_outside_the_session_s113(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=True, now=datetime(2026, 9, 15, 12, 0, tzinfo=UTC)) as it:
        with pytest.raises(OrderRejected) as refused:
            await it.submit(MSFT, Side.BUY, 1, "430.00")
    assert "40570000" in str(refused.value)
    assert "09:30" in english(refused.value.user_message)


async def test_real_order_types(tmp_path: Path) -> None:
    holdings = (Holding(symbol="MSFT", qty=10),)
    async with bench(tmp_path, virtual=False, now=datetime(2026, 9, 15, 13, 0, tzinfo=UTC), holdings=holdings) as it:
        for kind in (OrderType.MOO, OrderType.LOO, OrderType.MOC, OrderType.LOC):
            assert await it.submit(MSFT, Side.SELL, 1, "430.00", order_type=kind)


async def test_notices_of_an_order_and_its_fill_s6_s86(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        async with streaming(it, MSFT) as sink:
            number = await it.submit(MSFT, Side.BUY, 2, "431.00")
            await it.simulator.advance(5)
            await until(lambda: any(notice.kind is Notice.Kind.FILLED for notice in sink.notices))
    kinds = [notice.kind for notice in sink.notices]
    assert kinds[0] is Notice.Kind.ACCEPTED
    fills = [notice for notice in sink.notices if notice.kind is Notice.Kind.FILLED]
    assert sum(fill.qty for fill in fills) == 2
    assert {fill.venue_no for fill in fills} == {number}
    assert all(Decimal(400) < fill.price <= Decimal(431) for fill in fills)


async def test_notices_of_an_amendment_and_a_cancel_name_the_original_s86(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        async with streaming(it) as sink:
            number = await it.submit(MSFT, Side.BUY, 2, "420.00")
            await it.simulator.advance(2)
            venue_no = sink.notices[0].venue_no if sink.notices else None
            await until(lambda: sink.notices)
            venue_no = sink.notices[0].venue_no
            newest = (await it.kis.broker.amend(MSFT, venue_no, 2, Decimal("421.00"))).venue_no
            await it.simulator.advance(2)
            await it.kis.broker.cancel(MSFT, newest, 2)
            await it.simulator.advance(2)
            await until(lambda: any(notice.kind is Notice.Kind.CANCELED for notice in sink.notices))
    amended = [notice for notice in sink.notices if notice.kind is Notice.Kind.AMENDED]
    canceled = [notice for notice in sink.notices if notice.kind is Notice.Kind.CANCELED]
    assert [(notice.original_no, notice.venue_no) for notice in amended] == [(number, newest)]
    assert [notice.original_no for notice in canceled] == [newest]


async def test_ticks_are_streamed(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it, streaming(it, MSFT, KO) as sink:
        await it.price(MSFT, "433.25")
        await until(lambda: sink.ticks)
    assert (sink.ticks[-1].symbol, sink.ticks[-1].last) == (MSFT, Decimal("433.25"))
    assert abs(sink.ticks[-1].traded_at - NOON) < timedelta(minutes=2)


@pytest.mark.parametrize("kind", ["http_500", "http_html", "bad_json", "timeout_before", "rate_limit", "latency"])
async def test_reads_come_through_a_fault_s16(tmp_path: Path, virtual: bool, kind: str) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.kis.market.quote(MSFT)
        await it.control("fault", kind=kind, count=1, ms=50)
        assert (await it.kis.market.quote(MSFT)).last > 0


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked"])
async def test_a_token_killed_early_is_renewed_s67(tmp_path: Path, virtual: bool, kind: str) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.kis.market.quote(MSFT)
        await it.control("fault", kind=kind)
        assert (await it.kis.market.quote(MSFT)).last > 0
        assert it.kis.http.tokens.issued == 2


@pytest.mark.parametrize(
    ("kind", "raised", "placed"),
    [
        ("timeout_after_accept", OutcomeUnknown, 1),
        ("timeout_before", OutcomeUnknown, 0),
        ("http_500", OutcomeUnknown, 0),
        ("http_html", OutcomeUnknown, 0),
        ("bad_json", OutcomeUnknown, None),
        ("rate_limit", TryLater, 0),
        ("reject", OrderRejected, 0),
    ],
)
async def test_an_order_is_never_sent_twice_through_a_fault(
    tmp_path: Path, virtual: bool, kind: str, raised: type[Exception], placed: int | None
) -> None:
    more = {"msg_cd": "40250000" if virtual else "APBK0952"} if kind == "reject" else {}
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        await it.kis.broker.holdings()
        await it.control("fault", kind=kind, **more)
        with pytest.raises(raised):
            await it.submit(MSFT, Side.BUY, 1, "420.00")
        await it.simulator.advance(5)
        state = await it.state()
        tr_id = it.kis.environment.ids[next(call for call in it.kis.environment.ids if call == "buy")]
        assert state["requests_by_tr"].get(tr_id, 1) == 1
        if placed is not None:
            assert len(state["orders"]) == placed


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked"])
async def test_an_order_with_a_token_killed_early_is_placed_once_with_a_new_one(
    tmp_path: Path, virtual: bool, kind: str
) -> None:
    """KIS issues one a minute; until then the order is certainly not taken."""
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        await it.kis.broker.holdings()
        await it.control("fault", kind=kind)
        with pytest.raises(TryLater):
            await it.submit(MSFT, Side.BUY, 1, "420.00")
        await it.simulator.advance(61)
        await it.submit(MSFT, Side.BUY, 1, "420.00")
        assert it.kis.http.tokens.issued == 2
        assert len((await it.state())["orders"]) == 1


@pytest.mark.parametrize("kind", ["ws_drop", "ws_garbage"])
async def test_the_stream_comes_through_a_fault_s87(tmp_path: Path, virtual: bool, kind: str) -> None:
    async with bench(tmp_path, virtual=virtual) as it, streaming(it, MSFT) as sink:
        await it.control("fault", kind=kind)
        if kind == "ws_drop":
            await until(lambda: len(sink.ups) == 2, 10)
            assert sink.ups == [False, True]
            assert len(sink.downs) == 1
        await it.price(MSFT, "433.25")
        await until(lambda: sink.ticks)
        assert sink.ticks[-1].last == Decimal("433.25")


async def test_a_silent_socket_is_noticed_and_replaced(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        it.kis.account_stream._patience = Patience(ack_s=1, retry_s=0.01, probe_s=0.2, silence_s=0.6)
        async with streaming(it, MSFT) as sink:
            await it.control("fault", kind="ws_silence", seconds=1)
            await until(lambda: sink.downs, 10)
            await it.simulator.advance(2)
            await until(lambda: len(sink.ups) >= 2, 10)


RECEIVED, FILL = Notice.Kind.ACCEPTED, Notice.Kind.FILLED


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("notice_duplicate", {"count": 2}, [(RECEIVED, 4), (RECEIVED, 4), (FILL, 4), (FILL, 4)]),
        ("notice_before_ack", {}, [(RECEIVED, 4), (FILL, 4)]),
        ("notice_reorder", {}, [(FILL, 4), (RECEIVED, 4)]),
        ("notice_lost", {"count": 2}, []),
        ("partial_fills", {"pieces": 4}, [(RECEIVED, 4), (FILL, 1), (FILL, 1), (FILL, 1), (FILL, 1)]),
    ],
)
async def test_notice_faults_reach_the_sink_as_they_are_s86(
    tmp_path: Path, virtual: bool, kind: str, more: dict[str, int], told: list[tuple[Notice.Kind, int]]
) -> None:
    """Whatever the notices do, the inquiry knows the order: that is what the core reconciles with."""
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        async with streaming(it, MSFT) as sink:
            await it.control("fault", kind=kind, **{"count": 1, **more})
            number = await it.submit(MSFT, Side.BUY, 4, "431.00")
            if kind == "notice_before_ack":  # it came while the answer was still on its way
                assert sink.notices
            await it.simulator.advance(30)
            filled = await it.order(number)
            await until(lambda: len(sink.notices) >= len(told))
            await it.price(MSFT, "430.50")  # a tick behind them: nothing more is on its way
            await until(lambda: sink.ticks and sink.ticks[-1].last == Decimal("430.50"))
        assert [(notice.kind, notice.qty) for notice in sink.notices] == told
        assert (filled.status, filled.filled_qty) == (OrderStatus.FILLED, 4)
        assert {notice.venue_no for notice in sink.notices} <= {number}
        assert it.kis.account_stream.counts.garbage == 0


async def test_a_slow_answer_to_an_order_is_waited_for_and_a_very_slow_one_is_unknown(
    tmp_path: Path, virtual: bool
) -> None:
    """The fault `latency`: below the limit of an order the number comes back, above it nobody can know."""
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        await it.control("fault", kind="latency", count=1, ms=100)
        assert await it.submit(MSFT, Side.BUY, 1, "420.00")
        await it.control("fault", kind="latency", count=1, ms=1500)
        with pytest.raises(OutcomeUnknown):
            await it.submit(MSFT, Side.BUY, 1, "420.00")


async def test_an_order_refused_later_is_told_by_notice_and_inquiry(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.price(MSFT, "430.00")
        async with streaming(it) as sink:
            await it.control("fault", kind="reject", mode="later", text="가격 오류")
            number = await it.submit(MSFT, Side.BUY, 1, "420.00")
            await it.simulator.advance(2)
            await until(lambda: any(notice.kind is Notice.Kind.REJECTED for notice in sink.notices))
        refused = next(notice for notice in sink.notices if notice.kind is Notice.Kind.REJECTED)
        assert refused.venue_no == number
        assert (await it.order(number)).status is OrderStatus.REJECTED
        assert await it.kis.broker.open_orders() == []


async def test_maintenance_is_later_and_passes(tmp_path: Path, virtual: bool) -> None:
    async with bench(tmp_path, virtual=virtual) as it:
        await it.kis.market.quote(MSFT)
        await it.control("fault", kind="maintenance", seconds=600)
        with pytest.raises(TryLater):
            await it.kis.market.quote(MSFT)
        async with it.http.delete(f"{it.simulator.rest_url}/sim/fault") as answer:
            assert answer.status == 200
        assert (await it.kis.market.quote(MSFT)).last > 0


async def test_the_calls_beyond_the_ports_at_real(tmp_path: Path) -> None:
    holdings = (Holding(symbol="MSFT", qty=10, average=Decimal(400)),)
    async with bench(tmp_path, virtual=False, holdings=holdings) as it:
        await it.price(MSFT, "430.00")
        detail = await prices_api.price_detail(it.kis.http, MSFT)
        assert detail.last == Decimal(430)
        assert detail.tick_size == Decimal("0.01")
        assert len((await prices_api.book(it.kis.http, MSFT)).levels) >= 1
        listed = await prices_api.several(it.kis.http, [MSFT, KO, XLF])
        assert [price.symbol for price in listed] == [MSFT, KO, XLF]
        assert (await prices_api.trades(it.kis.http, MSFT))[0].price == Decimal(430)
        present = await accounts_api.present_balance(it.kis.http, it.kis.account, it.kis.book)
        assert [(holding.symbol, holding.qty) for holding in present.holdings] == [(MSFT, Decimal(10))]
        assert present.currencies[0].currency == "USD"
        margins = await accounts_api.margins(it.kis.http, it.kis.account)
        assert any(margin.currency == "USD" and margin.orderable > 0 for margin in margins)
        assert (await products.product(it.kis.http, MSFT)).listed
        assert await products.settlement_dates(it.kis.http, TODAY)
        await it.submit(MSFT, Side.SELL, 4, "429.00")
        await it.simulator.advance(30 * 3600)
        sold = await profits.realized(it.kis.http, it.kis.account, it.kis.book, TODAY, TODAY)
        assert [(profit.symbol, profit.qty) for profit in sold] == [(MSFT, 4)]
        settled = await profits.transactions(it.kis.http, it.kis.account, TODAY, TODAY)
        assert [(trade.ticker, trade.qty, trade.side) for trade in settled] == [("MSFT", 4, Side.SELL)]
        assert settled[0].fees > 0


async def test_a_listing_has_its_korean_and_its_english_name_at_real(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=False) as it:
        named = await it.kis.market.listing_name(MSFT)
        assert (named.korean, named.english) == ("마이크로소프트", "MICROSOFT CORP")
        with pytest.raises(DataUnavailable):
            await it.kis.market.listing_name(Symbol.parse("NYSE:MSFT"))


async def test_names_are_not_offered_at_virtual(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=True) as it:
        with pytest.raises(NotOffered):
            await it.kis.market.listing_name(MSFT)


async def test_the_present_balance_at_virtual_has_its_totals(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=True) as it:
        present = await accounts_api.present_balance(it.kis.http, it.kis.account, it.kis.book)
    assert present.total_assets_krw is not None
    assert present.total_assets_krw > 0


async def test_reserved_orders(tmp_path: Path) -> None:
    entered = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)  # 12:00 in Seoul
    async with bench(tmp_path, virtual=False, now=entered) as it:
        number = await reserved.reserve(it.kis.http, it.kis.account, KO, Side.BUY, qty=2, price=Decimal("66.50"))
        (order,) = await reserved.reserved(it.kis.http, it.kis.account, it.kis.book, TODAY, TODAY)
        assert (order.reservation_no, order.symbol, order.qty, order.canceled) == (number, KO, 2, False)
        await reserved.cancel(it.kis.http, it.kis.account, order.entered_on, number)
        (order,) = await reserved.reserved(it.kis.http, it.kis.account, it.kis.book, TODAY, TODAY)
        assert order.canceled

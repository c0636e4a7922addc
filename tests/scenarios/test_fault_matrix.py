"""Row S16: every fault of the wire at every endpoint the program uses, through the real client, with the core running.

One world per endpoint goes through all faults. It always wants to buy one share, so that a guard that gives way shows
as an order.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.demo import demo
from strategy.market import PRICING_AGE_S
from strategy.model import (
    Amount,
    AmountKind,
    Order,
    OrderNo,
    Outcome,
    OutcomeKind,
    Side,
    SignalBlocked,
    StreamState,
    TradingError,
    Trouble,
    VenueNo,
)
from tests.scenarios.client_world import SHORT_S, TQQQ, ClientWorld, running
from tests.support.engine_bench import OWNER
from tests.support.words import english

TRADING = {
    "trading_tickers": "NASDAQ:TQQQ",
    "rsi_oversold": "98",
    "rsi_overbought": "99",
    "buy_delay_min": "0",
    "buy_rate": "0.002",
    "max_orders_per_day": "10000",
    "max_position_rate": "1",
    "daily_loss_limit_pct": "off",
    "stop_loss_rate": "-50",
    "stop_poll_s": "600",
    "quote_max_age_s": "5",
    "check_interval_minutes": "240",  # the test itself starts each check
}
ONE = Amount(kind=AmountKind.SHARES, value=Decimal(1))


@dataclass(frozen=True)
class Fault:
    name: str
    kind: str
    hold_s: float | None = None

    async def inject(self, world: ClientWorld, tr_id: str, field: str) -> None:
        if self.kind.startswith("token_"):
            await world.fault(self.kind, trap=False)
        elif self.kind == "maintenance":
            await world.fault(self.kind)  # the whole host, sockets included
        elif self.kind == "missing_field":
            await world.fault(self.kind, tr_id=tr_id, field=field)
        elif self.hold_s is not None:
            await world.fault(self.kind, tr_id=tr_id, hold_s=self.hold_s)
        else:
            await world.fault(self.kind, tr_id=tr_id)


FAULTS = (
    Fault("timeout before", "timeout_before"),
    Fault("timeout after accept", "timeout_after_accept"),
    Fault("reset", "reset"),
    Fault("reset after accept", "timeout_after_accept", hold_s=0),
    Fault("500 with HTML", "http_html"),
    Fault("500", "http_500"),
    Fault("bad JSON", "bad_json"),
    Fault("rate limit", "rate_limit"),
    Fault("token expired", "token_expired"),
    Fault("token revoked", "token_revoked"),
    Fault("empty output", "empty_output"),
    Fault("missing field", "missing_field"),
    Fault("maintenance", "maintenance"),
)
_LOOKS = 4
HEALS = frozenset({"token_expired", "token_revoked"})  # the client gets a new token and asks again


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ClientWorld]:
    day = demo()
    start = day.start + timedelta(minutes=5)
    async with running(tmp_path, replay=day.path, start=start, trading=TRADING, timeout_s=SHORT_S) as made:
        assert await made.wait_for(
            lambda: made.core.trading.account_sync.reconciled and made.kis.stream.connected, within_s=60
        )
        yield made


async def check(world: ClientWorld) -> None:
    """Let the engine check once, as it does on its grid."""
    await world.drive(world.core.session.day._checks.run())
    await world.pass_time(1)


async def sent(world: ClientWorld) -> int:
    return len((await world.books())["orders"])


async def assert_books_agree(world: ClientWorld, case: str) -> None:
    """Each order at the broker is one of ours, none is there twice, and all ended or work on both sides.

    The broker's list shows a fill up to two seconds late, and its notice may have been lost: look again then.
    """
    for _ in range(_LOOKS):
        await world.drive(world.core.trading.account_sync.take("asked"))
        books = [order for order in (await world.books())["orders"] if order["change"] != "cancel"]
        ours: list[Order] = list(await world.storage.orders.recent(1000))
        owners = {number: order.no for order in ours for number in await world.storage.orders.venue_nos(order.no)}
        found = [owners.get(VenueNo(str(order["odno"]).lstrip("0"))) for order in books]
        working = {owner for owner, order in zip(found, books, strict=True) if order["status"] == "working"}
        still_open = {order.no for order in ours if not order.status.closed}
        if working == still_open:
            break
        await world.pass_time(2)
    assert None not in found, (case, books)
    assert set(found) == {order.no for order in ours if order.venue_no is not None}, (case, found)
    assert working == still_open, (case, working)
    assert not world.core.trading.desk.unknown, case
    # a socket that has just come back asks for it once more
    assert await world.wait_for(lambda: world.core.trading.account_sync.reconciled, within_s=60), case


async def assert_quiet(world: ClientWorld, case: str) -> None:
    """The fault was logged, nothing unexpected was, and the owner was told at most once of it."""
    records = world.log.take()
    assert any(record.name == "kis.http" for record in records), case
    surprises = [
        record
        for record in records
        if record.exc_info and record.exc_info[1] is not None and not isinstance(record.exc_info[1], TradingError)
    ]
    assert not surprises, (case, [record.exc_info for record in surprises])
    requests = Counter(record.kis["request_id"] for record in records if hasattr(record, "kis"))
    assert set(requests.values()) <= {1}, case  # one line a call
    troubles = Counter(event.key for event in await world.news(Trouble))
    assert set(troubles.values()) <= {1}, (case, troubles)
    assert len(troubles) <= 1, (case, troubles)
    blocked = Counter((event.side, event.guards) for event in await world.news(SignalBlocked))
    assert set(blocked.values()) <= {1}, (case, blocked)


async def recovers(world: ClientWorld, case: str) -> None:
    """Within some minutes of market time the program buys again by itself."""
    before = await sent(world)
    for _ in range(60):
        await world.pass_time(5)
        await check(world)
        if await sent(world) > before:
            return
    decision = await world.core.control.tickers.why(TQQQ)
    raise AssertionError(f"{case}: no buy any more: {decision.reason if decision else None}")


# what reads


async def look_due(world: ClientWorld) -> None:
    await world.pass_time(12)


async def quote_due(world: ClientWorld) -> None:
    """Without ticks the price must be asked for.

    Pings are answered meanwhile: a socket that answers none is replaced within the time-outs of one check, and a tick
    of its successor is a price to buy at.
    """
    await world.control("fault", kind="ws_silence", pongs=True)
    await world.pass_time(12)
    newest = world.core.trading.watch.latest(TQQQ)
    assert newest is None or newest.age(world.clock.now()).total_seconds() > PRICING_AGE_S


async def bars_due(world: ClientWorld) -> None:
    world.core.trading.watch.forget_bars(TQQQ)
    await world.pass_time(12)


READS: dict[str, tuple[str, str, Callable[[ClientWorld], Awaitable[None]]]] = {
    "executions": ("TTTS3035R", "odno", look_due),
    "balance": ("TTTS3012R", "ovrs_cblc_qty", look_due),
    "buying power": ("TTTS3007R", "ord_psbl_frcr_amt", look_due),
    "quote": ("HHDFS76200100", "last", quote_due),
    "day bars": ("HHDFS76240000", "clos", bars_due),
    "minute bars": ("HHDFS76950200", "last", bars_due),
}


@pytest.mark.parametrize("endpoint", READS)
async def test_reads_fail_closed_and_recover_s16(world: ClientWorld, endpoint: str) -> None:
    tr_id, field, due = READS[endpoint]
    await recovers(world, "in calm")
    for fault in FAULTS:
        case = f"{endpoint}: {fault.name}"
        await due(world)
        world.log.take()
        await world.forget()
        before = await sent(world)
        await fault.inject(world, tr_id, field)
        await check(world)
        if fault.kind not in HEALS:
            assert await sent(world) == before, f"{case}: bought although it could not be known"
        await assert_quiet(world, case)
        await world.clear()
        await recovers(world, case)
        await assert_books_agree(world, case)


# what changes something


async def bought_one(world: ClientWorld) -> None:
    while (await world.books())["positions"] == []:
        await recovers(world, "a share to sell")


async def by_hand(world: ClientWorld, side: Side, price: Decimal | None = None) -> Outcome | None:
    """Place an order for one share as the owner does; None where the preview already refuses."""
    preview = await world.drive(world.core.control.orders.manual.preview(OWNER, side, TQQQ, ONE, price))
    if preview.ticket is None:
        return None
    return await world.drive(world.core.control.confirmations.confirm(preview.ticket, OWNER))


async def buy(world: ClientWorld) -> None:
    await tell_the_truth(world, Side.BUY, "TTTT1002U")


async def sell(world: ClientWorld) -> None:
    await tell_the_truth(world, Side.SELL, "TTTT1006U")


async def tell_the_truth(world: ClientWorld, side: Side, tr_id: str) -> None:
    """Promise 3: done has a number, what nobody knows is called unknown, and what was not sent is promised to nobody.

    The account may be asked again between preview and press, and that may be when it cannot be.
    """
    before = (await world.books())["requests_by_tr"].get(tr_id, 0), await newest(world)
    outcome = await by_hand(world, side)
    if outcome is None or outcome.order is None:
        assert before == ((await world.books())["requests_by_tr"].get(tr_id, 0), await newest(world))
        if outcome is not None:
            assert outcome.kind is OutcomeKind.DENIED
            assert "not tried again by itself" in english(outcome.text)
        return
    assert outcome.kind in (OutcomeKind.DONE, OutcomeKind.WAITING, OutcomeKind.UNKNOWN, OutcomeKind.REJECTED)
    if outcome.kind is OutcomeKind.DONE:
        assert outcome.order.venue_no is not None


async def newest(world: ClientWorld) -> OrderNo | None:
    return next((order.no for order in await world.storage.orders.recent(1)), None)


async def resting(world: ClientWorld) -> OrderNo:
    outcome = await by_hand(world, Side.BUY, Decimal("30.00"))
    assert outcome is not None
    assert outcome.order is not None
    return outcome.order.no


async def amend(world: ClientWorld) -> None:
    no = await resting(world)
    await world.inject()
    with suppress(TradingError):
        await world.drive(world.core.trading.desk.amend(no, limit_price=Decimal("31.00")))


async def cancel(world: ClientWorld) -> None:
    no = await resting(world)
    await world.inject()
    with suppress(TradingError):
        await world.drive(world.core.trading.desk.cancel(no))


CHANGES: dict[str, tuple[str, Callable[[ClientWorld], Awaitable[None]], bool]] = {
    "buy": ("TTTT1002U", buy, False),
    "sell": ("TTTT1006U", sell, False),
    "amend": ("TTTT1004U", amend, True),
    "cancel": ("TTTT1004U", cancel, True),
}


@pytest.mark.parametrize("endpoint", CHANGES)
async def test_orders_are_sent_once_and_their_record_stays_true_s16(world: ClientWorld, endpoint: str) -> None:
    tr_id, deed, injects = CHANGES[endpoint]
    await bought_one(world)
    for fault in FAULTS:
        case = f"{endpoint}: {fault.name}"
        await world.pass_time(12)
        world.log.take()
        await world.forget()
        requests = (await world.books())["requests_by_tr"].get(tr_id, 0)
        world.inject = partial(fault.inject, world, tr_id, "ODNO")
        if not injects:
            await world.inject()
        await deed(world)
        await world.pass_time(3)
        asked = (await world.books())["requests_by_tr"].get(tr_id, 0) - requests
        turned_away = fault.kind in HEALS or fault.kind == "rate_limit"  # at the door: it may go out again
        assert asked <= 1 or turned_away or endpoint == "cancel", f"{case}: {asked} requests"
        await assert_quiet(world, case)
        await world.clear()
        await world.pass_time(60)
        for order in world.core.trading.desk.open:
            await world.drive(world.core.trading.desk.cancel_and_confirm(order.no, within_s=30))
        await assert_books_agree(world, case)
        await recovers(world, case)
        await bought_one(world)


# tokens and approval keys


@pytest.mark.parametrize("call", ["tokenP", "Approval"])
async def test_no_key_no_trade_and_all_comes_back_s16(world: ClientWorld, call: str) -> None:
    field = {"tokenP": "access_token", "Approval": "approval_key"}[call]
    await recovers(world, "in calm")
    for fault in FAULTS:
        if fault.kind in HEALS:
            continue  # they speak of tokens in use, tested with every endpoint
        case = f"{call}: {fault.name}"
        await world.pass_time(70)  # one token a minute
        world.log.take()
        await world.forget()
        before = await sent(world)
        await fault.inject(world, call, field)
        await world.fault("token_expired" if call == "tokenP" else "ws_drop")
        await check(world)
        if call == "tokenP":
            assert await sent(world) == before, f"{case}: bought without a token"
        await world.pass_time(10)
        await assert_quiet(world, case)
        await world.clear()
        assert await world.wait_for(lambda: world.kis.stream.connected, within_s=120), case
        await recovers(world, case)
        await assert_books_agree(world, case)
        ups = Counter(state.up for state in await world.news(StreamState))
        assert max(ups.values(), default=0) <= 1, (case, ups)


# the socket


async def drop(world: ClientWorld) -> None:
    await world.fault("ws_drop")


async def kept_out(world: ClientWorld) -> None:
    await world.control("fault", kind="ws_drop", seconds=20)


async def silence(world: ClientWorld) -> None:
    """Half-open: the connection stands, nothing comes through it, not even an answer to a ping."""
    await world.control("fault", kind="ws_silence")


async def garbage(world: ClientWorld) -> None:
    await world.fault("ws_garbage", count=40)


async def refused(world: ClientWorld) -> None:
    """The host answers the handshake with an error."""
    await world.fault("maintenance", tr_id="websocket")
    await world.fault("ws_drop")


def heard_downs(world: ClientWorld) -> list[str]:
    """Return a list that grows with each end of the connection."""
    downs: list[str] = []
    sink: Any = world.core.session.inbox
    tell = sink.on_disconnected

    def down(reason: str) -> None:
        downs.append(reason)
        tell(reason)

    sink.on_disconnected = down
    return downs


@pytest.mark.parametrize("fault", [drop, kept_out, silence, garbage, refused])
async def test_the_socket_comes_back_and_what_it_missed_is_recovered_s16(
    world: ClientWorld, fault: Callable[[ClientWorld], Awaitable[None]]
) -> None:
    """No new order before broker and bot agree again; the fill in the gap is found; one word down, one up."""
    await recovers(world, "in calm")
    no = await resting(world)
    world.log.take()
    await world.forget()
    downs = heard_downs(world)
    await fault(world)
    await world.control("tick", symbol="TQQQ", last="29.00", bid="28.99", ask="29.01")  # fills what rests
    if fault is not garbage:
        assert await world.wait_for(lambda: bool(downs), within_s=400)
        await world.pass_time(5)
    await world.clear()
    assert await world.wait_for(
        lambda: world.kis.stream.connected and world.core.trading.account_sync.reconciled, within_s=400
    )
    assert await world.wait_for(lambda: all(order.no != no for order in world.core.trading.desk.open), within_s=10)
    order = await world.storage.orders.get(no)
    assert order is not None
    assert order.filled_qty == 1
    states = [state.up for state in await world.news(StreamState)]
    assert states in ([], [False, True]), states
    assert bool(states) is (fault is not garbage)
    await assert_books_agree(world, fault.__name__)

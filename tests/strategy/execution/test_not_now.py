"""Refused for good, not now, or not known: what each answer of the broker does to everything that can be sent.

The codes are the protocol's (5.2), the texts KIS's own; nothing of it is read from the table of the client.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from kis.rest.codes import error_for
from strategy.model import (
    Acceptance,
    BrokerError,
    Order,
    OrderRequest,
    OrderStatus,
    Origin,
    OutcomeKind,
    OutcomeUnknown,
    Side,
    StopFinished,
    StopTriggered,
    Symbol,
    Trouble,
    TryLater,
)
from tests.fakes.clock import settle
from tests.kis.rest.test_codes import CHECK, FIX, NOT_ACCEPTED, REFUSE
from tests.strategy.control.test_control_orders import shares
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OWNER, TQQQ
from tests.support.order_bench import PRICE, Bench, bench
from tests.support.words import english, korean

S = OrderStatus
Meaning = Literal["refused", "not now", "unknown"]
UNLISTED = ("IGW00007", "KIER2620", "EGW77777", "")  # seen with HTTP 500, or made up
WORDS = "증권사가 적은 말"
CODES: list[tuple[str, Meaning]] = [
    *((code, "refused") for code in (*FIX, *REFUSE)),
    *((code, "not now") for code in NOT_ACCEPTED),
    *((code, "unknown") for code in (*CHECK, *UNLISTED)),
]
PLACED = {
    "stop": (Origin.STOP_LOSS, Side.SELL),
    "panic": (Origin.PANIC, Side.SELL),
    "rule buy": (Origin.SIGNAL, Side.BUY),
    "rule sell": (Origin.SIGNAL, Side.SELL),
    "manual": (Origin.MANUAL, Side.BUY),
}


def answered(code: str) -> BrokerError:
    return error_for(code, WORDS, 500, changes=True, rt_cd="1")


def ticker(code: str) -> Symbol:
    """Return a ticker for each code, so that no outcome blocks another."""
    at = [one for one, _ in CODES].index(code)
    return Symbol.parse("NASDAQ:T" + "".join(chr(ord("A") + digit) for digit in divmod(at, 26)))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        made.broker.cash = Decimal(1_000_000)
        yield made


def says(order: Order, code: str) -> bool:
    told = order.reason
    return all(WORDS in words and code in words for words in (korean(told), english(told)))


@pytest.mark.parametrize("who", PLACED)
async def test_every_code_is_refused_not_now_or_unknown_to_whoever_orders(desk: Bench, who: str) -> None:
    """Class, the next try, its price, and the words shown; only what no venue saw goes out again, unchanged."""
    origin, side = PLACED[who]
    for code, meaning in CODES:
        symbol = ticker(code)
        desk.broker.hold(symbol, 10, PRICE)
        desk.broker.fail("submit", answered(code))
        before, began = len(desk.broker.submitted), desk.clock.now()
        order = await desk.desk.place(desk.request(side, symbol=symbol, origin=origin))
        wanted = {"refused": S.REJECTED, "not now": S.SENT, "unknown": S.UNKNOWN}[meaning]
        assert order.status is wanted, (code, order)
        assert says(order, code), (code, order.reason)
        if meaning != "not now":
            continue
        while len(desk.broker.submitted) == before + 1:
            await desk.pass_time(0.1)
            assert desk.clock.now() - began <= timedelta(seconds=1.5), code
        first, second = desk.broker.submitted[before:]
        assert first == second  # price and all
        assert (await desk.order(order.no)).status is S.ACCEPTED
        assert (await desk.order(order.no)).reason is None
    await desk.pass_time(5)
    tries = len(CODES) + len(NOT_ACCEPTED)
    assert len(desk.broker.submitted) == tries


@pytest.mark.parametrize("call", ["amend", "cancel"])
async def test_every_code_on_a_change_or_a_cancel(desk: Bench, call: Literal["amend", "cancel"]) -> None:
    """A refused or postponed one leaves the order as it is and says why; a cancel not taken is asked for again."""
    for code, meaning in CODES:
        order = await desk.desk.place(desk.request(symbol=ticker(code)))
        desk.broker.fail(call, answered(code))
        change = desk.desk.cancel(order.no) if call == "cancel" else desk.desk.amend(order.no, limit_price=PRICE - 1)
        if meaning == "unknown":
            assert (await change).status in (S.UNKNOWN, S.CANCEL_SENT, S.ACCEPTED), code
            continue
        with pytest.raises(BrokerError) as raised:
            await change
        assert isinstance(raised.value, TryLater) is (meaning == "not now"), code
        assert WORDS in korean(raised.value.user_message)
        assert WORDS in english(raised.value.user_message)
        assert (await desk.order(order.no)).status is S.ACCEPTED
        assert (await desk.order(order.no)).limit_price == PRICE
        await desk.pass_time(1.5)
        done = call == "cancel" and meaning == "not now"
        assert (await desk.order(order.no)).status is (S.CANCELED if done else S.ACCEPTED), code


@pytest.mark.parametrize("origin", [Origin.SIGNAL, Origin.MANUAL])
async def test_a_rules_or_a_persons_order_is_given_up_after_a_while_with_the_brokers_words(
    desk: Bench, origin: Origin
) -> None:
    desk.broker.fail("submit", answered("EGW00201"), times=100)
    order = await desk.buy(origin=origin)
    await desk.pass_time(30)
    done = await desk.order(order.no)
    assert done.status is S.REJECTED
    assert says(done, "EGW00201")
    assert 10 <= len(desk.broker.submitted) <= 12
    assert await desk.storage.orders.count_since(desk.clock.now() - timedelta(hours=1)) == 1
    assert desk.desk.blocked(TQQQ) is None


async def test_a_person_may_take_back_an_order_that_waits_for_its_next_try(desk: Bench) -> None:
    desk.broker.fail("submit", answered("EGW00201"), times=100)
    order = await desk.buy()
    assert (await desk.desk.cancel(order.no)).status is S.DENIED
    await desk.pass_time(30)
    assert len(desk.broker.submitted) == 1
    assert not desk.broker.canceled


async def test_what_nobody_waits_for_any_more_is_not_sent_again(desk: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked has gone before the answer came: the next try would be for nobody."""
    begun, gate, submit = asyncio.Event(), asyncio.Event(), desk.broker.submit

    async def slowly(request: OrderRequest) -> Acceptance:
        begun.set()
        await gate.wait()
        return await submit(request)

    monkeypatch.setattr(desk.broker, "submit", slowly)
    desk.broker.fail("submit", answered("EGW00201"))
    async with asyncio.TaskGroup() as tasks:
        caller = tasks.create_task(desk.buy())
        await begun.wait()
        caller.cancel()
        await settle()
        gate.set()
    await desk.pass_time(5)
    [order] = await desk.storage.orders.recent(5)
    assert order.status is S.DENIED
    assert len(desk.broker.submitted) == 1


async def test_a_cancel_whose_next_try_died_with_its_service_is_tried_again(desk: Bench) -> None:
    """The hands that had taken it are gone: nobody else would."""
    order = await desk.desk.place(desk.request())
    desk.broker.fail("cancel", answered("EGW00201"))
    with pytest.raises(TryLater):
        await desk.desk.cancel(order.no)
    resending = desk.desk._sender.resending
    assert resending.take_due(desk.clock.now() + timedelta(seconds=2)) == ([], [order.no])
    assert resending.next_due is None
    resending.begin()
    resending.wake.set()
    await desk.pass_time(2)
    assert (await desk.order(order.no)).status is S.CANCELED


async def test_an_order_that_waits_for_its_next_try_is_looked_up_after_a_crash_and_never_sent_by_itself(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, running=False) as made:
        made.broker.fail("submit", answered("EGW00201"), times=100)
        order = await made.buy()
        broker, clock = made.broker, made.clock
    broker._faults.clear()
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        assert (await again.order(order.no)).status is S.UNKNOWN
        await again.pass_time(300)
        assert (await again.order(order.no)).status is S.REJECTED
        assert len(broker.submitted) == 1


async def test_what_the_program_stops_with_is_ended_as_never_sent(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        made.broker.fail("submit", answered("EGW00201"), times=100)
        order = await made.buy()
        broker, clock = made.broker, made.clock
    async with bench(tmp_path, broker=broker, clock=clock, running=False) as again:
        assert (await again.order(order.no)).status is S.DENIED


async def test_a_rules_re_pricing_not_taken_now_is_no_round_and_comes_again_in_a_second(desk: Bench) -> None:
    order = await desk.buy(origin=Origin.SIGNAL)
    desk.prices[TQQQ] = Decimal("61.30")
    desk.broker.fail("amend", answered("EGW00201"), times=3)
    await desk.pass_time(60)
    assert (await desk.order(order.no)).limit_price == PRICE
    await desk.pass_time(3.5)
    now = await desk.order(order.no)
    assert (now.limit_price, now.reprices) == (Decimal("61.30"), 1)
    assert len(desk.broker.amended) == 4


@pytest.mark.parametrize("times", [1, 3, 5])
async def test_a_stop_that_may_not_order_now_sells_within_seconds_of_the_first_yes(tmp_path: Path, times: int) -> None:
    """Three and five rate refusals once cost 75 and 186 seconds, and a collar each."""
    async with holding(tmp_path) as made:
        made.broker.fail("submit", answered("EGW00201"), times=times)
        made.price(TQQQ, "94")
        await made.pass_time(times + 1.5)
        assert made.broker.qty_held(TQQQ) == 0
        assert {request.limit_price for request in made.broker.submitted} == {Decimal("93.05")}
        [order] = await made.orders()
        assert order.status is S.FILLED
        [finished] = await made.told(StopFinished)
        assert (finished.reason, finished.attempt) == ("flat", 1)
        assert len(await made.told(StopTriggered)) == 1


async def test_a_stop_that_may_not_order_for_long_says_so_and_goes_on(tmp_path: Path) -> None:
    async with holding(tmp_path) as made:
        made.broker.fail("submit", answered("EGW00201"), times=45)
        made.price(TQQQ, "94")
        await made.pass_time(30)
        [told] = await made.told(Trouble)
        assert told.key == "stop:NASDAQ:TQQQ"
        assert WORDS in korean(told.what)
        assert WORDS in english(told.what)
        await made.pass_time(20)
        assert made.broker.qty_held(TQQQ) == 0
        assert len(await made.orders()) == 1


async def test_a_stop_refused_for_good_keeps_its_price_and_is_not_asked_in_a_hurry(tmp_path: Path) -> None:
    """The limit walks deeper only when a venue had the order and did not fill it."""
    async with holding(tmp_path) as made:
        made.broker.fail("submit", answered("APBK0656"), times=2)
        made.price(TQQQ, "94")
        await made.pass_time(10)
        assert made.broker.qty_held(TQQQ) == 0
        assert [request.limit_price for request in made.broker.submitted] == [Decimal("93.05")] * 3


async def test_a_stop_of_unknown_outcome_sends_nothing_more_and_keeps_the_brokers_words(tmp_path: Path) -> None:
    async with holding(tmp_path) as made:
        error = answered("IGW00007")
        assert isinstance(error, OutcomeUnknown)
        made.broker.fail("submit", error)
        made.price(TQQQ, "94")
        await made.pass_time(5)
        [order] = await made.orders()
        assert order.status is S.UNKNOWN
        assert says(order, "IGW00007")
        assert len(made.broker.submitted) == 1


async def test_a_stops_re_pricing_not_taken_now_comes_again_in_a_second_at_the_same_depth(tmp_path: Path) -> None:
    async with holding(tmp_path) as made:
        made.broker.matching = False
        made.price(TQQQ, "94")
        await made.settle()
        made.broker.fail("amend", answered("EGW00215"), times=2)
        made.price(TQQQ, "93")
        await made.pass_time(5.5)
        [order] = await made.orders()
        assert len(made.broker.amended) == 3
        assert order.limit_price == Decimal("91.13")  # 92.99 less 2 %, one step


async def test_a_persons_order_not_taken_now_says_what_happens(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=0) as made:
        preview = await made.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, shares(5), None)
        assert preview.ticket is not None
        made.broker.fail("submit", answered("EGW00201"))
        done = await made.core.control.confirmations.confirm(preview.ticket, OWNER)
        assert done.kind is OutcomeKind.WAITING
        assert WORDS in korean(done.text)
        assert WORDS in english(done.text)
        await made.pass_time(2)
        [order] = await made.orders()
        assert order.status is S.FILLED

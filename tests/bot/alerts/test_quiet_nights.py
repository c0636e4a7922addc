"""What rings and what does not: an order's fill once, a stop once, a streak once, and nothing critical too little."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from strategy.model import (
    HealthLine,
    Kept,
    Order,
    OrderChanged,
    OrderNo,
    Origin,
    Protection,
    Said,
    SaleEnd,
    Side,
    StopPriceSource,
    Symbol,
    TickerLocked,
)
from strategy.model import OrderStatus as Is
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, in_order, kept_chat, rules, settled, told, until
from tests.support.person import Json, labels

NOTHING = Said(Kept.BOTH, ko="", en="")


def bought(no: int, minute: float = 0, *, symbol: Symbol = samples.TQQQ, origin: Origin = Origin.SIGNAL) -> Any:
    """Return an order that was filled at once, with its fill."""
    at = samples.NOW + timedelta(minutes=minute)
    fill = samples.fill(order_no=OrderNo(no), key=f"k{no}", symbol=symbol, filled_at=at)
    order = samples.filled_order(no, symbol=symbol, origin=origin, updated_at=at)
    return replace(changed(order, last_fill=fill), at=at)


def stop_order(no: int, status: Is, **changes: Any) -> Order:
    return samples.order(no, status, side=Side.SELL, origin=Origin.STOP_LOSS, **changes)


def fills(messages: list[Json]) -> list[Json]:
    return [each for each in messages if "체결:" in each["text"]]


def ringing(messages: list[Json]) -> list[bool]:
    return [not each["silent"] for each in messages]


def protection(minute: float, *, armed: bool) -> Protection:
    return Protection(
        at=samples.NOW + timedelta(minutes=minute),
        armed=armed,
        source=StopPriceSource.TICKS if armed else StopPriceSource.NONE,
        symbols=(samples.TQQQ,),
        reason=NOTHING,
    )


async def test_an_order_is_silent_and_its_fill_rings_once_however_many_parts(delivering: OpenRoom) -> None:
    """The parts are told in one reply, which ends with the whole."""
    async with delivering() as room:
        await told(room, changed(samples.order(status=Is.SENT)))
        for part in (3, 5):
            order = samples.order(status=Is.PARTIALLY_FILLED, filled_qty=part, filled_amount=part * Decimal("61.19"))
            await told(room, changed(order, last_fill=samples.fill(part, key=f"p{part}")))
            await room.owner.reads(f"매수 체결: TQQQ {part}/10")
        await told(room, changed(samples.filled_order(), last_fill=samples.fill(2, key="last")))
        whole = await room.owner.reads("전량 체결")
        assert "10/10" in whole["text"]
        assert ringing(in_order(room)) == [False, True]


async def test_a_streak_of_the_rule_rings_once_and_again_after_an_hour_without_any(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, bought(1), bought(2, 20), bought(3, 70), bought(4, 131))
        assert ringing(fills(await settled(room, 8))) == [True, False, False, True]


async def test_another_ticker_and_what_a_person_asked_for_ring_all_the_same(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, bought(1), bought(2, 1, symbol=samples.O), bought(3, 2, origin=Origin.MANUAL))
        assert ringing(fills(await settled(room, 6))) == [True, True, True]


async def test_quiet_hours_and_levels_hold_for_fills_as_before(delivering: OpenRoom) -> None:
    async with delivering() as room:
        room.control.rules = rules(silent=["fills"])
        await told(room, bought(1))
        assert ringing(await settled(room, 2)) == [False, False]


async def test_a_stop_is_one_message_that_ends_with_its_result(delivering: OpenRoom) -> None:
    lock = TickerLocked(at=samples.NOW, lock=samples.lock())
    async with delivering() as room:
        await told(room, samples.stop_triggered(), lock)
        await told(room, changed(stop_order(30, Is.SENT)))
        await room.owner.sees(lambda each: "손절: TQQQ" in each["text"] and "#30" in each["text"])
        part = stop_order(30, Is.PARTIALLY_FILLED, filled_qty=4, filled_amount=Decimal(228))
        await told(room, changed(part, last_fill=samples.fill(4, side=Side.SELL, order_no=30)))
        done = stop_order(30, Is.FILLED, filled_qty=10, filled_amount=Decimal(570))
        await told(room, changed(done, last_fill=samples.fill(6, side=Side.SELL, order_no=30)))
        await told(room, samples.stop_finished(at=samples.NOW + timedelta(seconds=9)))
        ended = await room.owner.reads("손절 종료: TQQQ")
        for part_of_it in ("56.95", "-$31.93", "수익률 -5.01%", "#30 TQQQ", "체결 완료", "/release TQQQ"):
            assert part_of_it in ended["text"], part_of_it
        assert ringing(in_order(room)) == [True]
        assert set(room.outbox.done.values()) == {ended["id"]}


async def test_an_order_of_a_stop_that_nobody_knows_about_has_a_message_with_sound(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, samples.stop_triggered(), changed(stop_order(30, Is.SENT)))
        await told(room, changed(stop_order(30, Is.UNKNOWN)))
        stop, order = await settled(room, 2)
        assert "🔎" in "".join(labels(order))
        assert ringing([stop, order]) == [True, True]


@pytest.mark.parametrize("deletable", [True, False])
async def test_an_end_that_comes_late_rings_in_place_of_the_beginning(delivering: OpenRoom, deletable: bool) -> None:
    async with delivering() as room:
        if not deletable:
            refusal = {"code": 400, "description": "Bad Request: message can't be deleted for everyone"}
            await room.owner.post("fault", kind="error", method="deleteMessage", **refusal)
        await told(room, samples.stop_triggered())
        [fired] = await settled(room, 1)
        await told(room, samples.stop_finished(at=samples.NOW + timedelta(minutes=6)))
        ended = await room.owner.sees(lambda each: "손절 종료" in each["text"] and each["id"] != fired["id"])
        assert not ended["silent"]
        await until(lambda: all("손절 종료" in each["text"] for each in in_order(room)))
        assert len(in_order(room)) == (1 if deletable else 2)


async def test_an_end_that_leaves_shares_rings(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, samples.stop_triggered())
        await settled(room, 1)
        await told(room, samples.stop_finished(sold=4, left=6, reason=SaleEnd.SESSION_END))
        left = await room.owner.reads("6주가 남았습니다")
        assert not left["silent"]
        assert "👁 확인했습니다" in labels(left)


async def test_a_stop_goes_on_in_its_message_after_a_restart(delivering: OpenRoom, wall: FakeClock) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, samples.stop_triggered(), changed(stop_order(30, Is.SENT)))
            await room.owner.sees(lambda each: "#30" in each["text"])
        await wall.advance(20)
        async with delivering(chat=chat) as room:
            await told(room, changed(stop_order(31, Is.ACCEPTED)))
            await told(room, samples.stop_finished())
            ended = await room.owner.reads("손절 종료: TQQQ")
            assert all(name in ended["text"] for name in ("#30 TQQQ", "#31 TQQQ"))
            assert len(in_order(room)) == 1


async def test_an_order_of_the_next_stop_is_not_told_in_the_message_of_the_one_before(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, samples.stop_triggered(), samples.stop_finished(at=samples.NOW + timedelta(seconds=9)))
        later = samples.NOW + timedelta(minutes=30)
        order = stop_order(40, Is.SENT)
        await told(room, changed(replace(order, request=replace(order.request, created_at=later))))
        first, second = await settled(room, 2)
        assert "#40" not in first["text"]
        assert "#40" in second["text"]


async def test_a_panics_orders_do_not_ring_beside_it(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, samples.panic(), bought(1, origin=Origin.PANIC))
        assert ringing(await settled(room, 3)) == [True, False, False]


async def test_a_protection_that_comes_and_goes_rings_twice_and_is_counted_from_then_on(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, protection(0, armed=False))
        await told(room, protection(1, armed=True))
        await room.owner.reads("🔁 2회")
        await told(room, protection(2, armed=False))
        await room.owner.sees(lambda each: "작동하지 않" in each["text"] and "🔁" not in each["text"])
        for minute, armed in ((3, True), (4, False), (5, True), (6, False)):
            await told(room, protection(minute, armed=armed))
        await room.owner.reads("🔁 7회")
        await until(lambda: len(in_order(room)) == 1)
        sent = await room.owner.get("messages", after=0)
        assert ringing([each for each in sent if each["from"]["is_bot"]]) == [True, True]


async def test_a_protection_lost_again_later_rings_as_the_first_time(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, protection(0, armed=False))
        await told(room, protection(11, armed=True), protection(30, armed=False))
        assert ringing(await settled(room, 3)) == [True, True, True]


@pytest.mark.parametrize("ok", [True, False])
async def test_the_ready_check_rings_only_where_something_does_not_work(delivering: OpenRoom, ok: bool) -> None:
    line = HealthLine(name=NOTHING, ok=ok, detail=NOTHING)
    async with delivering() as room:
        await told(room, samples.ready_check(lines=(line,)))
        assert ringing(await settled(room, 1)) == [not ok]


async def test_a_refused_order_still_rings(delivering: OpenRoom) -> None:
    async with delivering() as room:
        event: OrderChanged = changed(samples.order(status=Is.REJECTED))
        await told(room, event)
        assert ringing(await settled(room, 1)) == [True]

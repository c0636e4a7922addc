"""Levels and quiet hours: what sounds, what comes silently, what is kept back, and that nothing is lost by it."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from bot.alerts.notification_level import fill_manner, manner
from strategy.model import Event, OrderChanged, OrderStatus, PriceAlertHit, Proposed, QuietHours
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.support.alert_rooms import GROUPS, changed, in_order, note, rules, settled, told

NIGHT = QuietHours(time(23), time(7))  # samples.NOW is 00:00 in Korea
DAYTIME = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # noon in Korea


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
def test_every_event_has_a_group_or_a_reason_to_have_none(event: Event) -> None:
    assert event.group in GROUPS or event.critical or isinstance(event, PriceAlertHit)


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
def test_critical_ones_sound_whatever_is_set(event: Event) -> None:
    off = rules(NIGHT, off=GROUPS)
    how = manner(event, off, samples.NOW)
    if event.critical:
        assert not how.kept_back
        assert not how.silent
    else:
        assert how.silent or how.kept_back


@pytest.mark.parametrize("name", GROUPS)
def test_each_level_means_what_it_says(name: str) -> None:
    for event in samples.every_event():
        if event.group != name:
            continue
        assert manner(event, rules(), DAYTIME).silent is not event.rings
        assert manner(event, rules(NIGHT), samples.NOW).silent
        assert manner(event, rules(NIGHT), DAYTIME).silent is not event.rings
        assert manner(event, rules(silent=[name]), DAYTIME).silent
        assert not manner(event, rules(off=set(GROUPS) - {name}), DAYTIME).kept_back
        kept_back = manner(event, rules(off=[name]), DAYTIME).kept_back
        assert kept_back or manner(event, rules(off=[name]), DAYTIME).silent


def test_what_needs_a_person_is_never_kept_back() -> None:
    off = rules(off=("orders", "session"))
    unknown = OrderChanged(at=samples.NOW, order=samples.order(status=OrderStatus.UNKNOWN))
    card = Proposed(at=samples.NOW, proposal=samples.proposal())
    for event in (unknown, card, samples.closed_proposal("expired")):
        assert not manner(event, off, DAYTIME).kept_back
    told_only = Proposed(at=samples.NOW, proposal=samples.proposal(ticket=None))
    assert manner(told_only, off, DAYTIME).kept_back


def test_fills_have_a_level_of_their_own() -> None:
    assert fill_manner(rules(off=["fills"]), DAYTIME).kept_back
    assert not fill_manner(rules(off=["orders"]), DAYTIME).kept_back
    assert fill_manner(rules(NIGHT), samples.NOW).silent


async def test_what_is_off_is_not_sent_but_kept(delivering: OpenRoom) -> None:
    async with delivering() as room:
        room.control.rules = rules(off=["notes"])
        await told(room, note(1), samples.trouble(), note(2))
        [message] = await settled(room, 1)
        assert "시세를 받지" in message["text"]
        kept = await room.outbox.told_between(samples.NOW, samples.NOW + timedelta(seconds=1))
        assert [(row.id, row.message_id) for row in kept if row.message_id is None] == [(1, None), (3, None)]


async def test_quiet_hours_lose_and_reorder_nothing(delivering: OpenRoom) -> None:
    async with delivering() as room:
        room.control.rules = rules(NIGHT)
        await told(room, note(1), note(2), samples.trouble(), note(3))
        messages = await settled(room, 4)
        assert [each["silent"] for each in messages] == [False, True, True, True]
        assert [f"소식 {n}" in each["text"] for n, each in zip((1, 2, 3), messages[1:], strict=True)] == [True] * 3


async def test_fills_are_told_alone_where_orders_are_off(delivering: OpenRoom) -> None:
    part = samples.order(status=OrderStatus.PARTIALLY_FILLED, filled_qty=3, filled_amount=Decimal("183.57"))
    async with delivering() as room:
        room.control.rules = rules(off=["orders"])
        await told(room, changed(samples.order()), changed(part, last_fill=samples.fill(3)))
        [fill] = await settled(room, 1)
        assert "매수 체결: TQQQ 3/10" in fill["text"]
        assert fill["reply_to"] is None


async def test_orders_are_told_without_replies_where_fills_are_off(delivering: OpenRoom) -> None:
    async with delivering() as room:
        room.control.rules = rules(off=["fills"])
        await told(room, changed(samples.order()), changed(samples.filled_order(), last_fill=samples.fill()))
        await room.owner.reads("체결 완료")
        assert len(in_order(room)) == 1

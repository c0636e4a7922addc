"""What is known is shown at once, with its age; the broker's answer takes its place in the same message."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.quick_answers import SOON_S
from strategy.model import TryLater
from tests.bot.conftest import Room
from tests.fakes import result_samples, samples
from tests.support.person import Json

QUICK_S = 0.3
ASKED = ("/positions", "/balance", "/order 12", "/quote TQQQ")


def silent(room: Room) -> asyncio.Event:
    """Let the broker say nothing until the event is set; what is known is a minute old."""
    room.control.broker_silent = asyncio.Event()
    known = result_samples.quote_view()
    room.control.quote_known_ = replace(
        known, quote=replace(known.quote, received_at=room.market.now() - timedelta(minutes=1), last=Decimal("60.01"))
    )
    held = samples.holdings()
    room.control.holdings_ = samples.holdings_view(
        holdings=replace(held, taken_at=room.market.now() - timedelta(minutes=1))
    )
    return room.control.broker_silent


async def edited(room: Room, message: Json) -> Json:
    """Wait until the message looks different."""
    return await room.owner.sees(lambda each: each["id"] == message["id"] and each != message)


@pytest.mark.parametrize("asked", ASKED)
async def test_memory_answers_with_its_age_and_the_same_message_becomes_the_brokers(room: Room, asked: str) -> None:
    answer = silent(room)
    first = await room.owner.ask(asked)
    assert "전 기준" in first["text"].splitlines()[0]
    assert "묻고 있습니다" in first["text"]
    answer.set()
    then = await edited(room, first)
    assert "묻고 있습니다" not in then["text"]
    assert then["id"] == first["id"]


async def test_english_says_the_same(room: Room) -> None:
    await room.owner.ask("/lang en")
    answer = silent(room)
    first = await room.owner.ask("/positions")
    assert first["text"].startswith("⏳ As known 1 min ago; asking the broker …")
    answer.set()
    assert "asking the broker" not in (await edited(room, first))["text"]


async def test_a_broker_that_answers_at_once_is_shown_alone(room: Room) -> None:
    shown = await room.owner.ask("/quote TQQQ")
    assert "묻고 있습니다" not in shown["text"]


async def test_what_is_known_stays_with_the_reason_where_the_broker_does_not_answer(room: Room) -> None:
    answer = silent(room)
    first = await room.owner.ask("/quote TQQQ")
    room.control.error = TryLater("busy")
    answer.set()
    then = await edited(room, first)
    assert "전 기준" in then["text"].splitlines()[0]
    assert then["text"].startswith("⚠️")
    assert "$60.01" in then["text"]


async def test_where_nothing_is_known_the_failure_itself_is_told(room: Room) -> None:
    room.control.error = TryLater("busy")
    told = await room.owner.ask("/quote TQQQ")
    assert "기준" not in told["text"]


def test_the_broker_gets_half_of_what_a_person_is_promised() -> None:
    assert SOON_S <= QUICK_S / 2


async def test_a_refresh_edits_its_own_message_twice(room: Room) -> None:
    shown: Json = await room.owner.ask("/positions")
    answer = silent(room)
    await room.owner.press(shown, "🔄")
    asking = await edited(room, shown)
    assert "묻고 있습니다" in asking["text"]
    answer.set()
    assert "묻고 있습니다" not in (await edited(room, asking))["text"]

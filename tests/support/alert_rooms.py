"""What the tests of alerts share: a real clock that they move, levels, and waiting for what a person sees."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

from bot.localchat import LocalChat
from strategy.model import AlertGroup, AlertRules, Event, Loudness, Notable, Order, OrderChanged, QuietHours
from tests.bot.conftest import Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.person import Json
from tests.support.words import made_up

GROUPS: tuple[str, ...] = tuple(AlertGroup)
PATIENCE_S = 30


def rules(
    quiet: QuietHours | None = None,
    *,
    off: Collection[str] = (),
    silent: Collection[str] = (),
    dashboard: bool = False,
) -> AlertRules:
    """Return everything on, but for the groups named."""
    levels = dict.fromkeys(GROUPS, Loudness.ON)
    levels |= dict.fromkeys(off, Loudness.OFF) | dict.fromkeys(silent, Loudness.SILENT)
    return AlertRules(levels=levels, quiet=quiet, dashboard=dashboard)


@asynccontextmanager
async def kept_chat() -> AsyncIterator[LocalChat]:
    """A chat that outlives the bot."""
    chat = LocalChat(rates=None)
    await chat.start()
    try:
        yield chat
    finally:
        await chat.aclose()


def note(number: int) -> Notable:
    return Notable(at=samples.NOW, key=f"n{number}", what=made_up(f"소식 {number}.", f"news {number}."))


def changed(order: Order, **changes: Any) -> OrderChanged:
    return OrderChanged(at=samples.NOW, order=order, **changes)


async def told(room: Room, *events: Event) -> None:
    """Store events and wait until all are delivered."""
    await room.outbox.add(events)
    async with asyncio.timeout(PATIENCE_S):
        await room.outbox.idle.wait()


async def until(true: Callable[[], bool]) -> None:
    """Wait for a condition that has no event of its own."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0)


async def resting(wall: FakeClock) -> None:
    """Wait until somebody sleeps in real time, as the delivery does before its next try."""
    await until(lambda: wall.next_wake is not None)


async def pass_time(wall: FakeClock, minutes: float, *, step_s: float = 15) -> None:
    """Let real time pass while sockets get their turn, so that whoever wakes is done before the next step."""
    for _ in range(round(minutes * 60 / step_s)):
        await resting(wall)
        await wall.advance(step_s)


def texts(room: Room) -> list[str]:
    return [message["text"] for message in in_order(room)]


def in_order(room: Room) -> list[Json]:
    found = [each for each in room.owner.from_bot() if each.get("text") and not each.get("deleted")]
    return sorted(found, key=lambda each: int(each["id"]))


async def settled(room: Room, count: int) -> list[Json]:
    """Wait until the person sees that many messages of the bot."""
    await room.owner.sees(lambda _: len(in_order(room)) >= count)
    return in_order(room)

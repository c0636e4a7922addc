"""Property: whatever keeps messages from the bot, through restarts and one after another, it is told in a minute."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import BotApp, open_bot
from bot.localchat import LocalChat
from strategy.model import Environment, SystemClock, Trouble
from tests.bot.conftest import telegram_settings
from tests.fakes import samples
from tests.fakes.chat_core import FakeControl
from tests.fakes.chat_storage import FakeNotes, FakeOutbox
from tests.fakes.clock import FakeClock
from tests.support.person import Json, Person, present

LIMIT = timedelta(seconds=60)
_ENDLESS = 100_000
deaf = st.sampled_from(
    (
        {"kind": "webhook"},
        {"kind": "conflict"},
        {"kind": "error", "method": "getUpdates", "code": 500},
        {"kind": "error", "method": "getUpdates", "code": 403},
        {"kind": "error", "method": "getUpdates", "code": 429, "retry_after": 90},
        {"kind": "error", "method": "getUpdates", "code": 429, "retry_after": 0},
        {"kind": "garbage", "method": "getUpdates"},
        {"kind": "timeout_before", "method": "getUpdates", "seconds": 0},
    )
)
passing = st.tuples(deaf, st.integers(1, 3))  # ends by itself, or with the next step
restarts = st.lists(st.booleans(), min_size=4, max_size=4)


@given(before=st.lists(passing, max_size=3), last=deaf, again=restarts)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_deaf_bot_is_told_within_a_minute(before: list[tuple[Json, int]], last: Json, again: list[bool]) -> None:
    asyncio.run(_voyage([*((fault, times) for fault, times in before), (last, _ENDLESS)], again))


async def _voyage(faults: list[tuple[Json, int]], again: list[bool]) -> None:
    wall, outbox, notes = FakeClock(SystemClock().now()), FakeOutbox(), FakeNotes()
    notes.outbox = outbox
    async with LocalChat(rates=None) as chat, present(chat.url, chat.owner_id) as owner:
        await owner.send("/start")
        for (fault, times), restart in zip(faults, again, strict=False):
            async with _bot(chat, wall, outbox, notes) as running, asyncio.TaskGroup() as group:
                tasks = [group.create_task(running.poll()), group.create_task(running.deliver())]
                if times != _ENDLESS:
                    await owner.post("fault", **fault, times=times)
                    await _passes(wall, 8 if restart else 3)
                else:
                    await _told_within(wall, owner, outbox, fault)
                for task in tasks:
                    task.cancel()
            await owner.delete("fault")


async def _told_within(wall: FakeClock, owner: Person, outbox: FakeOutbox, fault: Json) -> None:
    begun, seen = wall.now(), len(outbox.rows)
    await owner.post("fault", **fault, times=_ENDLESS)
    while not any(isinstance(row.event, Trouble) and row.done_at for row in outbox.rows[seen:]):
        assert wall.now() - begun <= LIMIT, [row.event for row in outbox.rows]
        await _passes(wall, 1)
    assert any("/stop" in message["text"] for message in owner.from_bot())


async def _passes(wall: FakeClock, seconds: int) -> None:
    for _ in range(seconds):
        await wall.advance(1)
        await asyncio.sleep(0.005)


def _bot(chat: LocalChat, wall: FakeClock, outbox: FakeOutbox, notes: FakeNotes) -> AbstractAsyncContextManager[BotApp]:
    return open_bot(
        telegram_settings(chat),
        control=FakeControl().services,
        outbox=outbox,
        notes=notes,
        messages=notes.messages,
        clock=FakeClock(samples.NOW),
        wall=wall,
        environment=Environment.VIRTUAL,
        account=samples.MASKED,
    )

"""The pacer: never over the limit in any second, at least 97 % of it under load, important calls first. Row S15."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.environment import Lane
from kis.rest.pacing import Pacer
from tests.fakes.clock import FakeClock, settle

START = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)


def pacer(clock: FakeClock, calls_per_s: float = 18, ledger: float = 0.95, slack: float = 0.01) -> Pacer:
    return Pacer(clock, calls_per_s=calls_per_s, ledger_calls_per_s=ledger, slack=slack)


async def take(subject: Pacer, lane: Lane) -> datetime:
    """Take a turn whose answer comes at once."""
    turn = await subject.turn(lane)
    turn.answered()
    return turn.at


def most_in_a_second(times: Sequence[datetime]) -> int:
    """Return the largest number of times within any sliding second, both ends open to argument included."""
    ordered = sorted(times)
    first, most = 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] > timedelta(seconds=1):
            first += 1
        most = max(most, last - first + 1)
    return most


async def grants(clock: FakeClock, subject: Pacer, calls: Sequence[Lane], seconds: float) -> list[datetime]:
    """Let all calls ask at once; return when each was granted within that time."""
    found: list[datetime] = []

    async def call(lane: Lane) -> None:
        found.append(await take(subject, lane))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(lane)) for lane in calls]
        await clock.advance(seconds)
        for task in tasks:
            task.cancel()
    return found


@pytest.mark.parametrize("limit", [18, 1])
async def test_under_load_the_limit_is_kept_and_used_s15(limit: int) -> None:
    clock = FakeClock(START)
    found = await grants(clock, pacer(clock, limit), [Lane.QUOTE] * (limit * 22), 20)
    assert most_in_a_second(found) <= limit
    assert len(found) >= 0.97 * limit * 20


async def test_a_burst_after_idleness_is_spread_too_s15() -> None:
    clock = FakeClock(START)
    subject = pacer(clock)
    found = await grants(clock, subject, [Lane.QUOTE] * 5, 0.9)
    await clock.advance(0.05)
    found += await grants(clock, subject, [Lane.QUOTE] * 40, 2)
    assert most_in_a_second(found) <= 18


async def test_an_order_goes_before_everything_that_waits() -> None:
    clock = FakeClock(START)
    subject = pacer(clock, 1)
    order: list[str] = []

    async def call(name: str, lane: Lane) -> None:
        await take(subject, lane)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name, lane in (
            ("first", Lane.QUOTE),
            ("quote", Lane.QUOTE),
            ("ledger", Lane.LEDGER),
            ("order", Lane.ORDER),
        ):
            group.create_task(call(name, lane))
            await settle()
        await clock.advance(5)
    assert order == ["first", "order", "ledger", "quote"]


async def test_an_order_waits_no_longer_than_one_gap_behind_a_flood_of_quotes() -> None:
    clock = FakeClock(START)
    subject = pacer(clock)
    async with asyncio.TaskGroup() as group:
        quotes = [group.create_task(take(subject, Lane.QUOTE)) for _ in range(200)]
        await clock.advance(1.3)
        asked_at = clock.now()
        order = group.create_task(take(subject, Lane.ORDER))
        await clock.advance(0.1)
        assert order.result() - asked_at <= timedelta(seconds=0.075)
        for task in quotes:
            task.cancel()


async def test_an_order_does_not_wait_at_all_while_the_second_has_room() -> None:
    clock = FakeClock(START)
    subject = pacer(clock)
    async with asyncio.TaskGroup() as group:
        quotes = [group.create_task(take(subject, Lane.QUOTE)) for _ in range(5)]
        await clock.advance(0.12)
        assert sum(task.done() for task in quotes) < len(quotes)  # the next one waits for its even distance
        orders = [group.create_task(take(subject, Lane.ORDER)) for _ in range(3)]
        await settle()
        assert [task.result() for task in orders] == [clock.now()] * 3
        for task in quotes:
            task.cancel()


async def test_account_calls_keep_their_own_slower_distance_and_hold_up_no_quote() -> None:
    clock = FakeClock(START)
    subject = pacer(clock)
    ledger: list[datetime] = []
    quotes: list[datetime] = []

    async def account() -> None:
        ledger.append(await take(subject, Lane.LEDGER))

    async def quote() -> None:
        quotes.append(await take(subject, Lane.QUOTE))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(account()) for _ in range(5)]
        tasks += [group.create_task(quote()) for _ in range(60)]
        await clock.advance(3.5)
        for task in tasks:
            task.cancel()
    assert len(ledger) == 4
    assert min(later - earlier for earlier, later in pairwise(ledger)) >= timedelta(seconds=1.05)
    assert len(quotes) >= 58
    assert most_in_a_second(ledger + quotes) <= 18


async def test_a_call_counts_from_its_answer_on_since_only_then_it_has_arrived() -> None:
    clock = FakeClock(START)
    subject = pacer(clock, 1)
    first = await subject.turn(Lane.QUOTE)
    async with asyncio.TaskGroup() as group:
        second = group.create_task(take(subject, Lane.ORDER))
        await clock.advance(0.8)  # slow: the server may have counted it just now
        first.answered()
        await clock.advance(0.9)
        assert not second.done()
        await clock.advance(0.2)
        assert second.result() - START >= timedelta(seconds=1.8)


async def test_a_call_that_hangs_does_not_hold_the_next_one_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kis.rest.pacing._UNDER_WAY_S", 0.0)
    clock = FakeClock(START)
    subject = pacer(clock, 1)
    await subject.turn(Lane.QUOTE)
    async with asyncio.TaskGroup() as group:
        order = group.create_task(take(subject, Lane.ORDER))
        await clock.advance(1.1)
        assert order.done()


async def test_a_cancelled_waiter_lets_the_next_one_pass() -> None:
    clock = FakeClock(START)
    subject = pacer(clock, 1)
    await take(subject, Lane.QUOTE)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(take(subject, Lane.QUOTE))
        second = group.create_task(take(subject, Lane.QUOTE))
        await settle()
        first.cancel()
        await clock.advance(1.1)
        assert second.done()


async def test_after_a_refusal_nothing_is_sent_for_a_while() -> None:
    clock = FakeClock(START)
    subject = pacer(clock)
    await take(subject, Lane.QUOTE)
    subject.hold(2.0)
    found = await grants(clock, subject, [Lane.ORDER], 3)
    assert found[0] - START >= timedelta(seconds=2)


@pytest.mark.parametrize(("limit", "lane"), [(1, Lane.ORDER), (1, Lane.QUOTE), (18, Lane.LEDGER)])
async def test_once_settled_a_program_that_knows_nothing_may_ask_quirk_35(limit: int, lane: Lane) -> None:
    clock = FakeClock(START)
    subject = pacer(clock, limit)
    await subject.settled()  # nothing was sent: at once
    first = await take(subject, lane)
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(subject.settled())
        await clock.advance(0.9)
        assert not leaving.done()
        await clock.advance(0.3)
        assert leaving.done()
    assert await take(pacer(clock, limit), lane) - first >= timedelta(seconds=1)


@settings(max_examples=40)
@given(
    limit=st.integers(1, 20),
    steps=st.lists(st.tuples(st.floats(0, 1.5), st.integers(1, 12), st.sampled_from(Lane)), min_size=1, max_size=12),
)
def test_no_second_ever_holds_more_than_the_limit(limit: int, steps: list[tuple[float, int, Lane]]) -> None:
    async def scenario() -> list[datetime]:
        clock = FakeClock(START)
        subject = pacer(clock, limit, ledger=5, slack=0.0)
        found: list[datetime] = []

        async def call(lane: Lane) -> None:
            found.append(await take(subject, lane))

        async with asyncio.TaskGroup() as group:
            tasks = []
            for pause, calls, lane in steps:
                tasks += [group.create_task(call(lane)) for _ in range(calls)]
                await clock.advance(pause)
            for task in tasks:
                task.cancel()
        return found

    found = asyncio.run(scenario())
    ordered = sorted(found)
    # a call at 0.0 and one at 1.0 s lie in different seconds
    assert all(ordered[at + limit] - ordered[at] >= timedelta(seconds=1) for at in range(max(0, len(ordered) - limit)))


@pytest.mark.parametrize("limit", [18, 3, 1])
async def test_what_nobody_waits_for_leaves_most_of_each_second_free(limit: int) -> None:
    clock = FakeClock(START)
    found = await grants(clock, pacer(clock, limit), [Lane.BACKGROUND] * (limit * 12), 10)
    assert most_in_a_second(found) <= max(1, limit // 3)
    assert len(found) >= 9 * max(1, limit // 3)  # and is not starved where nobody else asks


@pytest.mark.parametrize("limit", [18, 3])
async def test_an_order_never_waits_for_what_nobody_waits_for(limit: int) -> None:
    clock = FakeClock(START)
    subject = pacer(clock, limit)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take(subject, Lane.BACKGROUND)) for _ in range(200)]
        for _ in range(20):
            await clock.advance(0.37)
            asked = clock.now()
            order = group.create_task(take(subject, Lane.ORDER))
            await settle()
            assert order.done()
            assert order.result() == asked
        for task in tasks:
            task.cancel()


async def test_what_nobody_waits_for_goes_last() -> None:
    clock = FakeClock(START)
    subject = pacer(clock, 3)
    order: list[Lane] = []

    async def call(lane: Lane) -> None:
        await take(subject, lane)
        order.append(lane)

    async with asyncio.TaskGroup() as group:
        for lane in [Lane.BACKGROUND] * 3 + [Lane.QUOTE] * 6:
            group.create_task(call(lane))
        await clock.advance(60)
    assert order == [Lane.BACKGROUND, *[Lane.QUOTE] * 6, *[Lane.BACKGROUND] * 2]  # the first, since nobody else asked

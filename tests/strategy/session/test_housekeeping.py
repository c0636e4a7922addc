"""Old checks that led to nothing are forgotten, what they came to is not."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from strategy.model import (
    DecisionAction,
    DecisionReason,
    StorageError,
)
from strategy.runtime import Activity
from strategy.session.housekeeping import KEPT, Upkeep
from tests.fakes.clock import FakeClock, settle
from tests.fakes.stored_samples import decision
from tests.support.engine_bench import World, running

NOON = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)


async def test_old_checks_go_in_the_evening_and_stay_counted(tmp_path: Path) -> None:
    async with running(tmp_path, World.at(NOON)) as bench:
        add = bench.storage.decisions.add
        for days in (401, 402):
            await add(decision(decided_at=NOON - timedelta(days=days), reason=DecisionReason.NO_SIGNAL))
        await add(decision(decided_at=NOON - timedelta(days=500), reason=DecisionReason.BUY, action=DecisionAction.BUY))
        await add(decision(decided_at=NOON - timedelta(days=399), reason=DecisionReason.NO_SIGNAL))
        before = (await bench.core.control.results.statistics()).decisions
        await bench.until(NOON.replace(hour=23, minute=59))  # 19:59 in New York
        evening = len(await bench.storage.decisions.since(NOON - timedelta(days=1000)))
        await bench.pass_time(120)
        left = await bench.storage.decisions.since(NOON - timedelta(days=1000))
        assert evening - len(left) == 2
        assert [row.reason for row in left][:2] == ["buy", "no_signal"]
        assert (await bench.core.control.results.statistics()).decisions >= before


class Journal:
    """Counts the evenings; the first one fails."""

    def __init__(self) -> None:
        self.befores: list[datetime] = []

    async def forget(self, before: datetime, *, limit: int = 1_000) -> int:
        self.befores.append(before)
        if len(self.befores) == 1:
            raise StorageError("full")
        return limit if len(self.befores) in (2, 3) else 0


async def test_a_failure_waits_for_the_next_evening_and_portions_follow_each_other() -> None:
    clock, journal = FakeClock(NOON), Journal()
    upkeep = Upkeep(decisions=cast(Any, journal), clock=clock, activity=Activity())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(upkeep.run())
        await clock.advance(86_400)
        assert len(journal.befores) == 1
        await clock.advance(86_400)
        await settle()
        assert len(journal.befores) == 4
        task.cancel()
    evening = datetime(2026, 9, 15, 0, 0, tzinfo=UTC)  # 20:00 in New York
    assert journal.befores[0] == evening - KEPT
    assert journal.befores[1] == evening + timedelta(days=1) - KEPT

"""The garbage collector is kept out of the session."""

import asyncio
import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from weakref import ref

import pytest

from strategy.session.housekeeping import Sweeper
from tests.fakes.clock import FakeClock, settle

MORNING = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)  # 10:00 in New York


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Leave the collector of the tests as it was found."""
    yield
    gc.unfreeze()


class Knot:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.self = self


async def test_what_is_in_use_is_set_aside_at_the_start_and_garbage_goes_every_evening() -> None:
    clock = FakeClock(MORNING)
    async with asyncio.TaskGroup() as group:
        sweeping = group.create_task(Sweeper(clock).run())
        await settle()
        kept = gc.get_freeze_count()
        assert kept > 0
        knot = Knot()
        gone = ref(knot)
        gc.freeze()  # as if it had been in use at the sweep
        del knot
        gc.collect()
        assert gone() is not None  # set aside: no collection in the session visits it
        await clock.advance(9 * 3600)  # 19:00
        await settle()
        assert gone() is not None
        await clock.advance(3660)
        await settle()
        assert gone() is None
        sweeping.cancel()

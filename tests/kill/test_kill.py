"""The real process, killed with SIGKILL at numbered steps and random moments (spec 8).

Twenty times here; `python -m tests.kill` does two hundred.
."""

from pathlib import Path

import pytest

from tests.kill.__main__ import table
from tests.kill.campaign import plan, run
from tests.kill.steps import STEPS

TIMES = 20


@pytest.mark.timeout(600)
async def test_killed_again_and_again_nothing_is_doubled_lost_or_left_untold(tmp_path: Path) -> None:
    figures = await run(tmp_path, times=TIMES, seed=1)
    assert not figures.faults, table(figures)
    assert figures.kills >= TIMES
    assert figures.orders
    assert figures.fills


def test_two_hundred_kills_cover_every_step_and_many_moments() -> None:
    kills = [kill for group in plan(200, seed=1) for kill in group]
    assert len(kills) == 200
    assert {kill.step for kill in kills} >= STEPS.keys()
    assert sum(kill.step is None for kill in kills) >= 50

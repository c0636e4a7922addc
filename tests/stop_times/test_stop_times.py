"""The command that takes the stop's time takes it by the broker's books, and knows what is over the limit."""

from pathlib import Path

import pytest

from tests.stop_times.__main__ import ROOT, table
from tests.stop_times.run import Took, play
from tests.stop_times.scenes import SCENES, Scene


@pytest.mark.timeout(240)
async def test_with_nothing_wrong_the_stop_sells_within_the_limit(on_disk: Path) -> None:
    (calm,) = [scene for scene in SCENES if scene.fault == "-"]
    took = await play(calm, ROOT, on_disk / "scene")
    assert took.within(calm.limit_s), took


@pytest.mark.timeout(240)
async def test_a_program_that_does_not_live_is_no_stop(tmp_path: Path) -> None:
    broken = Scene(fault="-", name="an odd setting", trading={"stop_loss_rate": "5"})
    took = await play(broken, ROOT, tmp_path / "scene")
    assert str(took) == "ended with 2"
    assert not took.within(broken.limit_s)


def test_the_table_sets_two_builds_beside_the_limit() -> None:
    scenes = [Scene(fault="1", name="calm"), Scene(fault="22", name="bad print"), Scene(fault="34", name="lost")]
    old = {
        "1 calm": Took(0.2),
        "22 bad print": Took(None, "sold 100 for nothing", wrong=True),
        "34 lost": Took(None, "(0 of 100 sold)"),
    }
    new = {"1 calm": Took(0.1), "22 bad print": Took(1.04), "34 lost": Took(7.5, "(2 orders)")}
    assert table(scenes, {"old": old, "this build": new}).splitlines() == [
        "fault  scene      old                    this build      limit",
        "1      calm       0.2                    0.1             5",
        "22     bad print  sold 100 for nothing   1.0             5",
        "34     lost       never (0 of 100 sold)  7.5 (2 orders)  5      OVER",
    ]


def test_every_scene_is_another_one() -> None:
    assert len({scene.key for scene in SCENES}) == len(SCENES)

"""The demo's whole day, five tickers and its defaults, rings at most ten times; every order is told all the same."""

from collections import Counter
from pathlib import Path

import pytest

from bench.night import whole_day


@pytest.mark.timeout(900)
async def test_the_demos_day_rings_at_most_ten_times(tmp_path: Path) -> None:
    told = await whole_day(tmp_path)
    assert sum(each.sounding for each in told) <= 10
    kinds = Counter(each.kind for each in told)
    assert kinds["order of signal"] >= 10
    assert kinds["fill"] == kinds["order of signal"]  # each is told once
    assert any(each.sounding for each in told if each.kind == "fill")

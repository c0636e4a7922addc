"""How long to wait before something that failed is tried again."""

import random

from hypothesis import given
from hypothesis import strategies as st

from strategy.runtime import Backoff


def test_pauses_grow_to_the_longest_and_stay_there() -> None:
    backoff = Backoff.growing(1.0, 30.0)
    assert [backoff.pause(tries) for tries in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_pauses_can_be_written_out() -> None:
    assert [Backoff((1, 2, 5)).pause(tries) for tries in (0, 1, 2, 3, 10**9)] == [1, 2, 5, 5, 5]


@given(st.floats(0.001, 100), st.floats(1, 10_000), st.floats(1.1, 10), st.integers(0, 10**6), st.integers())
def test_no_pause_is_outside_of_its_limits(first: float, longest: float, factor: float, tries: int, seed: int) -> None:
    random.seed(seed)
    longest = max(first, longest)
    pause = Backoff.growing(first, longest, factor=factor, jitter=(0.75, 1.25)).pause(tries)
    assert first * 0.75 <= pause <= longest * 1.25

"""Who hears of what, and in which order, is what the one list says: nobody subscribes behind its back."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from strategy.wiring import core as module
from strategy.wiring.core import Listening
from tests.support.engine_bench import OPEN, World, running


def source_of(one: Listening) -> object:
    """Return the object that calls the listener."""
    method: Any = one.source.func if isinstance(one.source, partial) else one.source
    return method.__self__


def heard_by(source: Any) -> list[Callable[..., None]]:
    """Return whom a source calls, in its order."""
    kept = getattr(source, "_watchers", None)
    if kept is None:
        kept = source._listeners
    return [each[1] if isinstance(each, tuple) else each for each in kept]


async def test_the_order_of_listeners_is_that_of_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[Listening] = []
    given = module.listeners

    def noted(*parts: Any) -> Iterable[Listening]:
        listed.extend(given(*parts))
        return listed

    monkeypatch.setattr(module, "listeners", noted)
    async with running(tmp_path, World.at(OPEN)):
        pass
    expected: defaultdict[int, list[Callable[..., None]]] = defaultdict(list)
    sources: dict[int, object] = {}
    for one in listed:
        source = source_of(one)
        sources[id(source)] = source
        expected[id(source)].append(one.listener)
    assert len(sources) == 4
    for key, source in sources.items():
        assert heard_by(source) == expected[key], source

"""Whoever else listens to prices comes after the stop and cannot keep it, or anybody, from a price (promise 4)."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import Interval, Price, StopTriggered, Trouble
from tests.strategy.session.test_price_alert_monitor import hits, wait_for
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import TQQQ, Bench
from tests.support.words import english, korean, made_up

FAILING = made_up("시험", "the test's listener")


def refuse(_: Any) -> None:
    raise RuntimeError("a listener's own fault")


async def listeners_told(bench: Bench) -> list[Trouble]:
    return [trouble for trouble in await bench.told(Trouble) if trouble.key.startswith("listener:")]


async def test_the_stop_fires_within_the_tick_although_a_listener_always_raises(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.core.trading.watch.on_price(FAILING, refuse)
        bench.price(TQQQ, "94")
        await bench.settle()  # no time passes
        [triggered] = await bench.told(StopTriggered)
        assert triggered.source == "tick"
        assert [order.filled_qty for order in await bench.orders()] == [10]


async def test_the_stop_fires_although_the_bars_cannot_take_the_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        monkeypatch.setattr(type(bench.core.trading.watch.store(TQQQ, Interval.M1)), "add_tick", refuse)
        bench.price(TQQQ, "94")
        await bench.settle()
        assert len(await bench.told(StopTriggered)) == 1


async def test_a_failing_listener_is_told_once_in_an_hour(tmp_path: Path) -> None:
    """Thousands of ticks find the same fault; the others hear every one of them."""
    heard: list[Price] = []
    async with holding(tmp_path) as bench:
        await wait_for(bench, TQQQ, "99.90")
        bench.core.trading.watch.on_price(FAILING, refuse)
        bench.core.trading.watch.on_price(made_up("뒤", "the next"), heard.append)
        for cents in range(50):
            bench.price(TQQQ, Decimal(100) - Decimal(cents) / 100)
        await bench.pass_time(1800)
        [told] = await listeners_told(bench)
        assert english(FAILING) in english(told.what)
        assert korean(FAILING) in korean(told.what)
        assert len([price for price in heard if price.last >= Decimal("99.51")]) >= 50
        assert await hits(bench) == [(TQQQ, Decimal("99.90"))]
        await bench.pass_time(1805)
        bench.price(TQQQ, "100")
        await bench.settle()
        assert len(await listeners_told(bench)) == 2


async def test_a_listener_that_fails_on_an_answer_leaves_the_poll_to_the_stop(tmp_path: Path) -> None:
    async with holding(tmp_path, ticks=False) as bench:
        bench.core.trading.watch.on_price(FAILING, refuse)
        await bench.pass_time(5)
        bench.price(TQQQ, "94", tick=False)
        await bench.pass_time(6)
        assert [triggered.source for triggered in await bench.told(StopTriggered)] == ["poll"]


async def test_armed_by_ticks_means_that_ticks_were_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks flow but the comparison fails: told, never shown as armed by ticks, and prices are asked for instead."""
    async with holding(tmp_path) as bench:
        bench.price(TQQQ, "100")
        assert bench.core.protection.watchdog.state(TQQQ) == "ticks"
        monkeypatch.setattr(bench.core.protection.guard, "on_tick", refuse)
        for _ in range(8):
            await bench.pass_time(1)
            bench.price(TQQQ, "100")
        await bench.settle()
        assert bench.core.protection.watchdog.state(TQQQ) == "polling"
        assert bench.core.trading.watch.latest(TQQQ) is not None
        [told] = await listeners_told(bench)
        assert "stops" in english(told.what)
        bench.price(TQQQ, "94")
        await bench.pass_time(6)
        assert [triggered.source for triggered in await bench.told(StopTriggered)] == ["poll"]

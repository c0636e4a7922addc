"""How often a stop asks what is in force, held and offered between the price that fires it and its order's request."""

import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from strategy.execution.order_desk import LiveOrderDesk
from strategy.market import calendar
from strategy.market.market_data import LiveMarketData
from strategy.portfolio.account_sync import LiveAccountSync
from strategy.portfolio.positions import LivePositions
from strategy.risk.mode_store import ModeStore
from strategy.settings.store import SettingsStore
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import TQQQ, Bench

BEFORE = 63  # counted likewise before a stop's facts were read once
ASKED: dict[type, tuple[str, ...]] = {
    ModeStore: ("of", "chosen", "account", "lock"),
    SettingsStore: ("of", "value", "tickers", "account"),
    LivePositions: ("of", "scoped", "in_scope", "knows", "held", "known"),
    LiveAccountSync: ("last", "now", "reconciled"),
    LiveMarketData: ("_known", "latest", "quote", "newest_tick", "worth", "newest_indicators"),
    LiveOrderDesk: ("open_in", "blocked", "open"),
}


def _code(of: Any) -> CodeType:
    code: CodeType = getattr(of, "fget", of).__code__
    return code


LOOKUPS = {_code(vars(kind)[name]): f"{kind.__name__}.{name}" for kind, names in ASKED.items() for name in names} | {
    _code(calendar.current): "calendar.current"
}


async def lookups(bench: Bench, price: str) -> Counter[str]:
    """Stream a price; return what was asked until a request left, or until all is quiet; what asks inside is one."""
    asked: Counter[str] = Counter()
    submit = _code(type(bench.broker).submit)
    left = False

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        left = left or (event == "call" and frame.f_code is submit)
        inside = frame.f_back is not None and frame.f_back.f_code in LOOKUPS
        if event == "call" and not left and not inside and frame.f_code in LOOKUPS:
            asked[LOOKUPS[frame.f_code]] += 1

    sys.setprofile(count)
    try:
        bench.price(TQQQ, price)
        await bench.settle()
    finally:
        sys.setprofile(None)
    return asked


async def test_a_price_that_fires_nothing_asks_nothing(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        await bench.pass_time(3)
        assert await lookups(bench, "99") == Counter()


async def test_a_stop_asks_less_than_half_of_what_it_did(tmp_path: Path) -> None:
    """What the desk asks at its door is asked there all the same, before the intent is stored and after."""
    async with holding(tmp_path) as bench:
        await bench.pass_time(3)
        asked = await lookups(bench, "94")
        assert len(bench.broker.submitted) == 1
    print(f"{asked.total()} of {BEFORE}: {dict(asked)}")
    assert asked.total() * 2 < BEFORE
    assert asked["LiveOrderDesk.blocked"] == 2
    assert asked["ModeStore.of"] == asked["ModeStore.lock"] == 3  # as it fired, and twice at the door

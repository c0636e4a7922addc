"""When silent tickers are asked for their price (promise 4: within STOP_POLL_S, whatever happens to another ticker)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from strategy.model import Mode, ModeState, Moment, StopTriggered, Symbol
from strategy.runtime import Activity
from strategy.stops.price_watchdog import PriceWatchdog
from tests.fakes.clock import FakeClock, trading_settings
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, O


class RunningClock(FakeClock):
    """Time also passes between two calls, as the machine's does."""

    def now(self) -> Moment:
        self.set(super().now() + timedelta(microseconds=1))
        return super().now()


class Held:
    """Stands in for guard, watch and settings: tickers held, no ticks of any, prices only where they are asked for."""

    def __init__(self, clock: FakeClock, *symbols: Symbol) -> None:
        self.clock = clock
        self.lines = dict.fromkeys(symbols)
        self.asked: Counter[Symbol] = Counter()
        self.seen: dict[Symbol, datetime] = {}
        self.hanging: dict[Symbol, asyncio.Event] = {}

    def on_rearm(self, watcher: Any) -> None:
        pass

    def in_session(self) -> bool:
        return True

    def allowed(self, symbol: Symbol) -> bool:
        return symbol in self.lines

    def running(self, symbol: Symbol) -> bool:
        return symbol not in self.lines

    def wants_price(self, symbol: Symbol) -> bool:
        return False

    def compared_at(self, symbol: Symbol) -> datetime | None:
        return self.seen.get(symbol)

    def check(self, symbol: Symbol, quote: None, source: str) -> None:
        self.seen[symbol] = self.clock.now()

    async def fresh_quote(self, symbol: Symbol) -> None:
        self.asked[symbol] += 1
        if symbol in self.hanging:
            await self.hanging[symbol].wait()

    def of(self, symbol: Symbol | None) -> Any:
        return trading_settings(stop_poll_s="5")


@asynccontextmanager
async def polling(held: Held) -> AsyncIterator[None]:
    parts: Any = {"guard": held, "watch": held, "settings": held, "notifier": held, "notes": held}
    watchdog = PriceWatchdog(**parts, clock=held.clock, wall=held.clock, activity=Activity())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watchdog._poll())
        yield
        task.cancel()


async def turns(count: int = 100) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_tickers_without_any_price_are_asked_at_once_while_time_goes_on() -> None:
    """Due now is due, although the clock has moved by the time it is compared with."""
    held = Held(RunningClock(OPEN), TQQQ, O, XLF)
    async with polling(held):
        await turns()
        assert held.asked == {TQQQ: 1, O: 1, XLF: 1}


async def test_a_ticker_whose_answer_hangs_holds_up_no_other() -> None:
    held = Held(FakeClock(OPEN), TQQQ, XLF)
    held.hanging[TQQQ] = asyncio.Event()
    async with polling(held):
        await turns()
        for _ in range(3):
            await held.clock.advance(5)
            await turns()
        assert held.asked == {TQQQ: 1, XLF: 4}
        held.hanging.pop(TQQQ).set()
        await turns()
        await held.clock.advance(5)
        await turns()
        assert held.asked[TQQQ] == 2


async def test_a_ticker_let_go_on_is_asked_for_within_stop_poll_s(tmp_path: Path) -> None:
    """Halted, nothing is asked; the poll must not sleep on once stops may sell again."""

    def mode(mode: Mode, at: datetime) -> ModeState:
        return ModeState(mode=mode, symbol=None, set_by=OWNER, set_at=at, reason="test", until=None)

    async with holding(tmp_path, ticks=False, check_interval_minutes="30", reconcile_interval_s="3600") as bench:
        await bench.pass_time(5)
        await bench.core.base.modes.set(mode(Mode.HALTED, bench.clock.now()))
        await bench.pass_time(60)
        bench.price(TQQQ, "94", tick=False)
        await bench.core.base.modes.set(mode(Mode.RUN, bench.clock.now()))
        await bench.pass_time(6)
        [triggered] = await bench.told(StopTriggered)
        assert triggered.source == "poll"

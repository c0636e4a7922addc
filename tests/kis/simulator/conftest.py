from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from kis.simulator.clock import SimClock
from kis.simulator.options import Served, SimulatorOptions
from kis.simulator.server import Simulator, build_market
from tests.kis.simulator.outside import Outside

NOON = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)  # 12:00 New York, a Tuesday
Starter = Callable[..., Awaitable[Outside]]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    """Start a simulator and log in from outside; time stands still, limits and lags are off unless asked for."""
    async with AsyncExitStack() as stack:

        async def starter(
            *,
            virtual: bool = True,
            now: datetime = NOON,
            login: bool = True,
            replay: Any = None,
            seed: int = 1,
            **more: Any,
        ) -> Outside:
            settings: dict[str, Any] = {
                "rate_limits": False,
                "ccnl_lag_s": (0.0, 0.0),
                "balance_lag_s": (0.0, 0.0),
            }
            environment = Served.VIRTUAL if virtual else Served.REAL
            options = SimulatorOptions(environment=environment, **(settings | more))
            clock = SimClock(now)
            simulator = Simulator(options, market=build_market(options, now, seed, replay), clock=clock, seed=seed)
            await simulator.start()
            stack.push_async_callback(simulator.aclose)
            http = await stack.enter_async_context(aiohttp.ClientSession())
            outside = Outside(simulator, http, virtual)
            stack.callback(outside.let_go)
            return await outside.login() if login else outside

        yield starter

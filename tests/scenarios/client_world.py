"""The core over the real client and a simulated KIS, without a chat: what a broken wire does to trading.

Market time stands still but for what a test lets pass; real time is waited for only where the client itself waits
for the network.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession

import kis.client
from kis.connect import Kis, open_kis
from kis.settings import KisSettings
from kis.simulator.clock import SimClock
from kis.simulator.market.market import SimMarket
from kis.simulator.market.replay import read_replay
from kis.simulator.options import Served, SimulatorOptions
from kis.simulator.server import Simulator
from kis.stream.connection import Patience
from kis.stream.reconnect import ReconnectPauses
from storage.database import Storage, open_storage
from strategy.model import Event, Mode, ModeState, Symbol, views
from strategy.settings.schema import TradingSettings
from strategy.wiring.core import Core, build_core
from tests.fakes.clock import SAMPLE_SETTINGS, FakeClock
from tests.scenarios.stepping import DatabaseCalls, Stepper, until_idle
from tests.support.engine_bench import OWNER, journals_of

KEY, SECRET = "K" * 36, "S" * 180
VISIBILITY_LAG_S = 20.0  # of the broker's list of orders; shorter than in life, so that unknown orders settle soon
TQQQ = Symbol.parse("NASDAQ:TQQQ")
SHORT_S = 0.2  # real seconds the client waits for an answer, where some are waited for in vain
_PATIENT_S = 10.0  # ... and where none is: a busy machine is slow
_NAP_S = 0.003
_PATIENCE = 1.5 * SHORT_S / _NAP_S  # naps after which nothing on the network is waited for any more
Result = TypeVar("Result")
Kind = TypeVar("Kind")


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def take(self) -> list[logging.LogRecord]:
        """Return what was logged since the last call."""
        records, self.records = self.records, []
        return records


async def _no_fault() -> None:
    return


@dataclass(kw_only=True)
class ClientWorld:
    """One running core, its client, and the simulated KIS it talks to."""

    core: Core
    kis: Kis
    storage: Storage
    simulator: Simulator
    clock: FakeClock
    stepper: Stepper
    calls: DatabaseCalls
    http: ClientSession
    log: Heard
    told: int = 0
    inject: Callable[[], Awaitable[None]] = field(default=_no_fault)  # a deed may inject its fault midway

    # time

    async def until(self, instant: datetime) -> None:
        await self.stepper.run_until(instant)

    async def pass_time(self, seconds: float) -> None:
        """Let market time pass, and wait in real time for whatever the network still owes."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:
            await self.until(min(end, self.clock.now() + timedelta(seconds=1)))
            await self._network()

    async def _network(self) -> None:
        """Wait, a little real time at most, for calls under way."""
        for _ in range(3):
            if self.core.base.activity.quiet:
                return
            await asyncio.sleep(0.002)

    async def drive(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await work that waits for market time (pacing, a new token) and for the network (time-outs)."""
        task = asyncio.get_running_loop().create_task(work)
        patience = 0
        async with asyncio.timeout(60):
            while True:
                await until_idle(self.calls)
                if task.done():
                    return task.result()
                due, soon = self.clock.next_wake, self.clock.now() + timedelta(seconds=2)
                if due is not None and (due <= soon or patience > _PATIENCE):
                    patience = 0
                    await self.until(due)
                else:
                    patience += 1
                    await asyncio.sleep(_NAP_S)

    async def wait_for(self, condition: Callable[[], bool], *, within_s: float) -> bool:
        """Let market time pass until something is true; return whether it became so in time."""
        end = self.clock.now() + timedelta(seconds=within_s)
        while not condition() and self.clock.now() < end:
            await self.pass_time(1)
            await asyncio.sleep(_NAP_S)  # sockets are opened in real time
        return condition()

    # the simulated KIS

    async def control(self, path: str, **body: Any) -> None:
        """Make a control call."""
        async with self.http.post(f"{self.simulator.rest_url}/sim/{path}", json=body) as response:
            assert response.status == 200, await response.text()

    async def fault(self, kind: str, *, count: int = 1_000_000, **more: Any) -> None:
        """Put a fault in force until it is cleared."""
        await self.control("fault", kind=kind, count=count, **more)

    async def clear(self) -> None:
        async with self.http.delete(f"{self.simulator.rest_url}/sim/fault") as response:
            assert response.status == 200

    async def books(self) -> dict[str, Any]:
        """Return the broker's own books."""
        async with self.http.get(f"{self.simulator.rest_url}/sim/state") as response:
            found: dict[str, Any] = await response.json()
            return found

    # the owner

    async def news(self, kind: type[Kind]) -> list[Kind]:
        """Return the events of a kind told since the last call of `forget`."""
        rows = sorted(await self.storage.outbox.pending(100_000), key=lambda row: row.id)
        events: list[Event] = [row.event for row in rows if row.id > self.told]
        return [event for event in events if isinstance(event, kind)]

    async def forget(self) -> None:
        rows = await self.storage.outbox.pending(100_000)
        self.told = max((row.id for row in rows), default=0)


@asynccontextmanager
async def running(
    directory: Path,
    *,
    replay: Path,
    start: datetime,
    trading: Mapping[str, str],
    options: SimulatorOptions | None = None,
    virtual: bool = False,
    timeout_s: float = _PATIENT_S,
) -> AsyncIterator[ClientWorld]:
    """Start simulator, client and core at `start`, armed and idle; pauses of the network are short.

    `timeout_s` is real, and also for how long a socket may be mute: short only where that is what is tested.
    """
    options = options or SimulatorOptions(
        environment=Served.VIRTUAL if virtual else Served.REAL, prints_a_minute=2, pingpong_s=1800
    )
    market = SimMarket(start, seed=1, replay=read_replay(replay), prints_a_minute=options.prints_a_minute)
    simulator = Simulator(options, market=market, clock=SimClock(start, speed=0), seed=1)
    calls, clock, log = DatabaseCalls(), FakeClock(start), Heard()
    async with AsyncExitStack() as stack:
        stack.enter_context(calls.counted())
        stack.enter_context(_short_pauses())
        stack.enter_context(_listening(log))
        await simulator.start(0)
        stack.push_async_callback(simulator.aclose)
        http = await stack.enter_async_context(ClientSession())
        storage = await stack.enter_async_context(open_storage(directory / "data"))
        settings = _kis_settings(simulator, virtual=virtual, timeout_s=timeout_s)
        client = await stack.enter_async_context(open_kis(settings, clock=clock, data_dir=directory / "data"))
        client.account_stream._backoff = ReconnectPauses(scale=0.002)
        client.account_stream._patience = Patience(
            ack_s=max(1.0, timeout_s), retry_s=0.01, probe_s=timeout_s, silence_s=60
        )
        core = build_core(
            base=TradingSettings.model_validate({**SAMPLE_SETTINGS, **trading}),
            env_names=frozenset(),
            environment=views.Environment.VIRTUAL if virtual else views.Environment.REAL,
            account_masked=settings.account_no.masked,
            journals=journals_of(storage),
            broker=client.broker,
            market=client.market,
            stream=client.stream,
            clock=clock,
            wall=clock,
            arm_secret=settings.account_no.last_four,
            visibility_lag_s=VISIBILITY_LAG_S,
        )

        def due() -> datetime | None:
            moments = (simulator.world.next_ms(), simulator.world.stream.next_beat_ms())
            known = [moment for moment in moments if moment is not None]
            return datetime.fromtimestamp(min(known) / 1000, UTC) if known else None

        stepper = Stepper(clock, market_due=due, market_advance=simulator.advance_to, calls=calls)
        world = ClientWorld(
            core=core,
            kis=client,
            storage=storage,
            simulator=simulator,
            clock=clock,
            stepper=stepper,
            calls=calls,
            http=http,
            log=log,
        )
        await core.load()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(), name=name) for name, run in core.tasks]
            try:
                if not virtual:
                    await core.control.arming.accept_disclaimer(OWNER)
                    await core.control.arming.arm(OWNER, settings.account_no.last_four)
                    now = clock.now()  # its preview asks the broker, for which market time would have to pass
                    chosen = ModeState(mode=Mode.RUN, symbol=None, set_by=OWNER, set_at=now, reason="chat", until=None)
                    await core.base.modes.set(chosen)
                yield world
            finally:
                for task in reversed(tasks):
                    task.cancel()


@contextmanager
def _short_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kis.client, "_NETWORK_PAUSE_S", 0.001)
        yield


@contextmanager
def _listening(log: Heard) -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(log)
        root.setLevel(level)


def _kis_settings(simulator: Simulator, *, virtual: bool, timeout_s: float) -> KisSettings:
    return KisSettings.model_validate(
        {
            "is_virtual": virtual,
            "hts_id": "demo01",
            "app_key": KEY,
            "app_secret": SECRET,
            "account_no": "5012345601",
            "rest_url_base": simulator.rest_url,
            "ws_url_base": simulator.ws_url,
            "kis_read_timeout_s": timeout_s,
            "kis_timeout_s": timeout_s,
        }
    )

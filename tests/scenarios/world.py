"""The whole program beside a simulated KIS and a local chat, in one process, on stepped market time."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

import main
from bot.localchat import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat
from bot.settings import TelegramSettings
from kis.settings import KisSettings
from kis.simulator.clock import SimClock
from kis.simulator.market.replay import read_replay
from kis.simulator.options import KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator, build_market
from storage.settings import StorageSettings
from strategy.model import views
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import SAMPLE_SETTINGS, FakeClock
from tests.scenarios.stepping import DatabaseCalls, Stepper, until_idle

MARKET_DATA = Path(__file__).parents[2].parent / "shared" / "market-data"
Row = dict[str, Any]
KEY, QUOTE_KEY, SECRET = "K" * 36, "Q" * 36, "S" * 180


def recorded(folder: Path, **files: str) -> Path:
    """Return a folder that holds just these recorded files, such as `minute="AAPL"`."""
    for kind, ticker in files.items():
        target = folder / kind
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(MARKET_DATA / kind / f"{ticker}.csv.gz", target)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One running program, and the handles a scenario needs."""

    program: main.Program
    simulator: Simulator
    chat: LocalChat
    clock: FakeClock
    stepper: Stepper
    calls: DatabaseCalls
    http: ClientSession
    directory: Path

    async def until(self, instant: datetime) -> None:
        """Let market time pass; every part does what is due on the way."""
        await self.stepper.run_until(instant)

    async def idle(self) -> None:
        await until_idle(self.calls)

    async def say(self, text: str) -> None:
        """Type something as the owner."""
        async with self.http.post(f"{self.chat.url}/user/send", json={"text": text}) as response:
            response.raise_for_status()
        await self.idle()

    async def messages(self) -> list[dict[str, Any]]:
        """Return the chat as the owner sees it."""
        async with self.http.get(f"{self.chat.url}/user/messages", params={"after": 0}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found

    async def texts(self) -> str:
        return "\n\n".join(message["text"] or "" for message in await self.messages())

    async def state(self) -> dict[str, Any]:
        """Return the broker's own books."""
        async with self.http.get(f"{self.simulator.rest_url}/sim/state") as response:
            found: dict[str, Any] = await response.json()
            return found

    async def control(self, path: str, **body: Any) -> None:
        """Make a control call of the simulator."""
        async with self.http.post(f"{self.simulator.rest_url}/sim/{path}", json=body) as response:
            assert response.status == 200, await response.text()


@asynccontextmanager
async def running(
    directory: Path,
    *,
    replay: Path | None = None,
    start: datetime | None = None,
    seed: int = 1,
    options: SimulatorOptions | None = None,
    virtual: bool = True,
    quotes: bool = True,
    environment: views.Environment | None = None,
    trading: Mapping[str, str],
    keep_bars: bool = False,
) -> AsyncIterator[World]:
    """Start simulator, chat and program, all idle at `start`; stop everything at the end.

    `trading` are settings by their lower-case `.env` names, `quotes` gives a virtual account a quote key. A replay
    starts at its own first open unless told. Bars are not kept unless told: a month of them takes seconds.
    """
    recording = read_replay(replay) if replay is not None else None
    begin = start or (recording.start() if recording is not None else None)
    assert begin is not None
    options = options or SimulatorOptions(
        environment=Served.VIRTUAL if virtual else Served.REAL,
        keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),),
    )
    market = build_market(options, begin, seed, recording)
    simulator = Simulator(options, market=market, clock=SimClock(begin, speed=0), seed=seed)
    calls = DatabaseCalls()
    clock = FakeClock(begin)
    async with AsyncExitStack() as stack:
        stack.enter_context(calls.counted())
        await simulator.start(0)
        stack.push_async_callback(simulator.aclose)
        chat = LocalChat(rates=None)
        await chat.start(0)
        stack.push_async_callback(chat.aclose)
        http = await stack.enter_async_context(ClientSession())
        settings = settings_for(simulator, chat, directory, virtual=virtual, quotes=quotes, trading=trading)
        if keep_bars:
            settings = replace(settings, storage=settings.storage.model_copy(update={"keep_bars": "on"}))
        kind = environment or (views.Environment.VIRTUAL if virtual else views.Environment.REAL)
        program = await main.assemble(stack, settings, environment=kind, clock=clock, database_dir=directory / "data")
        stop = asyncio.Event()
        await program.core.load()

        def due() -> datetime | None:
            moments = [
                ms for ms in (simulator.world.next_ms(), simulator.world.stream.next_beat_ms()) if ms is not None
            ]
            return datetime.fromtimestamp(min(moments) / 1000, UTC) if moments else None

        stepper = Stepper(clock, market_due=due, market_advance=simulator.advance_to, calls=calls)
        async with asyncio.TaskGroup() as group:
            group.create_task(main.serve(program, stop), name="program")
            world = World(
                program=program,
                simulator=simulator,
                chat=chat,
                clock=clock,
                stepper=stepper,
                calls=calls,
                http=http,
                directory=directory,
            )
            await world.say("/start")
            try:
                yield world
            finally:
                stop.set()


def settings_for(
    simulator: Simulator, chat: LocalChat, directory: Path, *, virtual: bool, quotes: bool, trading: Mapping[str, str]
) -> main.Settings:
    kis: dict[str, Any] = {
        "is_virtual": virtual,
        "hts_id": "demo01",
        "app_key": KEY,
        "app_secret": SECRET,
        "account_no": "5012345601",
        "rest_url_base": simulator.rest_url,
        "ws_url_base": simulator.ws_url,
    }
    if virtual and quotes:
        kis |= {"quote_app_key": QUOTE_KEY, "quote_app_secret": SECRET}
    return main.Settings(
        kis=KisSettings.model_validate(kis),
        telegram=TelegramSettings.model_validate(
            {
                "telegram_bot_token": DEFAULT_TOKEN,
                "telegram_chat_id": DEFAULT_OWNER_ID,
                "telegram_chat_test_id": DEFAULT_OWNER_ID,
                "telegram_api_url": chat.url,
            }
        ),
        trading=TradingSettings.model_validate({**SAMPLE_SETTINGS, **trading}),
        storage=StorageSettings.model_validate(
            {"data_dir": directory / "data", "log_dir": directory / "logs", "keep_bars": "off"}
        ),
    )


def facts(directory: Path) -> dict[str, list[Row]]:
    """Return what a run decided and did, as the database keeps it."""
    found: dict[str, list[Row]] = {}
    with closing(sqlite3.connect(directory / "data" / "trader.db")) as database:
        database.row_factory = sqlite3.Row
        for table, query in (
            ("decisions", "SELECT * FROM decisions ORDER BY id"),
            ("orders", "SELECT * FROM orders ORDER BY no"),
            ("order_states", "SELECT * FROM order_states ORDER BY id"),
            ("fills", "SELECT * FROM fills ORDER BY id"),
        ):
            found[table] = [dict(row) for row in database.execute(query)]
    return found

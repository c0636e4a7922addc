"""One program of one checkout beside this tree's simulator and chat, and the hands of a test on all of them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.localchat import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat
from kis.simulator.clock import SimClock, wall_now
from kis.simulator.market.calendar import new_york
from kis.simulator.market.market import SimMarket
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator
from tests.fakes.clock import SAMPLE_SETTINGS
from tests.kill.forks import clean_environment
from tests.support.person import Json, Person

LAUNCH = Path(__file__).parent / "launch.py"
KEY, QUOTE_KEY, SECRET = "K" * 36, "Q" * 36, "S" * 180
START_DAY = date(2026, 11, 17)
START = new_york(START_DAY, time(11, 7))
CALM_SPEED = 20.0  # market seconds a second while the program starts
_READY_S = 60.0  # real seconds a start may take on a busy machine
_SETTLE_S = 30.0  # market seconds between the first subscription and the first trouble
_PULSE_S = 1.0  # market seconds between two prints
_ANSWER_S = 20.0
CENT = Decimal("0.01")

# a rule that never wants anything: what is sold here, the stop sells
QUIET = {
    "trading_tickers": "NASDAQ:TQQQ",
    "check_interval_minutes": "240",
    "rsi_oversold": "1",
    "rsi_overbought": "99",
    "stop_loss_rate": "-5",
    "daily_loss_limit_pct": "off",
    "dashboard": "off",
}


class Ended(Exception):
    """The program is no more."""


@dataclass(kw_only=True)
class Stage:
    """What a scene plays on."""

    checkout: Path
    directory: Path
    simulator: Simulator
    chat: LocalChat
    person: Person
    http: ClientSession
    symbol: str
    price: Decimal
    broken: str = "-"  # the part of the program that fails, none
    process: asyncio.subprocess.Process | None = None
    own_clock: bool = False  # it goes by the machine's clock, not by the simulator's
    calm_speed: float = CALM_SPEED
    pulsing: bool = True

    # the program

    async def begin(self) -> None:
        """Start the program and let it settle; raise Ended when it does not live that long."""
        clock: tuple[str, ...] = ("--sim-clock", self.simulator.rest_url)
        if self.own_clock:  # which shows the market's time, and must run as fast
            lead = (self.now() - wall_now()).total_seconds()
            self.broken, clock, self.calm_speed = f"clock={lead}", (), 1.0
            self.simulator.clock.set_speed(1)
            await self.fault("clock_offset", offset_s=lead)  # what the server's answers say it is
        output = (self.directory / "output").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(LAUNCH), str(self.checkout), self.broken, *clock,
            cwd=self.directory, env=clean_environment() | {"PYTHONPATH": str(self.checkout)},
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        output.close()
        self.simulator.clock.set_speed(self.calm_speed)
        with suppress(TimeoutError):  # a program that never subscribes has its stop tried all the same
            async with asyncio.timeout(_READY_S):
                while not self._listens():
                    self.check_alive()
                    await asyncio.sleep(0.05)
        await self.pass_time(_SETTLE_S)

    async def end(self) -> None:
        """Ask the program to stop, and wait until it has."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                await self.process.wait()
        await self.kill()

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()

    def check_alive(self) -> None:
        if self.process is not None and self.process.returncode is not None:
            raise Ended(f"ended with {self.process.returncode}")

    def _listens(self) -> bool:
        held = {row["tr_key"] for row in self.simulator.world.stream.subscriptions() if row["tr_id"] == "HDFSCNT0"}
        return any(key.endswith(self.symbol) for key in held)

    # time and market

    def now(self) -> datetime:
        return self.simulator.clock.now()

    async def pass_time(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> bool:
        """Let market seconds pass while the ticker trades on; return whether something came true meanwhile."""
        clock = self.simulator.clock
        end = clock.now_ms() + round(seconds * 1000)
        printed = 0
        while clock.now_ms() < end and not until():
            self.check_alive()
            if clock.now_ms() - printed >= _PULSE_S * 1000:
                printed = clock.now_ms()
                await self._pulse()
            await asyncio.sleep(0.01)
        return until()

    async def jump(self, when: datetime) -> None:
        """Put market time on, with nothing but the clock happening on the way."""
        await self.simulator.advance_to(when)

    async def set_clock(self, *, back: bool) -> None:
        """Put the program's machine back or on by an hour."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1 if back else signal.SIGUSR2)
        await self.pass_time(5)

    async def pace(self, speed: float) -> None:
        """Let market time run at another speed, known to the program before anything else happens."""
        self.simulator.clock.set_speed(speed)
        await asyncio.sleep(0.3)  # it looks at the simulator's clock ten times a second

    async def print(self, price: Decimal, symbol: str | None = None) -> None:
        """Let a ticker trade at a price, with a book around it, and go on trading there."""
        self.price = price if symbol in {None, self.symbol} else self.price
        await self.sim(
            "tick", symbol=symbol or self.symbol, last=str(price), bid=str(price - CENT), ask=str(price + CENT),
            volume=500,
        )  # fmt: skip

    async def _pulse(self) -> None:
        tape = self.simulator.market.tape(self.symbol)
        if self.pulsing and tape is not None and not tape.halted:
            await self.print(self.price)

    async def sim(self, path: str, **body: Any) -> Json:
        async with self.http.post(f"{self.simulator.rest_url}/sim/{path}", json=body) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def fault(self, kind: str, **more: Any) -> None:
        await self.sim("fault", kind=kind, **more)

    async def clear(self) -> None:
        async with self.http.delete(f"{self.simulator.rest_url}/sim/fault"):
            pass

    def in_force(self, kind: str) -> bool:
        world = self.simulator.world
        return world.faults.peek(kind, world.now_ms) is not None

    # the account

    def held(self, symbol: str | None = None) -> int:
        return self.simulator.world.broker.main.ledger.qty(symbol or self.symbol)

    def sells(self) -> list[Any]:
        """Return the sells that came over the wire."""
        orders = self.simulator.world.broker.orders
        return [order for order in orders if not order.buying and order.change != "02" and order.medium == "OpenAPI"]

    # the owner

    async def confirmed(self, text: str) -> None:
        """Ask for something that matters and press its button."""
        sent = await self.person.send(text)
        async with asyncio.timeout(_ANSWER_S):
            preview = await self.person.sees(lambda message: message["id"] > sent and _button(message) is not None)
        data = _button(preview)
        assert data is not None
        await self.person.press_data(preview["id"], data)

    def screen(self) -> str:
        """Return what the owner has been shown."""
        return "\n\n---\n".join(str(self.person.screen[number]["text"]) for number in sorted(self.person.screen))

    def keep_chat(self) -> None:
        """Leave what the owner saw beside the logs."""
        (self.directory / "chat").write_text(self.screen(), encoding="utf-8")


def _button(message: Json) -> str | None:
    markup = message.get("reply_markup") or {}
    data = [str(button.get("callback_data")) for row in markup.get("inline_keyboard", []) for button in row]
    return next((each for each in data if each.startswith("y|")), None)


@asynccontextmanager
async def stage(
    checkout: Path,
    directory: Path,
    *,
    options: dict[str, Any],
    trading: dict[str, str],
    kis: dict[str, str],
    symbol: str,
    price: Decimal,
    qty: int,
) -> AsyncIterator[Stage]:
    """Set the stage: a quiet market in which one ticker is held at its price; strike it whatever happened."""
    settings = SimulatorOptions(
        environment=Served.VIRTUAL,
        keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),),
        live=False,
        rate_limits=False,
        ccnl_lag_s=(0.0, 1.0),
        balance_lag_s=(0.0, 1.0),
        **({"holdings": (Holding(symbol=symbol, qty=qty, average=price),)} | options),
    )
    async with AsyncExitStack() as stack:
        market = SimMarket(START, seed=1, live=False)
        simulator = Simulator(settings, market=market, clock=SimClock(START, speed=CALM_SPEED), seed=1)
        await simulator.start(0)
        stack.push_async_callback(simulator.aclose)
        chat = LocalChat(rates=None)
        await chat.start(0)
        stack.push_async_callback(chat.aclose)
        http = await stack.enter_async_context(ClientSession())
        directory.mkdir(parents=True)
        _write_env(directory, simulator, chat, trading, kis)
        person = Person(http, chat.url, DEFAULT_OWNER_ID)
        await person.send("/start")
        set_up = Stage(
            checkout=checkout, directory=directory, simulator=simulator, chat=chat, person=person, http=http,
            symbol=symbol, price=price,
        )  # fmt: skip
        stack.push_async_callback(set_up.kill)
        await set_up.print(price)
        async with asyncio.TaskGroup() as watching:
            watcher = watching.create_task(person.watch())
            try:
                yield set_up
            finally:
                watcher.cancel()
                set_up.keep_chat()


def _write_env(
    directory: Path, simulator: Simulator, chat: LocalChat, trading: dict[str, str], kis: dict[str, str]
) -> None:
    values = {name.upper(): value for name, value in {**SAMPLE_SETTINGS, **QUIET, **trading}.items()} | {
        "IS_VIRTUAL": "true",
        "HTS_ID": "demo01",
        "APP_KEY": KEY,
        "APP_SECRET": SECRET,
        "ACCOUNT_NO": "50123456-01",
        "REST_URL_BASE": simulator.rest_url,
        "WS_URL_BASE": simulator.ws_url,
        "QUOTE_APP_KEY": QUOTE_KEY,
        "QUOTE_APP_SECRET": SECRET,
        "TELEGRAM_BOT_TOKEN": DEFAULT_TOKEN,
        "TELEGRAM_CHAT_ID": str(DEFAULT_OWNER_ID),
        "TELEGRAM_CHAT_TEST_ID": str(DEFAULT_OWNER_ID),
        "TELEGRAM_API_URL": chat.url,
        "DATA_DIR": str(directory / "data"),
        "KEEP_BARS": "off",  # a first start fetches a month once: no part of what is tried
        "LOG_DIR": str(directory / "logs"),
        **kis,
    }
    file = directory / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in values.items()), encoding="utf-8")
    file.chmod(0o600)

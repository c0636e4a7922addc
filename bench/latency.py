"""How fast the whole program reacts: `python -m bench.latency [--rounds 3]`, beside the physical floor of the same run.

One process holds the simulated KIS and the local chat and stamps what passes over the wire; a second one is the real
program (`main.trade` under `--sim-clock`), streaming 41 symbols at 2,000 ticks a second in total. Measured are

- a tick on the wire -> the stop's order received by the simulator, once per symbol and round;
- a fill notice on the wire -> the Telegram request that tells it received by the chat, while an account inquiry hangs;
- the lag of the program's event loop in all that time.

The floor is a third process without any of our code in between: a bare websockets client that reads the same ticks and
answers a marked one with a bare aiohttp request.

Meanwhile a process of idle priority spins on each core, which gets only what nobody else wants: a virtual core that
falls asleep waits for its host to be let on again, several times between a tick and its order. That is time of the
host, not of the program; `--asleep` leaves the cores alone and measures it too.
"""

import argparse
import asyncio
import gc
import json
import os
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from websockets.asyncio.client import connect

import main
from bot.localchat import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat
from bot.localchat.calls import CallLog
from bot.localchat.params import ApiCall
from kis.simulator.books.broker import BrokerBooks
from kis.simulator.books.orders import BookOrder
from kis.simulator.clock import SimClock
from kis.simulator.faults.faults import InjectedFault
from kis.simulator.market.listings import KNOWN
from kis.simulator.market.market import SimMarket
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from kis.simulator.rest.app import Rest
from kis.simulator.server import Simulator
from kis.simulator.text import dollars
from tests.fakes.clock import SAMPLE_SETTINGS

OPEN = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)  # a Tuesday, 10:00 in New York
SYMBOLS = [listing for listing in KNOWN if "/" not in listing.symbol][:41]
MARKETS = {"NASD": "NASDAQ", "NYSE": "NYSE", "AMEX": "AMEX"}
TICKS_PER_S = 2_000
BATCH_S = 0.002  # evenly: what makes the ticks must not be in the way of what is measured
FILLS = 200
CENT = 100  # in the simulator's units
RESTING = "NIO"  # cheap, so that a resting order of many shares is allowed
SELL, BALANCE = "VTTT1001U", "VTTS3012R"
NOTICE_FRAME = "1|H0GSCNI9|"
LAG_EVERY_S = 0.005
QUIET_S = 3.0
TRIES = 4


@dataclass(slots=True)
class Stamps:
    """What passed over the wire, and when (monotonic seconds)."""

    ticks: dict[str, float] = field(default_factory=dict)  # by the price that marks a falling tick
    orders: dict[str, float] = field(default_factory=dict)  # first sell order of a symbol
    notices: list[float] = field(default_factory=list)
    told: dict[int, float] = field(default_factory=dict)  # by the filled quantity the request tells
    marks: dict[str, str] = field(default_factory=dict)  # symbol -> price on the wire to look for

    def sent(self, text: str) -> None:
        """Stamp a frame as it is handed to the socket."""
        if text.startswith(NOTICE_FRAME):
            self.notices.append(time.monotonic())
            return
        for symbol, price in self.marks.items():
            if symbol not in self.ticks and f"^{symbol}^" in text and price in text:
                self.ticks[symbol] = time.monotonic()

    def asked(self, name: str, call: ApiCall) -> None:
        """Stamp a Bot API request that tells how much is filled."""
        if name not in {"sendMessage", "editMessageText"}:
            return
        found = re.search(rf"(\d+)/{FILLS}\b", call.params.get("text", ""))
        if found is not None:
            self.told.setdefault(int(found[1]), time.monotonic())


@asynccontextmanager
async def stamping(stamps: Stamps) -> AsyncIterator[None]:
    """Listen at the doors of simulator and chat while the block runs."""
    send, call, log = web.WebSocketResponse.send_str, Rest.call, CallLog.open

    async def send_str(self: web.WebSocketResponse, data: str, *rest: Any) -> None:
        stamps.sent(data)
        await send(self, data, *rest)

    async def received(self: Rest, request: web.Request) -> web.StreamResponse:
        at = time.monotonic()
        if request.headers.get("tr_id") == SELL:
            stamps.orders.setdefault(json.loads(await request.text())["PDNO"], at)
        return await call(self, request)

    def opened(self: CallLog, name: str, made: ApiCall, at: float) -> Any:
        stamps.asked(name, made)
        return log(self, name, made, at)

    doors: Sequence[tuple[type, str, Any, Any]] = (
        (web.WebSocketResponse, "send_str", send_str, send),
        (Rest, "call", received, call),
        (CallLog, "open", opened, log),
    )
    for room, name, ours, _ in doors:
        setattr(room, name, ours)
    try:
        yield
    finally:
        for room, name, _, theirs in doors:
            setattr(room, name, theirs)


# the load


async def tick_along(simulator: Simulator, stop: asyncio.Event, counted: Callable[[int], None]) -> None:
    """Let the symbols trade in turns at their own prices until told to stop, 2,000 times a second in total."""
    world = simulator.world
    turns = cycle(listing.symbol for listing in SYMBOLS)
    began, made = time.monotonic(), 0
    while not stop.is_set():
        due = int((time.monotonic() - began) * TICKS_PER_S)
        for _ in range(min(due - made, TICKS_PER_S // 20)):
            symbol = next(turns)
            tape = world.market.tape(symbol)
            if tape is not None:
                world.print_by_hand(symbol, tape.last, 100, bid=None, ask=None, shift=False)
            made += 1
        counted(made)
        await asyncio.sleep(BATCH_S)


@dataclass(slots=True)
class Load:
    """How much was really sent."""

    began: float = field(default_factory=time.monotonic)
    ticks: int = 0

    def counted(self, ticks: int) -> None:
        self.ticks = ticks

    @property
    def per_second(self) -> float:
        return self.ticks / (time.monotonic() - self.began)


# the program


def program_environment(simulator: Simulator, chat: LocalChat, folder: Path) -> dict[str, str]:
    """Return the settings of the program under test; the call limit is the real environment's."""
    settings = {
        **{name.upper(): value for name, value in SAMPLE_SETTINGS.items()},
        "IS_VIRTUAL": "true",
        "HTS_ID": "demo01",
        "APP_KEY": "K" * 36,
        "APP_SECRET": "S" * 180,
        "ACCOUNT_NO": "50123456-01",
        "QUOTE_APP_KEY": "Q" * 36,
        "QUOTE_APP_SECRET": "S" * 180,
        "REST_URL_BASE": simulator.rest_url,
        "WS_URL_BASE": simulator.ws_url,
        "KIS_VIRTUAL_CALLS_PER_S": "18",
        "TELEGRAM_BOT_TOKEN": DEFAULT_TOKEN,
        "TELEGRAM_CHAT_ID": str(DEFAULT_OWNER_ID),
        "TELEGRAM_CHAT_TEST_ID": str(DEFAULT_OWNER_ID),
        "TELEGRAM_API_URL": chat.url,
        "TRADING_TICKERS": ",".join(f"{MARKETS[each.exchange.order]}:{each.symbol}" for each in SYMBOLS),
        "RSI_OVERSOLD": "0",
        "RSI_OVERBOUGHT": "100",
        "RSI_INTERVAL": "day",
        "MACD_INTERVAL": "day",
        "STOP_LOSS_REPRICE_S": "60",
        "MAX_ORDERS_PER_DAY": "10000",
        "DAILY_LOSS_LIMIT_PCT": "off",
        "DATA_DIR": str(folder / "data"),
        "KEEP_BARS": "off",  # a first start fetches a month once: no part of what is measured
        "LOG_DIR": str(folder / "logs"),
    }
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "PYTHONPATH"}}
    return {**kept, **settings}


async def until(condition: Callable[[], bool], what: str, within_s: float = 120.0) -> None:
    """Wait for something that shows in this process."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for: {what}")
        await asyncio.sleep(0.02)


@dataclass(slots=True)
class Samples:
    """Milliseconds of every round."""

    stops: list[float] = field(default_factory=list)
    fills: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    floor_lags: list[float] = field(default_factory=list)
    flushes: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    stolen: list[float] = field(default_factory=list)

    def add(self, other: "Samples") -> None:
        """Take in another round's."""
        for name in self.__slots__:
            getattr(self, name).extend(getattr(other, name))


async def one_round(samples: Samples, folder: Path) -> None:
    """Start everything, measure, stop everything."""
    options = SimulatorOptions(
        cash=Decimal(1_000_000),
        holdings=tuple(Holding(symbol=listing.symbol, qty=10) for listing in SYMBOLS),
        keys=(KeySpec(app_key="Q" * 36, environment=Served.REAL),),
        virtual_calls_per_s=18,
        ccnl_lag_s=(0.0, 0.2),
        balance_lag_s=(0.0, 0.2),
        live=False,
    )
    stamps = Stamps()
    clock = SimClock(OPEN, speed=1)
    async with stamping(stamps):
        simulator = Simulator(options, market=SimMarket(OPEN, seed=1), clock=clock)
        chat = LocalChat(rates=None)
        await simulator.start()
        await chat.start()
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.latency",
            "--program",
            simulator.rest_url,
            env=program_environment(simulator, chat, folder),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            await measured(simulator, chat, stamps, samples)
        finally:
            with suppress(ProcessLookupError):
                program.terminate()
            printed, _ = await program.communicate()
            await chat.aclose()
            await simulator.aclose()
    samples.lags += json.loads(printed.decode().strip().splitlines()[-1])


async def measured(simulator: Simulator, chat: LocalChat, stamps: Stamps, samples: Samples) -> None:
    stream = simulator.world.stream
    await until(lambda: len(stream.subscriptions()) > len(SYMBOLS), "41 tick subscriptions and the notices")
    stop, load = asyncio.Event(), Load()
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        person = Owner(http, chat.url)
        await person.says("/start")
        await until_quiet(simulator)
        gc.collect()
        gc.freeze()  # a full collection here would stop broker and chat together, and be counted against the program
        load.began = time.monotonic()
        group.create_task(tick_along(simulator, stop, load.counted))
        await asyncio.sleep(2)
        before = stolen_and_all()
        await fall(simulator, stamps)
        samples.stops += [1000 * (stamps.orders[each] - stamps.ticks[each]) for each in stamps.ticks]
        await fill_bit_by_bit(simulator, stamps, person)
        samples.fills += [1000 * (stamps.told[n] - at) for n, at in enumerate(stamps.notices, start=1)]
        samples.rates.append(load.per_second)
        stolen, of_all = (now - then for now, then in zip(stolen_and_all(), before, strict=True))
        samples.stolen.append(stolen / max(1, of_all))
        stop.set()


async def fall(simulator: Simulator, stamps: Stamps) -> None:
    """Let one symbol after the other fall by 6 %, each when the one before has been sold."""
    world = simulator.world
    for listing in SYMBOLS:
        symbol = listing.symbol
        tape = world.market.tape(symbol)
        if tape is None:
            continue
        price = tape.last * 94 // 100 // 100 * 100
        stamps.marks = {symbol: f"^{dollars(price):.4f}^"}
        world.print_by_hand(symbol, price, 100_000, bid=None, ask=None, shift=False)
        await until(lambda symbol=symbol: symbol in stamps.orders, f"the stop of {symbol}", 30)  # type: ignore[misc]
        await asyncio.sleep(0.35)
    stamps.marks = {}


async def fill_bit_by_bit(simulator: Simulator, stamps: Stamps, person: "Owner") -> None:
    """Fill a resting order share by share while an account inquiry hangs."""
    world = simulator.world
    order = await resting_order(simulator.world.broker, person)
    hang: InjectedFault = world.faults.add(
        {"kind": "latency", "ms": 10_000, "tr_id": BALANCE, "seconds": 600}, world.now_ms
    )
    stamps.notices.clear()
    for n in range(1, FILLS + 1):
        world.broker.fill(order, 1, order.price - CENT * n)  # equal fills would rightly wait for the inquiry
        await until(lambda n=n: n in stamps.told, f"the message of fill {n}", 30)  # type: ignore[misc]
        await asyncio.sleep(0.05)
    hang.left, hang.until_ms = 0, 0


async def resting_order(broker: BrokerBooks, person: "Owner") -> BookOrder:
    """Have the owner buy far below the market and confirm."""

    def found() -> BookOrder | None:
        return next((order for order in broker.orders if order.qty == FILLS and order.working), None)

    for _ in range(TRIES):  # a preview is void once the account has changed, as it does right after the stops
        await person.says(f"/buy {RESTING} {FILLS} @3.00")
        await person.confirms()
        with suppress(TimeoutError):
            await until(lambda: found() is not None, "the resting order", 10)
        if (order := found()) is not None:
            return order
    raise TimeoutError("the resting order was not placed")


class Owner:
    """The person in front of the local chat."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._pressed = 0  # the newest message whose button was pressed

    async def says(self, text: str) -> None:
        await self._http.post(f"{self._url}/user/send", json={"text": text})

    async def messages(self) -> list[dict[str, Any]]:
        async with self._http.get(f"{self._url}/user/messages", params={"after": 0}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found

    async def confirms(self) -> None:
        """Press the confirm button of the newest preview, and of a second one where a cap asks for it."""
        async with asyncio.timeout(20):
            while (pressed := _confirm(await self.messages(), self._pressed)) is None:  # noqa: ASYNC110 - the chat is asked by HTTP
                await asyncio.sleep(0.05)
        self._pressed = pressed[0]
        await self._http.post(f"{self._url}/user/press", json={"message_id": pressed[0], "data": pressed[1]})


def _confirm(messages: Sequence[dict[str, Any]], after: int) -> tuple[int, str] | None:
    for message in reversed([each for each in messages if each["id"] > after]):
        for row in (message["reply_markup"] or {}).get("inline_keyboard", []):
            for button in row:
                if button.get("callback_data", "").startswith("y|"):
                    return message["id"], button["callback_data"]
    return None


async def until_quiet(simulator: Simulator) -> None:
    """Wait until the start is over: bars and account have been asked for, and nothing more is."""
    seen, since = 0, time.monotonic()
    async with asyncio.timeout(180):
        while time.monotonic() - since < QUIET_S or BALANCE not in simulator.world.counts.requests:
            await asyncio.sleep(0.1)
            made = sum(simulator.world.counts.requests.values())
            if made != seen:
                seen, since = made, time.monotonic()


# what the children do


async def sample_lag(lags: list[float]) -> None:
    """Note by how much timers come late, in milliseconds."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        lags.append(1000 * (loop.time() - due))


async def with_lags(work: Callable[[], Any]) -> None:
    """Run something, then print the lags it saw as one line of JSON."""
    lags: list[float] = []
    async with asyncio.TaskGroup() as group:
        sampler = group.create_task(sample_lag(lags))
        await work()
        sampler.cancel()
    print(json.dumps(lags))


async def bare(ws_url: str, http_url: str) -> None:
    """Answer every marked frame with a request, as little as can be done."""
    async with aiohttp.ClientSession() as http, connect(ws_url, compression=None, proxy=None) as socket:
        async for frame in socket:
            if isinstance(frame, str) and frame.startswith("mark"):
                async with http.post(http_url, data=frame) as response:
                    await response.read()


async def floor(samples: Samples) -> None:
    """Measure the bare round trip under the same number of frames."""
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    joined: asyncio.Future[web.WebSocketResponse] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        joined.set_result(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
        return socket

    async def answer(request: web.Request) -> web.Response:
        at = time.monotonic()
        seen[await request.text()] = at
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/ws", stream), web.post("/order", answer)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"127.0.0.1:{runner.addresses[0][1]}"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.latency", "--bare", f"ws://{address}/ws", f"http://{address}/order",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    socket = await joined
    frame = "0|HDFSCNT0|001|" + "^".join(["431.1000"] * 26)

    async def load() -> None:
        began, made = time.monotonic(), 0
        while not done.is_set():
            due = int((time.monotonic() - began) * TICKS_PER_S)
            for _ in range(due - made):
                await socket.send_str(frame)
            made = due
            await asyncio.sleep(BATCH_S)

    async with asyncio.TaskGroup() as group:
        group.create_task(load())
        for n in range(200):
            await asyncio.sleep(0.02)
            sent[f"mark{n}"] = time.monotonic()
            await socket.send_str(f"mark{n}")
        await until(lambda: len(seen) == len(sent), "the bare answers", 20)
        done.set()
    await socket.close()
    printed, _ = await child.communicate()
    await runner.cleanup()
    samples.floor += [1000 * (seen[mark] - at) for mark, at in sent.items()]
    samples.floor_lags += json.loads(printed.decode().strip().splitlines()[-1])


def flush_floor(samples: Samples, folder: Path) -> None:
    """Measure what the disk takes for one flushed page: nothing may leave before its intent is on it."""
    with (folder / "page").open("wb", buffering=0) as file:
        for _ in range(100):
            began = time.monotonic()
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            samples.flushes.append(1000 * (time.monotonic() - began))


# the machine

_SPIN = """
import os
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() == {parent}:
    for _ in range(1_000_000):
        pass
"""


@asynccontextmanager
async def awake() -> AsyncIterator[None]:
    """Keep every core from falling asleep while the block runs, at a priority that takes nothing from anybody."""
    if not hasattr(os, "SCHED_IDLE"):
        raise SystemExit("This system has no idle priority to keep its cores awake at; measure with --asleep.")
    spin = _SPIN.format(parent=os.getpid())
    spinning = [await asyncio.create_subprocess_exec(sys.executable, "-c", spin) for _ in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            await process.wait()


def stolen_and_all() -> tuple[int, int]:
    """Return the ticks the host gave to other machines, and all of them; where it does not tell, none of one."""
    with suppress(OSError, ValueError, IndexError):
        counts = [int(word) for word in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9]]
        return counts[7], sum(counts)
    return 0, 1


# the table


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Return p50 and p99 (of fewer than 100 values the largest)."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def table(samples: Samples) -> str:
    bottom = percentiles(samples.floor)
    rows = [
        ("tick on the wire -> stop order received", samples.stops, 10.0, bottom),
        ("fill notice on the wire -> Telegram request received", samples.fills, 25.0, bottom),
        ("lag of the event loop", samples.lags, 10.0, percentiles(samples.floor_lags)),
    ]
    lines = [
        f"{len(SYMBOLS)} symbols, {statistics.mean(samples.rates):,.0f} ticks/s, milliseconds",
        f"{'':54}{'n':>6}{'p50':>9}{'p99':>9}{'target':>9}{'within':>9}{'floor p50':>11}{'floor p99':>11}{'ratio':>7}",
    ]
    for name, values, target, ground in rows:
        p50, p99 = percentiles(values)
        within = sum(value <= target for value in values) / len(values)
        lines.append(
            f"{name:54}{len(values):>6}{p50:>9.2f}{p99:>9.2f}{f'<={target:g}':>9}{within:>9.1%}{ground[0]:>11.2f}{ground[1]:>11.2f}"
            f"{p50 / ground[0]:>6.1f}x"
        )
    disk = percentiles(samples.flushes)
    lines.append(
        f"one flushed page on this disk: p50 {disk[0]:.2f}, p99 {disk[1]:.2f} (a stop needs one before it leaves)"
    )
    return "\n".join(lines)


def round_line(number: int, samples: Samples) -> str:
    parts = ("stops", samples.stops), ("fills", samples.fills), ("lag", samples.lags), ("flushed page", samples.flushes)
    figures = [f"{name} {p50:.1f} / {p99:.1f}" for name, (p50, p99) in ((name, percentiles(of)) for name, of in parts)]
    return f"round {number}, p50 / p99: {', '.join(figures)}; of the machine's time others had {samples.stolen[0]:.1%}"


async def bench(rounds: int) -> None:
    print(f"Python {sys.version.partition('[')[0].strip()}, {os.cpu_count()} cores")
    everything = Samples()
    for number in range(1, rounds + 1):
        samples = Samples()
        with TemporaryDirectory(prefix="latency-") as folder:
            await floor(samples)
            flush_floor(samples, Path(folder))
            await one_round(samples, Path(folder))
        print(round_line(number, samples), flush=True)
        everything.add(samples)
    print(table(everything))


async def kept_awake(rounds: int) -> None:
    async with awake():
        await bench(rounds)


def run() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asleep", action="store_true", help="let the cores fall asleep between ticks")
    parser.add_argument("--program", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=2, metavar="URL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.program:
        asyncio.run(with_lags(lambda: main.trade(main.parse(["--sim-clock", arguments.program]))))
    elif arguments.bare:
        asyncio.run(with_lags(lambda: bare(*arguments.bare)))
    else:
        asyncio.run(kept_awake(arguments.rounds) if not arguments.asleep else bench(arguments.rounds))


if __name__ == "__main__":
    run()

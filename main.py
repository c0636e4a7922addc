"""Composition root: arguments -> settings -> objects -> tasks -> orderly stop. Nothing else.

Exit codes: 0 stopped as asked, 1 something failed (said in one sentence), 2 faults in arguments or settings.

The rooms are imported where they are first used: aiogram alone takes seconds, and faults should be told at once.
"""

from __future__ import annotations

import signal

from strategy.model import Service

if __name__ == "__main__":  # while modules are read there is nothing to put in order: end at once, without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import asyncio
import logging
import secrets
import socket
import stat
import sys
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import ValidationError, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.i18n.sentences import both, paired, say
from bot.settings import TelegramSettings, TokenSettings
from kis.settings import KisSettings, is_loopback
from storage.settings import StorageSettings
from strategy.control.one_time_codes import ArmingSettings, OneTimeCodes
from strategy.model import Environment, InstanceLocked, Said, SettableClock, StorageError, SystemClock, TradingError
from strategy.model import Market as Venue
from strategy.runtime.console import speak, steady
from strategy.settings.env_file import ENCODING, file_faults, unreadable
from strategy.settings.messages import FaultyValue, plain_faults
from strategy.settings.schema import TradingSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from datetime import datetime

    from bot.app import BotApp
    from bot.localchat import LocalChat
    from kis.connect import Kis
    from kis.simulator.server import Simulator
    from storage.database import Storage
    from strategy.runtime.process_metrics import LagMeter
    from strategy.session.housekeeping import Sweeper
    from strategy.wiring.core import Core

VERSION = "0.1.0"
ENV_FILE = Path(".env")
START_S = 60.0  # after which the console says that the start still waits for the broker
SERVICE_STOP_S = 2.0  # what one service gets to end; all of a stop stays within 10 s
QUIET_S = 3.0  # what the request in flight gets to be answered and recorded
LAST_WORDS_S = 1.5  # what alerts still waiting get; the rest is delivered after the next start
TOLD_AGAIN_S = 600.0  # between two words in the chat that the storage cannot be used
SWITCH_S = 0.0001  # how long the event loop may keep the database's thread waiting for the interpreter; 5 ms by default
EXIT_FINE, EXIT_FAILED, EXIT_FAULTS = 0, 1, 2
VIRTUAL_FEE_PCT = Decimal(1)  # per side (kis-protocol 9)
MARKETS = {"NASD": Venue.NASDAQ, "NYSE": Venue.NYSE, "AMEX": Venue.AMEX}

ROOMS: tuple[type[BaseSettings], ...] = (
    KisSettings,
    TelegramSettings,
    TradingSettings,
    StorageSettings,
    ArmingSettings,
)

log = logging.getLogger("main")
Room = TypeVar("Room", bound=BaseSettings)


class StartNote(StrEnum):
    NO_MINUTE_BARS = "start.no_minute_bars"
    SIM_CLOCK = "start.sim_clock"
    ENV_READABLE = "start.env_readable"
    OTHER_HOSTS = "start.other_hosts"
    PORT = "start.port"


class ConsoleNote(StrEnum):
    PROGRAM = "console.program"
    STOPPED_EARLY = "console.stopped_early"
    SPEED = "console.speed"
    NO_FILE = "console.no_file"
    LOOPBACK = "console.loopback"
    ACCOUNT = "console.account"
    REAL = "console.real"
    VIRTUAL = "console.virtual"
    MADE_UP = "console.made_up"
    SETTINGS = "console.settings"
    BOT = "console.bot"
    INCOMING = "console.incoming"
    TEST_MESSAGE = "console.test_message"
    FAULTS = "console.faults"
    FAULTS_NO_ENV = "console.faults_no_env"
    FAULT_LINE = "console.fault_line"
    FAULT_LIST = "console.fault_list"
    DEMO = "console.demo"
    INTERNAL_ERROR = "console.internal_error"
    DONE = "console.done"
    DONE_BUT = "console.done_but"
    STOPPED = "console.stopped"
    STEP_STORAGE = "console.step_storage"
    STEP_TELEGRAM = "console.step_telegram"
    STEP_PREPARING = "console.step_preparing"
    STEP_BROKER = "console.step_broker"
    STEP_NO_BROKER = "console.step_no_broker"
    STEP_STREAM = "console.step_stream"
    STARTED = "console.started"
    STARTED_DEMO = "console.started_demo"
    STARTED_BUT = "console.started_but"


MONEY = {
    Environment.REAL: ConsoleNote.REAL,
    Environment.VIRTUAL: ConsoleNote.VIRTUAL,
    Environment.DEMO: ConsoleNote.MADE_UP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of all rooms, read once."""

    kis: KisSettings
    telegram: TelegramSettings
    trading: TradingSettings
    storage: StorageSettings
    arming: ArmingSettings = field(default_factory=ArmingSettings.model_construct)


class Faults(Exception):
    """Everything wrong with arguments or settings, at once."""

    def __init__(self, found: Sequence[FaultyValue], *, argument: bool = False) -> None:
        super().__init__(f"{len(found)} faults")
        self.found = found
        self.argument = argument  # of the command line, not of `.env`


def main(argv: Sequence[str] | None = None) -> int:
    steady()
    logging.getLogger("dotenv").addHandler(logging.NullHandler())  # what it cannot read is told in our words
    arguments = parse(argv)
    try:
        if arguments.find_chat:
            return asyncio.run(find_the_chat())
        if arguments.import_bars is not None:
            return asyncio.run(import_recorded_bars(arguments.import_bars))
        return asyncio.run(demo(arguments) if arguments.demo else trade(arguments))
    except Faults as faults:
        told = [both(fault.said()) for fault in faults.found] if faults.argument else [fault_list(faults.found)]
        speak("\n".join(told), sys.stderr)
        return EXIT_FAULTS
    except TradingError as error:
        speak(both(error.user_message), sys.stderr)
        return EXIT_FAILED


def leave(*_: object) -> NoReturn:
    """End before anything runs: not even a slow import or a hanging first call is waited for."""
    speak(both(Said(ConsoleNote.STOPPED_EARLY)))
    # the exit may strike inside a task: that is no fault, and no level, since the end of the logs sets that back
    logging.getLogger("asyncio").disabled = True
    raise SystemExit(EXIT_FINE)


# arguments


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="main.py", description=paired(Said(ConsoleNote.PROGRAM)))
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--demo", action="store_true", help="everything on this machine: no keys, simulated market")
    way.add_argument("--check", action="store_true", help="check settings, KIS and Telegram, then exit 0 or 1")
    way.add_argument("--find-chat", action="store_true", help="print the ids of who wrote to the bot, then exit")
    way.add_argument("--import-bars", type=Path, metavar="CSV_OR_DIR", help="keep these recorded bars, then exit")
    way.add_argument("--sim-clock", type=_loopback, metavar="URL", help="market time of a simulator on this machine")
    parser.add_argument("--speed", type=_speed, default=60.0, help="demo: market seconds per second (60)")
    parser.add_argument("--replay", type=_existing, metavar="CSV_OR_DIR", help="demo: play these recorded bars")
    parser.add_argument("--chat-port", type=_port, help="demo: port of the chat page (8080, or a free one)")
    parser.add_argument("--kis-port", type=_port, help="demo: port of the simulated KIS (8081, or a free one)")
    parser.add_argument("--data-dir", type=Path, help="demo: keep its data here (else forgotten at the end)")
    parser.add_argument("--seed", type=int, default=1, help="demo: another seed, other trades within the bars (1)")
    return parser.parse_args(argv)


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text}: {paired(Said(ConsoleNote.SPEED))}")
    return value


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: 0 - 65535")
    return int(text)


def _existing(text: str) -> Path:
    if not Path(text).exists():
        raise argparse.ArgumentTypeError(f"{text}: {paired(Said(ConsoleNote.NO_FILE))}")
    return Path(text)


def _loopback(text: str) -> str:
    if not is_loopback(text):
        raise argparse.ArgumentTypeError(f"{text}: {paired(Said(ConsoleNote.LOOPBACK))}")
    return text


# settings


def load_settings(env_file: Path) -> Settings:
    """Read every room's settings; raise Faults with all that is wrong in any of them, and in the file itself."""
    if (unread := unreadable(env_file)) is not None:
        raise Faults([unread])
    found = file_faults(env_file, [name.upper() for room in ROOMS for name in room.model_fields])

    def read(room: type[Room]) -> Room | None:
        try:
            return room(_env_file=env_file, _env_file_encoding=ENCODING)
        except ValidationError as error:
            found.extend(plain_faults(error, room))
            return None

    kis, telegram = read(KisSettings), read(TelegramSettings)
    trading, storage, arming = read(TradingSettings), read(StorageSettings), read(ArmingSettings)
    found += without_minute_bars(env_file)
    if found or kis is None or telegram is None or trading is None or storage is None or arming is None:
        raise Faults(found)
    return Settings(kis=kis, telegram=telegram, trading=trading, storage=storage, arming=arming)


def without_minute_bars(env_file: Path) -> list[FaultyValue]:
    """Refuse intervals whose bars nobody would give: the virtual environment has none of its own (D9).

    Read by themselves, so that a fault elsewhere hides nothing; one of these is told without this.
    """
    try:
        source = part_of(KisSettings, "is_virtual", "kis_ws_ticks", "quote_app_key")(
            _env_file=env_file, _env_file_encoding=ENCODING
        ).model_dump()
    except ValidationError:
        return []
    if not source["is_virtual"] or source["quote_app_key"] is not None or source["kis_ws_ticks"]:
        return []
    problem = Said(StartNote.NO_MINUTE_BARS)
    found: list[FaultyValue] = []
    for name in ("rsi_interval", "macd_interval"):
        with suppress(ValidationError):
            part = part_of(TradingSettings, name)(_env_file=env_file, _env_file_encoding=ENCODING)
            interval = part.model_dump()[name]
            if interval.minutes is not None:
                found.append(FaultyValue(name.upper(), interval.value, problem, None))
    return found


class SettingsPart(BaseSettings):
    """Some settings of a room; the file's others are none of its business."""

    model_config = SettingsConfigDict(extra="ignore", validate_default=True, hide_input_in_errors=True)


def part_of(room: type[BaseSettings], *names: str) -> type[BaseSettings]:
    """Return settings that read these fields alone, as the room reads each by itself."""
    fields: dict[str, Any] = {name: (room.model_fields[name].annotation, room.model_fields[name]) for name in names}
    return create_model("PartOfARoom", __base__=SettingsPart, **fields)


def fault_list(found: Sequence[FaultyValue]) -> str:
    """Return every fault and the three ways on, in both languages."""
    head = Said(ConsoleNote.FAULTS if ENV_FILE.exists() else ConsoleNote.FAULTS_NO_ENV, count=len(found))
    lines = tuple(Said(ConsoleNote.FAULT_LINE, fault=fault.said()) for fault in found)
    told = Said(ConsoleNote.FAULT_LIST, head=head, faults=lines)
    return f"{say(told, 'ko')}\n\n{say(told, 'en')}"


def account_of(settings: Settings, environment: Environment) -> Said:
    """Return whose money this is about: environment and account, and what is traded."""
    names = ", ".join(str(symbol) for symbol in settings.trading.trading_tickers)
    account = settings.kis.account_no.masked
    return Said(ConsoleNote.ACCOUNT, environment=Said(MONEY[environment]), account=account, tickers=names)


def refuse_a_real_host(settings: KisSettings) -> None:
    """Raise Faults unless every KIS host is on this machine: a made-up clock must never meet a real market."""
    problem = Said(StartNote.SIM_CLOCK)
    hosts = {
        "REST_URL_BASE": settings.environment.rest_url,
        "WS_URL_BASE": settings.environment.ws_url,
        "QUOTE_REST_URL_BASE": settings.quote_environment.rest_url,
        "QUOTE_WS_URL_BASE": settings.quote_environment.ws_url,
    }
    found = [FaultyValue(name, host, problem, None) for name, host in hosts.items() if not is_loopback(host)]
    if found:
        raise Faults(found)


def with_fees(trading: TradingSettings, *, virtual: bool) -> TradingSettings:
    """Return the settings with the virtual environment's fees, unless the environment names its own."""
    if not virtual or "commission_pct" in trading.model_fields_set:
        return trading
    return trading.model_copy(update={"commission_pct": VIRTUAL_FEE_PCT, "sec_fee_pct": Decimal(0)})


def remarks(settings: Settings) -> list[Said]:
    """Return what the start card should warn of."""
    found: list[Said] = []
    if ENV_FILE.exists() and ENV_FILE.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found.append(Said(StartNote.ENV_READABLE))
    if settings.kis.overridden and not settings.kis.is_virtual:
        found.append(Said(StartNote.OTHER_HOSTS))
    return found


# ways to run


async def trade(arguments: argparse.Namespace) -> int:
    """Run with `.env`: on the machine's clock, or beside a simulator on its market time."""
    settings = load_settings(ENV_FILE)
    if arguments.check:
        return await check(settings)
    from kis.simclock import remote_sim_clock

    async with AsyncExitStack() as stack:
        clock: SettableClock = SystemClock()
        if arguments.sim_clock is not None:
            refuse_a_real_host(settings.kis)
            clock = await stack.enter_async_context(remote_sim_clock(arguments.sim_clock))
        environment = Environment.VIRTUAL if settings.kis.is_virtual else Environment.REAL
        return await run(settings, environment=environment, clock=clock, remarks=remarks(settings))


async def find_the_chat() -> int:
    """Print who wrote to the bot, by the token alone: the rest of `.env` may be empty yet; return the exit code."""
    if (unread := unreadable(ENV_FILE)) is not None:
        raise Faults([unread])
    try:
        settings = TokenSettings(_env_file=ENV_FILE, _env_file_encoding=ENCODING)
    except ValidationError as error:
        raise Faults(plain_faults(error, TokenSettings)) from None
    from bot.find_chat import find_chat

    return EXIT_FINE if await find_chat(settings, speak) else EXIT_FAILED


async def import_recorded_bars(source: Path) -> int:
    """Keep recorded bars in the data directory, all or none, and print what was kept; return the exit code."""
    try:
        settings = StorageSettings(_env_file=ENV_FILE, _env_file_encoding="utf-8")
    except ValidationError as error:
        raise Faults(plain_faults(error, StorageSettings)) from None
    from storage.bars.importing import import_bars

    speak(both(await import_bars(source, settings.data_dir, SystemClock().now())))
    return EXIT_FINE


async def check(settings: Settings) -> int:
    """Reach KIS and Telegram, print what works, place nothing; return the exit code."""
    environment = Environment.VIRTUAL if settings.kis.is_virtual else Environment.REAL
    speak(both(account_of(settings, environment)))
    rows: list[tuple[bool | None, str, str]] = [
        (True, paired(Said(ConsoleNote.SETTINGS)), "")
    ]  # None: not applicable here
    with logs(settings), TemporaryDirectory() as scratch:  # the database of a running instance is left alone
        async with AsyncExitStack() as stack:
            program = await assemble(
                stack, settings, environment=environment, clock=SystemClock(), database_dir=Path(scratch)
            )
            rows += [
                (step.ok, paired(step.name), both(step.detail))
                for step in await program.kis.check(settings.trading.trading_tickers)
            ]
            telegram: Sequence[tuple[ConsoleNote, Callable[[], Awaitable[str | None]]]] = (
                (ConsoleNote.BOT, program.bot.check),
                (ConsoleNote.INCOMING, program.bot.check_incoming),
                (ConsoleNote.TEST_MESSAGE, program.bot.send_test),
            )
            for note, call in telegram:
                name = paired(Said(note))
                try:
                    rows.append((True, name, await call() or ""))
                except TradingError as error:
                    rows.append((False, name, both(error.user_message)))
    for ok, name, detail in rows:
        mark = "-" if ok is None else "✓" if ok else "✗"
        speak(f"{mark} {name}" + "".join(f"\n    {line}" for line in detail.splitlines()))
    return EXIT_FAILED if any(ok is False for ok, _, _ in rows) else EXIT_FINE


async def demo(arguments: argparse.Namespace) -> int:
    """Run simulated KIS, local chat and bot in this process, on loopback, without any key."""
    from aiohttp import ClientSession

    from bot.localchat import LocalChat
    from kis.simclock import remote_sim_clock

    async with AsyncExitStack() as stack:
        directory = demo_directory(stack, arguments.data_dir)
        key, quote_key = secrets.token_hex(18), secrets.token_hex(18)
        simulator, symbols = simulated_market(arguments, key, quote_key)
        stack.push_async_callback(simulator.aclose)
        await simulator.start(usable_port("--kis-port", arguments.kis_port, usual=8081))
        chat = LocalChat(simulator_url=simulator.rest_url)
        stack.push_async_callback(chat.aclose)
        await chat.start(usable_port("--chat-port", arguments.chat_port, usual=8080))
        settings = demo_settings(simulator, chat, directory, (key, quote_key), symbols)
        clock = await stack.enter_async_context(remote_sim_clock(simulator.rest_url))
        for slow in ("bot.app", "kis.connect", "storage.database", "strategy.wiring.core"):
            import_module(slow)  # now: a page that has been offered must not wait for them
        ready = Said(ConsoleNote.DEMO, chat=chat.url, kis=simulator.rest_url, speed=f"{arguments.speed:g}")
        speak(both(ready))
        async with ClientSession() as http:  # the owner's first message: a bot cannot start a conversation
            await http.post(f"{chat.url}/user/send", json={"text": "/start"})
        return await run(settings, environment=Environment.DEMO, clock=clock)


def usable_port(option: str, chosen: int | None, *, usual: int) -> int:
    """Return the port to listen on: the chosen one, else the usual one, else any (0). Raise Faults for a taken one."""
    if chosen == 0:
        return 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", usual if chosen is None else chosen))
        except OSError as error:
            if chosen is None:
                return 0
            problem = Said(StartNote.PORT)
            raise Faults([FaultyValue(option, str(chosen), problem, None)], argument=True) from error
    return usual if chosen is None else chosen


def demo_directory(stack: AsyncExitStack, chosen: Path | None) -> Path:
    """Return an empty place for a demo's data; an earlier demo's database there is set aside, not lost.

    Raise InstanceLocked before anything is moved or offered where another program is using the place.
    """
    from storage.database import FILE_NAME
    from storage.instance import instance_lock

    if chosen is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="kis-demo-")))
    with instance_lock(chosen, SystemClock().now()):
        if (chosen / FILE_NAME).exists():
            earlier = next(path for n in range(1, 10_000) if not (path := chosen / f"earlier-{n}").exists())
            earlier.mkdir()
            for path in (*chosen.glob(f"{FILE_NAME}*"), *chosen.glob("bars.*")):  # another demo has another market
                path.rename(earlier / path.name)
    return chosen


def simulated_market(arguments: argparse.Namespace, key: str, quote_key: str) -> tuple[Simulator, tuple[str, ...]]:
    """Return the simulated KIS and the tickers worth trading on it."""
    from kis.simulator.clock import SimClock
    from kis.simulator.demo import demo as made_up_day
    from kis.simulator.market.market import SimMarket
    from kis.simulator.market.replay import read_replay
    from kis.simulator.options import KeySpec, Served, SimulatorOptions
    from kis.simulator.server import Simulator

    day = made_up_day()
    replay = read_replay(arguments.replay or day.path)
    start = replay.start() if arguments.replay else day.start
    options = SimulatorOptions(
        holdings=() if arguments.replay else day.holdings,
        keys=(
            KeySpec(app_key=key, environment=Served.VIRTUAL),
            KeySpec(app_key=quote_key, environment=Served.REAL),
        ),
    )
    market = SimMarket(start, seed=arguments.seed, replay=replay)
    simulator = Simulator(options, market=market, clock=SimClock(start, speed=arguments.speed), seed=arguments.seed)
    listed = [market.listings.stock(ticker) for ticker in replay.recordings]
    return simulator, tuple(f"{MARKETS[found.exchange.order]}:{found.symbol}" for found in listed if found is not None)


def demo_settings(
    simulator: Simulator, chat: LocalChat, directory: Path, keys: tuple[str, str], symbols: tuple[str, ...]
) -> Settings:
    """Return the settings of a demo; neither `.env` nor the environment is read."""
    from bot.localchat import DEFAULT_OWNER_ID, DEFAULT_TOKEN

    key, quote_key = keys
    secret = secrets.token_hex(90)
    return Settings(
        kis=KisSettings.model_validate(
            {
                "is_virtual": "true",
                "hts_id": "demo01",
                "app_key": key,
                "app_secret": secret,
                "account_no": "50123456-01",
                "rest_url_base": simulator.rest_url,
                "ws_url_base": simulator.ws_url,
                "quote_app_key": quote_key,
                "quote_app_secret": secret,
            }
        ),
        telegram=TelegramSettings.model_validate(
            {
                "telegram_bot_token": DEFAULT_TOKEN,
                "telegram_chat_id": DEFAULT_OWNER_ID,
                "telegram_chat_test_id": DEFAULT_OWNER_ID,
                "telegram_api_url": chat.url,
            }
        ),
        trading=TradingSettings.model_validate(
            {
                "trading_tickers": ",".join(symbols),
                "market_start_time": "09:30",
                "market_end_time": "16:00",
                "auto_shutdown_time": "16:30",
                "check_interval_minutes": 1,
                "buy_delay_min": 5,
                "sell_delay_min": 5,
                "buy_rate": "0.30",
                "sell_rate": "0.30",
                "rsi_oversold": 50,
                "rsi_overbought": 60,
                "rsi_interval": "day",
                "macd_interval": "1",
                "stop_loss_rate": "-5",
            }
        ),
        storage=StorageSettings.model_validate({"data_dir": directory, "log_dir": directory / "logs"}),
    )


# the program


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Everything built, nothing running yet."""

    storage: Storage
    kis: Kis
    core: Core
    bot: BotApp
    lag: LagMeter
    sweeper: Sweeper


async def assemble(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    environment: Environment,
    clock: SettableClock,
    database_dir: Path,
    remarks: Sequence[Said] = (),
) -> Program:
    """Open storage, client and bot on the stack and build the core over them; nothing is contacted."""
    from bot.app import open_bot
    from kis.connect import open_kis
    from storage.bars.archive import open_archive
    from storage.database import open_storage
    from storage.logs.reader import LogFiles
    from storage.redaction import redactor
    from strategy.runtime.probes import Surroundings
    from strategy.runtime.process_metrics import LagMeter, resident_memory
    from strategy.session.bar_keeper import BarKeeping
    from strategy.session.housekeeping import Sweeper
    from strategy.wiring.core import Journals, build_core

    wall = SystemClock()
    account, totp = settings.kis.account_no, settings.arming.totp_secret
    lag = LagMeter()
    storage = await stack.enter_async_context(open_storage(database_dir))
    kis = await stack.enter_async_context(open_kis(settings.kis, clock=clock, data_dir=settings.storage.data_dir))
    keeping = None
    if settings.storage.keep_bars == "on":
        archive = await stack.enter_async_context(open_archive(database_dir))
        keeping = BarKeeping(archive=archive, history=kis.history, source=kis.bar_source)
    core = build_core(
        base=with_fees(settings.trading, virtual=settings.kis.is_virtual),
        env_names=frozenset(settings.trading.model_fields_set),
        environment=environment,
        account_masked=account.masked,
        journals=Journals(
            orders=storage.orders,
            decisions=storage.decisions,
            settings=storage.settings,
            modes=storage.modes,
            stop_runs=storage.stop_runs,
            panics=storage.panics,
            agreements=storage.agreements,
            day_starts=storage.day_starts,
            deposits=storage.deposits,
            exchange_rates=storage.exchange_rates,
            notes=storage.notes,
            tickets=storage.tickets,
            price_alerts=storage.price_alerts,
            outbox=storage.outbox,
            notifier=storage.outbox,
            records=storage.records,
        ),
        broker=kis.broker,
        market=kis.market,
        stream=kis.stream,
        clock=clock,
        wall=wall,
        calls_per_second=kis.environment.calls_per_s,
        tick_places=kis.environment.max_registrations - 1,  # one is for the order notices
        arm_secret=account.last_four,
        totp=OneTimeCodes(totp.get_secret_value(), wall) if totp is not None else None,
        remarks=remarks,
        surroundings=Surroundings(
            version=VERSION,
            calls_used=lambda: f"{kis.http.transport.pacer.in_last_second()} / {kis.environment.calls_per_s:g}",
            vitals=storage.vitals,
            log_reader=LogFiles(settings.storage.log_dir, redactor(*secrets_and_accounts(settings))),
            token_until=lambda: kis.http.tokens.expires_at,
            clock_skew=lambda: kis.http.transport.clock_skew,
            telegram=lambda: bot.telegram(),  # noqa: PLW0108 - the bot is built after the core
            loop_lag=lag.reading,
            memory=resident_memory,
            check_broker=lambda: kis.check(core.base.book.tickers[:1]),
            check_telegram=lambda: bot.check(),  # noqa: PLW0108 - as above
        ),
        cry=lambda text: bot.send_now(text),  # noqa: PLW0108 - as above
        keeping=keeping,
    )
    kis.book.watched = lambda: core.base.book.tickers
    bot = await stack.enter_async_context(
        open_bot(
            settings.telegram,
            control=core.control,
            outbox=storage.outbox,
            notes=storage.notes,
            messages=storage.messages,
            clock=clock,
            wall=wall,
            environment=environment,
            account=account.masked,
            version=VERSION,
            orders_first=core.trading.desk.precedence.yielded,
        )
    )
    return Program(storage=storage, kis=kis, core=core, bot=bot, lag=lag, sweeper=Sweeper(clock))


def secrets_and_accounts(settings: Settings) -> tuple[list[str], list[str]]:
    """Return what no log line may hold."""
    kis = settings.kis
    pairs = [kis.keys] if kis.quote_keys is None else [kis.keys, kis.quote_keys]
    keys = [secret for pair in pairs for secret in (pair.app_key, pair.app_secret)]
    return [*settings.telegram.secrets, *settings.arming.secrets, *keys], [kis.account_no.number]


@contextmanager
def logs(settings: Settings) -> Iterator[None]:
    """Log to files while the block runs, with every secret and the account number taken out."""
    from storage.logs.files import logging_to_files

    hidden, accounts = secrets_and_accounts(settings)
    with logging_to_files(
        settings.storage.log_dir,
        level=settings.storage.log_level,
        retention_days=settings.storage.log_retention_days,
        secrets=hidden,
        accounts=accounts,
    ):
        yield


async def run(
    settings: Settings, *, environment: Environment, clock: SettableClock, remarks: Sequence[Said] = ()
) -> int:
    """Build the program, run it until a signal or a failure, stop in order, and print a summary."""
    sys.setswitchinterval(SWITCH_S)
    started_at = clock.now()
    speak(both(account_of(settings, environment)))
    with logs(settings):
        async with AsyncExitStack() as stack:
            try:
                program = await assemble(
                    stack,
                    settings,
                    environment=environment,
                    clock=clock,
                    database_dir=settings.storage.data_dir,
                    remarks=remarks,
                )
            except StorageError as error:
                await tell_the_chat(settings, error)
                raise
            speak(both(Said(ConsoleNote.STEP_STORAGE, place=str(settings.storage.data_dir))))
            try:
                await greet(program.bot)
                await program.core.load()
                speak(both(Said(ConsoleNote.STEP_PREPARING)))
                made_up = environment is Environment.DEMO
                await serve(program, stop_asked_for(), ConsoleNote.STARTED_DEMO if made_up else ConsoleNote.STARTED)
                code = EXIT_FINE
            except* TradingError as errors:
                log.exception("stopped by an error")
                speak("\n".join(both(error.user_message) for error in leaves(errors)), sys.stderr)
                code = EXIT_FAILED
            except* Exception:
                log.exception("stopped by a fault in the program")
                speak(both(Said(ConsoleNote.INTERNAL_ERROR, logs=str(settings.storage.log_dir))), sys.stderr)
                code = EXIT_FAILED
            speak(await summary(program, started_at))
    return code


async def tell_the_chat(settings: Settings, error: StorageError) -> None:
    """Say in the chat why nothing starts, once in ten minutes however often a service manager tries again."""
    from bot.alarm import say

    if isinstance(error, InstanceLocked):
        return
    log.error("storage cannot be used", extra={"error": str(error)})
    told = settings.storage.data_dir / "told-unusable"
    with suppress(OSError):
        if SystemClock().now().timestamp() - told.stat().st_mtime < TOLD_AGAIN_S:
            return
    if await say(settings.telegram, error.user_message):
        with suppress(OSError):
            told.touch()


def stop_asked_for() -> asyncio.Event:
    """Return what a signal sets from now on: services are running, and a stop has an order to keep."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def greet(bot: BotApp) -> None:
    """Prove the token; only one that never worked ends the program (promise 5): Telegram delays no trading."""
    from bot.errors import TelegramTokenDoubted, TelegramUnreachable

    try:
        name = await bot.check()
        log.info("telegram", extra={"bot": name})
        speak(both(Said(ConsoleNote.STEP_TELEGRAM, bot=name)))
    except (TelegramTokenDoubted, TelegramUnreachable) as error:
        log.warning("telegram not usable at the start", extra={"error": type(error).__name__})
        if isinstance(error, TelegramTokenDoubted):
            bot.watchdog.doubted()
        speak(both(error.user_message), sys.stderr)


async def serve(program: Program, stop: asyncio.Event, started: ConsoleNote = ConsoleNote.STARTED) -> None:
    """Run every service until the stop is asked for, then end them in order: commands, signals, orders, alerts.

    Each is kept running: a fault in one is logged, told and followed by its restart, and ends no other.
    """
    core, bot = program.core, program.bot
    async with asyncio.TaskGroup() as group:
        own = [(Service.LAG, program.lag.run), (Service.MEMORY, program.sweeper.run)]
        machine = [group.create_task(core.supervisor.keep(name, task), name=name) for name, task in own]
        alerts = group.create_task(core.supervisor.keep(Service.ALERTS, bot.deliver), name=Service.ALERTS)
        trading = [(service, group.create_task(_service(task), name=service)) for service, task in core.tasks]
        beside = [group.create_task(core.supervisor.keep(name, task), name=name) for name, task in bot.tasks]
        chat = group.create_task(core.supervisor.keep(Service.CHAT, bot.chat), name=Service.CHAT)
        told = group.create_task(tell_the_start(core, started), name="console")
        try:
            await stop.wait()
        finally:
            core.trading.desk.hurry(QUIET_S)
            for task in (told, chat, *beside):
                await end(task)
            for service, task in reversed(trading):
                if service.begins_orders:
                    await end(task)
            with suppress(TimeoutError):  # the request in flight gets its answer and its record
                async with asyncio.timeout(QUIET_S):
                    await core.base.activity.until_quiet()
            for task in (*(task for _, task in reversed(trading)), *machine):
                await end(task)
            await end(alerts)
            try:
                await bot.drain(LAST_WORDS_S)
            except Exception:  # a door: what was not delivered is on disk
                log.exception("the last alerts failed; they follow after the next start")


async def tell_the_start(core: Core, started: ConsoleNote) -> None:
    """Say on the console when the start is over, or that it takes long: the chat answers already."""
    try:
        async with asyncio.timeout(START_S):
            await core.session.engine.begun.wait()
    except TimeoutError:
        speak(both(Said(ConsoleNote.STARTED_BUT)))
        await core.session.engine.begun.wait()
    held = core.trading.account_sync.last
    if held is None:
        speak(both(Said(ConsoleNote.STEP_NO_BROKER)))
    else:
        speak(both(Said(ConsoleNote.STEP_BROKER, positions=len(held.positions))))
    speak(both(Said(ConsoleNote.STEP_STREAM, state=core.session.inbox.state())))
    speak(both(Said(started)))


async def _service(task: Callable[[], Awaitable[None]]) -> None:
    await task()


async def end(service: asyncio.Task[None]) -> None:
    """Cancel a service and wait for it, but not for ever: a stop has its own limit."""
    service.cancel()
    await asyncio.wait({service}, timeout=SERVICE_STOP_S)


async def summary(program: Program, started_at: datetime) -> str:
    """Return what was done since the start and what is still open, in both languages."""
    orders = program.storage.orders
    sent, fills, still_open = (
        await orders.count_since(started_at),
        await orders.fills(since=started_at),
        await orders.open(),
    )
    checks = program.core.session.day.cycles
    names = ", ".join(f"#{order.no} {order.request.symbol.ticker}" for order in still_open)
    done = Said(ConsoleNote.DONE, checks=checks, orders=sent, fills=len(fills), open=len(still_open))
    if still_open:
        done = Said(ConsoleNote.DONE_BUT, done=done, names=names)
    return both(Said(ConsoleNote.STOPPED, done=done))


def leaves(errors: BaseExceptionGroup[TradingError]) -> Iterator[TradingError]:
    """Return the errors inside a group, nested groups opened."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


if __name__ == "__main__":
    for early in (signal.SIGINT, signal.SIGTERM):
        signal.signal(early, leave)
    sys.exit(main())

"""The command line: faults, demo, check, stop (rows S44, S45, S12, S27; the command-line contract)."""

import asyncio
import logging
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

import main
from bot.localchat import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat
from kis.simulator.clock import SimClock
from kis.simulator.demo import demo
from kis.simulator.market.market import SimMarket
from kis.simulator.market.replay import read_replay
from kis.simulator.options import KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator
from storage.instance import instance_lock
from strategy.model import SystemClock
from tests.fakes.clock import SAMPLE_SETTINGS

ROOT = Path(__file__).parent.parent
KEY, QUOTE_KEY, SECRET = "K" * 36, "Q" * 36, "S" * 180
START_LIMIT_S = 90  # a loaded machine imports slowly; nothing here measures speed
pytestmark = pytest.mark.timeout(240)


def environment(**values: str) -> dict[str, str]:
    """Return this process's environment without any setting of ours, and these values."""
    ours = re.compile(r"(KIS|APP|QUOTE|TELEGRAM|RSI|MACD|MARKET|MAX|TOTP|KEEP)_|IS_VIRTUAL|DATA_DIR|LOG_")
    return {name: value for name, value in os.environ.items() if not ours.match(name)} | values


@asynccontextmanager
async def process(directory: Path, *arguments: str, **values: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python main.py` in a directory of its own; kill it at the end if a test left it running."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "main.py"),
        *arguments,
        cwd=directory,
        env=environment(**values),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def ended(running: asyncio.subprocess.Process) -> tuple[int, str, str]:
    async with asyncio.timeout(START_LIMIT_S):
        out, err = await running.communicate()
    assert running.returncode is not None
    return running.returncode, out.decode(), err.decode()


async def line_with(running: asyncio.subprocess.Process, words: str) -> str:
    """Return the first line of its output that contains these words."""
    assert running.stdout is not None
    async with asyncio.timeout(START_LIMIT_S):
        while line := await running.stdout.readline():
            if words in line.decode():
                return line.decode()
    raise AssertionError(f"it ended without saying {words!r}")


async def message_with(http: ClientSession, chat_url: str, words: str) -> str:
    """Wait until the owner sees a message with these words, and return it."""
    after = 0
    async with asyncio.timeout(START_LIMIT_S):
        while True:
            async with http.get(f"{chat_url}/user/messages", params={"after": after}) as response:
                for message in await response.json():
                    if words in (message["text"] or ""):
                        return str(message["text"])
            await asyncio.sleep(0.05)  # asking over HTTP: there is no condition to wait on in this process


async def test_without_env_every_missing_setting_is_listed_with_three_ways_on_s45(tmp_path: Path) -> None:
    async with process(tmp_path) as running:
        code, out, err = await ended(running)
    assert code == 2
    assert out == ""
    for name in ("IS_VIRTUAL", "APP_KEY", "ACCOUNT_NO", "TELEGRAM_BOT_TOKEN", "TRADING_TICKERS", "STOP_LOSS_RATE"):
        assert err.count(f"- {name}:") == 2  # once in each language
    for way in (".env.sample", "--check", "--demo"):
        assert way in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []  # nothing begun


async def test_a_raw_copy_of_the_sample_is_refused_with_each_placeholder_and_nothing_is_contacted_s45(
    tmp_path: Path,
) -> None:
    shutil.copy(ROOT / ".env.sample", tmp_path / ".env")
    with (tmp_path / ".env").open("a", encoding="utf-8") as file:
        file.write("MAX_ORDER=100\nKIS_WS_TICKS=false\nLOG_LEVEL='INFO\n")
    async with process(tmp_path) as running:
        code, out, err = await ended(running)
    assert (code, out) == (2, "")
    for name in ("HTS_ID", "APP_KEY", "APP_SECRET", "ACCOUNT_NO", "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"):
        assert err.count(f"- {name}=") == 2, name  # once in each language
    assert err.count("Did you mean MAX_ORDER_USD?") == 1
    assert err.count("- MACD_INTERVAL=1: ") == 2
    assert err.count("line 20") == 1
    assert "dotenv" not in err
    assert [file.name for file in tmp_path.iterdir()] == [".env"]


async def test_find_chat_needs_the_token_alone(tmp_path: Path) -> None:
    async with servers() as (_, chat, _http):
        (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={DEFAULT_TOKEN}\nTELEGRAM_API_URL={chat.url}\n")
        async with process(tmp_path, "--find-chat") as running:
            code, out, err = await ended(running)
    assert (code, err) == (0, "")
    assert out.count(f"TELEGRAM_CHAT_ID={DEFAULT_OWNER_ID}") == 2
    assert DEFAULT_TOKEN not in out
    assert [file.name for file in tmp_path.iterdir()] == [".env"]


def env_file(directory: Path, simulator: Simulator, chat: LocalChat, **changes: str) -> None:
    values = {name.upper(): value for name, value in SAMPLE_SETTINGS.items()} | {
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
        **changes,
    }
    file = directory / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in values.items()), encoding="utf-8")
    file.chmod(0o600)


@asynccontextmanager
async def servers(*, speed: float = 60) -> AsyncIterator[tuple[Simulator, LocalChat, ClientSession]]:
    """Run a simulated KIS over the made-up day, and a local chat whose owner has started the bot."""
    day = demo()
    options = SimulatorOptions(keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),), holdings=day.holdings)
    market = SimMarket(day.start, replay=read_replay(day.path))
    simulator = Simulator(options, market=market, clock=SimClock(day.start, speed=speed))
    chat = LocalChat(rates=None)
    await simulator.start(0)
    await chat.start(0)
    async with ClientSession(timeout=ClientTimeout(total=30)) as http:
        await http.post(f"{chat.url}/user/send", json={"text": "/start"})
        try:
            yield simulator, chat, http
        finally:
            await chat.aclose()
            await simulator.aclose()


async def stopped(running: asyncio.subprocess.Process, number: signal.Signals) -> tuple[str, str]:
    """Send a signal, assert that it ends in order within 10 s, and return what it said."""
    running.send_signal(number)
    async with asyncio.timeout(10):
        out, err = await running.communicate()
    assert running.returncode == 0, err.decode()
    return out.decode(), err.decode()


async def test_the_demo_starts_trades_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    arguments = ("--demo", "--chat-port", "0", "--kis-port", "0", "--data-dir", str(tmp_path / "kept"))
    async with process(tmp_path, *arguments) as running, ClientSession() as http:
        line = await line_with(running, "http://127.0.0.1")
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found is not None
        first = await message_with(http, found[0], "가상")
        assert "simulated" in first.lower() or "made-up" in first.lower()  # in plain English too
        await message_with(http, found[0], "전량 체결")
        out, err = await stopped(running, signal.SIGINT)
    assert "멈췄습니다" in out
    assert "Stopped" in out
    assert err == ""
    logs = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "kept" / "logs").iterdir())
    assert "5012345601" not in logs  # promise 8
    assert DEFAULT_TOKEN not in logs


STEPS = (  # each in Korean and in English; in this order
    "계좌 50******-01",
    "account 50******-01",
    "data/",
    "Telegram answers",
    "Asking KIS",
    "보유 1종목",
    "Live connection",
    "텔레그램에서 /start 를 보내세요",
    "Started: send /start in Telegram",
)


async def test_three_processes_trade_on_the_simulators_clock_and_stop_on_sigterm(tmp_path: Path) -> None:
    async with servers() as (simulator, chat, http):
        env_file(tmp_path, simulator, chat)
        async with process(tmp_path, "--sim-clock", simulator.rest_url) as running:
            started = await message_with(http, chat.url, "시작했습니다")
            assert "[모의]" in started  # S21
            steps = [await line_with(running, words) for words in STEPS]
            assert "@" in steps[3]  # the bot's own name: no other would be found in Telegram
            await message_with(http, chat.url, "전량 체결")
            async with process(tmp_path, "--sim-clock", simulator.rest_url) as second:
                code, _, err = await ended(second)
            assert code == 1  # S44: a second instance is refused, naming the first
            assert str(running.pid) in err
            out, err = await stopped(running, signal.SIGTERM)
        assert "멈췄습니다" in out
        assert "Traceback" not in err


async def test_a_token_refused_at_a_restart_ends_nothing_and_at_the_first_start_everything(tmp_path: Path) -> None:
    """At a restart in the night shares are held: trading must go on, and the chat be told when it is back."""
    async with servers() as (simulator, chat, http):
        env_file(tmp_path, simulator, chat)
        refusal = {"kind": "error", "method": "*", "code": 401, "times": 1_000_000}
        await http.post(f"{chat.url}/user/fault", json=refusal)
        async with process(tmp_path, "--sim-clock", simulator.rest_url) as running:
            code, _, err = await ended(running)
        assert code == 1
        assert "TELEGRAM_BOT_TOKEN" in err
        await http.delete(f"{chat.url}/user/fault")
        async with process(tmp_path, "--sim-clock", simulator.rest_url) as running:
            await message_with(http, chat.url, "시작했습니다")
            await stopped(running, signal.SIGTERM)
        await http.post(f"{chat.url}/user/fault", json=refusal)
        async with process(tmp_path, "--sim-clock", simulator.rest_url) as running:
            await _asked_again(http, simulator.rest_url)
            await http.delete(f"{chat.url}/user/fault")
            await message_with(http, chat.url, "다시 받습니다")
            _, err = await stopped(running, signal.SIGTERM)
        assert "전에는 되던 토큰" in err


async def test_a_damaged_database_is_told_on_the_console_and_once_in_the_chat_and_stays(tmp_path: Path) -> None:
    """A machine nobody looks at, whose service manager tries again and again."""
    async with servers() as (simulator, chat, http):
        env_file(tmp_path, simulator, chat)
        damaged = tmp_path / "data" / "trader.db"
        damaged.parent.mkdir()
        damaged.write_bytes(b"SQLite format 3\0" + b"nothing of it" * 500)
        for _ in range(2):
            async with process(tmp_path, "--sim-clock", simulator.rest_url) as running:
                code, _, err = await ended(running)
            assert code == 1
            assert "손상되었습니다" in err
            assert "Traceback" not in err
        told = await message_with(http, chat.url, "손상되었습니다")
        assert str(damaged.relative_to(tmp_path)) in told
        async with http.get(f"{chat.url}/user/messages", params={"after": 0}) as response:
            assert len([one for one in await response.json() if "손상" in (one["text"] or "")]) == 1
        assert damaged.read_bytes().endswith(b"nothing of it")
        async with http.get(f"{simulator.rest_url}/sim/state") as response:
            assert (await response.json())["requests_by_tr"] == {}


NO_KOREAN = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}


@pytest.mark.parametrize("console", [NO_KOREAN, {"PYTHONIOENCODING": "latin-1"}])
async def test_a_console_that_knows_no_korean_decides_nothing(tmp_path: Path, console: dict[str, str]) -> None:
    arguments = ("--demo", "--chat-port", "0", "--kis-port", "0", "--data-dir", str(tmp_path / "kept"))
    async with process(tmp_path, *arguments, **console) as running, ClientSession() as http:
        found = re.search(r"http://127\.0\.0\.1:\d+", await line_with(running, "http://127.0.0.1"))
        assert found is not None
        await message_with(http, found[0], "시작했습니다")
        out, err = await stopped(running, signal.SIGINT)
    assert "Stopped. " in out
    assert err == ""
    for other, expected, words in (
        (("--help",), 0, "usage"),
        ((), 2, "settings to correct"),
        (("--speed", "0"), 2, "at most"),
    ):
        async with process(tmp_path, *other, **console) as running:
            code, out, err = await ended(running)
        assert code == expected
        assert words in out + err
        assert "Traceback" not in err


async def test_a_console_that_has_gone_decides_nothing(tmp_path: Path) -> None:
    """As after `python main.py --demo | head -1`, or when the terminal was closed."""
    arguments = ("--demo", "--chat-port", "0", "--kis-port", "0", "--data-dir", str(tmp_path / "kept"))
    async with process(tmp_path, *arguments) as running:
        line = await line_with(running, "http://127.0.0.1")
        assert line
        transport = running._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.close()
        _, err = await stopped(running, signal.SIGINT)
    assert err == ""


async def _asked_again(http: ClientSession, simulator: str) -> None:
    """Wait until the program asks the broker once more: it trades."""

    async def asked() -> int:
        async with http.get(f"{simulator}/sim/state") as response:
            return sum((await response.json())["requests_by_tr"].values())

    before = await asked()
    async with asyncio.timeout(START_LIMIT_S):
        while True:
            if await asked() > before:
                break
            await asyncio.sleep(0.05)  # asking over HTTP: there is no condition to wait on in this process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_start_that_hangs_is_left_at_once(tmp_path: Path, number: signal.Signals) -> None:
    async with servers() as (simulator, chat, http):
        env_file(tmp_path, simulator, chat)
        await http.post(f"{chat.url}/user/fault", json={"kind": "slow", "method": "getMe", "seconds": 30})
        async with process(tmp_path, "--sim-clock", simulator.rest_url) as running:
            async with asyncio.timeout(START_LIMIT_S):
                while True:
                    async with http.get(f"{chat.url}/user/fault") as response:
                        if not await response.json():
                            break
                    await asyncio.sleep(0.05)  # asking over HTTP: there is no condition to wait on in this process
            out, err = await stopped(running, number)
    assert "Stopped before it began" in out
    assert err == ""


_STRUCK = """
import asyncio, os, signal
import main

async def step():
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass

async def start():
    first = asyncio.ensure_future(step())
    await asyncio.sleep(60)

signal.signal(signal.SIGTERM, main.leave)
asyncio.run(start())
"""


async def test_a_stop_that_strikes_inside_a_task_of_the_start_is_no_fault() -> None:
    struck = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _STRUCK, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await struck.communicate()
    assert (struck.returncode, err) == (0, b"")
    assert b"Stopped before it began" in out


_STRUCK_WHILE_LOGGING = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import kis.simclock, main
from storage.logs.files import logging_to_files

readings = iter([(datetime.now(UTC), 1.0)])

async def read(*_):
    if (reading := next(readings, None)) is not None:
        return reading
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass

async def start():
    async with kis.simclock.remote_sim_clock("http://127.0.0.1:9"):
        with logging_to_files(Path(sys.argv[1])):
            await asyncio.sleep(60)

kis.simclock._read = read
signal.signal(signal.SIGTERM, main.leave)
asyncio.run(start())
"""


async def test_a_stop_that_strikes_the_clocks_task_while_logs_are_written_is_no_fault(tmp_path: Path) -> None:
    """The end of the logs gives libraries their loudness back, and the clock hands on what its task ended with."""
    struck = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _STRUCK_WHILE_LOGGING,
        tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await struck.communicate()
    assert (struck.returncode, err) == (0, b"")
    assert b"Stopped before it began" in out


async def test_check_prints_what_works_and_what_does_not(tmp_path: Path) -> None:
    async with servers(speed=1) as (simulator, chat, _):
        env_file(tmp_path, simulator, chat)
        async with process(tmp_path, "--check") as running:
            code, out, err = await ended(running)
        assert code == 0, out + err
        assert "✗" not in out
        korean, english = out.splitlines()[:2]  # whose money, before anything else
        assert korean == "KIS 모의투자 (가상의 돈), 계좌 50******-01, 종목 NASDAQ:TQQQ, NYSE:O, AMEX:XLF"
        assert english.startswith("PAPER environment of KIS (virtual, no real money), account 50******-01, tickers ")
        for ticker in ("TQQQ", "O", "XLF"):
            [line] = [number for number, line in enumerate(out.splitlines()) if f"Quote of {ticker}" in line]
            assert re.fullmatch(r" +\$\d+(\.\d+)?", out.splitlines()[line + 1])
        assert "50123456" not in out
        env_file(tmp_path, simulator, chat, TELEGRAM_BOT_TOKEN="1000:another-token")
        async with process(tmp_path, "--check") as running:
            code, out, _ = await ended(running)
    assert code == 1
    assert "TELEGRAM_BOT_TOKEN" in out
    assert "another-token" not in out


@pytest.fixture
def filled_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a complete `.env` for KIS's own hosts in the working directory."""
    for name in list(os.environ):
        if name not in environment():
            monkeypatch.delenv(name)
    values = {name.upper(): value for name, value in SAMPLE_SETTINGS.items()} | {
        "IS_VIRTUAL": "true",
        "HTS_ID": "demo01",
        "APP_KEY": KEY,
        "APP_SECRET": SECRET,
        "ACCOUNT_NO": "50123456-01",
        "TELEGRAM_BOT_TOKEN": "123456789:" + "T" * 35,
        "TELEGRAM_CHAT_ID": "1",
        "TELEGRAM_CHAT_TEST_ID": "1",
    }
    file = tmp_path / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in values.items()), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return file


def test_intervals_whose_bars_nobody_gives_are_refused_with_three_ways_out_d9(
    filled_env: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIS_WS_TICKS", "false")
    assert main.main([]) == 2
    told = capsys.readouterr().err
    assert "MACD_INTERVAL=1:" in told
    assert "RSI_INTERVAL" not in told  # days are there
    for way in ("QUOTE_APP_KEY", "KIS_WS_TICKS=true", "day"):
        assert way in told


@pytest.mark.parametrize(
    ("virtual", "quote_key", "ticks"), [("false", "", "false"), ("true", QUOTE_KEY, "false"), ("true", "", "true")]
)
def test_each_of_the_ways_out_is_taken_d9(
    filled_env: Path, monkeypatch: pytest.MonkeyPatch, virtual: str, quote_key: str, ticks: str
) -> None:
    monkeypatch.setenv("IS_VIRTUAL", virtual)
    monkeypatch.setenv("KIS_WS_TICKS", ticks)
    if quote_key:
        monkeypatch.setenv("QUOTE_APP_KEY", quote_key)
        monkeypatch.setenv("QUOTE_APP_SECRET", SECRET)
    assert main.load_settings(filled_env).kis.is_virtual is (virtual == "true")


def test_a_simulated_clock_is_refused_with_a_real_host(filled_env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--sim-clock", "http://127.0.0.1:9"]) == 2
    told = capsys.readouterr().err
    assert "REST_URL_BASE=https://openapivts.koreainvestment.com" in told
    assert "simulator on this machine" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["--demo", "--speed", "0"],
        ["--demo", "--speed", "fast"],
        ["--demo", "--replay", "/no/such/folder"],
        ["--demo", "--chat-port", "70000"],
        ["--sim-clock", "http://example.com"],
        ["--demo", "--check"],
    ],
)
def test_wrong_arguments_are_refused_with_what_is_allowed(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main.main(arguments)
    assert left.value.code == 2
    assert arguments[1] in capsys.readouterr().err


async def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with (
        servers() as (simulator, _, _),
        process(tmp_path, "--demo", "--kis-port", str(simulator.port), "--chat-port", "0") as running,
    ):
        code, _, err = await ended(running)
    assert code == 2
    assert "--kis-port" in err
    assert ".env" not in err
    assert "Traceback" not in err


async def test_a_usual_port_that_is_taken_gives_way_to_a_free_one() -> None:
    async with servers() as (simulator, _, _):
        assert main.usable_port("--kis-port", None, usual=simulator.port) == 0
    assert main.usable_port("--kis-port", None, usual=simulator.port) == simulator.port


async def test_an_earlier_demos_database_is_set_aside_not_lost(tmp_path: Path) -> None:
    for content in ("first", "second"):
        for name in ("trader.db", "bars.db", "bars.db-wal"):  # another demo may have another market
            (tmp_path / name).write_text(content)
        async with AsyncExitStack() as stack:
            assert main.demo_directory(stack, tmp_path) == tmp_path
        assert not list(tmp_path.glob("*.db*"))
    for name in ("trader.db", "bars.db", "bars.db-wal"):
        kept = [(tmp_path / f"earlier-{n}" / name).read_text() for n in (1, 2)]
        assert kept == ["first", "second"]


async def test_a_demo_in_a_directory_in_use_says_only_that_and_moves_nothing_s44(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    arguments = ("--demo", "--chat-port", "0", "--kis-port", "0", "--data-dir", str(kept))
    with instance_lock(kept, SystemClock().now()):
        (kept / "trader.db").write_text("of the one that runs")
        async with process(tmp_path, *arguments) as second:
            code, out, err = await ended(second)
    assert code == 1
    assert out == ""  # nothing is offered that does not come
    assert f"이미 실행 중입니다: 프로세스 {os.getpid()}" in err
    assert f"Already running: process {os.getpid()}" in err
    assert len(err.splitlines()) == 2
    assert (kept / "trader.db").read_text() == "of the one that runs"


def test_a_wrong_totp_secret_is_a_fault_told_without_it(
    filled_env: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOTP_SECRET", "JBSWY3DPEHPK3PX0")
    assert main.main([]) == 2
    told = capsys.readouterr().err
    assert "TOTP_SECRET=****: " in told
    assert "JBSWY3DPEHPK3PX0" not in told
    assert filled_env.exists()


def test_the_totp_secret_is_in_no_log_promise_8(filled_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    monkeypatch.setenv("TOTP_SECRET", secret)
    monkeypatch.setenv("LOG_DIR", str(filled_env.parent / "logs"))
    settings = main.load_settings(filled_env)
    with main.logs(settings):
        logging.getLogger("anything").error("it is %s", secret)
    [file] = (filled_env.parent / "logs").iterdir()
    written = file.read_text(encoding="utf-8")
    assert "it is" in written
    assert secret not in written + repr(settings)

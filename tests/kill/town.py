"""What outlives the kills: the simulated broker, the local chat, and the directory with `.env` and database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.localchat import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat
from kis.simulator.clock import SimClock
from kis.simulator.market.calendar import new_york
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator
from tests.fakes.clock import SAMPLE_SETTINGS
from tests.support.person import Person

KEY, QUOTE_KEY, SECRET = "K" * 36, "Q" * 36, "S" * 180
TICKERS = ("TQQQ", "SOXL", "XLF")
SPEED = 60.0  # market seconds per second, on a machine that has nothing else to do
DAYS = (date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20))

# a rule that always wants something: every check of a ticker gives a buy or a sell
RESTLESS = {
    "trading_tickers": "NASDAQ:TQQQ,AMEX:SOXL,AMEX:XLF",
    "check_interval_minutes": "1",
    "buy_delay_min": "2",
    "sell_delay_min": "2",
    "buy_rate": "0.05",
    "sell_rate": "0.4",
    "rsi_period": "2",
    "rsi_oversold": "55",
    "rsi_overbought": "56",
    "rsi_interval": "1",
    "macd_interval": "1",
    "sell_confirm": "none",
    "stop_loss_rate": "-5",
    "stop_poll_s": "10",
    "order_timeout_s": "5",
    "order_reprices": "2",
    "max_orders_per_day": "10000",
    "daily_loss_limit_pct": "off",
    "max_spread_pct": "20",
    "reconcile_interval_s": "30",
    "dashboard": "off",
}


@dataclass(slots=True)
class Town:
    """The servers of one group of kills, and what was heard of them."""

    directory: Path
    simulator: Simulator
    chat: LocalChat
    person: Person
    http: ClientSession
    slowness: float
    sends: list[dict[str, Any]] = field(default_factory=list)  # every call of sendMessage that made a message
    _call: int = 0

    @property
    def database(self) -> Path:
        return self.directory / "data" / "trader.db"

    @property
    def arguments(self) -> list[str]:
        return ["--sim-clock", self.simulator.rest_url]

    def now(self) -> datetime:
        """Return market time."""
        return self.simulator.clock.now()

    async def state(self) -> dict[str, Any]:
        """Return the broker's own books, everything due lived through."""
        async with self.simulator.still():
            return self.simulator.control.view(self.simulator.world.broker.main)

    async def sim(self, path: str, **body: Any) -> bool:
        """Make a control call of the simulator; return whether it was taken."""
        async with self.http.post(f"{self.simulator.rest_url}/sim/{path}", json=body) as response:
            return response.status == 200

    async def chat_fault(self, **body: Any) -> None:
        await self.person.post("fault", **body)

    async def clear_faults(self) -> None:
        async with self.http.delete(f"{self.simulator.rest_url}/sim/fault"):
            pass
        async with self.http.delete(f"{self.chat.url}/user/fault"):
            pass

    async def listen(self) -> None:
        """Take over the chat's newest calls before its log forgets them."""
        async with self.http.get(f"{self.chat.url}/user/calls", params={"after": self._call}) as response:
            calls: list[dict[str, Any]] = await response.json()
        for call in calls:
            self._call = max(self._call, call["number"])
            answer = call["answer"]
            if call["method"] == "sendMessage" and isinstance(answer, dict) and answer.get("ok"):
                self.sends.append({**call["params"], "message_id": answer["result"]["message_id"]})


@asynccontextmanager
async def town(directory: Path, *, seed: int, slowness: float = 1.0) -> AsyncIterator[Town]:
    """Run the servers on a trading day of their own, and put `.env` beside the database.

    On a slow machine market time passes slower, so that as much is done in it.
    """
    day = DAYS[seed % len(DAYS)]
    start = new_york(day, time(10 + seed % 4, 7))
    options = SimulatorOptions(
        environment=Served.VIRTUAL,
        keys=(KeySpec(app_key=QUOTE_KEY, environment=Served.REAL),),
        holdings=(Holding(symbol="XLF", qty=60),),
        ccnl_lag_s=(0.0, 15.0),
        balance_lag_s=(0.0, 15.0),
        match_delay_s=0.5,
        prints_a_minute=12,
    )
    async with AsyncExitStack() as stack:
        simulator = Simulator(options, clock=SimClock(start, speed=SPEED / slowness), seed=seed)
        await simulator.start(0)
        stack.push_async_callback(simulator.aclose)
        chat = LocalChat(rates=None)
        await chat.start(0)
        stack.push_async_callback(chat.aclose)
        http = await stack.enter_async_context(ClientSession())
        directory.mkdir(parents=True)
        _write_env(directory, simulator, chat)
        person = Person(http, chat.url, DEFAULT_OWNER_ID)
        await person.send("/start")
        yield Town(directory, simulator, chat, person, http, slowness)


def _write_env(directory: Path, simulator: Simulator, chat: LocalChat) -> None:
    trading = {name.upper(): value for name, value in {**SAMPLE_SETTINGS, **RESTLESS}.items()}
    values = trading | {
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
    }
    file = directory / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in values.items()), encoding="utf-8")
    file.chmod(0o600)

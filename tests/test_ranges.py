"""Every documented range, tested at both edges: by the model, and by what has to live with the value."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import aiohttp
import annotated_types
import pandas as pd
import pytest
from aiogram.client.session.aiohttp import AiohttpSession
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from ta.momentum import RSIIndicator
from ta.trend import MACD

from bot.settings import TelegramSettings
from kis.environment import Lane
from kis.rest.pacing import Pacer
from kis.settings import KisSettings
from storage.logs.files import logging_to_files
from storage.settings import StorageSettings
from strategy.settings.messages import plain_faults
from strategy.settings.schema import TradingSettings
from tests.bot.test_settings import GOOD
from tests.fakes.clock import SAMPLE_SETTINGS
from tests.fakes.kis_clocks import JumpClock

BASES: dict[type[BaseSettings], dict[str, str]] = {
    TradingSettings: SAMPLE_SETTINGS,
    TelegramSettings: GOOD,
    KisSettings: {
        "is_virtual": "true",
        "hts_id": "demo01",
        "app_key": "K" * 36,
        "app_secret": "S" * 180,
        "account_no": "12345678-01",
    },
    StorageSettings: {},
}
# what must stand beside an edge for settings that are held against one another
BESIDE: dict[tuple[str, str], dict[str, str]] = {
    ("rsi_overbought", "0"): {},  # nothing lies below it
    ("rsi_oversold", "100"): {},  # nothing lies above it
    ("rsi_overbought", "100"): {"rsi_oversold": "0"},
    ("rsi_oversold", "0"): {"rsi_overbought": "100"},
    ("rsi_period", "2"): {"rsi_min_moves": "1"},
    ("rsi_min_moves", "50"): {"rsi_period": "100"},
    ("macd_fast", "100"): {"macd_slow": "101"},
    ("macd_slow", "3"): {"macd_fast": "2"},
}
IMPOSSIBLE = {("rsi_overbought", "0"), ("rsi_oversold", "100")}


@dataclass(frozen=True)
class Edge:
    room: type[BaseSettings]
    name: str
    inside: str
    outside: str | None  # None: the other edge of an open end

    def __str__(self) -> str:
        return f"{self.name}={self.inside}"


def edges() -> Iterator[Edge]:
    for room in BASES:
        for name, field in room.model_fields.items():
            step = Decimal(1) if field.annotation in (int, int | None) else Decimal("0.0001")
            for bound in field.metadata:
                match bound:
                    case annotated_types.Ge(ge=value):
                        low = Decimal(str(value))
                        yield Edge(room, name, f"{low:f}", f"{low - step:f}")
                    case annotated_types.Le(le=value):
                        high = Decimal(str(value))
                        yield Edge(room, name, f"{high:f}", f"{high + step:f}")
                    case annotated_types.Gt(gt=value):
                        low = Decimal(str(value))
                        yield Edge(room, name, f"{low + step:f}", f"{low:f}")
                    case annotated_types.Lt(lt=value):
                        high = Decimal(str(value))
                        yield Edge(room, name, f"{high - step:f}", f"{high:f}")


def read(edge: Edge, value: str) -> BaseSettings:
    beside = BESIDE.get((edge.name, edge.inside), {})
    return edge.room.model_validate({**BASES[edge.room], **beside, edge.name: value})


EDGES = list(edges())


def test_there_are_as_many_as_are_documented() -> None:
    assert len(EDGES) > 70


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_the_edge_is_taken_and_what_lies_past_it_is_refused_by_name(edge: Edge) -> None:
    if (edge.name, edge.inside) not in IMPOSSIBLE:
        kept = getattr(read(edge, edge.inside), edge.name)
        assert Decimal(str(kept)) == Decimal(edge.inside)
    with pytest.raises(ValidationError) as refused:
        read(edge, str(edge.outside))
    assert edge.name.upper() in {fault.name for fault in plain_faults(refused.value, edge.room)}


@pytest.mark.parametrize("calls_per_s", [0.1, 20])
async def test_the_pacer_keeps_both_edges(calls_per_s: float) -> None:
    clock = JumpClock()
    pacer = Pacer(clock, calls_per_s=calls_per_s, ledger_calls_per_s=calls_per_s, slack=0.5)
    began, calls = clock.now(), 45
    for lane in (Lane.LEDGER, *[Lane.ORDER] * (calls - 1)):
        (await pacer.turn(lane)).answered()
    took = (clock.now() - began).total_seconds()
    assert (calls - max(1, calls_per_s)) / calls_per_s <= took <= 2 * calls / calls_per_s + 1


@pytest.mark.parametrize("days", [1, 3650])
def test_the_log_keeps_both_edges(tmp_path: Path, days: int) -> None:
    old = tmp_path / "2001-01-01.log"
    old.touch()
    with logging_to_files(tmp_path, retention_days=days):
        logging.getLogger("ranges").info("a line")
    [kept] = tmp_path.glob("*.log")
    assert kept != old


@pytest.mark.parametrize("window", [2, 100])
def test_ta_takes_both_edges_of_the_rsi(window: int) -> None:
    closes = pd.Series([100 + n % 7 for n in range(400)], dtype=float)
    assert 0 <= RSIIndicator(closes, window=window).rsi().iloc[-1] <= 100


@pytest.mark.parametrize(("fast", "slow", "signal"), [(2, 3, 2), (2, 200, 100), (100, 101, 2), (100, 200, 100)])
def test_ta_takes_both_edges_of_the_macd(fast: int, slow: int, signal: int) -> None:
    closes = pd.Series([100 + n % 7 for n in range(700)], dtype=float)
    found = MACD(closes, window_slow=slow, window_fast=fast, window_sign=signal)
    assert found.macd_signal().notna().iloc[-1]


@pytest.mark.parametrize("seconds", [1, 120])
async def test_telegrams_http_session_takes_both_edges(seconds: int) -> None:
    session = AiohttpSession(timeout=seconds)
    assert session.timeout == seconds
    await session.close()


@pytest.mark.parametrize(("connect_s", "read_s"), [("0.0001", "0.0001"), ("60", "120")])
async def test_aiohttp_takes_both_edges_of_the_brokers_limits(connect_s: str, read_s: str) -> None:
    base = BASES[KisSettings]
    limits = {"kis_connect_timeout_s": connect_s, "kis_read_timeout_s": read_s, "kis_timeout_s": read_s}
    settings = KisSettings.model_validate({**base, **limits})
    limit = aiohttp.ClientTimeout(total=settings.kis_read_timeout_s, sock_connect=settings.kis_connect_timeout_s)
    async with aiohttp.ClientSession(timeout=limit) as session:
        with pytest.raises((TimeoutError, aiohttp.ClientConnectorError)):
            await session.get("http://127.0.0.1:9")

"""The server as a whole: clock, control calls, loopback, command line, two runs alike."""

import asyncio
import json
import signal
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.simulator.clock import SimClock, from_ms, to_ms
from kis.simulator.market.calendar import (
    Phase,
    TradingWindows,
    business_date,
    default_start,
    is_session,
    session_of,
    sessions_between,
)
from kis.simulator.server import Simulator
from tests.kis.simulator.conftest import NOON, Starter
from tests.kis.simulator.outside import Outside


class Seconds:
    """Real time as the test tells it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_market_time_runs_at_its_speed_and_stands_at_zero() -> None:
    real = Seconds()
    clock = SimClock(NOON, speed=60, monotonic=real)
    real.now += 2
    assert clock.now() == NOON + timedelta(minutes=2)
    clock.set_speed(0)
    real.now += 100
    assert clock.now() == NOON + timedelta(minutes=2)
    clock.advance(30)
    assert clock.now() == NOON + timedelta(minutes=2, seconds=30)
    assert clock.real_seconds_until(to_ms(NOON)) is None
    clock.set_speed(10)
    assert clock.real_seconds_until(to_ms(clock.now()) + 20_000) == pytest.approx(2)


@pytest.mark.parametrize("speed", [-1, 86_401])
def test_a_senseless_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        SimClock(NOON, speed=speed)


@given(st.datetimes(datetime(1998, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - given their zone below
def test_instants_survive_as_milliseconds(moment: datetime) -> None:
    instant = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert from_ms(to_ms(instant)) == instant


def test_sessions_know_holidays_half_days_and_special_closures() -> None:
    assert not is_session(date(2026, 4, 3))  # Good Friday
    assert not is_session(date(2025, 1, 9))  # a national day of mourning
    assert is_session(date(2026, 10, 12))  # Columbus Day
    assert session_of(date(2026, 11, 27)).is_half_day
    assert len(sessions_between(date(2026, 1, 1), date(2026, 12, 31))) == 251


@pytest.mark.parametrize(
    ("instant", "phase"),
    [
        ("2026-09-15T01:00+00:00", Phase.DAY_MARKET),  # 10:00 in Seoul
        ("2026-09-15T08:00+00:00", Phase.PRE),  # 04:00 in New York
        ("2026-09-15T13:30+00:00", Phase.REGULAR),
        ("2026-09-15T20:00+00:00", Phase.AFTER),
        ("2026-09-15T22:00+00:00", Phase.AFTER_EXTENSION),
        ("2026-09-16T00:00+00:00", Phase.CLOSED),
        ("2026-12-15T09:00+00:00", Phase.PRE),
        ("2026-12-15T08:30+00:00", Phase.DAY_MARKET),  # until 18:00 in winter
        ("2026-12-15T22:30+00:00", Phase.AFTER_EXTENSION),
        ("2026-09-19T16:00+00:00", Phase.CLOSED),
    ],
)
def test_trading_windows(instant: str, phase: Phase) -> None:
    """kis-protocol 8.1."""
    assert TradingWindows().phase(to_ms(datetime.fromisoformat(instant))) is phase


def test_the_business_date_turns_at_eight_in_the_evening() -> None:
    assert business_date(to_ms(datetime(2026, 9, 15, 23, 59, tzinfo=UTC))) == date(2026, 9, 15)
    assert business_date(to_ms(datetime(2026, 9, 16, 0, 0, tzinfo=UTC))) == date(2026, 9, 16)
    assert business_date(to_ms(datetime(2026, 9, 19, 12, 0, tzinfo=UTC))) == date(2026, 9, 21)


def test_market_time_starts_in_a_session() -> None:
    assert default_start(NOON) == NOON
    assert default_start(datetime(2026, 9, 13, 12, tzinfo=UTC)) == datetime(2026, 9, 14, 14, 0, tzinfo=UTC)
    assert default_start(datetime(2026, 9, 15, 23, tzinfo=UTC)) == datetime(2026, 9, 15, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::"])
async def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        await Simulator(clock=SimClock(NOON)).start(host=host)


async def test_clock_control(start: Starter) -> None:
    outside = await start()
    assert await outside.control("clock") == {"now": "2026-09-15T16:00:00+00:00", "speed": 0.0}
    assert (await outside.control("clock", advance_s=90))["now"] == "2026-09-15T16:01:30+00:00"
    assert (await outside.control("clock", now="2026-09-15T13:00:00-04:00"))["now"] == "2026-09-15T17:00:00+00:00"
    back = await outside.control("clock", now="2026-09-14T16:00:00+00:00")
    assert back["now"] == "2026-09-14T16:00:00+00:00"
    assert (await outside.price("NAS", "TQQQ"))["last"] != ""
    assert (await outside.control("clock", speed=60))["speed"] == 60
    bad = await outside.send("POST", "/sim/clock", json_body={"now": "2026-09-14T16:00:00"})
    assert bad.status == 400


async def test_time_runs_by_itself_above_speed_zero(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("clock", speed=600)
    seen: list[list[str]] = []
    while len(seen) < 10:
        seen += await line.records(26, skip_pings=True)
    assert [record[5] for record in seen] == sorted(record[5] for record in seen)


async def test_state_tells_money_as_text(start: Starter) -> None:
    outside = await start()
    await outside.control("position", symbol="O", qty=3, average="55.50")
    await outside.order("buy", "TQQQ", "2", "20.00")
    state = await outside.control("state")
    assert state["cash"] == "100000.00"
    assert state["positions"][0] | {"last": "", "value": ""} == {
        "symbol": "O", "exchange": "NYSE", "qty": 3, "orderable": 3, "average": "55.5000", "last": "", "value": "",
    }  # fmt: skip
    assert state["open_orders"][0]["price"] == "20.0000"
    assert state["requests_by_tr"] == {"tokenP": 1, "VTTT1002U": 1}
    assert state["ws"] == {"connections": 0, "subscriptions": []}


async def test_state_shows_what_every_ticker_asked_for_trades_at(start: Starter) -> None:
    client = await start()
    await client.price("NAS", "TQQQ")
    await client.control("tick", symbol="TQQQ", last="61.25", bid="61.24", ask="61.26")
    state = await client.control("state")
    assert {name: Decimal(value) for name, value in state["prices"]["TQQQ"].items()} == {
        "last": Decimal("61.25"),
        "bid": Decimal("61.24"),
        "ask": Decimal("61.26"),
    }
    assert "MSFT" not in state["prices"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tick", {"symbol": "NOSUCH", "last": "1"}),
        ("tick", {"symbol": "TQQQ"}),
        ("tick", {"symbol": "TQQQ", "last": "-1"}),
        ("tick", {"symbol": "TQQQ", "last": "60", "bid": "61", "ask": "60"}),
        ("order", {"symbol": "TQQQ", "side": "hold", "qty": 1, "price": "1"}),
        ("order", {"symbol": "TQQQ", "side": "buy", "qty": 1.5, "price": "1"}),
        ("clock", {"speed": -1}),
        ("clock", {"speed": 1, "advance_s": "x"}),
        ("position", {"symbol": "TQQQ", "qty": "many"}),
    ],
)
async def test_senseless_control_calls_are_refused_in_words(start: Starter, path: str, body: dict[str, object]) -> None:
    answer = await (await start()).send("POST", f"/sim/{path}", json_body=body)
    assert answer.status == 400
    assert answer.body["error"]["message"]


async def test_orders_and_cancellations_by_hand(start: Starter) -> None:
    outside = await start()
    placed = await outside.control("order", symbol="TQQQ", side="buy", qty=2, price="20.00")
    canceled = await outside.control("cancel", odno=placed["odno"])
    assert canceled["status"] == "canceled"
    refused = await outside.send(
        "POST", "/sim/order", json_body={"symbol": "O", "side": "sell", "qty": 1, "price": "1"}
    )
    assert (refused.status, refused.body["error"]["code"]) == (409, "40240000")


async def test_two_runs_with_the_same_requests_are_alike(start: Starter) -> None:
    runs = []
    for _ in range(2):
        outside = await start(seed=7, ccnl_lag_s=(0.0, 2.0), balance_lag_s=(0.0, 2.0))
        runs.append(await _day_of_trading(outside))
    assert runs[0] == runs[1]


async def _day_of_trading(outside: Outside) -> str:
    answers = [outside.token]
    for step in range(6):
        last = float((await outside.price("NAS", "TQQQ"))["last"])
        answers.append((await outside.order("buy", "TQQQ", str(step + 1), f"{last - 0.02 * step:.2f}")).text)
        await outside.simulator.advance(45)
        answers.append((await outside.executions()).text)
        answers.append((await outside.balance()).text)
    answers.append(json.dumps(await outside.control("state"), sort_keys=True))
    return "\n".join(answers)


async def test_unknown_paths_are_404(start: Starter) -> None:
    outside = await start()
    assert (await outside.send("GET", "/nothing")).status == 404


async def test_the_command_line_prints_its_address_and_stops_cleanly(tmp_path: Path) -> None:
    recorded = tmp_path / "KO.csv"
    recorded.write_text("time,open,high,low,close,volume\n2026-09-15T09:30:00-04:00,66.5,66.6,66.4,66.5,900\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kis.simulator", "--port", "0", "--real", "--speed", "0", "--replay", str(recorded),
        "--hold", "KO=5@60.00", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(30):
        ready = (await process.stdout.readline()).decode()
        when = (await process.stdout.readline()).decode()
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert "http://127.0.0.1:" in ready
    assert "(real)" in ready
    assert when.startswith("market time 2026-09-15T09:29:40-04:00")
    assert (process.returncode, errors) == (0, b"")


async def test_the_command_line_says_what_is_wrong() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kis.simulator", "--port", "0", "--replay", "/no/such/file",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert (process.returncode, b"no such file or folder" in errors, b"Traceback" in errors) == (2, True, False)

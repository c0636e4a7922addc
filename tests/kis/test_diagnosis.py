"""/diagnose and `--check`: every step by itself, with what to do about a failure (rows S107-S111).

Rows S22, S108, S109.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve

from kis import diagnosis
from kis.connect import Kis
from strategy.model import HealthLine, Market, Symbol
from tests.fakes.clock import FakeClock
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import ACCOUNT, APP_KEY, APP_SECRET, OK, Asked, FakeKis, Say, client, error, hang
from tests.kis.stream.test_client import Recorder, Sockets, acked, streaming, until
from tests.support.words import bilingual, english, korean

MSFT = Symbol(Market.NASDAQ, "MSFT")
QUOTE, BALANCE = "HHDFS00000300", "TTTS3012R"
PRICE = Say({**OK, "output": {"rsym": "DNASMSFT", "last": "437.1500", "base": "431.7400", "ordy": ""}})
NO_POSITIONS = Say({**OK, "output1": [], "output2": {}, "ctx_area_fk200": "", "ctx_area_nk200": ""})


@asynccontextmanager
async def connected(folder: Path, fake: FakeKis, sockets: Sockets, **changes: Any) -> AsyncIterator[Kis]:
    """Serve REST and WebSocket; nobody runs the stream."""
    async with serve(sockets.handle, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with client(fake, JumpClock(), folder, **{"ws_url_base": f"ws://127.0.0.1:{port}", **changes}) as kis:
            yield kis


def named(lines: list[HealthLine]) -> dict[str, HealthLine]:
    return {english(line.name): line for line in lines}


async def test_every_step_has_a_line_and_one_price_is_asked(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on(QUOTE, PRICE)
    async with connected(tmp_path, fake, Sockets(), is_virtual="true") as kis:
        lines = await kis.check([MSFT])
    names = [
        english(line.name).rsplit(" ", 1)[0] if "port" in english(line.name) else english(line.name) for line in lines
    ]
    assert names == [
        "REST host name 127.0.0.1",
        "REST port",
        "WebSocket host name 127.0.0.1",
        "WebSocket port",
        "Access token",
        "Account inquiry",
        "Quote of MSFT",
        "WebSocket handshake",
        "Order notices subscription",
    ]
    assert [line.ok for line in lines] == [True] * 9, lines
    assert english(named(lines)["Quote of MSFT"].detail) == "$437.15"
    assert "KST" in korean(named(lines)["Access token"].detail)


async def test_nothing_is_ever_placed(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on(QUOTE, PRICE)
    async with connected(tmp_path, fake, Sockets()) as kis:
        await kis.check([MSFT])
    posts = {asked.path for asked in fake.asked if asked.method == "POST"}
    assert posts <= {"/oauth2/tokenP", "/oauth2/Approval"}


async def test_a_name_that_is_not_known_says_what_to_look_at_s109(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_: object, **__: object) -> list[object]:
        raise OSError(-2, "Name or service not known")

    async with connected(tmp_path, FakeKis(), Sockets()) as kis:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
        lines = named(await kis.check())
    host = lines["REST host name 127.0.0.1"]
    assert host.ok is False
    assert "DNS" in korean(host.detail)
    assert "REST_URL_BASE" in english(host.detail)
    assert "WS_URL_BASE" in english(lines["WebSocket host name 127.0.0.1"].detail)  # S110


@pytest.mark.parametrize(
    ("code", "word"), [("EGW00103", "APP_KEY"), ("EGW00105", "APP_SECRET"), ("EGW00003", "KIS Developers")]
)
async def test_a_refused_key_is_explained_and_nothing_secret_shown_s107_s108(
    tmp_path: Path, code: str, word: str
) -> None:
    fake = FakeKis()
    fake.on("/oauth2/tokenP", Say({"error_code": code, "error_description": "유효하지 않습니다."}, 403))
    async with connected(tmp_path, fake, Sockets()) as kis:
        lines = await kis.check([MSFT])
    token = named(lines)["Access token"]
    assert token.ok is False
    assert word in english(token.detail)
    told = "".join(bilingual(line.name) + bilingual(line.detail) for line in lines)
    assert not any(secret in told for secret in (APP_KEY, APP_SECRET, ACCOUNT, ACCOUNT.replace("-", "")))


async def test_a_wrong_account_number_is_named_s111(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on(BALANCE, error("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO"))
    async with connected(tmp_path, fake, Sockets()) as kis:
        account = named(await kis.check())["Account inquiry"]
    assert account.ok is False
    assert "ACCOUNT_NO" in korean(account.detail)


async def test_a_refused_subscription_is_told_apart_from_the_handshake_s22(tmp_path: Path) -> None:
    sockets = Sockets()

    async def refused(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        await socket.send(acked(tr_id, tr_key, "OPSP0017", "invalid tr_key", "1"))

    sockets.answer = refused
    async with connected(tmp_path, FakeKis(), sockets) as kis:
        lines = named(await kis.check())
    assert lines["WebSocket handshake"].ok
    assert lines["Order notices subscription"].ok is False
    assert "OPSP0017" in english(lines["Order notices subscription"].detail)


async def test_a_running_stream_is_asked_and_no_second_session_opened(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink) as (kis, _):
        await until(lambda: sink.ups)
        lines = named(await kis.check())
    assert lines["WebSocket handshake"].ok
    assert lines["Order notices subscription"].ok
    assert len(sockets.connections) == 1


async def test_a_running_stream_that_is_down_says_why(tmp_path: Path) -> None:
    sink = Recorder()
    async with streaming(tmp_path, Sockets(), sink, ws_url_base="ws://127.0.0.1:9") as (kis, _):
        await until(lambda: sink.downs)
        lines = named(await kis.check())
    assert lines["WebSocket handshake"].ok is False
    assert "WS_URL_BASE" in english(lines["WebSocket handshake"].detail)
    assert lines["Order notices subscription"].ok is None


async def test_what_there_was_no_time_for_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_ALL_S", 0.3)
    fake = FakeKis()
    fake.on("/oauth2/tokenP", hang())
    async with connected(tmp_path, fake, Sockets()) as kis:
        lines = named(await kis.check([MSFT]))
    assert lines["REST host name 127.0.0.1"].ok
    assert [lines[name].ok for name in ("Access token", "Account inquiry", "Quote of MSFT")] == [None] * 3
    assert "time ran out" in english(lines["Account inquiry"].detail)


async def test_a_call_that_hangs_is_said_to_be_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_CALL_S", 0.2)
    fake = FakeKis()
    fake.on(QUOTE, hang())
    async with connected(tmp_path, fake, Sockets(), is_virtual="true") as kis:
        lines = named(await kis.check([MSFT]))
    assert lines["Account inquiry"].ok is not None
    assert lines["Quote of MSFT"].ok is False
    assert "in time" in english(lines["Quote of MSFT"].detail)


# the broker's clock


@pytest.mark.parametrize("ahead_s", [-120, 0, 300])
async def test_how_far_the_brokers_clock_is_off_is_known_from_its_answers(tmp_path: Path, ahead_s: int) -> None:
    fake = FakeKis()

    async def dated(_: Asked, __: web.Request) -> Say:
        server = datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=ahead_s)
        return Say(PRICE.body, headers={"Date": format_datetime(server, usegmt=True)})

    fake.on(QUOTE, dated)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        assert kis.broker.clock_ahead is None
        for _ in range(4):
            await kis.market.quote(MSFT)
        skew = kis.broker.clock_ahead
    assert skew is not None
    assert abs(skew.total_seconds() - ahead_s) < 3


async def test_how_far_it_is_off_follows_at_once_when_this_machines_clock_is_set(tmp_path: Path) -> None:
    """All answers it is known from came before: nothing is asked again."""
    fake, machine = FakeKis(), FakeClock(datetime.fromtimestamp(int(time.time()), UTC))
    fake.on(QUOTE, Say(PRICE.body, headers={"Date": format_datetime(machine.now(), usegmt=True)}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        kis.http.transport._machine = machine
        await kis.market.quote(MSFT)
        machine.set(machine.now() + timedelta(minutes=5))
        for put_s in (-3600, 7200, -3660, 60):
            machine.put(put_s)
            ahead = kis.http.transport.clock_skew
            assert ahead is not None
            assert abs(ahead - (machine.start + machine.now().ran - machine.now())) < timedelta(seconds=3)


async def test_answers_from_before_and_after_a_clock_was_set_tell_the_same(tmp_path: Path) -> None:
    fake, machine = FakeKis(), FakeClock(datetime.fromtimestamp(int(time.time()), UTC))

    async def dated(_: Asked, __: web.Request) -> Say:
        return Say(PRICE.body, headers={"Date": format_datetime(machine.start + machine.now().ran, usegmt=True)})

    fake.on(QUOTE, dated)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        kis.http.transport._machine = machine
        for put_s in (-3600, 7200, -3660, 60, 300):
            machine.put(put_s)
            await kis.market.quote(MSFT)
            machine.set(machine.now() + timedelta(minutes=5))
            ahead = kis.http.transport.clock_skew
            assert ahead is not None
            assert abs(ahead - (machine.start + machine.now().ran - machine.now())) < timedelta(seconds=3)


@pytest.mark.parametrize("date", ["yesterday", "Tue, 01 Dec 2026 07:00:00 -0000"])
async def test_a_date_that_cannot_be_read_is_no_clock(tmp_path: Path, date: str) -> None:
    """The second is readable and of no zone."""
    fake = FakeKis()
    fake.on("/oauth2/tokenP", Say({"access_token": "t", "expires_in": 86400}, headers={"Date": "soon"}))
    fake.on(QUOTE, Say(PRICE.body, headers={"Date": date}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await kis.market.quote(MSFT)
        assert kis.http.transport.clock_skew is None

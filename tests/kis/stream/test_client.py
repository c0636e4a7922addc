"""The stream against a scripted WebSocket server. Rows S6, S12, S22, S86, S87, S88, S109."""

import asyncio
import base64
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from kis.connect import Kis
from kis.stream.connection import Patience
from kis.stream.reconnect import ReconnectPauses
from strategy.model import Market, Notice, Said, Symbol, Tick
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import FakeKis, client, hang
from tests.support.words import bilingual, english

MSFT = Symbol(Market.NASDAQ, "MSFT")
KO = Symbol(Market.NYSE, "KO")
KEY, IV = "qmzrtkavwlpeohsdbunxcyjfigqmzrta", "4f1c9a0be27d5386"
TRADE = (
    "DNASMSFT^MSFT^4^20260915^20260915^100117^20260915^230117^432.9000^438.0200^431.5500^437.1500^2^5.4100^1.25"
    "^437.1400^437.1700^120^80^25^6120331^2671830112^2811020^3009311^107.05^1"
)
ORDERED = (
    "demo01^5012345601^0030412207^^02^0^2^MSFT^0000000005^004311500^224107^0^1^1^01790^^홍길동^마이크로소프트^6^10^^^^"
)
FILLED = (
    "demo01^5012345601^0030412207^^02^0^2^MSFT^0000000002^004311000^^0^2^2^01790^000000005^홍길동^마이크로소프트"
    "^6^10^^^^^431.1000"
)


def sealed(plain: str, tr_id: str = "H0GSCNI0", count: int = 1) -> str:
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plain.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES256(KEY.encode()), modes.CBC(IV.encode())).encryptor()
    return f"1|{tr_id}|{count:03d}|{base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()}"


def acked(tr_id: str, tr_key: str, code: str = "OPSP0000", text: str = "SUBSCRIBE SUCCESS", rt_cd: str = "0") -> str:
    body: dict[str, Any] = {"rt_cd": rt_cd, "msg_cd": code, "msg1": text}
    if code == "OPSP0000":
        body["output"] = {"iv": IV, "key": KEY}
    return json.dumps({"header": {"tr_id": tr_id, "tr_key": tr_key, "encrypt": "N"}, "body": body})


@dataclass
class Recorder:
    """A sink that remembers."""

    ticks: list[Tick] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    unread: int = 0
    ups: list[bool] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)
    subscriptions: list[tuple[Symbol | None, bool, str]] = field(default_factory=list)

    def on_tick(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def on_notice(self, notice: Notice) -> None:
        self.notices.append(notice)

    def on_unread_notice(self) -> None:
        self.unread += 1

    def on_connected(self, *, gap: bool) -> None:
        self.ups.append(gap)

    def on_disconnected(self, reason: Said) -> None:
        self.downs.append(bilingual(reason))

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: Said | None) -> None:
        self.subscriptions.append((symbol, active, "" if reason is None else bilingual(reason)))


Answer = Callable[[ServerConnection, str, str, str], Awaitable[None]]


class Sockets:
    """A WebSocket server that acknowledges, unless told otherwise."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.asked: list[tuple[str, str, str, str]] = []  # approval key, tr_type, tr_id, tr_key
        self.texts: list[str] = []
        self.answer: Answer | None = None
        self.greeting: list[str] = []
        self.url = ""

    async def handle(self, socket: ServerConnection) -> None:
        self.connections.append(socket)
        for text in self.greeting:
            await socket.send(text)
        async for raw in socket:
            message = json.loads(raw)
            header = message["header"]
            if header.get("tr_id") == "PINGPONG":
                self.texts.append(str(raw))
                continue
            tr_id, tr_key = message["body"]["input"]["tr_id"], message["body"]["input"]["tr_key"]
            self.asked.append((header["approval_key"], header["tr_type"], tr_id, tr_key))
            if self.answer is not None:
                await self.answer(socket, header["tr_type"], tr_id, tr_key)
            elif header["tr_type"] == "1":
                await socket.send(acked(tr_id, tr_key))
            else:
                await socket.send(acked(tr_id, tr_key, "OPSP0001", "UNSUBSCRIBE SUCCESS"))

    async def say(self, *texts: str | bytes) -> None:
        for text in texts:
            await self.connections[-1].send(text)


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a test waits for what it cannot subscribe to
            await asyncio.sleep(0.002)


@asynccontextmanager
async def streaming(
    folder: Path, sockets: Sockets, sink: Any, symbols: tuple[Symbol, ...] = (MSFT,), **changes: Any
) -> AsyncIterator[tuple[Kis, FakeKis]]:
    """Run a client's stream against the sockets."""
    fake = FakeKis()
    patience = changes.pop("patience", Patience(ack_s=0.5, retry_s=0.01, probe_s=0.1, silence_s=60))
    async with serve(sockets.handle, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        sockets.url = f"ws://127.0.0.1:{port}"
        async with client(fake, JumpClock(), folder, **{"ws_url_base": sockets.url, **changes}) as kis:
            kis.account_stream._patience = patience
            kis.account_stream._backoff = ReconnectPauses(scale=0.02)
            kis.stream.watch(symbols)
            async with asyncio.TaskGroup() as group:
                task = group.create_task(kis.stream.run(sink))
                try:
                    yield kis, fake
                finally:
                    task.cancel()


async def test_notices_first_then_symbols_in_the_order_given_s86(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink, (KO, MSFT)) as (kis, _):
        await until(lambda: sink.ups)
        assert kis.stream.connected
    assert sockets.asked == [
        ("approval", "1", "H0GSCNI0", "demo01"),
        ("approval", "1", "HDFSCNT0", "DNYSKO"),
        ("approval", "1", "HDFSCNT0", "DNASMSFT"),
    ]
    assert sink.ups == [False]
    assert [(symbol, active) for symbol, active, _ in sink.subscriptions] == [(None, True), (KO, True), (MSFT, True)]


async def test_virtual_listens_to_the_virtual_notices_s12(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink, is_virtual="true", kis_ws_ticks="false"):
        await until(lambda: sink.ups)
        await sockets.say(sealed(FILLED, "H0GSCNI9"))
        await until(lambda: sink.notices)
    assert sockets.asked == [("approval", "1", "H0GSCNI9", "demo01")]
    assert sink.subscriptions[-1][:2] == (MSFT, False)


async def test_ticks_of_several_records_in_one_frame(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        second = TRADE.replace("437.1500", "437.1600")
        await sockets.say(f"0|HDFSCNT0|001|{TRADE}", f"0|HDFSCNT0|003|{TRADE}^{second}^{TRADE}")
        await until(lambda: len(sink.ticks) == 4)
    tick = sink.ticks[0]
    assert (tick.symbol, tick.last, tick.bid, tick.ask, tick.size) == (
        MSFT,
        Decimal("437.15"),
        Decimal("437.14"),
        Decimal("437.17"),
        25,
    )
    assert tick.traded_at.isoformat() == "2026-09-15T14:01:17+00:00"
    assert [tick.last for tick in sink.ticks[1:]] == [Decimal("437.15"), Decimal("437.16"), Decimal("437.15")]


async def test_others_have_a_turn_within_a_burst(tmp_path: Path) -> None:
    """A stop that one frame sets off must not wait for all that stand behind it."""
    turns, seen = 0, list[int]()

    class Counting(Recorder):
        def on_tick(self, tick: Tick) -> None:
            super().on_tick(tick)
            seen.append(turns)
            busy_until = time.perf_counter() + 0.001
            while time.perf_counter() < busy_until:
                pass

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    sockets, sink = Sockets(), Counting()
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        async with asyncio.TaskGroup() as group:
            counting = group.create_task(count())
            await sockets.say(*[f"0|HDFSCNT0|001|{TRADE}"] * 50)
            await until(lambda: len(sink.ticks) == 50)
            counting.cancel()
    assert len(set(seen)) == 50


async def test_encrypted_notices_of_order_and_fill_s86(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        await sockets.say(sealed(ORDERED), sealed(FILLED))
        await until(lambda: len(sink.notices) == 2)
    ordered, filled = sink.notices
    assert (ordered.kind, ordered.venue_no, ordered.qty, ordered.price) == (
        Notice.Kind.ACCEPTED,
        "30412207",
        5,
        Decimal("431.15"),
    )
    assert (filled.kind, filled.qty, filled.price, filled.ticker) == (Notice.Kind.FILLED, 2, Decimal("431.1"), "MSFT")


async def test_a_notice_before_its_key_waits_for_it_s86(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    sockets.greeting = [sealed(ORDERED)]
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.notices)
    assert sink.notices[0].venue_no == "30412207"


async def test_garbage_is_skipped_and_counted(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    garbage: list[str | bytes] = [
        "nonsense",
        b"\xff\x00",
        "{broken",
        "{}",
        "0|HDFSCNT0",
        "0|HDFSCNT0|abc|x",
        "0|HDFSCNT0|001|DNASMSFT^MSFT",
        f"0|HDFSCNT0|002|{TRADE}^{TRADE}^extra",
        "0|HDFSCNT0|001|" + TRADE.replace("437.1500", ""),
        "1|H0GSCNI0|001|not base64!",
        sealed("too^short"),
    ]
    async with streaming(tmp_path, sockets, sink) as (kis, _):
        await until(lambda: sink.ups)
        await sockets.say(*garbage, f"0|HDFSCNT0|001|{TRADE}")
        await until(lambda: sink.ticks)
        assert kis.account_stream.counts.garbage == len(garbage)
        assert kis.stream.connected
    assert sink.downs == []
    assert sink.unread == 2, "the last two were notices"


@pytest.mark.parametrize(
    ("frame", "read"),
    [
        ("1|H0GSCNI0|two|AAAA", 0),
        ("1|H0GSCNI0|001|AAAA", 0),
        (sealed(ORDERED.replace("0000000005", "five")), 0),
        (sealed(f"{ORDERED.replace('0000000005', 'five')}^{FILLED}", count=2), 1),
        (sealed(f"{ORDERED}^{FILLED}", count=3), 0),
        (sealed(f"{ORDERED}^{FILLED}", count=2), 2),
    ],
)
async def test_a_notice_that_cannot_be_read_is_told_at_once(tmp_path: Path, frame: str, read: int) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        await sockets.say(frame)
        await until(lambda: sink.unread or len(sink.notices) == 2)
    assert (sink.unread, len(sink.notices)) == (int(read < 2), read)


async def test_pingpong_is_echoed_while_ticks_flow_s88(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    ping = json.dumps({"header": {"tr_id": "PINGPONG", "datetime": "20260915230000"}})
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        await sockets.say(*[f"0|HDFSCNT0|001|{TRADE}"] * 500, ping)
        await until(lambda: sockets.texts, 1.0)
    assert sockets.texts == [ping]


async def test_after_a_drop_it_is_back_with_a_new_key_and_tells_the_gap_s87(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink) as (kis, fake):
        await until(lambda: sink.ups)
        for kills in range(1, 4):
            sockets.connections[-1].transport.abort()
            await until(lambda kills=kills: len(sink.ups) == kills + 1)  # type: ignore[misc]
        assert len(fake.of("/oauth2/Approval")) == 4
        assert kis.account_stream.counts.connects == 4
    assert sink.ups == [False, True, True, True]
    assert len(sink.downs) == 3
    assert len(sockets.asked) == 4 * 2


async def test_twenty_kills_at_odd_moments_are_all_survived_s87(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    moments = random.Random(20)  # noqa: S311 - a repeatable choice
    async with streaming(tmp_path, sockets, sink, (MSFT, KO)) as (kis, _):
        kis.account_stream._backoff = ReconnectPauses(scale=0.002)
        for kill in range(20):
            await until(lambda kill=kill: len(sockets.connections) > kill)  # type: ignore[misc]
            for _ in range(moments.randint(0, 30)):  # in the middle of registering, or just after
                await asyncio.sleep(0)
            sockets.connections[-1].transport.abort()
        await until(lambda: len(sockets.connections) > 20 and kis.stream.connected)
        await sockets.say(f"0|HDFSCNT0|001|{TRADE}", sealed(FILLED))
        await until(lambda: sink.ticks and sink.notices)
    assert len(sink.downs) <= 20
    assert len(sink.ups) <= 21


async def test_forty_subscriptions_take_one_approval_key(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    symbols = tuple(Symbol(Market.NASDAQ, f"T{n}") for n in range(40))
    async with streaming(tmp_path, sockets, sink, symbols) as (_, fake):
        await until(lambda: sink.ups)
        assert len(fake.of("/oauth2/Approval")) == 1
    assert len(sockets.asked) == 41


async def test_a_clean_close_by_the_server_is_answered_at_once(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink) as (kis, _):
        kis.account_stream._backoff = ReconnectPauses()
        await until(lambda: sink.ups)
        await sockets.connections[-1].close()
        started = asyncio.get_running_loop().time()
        await until(lambda: len(sink.ups) == 2)
        assert asyncio.get_running_loop().time() - started < 0.5


async def test_a_half_open_socket_is_noticed(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        sockets.connections[0].transport.pause_reading()  # nothing is read and nothing said, but nothing closes
        started = asyncio.get_running_loop().time()
        await until(lambda: sink.downs)
        took = asyncio.get_running_loop().time() - started
        await until(lambda: len(sink.ups) == 2)
    assert "half-open" in sink.downs[0]
    # a second goes by in closing; the rest is to thirty seconds as this test's probe is to the default one
    assert took < 1 + 29 * 0.1 / Patience().probe_s


async def test_the_default_patience_notices_a_half_open_socket_within_30_s() -> None:
    patience = Patience()
    assert patience.probe_s * 3 < 30  # just missed the idle mark, idle, waited for the pong


async def test_a_feed_that_only_pongs_is_dead_after_the_silence(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    patience = Patience(probe_s=0.05, silence_s=0.2)
    async with streaming(tmp_path, sockets, sink, patience=patience):
        await until(lambda: len(sink.ups) == 2)
    assert "Nothing was streamed" in sink.downs[0]


class Hostile(Sockets):
    """A server that cuts the connection when it is pinged."""

    async def handle(self, socket: ServerConnection) -> None:
        receive = socket.protocol.recv_frame

        def cut(frame: Frame) -> None:
            if frame.opcode is Opcode.PING:
                socket.transport.abort()
            else:
                receive(frame)

        socket.protocol.recv_frame = cut  # type: ignore[method-assign]
        await super().handle(socket)


async def test_a_server_that_drops_when_pinged_is_pinged_twice_and_never_again(tmp_path: Path) -> None:
    sockets, sink = Hostile(), Recorder()
    async with streaming(tmp_path, sockets, sink) as (kis, _):
        await until(lambda: len(sink.ups) == 3)
        await asyncio.sleep(0.5)  # five more would have been due
        await sockets.say(f"0|HDFSCNT0|001|{TRADE}")
        await until(lambda: sink.ticks)
        assert kis.stream.connected
    assert (len(sockets.connections), len(sink.downs)) == (3, 2)


async def test_without_pings_silence_still_ends_a_connection_and_brings_them_back(tmp_path: Path) -> None:
    sockets, sink = Hostile(), Recorder()
    patience = Patience(ack_s=0.5, retry_s=0.01, probe_s=0.05, silence_s=0.3)
    async with streaming(tmp_path, sockets, sink, patience=patience):
        await until(lambda: len(sink.downs) == 4)
    assert ["Nothing was streamed" in down for down in sink.downs[:4]] == [False, False, True, False]


async def test_drops_in_a_row_that_no_ping_set_off_keep_the_pings(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink):
        for drops in range(1, 5):
            await until(lambda drops=drops: len(sink.ups) == drops)  # type: ignore[misc]
            sockets.connections[-1].transport.abort()
        await until(lambda: len(sink.ups) == 5)
        sockets.connections[-1].transport.pause_reading()
        await until(lambda: len(sink.downs) == 5)
    assert "half-open" in sink.downs[-1]


def connects(life_s: float, within_s: float) -> list[float]:
    """Return when a stream whose every connection lives so long is connected again."""
    backoff, now, made = ReconnectPauses(), 0.0, []
    while (now := now + life_s) < within_s:
        now += backoff.after_drop(life_s)
        made.append(now)
    return made


def test_a_stream_that_flaps_is_connected_ever_more_slowly() -> None:
    assert len(connects(8, 90)) <= 6, "eleven before"
    assert len(connects(8, 3600)) <= 100
    assert len(connects(0, 3600)) <= 130


def test_no_pause_reaches_a_minute_and_a_connection_that_lasted_is_replaced_at_once_s87() -> None:
    backoff = ReconnectPauses()
    assert max(backoff.after_drop(1) for _ in range(100)) < 50
    assert max(backoff.after_failure() for _ in range(100)) <= 20
    assert backoff.after_drop(61) < 0.1
    assert backoff.after_drop(1) < 0.1, "once is no flapping"
    assert backoff.after_drop(1) > 0.1


async def test_an_app_key_in_use_is_named_and_asked_for_again(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    refused = json.dumps(
        {
            "header": {"tr_id": "(null)", "tr_key": ""},
            "body": {"rt_cd": "9", "msg_cd": "OPSP8996", "msg1": "ALREADY IN USE appkey"},
        }
    )

    async def in_use(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        if len(sockets.connections) <= 3:
            await socket.send(refused)
            await socket.close()
        else:
            await socket.send(acked(tr_id, tr_key))

    sockets.answer = in_use
    async with streaming(tmp_path, sockets, sink) as (_, fake):
        await until(lambda: sink.ups)
        assert len(fake.of("/oauth2/Approval")) == 4
    assert len(sink.downs) == 1
    assert "OPSP8996" in sink.downs[0]


@pytest.mark.parametrize("seed", range(50))
def test_an_app_key_held_for_12_s_is_met_twice_and_taken_within_two_seconds(seed: int) -> None:
    """The best of the other clients needs two attempts and is back two seconds after the release."""
    random.seed(seed)
    backoff, held = ReconnectPauses(), 12.0
    attempts = [backoff.after_drop(3600)]  # the cut itself, answered at once
    while attempts[-1] <= held:
        attempts.append(attempts[-1] + backoff.after_in_use())
    assert len(attempts[:-1]) == 2
    assert attempts[-1] - held < 2


def test_a_key_in_use_for_long_is_asked_for_ever_more_slowly() -> None:
    backoff = ReconnectPauses()
    pauses = [backoff.after_in_use() for _ in range(30)]
    assert max(pauses[:8]) < 7
    assert min(pauses[-5:]) > 25
    assert max(pauses) <= 30
    backoff.connected()
    assert backoff.after_in_use() < 7


async def test_a_refused_notice_registration_is_told_with_its_cause_s22(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()

    async def wrong_id(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        if tr_id == "H0GSCNI0":
            await socket.send(acked(tr_id, tr_key, "OPSP0017", "ERROR : htsid가잘못되었습니다", "9"))
        else:
            await socket.send(acked(tr_id, tr_key))

    sockets.answer = wrong_id
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
    refused = sink.subscriptions[0]
    assert refused[:2] == (None, False)
    assert "HTS_ID" in refused[2]
    assert sink.subscriptions[1][:2] == (MSFT, True)


async def test_past_41_registrations_symbols_are_refused_clearly(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    symbols = tuple(Symbol(Market.NASDAQ, f"T{n}") for n in range(43))
    async with streaming(tmp_path, sockets, sink, symbols):
        await until(lambda: sink.ups)
    assert len(sockets.asked) == 41
    refused = [(symbol, reason) for symbol, active, reason in sink.subscriptions if not active]
    assert [symbol for symbol, _ in refused] == list(symbols[40:])
    assert "41" in refused[0][1]


async def test_watching_others_unregisters_first_and_keeps_the_connection(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink) as (kis, _):
        await until(lambda: sink.ups)
        kis.stream.watch([KO])
        await until(lambda: (KO, True, "") in sink.subscriptions)
    assert [asked[1:] for asked in sockets.asked[2:]] == [
        ("2", "HDFSCNT0", "DNASMSFT"),
        ("1", "HDFSCNT0", "DNYSKO"),
    ]
    assert len(sockets.connections) == 1
    assert sink.ups == [False]


async def test_already_subscribed_is_success_but_notices_need_their_key_again(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    seen: set[str] = set()

    async def already(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        if tr_type == "2":
            await socket.send(acked(tr_id, tr_key, "OPSP0001", "UNSUBSCRIBE SUCCESS"))
        elif tr_key not in seen:
            seen.add(tr_key)
            await socket.send(acked(tr_id, tr_key, "OPSP0002", "ALREADY IN SUBSCRIBE", "1"))
        else:
            await socket.send(acked(tr_id, tr_key))

    sockets.answer = already
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        await sockets.say(sealed(FILLED))
        await until(lambda: sink.notices)
    assert [asked[1:3] for asked in sockets.asked[:3]] == [("1", "H0GSCNI0"), ("2", "H0GSCNI0"), ("1", "H0GSCNI0")]


async def test_an_expired_approval_key_means_a_new_connection_with_a_new_one(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()

    async def expired(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        if len(sockets.connections) == 1:
            await socket.send(acked(tr_id, tr_key, "OPSP0011", "invalid approval : NOT FOUND", "1"))
        else:
            await socket.send(acked(tr_id, tr_key))

    sockets.answer = expired
    async with streaming(tmp_path, sockets, sink) as (_, fake):
        await until(lambda: sink.ups)
        assert len(fake.of("/oauth2/Approval")) == 2
    assert "OPSP0011" in sink.downs[0]


async def test_a_lost_acknowledgement_is_asked_for_again(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()

    async def late(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        if len(sockets.asked) > 1:
            await socket.send(acked(tr_id, tr_key))

    sockets.answer = late
    async with streaming(tmp_path, sockets, sink, patience=Patience(ack_s=0.05, retry_s=0.01)):
        await until(lambda: sink.ups)
    assert len(sockets.connections) == 1


async def test_a_failing_handler_starves_nobody(tmp_path: Path) -> None:
    class Broken(Recorder):
        def on_tick(self, tick: Tick) -> None:
            super().on_tick(tick)
            raise RuntimeError("handler")

    sockets, sink = Sockets(), Broken()
    async with streaming(tmp_path, sockets, sink) as (kis, _):
        await until(lambda: sink.ups)
        await sockets.say(f"0|HDFSCNT0|002|{TRADE}^{TRADE}", sealed(FILLED))
        await until(lambda: sink.notices)
        assert kis.account_stream.counts.handler_failures == 2
    assert len(sink.ticks) == 2


async def test_notices_of_other_accounts_of_the_same_hts_id_are_not_ours(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
        await sockets.say(sealed(FILLED.replace("5012345601", "9912345601")), sealed(FILLED))
        await until(lambda: sink.notices)
    assert len(sink.notices) == 1


async def test_a_notice_arrives_within_a_second_while_a_call_hangs_s6(tmp_path: Path) -> None:
    sockets, sink = Sockets(), Recorder()
    async with streaming(tmp_path, sockets, sink) as (kis, fake):
        fake.on("TTTS3012R", hang())
        await until(lambda: sink.ups)
        async with asyncio.TaskGroup() as group:
            hanging = group.create_task(kis.broker.holdings())
            await until(lambda: fake.of("TTTS3012R"))
            await sockets.say(sealed(FILLED))
            await until(lambda: sink.notices, 1.0)
            assert not hanging.done()
            hanging.cancel()


async def test_a_closed_port_is_told_apart_from_the_rest_s109(tmp_path: Path) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path, ws_url_base="ws://127.0.0.1:9") as kis:
        checks = {english(check.name): check for check in await kis.check()}
    assert checks["REST port " + fake.url.rsplit(":", 1)[1]].ok
    assert checks["Access token"].ok
    assert not checks["WebSocket port 9"].ok
    assert "firewall" in english(checks["WebSocket port 9"].detail)
    assert "WS_URL_BASE" in english(checks["WebSocket port 9"].detail)  # row S110
    assert not checks["WebSocket handshake"].ok
    assert "WS_URL_BASE" in english(checks["WebSocket handshake"].detail)
    assert checks["Order notices subscription"].ok is None


async def test_the_check_tells_name_port_keys_and_subscription_apart_s109(tmp_path: Path) -> None:
    sockets = Sockets()
    fake = FakeKis()
    async with serve(sockets.handle, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with client(fake, JumpClock(), tmp_path, ws_url_base=f"ws://127.0.0.1:{port}") as kis:
            checks = await kis.check()
    assert [check.ok for check in checks] == [True] * 8
    assert not kis.stream.connected


@pytest.mark.parametrize("code", ["OPSP0007", "OPSP8999"])
async def test_kis_own_trouble_with_a_registration_is_tried_again(tmp_path: Path, code: str) -> None:
    sockets, sink = Sockets(), Recorder()

    async def trouble(socket: ServerConnection, tr_type: str, tr_id: str, tr_key: str) -> None:
        text = (
            acked(tr_id, tr_key, code, "SUBSCRIBE INTERNAL ERROR", "1")
            if len(sockets.asked) == 1
            else acked(tr_id, tr_key)
        )
        await socket.send(text)

    sockets.answer = trouble
    async with streaming(tmp_path, sockets, sink):
        await until(lambda: sink.ups)
    assert all(active for _, active, _ in sink.subscriptions)

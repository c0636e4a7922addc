"""A virtual account with a quote key: notices from its own socket, trades from the real host's (D9). Row S109."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import serve

from kis.connect import Kis
from kis.stream.client import KisStream
from kis.stream.connection import Patience
from kis.stream.reconnect import ReconnectPauses
from kis.stream.two_sockets import SplitStream
from strategy.model import Market, Symbol
from strategy.ports import Stream
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import APP_SECRET, FakeKis, client
from tests.kis.stream.test_client import FILLED, TRADE, Recorder, Sockets, sealed, until
from tests.kis.test_contract import MSFT, bench
from tests.support.words import english

KO = Symbol(Market.NYSE, "KO")
QUOTE_KEY = "q" * 36


def hurried(stream: KisStream) -> None:
    stream._patience = Patience(ack_s=0.5, retry_s=0.01, probe_s=0.1, silence_s=60)
    stream._backoff = ReconnectPauses(scale=0.02)


@asynccontextmanager
async def both(folder: Path, sink: Recorder) -> AsyncIterator[tuple[Kis, Sockets, Sockets, FakeKis]]:
    """Run a virtual client's stream with a quote key; yields the account's and the quote key's servers."""
    account, quotes, fake = Sockets(), Sockets(), FakeKis()
    async with (
        serve(account.handle, "127.0.0.1", 0, close_timeout=0.1) as one,
        serve(quotes.handle, "127.0.0.1", 0, close_timeout=0.1) as other,
    ):
        ports = [next(iter(server.sockets)).getsockname()[1] for server in (one, other)]
        async with client(
            fake,
            JumpClock(),
            folder,
            is_virtual="true",
            ws_url_base=f"ws://127.0.0.1:{ports[0]}",
            quote_ws_url_base=f"ws://127.0.0.1:{ports[1]}",
            quote_app_key=QUOTE_KEY,
            quote_app_secret=APP_SECRET,
        ) as kis:
            assert isinstance(kis.stream, SplitStream)
            hurried(kis.stream.account)
            hurried(kis.stream.quotes)
            kis.stream.watch([MSFT, KO])
            async with asyncio.TaskGroup() as group:
                task = group.create_task(kis.stream.run(sink))
                try:
                    await until(lambda: kis.stream.connected)
                    yield kis, account, quotes, fake
                finally:
                    task.cancel()


def latest(sink: Recorder, symbol: Symbol) -> bool:
    return next(active for known, active, _ in reversed(sink.subscriptions) if known == symbol)


async def test_each_socket_has_its_own_key_and_its_own_registrations_d9(tmp_path: Path) -> None:
    sink = Recorder()
    async with both(tmp_path, sink) as (_, account, quotes, fake):
        await account.say(sealed(FILLED, "H0GSCNI9"))
        await quotes.say(f"0|HDFSCNT0|001|{TRADE}")
        await until(lambda: sink.notices and sink.ticks)
    assert [(tr_id, key) for _, _, tr_id, key in account.asked] == [("H0GSCNI9", "demo01")]
    assert [(tr_id, key) for _, _, tr_id, key in quotes.asked] == [("HDFSCNT0", "DNASMSFT"), ("HDFSCNT0", "DNYSKO")]
    keys = {asked.body["appkey"] for asked in fake.of("/oauth2/Approval")}
    assert keys == {QUOTE_KEY, "k" * 36}
    assert sink.ups == [False]
    assert sink.downs == []


async def test_the_check_reaches_the_hosts_of_the_quote_key_too_s109(tmp_path: Path) -> None:
    async with both(tmp_path, Recorder()) as (kis, _, _quotes, _fake):
        checks = {english(check.name): check.ok for check in await kis.check()}
    port = kis.quote_http.environment.ws_url.rsplit(":", 1)[-1]
    assert checks[f"Quote WebSocket port {port}"]
    assert checks["Access token of the quote key"]
    assert all(checks.values())


async def test_a_lost_quote_socket_is_told_for_its_symbols_only_and_its_return_as_a_gap(tmp_path: Path) -> None:
    sink = Recorder()
    async with both(tmp_path, sink) as (kis, account, quotes, _):
        quotes.connections[-1].transport.abort()
        await until(lambda: len(sink.ups) == 2)
        assert sink.ups == [False, True]
        assert sink.downs == []
        lost = [(symbol, reason) for symbol, active, reason in sink.subscriptions if not active]
        assert [symbol for symbol, _ in lost] == [MSFT, KO]
        assert "QUOTE_APP_KEY" in lost[0][1]
        assert latest(sink, MSFT)
        assert latest(sink, KO)
        assert len(account.connections) == 1
        assert kis.stream.connected


async def test_a_lost_account_socket_is_a_lost_connection_and_the_symbols_are_told_again(tmp_path: Path) -> None:
    sink = Recorder()
    async with both(tmp_path, sink) as (_, account, quotes, _fake):
        before = len(sink.subscriptions)
        account.connections[-1].transport.abort()
        await until(lambda: len(sink.ups) == 2 and len(sink.subscriptions) >= before + 3)
        assert len(sink.downs) == 1
        assert sink.ups == [False, True]
        told = [(symbol, active) for symbol, active, _ in sink.subscriptions[before:]]
        assert told == [(None, True), (MSFT, True), (KO, True)]
        assert len(quotes.connections) == 1


async def test_ticks_missed_while_both_were_down_are_a_gap_when_the_account_is_back(tmp_path: Path) -> None:
    sink = Recorder()
    async with both(tmp_path, sink) as (kis, account, quotes, _):
        assert isinstance(kis.stream, SplitStream)
        quotes.connections[-1].transport.abort()
        account.connections[-1].transport.abort()
        await until(lambda: len(sink.ups) >= 2 and kis.stream.connected and latest(sink, MSFT))
        assert all(sink.ups[1:])


@pytest.mark.parametrize("changes", [{"is_virtual": "false"}, {"is_virtual": "true", "kis_ws_ticks": "false"}])
async def test_one_socket_is_enough_at_real_and_where_no_ticks_are_wanted(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    keys = {"quote_app_key": QUOTE_KEY, "quote_app_secret": APP_SECRET}
    async with client(FakeKis(), JumpClock(), tmp_path, **keys, **changes) as kis:
        assert isinstance(kis.stream, KisStream)
        stream: Stream = kis.stream
        assert not stream.connected


async def test_ticks_come_from_the_real_host_where_the_virtual_one_sends_none_d9(tmp_path: Path) -> None:
    async with bench(tmp_path, virtual=True, quote_key=QUOTE_KEY, virtual_ticks=False) as it:
        assert isinstance(it.kis.stream, SplitStream)
        it.kis.stream.watch([MSFT])
        async with asyncio.TaskGroup() as group:
            task = group.create_task(it.kis.stream.run(it.sink))
            await until(lambda: it.kis.stream.connected, 10)
            await it.price(MSFT, "433.25")
            await until(lambda: it.sink.ticks)
            task.cancel()
    assert str(it.sink.ticks[-1].last) == "433.2500"

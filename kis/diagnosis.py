"""What works and what does not, one step at a time (rows S107-S113): for `--check` and /diagnose. Places nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import urlsplit

from kis.auth.account_number import AccountNumber
from kis.calls import account as accounts_api
from kis.client import KisHttp
from kis.environment import KisEnvironment
from kis.market import KisMarketData
from kis.probe import FirstWord
from kis.stream.client import KisStream
from kis.symbols import SymbolBook
from strategy.model import HealthLine, Kept, Said, Symbol, TradingError


class CheckNote(StrEnum):
    NO_TIME = "check.no_time"
    TOKEN = "check.token"
    ACCOUNT = "check.account"
    QUOTE_TOKEN = "check.quote_token"
    QUOTE = "check.quote"
    HOLDINGS = "check.holdings"
    HANDSHAKE = "check.handshake"
    NOTICES = "check.notices"
    HANDSHAKE_FIRST = "check.handshake_first"
    NO_ANSWER = "check.no_answer"
    CONNECTED = "check.connected"
    SUBSCRIBED = "check.subscribed"
    UNKNOWN_NAME = "check.unknown_name"
    CLOSED_PORT = "check.closed_port"
    SLOW = "check.slow"
    RECEIVED = "check.received"
    PORT_OPEN = "check.port_open"
    LAST = "check.last"
    HOST = "check.host"
    PORT = "check.port"
    QUOTE_HOST = "check.quote_host"
    QUOTE_PORT = "check.quote_port"
    VALID = "check.valid"
    UNREACHABLE = "check.unreachable"


_NAME_S = 5.0  # real seconds, each step
_PORT_S = 5.0
_CALL_S = 15.0
_STREAM_S = 15.0
_ALL_S = 45.0
_QUOTE_S = 3.0  # for each ticker: at one call a second some wait for their turn
_NO_TIME = Said(CheckNote.NO_TIME)

_Step = Callable[[], Awaitable[Said]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A step, how long it may take, and what a failed connection or a silence means in it."""

    name: Said
    run: _Step
    limit_s: float
    unreachable: Said
    silent: Said


class Diagnosis:
    """Tests name, port, keys, prices, account and stream separately."""

    def __init__(
        self,
        http: KisHttp,
        quote_http: KisHttp,
        account: AccountNumber,
        *,
        market: KisMarketData,
        stream: KisStream,
        probe: Callable[[], KisStream],
    ) -> None:
        """`stream` is the one that may be running, `probe` makes another for the time of the test."""
        self._http = http
        self._quote_http = quote_http
        self._account = account
        self._market = market
        self._stream = stream
        self._probe = probe

    async def run(self, symbols: Sequence[Symbol] = ()) -> list[HealthLine]:
        """Return every step's line; a step that needs a failed one is tried all the same.

        The price of each of `symbols` is asked for. All of it ends within 45 s of real time, and 3 s more for each.
        """
        hosts = [_Batch([step]) for step in self._host_steps()]
        calls = [_Batch(steps) for steps in self._call_steps(symbols)]
        stream = _StreamTest(self._stream, self._probe)
        with suppress(TimeoutError):  # what is missing says so
            async with asyncio.timeout(_ALL_S + _QUOTE_S * len(symbols)):
                await _together(hosts)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_together(calls))
                    group.create_task(stream.run())
        return [line for batch in (*hosts, *calls) for line in batch.lines()] + stream.lines()

    def _host_steps(self) -> list[_Named]:
        steps = _hosts(self._http.environment, _TRADING_SERVER)
        if self._quote_http is not self._http:
            steps += _hosts(self._quote_http.environment, _QUOTE_SERVER)
        return steps

    def _call_steps(self, symbols: Sequence[Symbol]) -> list[list[_Named]]:
        """Return the calls, those of one app key in a row: the first one gets its token."""
        account = [
            _call(Said(CheckNote.TOKEN), lambda: _token(self._http)),
            _call(Said(CheckNote.ACCOUNT), self._holdings),
        ]
        quote: list[_Named] = []
        if self._quote_http is not self._http:
            name = Said(CheckNote.QUOTE_TOKEN)
            quote.append(_call(name, lambda: _token(self._quote_http)))
        for symbol in symbols:
            name = Said(CheckNote.QUOTE, ticker=symbol.ticker)
            quote.append(_call(name, partial(self._quote, symbol)))
        return [account, quote] if self._quote_http is not self._http else [account + quote]

    async def _holdings(self) -> Said:
        positions = (await accounts_api.positions(self._http, self._account, SymbolBook())).positions
        return Said(CheckNote.HOLDINGS, account=self._account.masked, count=len(positions))

    async def _quote(self, symbol: Symbol) -> Said:
        quote = await self._market.quote(symbol)
        return Said(CheckNote.LAST, price=quote.last.normalize())


class _Batch:
    """Steps in a row, with the lines of those that got their turn."""

    def __init__(self, steps: Sequence[_Named]) -> None:
        self._steps = steps
        self._found: list[HealthLine] = []

    async def run(self) -> None:
        for step in self._steps:
            self._found.append(await _tried(step))

    def lines(self) -> list[HealthLine]:
        missing = self._steps[len(self._found) :]
        return self._found + [HealthLine(name=step.name, ok=None, detail=_NO_TIME) for step in missing]


class _StreamTest:
    """Handshake and subscription, told apart: of the running stream, else of one connected for the moment."""

    _HANDSHAKE = Said(CheckNote.HANDSHAKE)
    _NOTICES = Said(CheckNote.NOTICES)
    _FIRST = Said(CheckNote.HANDSHAKE_FIRST)

    def __init__(self, stream: KisStream, probe: Callable[[], KisStream]) -> None:
        self._stream = stream
        self._probe = probe
        self._found: list[HealthLine] = []

    async def run(self) -> None:
        if self._stream.running:
            self._found = self._judged(self._stream)
            return
        stream, word = self._probe(), FirstWord()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stream.run(word), name="kis stream probe")
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_STREAM_S):
                        await word.heard.wait()
                self._found = self._judged(stream)
            finally:
                task.cancel()

    def lines(self) -> list[HealthLine]:
        return self._found or [
            HealthLine(name=name, ok=None, detail=_NO_TIME) for name in (self._HANDSHAKE, self._NOTICES)
        ]

    def _judged(self, stream: KisStream) -> list[HealthLine]:
        trouble = stream.trouble or Said(CheckNote.NO_ANSWER)
        if not stream.socket_up:
            return [
                HealthLine(name=self._HANDSHAKE, ok=False, detail=trouble),
                HealthLine(name=self._NOTICES, ok=None, detail=self._FIRST),
            ]
        handshake = HealthLine(name=self._HANDSHAKE, ok=True, detail=Said(CheckNote.CONNECTED))
        if stream.notices:
            return [handshake, HealthLine(name=self._NOTICES, ok=True, detail=Said(CheckNote.SUBSCRIBED))]
        return [handshake, HealthLine(name=self._NOTICES, ok=False, detail=stream.notices_refusal or trouble)]


@dataclass(frozen=True, slots=True)
class _Server:
    """How the servers of one app key are called, and the prefix of the settings that hold their addresses."""

    host: CheckNote
    port: CheckNote
    prefix: str


_TRADING_SERVER = _Server(CheckNote.HOST, CheckNote.PORT, "")
_QUOTE_SERVER = _Server(CheckNote.QUOTE_HOST, CheckNote.QUOTE_PORT, "QUOTE_")


def _hosts(environment: KisEnvironment, server: _Server) -> list[_Named]:
    """Return name and port of both servers."""
    found: list[_Named] = []
    for label, url in (("REST", environment.rest_url), ("WebSocket", environment.ws_url)):
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
        setting = f"{server.prefix}{'REST' if label == 'REST' else 'WS'}_URL_BASE"
        unknown = Said(CheckNote.UNKNOWN_NAME, setting=setting)
        closed = Said(CheckNote.CLOSED_PORT, port=port, setting=setting)
        found.append(
            _Named(
                name=Said(server.host, server=label, host=host),
                run=_resolve(host),
                limit_s=_NAME_S,
                unreachable=unknown,
                silent=unknown,
            )
        )
        found.append(
            _Named(
                name=Said(server.port, server=label, port=port),
                run=_reach(host, port),
                limit_s=_PORT_S,
                unreachable=closed,
                silent=closed,
            )
        )
    return found


def _call(name: Said, run: _Step) -> _Named:
    lost = Said(CheckNote.SLOW)
    return _Named(name=name, run=run, limit_s=_CALL_S, unreachable=lost, silent=lost)


async def _token(http: KisHttp) -> Said:
    await http.tokens.get()
    expires_at = http.tokens.expires_at
    if expires_at is None:
        return Said(CheckNote.RECEIVED)
    return Said(CheckNote.VALID, until=expires_at)


def _resolve(host: str) -> _Step:
    async def step() -> Said:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
        return Said(Kept.WORDS, words=str(found[0][4][0]))

    return step


def _reach(host: str, port: int) -> _Step:
    async def step() -> Said:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return Said(CheckNote.PORT_OPEN)

    return step


async def _together(batches: Sequence[_Batch]) -> None:
    async with asyncio.TaskGroup() as group:
        for batch in batches:
            group.create_task(batch.run())


async def _tried(step: _Named) -> HealthLine:
    try:
        async with asyncio.timeout(step.limit_s):
            return HealthLine(name=step.name, ok=True, detail=await step.run())
    except TradingError as error:
        return HealthLine(name=step.name, ok=False, detail=error.user_message)
    except TimeoutError:
        return HealthLine(name=step.name, ok=False, detail=step.silent)
    except OSError as error:
        told = Said(CheckNote.UNREACHABLE, problem=step.unreachable, error=type(error).__name__)
        return HealthLine(name=step.name, ok=False, detail=told)

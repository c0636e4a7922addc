"""What works and what does not, one step at a time (rows S107-S113): for `--check` and /diagnose. Places nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from kis.auth.account_number import AccountNumber
from kis.calls import account as accounts_api
from kis.client import KisHttp
from kis.environment import KisEnvironment
from kis.market import KisMarketData
from kis.probe import FirstWord
from kis.stream.client import KisStream
from kis.symbols import SymbolBook
from strategy.model import HealthLine, Symbol, Text, TradingError, new_york, seoul

_NAME_S = 5.0  # real seconds, each step
_PORT_S = 5.0
_CALL_S = 15.0
_STREAM_S = 15.0
_ALL_S = 45.0
_OWN = Text("", "")
_NO_TIME = Text("시간이 모자라 시험하지 못했습니다", "not tested: the time ran out")

_Step = Callable[[], Awaitable[Text]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A step, how long it may take, and what a failed connection or a silence means in it."""

    name: Text
    run: _Step
    limit_s: float
    unreachable: Text
    silent: Text


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

    async def run(self, symbol: Symbol | None = None) -> list[HealthLine]:
        """Return every step's line; a step that needs a failed one is tried all the same.

        The price of `symbol` is asked for where one is given. All of it ends within 45 s of real time.
        """
        hosts = [_Batch([step]) for step in self._host_steps()]
        calls = [_Batch(steps) for steps in self._call_steps(symbol)]
        stream = _StreamTest(self._stream, self._probe)
        with suppress(TimeoutError):  # what is missing says so
            async with asyncio.timeout(_ALL_S):
                await _together(hosts)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_together(calls))
                    group.create_task(stream.run())
        return [line for batch in (*hosts, *calls) for line in batch.lines()] + stream.lines()

    def _host_steps(self) -> list[_Named]:
        steps = _hosts(self._http.environment, _OWN, "")
        if self._quote_http is not self._http:
            steps += _hosts(self._quote_http.environment, Text("시세용 ", "Quote "), "QUOTE_")
        return steps

    def _call_steps(self, symbol: Symbol | None) -> list[list[_Named]]:
        """Return the calls, those of one app key in a row: the first one gets its token."""
        account = [
            _call(Text("접근토큰", "Access token"), lambda: _token(self._http)),
            _call(Text("계좌 조회", "Account inquiry"), self._holdings),
        ]
        quote: list[_Named] = []
        if self._quote_http is not self._http:
            name = Text("시세용 앱키 접근토큰", "Access token of the quote key")
            quote.append(_call(name, lambda: _token(self._quote_http)))
        if symbol is not None:
            name = Text(f"시세 조회 {symbol.ticker}", f"Quote of {symbol.ticker}")
            quote.append(_call(name, lambda: self._quote(symbol)))
        return [account, quote] if self._quote_http is not self._http else [account + quote]

    async def _holdings(self) -> Text:
        positions = (await accounts_api.positions(self._http, self._account, SymbolBook())).positions
        return Text(
            f"계좌 {self._account.masked}, 보유 {len(positions)}종목",
            f"account {self._account.masked}, {len(positions)} holdings",
        )

    async def _quote(self, symbol: Symbol) -> Text:
        quote = await self._market.quote(symbol)
        shown = f"${quote.last.normalize():f}"
        return Text(shown, shown)


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

    _HANDSHAKE = Text("WebSocket 접속", "WebSocket handshake")
    _NOTICES = Text("체결통보 등록", "Order notices subscription")
    _FIRST = Text("접속이 먼저 필요합니다", "needs the handshake first")

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
        trouble = stream.trouble or Text("답이 없습니다. 방화벽을 확인하세요.", "No answer. Check the firewall.")
        if not stream.socket_up:
            return [
                HealthLine(name=self._HANDSHAKE, ok=False, detail=trouble),
                HealthLine(name=self._NOTICES, ok=None, detail=self._FIRST),
            ]
        handshake = HealthLine(name=self._HANDSHAKE, ok=True, detail=Text("연결되었습니다", "connected"))
        if stream.notices:
            return [handshake, HealthLine(name=self._NOTICES, ok=True, detail=Text("등록되었습니다", "subscribed"))]
        return [handshake, HealthLine(name=self._NOTICES, ok=False, detail=stream.notices_refusal or trouble)]


def _hosts(environment: KisEnvironment, whose: Text, prefix: str) -> list[_Named]:
    """Return name and port of both servers; `prefix` is that of the settings that hold their addresses."""
    found: list[_Named] = []
    for label, url in (("REST", environment.rest_url), ("WebSocket", environment.ws_url)):
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
        setting = f"{prefix}{'REST' if label == 'REST' else 'WS'}_URL_BASE"
        unknown = Text(
            f"이름을 찾지 못했습니다. 인터넷과 DNS 를 확인하고, {setting} 를 바꿨다면 철자를 보세요.",
            f"The name cannot be resolved. Check internet and DNS, and the spelling of {setting} if you set it.",
        )
        closed = Text(
            f"연결되지 않습니다. 방화벽이나 공유기가 나가는 {port} 포트를 막는지, {setting} 가 맞는지 확인하세요.",
            f"Cannot be reached. Check whether a firewall blocks outgoing port {port}, and {setting}.",
        )
        found.append(
            _Named(
                name=_named(whose, f"{label} 서버 이름 {host}", f"{label} host name {host}"),
                run=_resolve(host),
                limit_s=_NAME_S,
                unreachable=unknown,
                silent=unknown,
            )
        )
        found.append(
            _Named(
                name=_named(whose, f"{label} 포트 {port}", f"{label} port {port}"),
                run=_reach(host, port),
                limit_s=_PORT_S,
                unreachable=closed,
                silent=closed,
            )
        )
    return found


def _named(whose: Text, ko: str, en: str) -> Text:
    return Text(whose.ko + ko, whose.en + en)


def _call(name: Text, run: _Step) -> _Named:
    lost = Text(
        "KIS 가 시간 안에 답하지 않았습니다. 잠시 뒤 다시 해 보세요.", "KIS did not answer in time. Try again shortly."
    )
    return _Named(name=name, run=run, limit_s=_CALL_S, unreachable=lost, silent=lost)


async def _token(http: KisHttp) -> Text:
    await http.tokens.get()
    expires_at = http.tokens.expires_at
    if expires_at is None:
        return Text("받았습니다", "received")
    shown = f"{seoul(expires_at):%m-%d %H:%M} KST ({new_york(expires_at):%m-%d %H:%M} ET)"
    return Text(f"{shown} 까지 유효", f"valid until {shown}")


def _resolve(host: str) -> _Step:
    async def step() -> Text:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
        address = str(found[0][4][0])
        return Text(address, address)

    return step


def _reach(host: str, port: int) -> _Step:
    async def step() -> Text:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return Text("열려 있습니다", "open")

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
        why = type(error).__name__
        told = step.unreachable
        return HealthLine(name=step.name, ok=False, detail=Text(f"{told.ko} ({why})", f"{told.en} ({why})"))

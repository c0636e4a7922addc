"""What works and what does not, one step at a time (rows S107-S110): for `--check` and /diagnose."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from kis import account as accounts_api
from kis.accounts import Account
from kis.environment import Environment
from kis.errors import KisError
from kis.http import KisHttp
from kis.probe import FirstWord
from kis.stream import KisStream
from kis.symbols import SymbolBook
from strategy.text import Text

_STEP_S = 15.0
_OWN = Text("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One step's result."""

    name: Text
    ok: bool
    detail: Text


_Step = Callable[[], Awaitable[Text]]


class Diagnosis:
    """Tests name, port, keys, account and stream separately; places nothing."""

    def __init__(
        self,
        http: KisHttp,
        quote_http: KisHttp,
        account: Account,
        *,
        stream: KisStream,
        probe: Callable[[], KisStream],
    ) -> None:
        self._http = http
        self._quote_http = quote_http
        self._account = account
        self._stream = stream
        self._probe = probe

    async def run(self) -> list[Check]:
        """Return every step's result; a step that needs a failed one is tried all the same."""
        environment = self._http.environment
        steps: list[tuple[Text, _Step]] = [
            *self._hosts(environment),
            (Text("접근토큰", "Access token"), self._token),
            (Text("계좌 조회", "Account inquiry"), self._holdings),
        ]
        if self._quote_http is not self._http:
            steps += self._hosts(self._quote_http.environment, Text("시세용 ", "Quote "))
            steps.append((Text("시세용 앱키 접근토큰", "Access token of the quote key"), self._quote_token))
        steps.append((Text("체결통보 등록", "Order notices subscription"), self._notices))
        return [await _checked(name, step) for name, step in steps]

    def _hosts(self, environment: Environment, whose: Text = _OWN) -> list[tuple[Text, _Step]]:
        found: list[tuple[Text, _Step]] = []
        for label, url in (("REST", environment.rest_url), ("WebSocket", environment.ws_url)):
            parts = urlsplit(url)
            host = parts.hostname or ""
            port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
            found.append((_named(whose, f"{label} 서버 이름 {host}", f"{label} host name {host}"), _resolve(host)))
            found.append((_named(whose, f"{label} 포트 {port}", f"{label} port {port}"), _reach(host, port)))
        return found

    async def _token(self) -> Text:
        await self._http.tokens.get()
        return _until(self._http)

    async def _quote_token(self) -> Text:
        await self._quote_http.tokens.get()
        return _until(self._quote_http)

    async def _holdings(self) -> Text:
        positions = await accounts_api.positions(self._http, self._account, SymbolBook())
        return Text(
            f"계좌 {self._account.masked}, 보유 {len(positions)}종목",
            f"account {self._account.masked}, {len(positions)} holdings",
        )

    async def _notices(self) -> Text:
        """Ask the running stream, or connect one for the moment: a second session of a key is refused."""
        if self._stream.connected:
            return Text("연결되어 있습니다", "connected")
        waiting = FirstWord()
        stream = self._probe()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stream.run(waiting), name="kis stream probe")
            try:
                await asyncio.wait([waiting.word], timeout=_STEP_S)
            finally:
                task.cancel()
        if not waiting.word.done():
            raise TimeoutError
        return waiting.word.result()


def _named(whose: Text, ko: str, en: str) -> Text:
    return Text(whose.ko + ko, whose.en + en)


def _until(http: KisHttp) -> Text:
    expires_at = http.tokens.expires_at
    shown = f"{expires_at:%Y-%m-%d %H:%M} UTC" if expires_at is not None else "?"
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


async def _checked(name: Text, step: _Step) -> Check:
    try:
        async with asyncio.timeout(_STEP_S):
            return Check(name=name, ok=True, detail=await step())
    except KisError as error:
        return Check(name=name, ok=False, detail=error.user_message)
    except TimeoutError:
        return Check(name=name, ok=False, detail=Text("시간 안에 답이 없습니다", "no answer in time"))
    except OSError as error:
        detail = Text(
            f"연결할 수 없습니다 ({type(error).__name__}). 인터넷, 방화벽, 주소 설정을 확인하세요.",
            f"cannot be reached ({type(error).__name__}). Check internet, firewall and the configured address.",
        )
        return Check(name=name, ok=False, detail=detail)

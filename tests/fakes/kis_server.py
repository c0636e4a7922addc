"""A scripted KIS on loopback: answers what a test says, remembers what it was asked."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from kis.connect import Kis, open_kis
from kis.settings import KisSettings
from strategy.model import Clock

APP_KEY = "k" * 36
APP_SECRET = "s" * 180
ACCOUNT = "50123456-01"
OK = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다." + " " * 60}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def tr_id(self) -> str:
        return self.headers.get("tr_id", "")


@dataclass(frozen=True, slots=True)
class Say:
    """An answer: JSON, or text as it is."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Say | Callable[[Asked, web.Request], Awaitable[web.StreamResponse | Say]]


def error(code: str, text: str = "오류", status: int = 500, rt_cd: str = "1") -> Say:
    return Say({"rt_cd": rt_cd, "msg_cd": code, "msg1": text}, status)


async def drop(asked: Asked, request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def hang(seconds: float = 30.0) -> Script:
    async def wait(asked: Asked, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response()

    return wait


class FakeKis:
    """Scripts are queued per TR id or path; the last one of a queue stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.scripts: dict[str, deque[Script]] = defaultdict(deque)
        self.tokens = 0
        self.url = ""
        self.sockets: list[web.WebSocketResponse] = []
        self.on_socket: Callable[[web.WebSocketResponse, dict[str, Any]], Awaitable[None]] | None = None

    def on(self, name: str, *scripts: Script) -> None:
        """Queue answers for a TR id or a path."""
        self.scripts[name].extend(scripts)

    def of(self, name: str) -> list[Asked]:
        """Return the requests of a TR id or path."""
        return [asked for asked in self.asked if name in (asked.tr_id, asked.path)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.text()
        asked = Asked(
            request.method,
            request.path,
            {name.lower(): value for name, value in request.headers.items()},
            dict(request.query),
            json.loads(raw) if raw else {},
        )
        self.asked.append(asked)
        queue = self.scripts[asked.tr_id] or self.scripts[asked.path]
        script = (queue.popleft() if len(queue) > 1 else queue[0]) if queue else self._default(asked)
        answer = script if isinstance(script, Say) else await script(asked, request)
        if isinstance(answer, Say):
            return _response(answer)
        return answer

    def _default(self, asked: Asked) -> Say:
        if asked.path == "/oauth2/tokenP":
            self.tokens += 1
            return Say({"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 86400})
        if asked.path == "/oauth2/Approval":
            return Say({"approval_key": "approval"})
        if asked.path == "/oauth2/revokeP":
            return Say({"code": 200, "message": "접근토큰 폐기에 성공하였습니다"})
        return Say({**OK, "output": {}})


def _response(say: Say) -> web.Response:
    if isinstance(say.body, str):
        return web.Response(text=say.body, status=say.status, headers=dict(say.headers), content_type="text/html")
    text = json.dumps(say.body, ensure_ascii=False)
    return web.Response(text=text, status=say.status, headers=dict(say.headers), content_type="application/json")


@asynccontextmanager
async def serving(fake: FakeKis) -> AsyncIterator[str]:
    """Serve on a free loopback port; yields the base URL."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", fake.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}"
    try:
        yield fake.url
    finally:
        await runner.cleanup()


def kis_settings(**changes: Any) -> KisSettings:
    """Return valid settings with changes; limits are loose so that tests need not wait."""
    values: dict[str, Any] = {
        "is_virtual": "false",
        "hts_id": "demo01",
        "app_key": APP_KEY,
        "app_secret": APP_SECRET,
        "account_no": ACCOUNT,
        "kis_real_calls_per_s": "20",
        "kis_virtual_calls_per_s": "20",
        "kis_ledger_calls_per_s": "20",
        **changes,
    }
    return KisSettings.model_validate(values)


@asynccontextmanager
async def client(fake: FakeKis, clock: Clock, folder: Path, **changes: Any) -> AsyncIterator[Kis]:
    """Serve the fake and open a client on it."""
    async with serving(fake) as url:
        settings = kis_settings(**{"rest_url_base": url, "ws_url_base": url.replace("http", "ws"), **changes})
        async with open_kis(settings, clock=clock, data_dir=folder) as kis:
            yield kis

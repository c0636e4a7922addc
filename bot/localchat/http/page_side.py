"""The chat page and its way to a simulator on this machine."""

from pathlib import Path

import aiohttp
from aiohttp import web

_FOLDER = Path(__file__).parent.parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_PROXY_S = 10.0


class PageSide:
    """Serves the files of the page and passes `/sim-proxy/...` on to the simulator's control calls."""

    def __init__(self, *, language: str, simulator_url: str) -> None:
        self._language = language
        self._simulator = simulator_url.rstrip("/")
        self._http: aiohttp.ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._index),
            web.get("/page/{name:[a-z0-9_-]+\\.(?:js|css|svg)}", self._asset),
            web.get("/favicon.ico", self._icon),
            web.route("*", "/sim-proxy/{path:[a-z]+}", self._proxy),
        ]

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PROXY_S))

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _index(self, _request: web.Request) -> web.Response:
        page = (_FOLDER / "index.html").read_text(encoding="utf-8")
        with_market = bool(self._simulator)
        filled = {
            "{{language}}": self._language,
            "{{market_class}}": " with-market" if with_market else "",
            "{{market_hidden}}": "" if with_market else " hidden",
        }
        for place, text in filled.items():
            page = page.replace(place, text)
        return _file(page.encode(), ".html")

    async def _asset(self, request: web.Request) -> web.Response:
        path = _FOLDER / request.match_info["name"]
        if not path.is_file():
            raise web.HTTPNotFound
        return _file(path.read_bytes(), path.suffix)

    async def _icon(self, _request: web.Request) -> web.Response:
        return _file((_FOLDER / "icon.svg").read_bytes(), ".svg")

    async def _proxy(self, request: web.Request) -> web.Response:
        if not self._simulator or self._http is None:
            raise web.HTTPNotFound
        url = f"{self._simulator}/sim/{request.match_info['path']}"
        body = await request.read()
        try:
            async with self._http.request(
                request.method,
                url,
                params=request.query,
                data=body or None,
                headers={"Content-Type": "application/json"},
            ) as response:
                content = await response.read()
                return web.Response(
                    body=content, status=response.status, content_type=response.content_type or "application/json"
                )
        except (aiohttp.ClientError, TimeoutError):
            return web.json_response({"error": "the simulator does not answer"}, status=502)


def _file(content: bytes, suffix: str) -> web.Response:
    return web.Response(
        body=content,
        content_type=_TYPES[suffix],
        charset="utf-8",
        headers={
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )

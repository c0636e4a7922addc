"""The Bot API over HTTP: envelope, token, faults (telegram-bot-api 1)."""

import asyncio
import inspect
import json
import logging
import re
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.localchat.api import METHODS, NAMES
from bot.localchat.api.media import DOWNLOAD_LIMIT
from bot.localchat.calls import CallLog
from bot.localchat.faults import ApiFault, ApiFaults, patched
from bot.localchat.model import Json
from bot.localchat.params import ApiCall, ApiError, as_text, not_found, read_call, unauthorized
from bot.localchat.world import ChatWorld

_log = logging.getLogger(__name__)

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,80}")
_HOLD_S = 60.0
_PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class BotSide:
    """Answers what a bot asks."""

    def __init__(self, *, world: ChatWorld, token: str, faults: ApiFaults, calls: CallLog) -> None:
        self._world = world
        self._token = token
        self._faults = faults
        self._calls = calls
        self._open: set[asyncio.Transport] = set()
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/bot{token:[^/]+}/{method:[^/]*}", self._handle),
            web.get("/file/bot{token:[^/]+}/{path:.+}", self._download),
        ]

    def cut_open_calls(self) -> None:
        """Drop the connections of all calls under way, as a server that goes down does."""
        for transport in self._open:
            transport.abort()

    def close(self) -> None:
        """End every call that is being held."""
        self._closing.set()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._faults.is_down():
            return _cut(request)
        transport = request.transport
        if transport is not None:
            self._open.add(transport)
        try:
            return await self._answer(request)
        except Exception:  # noqa: BLE001 - the door: a bot must get an answer it can read
            _log.exception("bot api call failed", extra={"method": request.match_info["method"]})
            return _refusal(ApiError(500, "Internal Server Error"))
        finally:
            if transport is not None:
                self._open.discard(transport)
            self._world.commit()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"].lower()
        try:
            self._check_token(request.match_info["token"])
            if name not in METHODS:
                raise not_found("method not found" if name else "")
            call = await read_call(request, name)
        except ApiError as error:
            return _refusal(error)
        entry = self._calls.open(NAMES[name], call, self._world.clock.now())
        fault = self._faults.take(name, call.params)
        if fault is not None:
            entry["fault"] = fault.kind
            return await self._fail(request, call, fault, entry)
        response, body = await self._perform(call)
        self._calls.close(entry, response.status, body)
        return response

    async def _perform(self, call: ApiCall) -> tuple[web.Response, Json]:
        try:
            result: Any = METHODS[call.method](self._world, call)
            if inspect.isawaitable(result):
                self._world.commit()
                result = await result
        except ApiError as error:
            return _refusal(error), _refusal_body(error)
        body = {"ok": True, "result": result}
        return _json(body), body

    async def _fail(self, request: web.Request, call: ApiCall, fault: ApiFault, entry: Json) -> web.StreamResponse:
        if fault.kind in ("error", "error_after_send", "conflict"):
            if fault.kind == "error_after_send":
                await self._perform(call)
            extra = {"retry_after": fault.retry_after} if fault.retry_after else {}
            error = ApiError(fault.code, fault.description, **extra)
            self._calls.close(entry, error.code, _refusal_body(error))
            return _refusal(error)
        if fault.kind == "rewrite":
            return await self._rewritten(call, fault, entry)
        if fault.kind == "garbage":
            self._calls.close(entry, 502, _PROXY_PAGE)
            return web.Response(status=502, text=_PROXY_PAGE, content_type="text/html")
        if fault.kind == "slow":
            await self._hold(request, fault.seconds)
            response, body = await self._perform(call)
            self._calls.close(entry, response.status, body)
            return response
        if fault.kind == "timeout_after_send":
            response, body = await self._perform(call)
            self._world.commit()
            self._calls.close(entry, response.status, body)
        await self._hold(request, fault.seconds)
        return _cut(request)

    async def _rewritten(self, call: ApiCall, fault: ApiFault, entry: Json) -> web.StreamResponse:
        call.params = {name: as_text(value) for name, value in patched(call.params, fault.params).items()}
        response, body = await self._perform(call)
        if body["ok"]:
            body = {**body, "result": patched(body["result"], fault.result)}
            response = _json(body)
        self._calls.close(entry, response.status, body)
        return response

    async def _hold(self, request: web.Request, seconds: float | None) -> None:
        """Wait as long as asked, or until the caller has given up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (_HOLD_S if seconds is None else seconds)
        while loop.time() < deadline and not self._closing.is_set():
            if request.transport is None or request.transport.is_closing():
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(0.2, max(0.0, deadline - loop.time()))):
                    await self._closing.wait()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        if self._faults.is_down():
            return _cut(request)
        try:
            self._check_token(request.match_info["token"])
            record = self._world.file_at(request.match_info["path"])
            if record is None or record.size > DOWNLOAD_LIMIT:
                raise not_found()
        except ApiError as error:
            return _refusal(error)
        return web.Response(body=self._world.file_bytes(record), content_type="application/octet-stream")

    def _check_token(self, token: str) -> None:
        if token == self._token:
            return
        raise unauthorized("" if _TOKEN.fullmatch(token) else "invalid token specified")


def _json(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        text=json.dumps(body, ensure_ascii=False), status=status, content_type="application/json", headers=headers
    )


def _refusal_body(error: ApiError) -> Json:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    return {**body, "parameters": error.parameters} if error.parameters else body


def _refusal(error: ApiError) -> web.Response:
    wait = error.parameters.get("retry_after")
    return _json(_refusal_body(error), error.code, {"Retry-After": str(wait)} if wait else None)


def _cut(request: web.Request) -> web.StreamResponse:
    """Drop the connection without a word; the response is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)

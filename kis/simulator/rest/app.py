"""The REST side: from an HTTP request to a handler and back, with everything that can go wrong between."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from kis.simulator.books.keyring import AppKey, OAuthRefused
from kis.simulator.clock import wall_now
from kis.simulator.faults.faults import InjectedFault
from kis.simulator.faults.spoiling import Asked, spoiled
from kis.simulator.market.calendar import seoul_at
from kis.simulator.market.chance import mix
from kis.simulator.options import Served
from kis.simulator.rest import refusals
from kis.simulator.rest.calls import LAST_PAGE, Request, RestReply
from kis.simulator.rest.refusals import CallRefused, CodedText
from kis.simulator.rest.routes import Routes, ServedCall, current_tr_id
from kis.simulator.world import SimWorld

MESSAGE_WIDTH = 80
OAUTH_NAMES = {"/oauth2/tokenP": "tokenP", "/oauth2/revokeP": "revokeP", "/oauth2/Approval": "Approval"}
CONTEXTS = frozenset(f"ctx_area_{kind}{width}" for kind in ("fk", "nk") for width in ("", "100", "200"))
Flush = Callable[[], Awaitable[None]]


class Rest:
    """Answers /oauth2 and /uapi."""

    def __init__(self, world: SimWorld, closing: asyncio.Event, moving: asyncio.Lock, catch_up: Flush) -> None:
        self._world = world
        self._closing = closing
        self._moving = moving
        self._catch_up = catch_up
        self.routes = Routes()
        self.other_port = 0
        self._still: dict[str, RestReply] = {}  # answers of quote calls that are told again and again (a fault)

    # -- doors -------------------------------------------------------------------------------------------------------

    async def oauth(self, request: web.Request) -> web.StreamResponse:
        """Answer a token, revocation or approval request."""
        name = OAUTH_NAMES.get(plain_path(request))
        if name is None or request.method != "POST":
            return _json(404, {"error_code": "EGW00110", "error_description": "요청 경로가 올바르지 않습니다."})
        spoiled = await self._spoil_before(request, name, everything=False)
        if spoiled is not None:
            return spoiled
        text = await request.text()
        async with self._moving:
            await self._catch_up()
            self._world.counts.requests[name] += 1
            try:
                status, body = 200, self._oauth_answer(name, _read_object(text), self._host_of(request))
            except OAuthRefused as refused:
                self._world.counts.refusals[refused.code] += 1
                status, body = refused.status, {"error_code": refused.code, "error_description": refused.text}
            response, lost = await self._finish(request, name, _json(status, body), ())
        return response if lost is None else await self._hold(request, lost)

    async def hashkey(self, request: web.Request) -> web.StreamResponse:
        """Digest an order body, as clients of old ask (kis-protocol 1.4)."""
        body = _read_object(await request.text())
        seed = sum(json.dumps(body, sort_keys=True).encode())
        digest = "".join(f"{mix(self._world.seed + seed, n):016x}" for n in range(4))
        return _json(200, {"BODY": body, "HASH": digest})

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer a business call."""
        tr_id = current_tr_id(request.headers.get("tr_id", "").strip())
        spoiled = await self._spoil_before(request, tr_id, everything=True)
        if spoiled is not None:
            return spoiled
        text = await request.text() if request.method == "POST" else ""
        async with self._moving:
            await self._catch_up()
            self._world.counts.requests[tr_id or "(none)"] += 1
            environment = self._world.options.environment
            afterwards: list[Callable[[], None]] = []
            headers = {"tr_id": tr_id, "tr_cont": "", "gt_uid": request.headers.get("gt_uid", "")}
            try:
                key = self._authorise(request)
                environment = key.environment
                reply = self._remembered(request, tr_id) or self._answer(request, key, tr_id, text)
                self._remember(request, tr_id, reply)
                headers["tr_cont"] = reply.tr_cont
                afterwards = reply.afterwards
                answer = LAST_PAGE if reply.tr_cont == "E" and reply.answer.rt_cd == "0" else reply.answer
                response = _json(reply.status, reply.body | self._code(answer), headers)
            except CallRefused as refused:
                response = self._refusal(refused, environment, headers)
            response, lost = await self._finish(request, tr_id, response, afterwards)
        return response if lost is None else await self._hold(request, lost)

    # -- the middle --------------------------------------------------------------------------------------------------

    def _host_of(self, request: web.Request) -> Served:
        """Return which environment's host a request came to: the second port plays the other one."""
        ours = self._world.options.environment
        here = request.transport.get_extra_info("sockname") if request.transport is not None else None
        if here is None or here[1] != self.other_port:
            return ours
        return Served.REAL if ours is Served.VIRTUAL else Served.VIRTUAL

    def _oauth_answer(self, name: str, body: dict[str, Any], host: Served) -> dict[str, Any]:
        keyring, now = self._world.keyring, self._world.now_ms
        app_key = str(body.get("appkey") or "")
        if name != "revokeP" and body.get("grant_type") != "client_credentials":
            raise OAuthRefused("EGW00116", "유효하지 않은 grant_type입니다.")
        if name == "Approval":
            return {"approval_key": keyring.approve(app_key, str(body.get("secretkey") or ""), now, host=host)}
        secret = str(body.get("appsecret") or "")
        if name == "revokeP":
            keyring.revoke(app_key, secret, str(body.get("token") or ""))
            return {"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}
        token = keyring.issue(app_key, secret, now, host=host)
        left = max(0, (token.expires_ms - now) // 1000)
        expiry = _kst_stamp(token.expires_ms)
        return {
            "access_token": token.value,
            "access_token_token_expired": expiry,
            "token_type": "Bearer",
            "expires_in": left,
        }

    def _authorise(self, request: web.Request) -> AppKey:
        headers = request.headers
        if headers.get("custtype", "P") not in {"P", "B"}:
            raise refusals.custtype_wrong()
        return self._world.keyring.authorise(
            headers.get("appkey", ""),
            headers.get("appsecret", ""),
            headers.get("authorization", ""),
            self._world.now_ms,
        )

    def _answer(self, request: web.Request, key: AppKey, tr_id: str, text: str) -> RestReply:
        """Find and run the handler of an authorised call; raise Refused."""
        world = self._world
        call = self._call_of(request, key, tr_id)
        world.keyring.count(key, world.now_ms, ledger=call.ledger)
        self._maybe_fail(call, key)
        params = _read_params(request, text)
        continues = request.headers.get("tr_cont", "").strip()
        reply = call.handler(Request(world, key, tr_id, params, continues, endpoint(request)))
        if not call.pages:
            reply.tr_cont = reply.tr_cont if call.path.startswith("/uapi/overseas-stock/v1/ranking") else ""
        return reply

    def _remembered(self, request: web.Request, tr_id: str) -> RestReply | None:
        """Return what a quote call was told before, while quotes stand still (a fault)."""
        return self._still.get(request.path_qs) if self._stands_still(request, tr_id) else None

    def _remember(self, request: web.Request, tr_id: str, reply: RestReply) -> None:
        if self._stands_still(request, tr_id):
            self._still.setdefault(request.path_qs, reply)
        else:
            self._still.pop(request.path_qs, None)

    def _stands_still(self, request: web.Request, tr_id: str) -> bool:
        fault = self._world.faults.peek("stale_quotes", self._world.now_ms)
        return fault is not None and "/quotations/" in request.path and fault.hits(tr_id, endpoint(request))

    def _call_of(self, request: web.Request, key: AppKey, tr_id: str) -> ServedCall:
        served = self.routes.served(tr_id)
        if served and key.environment not in served:
            wrong = refusals.not_a_virtual_tr() if key.environment is Served.VIRTUAL else refusals.not_a_real_tr()
            self._world.keyring.count(key, self._world.now_ms, ledger=False)
            raise wrong
        call = self.routes.find(request.method, plain_path(request), tr_id)
        if call is None:
            unknown = refusals.tr_invalid() if key.environment is Served.VIRTUAL else refusals.tr_unroutable()
            self._world.keyring.count(key, self._world.now_ms, ledger=False)
            raise unknown
        return call

    def _maybe_fail(self, call: ServedCall, key: AppKey) -> None:
        """Let virtual quote calls fail at random, as the real ones do (quirk 52)."""
        share = self._world.options.virtual_quote_failures
        if not share or key.environment is Served.REAL or call.ledger or call.method == "POST":
            return
        asked = self._world.counts.requests.total()
        if mix(self._world.seed, asked) % 1000 < share:
            raise refusals.gateway("EGW00203", "OPS라우팅 중 오류가 발생했습니다.")

    def _code(self, answer: CodedText) -> dict[str, str]:
        padded = answer.msg1.ljust(MESSAGE_WIDTH) if self._world.options.pad_messages else answer.msg1
        return {"rt_cd": answer.rt_cd, "msg_cd": answer.msg_cd, "msg1": padded}

    def _refusal(self, refused: CallRefused, environment: Served, headers: dict[str, str]) -> web.Response:
        self._world.counts.refusals[refused.answer.msg_cd] += 1
        options = self._world.options
        usual = options.virtual_refusal_status if environment is Served.VIRTUAL else options.real_refusal_status
        return _json(refused.status or usual, self._code(refused.answer), headers)

    # -- faults ------------------------------------------------------------------------------------------------------

    async def _spoil_before(self, request: web.Request, name: str, *, everything: bool) -> web.StreamResponse | None:
        """Carry out faults that come before the call is looked at; None lets it pass."""
        faults, now = self._world.faults, self._world.clock.now_ms
        place = endpoint(request)
        if faults.use("maintenance", now(), name):
            return _cut(request)
        slow = self._fault("latency", name, place, everything=everything)
        if slow is not None:
            await asyncio.sleep(float(slow.details.get("ms", 1000)) / 1000)
        if self._fault("reset", name, place, everything=everything):
            return _cut(request)
        held = self._fault("timeout_before", name, place, everything=everything)
        if held is not None:
            return await self._hold(request, held)
        if self._fault("http_500", name, place, everything=everything):
            return web.Response(status=500, text="Internal Server Error")
        page = self._fault("http_html", name, place, everything=everything)
        if page is not None:
            text = "<html><head><title>점검중</title></head><body><h1>시스템 점검중입니다.</h1></body></html>"
            return web.Response(status=int(page.details.get("status", 503)), text=text, content_type="text/html")
        refusal = self._fault("refuse", name, place, everything=everything)
        if refusal is not None:
            self._world.counts.requests[name] += 1
            return self._refusal(refusal_of(refusal), Served.REAL, {"tr_id": name, "tr_cont": ""})
        if self._fault("rate_limit", name, place, everything=everything):
            self._world.counts.requests[name] += 1
            return self._refusal(refusals.too_many_calls(), Served.REAL, {"tr_id": name, "tr_cont": ""})
        return None

    def _fault(self, kind: str, name: str, place: str, *, everything: bool) -> InjectedFault | None:
        """Use up a fault that hits this call; OAuth calls are hit only when named."""
        return self._world.faults.use(kind, self._world.clock.now_ms(), name, place, named=not everything)

    async def _finish(
        self, request: web.Request, name: str, response: web.Response, afterwards: Sequence[Callable[[], None]]
    ) -> tuple[web.Response, InjectedFault | None]:
        """Send an answer and let its consequences happen, in the order the faults in force ask for."""
        faults, now = self._world.faults, self._world.now_ms
        everything, place = name not in OAUTH_NAMES.values(), endpoint(request)
        if isinstance(response.body, bytes):
            asked = Asked(place, dict(request.query), request.headers.get("tr_cont", ""))
            response.body, status = spoiled(
                response.body, response.status, asked, partial(self._fault, everything=everything, name=name)
            )
            response.set_status(status)
        if self._fault("bad_json", name, place, everything=everything) and response.body is not None:
            whole = bytes(response.body)  # type: ignore[arg-type]
            response = web.Response(status=response.status, body=whole[: len(whole) * 2 // 3].replace(b'":"', b'":', 1))
        self._tell_time(response)
        lost = self._fault("timeout_after_accept", name, place, everything=everything)
        early = bool(afterwards) and faults.use("notice_before_ack", now, name) is not None
        if lost is None and not early:
            with suppress(ConnectionResetError):  # whoever asked has gone; what was asked is done all the same
                await response.prepare(request)
                await response.write_eof()
        for deed in afterwards:
            deed()
        self._world.live(self._world.now_ms)
        self._world.clock.nudge()
        if early:
            await self._world.stream.flush()
        return response, lost

    def _tell_time(self, response: web.Response) -> None:
        """Date the answer by the server's clock, where that differs from everybody else's."""
        offset = self._world.clock_offset_s()
        if offset:
            told = wall_now() + timedelta(seconds=offset)
            response.headers["Date"] = format_datetime(told, usegmt=True)

    async def _hold(self, request: web.Request, fault: InjectedFault) -> web.StreamResponse:
        """Say nothing until the client goes away, at most some real seconds; then cut the connection."""
        seconds = float(fault.details.get("hold_s", 60))
        try:
            async with asyncio.timeout(seconds):
                while request.transport is not None and not request.transport.is_closing():
                    if self._closing.is_set():
                        break
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        return _cut(request)


def refusal_of(fault: InjectedFault) -> CallRefused:
    """Return the refusal a fault asks for: any code, listed or not, with HTTP 500 unless it says otherwise."""
    details = fault.details
    code = str(details.get("msg_cd") or "EGW00201")
    text = str(details.get("msg1") or refusals.text_of(code))
    return CallRefused(CodedText(str(details.get("rt_cd", "1")), code, text), status=int(details.get("status", 500)))


def endpoint(request: web.Request) -> str:
    """Return the end of a path, by which faults may name a call: trading/order."""
    return "/".join(plain_path(request).split("/")[-2:])


def plain_path(request: web.Request) -> str:
    """Return the path with doubled slashes made single: clients in use join base and path that way."""
    return re.sub(r"/{2,}", "/", request.path)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


def _json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )


def _read_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _read_params(request: web.Request, text: str) -> dict[str, str]:
    """Return the parameters of a call: upper-case names, but contexts in either case (10.1, 1)."""
    if request.method == "POST":
        body = _read_object(text)
        if not body:
            raise refusals.body_unreadable()
        return {
            str(name): "" if value is None else str(value)
            for name, value in body.items()
            if not isinstance(value, (dict, list))
        }
    return {(name.upper() if name in CONTEXTS else name): value for name, value in request.query.items()}


def _kst_stamp(ms: int) -> str:
    return seoul_at(ms).strftime("%Y-%m-%d %H:%M:%S")

"""The one place that sends HTTP: paced, timed out, logged in one redacted line (row S98)."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Any

import aiohttp
import orjson

from kis.environment import Lane
from kis.redaction import names_in, redacted, spoken, without
from kis.rest.pacing import Pacer
from strategy.model import Moment, SettableClock, SystemClock

log = logging.getLogger("kis.http")

_FREE_TEXT = ("msg1", "error_description")  # KIS's own words
_SKEW_SAMPLES = 21
_SKEW_ROUND_TRIP = timedelta(seconds=2)
_HALF_A_SECOND = timedelta(seconds=0.5)  # the header is cut to whole seconds, so half of one is lost on average
_CONTENT_TYPE = "application/json; charset=utf-8"


class NotSent(Exception):
    """No connection could be made: KIS never saw the request."""


class NoAnswer(Exception):
    """The request may have arrived; its answer did not."""


class AnswerTimeout(NoAnswer):
    """The answer did not come within the time-out."""


class _SilentRepeat(aiohttp.ClientError):
    """aiohttp was about to repeat a request on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Real seconds, never market time: the network does not know what the market's clock says."""

    connect_s: float = 3.0
    read_s: float = 5.0  # whole read-only call
    change_s: float = 10.0  # whole call that places, changes or cancels


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An answer, its free text without secrets; `body` is None when it was not a JSON object."""

    status: int
    tr_cont: str
    body: dict[str, Any] | None


class Transport:
    """Sends to one REST host with one app key's pacer; never repeats anything."""

    def __init__(
        self, http: aiohttp.ClientSession, base_url: str, pacer: Pacer, timeouts: Timeouts, *, secret: tuple[str, ...]
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._pacer = pacer
        self._timeouts = timeouts
        self._secret = secret  # literal values never written to the log
        self.requests = 0
        self._machine: SettableClock = SystemClock()  # real time: market time may be made up
        self._aheads: deque[tuple[timedelta, Moment]] = deque(maxlen=_SKEW_SAMPLES)  # of the server's clock, and when
        self._ahead: tuple[timedelta, Moment] | None = None  # the middle of them by our clock as it was set then

    @property
    def clock_skew(self) -> timedelta | None:
        """Return how far the server's clock is ahead of this machine's, by the Date of its newest answers.

        None while it has sent none. Good to about a second: the header has no fractions. It follows at once when
        this machine's clock is set. Every streamed price asks, so nothing is sorted here.
        """
        if self._ahead is None:
            return None
        ahead, then = self._ahead
        return ahead - self._machine.now().set_since(then)

    @property
    def pacer(self) -> Pacer:
        return self._pacer

    async def send(
        self,
        method: str,
        path: str,
        *,
        name: str,
        lane: Lane,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> HttpReply:
        """Wait for a turn and send once. Raise NotSent (KIS saw nothing) or NoAnswer (it may have)."""
        request_id = secrets.token_hex(8)
        sent_headers = {"content-type": _CONTENT_TYPE, "gt_uid": request_id, **(headers or {})}
        line = {
            "call": name,
            "endpoint": f"{method} {path}",
            "tr_id": sent_headers.get("tr_id", ""),
            "request_id": request_id,
        }
        trace = _Trace(line, params or body, self._secret)
        turn = await self._pacer.turn(lane)
        trace.start()
        try:
            reply = await self._exchange(
                method,
                path,
                headers=sent_headers,
                params=params,
                data=None if body is None else orjson.dumps(body),
                total_s=self._timeouts.change_s if lane is Lane.ORDER else self._timeouts.read_s,
            )
        except (NotSent, NoAnswer) as failure:
            trace.failed(failure)
            raise
        except asyncio.CancelledError:
            trace.failed(NoAnswer("cancelled"))
            raise
        finally:
            turn.answered()
        trace.answered(reply)
        return reply if reply.body is None else replace(reply, body=_speaking(reply.body))

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        data: bytes | None,
        total_s: float,
    ) -> HttpReply:
        asked_at = self._machine.now()
        try:
            async with self._http.request(
                method,
                self._base_url + path,
                headers=headers,
                params=params,
                data=data,
                allow_redirects=False,  # a redirect would be a second request past the pacer
                timeout=aiohttp.ClientTimeout(total=total_s, sock_connect=self._timeouts.connect_s),
                middlewares=(_once(),),
            ) as response:
                self.requests += 1
                self._compare_clocks(response.headers.get("Date"), asked_at, self._machine.now())
                raw = await response.read()
                return HttpReply(status=response.status, tr_cont=response.headers.get("tr_cont", ""), body=_object(raw))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from error
        except TimeoutError as error:
            raise AnswerTimeout(f"no answer within {total_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from error

    def _compare_clocks(self, told: str | None, asked_at: Moment, answered_at: Moment) -> None:
        """Remember how the server's clock differs, where it tells the time and answered soon enough to judge by."""
        if told is None or answered_at - asked_at > _SKEW_ROUND_TRIP:
            return
        with suppress(ValueError, TypeError):
            server = parsedate_to_datetime(told) + _HALF_A_SECOND
            then = asked_at + (answered_at - asked_at) / 2
            self._aheads.append((server - then, then))
            aheads = [(ahead - then.set_since(at)).total_seconds() for ahead, at in self._aheads]
            self._ahead = timedelta(seconds=median(aheads)), then


def _once() -> aiohttp.ClientMiddlewareType:
    """Return a guard that lets one attempt through.

    aiohttp repeats an idempotent request by itself when a kept-alive connection turns out to be dead; that repeat
    would pass by the pacer and the log, so it is refused here and made, if at all, by our own retry.
    """
    attempts = 0

    async def guard(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal attempts
        attempts += 1
        if attempts > 1:
            raise _SilentRepeat("connection dropped")
        return await handler(request)

    return guard


def _speaking(body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose own words name no key, account or person; they reach errors, chat and log from here on."""
    said = {field: body[field] for field in _FREE_TEXT if isinstance(body.get(field), str)}
    if not said:
        return body
    names = names_in(body)
    return body | {field: spoken(text, names) for field, text in said.items()}


def _object(raw: bytes) -> dict[str, Any] | None:
    """Return a JSON object whatever the status said (kis-protocol 5.1), None for HTML, text or broken JSON."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


class _Trace:
    """The log line of one call; bodies only at DEBUG and redacted."""

    def __init__(self, line: dict[str, str], sent: Mapping[str, Any] | None, secret: tuple[str, ...]) -> None:
        self._line = line
        self._sent = sent
        self._secret = secret
        self._started = 0.0

    def start(self) -> None:
        self._started = time.perf_counter()

    def answered(self, reply: HttpReply) -> None:
        body = reply.body or {}
        code = str(body.get("msg_cd") or body.get("error_code") or ("" if reply.body is not None else "not-json"))
        self._write(logging.INFO, status=str(reply.status), code=code)
        if log.isEnabledFor(logging.DEBUG):
            hidden = (*self._secret, *names_in(body))
            shown = without(repr(redacted({"sent": self._sent, "got": reply.body})), hidden)
            log.debug("kis bodies request_id=%s %s", self._line["request_id"], shown)

    def failed(self, failure: Exception) -> None:
        self._write(logging.WARNING, status="none", code=f"{type(failure).__name__}: {failure}")

    def _write(self, level: int, *, status: str, code: str) -> None:
        if not log.isEnabledFor(level):
            return
        values = {**self._line, "status": status, "code": code, "ms": f"{self._elapsed_ms():.0f}"}
        log.log(
            level, "kis call %s", " ".join(f"{key}={value}" for key, value in values.items()), extra={"kis": values}
        )

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000

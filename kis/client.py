"""Business calls over the transport: headers, token, errors, and repeats of reads only (kis-protocol 5.3)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kis.auth.keys import KeyPair
from kis.auth.tokens import Tokens
from kis.environment import ROUTES, Endpoint, KisEnvironment, Lane
from kis.errors import KisError, KisLater, KisTimeout, KisUnknown
from kis.rest.causes import Cause
from kis.rest.codes import CODES, Reaction, classify, error_for
from kis.rest.transport import AnswerTimeout, HttpReply, NoAnswer, NotSent, Transport
from strategy.model import Said
from strategy.runtime import Backoff

_REPEATS = 5  # of a read; an order is sent once
_TIMEOUT_REPEATS = 1
_LONGEST_PAUSE_S = 5.0
_GROWTH = Backoff.growing(1.0, _LONGEST_PAUSE_S, factor=1.6, jitter=(1.0, 1.3))  # by how much a pause grows
_NETWORK_PAUSE_S = 0.1  # real seconds
_LEDGER_PAUSE_S = 1.1  # market seconds
_TOKEN_WAIT_S = 5.0  # real seconds an order waits for a new token


@dataclass(frozen=True, slots=True, kw_only=True)
class KisAnswer:
    """A successful answer: the JSON object and whether KIS says that more pages follow."""

    body: dict[str, Any]
    more: bool


class KisHttp:
    """One app key at one REST host. Calls that change something are never repeated here."""

    def __init__(self, environment: KisEnvironment, keys: KeyPair, tokens: Tokens, transport: Transport) -> None:
        self.environment = environment
        self._keys = keys
        self.tokens = tokens
        self.transport = transport

    async def get(
        self, call: Endpoint, params: Mapping[str, str], *, cont: bool = False, lane: Lane | None = None
    ) -> KisAnswer:
        """Ask, repeating with pauses while that may help; in the call's own lane unless told.

        Raise KisNotOffered before sending, KisLater, KisFault or KisRefused.
        """
        self.environment.tr_id(call)  # raises before a token is asked for
        repeats = _Repeats(self)
        while True:
            try:
                return await self._send(call, await self.tokens.get(), params=params, cont=cont, lane=lane)
            except _Repeatable as failure:
                await repeats.pause(failure)

    async def post(self, call: Endpoint, body: Mapping[str, str]) -> KisAnswer:
        """Place, change or cancel: sent exactly once.

        Once more only after a dead token, which the gateway has turned away at its door. Raise KisRefused, KisUnknown
        (it may have been carried out), KisLater (certainly not) or KisFault.
        """
        self.environment.tr_id(call)
        renewed = False
        while True:
            token = await self._token_in_time(call)
            try:
                return await self._send(call, token, body=body)
            except _Repeatable as failure:
                if failure.rate:
                    self.hold(failure, 1)
                if renewed or not failure.token:
                    raise failure.error from failure.__cause__
                renewed = True

    async def _token_in_time(self, call: Endpoint) -> str:
        """Return a token. A new one may be a minute away, and an order that never left must not be taken for lost."""
        try:
            async with asyncio.timeout(_TOKEN_WAIT_S):
                return await self.tokens.for_order()
        except TimeoutError as error:
            raise KisLater(f"{call}: not sent, no token yet", user_message=Said(Cause.TOKEN)) from error

    def hold(self, failure: "_Repeatable", growth: float) -> None:
        """Send nothing for a while after a rate refusal; whoever waits for a turn waits longer."""
        pause_s = _LEDGER_PAUSE_S if failure.ledger else self.environment.rate_pause_s
        self.transport.pacer.hold(min(pause_s * growth, _LONGEST_PAUSE_S), ledger=failure.ledger)

    async def _send(
        self,
        call: Endpoint,
        token: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
        cont: bool = False,
        lane: Lane | None = None,
    ) -> KisAnswer:
        route = ROUTES[call]
        changes = route.lane is Lane.ORDER
        tr_id = self.environment.tr_id(call)
        headers = {
            "authorization": f"Bearer {token}",
            "appkey": self._keys.app_key,
            "appsecret": self._keys.app_secret,
            "tr_id": tr_id,
            "custtype": "P",
            "tr_cont": "N" if cont else "",
        }
        try:
            reply = await self.transport.send(
                route.method, route.path, name=call, lane=lane or route.lane, headers=headers, params=params, body=body
            )
        except NotSent as error:
            unsent = KisLater(f"{call}: not sent, {error}", user_message=Said(Cause.NETWORK))
            raise _Repeatable(unsent) from error
        except AnswerTimeout as error:
            late: KisError = KisTimeout(f"{call}: {error}") if changes else KisLater(f"{call}: {error}")
            raise _Repeatable(late, timed_out=True) from error
        except NoAnswer as error:
            lost: KisError = KisUnknown(f"{call}: {error}") if changes else KisLater(f"{call}: {error}")
            raise _Repeatable(lost) from error
        return self._judge(call, reply, token, changes=changes)

    def _judge(self, call: Endpoint, reply: HttpReply, token: str, *, changes: bool) -> KisAnswer:
        body = reply.body
        if body is None:
            detail = f"{call}: HTTP {reply.status} without JSON"
            raise _Repeatable(KisUnknown(detail) if changes else KisLater(detail))
        code = str(body.get("msg_cd") or body.get("error_code") or "").strip()
        known = CODES.get(code)
        said = known.reaction if known is not None else None
        if str(body.get("rt_cd", "")) == "0" and said is not Reaction.UNKNOWN:
            self.tokens.accept(token)
            return KisAnswer(body=body, more=reply.tr_cont.strip().upper() in ("F", "M"))
        if said is Reaction.EMPTY and not changes:  # "nothing found" is no error whatever its rt_cd (3.9)
            return KisAnswer(body=body, more=False)
        message = str(body.get("msg1") or body.get("error_description") or "").strip()
        rt_cd = str(body.get("rt_cd", "")).strip()
        error = error_for(code, message, reply.status, changes=changes, rt_cd=rt_cd)
        reaction = classify(code, reply.status, rt_cd).reaction
        if reaction is Reaction.TOKEN:
            self.tokens.refuse(token)
            raise _Repeatable(error, token=True)
        if code in ("EGW00201", "EGW00215"):
            raise _Repeatable(error, rate=True, ledger=code == "EGW00215")
        if reaction in (Reaction.LATER, Reaction.LATER_OR_UNKNOWN, Reaction.UNKNOWN):
            raise _Repeatable(error)
        if reaction is Reaction.ONCE:
            raise _Repeatable(error, once=True)
        raise error


class _Repeatable(Exception):
    """A failure that a read may try again; an order only reports its `error`."""

    def __init__(
        self,
        error: KisError,
        *,
        rate: bool = False,
        ledger: bool = False,
        token: bool = False,
        timed_out: bool = False,
        once: bool = False,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.rate = rate
        self.ledger = ledger
        self.token = token
        self.limit = 1 if token or once else (_TIMEOUT_REPEATS if timed_out else _REPEATS)


class _Repeats:
    """Counts and spaces the repeats of one read: bounded, growing, with jitter."""

    def __init__(self, http: KisHttp) -> None:
        self._http = http
        self._done = 0
        self._tokens = 0

    async def pause(self, failure: _Repeatable) -> None:
        """Wait before the next try, or raise the failure's error when there is none."""
        spent = self._tokens if failure.token else self._done
        if spent >= failure.limit:
            raise failure.error from failure.__cause__
        if failure.token:  # the next try gets a new token; no need to wait
            self._tokens += 1
            return
        self._done += 1
        growth = _GROWTH.pause(spent)
        if failure.rate:
            self._http.hold(failure, growth)
            return
        await asyncio.sleep(min(_NETWORK_PAUSE_S * growth, _LONGEST_PAUSE_S))

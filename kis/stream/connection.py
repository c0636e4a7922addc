"""One life of the WebSocket: reader, registrar and heartbeat live and die together (kis-protocol 7.1-7.5).
See decision 0153."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, NoReturn, Protocol

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from kis.redaction import spoken
from kis.stream.errors import KeyInUse, StreamLost
from kis.stream.registrations import Registration
from strategy.model import Said

log = logging.getLogger("kis.stream")


class ConnectionNote(StrEnum):
    ENDED = "stream.ended"
    BLOCKED = "stream.blocked"
    KEY_REFUSED = "stream.key_refused"
    NO_ANSWER = "stream.no_answer"
    SILENT = "stream.silent"
    HALF_OPEN = "stream.half_open"
    DROPPED_AT_NOTICES = "stream.dropped_at_notices"
    CLOSED = "stream.closed"
    FULL = "stream.full"
    NOTICES_REFUSED = "stream.notices_refused"
    TICKS_REFUSED = "stream.ticks_refused"


_BREATH_S = 0.0005  # frames are read that long before others get their turn: a stop waits for it, a backlog needs it
_RETRIED = frozenset({"OPSP0007", "OPSP0009", "OPSP8999", "OPSP9995"})
_REGISTER, _UNREGISTER = "1", "2"
_TRIES = 3
_PINGED_S = 1.0  # a server that closes within this after a ping may have closed because of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the stream waits, in real seconds."""

    ack_s: float = 3.0  # three tries stay under the ten seconds of row S22
    retry_s: float = 1.0
    probe_s: float = 7.0  # without a frame for so long, a ping is sent; its answer has as long again
    silence_s: float = 90.0  # nothing but pongs for so long means that the feed is dead (7.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The server's word on a registration."""

    code: str
    message: str
    key: str
    iv: str

    @property
    def accepted(self) -> bool:
        return self.code in ("OPSP0000", "OPSP0001", "OPSP0002", "OPSP0003")


class Receiver(Protocol):
    """Where a connection delivers."""

    def on_data(self, text: str) -> None: ...

    def on_garbage(self) -> None: ...

    def on_active(self, registration: Registration, ack: Ack) -> None: ...

    def on_refused(self, registration: Registration, reason: Said) -> None: ...

    def on_ready(self) -> None: ...


class Connection:
    """Drives an open socket until it fails; raises StreamLost, never returns."""

    def __init__(
        self,
        socket: ClientConnection,
        approval_key: str,
        receiver: Receiver,
        wanted: Callable[[], list[Registration]],
        *,
        changed: asyncio.Event,
        patience: Patience,
        pings: bool = True,
    ) -> None:
        """Without `pings` a half-open socket is noticed by its silence only; some servers close when pinged."""
        self._socket = socket
        self._approval_key = approval_key
        self._receiver = receiver
        self._wanted = wanted
        self._changed = changed
        self._patience = patience
        self._pings = pings
        self._pinged: float | None = None  # when the newest ping left
        self.ponged = False  # a ping was answered on this connection
        self._active: dict[Registration, None] = {}
        self._refused: set[Registration] = set()
        self._pending: tuple[Registration, asyncio.Future[Ack]] | None = None
        self._heard = asyncio.get_running_loop().time()

    async def run(self) -> NoReturn:
        """Read, register and watch; raise StreamLost with the first cause."""
        cause = StreamLost(Said(ConnectionNote.ENDED))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(), name="kis stream reader")
                group.create_task(self._register(), name="kis stream registrar")
                group.create_task(self._watch(), name="kis stream heartbeat")
        except* StreamLost as lost:  # raising in here would wrap the cause in another group
            cause = _first(lost)
        raise cause

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async for raw in self._socket:
                self._heard = loop.time()
                await self._take(raw)
                if loop.time() - began >= _BREATH_S:
                    await asyncio.sleep(0)  # frames that wait already must not hold up the order one of them set off
                    began = loop.time()
        except ConnectionClosed as closed:
            raise self._closed(closed) from closed
        raise self._closed(None)

    async def _take(self, raw: str | bytes) -> None:
        if isinstance(raw, bytes):
            self._receiver.on_garbage()
        elif raw[:1] in ("0", "1"):
            self._receiver.on_data(raw)
        elif raw[:1] == "{":
            await self._control(raw)
        else:
            self._receiver.on_garbage()

    async def _control(self, raw: str) -> None:
        try:
            message = orjson.loads(raw)
        except orjson.JSONDecodeError:
            message = None
        header = _part(message, "header")
        if header.get("tr_id") == "PINGPONG":
            await self._pong(raw)
            return
        body = _part(message, "body")
        code = body.get("msg_cd")
        if not isinstance(code, str):
            self._receiver.on_garbage()
            return
        if code == "OPSP8996":  # `tr_id` may be the text (null): the code comes first (quirk 29)
            raise KeyInUse
        output = _part(body, "output")
        ack = Ack(
            code=code,
            message=spoken(str(body.get("msg1", "")).strip()),
            key=str(output.get("key", "")),
            iv=str(output.get("iv", "")),
        )
        self._answer(header, ack)

    async def _pong(self, raw: str) -> None:
        """Send a PINGPONG back as it came (7.4)."""
        try:
            async with asyncio.timeout(self._patience.ack_s):
                await self._socket.send(raw)
        except TimeoutError:
            raise StreamLost(Said(ConnectionNote.BLOCKED)) from None

    def _answer(self, header: dict[str, Any], ack: Ack) -> None:
        if self._pending is None:
            log.info("stream said %s %s, nobody asked", ack.code, ack.message)
            return
        registration, waiting = self._pending
        tr_id, tr_key = str(header.get("tr_id", "")), str(header.get("tr_key", ""))
        other_stream = tr_id.startswith(("H0", "HD")) and tr_id != registration.tr_id
        other_key = bool(tr_key) and registration.symbol is not None and tr_key != registration.tr_key
        if not other_stream and not other_key and not waiting.done():
            waiting.set_result(ack)

    async def _register(self) -> None:
        while True:
            self._changed.clear()
            wanted = self._wanted()
            for registration in [known for known in self._active if known not in wanted]:
                await self._ask(registration, _UNREGISTER)
                del self._active[registration]
            self._refused &= set(wanted)
            for registration in wanted:
                if registration not in self._active and registration not in self._refused:
                    await self._add(registration)
            self._receiver.on_ready()
            await self._changed.wait()

    async def _add(self, registration: Registration) -> None:
        ack = await self._ask(registration, _REGISTER)
        if ack.code == "OPSP0002" and registration.symbol is None:
            # registered before, but the key and iv are given only once: ask for them anew
            await self._ask(registration, _UNREGISTER)
            ack = await self._ask(registration, _REGISTER)
        if ack.accepted:
            self._active[registration] = None
            self._receiver.on_active(registration, ack)
        elif ack.code == "OPSP0011":
            raise StreamLost(Said(ConnectionNote.KEY_REFUSED))
        else:
            self._refused.add(registration)
            self._receiver.on_refused(registration, refusal(ack, registration))

    async def _ask(self, registration: Registration, tr_type: str) -> Ack:
        """Send one registration message and return the answer to it; repeat what KIS calls its own trouble."""
        message = orjson.dumps(
            {
                "header": {
                    "approval_key": self._approval_key,
                    "custtype": "P",
                    "tr_type": tr_type,
                    "content-type": "utf-8",
                },
                "body": {"input": {"tr_id": registration.tr_id, "tr_key": registration.tr_key}},
            }
        ).decode()
        for attempt in range(_TRIES):
            waiting: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
            self._pending = (registration, waiting)
            try:
                async with asyncio.timeout(self._patience.ack_s):
                    await self._socket.send(message)
                    ack = await waiting
            except TimeoutError:
                log.warning("no acknowledgement for %s", registration.tr_id)
                continue
            except ConnectionClosed as closed:
                raise self._closed(closed) from closed
            finally:
                self._pending = None
            if ack.code not in _RETRIED or attempt + 1 == _TRIES:
                return ack
            await asyncio.sleep(self._patience.retry_s)
        raise StreamLost(Said(ConnectionNote.NO_ANSWER))

    async def _watch(self) -> NoReturn:
        """Notice a half-open socket: nothing comes, and a ping is not answered either."""
        patience = self._patience
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(patience.probe_s, patience.silence_s))
            idle = loop.time() - self._heard
            if idle >= patience.silence_s:
                raise StreamLost(
                    Said(ConnectionNote.SILENT, silence=timedelta(seconds=patience.silence_s)),
                    silent=True,
                )
            if idle < patience.probe_s or not self._pings:
                continue
            try:
                async with asyncio.timeout(patience.probe_s):
                    self._pinged = loop.time()
                    await (await self._socket.ping())
                    self.ponged = True
            except TimeoutError:
                if loop.time() - self._heard >= patience.probe_s:
                    raise StreamLost(Said(ConnectionNote.HALF_OPEN)) from None
            except ConnectionClosed as closed:
                raise self._closed(closed) from closed

    def _closed(self, closed: ConnectionClosed | None) -> StreamLost:
        """Return why the server closed, with what it was doing: a wrong HTS ID just drops the socket (OPSP0017)."""
        if self._pending is not None and self._pending[0].symbol is None:
            return StreamLost(Said(ConnectionNote.DROPPED_AT_NOTICES))
        code = closed.rcvd.code if closed is not None and closed.rcvd is not None else "none"
        pinged = self._pinged is not None and asyncio.get_running_loop().time() - self._pinged < _PINGED_S
        return StreamLost(Said(ConnectionNote.CLOSED, code=code), after_ping=pinged)


def refusal(ack: Ack, registration: Registration) -> Said:
    """Return why a registration was refused and what to do about it (rows S22, S109)."""
    label = f"{ack.code} {ack.message}".strip()
    if ack.code == "OPSP0008":
        return Said(ConnectionNote.FULL, label=label)
    if ack.code == "OPSP0017" or registration.symbol is None:
        return Said(ConnectionNote.NOTICES_REFUSED, label=label)
    return Said(ConnectionNote.TICKS_REFUSED, label=label)


def _part(message: object, name: str) -> dict[str, Any]:
    part = message.get(name) if isinstance(message, dict) else None
    return part if isinstance(part, dict) else {}


def _first(group: BaseExceptionGroup[StreamLost]) -> StreamLost:
    """Return the most telling cause of a group."""
    causes = [_first(inner) if isinstance(inner, BaseExceptionGroup) else inner for inner in group.exceptions]
    return next((cause for cause in causes if isinstance(cause, KeyInUse)), causes[0])

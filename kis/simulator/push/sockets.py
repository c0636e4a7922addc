"""One WebSocket connection: its registrations, what waits to be sent, its PINGPONG (kis-protocol 7)."""

import asyncio
import time
from dataclasses import dataclass

from aiohttp import web

from kis.simulator.books.keyring import AppKey
from kis.simulator.options import SimulatorOptions
from kis.simulator.push.frames import data_frame, ping_frame

TOO_SLOW = 50_000


@dataclass(frozen=True, slots=True)
class Cipher:
    """What an acknowledgement gave for reading encrypted records."""

    key: str
    iv: str


@dataclass(frozen=True, slots=True)
class _Record:
    tr_id: str
    text: str


class Socket:
    """Frames go out in order through one writer; records of one stream that wait together share a frame."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse, options: SimulatorOptions, now_ms: int) -> None:
        self.ws = ws
        self.key: AppKey | None = None
        self.approval = ""
        self.registered: dict[tuple[str, str], Cipher] = {}
        self.silent_until_ms: int | None = None
        self.silent = False
        self.pongs = False  # while silent: pings are answered all the same
        self.opened_ms = now_ms
        self._request = request
        self._options = options
        self._pending: list[str | _Record] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._next_ping_ms = now_ms + options.pingpong_s * 1000
        self._unanswered_ms: int | None = None
        self._unanswered_real = 0.0

    # -- out ---------------------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        self._push(text)

    def send_record(self, tr_id: str, record: str) -> None:
        """Queue a plain record; neighbours of the same stream are packed into one frame."""
        self._push(_Record(tr_id, record))

    def _push(self, item: str | _Record) -> None:
        if self.silent or self.ws.closed:
            return
        self._pending.append(item)
        self._idle.clear()
        self._wake.set()
        if len(self._pending) > TOO_SLOW:
            self.abort()

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._pending = self._pending, []
            try:
                for frame in self._frames(batch):
                    await self.ws.send_str(frame)
            except (ConnectionError, RuntimeError):
                self._pending.clear()
                self._idle.set()
                return
            if not self._pending:
                self._idle.set()

    def _frames(self, batch: list[str | _Record]) -> list[str]:
        frames: list[str] = []
        packed: list[str] = []
        stream = ""
        for item in batch:
            if isinstance(item, _Record) and item.tr_id == stream and len(packed) < self._options.records_per_frame:
                packed.append(item.text)
                continue
            if packed:
                frames.append(data_frame(stream, packed))
            stream, packed = (item.tr_id, [item.text]) if isinstance(item, _Record) else ("", [])
            if isinstance(item, str):
                frames.append(item)
        if packed:
            frames.append(data_frame(stream, packed))
        return frames

    async def flushed(self) -> None:
        """Wait until everything queued was handed to the network."""
        await self._idle.wait()

    # -- silence (a fault) -------------------------------------------------------------------------------------------

    def silence(self, until_ms: int | None, *, pongs: bool) -> None:
        """Send nothing and take nothing in until then, or for good; with `pongs` only the feed is dead."""
        self.silent, self.silent_until_ms, self.pongs = True, until_ms, pongs

    def unsilence(self) -> None:
        self.silent, self.silent_until_ms, self.pongs = False, None, False

    # -- end ---------------------------------------------------------------------------------------------------------

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        self._idle.set()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self) -> None:
        self._idle.set()
        await self.ws.close()

    # -- PINGPONG ----------------------------------------------------------------------------------------------------

    def next_beat_ms(self) -> int:
        return self._next_ping_ms

    def answered(self) -> None:
        self._unanswered_ms = None

    def beat(self, now_ms: int, speed: float) -> None:
        """Send PINGPONG when it is time; cut a client that has been silent for too long."""
        if self._unanswered_ms is not None:
            quiet = now_ms - self._unanswered_ms >= self._options.pingpong_silence_s * 1000
            if quiet and time.monotonic() - self._unanswered_real >= self._options.pingpong_real_floor_s:
                self.abort()
                return
        if now_ms < self._next_ping_ms:
            return
        # at high speed a PINGPONG a market minute would flood the socket: at most two a real second
        self._next_ping_ms = now_ms + max(self._options.pingpong_s * 1000, int(speed * 500))
        self._push(ping_frame(now_ms))
        if self._unanswered_ms is None:
            self._unanswered_ms, self._unanswered_real = now_ms, time.monotonic()

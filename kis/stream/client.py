"""The push channel: connects, registers, decodes, reconnects (kis-protocol 7). Implements the port `Stream`."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from kis.auth.account_number import AccountNumber
from kis.auth.approval_key import Approvals
from kis.environment import KisEnvironment
from kis.errors import KisError, KisFault
from kis.stream.connection import Ack, Connection, Patience
from kis.stream.errors import KeyInUse, StreamLost
from kis.stream.frames import BadFrame, Frame, TradeDecoder, split_frame
from kis.stream.notices import NoticeKey, UnreadNotice, decode_notices
from kis.stream.reconnect import ReconnectPauses
from kis.stream.registrations import Registration, Registrations
from kis.symbols import stream_key
from strategy.model import Clock, Notice, Said, Symbol, Tick
from strategy.ports import StreamSink

log = logging.getLogger("kis.stream")


class ClientNote(StrEnum):
    NO_CONNECTION = "stream.no_connection"
    NOTICE_KEY = "stream.notice_key"
    TOO_MANY = "stream.too_many"
    NO_TICKS = "stream.no_ticks"


_EARLY_LIMIT = 200
_PING_DROPS = 2
_HEAD = 16  # characters of a frame in which its TR id stands
_MAX_MESSAGE = 4 * 1024 * 1024
_MAX_QUEUE = 1024


@dataclass(slots=True)
class StreamCounts:
    """What went through the stream, for /health."""

    frames: int = 0
    ticks: int = 0
    notices: int = 0
    garbage: int = 0  # frames that could not be read, skipped
    connects: int = 0
    handler_failures: int = 0


class KisStream:
    """One WebSocket session of one app key, kept up until cancelled."""

    def __init__(
        self,
        environment: KisEnvironment,
        approvals: Approvals,
        account: AccountNumber,
        registrations: Registrations,
        clock: Clock,
        *,
        patience: Patience | None = None,
        backoff: ReconnectPauses | None = None,
        connect_timeout_s: float = 5.0,
    ) -> None:
        self._environment = environment
        self._approvals = approvals
        self._ours = account.aliases
        self._registrations = registrations
        self._clock = clock
        self._patience = patience or Patience()
        self._backoff = backoff or ReconnectPauses()
        self._connect_timeout_s = connect_timeout_s
        self._decoder = TradeDecoder()
        self._changed = asyncio.Event()
        self._sink: StreamSink | None = None
        self._connected = False
        self._was_connected = False
        self._told_down: Said | None = None
        self._ready_at: float | None = None  # loop time since which the present connection serves
        self._ping_drops = 0  # connections in a row that ended right after a ping
        self._notice_key: NoticeKey | None = None
        self._early: deque[Frame] = deque()
        self._over_limit: tuple[Symbol, ...] = ()
        self.counts = StreamCounts()
        self.socket_up = False  # the handshake succeeded and the connection has not ended
        self.trouble: Said | None = None  # why the last connection ended or could not be made; None once it is back
        self.notices: bool | None = None  # order notices subscribed or refused on this connection; None: no word yet
        self.notices_refusal: Said | None = None

    @property
    def connected(self) -> bool:
        """Return whether the socket is up and every registration was answered."""
        return self._connected

    @property
    def running(self) -> bool:
        """Return whether somebody runs it; a second session of the same key would be refused."""
        return self._sink is not None

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Set the tick subscriptions in priority order; those past the 41 are refused to the sink."""
        self._registrations.set_symbols(symbols)
        self._decoder.know({stream_key(symbol): symbol for symbol in self._registrations.symbols})
        self._changed.set()

    async def run(self, sink: StreamSink) -> None:
        """Stay connected and subscribed until cancelled."""
        self._sink = sink
        try:
            while True:
                pause = await self._live()
                await asyncio.sleep(pause)
        finally:
            self._connected = False
            self._sink = None

    async def _live(self) -> float:
        """Live through one connection; return the pause before the next."""
        self._ready_at = None
        try:
            await self._connect()
        except KeyInUse as lost:
            self._down(lost.reason, actionable=True)
            return self._backoff.after_in_use()
        except StreamLost as lost:
            self._down(lost.reason)
        except KisError as error:
            self._down(error.user_message, actionable=isinstance(error, KisFault))
        except (OSError, TimeoutError, WebSocketException) as error:
            self._down(Said(ClientNote.NO_CONNECTION, error=type(error).__name__))
        if self._ready_at is None:
            return self._backoff.after_failure()
        return self._backoff.after_drop(asyncio.get_running_loop().time() - self._ready_at)

    async def _connect(self) -> None:
        approval_key = await self._approvals.issue()
        async with connect(
            f"{self._environment.ws_url}/tryitout",
            open_timeout=self._connect_timeout_s,
            close_timeout=1,
            ping_interval=None,  # the heartbeat pings by itself, and counts any frame as life
            max_size=_MAX_MESSAGE,
            max_queue=_MAX_QUEUE,
            compression=None,
            proxy=None,
        ) as socket:
            self.counts.connects += 1
            self.socket_up, self.notices, self.notices_refusal = True, None, None
            self._notice_key = None
            self._early.clear()
            self._over_limit = ()
            connection = Connection(
                socket,
                approval_key,
                self,
                self._registrations.wanted,
                changed=self._changed,
                patience=self._patience,
                pings=self._ping_drops < _PING_DROPS,
            )
            try:
                await connection.run()
            except StreamLost as lost:
                self._judge_pings(lost, ponged=connection.ponged)
                raise
            finally:
                self.socket_up, self.notices = False, None

    def _judge_pings(self, lost: StreamLost, *, ponged: bool) -> None:
        """Give pings up with a server that drops because of them; go back to them where silence was no better."""
        if lost.silent or (ponged and not lost.after_ping):
            self._ping_drops = 0
        elif lost.after_ping:
            self._ping_drops += 1
            if self._ping_drops == _PING_DROPS:
                log.warning("the server drops connections when pinged; it is not pinged any more")

    # what a Connection delivers

    def on_data(self, text: str) -> None:
        """Decode one data frame; a bad one is counted and skipped."""
        self.counts.frames += 1
        tick = self._decoder.single(text, self._clock.now())
        if tick is not None:
            self._take([tick])
            return
        try:
            frame = split_frame(text)
            if frame.tr_id == self._environment.feeds.trades:
                self._take(self._decoder.decode(frame.payload, frame.records, self._clock.now()))
            elif frame.tr_id == self._environment.feeds.notices:
                self._notices(frame)
        except BadFrame as bad:
            if self._environment.feeds.notices in text[:_HEAD]:
                self._unread(str(bad))
                return
            self.counts.garbage += 1
            log.warning("stream frame skipped: %s", bad)

    def on_garbage(self) -> None:
        self.counts.garbage += 1

    def on_active(self, registration: Registration, ack: Ack) -> None:
        if registration.symbol is None and ack.key and ack.iv:
            try:
                self._notice_key = NoticeKey(ack.key, ack.iv)
            except ValueError:
                self.on_refused(
                    registration,
                    Said(ClientNote.NOTICE_KEY),
                )
                return
            while self._early:
                self._notices(self._early.popleft())
        if registration.symbol is None:
            self.notices = True
        self._deliver(lambda sink: sink.on_subscription(registration.symbol, active=True, reason=None))

    def on_refused(self, registration: Registration, reason: Said) -> None:
        log.error("registration refused: %s", reason)
        if registration.symbol is None:
            self.notices, self.notices_refusal = False, reason
        self._deliver(lambda sink: sink.on_subscription(registration.symbol, active=False, reason=reason))

    def on_ready(self) -> None:
        """Every registration of this connection has been answered."""
        self._tell_over_limit()
        if self._connected:
            return
        self._connected = True
        self._ready_at = asyncio.get_running_loop().time()
        self.trouble = None
        self._backoff.connected()
        gap, self._was_connected = self._was_connected, True
        self._told_down = None
        self._deliver(lambda sink: sink.on_connected(gap=gap))

    def _take(self, ticks: Sequence[Tick]) -> None:
        sink = self._sink
        if sink is None:
            return
        self.counts.ticks += len(ticks)
        on_tick = sink.on_tick
        for tick in ticks:
            try:
                on_tick(tick)
            except Exception:  # a door: one failing handler must not stop the stream
                self.counts.handler_failures += 1
                log.exception("tick handler failed")

    def _notices(self, frame: Frame) -> None:
        if frame.encrypted and self._notice_key is None:
            if len(self._early) >= _EARLY_LIMIT:
                self._early.popleft()
                self._unread("too many notices before their key")
            self._early.append(frame)
            return
        try:
            plain = frame.payload
            if frame.encrypted and self._notice_key is not None:
                plain = self._notice_key.decrypt(plain)
            notices: Sequence[Notice] = decode_notices(plain, frame.records, self._ours, self._clock.now())
        except BadFrame as bad:
            notices = bad.readable if isinstance(bad, UnreadNotice) else ()
            self._unread(str(bad))
        for notice in notices:
            self.counts.notices += 1
            self._deliver(partial(_notify, notice=notice))

    def _unread(self, why: str) -> None:
        """Count a notice that nobody will ever read, and say so: what it told has to be asked for."""
        self.counts.garbage += 1
        log.warning("notice skipped: %s", why)
        self._deliver(lambda sink: sink.on_unread_notice())

    def _tell_over_limit(self) -> None:
        refused = self._registrations.refused()
        offered = self._registrations.ticks_offered
        for symbol in refused:
            if symbol not in self._over_limit:
                self._deliver(partial(_refuse, symbol=symbol, offered=offered, limit=self._registrations.limit))
        self._over_limit = refused

    def _down(self, reason: Said, *, actionable: bool = False) -> None:
        """Tell once that the stream is down; once more when a cause turns up that the owner can remove."""
        self._connected = False
        self.trouble = reason
        log.warning("stream down: %s", reason)
        if self._told_down is None or (actionable and self._told_down != reason):
            self._told_down = reason
            self._deliver(lambda sink: sink.on_disconnected(reason))

    def _deliver(self, deliver: Callable[[StreamSink], None]) -> None:
        if self._sink is None:
            return
        try:
            deliver(self._sink)
        except Exception:  # a door: one failing handler must not stop the stream
            self.counts.handler_failures += 1
            log.exception("stream handler failed")


def _notify(sink: StreamSink, notice: Notice) -> None:
    sink.on_notice(notice)


def _refuse(sink: StreamSink, symbol: Symbol, offered: bool, limit: int) -> None:
    reason = Said(ClientNote.TOO_MANY, limit=limit) if offered else Said(ClientNote.NO_TICKS)
    sink.on_subscription(symbol, active=False, reason=reason)

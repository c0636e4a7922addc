"""Where the stream delivers: ticks to prices and stops at once, notices to the desk, its ups and downs to a worker.
See decision 0118."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.market import MarketData
from strategy.model import BrokerError, Clock, Notice, Said, StreamState, Symbol, Tick, TradingError, Trouble
from strategy.portfolio.interface import AccountSync
from strategy.ports import Notifier
from strategy.runtime import Activity, WorkQueue

log = logging.getLogger(__name__)


class InboxNote(StrEnum):
    NOT_YET = "inbox.not_yet"
    UP = "inbox.up"
    FAULT = "inbox.fault"
    STOPS = "inbox.stops"
    CONNECTED = "inbox.connected"
    NOTICES_UNSURE = "inbox.notices_unsure"
    NOT_CONNECTED = "inbox.not_connected"
    DOWN = "inbox.down"
    NOTICES_REFUSED = "inbox.notices_refused"
    BACK = "inbox.back"
    STOPS_FAULT = "inbox.stops_fault"
    LISTENER_FAULT = "inbox.listener_fault"


_HOLDS = timedelta(minutes=10)  # a connection that lasted so long is no part of a flapping one

_STOPS = Said(InboxNote.STOPS)
_FAULT_AGAIN = timedelta(hours=1)  # a listener that goes on failing is told again


@dataclass(frozen=True, slots=True)
class _Up:
    gap: bool
    since: datetime | None
    drops: int


@dataclass(frozen=True, slots=True)
class _Down:
    reason: Said
    at: datetime
    drops: int


@dataclass(frozen=True, slots=True)
class _Refused:
    symbol: Symbol | None
    reason: Said


@dataclass(frozen=True, slots=True)
class _Failed:
    listener: Said
    stops: bool  # the comparison with the stops itself


class TickStops(Protocol):
    def on_tick(self, tick: Tick) -> None:
        """Compare a trade with the stop of its ticker; nothing here awaits."""


class StreamInbox:
    """The StreamSink of the program. Nothing in its `on_` methods awaits; notices are never dropped."""

    def __init__(
        self,
        *,
        watch: MarketData,
        stops: TickStops,
        desk: OrderDesk,
        account_sync: AccountSync,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._watch = watch
        self._stops = stops
        self._desk = desk
        self._account_sync = account_sync
        self._notifier = notifier
        self._clock = clock
        self._news: WorkQueue[_Up | _Down | _Refused | _Failed] = WorkQueue(activity)
        self._faults_told: dict[Said, datetime] = {}  # thousands of ticks a second may find the same fault
        self._down_since: datetime | None = None
        self._was_up = False
        self._up_at: datetime | None = None
        self._drops = 0  # since it last held
        self.up = False
        self.notices = False  # the subscription to order notices is confirmed
        self.reason = Said(InboxNote.NOT_YET)
        self.settled = asyncio.Event()  # set once the stream has said how it stands: notices confirmed or refused

    def on_tick(self, tick: Tick) -> None:
        """Remember the trade, then the stop, then all others; what one of them raises keeps it from nobody else."""
        self._watch.remember(tick)
        try:
            self._stops.on_tick(tick)
        except Exception as error:  # noqa: BLE001 - a door: the poll compares instead, and a person is told
            self.on_fault(_STOPS, error)
        self._watch.pass_on(tick)

    def on_notice(self, notice: Notice) -> None:
        self._desk.on_notice(notice)

    def on_unread_notice(self) -> None:
        """Ask for what it told: orders, and the account for one that was made by hand."""
        self._desk.on_unread_notice()
        self._account_sync.spoil()

    def on_connected(self, *, gap: bool) -> None:
        self.up = True
        self.reason = Said(InboxNote.UP)
        self._watch.on_connected(gap=gap)
        if gap:
            self._account_sync.interrupted("the stream was interrupted")
        self._news.put(_Up(gap or self._was_up, self._down_since, self._drops))
        self._was_up = True
        self._up_at = self._clock.now()
        self._down_since = None

    def on_disconnected(self, reason: Said) -> None:
        was_up, self.up = self.up, False
        self.notices = False
        self.reason = reason
        self._watch.on_disconnected()
        self._account_sync.interrupted(str(reason))
        if was_up or self._down_since is None:
            now = self._down_since = self._clock.now()
            held = self._up_at is not None and now - self._up_at >= _HOLDS
            self._drops = 1 if held else self._drops + 1
            self._news.put(_Down(reason, now, self._drops))
        self.settled.set()

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: Said | None) -> None:
        if symbol is not None:
            self._watch.on_subscription(symbol, active=active, reason=reason)
            return
        self.notices = active
        if not active and reason is not None:
            self.reason = reason
            self._news.put(_Refused(None, reason))
        self.settled.set()

    def state(self) -> Said:
        """Return in words how the stream stands (row S48)."""
        if self.up and self.notices:
            return Said(InboxNote.CONNECTED)
        why = self.reason
        if self.up:
            return Said(InboxNote.NOTICES_UNSURE, why=why)
        return Said(InboxNote.NOT_CONNECTED, why=why)

    def on_fault(self, listener: Said, error: Exception) -> None:
        """Queue what a listener raised to be told, once in a while; where nothing can be awaited."""
        now, told_at = self._clock.now(), self._faults_told.get(listener)
        if told_at is not None and now - told_at < _FAULT_AGAIN:
            return
        self._faults_told[listener] = now
        log.error("a listener to prices failed", extra={"listener": str(listener)}, exc_info=error)
        self._news.put(_Failed(listener, listener is _STOPS))

    async def run(self) -> None:
        """Tell ups and downs and reconcile after each reconnect, until cancelled."""
        while True:
            await self._news.wait()
            with self._news.take() as news:
                try:
                    await self._tell(news)
                except TradingError:
                    log.exception("stream news could not be told")

    async def _tell(self, news: _Up | _Down | _Refused | _Failed) -> None:
        now = self._clock.now()
        if isinstance(news, _Down):
            why = news.reason
            reason = Said(InboxNote.DOWN, why=why)
            await self._notifier.tell(StreamState(at=news.at, up=False, reason=reason, drops=news.drops))
        elif isinstance(news, _Failed):
            await self._notifier.tell(
                Trouble(
                    at=now,
                    key=f"listener:{news.listener}",
                    what=_stops_fault() if news.stops else _fault(news.listener),
                )
            )
        elif isinstance(news, _Refused):
            why = news.reason
            what = Said(InboxNote.NOTICES_REFUSED, why=why)
            await self._notifier.tell(Trouble(at=now, key="notices_refused", what=what))
        elif news.since is not None:
            reason = Said(InboxNote.BACK)
            await self._notifier.tell(StreamState(at=now, up=True, reason=reason, since=news.since, drops=news.drops))
        if isinstance(news, _Up) and news.gap:
            try:
                await self._account_sync.take("reconnect")
            except BrokerError as error:
                log.warning("no look after the reconnect; the timer asks again", extra={"error": str(error)})


def _stops_fault() -> Said:
    return Said(InboxNote.STOPS_FAULT)


def _fault(listener: Said) -> Said:
    return Said(InboxNote.LISTENER_FAULT, listener=listener)

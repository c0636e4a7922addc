"""Watches over the watchers: polls held tickers whose ticks are silent, and tells when no stop can run (promise 4).
See decisions 0120 and 0093."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Protocol

from strategy.market import MarketData, current, next_open
from strategy.model import (
    Clock,
    FiredBy,
    Protection,
    Quote,
    Said,
    StopPriceSource,
    StopState,
    StorageError,
    Symbol,
    TradingError,
    Trouble,
    alarm,
    from_new_york,
    late_ticks,
    no_cost,
)
from strategy.ports import Notes, Notifier
from strategy.runtime import Activity, wait_until_or
from strategy.settings.store import SettingsStore

log = logging.getLogger(__name__)


class WatchdogNote(StrEnum):
    ACCOUNT_SEEN = "watchdog.account_seen"
    ACCOUNT_UNSEEN = "watchdog.account_unseen"
    WORKS_AGAIN = "watchdog.works_again"


_SILENT_S = 20  # a held ticker without any price this long has no stop; the owner hears within 30 s
_POLL_SLACK_S = 15  # an answer may take that long
_MONITOR_S = 5
_LONGEST_S = 10  # between two judgements, so that what they find is told within 30 s
_CONFIRM_AGAIN = timedelta(seconds=1)
_TRY_AGAIN = timedelta(seconds=10)  # real time between two tries to store
_UNSTORED_FOR = timedelta(seconds=15)  # a stop that could not be stored is tried again every few seconds
_LATE_FOR = timedelta(seconds=8)  # one trade out of order makes no delayed stream
_MOST_QUIET = 8
_OF_PRICES = frozenset({StopState.SILENT, StopState.DELAYED, StopState.STUCK, StopState.NO_TRADING})


class GuardedStops(Protocol):
    """The stops, as who watches over their prices needs them; see `StopMonitor`."""

    @property
    def watching(self) -> bool: ...

    @property
    def unstored_at(self) -> datetime | None: ...

    @property
    def lines(self) -> Mapping[Symbol, object]: ...

    @property
    def sees(self) -> bool: ...

    def ticked_at(self, symbol: Symbol) -> datetime | None: ...

    def compared_at(self, symbol: Symbol) -> datetime | None: ...

    def ticks_late(self, symbol: Symbol) -> timedelta | None: ...

    def stale(self, symbol: Symbol) -> StopState: ...

    def bare(self, symbol: Symbol) -> StopState | None: ...

    def forbidden(self, symbol: Symbol) -> StopState | None: ...

    def wants_price(self, symbol: Symbol) -> bool: ...

    def running(self, symbol: Symbol) -> bool: ...

    def allowed(self, symbol: Symbol) -> bool: ...

    def in_session(self) -> bool: ...

    def check(self, symbol: Symbol, quote: Quote, source: FiredBy) -> object: ...

    async def store_peaks(self) -> None: ...

    def on_rearm(self, watcher: Callable[[], None]) -> None: ...


class PriceWatchdog:
    """Knows where each stop's prices come from, and keeps them coming."""

    def __init__(
        self,
        *,
        guard: GuardedStops,
        watch: MarketData,
        settings: SettingsStore,
        notifier: Notifier,
        notes: Notes,
        clock: Clock,
        wall: Clock,
        activity: Activity,
    ) -> None:
        """`wall` is a person's clock: by it a start may take its time to look at the account."""
        self._guard = guard
        self._watch = watch
        self._settings = settings
        self._notifier = notifier
        self._notes = notes
        self._clock = clock
        self._wall = wall
        self._activity = activity
        self._seen_from: dict[Symbol, datetime] = {}  # silence is counted from here at the earliest
        self._polled_at: dict[Symbol, datetime] = {}
        self._confirmed_at: dict[Symbol, datetime] = {}  # asked for to confirm another price
        self._asking: set[Symbol] = set()
        self._poll_bell = asyncio.Event()  # lines changed: whoever sleeps by them looks again
        self._monitor_bell = asyncio.Event()
        self._guarded_on: date | None = None
        self._unarmed: dict[Symbol, StopState] = {}  # told to be unprotected, and why
        self._quiet: dict[Symbol, int] = {}  # tickers that proved to be thin: how much longer each may stand still
        self._late_from: datetime | None = None  # trades have been streamed late since
        self._late_told_on: date | None = None
        self._unstorable = False
        self._tried_at: datetime | None = None  # wall time: when it was last seen whether records can be stored
        self._costless: set[Symbol] = set()  # told to be held at no cost
        self._blind_from: datetime | None = None  # wall time: in a session without knowing what is held
        self._blind: frozenset[Symbol] = frozenset()  # told to be unprotected for it
        self._at_work = False
        guard.on_rearm(self._ring)

    def state(self, symbol: Symbol) -> StopState:
        """Return whether the stop of a ticker works now, and if not why; what every place says that speaks of it."""
        if (bare := self._guard.bare(symbol)) is not None:
            return bare
        if (forbidden := self._guard.forbidden(symbol)) is not None:
            return forbidden
        if not self._guard.watching:
            return StopState.DOWN
        if self._cannot_store():
            return StopState.UNSTORABLE
        if not self._guard.in_session():
            return StopState.CLOSED
        return StopState.SELLING if self._guard.running(symbol) else self._by_price(symbol)

    def _cannot_store(self) -> bool:
        unstored_at = self._guard.unstored_at
        return self._unstorable or (unstored_at is not None and self._clock.now() - unstored_at < _UNSTORED_FOR)

    def _by_price(self, symbol: Symbol) -> StopState:
        quote = self._watch.latest(symbol)
        if quote is not None and quote.halted:
            return StopState.NO_TRADING
        tick_at = self._guard.ticked_at(symbol)
        quiet_s = self._settings.of(symbol).stop_poll_s
        now = self._clock.now()
        if self._watch.streams(symbol) and tick_at is not None and (now - tick_at).total_seconds() <= quiet_s:
            return StopState.TICKS
        if not self._at_work:
            return StopState.DOWN
        seen_at = self._newest(symbol)
        recent = seen_at is not None and (now - seen_at).total_seconds() <= self._patience_s(symbol)
        return StopState.POLLING if recent else self._guard.stale(symbol)

    async def run(self) -> None:
        """Poll and monitor until cancelled; may be run again after it failed."""
        self._at_work = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._poll(), name="stops: poll")
                group.create_task(self._monitor(), name="stops: monitor")
        finally:
            self._at_work = False

    def _ring(self) -> None:
        self._poll_bell.set()
        self._monitor_bell.set()

    async def _poll(self) -> None:
        """Ask for the price of every held ticker whose ticks are silent, at the moment they have been long enough."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._poll_bell.clear()
                if not self._guard.lines or not self._guard.in_session():
                    await wait_until_or(self._clock, self._session_edge(), self._poll_bell)
                    continue
                await wait_until_or(self._clock, self._next_poll(self._clock.now()), self._poll_bell)
                if not self._guard.in_session():
                    continue
                now = self._clock.now()
                for symbol in self._guard.lines:
                    if self._poll_due(symbol, now) <= now and self._pollable(symbol):
                        self._ask(symbol, group, now)

    def _next_poll(self, now: datetime) -> datetime:
        """Return when the first ticker is due that may be asked for; modes and locks take longest to look up.

        At the latest one STOP_POLL_S from now: nobody rings when a mode or a lock lets a ticker's stop work again.
        """
        dues = sorted(((self._poll_due(symbol, now), symbol) for symbol in self._guard.lines), key=itemgetter(0))
        latest = now + timedelta(seconds=min(self._settings.of(symbol).stop_poll_s for _, symbol in dues))
        return min(latest, next((due for due, symbol in dues if self._pollable(symbol)), latest))

    def _ask(self, symbol: Symbol, group: asyncio.TaskGroup, now: datetime) -> None:
        """Begin to ask for a price; one answer that hangs holds up no other ticker."""
        self._polled_at[symbol] = now
        if self._guard.wants_price(symbol):
            self._confirmed_at[symbol] = now
        self._asking.add(symbol)
        busy = ExitStack()
        busy.enter_context(self._activity())

        def asked(_: asyncio.Task[None]) -> None:
            busy.close()
            self._asking.discard(symbol)
            self._poll_bell.set()

        group.create_task(self._poll_one(symbol)).add_done_callback(asked)

    def _pollable(self, symbol: Symbol) -> bool:
        return symbol not in self._asking and self._guard.allowed(symbol) and not self._guard.running(symbol)

    def _poll_due(self, symbol: Symbol, now: datetime) -> datetime:
        """Return when a ticker is to be asked for: STOP_POLL_S after its last compared price or attempt; else now.

        Where one price has to confirm another it is asked for at once, and not more than once a second.
        """
        if self._guard.wants_price(symbol):
            confirmed_at = self._confirmed_at.get(symbol)
            return now if confirmed_at is None else confirmed_at + _CONFIRM_AGAIN
        known = (self._guard.compared_at(symbol), self._polled_at.get(symbol))
        newest = max((at for at in known if at is not None), default=None)
        if newest is None:
            return now
        return newest + timedelta(seconds=self._settings.of(symbol).stop_poll_s)

    async def _poll_one(self, symbol: Symbol) -> None:
        try:
            quote = await self._watch.fresh_quote(symbol)
        except TradingError as error:
            log.warning("stop poll failed", extra={"symbol": str(symbol), "error": str(error)})
            return
        self._guard.check(symbol, quote, FiredBy.POLL)

    async def _monitor(self) -> None:
        """Say when a held ticker has had no price for too long, and when it has again; keep peaks."""
        while True:
            self._monitor_bell.clear()
            if not self._guard.in_session() or not (self._guard.lines or self._sightless):
                await wait_until_or(self._clock, self._session_edge(), self._monitor_bell)
            else:
                await self._clock.sleep_until(self._next_judgement())
            with self._activity():
                try:
                    await self._try_storing()
                    await self._guard.store_peaks()
                    await self._judge_costs()
                    await self._judge_sight()
                    await self._judge_prices()
                    await self._judge_lateness()
                except StorageError:
                    self._unstorable = True
                    log.exception("the state of protection could not be stored or told; tried again")

    async def _try_storing(self) -> None:
        """Find out by a harmless write whether an order's intent could be stored; raise StorageError when not."""
        now = self._wall.now()
        if not self._guard.in_session() or (self._tried_at is not None and now - self._tried_at < _TRY_AGAIN):
            return
        self._tried_at = now
        try:
            await self._notes.put("stops_can_store", f'"{now.isoformat()}"')
        except StorageError:
            log.warning("nothing can be stored: no stop could be sent")
            self._unstorable = True
        else:
            self._unstorable = False

    def _session_edge(self) -> datetime:
        """Return when stops may next begin to work, or end to."""
        now = self._clock.now()
        session = current(now)
        if session is None:
            return next_open(now)
        start = from_new_york(session.on, self._settings.account.market_start_time)
        return start if now < start < session.closes_at else session.closes_at

    def _next_judgement(self) -> datetime:
        """Return when the first of the tickers may have been silent for too long."""
        now = self._clock.now()
        soon = now + timedelta(seconds=_MONITOR_S)
        if self._unarmed or self._sightless or self._late_from is not None or self._unstorable:
            return soon
        ends = [
            (self._newest(symbol) or now) + timedelta(seconds=self._patience_s(symbol) + 1)
            for symbol in self._guard.lines
        ]
        return min(max(soon, min(ends, default=soon)), now + timedelta(seconds=_LONGEST_S))

    def _patience_s(self, symbol: Symbol) -> int:
        """Return how long a ticker may go without any price before its stop counts as asleep."""
        least = max(_SILENT_S, self._settings.of(symbol).stop_poll_s + _POLL_SLACK_S)
        return least * self._quiet.get(symbol, 1)

    @property
    def _sightless(self) -> bool:
        return not self._guard.sees or bool(self._blind)

    async def _judge_sight(self) -> None:
        """Say when a start inside a session has not learned what is held for too long, and when it has."""
        if self._guard.sees:
            if self._blind:
                reason = Said(WatchdogNote.ACCOUNT_SEEN)
                await self._notifier.tell(self._event(sorted(self._blind), StopPriceSource.POLLING, reason))
            self._blind = frozenset()
            return
        if not self._guard.in_session():
            self._blind_from = None
            return
        now = self._wall.now()
        self._blind_from = self._blind_from or now
        symbols = frozenset(symbol for symbol in self._settings.tickers if self._guard.allowed(symbol))
        if self._blind or not symbols or (now - self._blind_from).total_seconds() < _SILENT_S:
            return
        reason = Said(WatchdogNote.ACCOUNT_UNSEEN)
        await self._notifier.tell(self._event(sorted(symbols), StopPriceSource.NONE, reason))
        self._blind = symbols

    async def _judge_costs(self) -> None:
        """Say once of a holding at a cost of zero that it has no stop."""
        if not self._guard.sees:
            return
        costless = {symbol for symbol in self._settings.tickers if self._guard.bare(symbol) is StopState.NO_COST}
        for symbol in self._costless - costless:
            await self._notes.put(f"no_cost:{symbol}", "")
            self._costless.discard(symbol)
        for symbol in sorted(costless - self._costless):
            if not await self._notes.get(key := f"no_cost:{symbol}"):
                what = no_cost(symbol.ticker)
                told = Trouble(at=self._clock.now(), key=key, symbol=symbol, what=what)
                await self._notes.put(key, "true", [told])
            self._costless.add(symbol)

    async def _judge_prices(self) -> None:
        """Say whose stop has ceased to work and why, and whose works again."""
        now = self._clock.now()
        session = current(now)
        if session is None or not self._guard.in_session():
            self._guarded_on = None
            self._unarmed, self._quiet = {}, {}
            return
        if self._guarded_on != session.on:
            self._guarded_on = session.on
            self._seen_from = dict.fromkeys(self._guard.lines, now)  # the clock of silence starts with the session
        for symbol in self._guard.lines:
            self._seen_from.setdefault(symbol, now)
        lost = {symbol: why for symbol in self._guard.lines if (why := self._lost(symbol)) is not None}
        told = {symbol: why for symbol, why in lost.items() if self._worth_telling(self._unarmed.get(symbol), why)}
        back = sorted((self._unarmed.keys() - lost.keys()) & self._guard.lines.keys())
        events = [
            self._event(symbols, StopPriceSource.NONE, alarm(why, _names(symbols)))
            for why in StopState
            if (symbols := sorted(symbol for symbol, cause in told.items() if cause is why))
        ]
        if back:
            events.append(self._back(back))
        if events:
            await self._notifier.tell(*events)
        for symbol in back:
            if self._unarmed[symbol] is StopState.STUCK:  # nothing was traded: the next pause may last longer
                self._quiet[symbol] = min(_MOST_QUIET, 2 * self._quiet.get(symbol, 1))
        self._unarmed = lost

    def _lost(self, symbol: Symbol) -> StopState | None:
        """Return why nobody could rely on the stop of a ticker that has a line; None where nobody has to be told.

        The owner halted it, or knows of the split, or it is being sold; of a service that failed others tell.
        """
        state = self.state(symbol)
        return state if state in _OF_PRICES or state is StopState.UNSTORABLE else None

    @staticmethod
    def _worth_telling(before: StopState | None, why: StopState) -> bool:
        """Return whether a cause is news: the first one, and later what the first words could not know."""
        return before is None or (why is not before and why not in (StopState.SILENT, StopState.NO_TRADING))

    async def _judge_lateness(self) -> None:
        """Say once a session that the stream is old by its own stamps, also where prices asked for make up for it."""
        now, session = self._clock.now(), current(self._clock.now())
        late = {symbol: by for symbol in self._guard.lines if (by := self._guard.ticks_late(symbol)) is not None}
        if not late or session is None:
            self._late_from = None
            return
        self._late_from = self._late_from or now
        if now - self._late_from < _LATE_FOR or self._late_told_on == session.on:
            return
        if any(self._unarmed.get(symbol) is StopState.DELAYED for symbol in late):
            return  # told already, with the same advice
        minutes = max(1, round(max(late.values()).total_seconds() / 60))
        what = late_ticks(_names(sorted(late)), minutes)
        await self._notifier.tell(Trouble(at=now, key="late_ticks", what=what))
        self._late_told_on = session.on

    def _newest(self, symbol: Symbol) -> datetime | None:
        known = (self._guard.compared_at(symbol), self._seen_from.get(symbol))
        return max((at for at in known if at is not None), default=None)

    def _back(self, symbols: Sequence[Symbol]) -> Protection:
        names = _names(symbols)
        reason = Said(WatchdogNote.WORKS_AGAIN, names=names)
        ticks = all(self.state(symbol) is StopState.TICKS for symbol in symbols)
        return self._event(symbols, StopPriceSource.TICKS if ticks else StopPriceSource.POLLING, reason)

    def _event(self, symbols: Sequence[Symbol], source: StopPriceSource, reason: Said) -> Protection:
        armed = source is not StopPriceSource.NONE
        return Protection(at=self._clock.now(), armed=armed, source=source, symbols=tuple(symbols), reason=reason)


def _names(symbols: Sequence[Symbol]) -> str:
    return ", ".join(symbol.ticker for symbol in symbols)

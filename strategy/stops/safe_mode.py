"""What the program gives up by itself when it cannot keep its promises (spec sections 5 and 8).

The order desk, or what it writes on, failing: Protect only until a person lifts it. The stop watcher down: Protect
only while it is down, and until a person lifts it when that happens again and again. See decisions 0028 and 0023.
"""

import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from strategy.market import MarketData
from strategy.model import (
    Clock,
    Event,
    Mode,
    ModeState,
    Protection,
    Said,
    Service,
    ServiceGroup,
    StopPriceSource,
    StorageDamaged,
    StorageError,
    Symbol,
    TradingError,
    Trouble,
)
from strategy.ports import Notifier
from strategy.risk.mode_store import ModeStore, stricter

log = logging.getLogger(__name__)


class SafeModeNote(StrEnum):
    PROTECTED = "safe_mode.protected"
    NOT_STORED = "safe_mode.not_stored"
    WORKS_AGAIN = "safe_mode.works_again"
    AND_PROTECTED = "safe_mode.and_protected"
    DOWN = "safe_mode.down"


DESK_FAILED = "order_desk_failed"
STORAGE_FAILED = "storage_failed"
STOPS_FAILED = "stop_watch_failed"
STOPS_DOWN = "stop_watch_down"
_AGAIN_AND_AGAIN = 2  # crashes of the stop watcher before a person has to lift it

_PROTECT = Said(SafeModeNote.PROTECTED)

_UNSTORED = Said(SafeModeNote.NOT_STORED)


class StopsInForce(Protocol):
    """Whose stops there are, and whether they may sell."""

    @property
    def lines(self) -> Mapping[Symbol, object]: ...

    def in_session(self) -> bool: ...

    def allowed(self, symbol: Symbol) -> bool: ...


class Fallback:
    """Implements `strategy.runtime.supervisor.Consequences`."""

    def __init__(
        self, *, modes: ModeStore, guard: StopsInForce, watch: MarketData, notifier: Notifier, clock: Clock
    ) -> None:
        self._modes = modes
        self._guard = guard
        self._watch = watch
        self._notifier = notifier
        self._clock = clock
        self._down: dict[Service, tuple[Symbol, ...]] = {}  # stop services down: the tickers told to be unprotected
        self._unstored: list[tuple[ModeState, Event | None]] = []

    async def crashed(self, service: Service, *, crashes: int, storage: bool) -> Sequence[Said]:
        """Give up what can no longer be promised; return what a person should know of it."""
        said: list[Said] = []
        if service.group is ServiceGroup.STOPS:
            self._modes.hold(STOPS_DOWN)
            await self._unprotected(service)
            if crashes >= _AGAIN_AND_AGAIN and await self._protect_only(STOPS_FAILED):
                said.append(_PROTECT)
        desk, talk = service.group is ServiceGroup.DESK, service.group is ServiceGroup.TALK
        reason = DESK_FAILED if desk else STORAGE_FAILED
        if (desk or (storage and not talk)) and await self._protect_only(reason):
            said.append(_PROTECT)
        return said

    async def works_again(self, service: Service) -> None:
        """Let the stops' hold go, say that they work, and store what could not be stored."""
        if service.group is ServiceGroup.STOPS:
            symbols = self._down.pop(service, ())
            if not self._down:
                self._modes.let_go(STOPS_DOWN)
            if symbols:
                reason = Said(SafeModeNote.WORKS_AGAIN)
                await self._notifier.tell(self._protection(symbols, armed=True, reason=reason))
        await self.store()

    async def storage_failed(self, error: StorageError) -> None:
        """Note that a fact could not be kept: no rule sends orders until a person lifts it. Never raises."""
        said = error.user_message if isinstance(error, StorageDamaged) else _UNSTORED
        what = Said(SafeModeNote.AND_PROTECTED, why=said, protected=_PROTECT)
        trouble = Trouble(at=self._clock.now(), key=STORAGE_FAILED, what=what)
        await self._protect_only(STORAGE_FAILED, trouble)

    async def store(self) -> None:
        """Store and tell what could not be stored when it happened; raise StorageError while it still cannot be."""
        while self._unstored:
            state, event = self._unstored[0]
            if self._modes.chosen().set_at <= state.set_at:  # else a person has decided meanwhile
                await self._modes.set(state, [] if event is None else [event])
            self._unstored.pop(0)

    async def _protect_only(self, reason: str, event: Event | None = None) -> bool:
        """Set Protect only by the program's own decision; False when that or something stricter holds."""
        chosen = self._modes.chosen()
        if stricter(chosen.mode, Mode.PROTECT_ONLY) is chosen.mode and chosen.until is None:
            return False
        mode = stricter(chosen.mode, Mode.PROTECT_ONLY)  # one with an end must not run out into Run
        state = ModeState(mode=mode, symbol=None, set_by=None, set_at=self._clock.now(), reason=reason, until=None)
        try:
            await self._modes.set(state, [] if event is None else [event])
        except TradingError:  # it holds all the same, and is stored as soon as that can be done
            log.exception("the fall-back to Protect only could not be stored")
            self._unstored.append((state, event))
        return True

    async def _unprotected(self, service: Service) -> None:
        """Tell, once per outage, whose stop cannot fire: all of them, or those without live ticks."""
        told = self._down.get(service, ())
        if service not in self._down:
            self._down[service] = ()
        if told or not self._guard.in_session():
            return
        symbols = tuple(
            sorted(
                symbol
                for symbol in self._guard.lines
                if self._guard.allowed(symbol) and (service is Service.STOPS or not self._watch.streams(symbol))
            )
        )
        if not symbols:
            return
        self._down[service] = symbols
        names = ", ".join(symbol.ticker for symbol in symbols)
        reason = Said(SafeModeNote.DOWN, names=names)
        try:
            await self._notifier.tell(self._protection(symbols, armed=False, reason=reason))
        except TradingError:
            log.exception("the loss of protection could not be told")
            self._down[service] = ()

    def _protection(self, symbols: tuple[Symbol, ...], *, armed: bool, reason: Said) -> Protection:
        streamed = all(self._watch.streams(symbol) for symbol in symbols)
        return Protection(
            at=self._clock.now(),
            armed=armed,
            source=(StopPriceSource.TICKS if streamed else StopPriceSource.POLLING) if armed else StopPriceSource.NONE,
            symbols=symbols,
            reason=reason,
        )

"""Modes and locks as a person asks for them (spec section 5)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from strategy.market import current, next_session
from strategy.model import (
    Clock,
    InvalidInput,
    Mode,
    ModeChanged,
    ModePreview,
    ModeState,
    Notable,
    Outcome,
    OutcomeKind,
    ReleasePreview,
    Said,
    Symbol,
    TickerLock,
)
from strategy.risk.mode_store import ModeStore, stricter
from strategy.risk.split_guard import SplitGuard
from strategy.runtime.confirmations import Confirmations, Confirmed, changed
from strategy.signals.foresight import Foresight, Supposed
from strategy.stops.unprotected import CONFIRMING_WORDS, Unprotected, is_confirmed, type_the_word


class ModeNote(StrEnum):
    SET = "mode_note.set"
    NEEDS_CONFIRMATION = "mode_note.needs_confirmation"
    PAST = "mode_note.past"
    STRICTER = "mode_note.stricter"
    STILL_ASKED = "mode_note.still_asked"
    RELEASED = "mode_note.released"
    DISCLAIMER_FIRST = "mode_note.disclaimer_first"
    ARM_FIRST = "mode_note.arm_first"
    PANICKING = "mode_note.panicking"


MODE = "mode"
RELEASE = "release"
_ON_ITS_WAY_S = 5.0  # real time; an order may wait a second for its turn at the broker


class ModeService:
    """Sets modes at once where they only take away, by a confirmed press where they give or unprotect."""

    def __init__(
        self,
        *,
        modes: ModeStore,
        splits: SplitGuard,
        unprotected: Unprotected,
        forecaster: Foresight,
        presses: Confirmations,
        accepted: Callable[[], Awaitable[bool]],
        panicking: Callable[[], bool],
        answered: Callable[[float], Awaitable[bool]],
        clock: Clock,
    ) -> None:
        """`accepted` tells whether the disclaimer was. `answered` waits so many seconds of real time for the broker's
        answers to what is on its way, and says whether all are there.
        """
        self._modes = modes
        self._splits = splits
        self._unprotected = unprotected
        self._forecaster = forecaster
        self._confirmations = presses
        self._accepted = accepted
        self._panicking = panicking
        self._answered = answered
        self._clock = clock
        presses.register(RELEASE, self)
        presses.register(MODE, self, of_owners=lambda payload: payload["mode"] == Mode.HALTED.value)

    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeChanged:
        """Set a mode that is no looser than the one that holds and return the alert that tells it.

        Raise InvalidInput for what needs a confirmation: RUN and HALTED go through `preview`.
        """
        now = self._clock.now()
        if mode in (Mode.RUN, Mode.HALTED):
            raise InvalidInput(
                f"{mode} needs a confirmation",
                user_message=Said(ModeNote.NEEDS_CONFIRMATION),
            )
        if until is not None and until <= now:
            raise InvalidInput(
                "until has passed",
                user_message=Said(ModeNote.PAST),
            )
        chosen = self._modes.chosen(symbol)
        if self.loosens(mode, symbol):
            raise InvalidInput(
                f"{mode} is looser than {chosen.mode}",
                user_message=Said(ModeNote.STRICTER, mode=chosen.mode),
            )
        state = ModeState(mode=mode, symbol=symbol, set_by=user_id, set_at=now, reason=reason, until=until)
        told = await self._modes.set(state)
        await self._answered(_ON_ITS_WAY_S)  # "done" means that nothing leaves any more that it forbids
        return told

    def in_force(self, symbol: Symbol | None) -> ModeState:
        """Return the mode that holds now: for a ticker the stricter of its own and the account's."""
        return self._modes.account if symbol is None else self._modes.of(symbol)

    async def preview(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview:
        """Show what a mode would allow or leave unprotected, with a button; for one that halts, with words to type."""
        refusals = await self._refusals(mode)
        stops_off = self._unprotected.by_halt(symbol) if mode is Mode.HALTED else None
        trades = mode.rule_sells and not refusals
        effects = await self._forecaster.after_mode(mode, symbol) if trades else ()
        ticket = None
        if not refusals:
            payload = {"mode": mode.value, "symbol": str(symbol) if symbol else None}
            ticket = await self._confirmations.issue(MODE, user_id, payload, self._fingerprint(mode, symbol))
        return ModePreview(
            target=mode,
            symbol=symbol,
            until=None,
            stops_off=stops_off,
            effects=effects,
            typed_words=CONFIRMING_WORDS if mode is Mode.HALTED else {},
            refusals=tuple(refusals),
            ticket=ticket.id if ticket else None,
            expires_at=ticket.expires_at if ticket else None,
        )

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:
        """Ask for the word before a halt; the button stays good until it is typed."""
        return None if payload.get("mode") != Mode.HALTED.value or is_confirmed(typed) else type_the_word()

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Set the mode, or take the lock off, unless what was shown no longer holds."""
        if RELEASE in press.payload:
            return await self._release(Symbol.parse(press.payload[RELEASE]), press)
        return await self._set(press)

    async def _set(self, press: Confirmed) -> Outcome:
        mode = Mode(press.payload["mode"])
        symbol = Symbol.parse(press.payload["symbol"]) if press.payload["symbol"] else None
        if dict(press.fingerprint) != self._fingerprint(mode, symbol):
            return changed()
        refusals = await self._refusals(mode)
        if refusals:
            return Outcome(kind=OutcomeKind.DENIED, text=refusals[0])
        stops_off = self._unprotected.by_halt(symbol) if mode is Mode.HALTED else None
        told = await self._modes.set(
            ModeState(
                mode=mode, symbol=symbol, set_by=press.user_id, set_at=self._clock.now(), reason="chat", until=None
            )
        )
        of = f" ({symbol.ticker})" if symbol else ""
        said = Said(ModeNote.SET, mode=mode, of=of)
        if not await self._answered(_ON_ITS_WAY_S):
            said = Said(ModeNote.STILL_ASKED, said=said)
        return Outcome(kind=OutcomeKind.DONE, text=said, stops_off=stops_off, news=(told,))

    def loosens(self, mode: Mode, symbol: Symbol | None) -> bool:
        """Return whether a mode allows more than the one that was chosen, so that it goes through `preview`."""
        chosen = self._modes.chosen(symbol).mode
        return mode is not chosen and stricter(chosen, mode) is chosen

    async def preview_release(self, user_id: int, symbol: Symbol) -> ReleasePreview:
        """Show what the rules and the stop would do at once with a ticker that is locked."""
        lock = self._modes.lock(symbol)
        if lock is None:
            return ReleasePreview(symbol=symbol, lock=None, effects=(), ticket=None, expires_at=None)
        payload = {RELEASE: str(symbol)}
        effects = await self._forecaster.lines({symbol: Supposed(released=True)})
        ticket = await self._confirmations.issue(RELEASE, user_id, payload, _of_lock(lock))
        return ReleasePreview(symbol=symbol, lock=lock, effects=effects, ticket=ticket.id, expires_at=ticket.expires_at)

    async def _release(self, symbol: Symbol, press: Confirmed) -> Outcome:
        lock = self._modes.lock(symbol)
        if lock is None or dict(press.fingerprint) != _of_lock(lock):
            return changed()
        told = await self.release(press.user_id, symbol)
        said = Said(ModeNote.RELEASED, ticker=symbol.ticker)
        return Outcome(kind=OutcomeKind.DONE, text=said, news=() if told is None else (told,))

    async def release(self, user_id: int, symbol: Symbol) -> Notable | None:
        """Take a lock off and return the alert that tells it, None where there was none.

        After a split guard the price counts as real from here on.
        """
        if self._modes.lock(symbol) is None:
            return None
        if self._splits.holds(symbol):
            await self._splits.accept(symbol)
        told = Notable(
            at=self._clock.now(),
            key=f"released:{symbol}",
            symbol=symbol,
            what=Said(ModeNote.RELEASED, ticker=symbol.ticker),
        )
        return told if await self._modes.release(symbol, user_id, [told]) else None

    def until_close(self) -> datetime:
        """Return when this session closes, or the next one: for `/pause close`."""
        now = self._clock.now()
        return (current(now) or next_session(now)).closes_at

    async def _refusals(self, mode: Mode) -> list[Said]:
        if mode.rule_sells and self._panicking():
            return [_PANICKING]
        if not mode.rule_sells or self._modes.armed:
            return []
        if not await self._accepted():
            return [Said(ModeNote.DISCLAIMER_FIRST)]
        return [Said(ModeNote.ARM_FIRST)]

    def _fingerprint(self, mode: Mode, symbol: Symbol | None) -> dict[str, Any]:
        """Return what a person was shown: the mode that held and, for a halt, what it leaves unprotected."""
        shown = self._unprotected.fingerprint(self._unprotected.by_halt(symbol) if mode is Mode.HALTED else None)
        return {"mode": self._modes.chosen(symbol).mode.value, **shown}


def _of_lock(lock: TickerLock) -> dict[str, Any]:
    return {"reason": lock.reason, "locked_at": lock.locked_at.isoformat()}


_PANICKING = Said(ModeNote.PANICKING)

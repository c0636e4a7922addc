"""The modes and locks in force, kept in memory and in the journal (spec section 5).

The real environment starts un-armed each start (section 7): until armed it is at most Protect only, and before it was
ever armed it is Halted, so that a first start cannot sell shares nobody put in its care.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from strategy.model import Clock, Environment, Event, Mode, ModeChanged, ModeState, Symbol, TickerLock, TickerLocked
from strategy.ports import ModeJournal, Notes

_STRICTNESS = {mode: rank for rank, mode in enumerate(Mode)}
_ARMED_ONCE = "armed_once"
NOT_ARMED = "not_armed"
EXPIRED = "expired"
DEFAULT = "default"


def stricter(one: Mode, other: Mode) -> Mode:
    """Return the mode that allows less."""
    return max(one, other, key=_STRICTNESS.__getitem__)


class ModeStore:
    """Who may trade what. Call `load` once before use."""

    def __init__(self, *, journal: ModeJournal, notes: Notes, clock: Clock, environment: Environment) -> None:
        self._journal = journal
        self._notes = notes
        self._clock = clock
        self._needs_arming = environment is Environment.REAL
        self._armed = not self._needs_arming
        self._armed_once = False
        self._holds: set[str] = set()  # reasons for which the program itself allows no more than to protect
        self._states: dict[Symbol | None, ModeState] = {}
        self._locks: dict[Symbol, TickerLock] = {}

    async def load(self) -> None:
        """Read what was in force when the program stopped."""
        self._states = {state.symbol: state for state in await self._journal.current()}
        self._locks = {lock.symbol: lock for lock in await self._journal.locks()}
        self._armed_once = await self._notes.get(_ARMED_ONCE) is not None

    # arming

    @property
    def armed(self) -> bool:
        """Return whether trading is armed; always True where no real money moves."""
        return self._armed

    @property
    def may_protect(self) -> bool:
        """Return whether shares may be sold to protect them: trading was armed at least once, if it must be."""
        return self._armed or self._armed_once

    async def arm(self, at: datetime) -> None:
        """Arm the real environment until the program ends."""
        await self._notes.put(_ARMED_ONCE, f'"{at.isoformat()}"')
        self._armed_once = True
        self._armed = True

    # modes

    def chosen(self, symbol: Symbol | None = None) -> ModeState:
        """Return the mode that was set for the account or a ticker, expiry considered, arming not."""
        state = self._states.get(symbol)
        now = self._clock.now()
        if state is None:
            first = Mode.PROTECT_ONLY if self._needs_arming and symbol is None else Mode.RUN
            return ModeState(mode=first, symbol=symbol, set_by=None, set_at=now, reason=DEFAULT, until=None)
        if state.until is not None and state.until <= now:
            return ModeState(mode=Mode.RUN, symbol=symbol, set_by=None, set_at=state.until, reason=EXPIRED, until=None)
        return state

    @property
    def account(self) -> ModeState:
        """Return the account's mode in force."""
        state = self.chosen()
        bounds = [(Mode.PROTECT_ONLY, reason) for reason in sorted(self._holds)]
        if not self._armed:
            bounds.append((Mode.PROTECT_ONLY if self._armed_once else Mode.HALTED, NOT_ARMED))
        for bound, reason in bounds:
            if stricter(state.mode, bound) is not state.mode:
                state = replace(state, mode=bound, set_by=None, reason=reason, until=None)
        return state

    def hold(self, reason: str) -> None:
        """Allow no more than to protect for the time being; nothing is stored, nobody has to lift it."""
        self._holds.add(reason)

    def let_go(self, reason: str) -> None:
        self._holds.discard(reason)

    def of(self, symbol: Symbol) -> ModeState:
        """Return the mode in force for a ticker: the stricter of its own and the account's."""
        account, own = self.account, self.chosen(symbol)
        return own if own.mode is not account.mode and stricter(own.mode, account.mode) is own.mode else account

    async def set(self, state: ModeState, events: Sequence[Event] = ()) -> ModeChanged:
        """Store a mode with its ModeChanged event (and others of the same fact); return that.

        A stricter mode holds from this call on, even if it cannot be stored; a looser one only when it is stored.
        """
        previous = self._states.get(state.symbol)
        changed = ModeChanged(at=state.set_at, state=state, previous=previous)
        if stricter(state.mode, self.chosen(state.symbol).mode) is state.mode:
            self._states[state.symbol] = state
        await self._journal.add(state, [changed, *events])
        self._states[state.symbol] = state
        return changed

    @property
    def next_expiry(self) -> datetime | None:
        """Return when the next mode with a time limit returns to Run."""
        now = self._clock.now()
        ends = [state.until for state in self._states.values() if state.until is not None]
        return min(ends, default=None) if all(end > now for end in ends) else now

    async def expire(self) -> Sequence[ModeState]:
        """Store the return to Run of every mode whose time ran out; return those, so that it is told once."""
        now = self._clock.now()
        over = [state for state in self._states.values() if state.until is not None and state.until <= now]
        for state in over:
            await self.set(
                ModeState(mode=Mode.RUN, symbol=state.symbol, set_by=None, set_at=now, reason=EXPIRED, until=None)
            )
        return over

    # locks

    def lock(self, symbol: Symbol) -> TickerLock | None:
        """Return the lock that holds a ticker now."""
        lock = self._locks.get(symbol)
        expired = lock is not None and lock.until is not None and lock.until <= self._clock.now()
        return None if expired else lock

    def locks(self) -> tuple[TickerLock, ...]:
        return tuple(lock for symbol in sorted(self._locks) if (lock := self.lock(symbol)) is not None)

    async def set_lock(self, lock: TickerLock, events: Sequence[Event] = ()) -> None:
        """Store a lock with its event; it holds from this call on, even if it cannot be stored."""
        await self._journal.set_lock(lock, [*events, self.lock_now(lock)])

    def lock_now(self, lock: TickerLock) -> TickerLocked:
        """Let a lock hold from now on and return its event; whoever asks sees to it that both are stored."""
        self._locks[lock.symbol] = lock
        return TickerLocked(at=lock.locked_at, lock=lock)

    async def release(self, symbol: Symbol, by: int | None, events: Sequence[Event] = ()) -> bool:
        """Take a lock off; False when none held."""
        held = self.lock(symbol) is not None
        if symbol not in self._locks:
            return False
        released = await self._journal.release(symbol, by, self._clock.now(), events if held else ())
        self._locks.pop(symbol, None)
        return released and held

"""Stops of which the broker refused every order: the next try is a retry, which spares the broker and the owner.
See decision 0114."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from strategy.market import current
from strategy.model import Said, SaleEnd, StopTrigger, Symbol, TickerLock
from strategy.portfolio.interface import Positions
from strategy.stops.exit_result import ExitResult
from strategy.stops.firing import Before, Firing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """How a run ended that sold nothing, and what must be as it was for the next to be a retry."""

    trigger: StopTrigger
    session_on: date
    qty: int  # held
    lock: TickerLock  # the stop's own; taken off by a person, the next firing is a new one
    attempt: int
    said: Said | None  # the broker's reason
    orders: int  # refused so far


class Locks(Protocol):
    """Says which lock holds a ticker."""

    def lock(self, symbol: Symbol) -> TickerLock | None: ...


class RefusedStops:
    """Counts, per ticker, the runs of one stop that were refused one after the other. Kept in memory only.

    After a restart the first run counts as new: it is told anew, which nobody minds who has just started the program.
    """

    def __init__(self, *, modes: Locks, positions: Positions) -> None:
        self._modes = modes
        self._positions = positions
        self._of: dict[Symbol, _Refused] = {}

    def before(self, symbol: Symbol, trigger: StopTrigger, at: datetime) -> Before:
        """Return what is known of the runs of this very stop that were refused just before."""
        last = self._of.get(symbol)
        if last is None:
            return Before()
        known = Before(last.attempt, last.said, last.orders)
        return known if last == self._now(symbol, trigger, at, known) else Before()

    def note(self, firing: Firing, exit_result: ExitResult | None, at: datetime) -> None:
        """Take note of how a run ended; `exit_result` is None for one that failed."""
        self._of.pop(firing.symbol, None)
        if exit_result is not None and exit_result.reason is SaleEnd.REJECTED and not exit_result.sold:
            by_now = Before(firing.attempt, exit_result.refusal, firing.orders_refused + exit_result.refused)
            refused = self._now(firing.symbol, firing.trigger, at, by_now)
            if refused is not None:
                self._of[firing.symbol] = refused

    def forget(self, symbol: Symbol) -> None:
        """Let the next run be a new one: shares were bought or sold, the stop may not run, or its end was not told."""
        self._of.pop(symbol, None)

    def _now(self, symbol: Symbol, trigger: StopTrigger, at: datetime, by_now: Before) -> _Refused | None:
        session, lock, position = current(at), self._modes.lock(symbol), self._positions.of(symbol)
        if session is None or lock is None or position is None:
            return None
        return _Refused(
            trigger=trigger,
            session_on=session.on,
            qty=position.qty,
            lock=lock,
            attempt=by_now.runs,
            said=by_now.said,
            orders=by_now.orders,
        )

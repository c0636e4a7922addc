"""Which tickers are being sold, by a stop or by whoever has claimed it, and what has fired and waits to be sold."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from strategy.model import FiredBy, StopTrigger, Symbol
from strategy.runtime import WorkQueue
from strategy.stops.exit_result import ExitResult
from strategy.stops.firing import Before, Firing, StopContext


class Refusals(Protocol):
    """Counts the runs of one stop that were refused one after the other."""

    def before(self, symbol: Symbol, trigger: StopTrigger, at: datetime) -> Before: ...

    def note(self, firing: Firing, exit_result: ExitResult | None, at: datetime) -> None: ...

    def forget(self, symbol: Symbol) -> None: ...


class StopsAtWork:
    """Between what compares prices and what carries out: each ticker is sold by one at a time."""

    def __init__(self, refusals: Refusals, *counts: Callable[[], AbstractContextManager[None]]) -> None:
        """`counts` are entered by what has fired until it is begun: an Activity, a Precedence."""
        self.refusals = refusals
        self.fired: WorkQueue[Firing] = WorkQueue(*counts)
        self.instead: Callable[[Symbol], Firing | None] = lambda _: None  # a stop of before that must go on first
        self._running: set[Symbol] = set()
        self._not_before: dict[Symbol, datetime] = {}
        self._watchers: list[Callable[[], None]] = []

    def running(self, symbol: Symbol) -> bool:
        """Return whether a stop of the ticker is being carried out, or somebody else has claimed its selling."""
        return symbol in self._running

    def rests(self, symbol: Symbol, at: datetime) -> bool:
        """Return whether a stop of the ticker has just ended and the next may not begin yet."""
        return at < self._not_before.get(symbol, at)

    def claim(self, symbol: Symbol) -> bool:
        """Take the selling of a ticker over, so that no stop of it fires; False while one is at work."""
        if symbol in self._running:
            return False
        self._running.add(symbol)
        return True

    def give_back(self, symbol: Symbol) -> None:
        """End a claim: the stop works again."""
        self._running.discard(symbol)
        for watcher in self._watchers:
            watcher()  # its price counts again, also where no tick will tell it

    def fire(self, context: StopContext, trigger: StopTrigger, price: Decimal, source: FiredBy) -> None:
        """Hand a stop over to be carried out; or the one of before that a price was faster than `resume` of.

        Dollars.
        """
        symbol, at = context.symbol, context.standing.at
        if (cut_off := self.instead(symbol)) is not None:
            self.take_up(cut_off)
            return
        before = self.refusals.before(symbol, trigger, at)
        self.take_up(
            Firing(
                symbol=symbol,
                trigger=trigger,
                price=price,
                source=source,
                at=at,
                context=context,
                attempt=before.runs + 1,
                refusal=before.said,
                orders_refused=before.orders,
            )
        )

    def take_up(self, firing: Firing) -> None:
        """Count the ticker as being sold, and queue its stop."""
        self._running.add(firing.symbol)
        self.fired.put(firing)

    def ended(self, symbol: Symbol, until: datetime) -> None:
        """Let a stop's run be over, and the next wait until then."""
        self._not_before[symbol] = until
        self.give_back(symbol)

    def on_free(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever a ticker is not being sold any more."""
        self._watchers.append(watcher)

"""One consistent look at the account, shared by everybody who needs one."""

import asyncio
from collections.abc import Callable, Sequence

from strategy.model import Clock, Holdings, Order, Symbol
from strategy.portfolio.interface import SyncReason
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.portfolio.positions import LivePositions
from strategy.ports import OrderJournal

_RECENT = 50  # orders that may have filled since the last look


class LiveAccountSync:
    """Asks the reconciler and lets the positions follow."""

    def __init__(self, *, recon: Reconciler, orders: OrderJournal, positions: LivePositions, clock: Clock) -> None:
        self._recon = recon
        self._orders = orders
        self._positions = positions
        self._clock = clock
        self._watchers: list[Callable[[], None]] = []
        self._stale = False
        self._turn = asyncio.Lock()
        self._begun = 0  # looks begun so far: whoever asked before one began may share it
        self.spoiled = asyncio.Event()  # set while a new look is wanted soon

    @property
    def reconciled(self) -> bool:
        return self._recon.reconciled

    @property
    def last(self) -> Holdings | None:
        """Return the newest look, at what everything is worth now; decisions go by it and by the positions."""
        known = self._recon.holdings
        return None if known is None else self._positions.valued(known)

    @property
    def now(self) -> Holdings | None:
        """Return the last look and the fills since: shares sold a moment ago are not shown as held."""
        known = self._recon.holdings
        return None if known is None else self._positions.since(known)

    def lagging(self, symbol: Symbol) -> int:
        """Return the shares our own newest fills moved that the broker has yet to count (above 0) or take off."""
        return self._recon.lagging(symbol)

    @property
    def stale(self) -> bool:
        """Return whether something happened to the account since the last look."""
        return self._stale

    def spoil(self) -> None:
        """Note that the account may have changed (a fill, a gap in the stream), so that the next look is taken soon."""
        self._stale = True
        self.spoiled.set()

    def interrupted(self, reason: str) -> None:
        """Note that something may have been missed: not reconciled, and synced anew soon. `reason` is for the log."""
        self._recon.mark_gap(reason)
        self.spoil()

    def on_sync(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each look."""
        self._watchers.append(watcher)

    async def on_held(self, holdings: Holdings) -> None:
        """Take in what is held before any agreement, so that no stop waits for one."""
        self._hold(holdings, *await self._recent())

    async def _recent(self) -> tuple[Sequence[Order], frozenset[Symbol]]:
        """Return the newest orders, and the tickers of which they may have filled more than the look knew of."""
        recent = await self._orders.recent(_RECENT)  # first: what fills after it is news to the positions too
        return recent, await self._recon.filled_since()

    def _hold(self, holdings: Holdings, recent: Sequence[Order], filled: frozenset[Symbol]) -> None:
        """Let the positions follow a look, but those of tickers that filled some more while it was taken in."""
        self._positions.take(
            holdings,
            orders=recent,
            settled=lambda symbol: symbol not in filled and self._recon.settled(symbol),
            on_the_way=self._recon.on_the_way,
            unknown=self._recon.unknown,
            splits=self._recon.take_splits(),
            cash=self._recon.cash,
        )
        for watcher in self._watchers:
            watcher()

    async def take(self, trigger: SyncReason, *, max_age_s: float = 0) -> Holdings:
        """Return a look no older than that; raise BrokerError when the broker cannot be asked.

        Where only the orders could not be, positions, stops and `last` follow all the same before it is raised.
        """
        wanted = self._begun + 1
        async with self._turn:
            known = self._recon.holdings
            if known is None or self._begun < wanted or self._stale:
                known = await self._take(trigger, max_age_s)
            return self._positions.valued(known)

    async def _take(self, trigger: SyncReason, max_age_s: float) -> Holdings:
        known = self._recon.holdings
        if known is not None and self._recon.reconciled and not self._stale:
            age = (self._clock.now() - known.taken_at).total_seconds()
            if age < max_age_s:
                return known
        self._begun += 1
        self._stale = False
        self.spoiled.clear()
        try:
            holdings = await self._recon.reconcile(trigger)
            recent, filled = await self._recent()
            if filled and not self._positions.known:  # no estimate to fall back on: look once more
                holdings = await self._recon.reconcile(trigger)
                recent, filled = await self._recent()
        except BaseException:
            self._stale = True
            raise
        self._hold(holdings, recent, filled)
        if self._recon.orders_problem is not None:
            self._stale = True
            raise self._recon.orders_problem
        return holdings

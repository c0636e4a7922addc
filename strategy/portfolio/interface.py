"""What the other rooms may ask about the account; `account_sync` and `positions` answer."""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

from strategy.model import Holdings, Order, Position, PositionScope, Symbol

SyncReason = Literal["start", "reconnect", "timer", "before_buy", "asked"]


class Positions(Protocol):
    """What is held right now. Quantities are whole shares, costs dollars a share."""

    @property
    def known(self) -> bool:
        """Return whether the broker has told the positions at least once."""

    @property
    def doubted(self) -> frozenset[Symbol]:
        """Tickers whose row of the last look could not be read; what is held of them is as of before, if anything."""

    def knows(self, symbol: Symbol) -> bool:
        """Return whether the broker has told what is held of this ticker, so that rules may go by it."""

    def held(self) -> tuple[Symbol, ...]: ...

    def of(self, symbol: Symbol) -> Position | None:
        """Return what the account holds of a ticker, at what it is worth now."""

    def scoped(self, symbol: Symbol, scope: PositionScope) -> Position | None:
        """Return what the rules may sell of a ticker (D7), with its own average cost; None for nothing."""

    def in_scope(self, symbol: Symbol, scope: PositionScope) -> tuple[int, int]:
        """Return quantity held and orderable that the rules may sell (D7)."""

    def since(self, seen: Holdings) -> Holdings:
        """Return the last look moved on by the fills told since: what every screen and file shows."""

    def on_order(self, order: Order) -> bool:
        """Move the estimate on by what an order has filled since it was last seen; return whether it moved."""


class AccountSync(Protocol):
    """One consistent look at the account, shared by everybody who needs one."""

    @property
    def spoiled(self) -> asyncio.Event:
        """Set while a new look is wanted soon."""

    @property
    def reconciled(self) -> bool:
        """Return whether broker and bot agree."""

    @property
    def last(self) -> Holdings | None:
        """Return the newest look, at what everything is worth now; decisions go by it and by the positions."""

    @property
    def now(self) -> Holdings | None:
        """Return the last look and the fills since: shares sold a moment ago are not shown as held."""

    @property
    def stale(self) -> bool:
        """Return whether something happened to the account since the last look."""

    async def take(self, trigger: SyncReason, *, max_age_s: float = 0) -> Holdings:
        """Return a look no older than that in market seconds; raise BrokerError when the broker cannot be asked.

        Where only the orders could not be, positions, stops and `last` follow all the same before it is raised.
        """

    def lagging(self, symbol: Symbol) -> int:
        """Return the shares our own newest fills moved that the broker has yet to count (above 0) or take off."""

    def spoil(self) -> None:
        """Note that the account may have changed (a fill, a gap in the stream), so that the next look is taken soon."""

    def interrupted(self, reason: str) -> None:
        """Note that something may have been missed: not reconciled, and synced anew soon. `reason` is for the log."""

    def on_sync(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each look."""

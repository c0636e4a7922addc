"""Whether an order may leave: the one question, asked by the desk at the door and earlier by every preview.

Mode, lock, arming, agreement with the broker, session, watch list and a stop at work, read at the moment of asking:
whoever waited for a price, a turn or the broker's answer meanwhile is judged by what is in force now. Cancels are not
asked: they always pass. See decision 0128.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.market import current
from strategy.market.trading_window import window_of
from strategy.model import (
    Clock,
    Forbidden,
    Holdings,
    Mode,
    Order,
    OrderRequest,
    Origin,
    Refusal,
    Said,
    Side,
    Symbol,
    Why,
)
from strategy.risk.mode_store import ModeStore
from strategy.risk.stop_permission import CLOSED, STOP_MODE, against_stop, outside_stop_hours
from strategy.settings.schema import SettingsInForce


class PermissionNote(StrEnum):
    NOT_ARMED = "permission.not_armed"
    NO_BUYS = "permission.no_buys"
    MODE = "permission.mode"
    LOCKED = "permission.locked"
    NOT_RECONCILED = "permission.not_reconciled"
    NOT_WATCHED = "permission.not_watched"
    STOP_AT_WORK = "permission.stop_at_work"
    STOP_SINCE = "permission.stop_since"
    NOT_ASKED_FOR = "permission.not_asked_for"


_STOPS = frozenset({Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP})


class Caps(Protocol):
    """The caps as a changed price is held against them; see `ExposureMeter`."""

    turn: asyncio.Lock

    async def broken_by_change(
        self, order: Order, qty: int, price: Decimal, holdings: Holdings | None, open_orders: Sequence[Order]
    ) -> Sequence[Refusal]:
        """Return the caps an open order would break with `qty` open shares at `price` dollars; raise StorageError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricingCaps:
    """What an order that follows its price is judged by, beside what permits it (D10, spec section 7)."""

    caps: Caps
    holdings: Callable[[], Holdings | None]  # the newest look at the account
    open_orders: Callable[[], Sequence[Order]]  # all that are open, by hand included


class Permissions:
    """Answers for every origin from what is in force at this moment; asks nobody, so nothing can come between."""

    def __init__(
        self,
        *,
        modes: ModeStore,
        settings: SettingsInForce,
        clock: Clock,
        reconciled: Callable[[], bool],
        repricing: RepricingCaps | None = None,
    ) -> None:
        self._modes = modes
        self._settings = settings
        self._clock = clock
        self._reconciled = reconciled
        self._repricing = repricing
        self.selling: Callable[[Symbol], bool] = lambda _: False  # a stop or a panic is at work in the ticker
        self.panic_from: datetime | None = None  # when the panic at work was asked for

    def may_send(self, request: OrderRequest) -> Forbidden | None:
        """Return what stands against a new order, or None."""
        symbol, side = request.symbol, request.side
        if request.origin in _STOPS or request.origin is Origin.PANIC:
            found = self.selling_out(symbol, request.origin)
        elif request.origin is Origin.SIGNAL:
            found = self.rule(symbol, side)
        elif request.origin is Origin.MANUAL:
            found = self.person(symbol, side) + self._overtaken(request)
        else:
            found = [_NOT_OURS]
        return next(iter(found), None)

    def may_amend(self, order: Order, qty: int, price: Decimal, *, by_rule: bool) -> Forbidden | None:
        """Return what stands against changing an order to `qty` open shares at `price`, or None.

        `by_rule`: the program follows the price by itself; else a person asked, or a stop or panic goes deeper. The
        price is in dollars.
        """
        symbol, side, origin = order.request.symbol, order.request.side, order.request.origin
        more = side is Side.BUY and price * qty > order.limit_price * order.open_qty
        if origin in _STOPS or origin is Origin.PANIC:
            found = self.selling_out(symbol, origin)
        elif by_rule or origin is Origin.SIGNAL:
            found = self._following(symbol, side, more=more)
        else:
            found = self.person(symbol, side, more=more)
        return next(iter(found), None)

    @asynccontextmanager
    async def may_reprice(self, order: Order, price: Decimal) -> AsyncIterator[Said | None]:
        """Yield why an order that follows its price must end instead of moving to `price` dollars, or None.

        A dearer buy has the caps to itself until the block is left, so that no other order is sized beside it. Raises
        StorageError.
        """
        async with AsyncExitStack() as stack:
            if self._repricing is not None and order.request.side is Side.BUY and price > order.limit_price:
                await stack.enter_async_context(self._repricing.caps.turn)
            yield await self._against_repricing(order, price)

    async def _against_repricing(self, order: Order, price: Decimal) -> Said | None:
        if self._repricing is None:
            return None
        opened = self._repricing.open_orders()
        now = next((one for one in opened if one.no == order.no), None)  # it may have filled while we waited
        if now is None:
            return None  # it has ended, and is not asked to move
        holdings = self._repricing.holdings()
        broken = await self._repricing.caps.broken_by_change(now, now.open_qty, price, holdings, opened)
        forbidden = self.may_amend(now, now.open_qty, price, by_rule=True)
        if forbidden is not None and forbidden.why.lasts:
            return forbidden.text
        return broken[0].said if broken else None

    # by origin; each list begins with what a person would do something about first

    def rule(self, symbol: Symbol, side: Side) -> list[Forbidden]:
        """Return all that stands against a new order of the rule."""
        found = [] if symbol in self._settings.tickers else [_NOT_WATCHED]
        found += self._rule_mode(symbol, side)
        if side is Side.BUY and not self._reconciled():
            found.append(_NOT_RECONCILED)
        session, now = current(self._clock.now()), self._clock.now()
        if session is None or not window_of(session, self._settings.account).contains(now):
            found.append(CLOSED)
        return found

    def _following(self, symbol: Symbol, side: Side, *, more: bool) -> list[Forbidden]:
        """Return all that stands against the program's following a price with an order it watches over."""
        found = self._rule_mode(symbol, side)
        if more and not self._reconciled():
            found.append(_NOT_RECONCILED)
        return found + self.session()

    def _rule_mode(self, symbol: Symbol, side: Side) -> list[Forbidden]:
        found = [] if self._modes.armed else [_NOT_ARMED]
        mode = self._modes.of(symbol).mode
        if not (mode.buys if side is Side.BUY else mode.rule_sells):
            found.append(_RULE_MODE)
        if self._modes.lock(symbol) is not None:
            found.append(_LOCKED)
        if self.selling(symbol):
            found.append(_STOP_AT_WORK)
        return found

    def person(self, symbol: Symbol, side: Side, *, more: bool = True) -> list[Forbidden]:
        """Return all that stands against a person's order, or (`more` false) a change that ties up no more money."""
        found = [] if self._modes.armed else [_NOT_ARMED]
        if side is Side.BUY and more:
            if not self._modes.of(symbol).mode.buys:
                found.append(_BUY_MODE)
            if not self._reconciled():
                found.append(_NOT_RECONCILED)
        if self.selling(symbol):
            found.append(_STOP_AT_WORK)
        return found + self.session()

    def _overtaken(self, request: OrderRequest) -> list[Forbidden]:
        """Return whether a stop has fired since a person's buy was asked for: it would buy back what has fallen."""
        lock = self._modes.lock(request.symbol) if request.side is Side.BUY else None
        fired = lock is not None and lock.reason in _STOPS and lock.locked_at > request.created_at
        return [_STOP_FIRED] if fired else []

    def selling_out(self, symbol: Symbol, origin: Origin) -> list[Forbidden]:
        """Return all that stands against the selling of a stop or a panic."""
        if origin is Origin.PANIC:
            return self.panic()
        return [*self.protecting(symbol), *self.stop_hours()]

    def protecting(self, symbol: Symbol) -> list[Forbidden]:
        """Return what stands against a stop of the ticker, its hours aside. Arming does not: protecting goes on."""
        return against_stop(self._modes.of(symbol).mode, self._modes.lock(symbol))

    def stop_hours(self) -> list[Forbidden]:
        """Return whether stops may not sell now: from MARKET_START_TIME or the open, to the venue's close."""
        now = self._clock.now()
        return outside_stop_hours(current(now), self._settings.account, now)

    def panic(self) -> list[Forbidden]:
        """Return what stands against the panic's selling: it was asked for, and nobody has halted everything since."""
        if self.panic_from is None:
            return [_NOT_OURS]
        found = [] if self._modes.may_protect else [_NOT_ARMED]
        chosen = self._modes.chosen()
        if chosen.mode is Mode.HALTED and chosen.set_at > self.panic_from:
            found.append(STOP_MODE)
        return found + self.session()

    def session(self) -> list[Forbidden]:
        """Return whether the venue is closed."""
        return [CLOSED] if current(self._clock.now()) is None else []


_NOT_ARMED = Forbidden(Why.NOT_ARMED, Said(PermissionNote.NOT_ARMED))
_BUY_MODE = Forbidden(Why.MODE, Said(PermissionNote.NO_BUYS))
_RULE_MODE = Forbidden(Why.MODE, Said(PermissionNote.MODE))
_LOCKED = Forbidden(Why.LOCK, Said(PermissionNote.LOCKED))
_NOT_RECONCILED = Forbidden(
    Why.NOT_RECONCILED,
    Said(PermissionNote.NOT_RECONCILED),
)
_NOT_WATCHED = Forbidden(Why.NOT_WATCHED, Said(PermissionNote.NOT_WATCHED))
_STOP_AT_WORK = Forbidden(Why.STOP_AT_WORK, Said(PermissionNote.STOP_AT_WORK))
_STOP_FIRED = Forbidden(
    Why.LOCK,
    Said(PermissionNote.STOP_SINCE),
)
_NOT_OURS = Forbidden(Why.NOT_ASKED_FOR, Said(PermissionNote.NOT_ASKED_FOR))

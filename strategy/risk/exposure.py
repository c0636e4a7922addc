"""What an order may use: exposure for the caps, one order at a time, the day's loss (spec section 7)."""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from strategy.market import Session, day_start
from strategy.model import (
    CapKey,
    Clock,
    DayResult,
    DayStart,
    Holdings,
    Order,
    Refusal,
    Side,
    Symbol,
)
from strategy.portfolio.interface import Positions
from strategy.ports import DayStarts, OrderJournal
from strategy.risk.limits import Exposure, check, daily_loss
from strategy.risk.mode_store import ModeStore
from strategy.risk.result_since import ResultSince
from strategy.settings.schema import SettingsInForce


class LossToday(NamedTuple):
    """What the day's loss limit says, what the day has come to (None: not known), and the tickers nobody values."""

    refusal: Refusal | None
    day: DayResult | None
    unvalued: frozenset[Symbol]


class ExposureMeter:
    """Answers what is left of the caps. Whoever sizes and places an order holds `turn`, so that caps hold together."""

    def __init__(
        self,
        *,
        orders: OrderJournal,
        positions: Positions,
        settings: SettingsInForce,
        modes: ModeStore,
        day_starts: DayStarts,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._positions = positions
        self._settings = settings
        self._modes = modes
        self._day_starts = day_starts
        self._clock = clock
        self.turn = asyncio.Lock()

    async def exposure(self, symbol: Symbol, holdings: Holdings | None, open_orders: Sequence[Order]) -> Exposure:
        """Return what the account carries now; `open_orders` are all of the account's, own and by hand."""
        buys = [order for order in open_orders if order.request.side is Side.BUY]
        position = self._positions.of(symbol)
        value = position.value if position else Decimal(0)
        waiting = sum(
            (order.open_qty * order.limit_price for order in buys if order.request.symbol == symbol), Decimal(0)
        )
        return Exposure(
            equity=self._equity(holdings),
            position_value=value + waiting if self._positions.knows(symbol) and value is not None else None,
            tickers=(
                frozenset(self._positions.held()) | self._positions.doubted | _being_bought(buys, symbol)
                if self._positions.known
                else None
            ),
            orders_today=await self.orders_today(),
        )

    async def broken_by_change(
        self, order: Order, qty: int, price: Decimal, holdings: Holdings | None, open_orders: Sequence[Order]
    ) -> tuple[Refusal, ...]:
        """Return the caps an open order would break with another open quantity and price.

        It is judged as if placed anew in place of the old one, except that it was counted for its day already. The
        quantity is in whole shares, the price in dollars.
        """
        symbol = order.request.symbol
        others = [one for one in open_orders if one.no != order.no]
        exposure = await self.exposure(symbol, holdings, others)
        found = check(
            symbol=symbol,
            side=order.request.side,
            qty=qty,
            price=price,
            exposure=exposure,
            settings=self._settings.of(symbol),
        )
        return tuple(refusal for refusal in found if refusal.cap is not CapKey.MAX_ORDERS_PER_DAY)

    def _equity(self, holdings: Holdings | None) -> Decimal | None:
        """Return cash and positions, none of them counted for more than is known: a cap is a share of it.

        Of the look and of what the fills since have made of it the smaller one, since positions lag.
        """
        if holdings is None:
            return None
        views = [holdings, self._positions.since(holdings)] if self._positions.known else [holdings]
        known = [view.least.equity for view in views]
        return min((equity for equity in known if equity is not None), default=None)

    async def orders_today(self) -> int:
        """Return how many own orders were sent on this New York date."""
        return await self._orders.count_since(day_start(self._clock.now()))

    async def loss_today(self, session: Session, holdings: Holdings) -> LossToday:
        """Return the refusal when the day's loss limit is reached; also remembers where the day began.

        A ticker that nobody values is left out, and that is said: an unknown loss is neither a loss nor none.
        """
        start = await self._day_starts.of(session.on)
        if start is None:
            doubtful = self._doubtful()
            unvalued = _unvalued(holdings) - doubtful
            await self._begin_day(session, holdings, doubtful, unvalued)
            return LossToday(None, None, frozenset(unvalued))
        day, unvalued = await self._day(start, holdings)
        if day is None:
            return LossToday(None, None, frozenset(unvalued))
        return LossToday(daily_loss(day.start, day.start + day.amount, day.limit_pct), day, frozenset(unvalued))

    async def today(self, on: date, holdings: Holdings | None) -> DayResult | None:
        """Return what the session of a New York date has come to; None where nobody can say."""
        start = None if holdings is None else await self._day_starts.of(on)
        return None if start is None or holdings is None else (await self._day(start, holdings))[0]

    async def _day(self, start: DayStart, holdings: Holdings) -> tuple[DayResult | None, set[Symbol]]:
        """Return what a day has come to, and the tickers nobody values.

        That is what the shares held at the session's first look, and this day's fills, have come to at the prices of
        `holdings`. Money or shares brought in or out are no part of it, and shares still on their way in the broker's
        list are no loss. A ticker held back by the split guard, or whose row cannot be read, cannot be valued and is
        left out.
        """
        doubtful = self._doubtful() | start.left_out
        fills = await self._orders.fills(since=start.looked_at)
        day = ResultSince(start)
        unvalued = (_unvalued(holdings) | start.unvalued | day.gone(holdings, fills)) - doubtful
        without = doubtful | unvalued
        if without and start.held.keys() - start.values.keys():
            return None, unvalued  # begun by a version that did not keep what each was worth
        result = DayResult(
            session_on=start.session_on,
            start=start.equity,
            amount=day.of(holdings, fills, without),
            limit_pct=self._settings.account.daily_loss_limit_pct,
            unvalued=frozenset(unvalued),
        )
        return result, unvalued

    def _doubtful(self) -> set[Symbol]:
        return {lock.symbol for lock in self._modes.locks() if lock.blocks_stop} | self._positions.doubted

    async def _begin_day(
        self, session: Session, holdings: Holdings, left_out: set[Symbol], unvalued: set[Symbol]
    ) -> None:
        """Remember a look as the day's beginning, unless a fill of the same moment makes it doubtful."""
        if holdings.cash is None or await self._orders.fills(since=holdings.taken_at):
            return
        without = left_out | unvalued
        counted = [position for position in holdings.positions if position.symbol not in without]
        values = {position.symbol: position.value or Decimal(0) for position in counted}
        value = sum(values.values(), Decimal(0))
        await self._day_starts.keep(
            DayStart(
                session_on=session.on,
                equity=holdings.cash + value,
                value=value,
                looked_at=holdings.taken_at,
                held={position.symbol: position.qty for position in counted},
                values=values,
                left_out=frozenset(left_out),
                unvalued=frozenset(unvalued),
            )
        )


def _unvalued(holdings: Holdings) -> set[Symbol]:
    return {position.symbol for position in holdings.positions if position.last is None}


def _being_bought(buys: Sequence[Order], symbol: Symbol) -> frozenset[Symbol]:
    """Return the tickers that open buys count for, when one of `symbol` is asked for.

    A buy resting by hand may fill, so it counts beside any other ticker; and it may end unfilled, so that it does not
    open its own ticker for ours: either way the cap holds.
    """
    return frozenset(order.request.symbol for order in buys if order.ours or order.request.symbol != symbol)

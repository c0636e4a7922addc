"""What an order may use: exposure for the caps, one order at a time, the day's loss (spec section 7)."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal

from strategy.account import Holdings
from strategy.book import SettingsBook
from strategy.calendar import Session
from strategy.clock import Clock
from strategy.instruments import Symbol
from strategy.limits import Exposure, Refusal, daily_loss
from strategy.modebook import ModeBook
from strategy.orders import Order, Side
from strategy.ports import Notes, OrderJournal
from strategy.positions import Positions
from strategy.zones import from_new_york, new_york


class Purse:
    """Answers what is left of the caps. Whoever sizes and places an order holds `turn`, so that caps hold together."""

    def __init__(
        self,
        *,
        orders: OrderJournal,
        positions: Positions,
        settings: SettingsBook,
        modes: ModeBook,
        notes: Notes,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._positions = positions
        self._settings = settings
        self._modes = modes
        self._notes = notes
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
            equity=holdings.equity if holdings else None,
            position_value=value + waiting if self._positions.known else None,
            tickers=(
                frozenset(self._positions.held()) | {order.request.symbol for order in buys}
                if self._positions.known
                else None
            ),
            orders_today=await self.orders_today(),
        )

    async def orders_today(self) -> int:
        """Return how many own orders were sent on this New York date."""
        return await self._orders.count_since(day_start(self._clock.now()))

    async def loss_today(self, session: Session, holdings: Holdings) -> Refusal | None:
        """Return the refusal when the day's loss limit is reached; also remembers where the day began.

        The day's result is what the positions and this day's fills have made of the value at the session's first
        look; money paid in or out is no part of it. A ticker held back by the split guard makes it unknown: None.
        """
        if any(lock.blocks_stop for lock in self._modes.locks()):
            return None
        key = f"day:{session.on.isoformat()}"
        stored = await self._notes.get(key)
        value = sum((position.value for position in holdings.positions), Decimal(0))
        if stored is None:
            if holdings.equity is None:
                return None
            begun = {"equity": str(holdings.equity), "value": str(value), "at": holdings.taken_at.isoformat()}
            await self._notes.put(key, json.dumps(begun))
            return None
        begun = json.loads(stored)
        flow = Decimal(0)
        for fill in await self._orders.fills(since=datetime.fromisoformat(begun["at"])):
            amount = fill.price * fill.qty
            flow += (amount if fill.side is Side.SELL else -amount) - fill.fees
        equity = Decimal(begun["equity"])
        result = value - Decimal(begun["value"]) + flow
        return daily_loss(equity, equity + result, self._settings.account.daily_loss_limit_pct)


def day_start(now: datetime) -> datetime:
    """Return midnight of the New York date, where counts per day begin."""
    return from_new_york(new_york(now).date(), time(0))

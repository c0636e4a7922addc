"""Remembers the evening's prices and costs, to tell a split from a crash the next morning (D13)."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.calendar import Session, current
from strategy.clock import Clock
from strategy.instruments import Symbol
from strategy.ports import Notes
from strategy.quotes import Quote
from strategy.stops import split_suspected
from strategy.zones import new_york

_STORE_EVERY = timedelta(minutes=5)
_PROVEN_AFTER = timedelta(minutes=5)  # a price asked for this long into a session is that session's


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What a ticker was worth when a session was last seen."""

    on: date  # New York
    close: Decimal
    cost: Decimal | None  # average cost then, None when nothing was held


class Overnight:
    """The last price of each ticker per session, kept over restarts; newest session first, two of them."""

    def __init__(self, *, notes: Notes, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock
        self._evenings: dict[Symbol, list[Evening]] = {}
        self._stored: dict[Symbol, tuple[datetime, tuple[date, Decimal | None]]] = {}
        self._proven: dict[Symbol, date] = {}  # the session whose prices were seen to follow the evening's

    async def load(self, symbol: Symbol) -> None:
        """Read a ticker's record, once."""
        if symbol in self._evenings:
            return
        stored = await self._notes.get(_key(symbol))
        self._evenings[symbol] = [_evening(row) for row in json.loads(stored)] if stored else []

    async def remember(self, symbol: Symbol, session: Session, price: Decimal, cost: Decimal | None) -> None:
        """Keep the newest price of this session; the last one before the close is the evening's.

        Written at most every five minutes: a guard against jumps of tens of percent needs no more.
        """
        await self.load(symbol)
        older = [evening for evening in self._evenings[symbol] if evening.on < session.on][:1]
        self._evenings[symbol] = [Evening(on=session.on, close=price, cost=cost), *older]
        now, kind = self._clock.now(), (session.on, cost)
        stored_at, stored = self._stored.get(symbol, (None, None))
        if stored_at is None or stored != kind or now - stored_at >= _STORE_EVERY:
            self._stored[symbol] = now, kind
            await self._store(symbol)

    def suspected(self, symbol: Symbol, quote: Quote, cost: Decimal | None, guard_pct: Decimal) -> bool:
        """Return whether this price has jumped since the evening in a way the average cost does not share."""
        session = current(self._clock.now())
        if session is None or self._proven.get(symbol) == session.on:
            return False
        evening = next((known for known in self._evenings.get(symbol, ()) if known.on < session.on), None)
        before = evening.close if evening else quote.previous_close
        if evening is None and cost is not None and quote.last <= cost * (1 - guard_pct / 100):
            return True  # never seen before and already this far below its cost: asked, not sold
        if before is None:
            return False
        if split_suspected(
            previous_close=before,
            price=quote.last,
            guard_pct=guard_pct,
            average_cost=cost,
            average_cost_before=evening.cost if evening else None,
        ):
            return True
        if quote.received_at >= session.opens_at + _PROVEN_AFTER:
            self._proven[symbol] = session.on
        return False

    def split_shared(self, symbol: Symbol, quote: Quote, cost: Decimal | None, guard_pct: Decimal) -> bool:
        """Return whether the price has jumped since the evening and the average cost with it: a split, all done."""
        session = current(self._clock.now())
        if session is None or cost is None or self._proven.get(symbol) == session.on:
            return False
        evening = next((known for known in self._evenings.get(symbol, ()) if known.on < session.on), None)
        if evening is None or evening.cost is None:
            return False
        jumped = split_suspected(
            previous_close=evening.close,
            price=quote.last,
            guard_pct=guard_pct,
            average_cost=None,
            average_cost_before=None,
        )
        return jumped and not self.suspected(symbol, quote, cost, guard_pct)

    async def accept(self, symbol: Symbol, price: Decimal, cost: Decimal | None) -> None:
        """Take a price as real, also after a restart: the owner said so, or the average cost has followed."""
        on = new_york(self._clock.now()).date()
        self._proven[symbol] = on
        self._evenings[symbol] = [Evening(on=on - timedelta(days=1), close=price, cost=cost)]
        await self._store(symbol)

    async def _store(self, symbol: Symbol) -> None:
        await self._notes.put(_key(symbol), json.dumps([_row(evening) for evening in self._evenings[symbol]]))


def _key(symbol: Symbol) -> str:
    return f"evening:{symbol}"


def _row(evening: Evening) -> dict[str, str | None]:
    cost = None if evening.cost is None else str(evening.cost)
    return {"on": evening.on.isoformat(), "close": str(evening.close), "cost": cost}


def _evening(row: dict[str, str | None]) -> Evening:
    cost = row["cost"]
    return Evening(
        on=date.fromisoformat(str(row["on"])),
        close=Decimal(str(row["close"])),
        cost=None if cost is None else Decimal(cost),
    )

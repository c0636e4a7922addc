"""Remembers the evening's prices and costs, to tell a split from a crash the next morning (D13).

The certain sign of a split or a stock dividend, of any ratio, is the broker's own: its adjusted days, or its previous
close, differ from the evening that we saw. With that sign the average cost is waited for; without it a fall is real,
but for a jump so large that it is asked about all the same.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.market import Session, current, previous, session_on
from strategy.model import Clock, Quote, Symbol, new_york_date
from strategy.ports import Notes

_STORE_EVERY = timedelta(minutes=5)
_PROVEN_AFTER = timedelta(minutes=5)  # a price asked for this long into a session is that session's
_LAST_SEEN = timedelta(minutes=2)  # before the close: only the auction moves it further
_LATE_ENOUGH = timedelta(minutes=10)  # an evening seen until so shortly before the close is near the official one
_NONE = Decimal(1)
_ROUNDING = Decimal("0.002")  # closes have four decimals
_AUCTION = Decimal("0.005")  # the close we saw and the official one differ by the closing auction
_DRIFT = Decimal("0.025")  # ... and by what is traded in the last minutes, where those were not seen
_CERTAIN = Decimal("0.03")  # a factor further from one than any cash dividend that adjusted closes may leave out
_SUDDEN = Decimal("0.08")  # a night's move worth two calls, whatever the previous close says


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What a ticker was worth when a session was last seen. Dollars a share."""

    on: date  # New York
    close: Decimal
    cost: Decimal | None  # average cost then, None when nothing was held
    seen_at: datetime | None = None  # None in records of earlier versions
    accepted_on: date | None = None  # the session whose price was taken as real: nothing is to be judged in it

    @property
    def whole(self) -> bool:
        """Return whether the price was followed until shortly before the close."""
        session = session_on(self.on)
        return session is not None and self.seen_at is not None and self.seen_at >= session.closes_at - _LATE_ENOUGH


@dataclass(frozen=True, slots=True)
class _Sign:
    on: date
    factor: Decimal  # what the broker made of the evening's close; one: nothing
    sure: bool  # its adjusted days were asked, or its previous close is the evening's


_HUNDRED = Decimal(100)


class Overnight:
    """The last price of each ticker per session, kept over restarts; newest session first, two of them."""

    def __init__(self, *, notes: Notes, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock
        self._evenings: dict[Symbol, list[Evening]] = {}
        self._stored: dict[Symbol, tuple[datetime, tuple[date, Decimal | None]]] = {}
        self._proven: dict[Symbol, date] = {}  # the session whose prices were seen to follow the evening's
        self._signs: dict[Symbol, _Sign] = {}

    async def load(self, symbol: Symbol) -> None:
        """Read a ticker's record, once."""
        if symbol in self._evenings:
            return
        stored = await self._notes.get(_key(symbol))
        self._evenings[symbol] = [_evening(row) for row in json.loads(stored)] if stored else []

    async def remember(self, symbol: Symbol, session: Session, price: Decimal, cost: Decimal | None) -> None:
        """Keep the newest price of this session; the last one before the close is the evening's.

        Written at most every five minutes: a guard against jumps of tens of percent needs no more. Price and cost are
        dollars.
        """
        await self.load(symbol)
        now = self._clock.now()
        older = [evening for evening in self._evenings[symbol] if evening.on < session.on][:1]
        self._evenings[symbol] = [Evening(on=session.on, close=price, cost=cost, seen_at=now), *older]
        kind = (session.on, cost)
        stored_at, stored = self._stored.get(symbol, (None, None))
        if stored_at is None or stored != kind or now - stored_at >= _STORE_EVERY:
            self._stored[symbol] = now, kind
            await self._store(symbol)

    def before(self, symbol: Symbol, on: date) -> Evening | None:
        """Return the newest evening before a session."""
        return next((known for known in self._evenings.get(symbol, ()) if known.on < on), None)

    # the broker's sign

    def decided(self, symbol: Symbol, on: date) -> bool:
        """Return whether it is known of a session if the broker has adjusted the evening before it."""
        evening, sign = self.before(symbol, on), self._signs.get(symbol)
        return (
            evening is None
            or evening.accepted_on == on
            or self._proven.get(symbol) == on
            or (sign is not None and sign.on == on)
        )

    def looks_adjusted(self, symbol: Symbol, on: date, base: Decimal, price: Decimal) -> bool:
        """Return whether the source's days must be asked: its previous close or the price is not the evening's.
        Dollars; `on` is the session's New York date."""
        evening = self.before(symbol, on)
        if evening is None or evening.close <= 0:
            return False
        return abs(base / evening.close - 1) > _AUCTION or abs(price / evening.close - 1) > _SUDDEN

    def decide(self, symbol: Symbol, on: date, base: Decimal | None, factor: Decimal | None) -> None:
        """Take the broker's previous close and what its adjusted days make of the evening (None: not known)."""
        evening = self.before(symbol, on)
        if evening is None or evening.close <= 0:
            return
        moved = None if base is None else base / evening.close
        found = _sign(moved, factor, drift=self._drift(evening, on))
        if found is not None:
            sure = factor is not None or (moved is not None and abs(moved - 1) <= _AUCTION)
            self._signs[symbol] = _Sign(on, found, sure)

    def unsure(self, symbol: Symbol, on: date) -> bool:
        """Return whether only the previous close says what is decided of a session: the days are to be asked again."""
        evening, sign = self.before(symbol, on), self._signs.get(symbol)
        settled = evening is None or evening.accepted_on == on or self._proven.get(symbol) == on
        return not settled and sign is not None and sign.on == on and not sign.sure

    @staticmethod
    def _drift(evening: Evening, on: date) -> Decimal | None:
        """Return how far the broker's previous close may be from the evening; None where it is another day's."""
        session = session_on(evening.on)
        if not evening.whole or evening.on != previous(on).on or session is None or evening.seen_at is None:
            return None
        return 2 * _AUCTION if evening.seen_at >= session.closes_at - _LAST_SEEN else _DRIFT

    def factor(self, symbol: Symbol, on: date) -> Decimal | None:
        """Return what the broker has multiplied the evening's close by, None for nothing."""
        sign = self._signs.get(symbol)
        adjusted = sign is not None and sign.on == on and sign.factor != _NONE
        return sign.factor if adjusted and sign is not None else None

    # judging

    def suspected(
        self, symbol: Symbol, quote: Quote, cost: Decimal | None, guard_pct: Decimal, session: Session
    ) -> bool:
        """Return whether the ticker was adjusted overnight, or its price jumped, in a way its cost does not share. The
        cost is in dollars, `guard_pct` in percent."""
        if self._proven.get(symbol) == session.on:
            return False
        evening = self.before(symbol, session.on)
        if evening is not None and evening.accepted_on == session.on:
            return False
        if evening is not None and (factor := self.factor(symbol, session.on)) is not None:
            return not _followed(factor, cost, evening.cost)
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
        if quote.received_at >= session.opens_at + _PROVEN_AFTER and self.decided(symbol, session.on):
            self._proven[symbol] = session.on
        return False

    def split_shared(self, symbol: Symbol, quote: Quote, cost: Decimal | None, guard_pct: Decimal) -> bool:
        """Return whether the price has jumped since the evening and the average cost with it: a split, all done. The
        cost is in dollars, `guard_pct` in percent."""
        session = current(self._clock.now())
        if session is None or cost is None or self._proven.get(symbol) == session.on:
            return False
        evening = self.before(symbol, session.on)
        if evening is None or evening.cost is None or evening.accepted_on == session.on:
            return False
        jumped = self.factor(symbol, session.on) is not None or split_suspected(
            previous_close=evening.close,
            price=quote.last,
            guard_pct=guard_pct,
            average_cost=None,
            average_cost_before=None,
        )
        return jumped and not self.suspected(symbol, quote, cost, guard_pct, session)

    async def accept(self, symbol: Symbol, price: Decimal, cost: Decimal | None) -> None:
        """Take a price as real, also after a restart: the owner said so, or the average cost has followed. Dollars."""
        on = new_york_date(self._clock.now())
        self._proven[symbol] = on
        self._evenings[symbol] = [Evening(on=on - timedelta(days=1), close=price, cost=cost, accepted_on=on)]
        await self._store(symbol)

    async def _store(self, symbol: Symbol) -> None:
        await self._notes.put(_key(symbol), json.dumps([_row(evening) for evening in self._evenings[symbol]]))


def _sign(moved: Decimal | None, factor: Decimal | None, *, drift: Decimal | None) -> Decimal | None:
    """Return what the broker multiplied the evening's close by, one for nothing, None while nobody can say.

    `moved` is its previous close by the evening's, which says something beyond the `drift` of the last minutes (None:
    the evening was not seen to its end); `factor` what its adjusted days say. A small factor alone may be a cash
    dividend: the previous close must have followed it.
    """
    if factor is None:
        if moved is None or drift is None:
            return _NONE if moved is not None and abs(moved - 1) <= _AUCTION else None
        return moved if abs(moved - 1) > drift else _NONE
    if abs(factor - 1) <= _ROUNDING:
        return _NONE
    if abs(factor - 1) >= _CERTAIN:
        return factor
    return factor if moved is not None and abs(moved - factor) < abs(moved - 1) else _NONE


def _followed(factor: Decimal, cost: Decimal | None, before: Decimal | None) -> bool:
    """Return whether the average cost was multiplied like the price; unknown is no."""
    if cost is None or before is None or before <= 0:
        return False
    moved = cost / before
    return abs(moved - factor) < abs(moved - 1)


def _key(symbol: Symbol) -> str:
    return f"evening:{symbol}"


def _row(evening: Evening) -> dict[str, str | None]:
    return {
        "on": evening.on.isoformat(),
        "close": str(evening.close),
        "cost": None if evening.cost is None else str(evening.cost),
        "seen_at": None if evening.seen_at is None else evening.seen_at.isoformat(),
        "accepted_on": None if evening.accepted_on is None else evening.accepted_on.isoformat(),
    }


def _evening(row: dict[str, str | None]) -> Evening:
    cost, seen_at, accepted_on = row["cost"], row.get("seen_at"), row.get("accepted_on")
    return Evening(
        on=date.fromisoformat(str(row["on"])),
        close=Decimal(str(row["close"])),
        cost=None if cost is None else Decimal(cost),
        seen_at=None if seen_at is None else datetime.fromisoformat(seen_at),
        accepted_on=None if accepted_on is None else date.fromisoformat(accepted_on),
    )


def split_suspected(
    *,
    previous_close: Decimal,
    price: Decimal,
    guard_pct: Decimal,
    average_cost: Decimal | None,
    average_cost_before: Decimal | None,
) -> bool:
    """Return whether an overnight jump looks like a split that the broker's average cost does not share (D13).

    `previous_close` is the close we saw ourselves, not a base price the venue may already have adjusted;
    `average_cost_before` the cost of the same position on that evening, before anything was traded today. A cost
    that jumped while the price did not is suspect as well: one of the two is not adjusted yet. Without both costs
    the price alone decides. Prices and costs are dollars.
    """
    if previous_close <= 0 or price <= 0:
        return False
    move = price / previous_close
    if average_cost is not None and average_cost_before is not None and average_cost > 0 and average_cost_before > 0:
        move /= average_cost / average_cost_before
    return abs(move - 1) * _HUNDRED > guard_pct

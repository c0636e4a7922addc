"""Stands between the core and its broker and judges every request at the instant it leaves (spec sections 5, 7 and 8).

It believes nobody: what is on disk it reads over a connection of its own, what is held and open it takes from the
broker's books, modes and locks it remembers itself from what the owner did.
"""

import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from storage.database import FILE_NAME
from storage.orders.order_intents import follow_next
from storage.tables.columns import instant_text
from storage.worker import Worker
from strategy.market import next_open
from strategy.model import BrokerOrder, Mode, OrderRequest, Origin, Side, Symbol, VenueNo, new_york
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.support.mortal import Killed, Life

_STALE = timedelta(seconds=15)  # a look at the account may be ten seconds old when an order leaves


@dataclass(kw_only=True)
class Caps:
    """The caps in force, as the owner set them."""

    order_usd: Decimal
    position_rate: Decimal
    orders_per_day: int
    open_tickers: int
    daily_loss_pct: Decimal


@dataclass(kw_only=True)
class Witness:
    """Wraps the broker's methods; `broken` lists promises that were not kept, `reached` what was seen at all."""

    clock: FakeClock
    broker: FakeBroker
    directory: Path
    caps: Caps
    symbols: tuple[Symbol, ...]
    life: Life = field(default_factory=Life)
    broken: list[str] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)
    overridden: dict[str, set[str]] = field(default_factory=dict)  # caps a person agreed to break, by ticket
    loss_accepted_on: date | None = None  # the owner went on after the day's loss limit
    _modes: dict[Symbol | None, tuple[Mode, datetime | None]] = field(default_factory=dict)
    _locks: dict[Symbol, datetime] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _untaken: list[OrderRequest] = field(default_factory=list)
    _sent_on: Counter[date] = field(default_factory=Counter)
    _past: deque[tuple[datetime, Decimal, dict[Symbol, Decimal]]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        broker: Any = self.broker
        for name in ("submit", "amend", "cancel"):
            setattr(broker, name, self._watched(getattr(broker, name), getattr(self, f"_judge_{name}")))
        for name in ("orders", "holdings", "buying_power"):
            setattr(broker, name, self._watched(getattr(broker, name), lambda *_: None))
        take = broker._take

        def taken(symbol: Symbol, side: Side, qty: int, price: Decimal, *, by_api: bool) -> Any:
            if by_api:
                same = [one for one in self._untaken if (one.symbol, one.side, one.qty) == (symbol, side, qty)]
                self._untaken.remove(same[0])
            return take(symbol, side, qty, price, by_api=by_api)

        broker._take = taken

    # what the owner did

    def set_mode(
        self, symbol: Symbol | None, mode: Mode, until: datetime | None = None, *, loss_accepted: bool = False
    ) -> None:
        self._modes[symbol] = (mode, until)
        if symbol is None and mode is Mode.RUN and loss_accepted:
            self.loss_accepted_on = new_york(self.clock.now()).date()

    def mode(self, symbol: Symbol) -> Mode:
        """Return the loosest mode that can be in force."""
        return max((self._one_mode(symbol), self._one_mode(None)), key=list(Mode).index)

    def release(self, symbol: Symbol) -> None:
        self._locks.pop(symbol, None)

    def _one_mode(self, symbol: Symbol | None) -> Mode:
        mode, until = self._modes.get(symbol, (Mode.RUN, None))
        return Mode.RUN if until is not None and until <= self.clock.now() else mode

    # the line

    def _watched(self, call: Callable[..., Any], judge: Callable[..., None]) -> Callable[..., Any]:
        async def line(*args: Any, **kwargs: Any) -> Any:
            life = self.life
            life.step()
            judge(*args)
            try:
                return await call(*args, **kwargs)
            finally:
                if args and isinstance(args[0], OrderRequest) and args[0] in self._untaken:
                    self._untaken.remove(args[0])
                life.step()

        return line

    def _judge_submit(self, request: OrderRequest) -> None:
        self._intent(request)
        self._permission(request)
        if request.side is Side.SELL:
            self._shares(request)
        if request.origin in (Origin.SIGNAL, Origin.MANUAL):
            self._limits(request)
        self._untaken.append(request)
        self._sent_on[new_york(self.clock.now()).date()] += 1
        self.reached[f"sent {request.origin} {request.side}"] += 1
        if request.origin is Origin.STOP_LOSS:
            self._locks[request.symbol] = next_open(self.clock.now())

    def _judge_amend(self, symbol: Symbol, venue_no: VenueNo, qty: int, limit_price: Decimal) -> None:
        order = self._own(venue_no)
        if order is None:
            self._break(f"amended {venue_no}, which is nobody's")
            return
        self.reached[f"amended {order['origin']}"] += 1
        if order["origin"] == Origin.SIGNAL and order["side"] == Side.BUY:
            if not self.mode(symbol).buys:
                self._break(f"a buy of {symbol} chased its price in mode {self.mode(symbol)}")
            if qty * limit_price > self.caps.order_usd:
                self._break(f"a buy re-priced to {qty} x {limit_price} breaks MAX_ORDER_USD")
            at_broker = next(one for one in self.broker.truth() if one.venue_no == venue_no)
            rest = min(qty, at_broker.open_qty)  # what has filled meanwhile is counted as held
            value = self._value_known(symbol) - at_broker.open_qty * at_broker.limit_price + rest * limit_price
            if value > self.caps.position_rate * self._highest_equity():
                self._break(f"a buy re-priced to {qty} x {limit_price} breaks MAX_POSITION_RATE")

    def _judge_cancel(self, symbol: Symbol, venue_no: VenueNo, qty: int) -> None:
        self.reached["cancel sent"] += 1
        if self._own(venue_no) is None:
            self._break(f"canceled {venue_no}, which is not recorded")

    # promises

    def _break(self, what: str) -> None:
        self.broken.append(f"{self.clock.now():%d %H:%M:%S} {what}")

    def _intent(self, request: OrderRequest) -> None:
        """Each request needs a row of its own, committed as SENT before it leaves (promise 1)."""
        rows = self._rows(
            "SELECT no FROM orders WHERE status = 'sent' AND symbol = ? AND side = ? AND qty = ? AND asked_price = ?"
            " AND origin = ? AND created_at = ?",
            str(request.symbol),
            request.side.value,
            request.qty,
            str(request.limit_price),
            request.origin.value,
            instant_text(request.created_at),
        )
        fresh = [row["no"] for row in rows if row["no"] not in self._seen]
        if fresh:
            self._seen.add(fresh[0])
        else:
            self._break(f"no intent on disk, or sent twice: {request}")

    def _permission(self, request: OrderRequest) -> None:
        mode = self.mode(request.symbol)
        allowed = {
            Origin.SIGNAL: mode.buys if request.side is Side.BUY else mode.rule_sells,
            Origin.MANUAL: mode.buys or request.side is Side.SELL,
        }.get(request.origin, mode.stops)
        if not allowed:
            self._break(f"{request.origin} {request.side} in mode {mode}")
        until = self._locks.get(request.symbol)
        if request.origin is Origin.SIGNAL and until is not None and self.clock.now() < until:
            self._break(f"{request.symbol} traded by rule after a stop")

    def _shares(self, request: OrderRequest) -> None:
        """Shares sold, offered and being offered are never more than are held, but for what nobody could know."""
        symbol = request.symbol
        offered = sum(one.open_qty for one in self._open(symbol, Side.SELL))
        offered += sum(one.qty for one in self._untaken if one.side is Side.SELL and one.symbol == symbol)
        held = self.broker.qty_held(symbol)
        if request.qty + offered > held + sum(self._unheard(symbol, Side.SELL)):
            self._break(f"{request.qty} {symbol} offered by {request.origin}, {offered} were, {held} are held")

    def _limits(self, request: OrderRequest) -> None:
        caps, value = self.caps, request.qty * request.limit_price
        broken = set()
        if value > caps.order_usd:
            broken.add("MAX_ORDER_USD")
        if self._sent_on[new_york(self.clock.now()).date()] >= caps.orders_per_day:
            broken.add("MAX_ORDERS_PER_DAY")
        if request.side is Side.BUY:
            if self._value_known(request.symbol) + value > caps.position_rate * self._highest_equity():
                broken.add("MAX_POSITION_RATE")
            known = self._tickers_known()
            tickers = known | self._bought_by_hand() | {request.symbol}
            if request.symbol not in known and len(tickers) > caps.open_tickers:
                broken.add("MAX_OPEN_TICKERS")
            self._day_loss(request)
        agreed = self.overridden.get(request.ticket, set()) if request.ticket else set()
        if broken & agreed:
            self.reached["cap overridden by a second press"] += 1
        if broken - agreed:
            self._break(f"{sorted(broken - agreed)} broken by {request.origin} {request.side} {request.qty}")

    def _day_loss(self, request: OrderRequest) -> None:
        today = new_york(self.clock.now()).date()
        began = self._rows("SELECT equity FROM day_starts WHERE session_on = ?", today.isoformat())
        if not began or self.loss_accepted_on == today:
            return
        loss = (1 - self._highest_equity() / Decimal(began[0]["equity"])) * 100
        if loss >= self.caps.daily_loss_pct:
            self._break(f"{request.origin} buy at a day's loss of {loss:.2f} %")

    # the broker's books

    def remember(self) -> None:
        """Note prices and equity as they stand, for what a look a few seconds old may still show."""
        now = self.clock.now()
        self._past.append((now, self.equity(), {symbol: self._last(symbol) for symbol in self.symbols}))
        while len(self._past) > 1 and self._past[1][0] <= now - _STALE:
            self._past.popleft()

    def equity(self) -> Decimal:
        held = (self.broker.qty_held(symbol) * self._last(symbol) for symbol in self.symbols)
        return self.broker.cash + sum(held, Decimal(0))

    def _last(self, symbol: Symbol) -> Decimal:
        return self.broker._quotes[symbol].last

    def _highest_equity(self) -> Decimal:
        return max([self.equity(), *(equity for _, equity, _ in self._past)])

    def _lowest_price(self, symbol: Symbol) -> Decimal:
        return min([self._last(symbol), *(prices[symbol] for _, _, prices in self._past)])

    def _open(self, symbol: Symbol, side: Side) -> list[BrokerOrder]:
        return [one for one in self.broker.truth() if one.open_qty and one.symbol == symbol and one.side is side]

    def _value_known(self, symbol: Symbol) -> Decimal:
        """Return what the ticker carries at least, by what the program can know of it."""
        filled, _ = self._unheard(symbol, Side.BUY)
        value = (self.broker.qty_held(symbol) - filled) * self._lowest_price(symbol)
        value += sum((one.open_qty * one.limit_price for one in self._open(symbol, Side.BUY) if one.by_api), Decimal(0))
        value += sum((one.qty * one.limit_price for one in self._untaken if one.symbol == symbol), Decimal(0))
        return value

    def _tickers_known(self) -> set[Symbol]:
        return {
            symbol
            for symbol in self.symbols
            if self.broker.qty_held(symbol) > self._unheard(symbol, Side.BUY)[0]
            or any(one.by_api for one in self._open(symbol, Side.BUY))
            or any(one.symbol == symbol and one.side is Side.BUY for one in self._untaken)
        }

    def _bought_by_hand(self) -> set[Symbol]:
        """Return the tickers with a buy resting by hand that has been on record for a while: it may fill."""
        found = set()
        for symbol in self.symbols:
            for one in self._open(symbol, Side.BUY):
                row = None if one.by_api else self._own(one.venue_no)
                if row is not None and datetime.fromisoformat(row["updated_at"]) < self.clock.now() - _STALE:
                    found.add(symbol)
        return found

    def _unheard(self, symbol: Symbol, side: Side) -> tuple[int, int]:
        """Return shares filled and open of hand-made orders that are not recorded yet: nobody could tell us so far."""
        filled = waiting = 0
        for one in self.broker.truth():
            if one.by_api or one.symbol != symbol or one.side is not side:
                continue
            row = self._own(one.venue_no)
            known = int(row["filled_qty"]) if row is not None else 0
            filled += one.filled_qty - known
            waiting += one.open_qty if row is None else 0
        return filled, waiting

    # the disk

    def _own(self, venue_no: VenueNo) -> sqlite3.Row | None:
        """Return the order recorded under a number; numbers never repeat in this market."""
        rows = self._rows(
            "SELECT o.* FROM orders o JOIN order_venue_nos n ON n.order_no = o.no WHERE n.venue_no = ?", venue_no
        )
        return rows[0] if rows else None

    def _rows(self, query: str, *args: Any) -> list[sqlite3.Row]:
        """Return what somebody finds who opens the file after a power cut, with what follows from the intents."""
        with closing(sqlite3.connect(self.directory / FILE_NAME, isolation_level=None)) as database:
            database.row_factory = sqlite3.Row
            database.execute("BEGIN IMMEDIATE")
            while follow_next(database):
                pass
            rows = database.execute(query, args).fetchall()
            database.execute("ROLLBACK")
            return rows

    # deaths

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """Let every database call be a step of the present life, closing excepted."""
        original: Any = Worker.run
        life = self.life

        async def stepping(worker: Worker, work: Any) -> Any:
            life.step()
            try:
                return await original(worker, work)
            finally:
                life.step()

        Worker.run = stepping  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            Worker.run = original  # type: ignore[method-assign]


def only_killed(group: BaseExceptionGroup[BaseException]) -> bool:
    """Return whether nothing but the process's own death is in a group of exceptions."""
    _, rest = group.split(Killed)
    return rest is None

"""A fill arms its own ticker's stop and no other: the lines must be those of computing all of them again."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from strategy.execution.order_feed import OrderChanges
from strategy.market.price_confirmation import PriceConfirmation
from strategy.model import (
    Holdings,
    Mode,
    Order,
    OrderNo,
    OrderRequest,
    OrderStatus,
    Origin,
    Position,
    Side,
    Symbol,
    Tick,
)
from strategy.portfolio.positions import LivePositions
from strategy.settings.schema import TradingSettings
from strategy.stops.refused_stops import RefusedStops
from strategy.stops.stop_context import StopContexts
from strategy.stops.stop_lines import StopLine
from strategy.stops.stop_monitor import StopMonitor
from strategy.stops.stops_at_work import StopsAtWork
from strategy.stops.trailing_peaks import TrailingPeaks
from tests.fakes.clock import FakeClock, trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF

NOW = OPEN + timedelta(minutes=10)
SYMBOLS = (TQQQ, XLF)
BASE = trading_settings(trailing_stop_pct="3")
VALUES: dict[str, list[Any]] = {
    "stop_loss_rate": [None, Decimal(-5)],
    "take_profit_rate": [None, Decimal(20)],
    "trailing_stop_pct": [None, Decimal(3)],
    "position_scope": ["account", "bot"],
}

symbols = st.sampled_from(SYMBOLS)
prices = st.sampled_from([Decimal(price) for price in (90, 99, 100, 101, 130)])
changed = st.sampled_from([(name, value) for name, values in VALUES.items() for value in values])
origins = st.sampled_from([Origin.SIGNAL, Origin.EXTERNAL])
parts = st.tuples(st.integers(1, 4), prices)
fills = st.tuples(st.just("fill"), symbols, st.sampled_from(Side), origins, parts, st.booleans())
STEPS = st.one_of(
    fills,
    fills,
    fills,
    st.tuples(st.just("adopt"), symbols, st.sampled_from(Side)),
    st.tuples(st.just("set"), symbols, changed),
    st.tuples(st.just("watch"), st.sets(symbols)),
    st.tuples(st.just("tick"), symbols, prices),
    st.tuples(st.just("look"), st.dictionaries(symbols, st.tuples(st.integers(0, 6), prices)), st.sets(symbols)),
)


class Settings:
    """Stands in for the settings in force, of each ticker and of the list."""

    def __init__(self) -> None:
        self.account = BASE
        self.tickers: tuple[Symbol, ...] = SYMBOLS
        self.own: dict[Symbol, TradingSettings] = dict.fromkeys(SYMBOLS, BASE)
        self.watchers: list[Callable[[], None]] = []

    def of(self, symbol: Symbol) -> TradingSettings:
        return self.own[symbol]

    def on_change(self, watcher: Callable[[], None]) -> None:
        self.watchers.append(watcher)


def guard_of(positions: LivePositions, given: Settings, follows: list[Callable[[], None]], watch: Any) -> StopMonitor:
    """Return a guard whose stops may not sell: only its lines are looked at."""
    modes: Any = SimpleNamespace(lock=lambda _: None, of=lambda _: SimpleNamespace(mode=Mode.HALTED))
    unused: Any = None
    in_force: Any = given
    clock = FakeClock(NOW)
    guard = StopMonitor(
        contexts=StopContexts(
            modes=modes, settings=in_force, positions=positions, watch=watch, account_sync=unused, clock=clock
        ),
        at_work=StopsAtWork(RefusedStops(modes=modes, positions=positions)),
        peaks=TrailingPeaks(unused),
        positions=positions,
        settings=in_force,
        watch=watch,
        prices=PriceConfirmation(settings=in_force, ahead=lambda: None),
        splits=unused,
        clock=clock,
    )
    given.on_change(guard.rearm)
    follows.append(guard.rearm)
    return guard


class Story:
    """One guard that follows, and another one, of the same positions and settings, that computes everything anew."""

    def __init__(self) -> None:
        unused: Any = None
        self.positions = LivePositions(unused)
        self.settings = Settings()
        self.looked: list[Callable[[], None]] = []
        self.streamed: frozenset[Symbol] = frozenset()
        self.rung = 0
        watch = SimpleNamespace(latest=lambda _: SimpleNamespace(), subscribe=self._subscribe)
        self.guard = guard_of(self.positions, self.settings, self.looked, watch)
        self.guard.on_rearm(self._ring)
        self.twin = guard_of(self.positions, Settings(), [], watch)
        self.twin._settings = self.twin._contexts._settings = self.guard._settings
        self.orders: dict[OrderNo, Order] = {}
        self.number = 1
        self.changes = OrderChanges()

    def _subscribe(self, held: Iterable[Symbol]) -> None:
        self.streamed = frozenset(held)

    def _ring(self) -> None:
        self.rung += 1

    def take(self, step: tuple[Any, ...]) -> None:
        kind, *what = step
        getattr(self, f"_{kind}")(*what)

    def _fill(self, symbol: Symbol, side: Side, origin: Origin, part: tuple[int, Decimal], more: bool) -> None:
        """Let an order fill, a new one or more of an old one."""
        qty, price = part
        old = self._order(symbol, side, origin) if more else None
        order = old or _order(OrderNo(self.number), symbol, side, origin)
        self.number += 1
        self._put(replace(order, filled_qty=order.filled_qty + qty, filled_amount=order.filled_amount + qty * price))

    def _adopt(self, symbol: Symbol, side: Side) -> None:
        order = self._order(symbol, side, Origin.EXTERNAL)
        if order is not None:
            self._put(replace(order, adopted_by=OWNER))

    def _order(self, symbol: Symbol, side: Side, origin: Origin) -> Order | None:
        wanted = (symbol, side, origin)
        asked = ((order.request, order) for order in self.orders.values())
        return next((order for one, order in asked if (one.symbol, one.side, one.origin) == wanted), None)

    def _put(self, order: Order) -> None:
        self.orders[order.no] = order
        self.changes.put(order)

    def _set(self, symbol: Symbol, change: tuple[str, Any]) -> None:
        self.settings.own[symbol] = self.settings.own[symbol].model_copy(update=dict([change]))
        self._tell(self.settings.watchers)

    def _watch(self, tickers: Collection[Symbol]) -> None:
        self.settings.tickers = tuple(symbol for symbol in SYMBOLS if symbol in tickers)
        self._tell(self.settings.watchers)

    def _tick(self, symbol: Symbol, price: Decimal) -> None:
        self.guard.on_tick(
            Tick(symbol=symbol, last=price, bid=price, ask=price, size=1, traded_at=NOW, received_at=NOW)
        )

    def _look(self, told: dict[Symbol, tuple[int, Decimal]], settled: Collection[Symbol]) -> None:
        shown = tuple(_position(symbol, qty, cost) for symbol, (qty, cost) in told.items())
        holdings = Holdings(positions=shown, cash=None, fx_rate=None, taken_at=NOW)
        self.positions.take(holdings, orders=list(self.orders.values()), settled=lambda symbol: symbol in settled)
        self._tell(self.looked)

    def _tell(self, watchers: list[Callable[[], None]]) -> None:
        for watcher in watchers:
            watcher()

    def of_all(self) -> dict[Symbol, StopLine]:
        """Return the lines of a full rearm; what it forgets of peaks must be forgotten already."""
        self.twin._peaks._peaks = dict(self.guard._peaks._peaks)
        self.twin.rearm()
        assert self.twin._peaks._peaks == self.guard._peaks._peaks
        return dict(self.twin.lines)


def _order(no: OrderNo, symbol: Symbol, side: Side, origin: Origin) -> Order:
    request = OrderRequest(symbol=symbol, side=side, qty=50, limit_price=Decimal(100), origin=origin, created_at=NOW)
    return Order(
        no=no,
        request=request,
        status=OrderStatus.PARTIALLY_FILLED,
        venue_no=None,
        limit_price=Decimal(100),
        filled_qty=0,
        filled_amount=Decimal(0),
        reason=None,
        updated_at=NOW,
    )


def _position(symbol: Symbol, qty: int, cost: Decimal) -> Position:
    return Position(
        symbol=symbol,
        name=symbol.ticker,
        qty=qty,
        sellable_qty=qty,
        average_cost=cost,
        last=cost,
        profit_rate=Decimal(0),
    )


async def followed(steps: list[tuple[Any, ...]]) -> StopMonitor:
    story = Story()
    async with asyncio.TaskGroup() as group:
        following = group.create_task(
            story.guard.follow_fills(story.changes, filled=lambda: None, ended=lambda _: None)
        )
        for step in steps:
            before, rung = frozenset(story.guard.lines), story.rung
            story.take(step)
            for _ in range(3):  # the fill, if it was one, is followed
                await asyncio.sleep(0)
            assert not story.changes.wake.is_set()
            assert dict(story.guard.lines) == story.of_all(), step
            assert story.rung > rung or frozenset(story.guard.lines) == before, step
            if step[0] == "fill" and frozenset(story.guard.lines) > before:
                assert story.streamed == frozenset(story.guard.lines), step
        following.cancel()
    return story.guard


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=20))
def test_lines_after_any_story_are_those_of_computing_all_of_them(steps: list[tuple[Any, ...]]) -> None:
    """Fills in parts, adoptions, settings, the list of tickers, peaks and looks, before and after the first look."""
    asyncio.run(followed(steps))


def test_shares_that_become_the_bots_by_adoption_are_guarded_at_once() -> None:
    """D7: with POSITION_SCOPE=bot an order by hand has no stop until the bot answers for it, and one from then on."""
    scope = ("set", TQQQ, ("position_scope", "bot"))
    bought = ("fill", TQQQ, Side.BUY, Origin.EXTERNAL, (4, Decimal(100)), False)
    asyncio.run(followed([("look", {}, set(SYMBOLS)), scope, bought, ("adopt", TQQQ, Side.BUY)]))


def test_a_peak_goes_with_the_last_share_and_stays_with_any_other() -> None:
    """Bought again, a trailing stop begins anew; sold in parts, it goes on."""
    held = ("look", {TQQQ: (4, Decimal(100)), XLF: (4, Decimal(100))}, set(SYMBOLS))
    peaks = [("tick", TQQQ, Decimal(130)), ("tick", XLF, Decimal(130))]
    sold = [("fill", symbol, Side.SELL, Origin.SIGNAL, (1, Decimal(130)), False) for symbol in SYMBOLS]
    rest = ("fill", TQQQ, Side.SELL, Origin.SIGNAL, (3, Decimal(130)), True)
    again = ("fill", TQQQ, Side.BUY, Origin.SIGNAL, (2, Decimal(101)), False)
    lines = asyncio.run(followed([held, *peaks, *sold, rest, again])).lines
    assert (lines[TQQQ].peak, lines[XLF].peak) == (Decimal(101), Decimal(130))

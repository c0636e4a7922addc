"""Every figure of money adds up to the cash and the shares of the account, to the cent, whatever a day brings.

Random days on the whole core: the rule trades, stops fire, orders fill in parts, people trade here and in the broker's
app, sell everything, shares split, notices get lost, the program restarts. The account is the broker's alone: what came
in and went out is written down there, and the results are reckoned from that by plain subtraction.
"""

import asyncio
import csv
import io
import os
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from strategy.market import latest, next_open
from strategy.model import Amount, AmountKind, Outcome, Period, SessionClosed, Side, StopFinished, Symbol
from tests.fakes.broker import FakeBroker, NoticeMode
from tests.fakes.clock import FakeClock, trading_settings
from tests.fakes.market import FakeMarket
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, O, World, running

EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "6"))
SYMBOLS = (TQQQ, O)
CASH = Decimal(100_000)
FEE_PCT = Decimal(1)  # of whole-dollar prices: no fee has a part of a cent, however an order was filled
CENT = Decimal("0.01")
SETTINGS = trading_settings(
    trading_tickers=",".join(map(str, SYMBOLS)),
    rsi_oversold="49.5",
    rsi_overbought="52",
    sell_confirm="none",
    buy_delay_min="1",
    sell_delay_min="1",
    order_timeout_s="10",
    order_reprices="1",
    commission_pct=str(FEE_PCT),
    sec_fee_pct="0",
    daily_loss_limit_pct="50",
)


class Bank(FakeBroker):
    """A broker that writes down each movement of money, and how many shares there were after it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock, cash=CASH, fee_pct=FEE_PCT)
        self.flows: defaultdict[Symbol, list[tuple[Decimal, int]]] = defaultdict(list)
        self.broker_profit = Decimal(0)  # of sales: proceeds less their own fee and the average cost of the shares

    def _book_shares(self, symbol: Symbol, side: Side, qty: int, price: Decimal) -> None:
        before, held = self.cash, self._held[symbol]
        cost = held.cost / held.qty * qty if held.qty else Decimal(0)
        super()._book_shares(symbol, side, qty, price)
        self.flows[symbol].append((self.cash - before, self._held[symbol].qty))
        if side is Side.SELL:
            self.broker_profit += self.cash - before - cost

    def round_trips(self) -> list[Decimal]:
        """Return what each position came to that went from nothing to nothing: all that came in less all that went."""
        found: list[Decimal] = []
        for flows in self.flows.values():
            amount = Decimal(0)
            for money, left in flows:
                amount += money
                if not left:
                    found.append(amount)
                    amount = Decimal(0)
        return found

    def split(self, symbol: Symbol, factor: int) -> None:
        held = self._held[symbol]
        if held.qty:
            self.hold(symbol, held.qty * factor, held.cost / (held.qty * factor))


Step = Callable[["Day"], Awaitable[None]]


@dataclass
class Day:
    """The running program, and the account it trades."""

    folder: Path
    world: World
    bank: Bank
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    bench: Bench = field(init=False)

    async def start(self) -> None:
        self.bench = await self.stack.enter_async_context(running(self.folder, self.world, settings=SETTINGS))
        await self.bench.pass_time(3)

    async def restart(self) -> None:
        await self.stack.aclose()
        await self.start()

    async def press(self, ticket: str | None) -> Outcome | None:
        return None if ticket is None else await self.bench.core.control.confirmations.confirm(ticket, OWNER, typed="")

    async def quiet(self) -> None:
        """Let every order end and every notice arrive, until the program has agreed with the broker."""
        self.bank.matching, self.bank.fill_at_most, self.bank.notices = True, None, "at_once"
        self.bank.release_notices()
        await self.bench.pass_time(5)
        for order in self.bank.truth():
            if order.open_qty:
                self.bank.fill(order.venue_no, price=self.price(order.symbol))
        await self.bench.pass_time(150)
        await self.bench.core.control.holdings.view()
        await self.bench.settle()

    async def night(self) -> None:
        """End the day; most of its hours are slept through."""
        await self.quiet()
        self.bank.end_session()
        session = latest(self.world.clock.now())
        self.world.clock.set(max(self.world.clock.now(), session.closes_at - timedelta(minutes=2)))
        await self.bench.until(session.closes_at + timedelta(minutes=31))
        await self.stack.aclose()

    async def morning(self) -> None:
        self.world.clock.set(next_open(self.world.clock.now()) - timedelta(minutes=1))
        await self.start()
        await self.bench.pass_time(120)

    def price(self, symbol: Symbol) -> Decimal:
        return self.world.market.book(symbol)[0]


def price_moves(symbol: Symbol, dollars: int) -> Step:
    async def step(day: Day) -> None:
        day.bench.price(symbol, max(day.price(symbol) + dollars, Decimal(10)))
        await day.bench.pass_time(2)

    return step


def time_passes(seconds: int) -> Step:
    async def step(day: Day) -> None:
        await day.bench.pass_time(seconds)

    return step


def owner_trades(symbol: Symbol, side: Side, qty: int) -> Step:
    async def step(day: Day) -> None:
        amount = Amount(kind=AmountKind.SHARES, value=Decimal(qty))
        preview = await day.bench.core.control.orders.manual.preview(OWNER, side, symbol, amount, None)
        await day.press(preview.ticket)
        await day.bench.settle()

    return step


def hand_trades(symbol: Symbol, side: Side, qty: int) -> Step:
    async def step(day: Day) -> None:
        if side is Side.BUY or day.bank._sellable(symbol) >= qty:
            day.bank.hand_order(symbol, side, qty, day.price(symbol))
            await day.bench.pass_time(40)

    return step


def habits(notices: NoticeMode, most: int | None) -> Step:
    async def step(day: Day) -> None:
        day.bank.notices, day.bank.fill_at_most = notices, most
        day.bank.release_notices()

    return step


async def panic(day: Day) -> None:
    preview = await day.bench.core.control.orders.panic.preview(OWNER)
    await day.press(preview.ticket_all)
    await day.bench.pass_time(20)


async def split(day: Day) -> None:
    """Two shares for one at night: the broker shows it in the morning, the market trades at half."""
    await day.night()
    if day.price(TQQQ) % 2 == 0 and day.price(TQQQ) >= 40:
        day.bank.split(TQQQ, 2)
        day.world.price(TQQQ, day.price(TQQQ) / 2)
    await day.morning()


async def next_day(day: Day) -> None:
    await day.night()
    await day.morning()


_symbol = st.sampled_from(SYMBOLS)
_notices = st.sampled_from(["at_once", "at_once", "lost", "twice", "held"])
STEPS = st.one_of(
    st.builds(price_moves, _symbol, st.integers(-9, 9)),
    st.builds(price_moves, _symbol, st.integers(-9, 9)),
    st.builds(time_passes, st.sampled_from([5, 61, 61, 130])),
    st.builds(owner_trades, _symbol, st.sampled_from(Side), st.integers(1, 12)),
    st.builds(hand_trades, _symbol, st.sampled_from(Side), st.integers(1, 6)),
    st.builds(habits, _notices, st.sampled_from([None, None, 1, 3])),
    st.just(panic),
    st.just(Day.restart),
    st.just(split),
    st.just(next_day),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # days are long: a failing one is printed as it is
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=25), held=st.sampled_from([0, 0, 20]))
def test_results_add_up_to_the_cash_and_the_shares_of_the_account(steps: Sequence[Step], held: int) -> None:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        runner.run(_live(Path(folder), steps, held))


async def _live(folder: Path, steps: Sequence[Step], held: int) -> None:
    clock = FakeClock(OPEN + timedelta(minutes=10))
    bank, market = Bank(clock), FakeMarket(clock)
    market.spread = Decimal(0)
    day = Day(folder, World(clock, bank, market), bank)
    for symbol in SYMBOLS:
        day.world.ready(symbol)
    if held:
        bank.hold(TQQQ, held, Decimal(100))
    async with day.stack:
        await day.start()
        for step in steps:
            await step(day)
        await day.quiet()
        await _adds_up(day, held)
        await day.restart()
        await day.quiet()
        await _adds_up(day, held)


async def _adds_up(day: Day, held: int) -> None:
    control, bank = day.bench.core.control, day.bank
    gained = bank.cash - CASH
    view = await control.holdings.view()
    assert view.holdings is not None
    positions = {position.symbol: position for position in view.holdings.positions if position.qty}
    assert {symbol: each.qty for symbol, each in positions.items()} == {
        symbol: bank.qty_held(symbol) for symbol in SYMBOLS if bank.qty_held(symbol)
    }
    paid_now = sum((each.average_paid * each.qty for each in positions.values()), Decimal(0))
    paid_at_first = held * Decimal(100) * (1 + FEE_PCT / 100)  # a commission nobody saw is taken to have been paid

    everything = await control.results.performance()
    _same(everything.total.result, gained + paid_now - paid_at_first)
    _same(everything.total.realized, bank.broker_profit)
    assert everything.total.unknown_cost == 0
    open_profit = sum((row.profit_open or Decimal(0) for row in everything.tickers), Decimal(0))
    worth = sum((day.price(symbol) * each.qty for symbol, each in positions.items()), Decimal(0))
    _same(everything.total.result + open_profit, gained + worth - paid_at_first)
    for period in Period:
        rows = await control.results.periods(period, 99)
        _same(sum((row.totals.result for row in rows.rows), Decimal(0)), everything.total.result)
        _same(rows.total.realized, bank.broker_profit)

    figures = await control.results.statistics()
    if not held:
        trips = bank.round_trips()
        assert figures.wins == sum(1 for each in trips if each > 0)
        assert figures.losses == sum(1 for each in trips if each < 0)
        if trips:
            assert figures.best is not None
            assert figures.worst is not None
            assert figures.best.result is not None
            assert figures.worst.result is not None
            _same(figures.best.result, max(trips))
            _same(figures.worst.result, min(trips))
    await _file_adds_up(day, gained, everything.total.result)
    await _messages_add_up(day, everything.total.result)


async def _file_adds_up(day: Day, gained: Decimal, result: Decimal) -> None:
    """The file for the accountant: its cash column is the account's, its results are those of the screens."""
    file = await anext(aiter(day.bench.core.control.results.export()))
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    _same(_column(rows, "net_cash"), gained)
    _same(_column(rows, "result_after_all_fees"), result)
    _same(_column(rows, "realized_as_broker"), day.bank.broker_profit)
    newest = await day.bench.core.control.results.trades(1000)
    _same(sum((each.fill.result or Decimal(0) for each in newest), Decimal(0)), result)


def _column(rows: Sequence[dict[str, str]], name: str) -> Decimal:
    return sum(
        (Decimal(value) for row in rows for key, value in row.items() if key.endswith(name) and value), Decimal(0)
    )


async def _messages_add_up(day: Day, result: Decimal) -> None:
    """What stops and closed days told is the same money: each order's own message, and each day's card."""
    orders = [order for order in await day.bench.orders() if order.request.side is Side.SELL]
    fills = [fill for order in orders for fill in await day.bench.storage.orders.fills(order=order.no)]
    _same(sum((fill.result or Decimal(0) for fill in fills), Decimal(0)), result)
    for stop in await day.bench.told(StopFinished):
        if stop.result is not None and stop.realized is not None:
            assert stop.result < stop.realized
    for card in await day.bench.told(SessionClosed):
        assert card.result is not None
        assert (card.result <= card.realized) or not card.fills


def _same(ours: Decimal, theirs: Decimal) -> None:
    assert abs(ours - theirs) < CENT / 10, (ours, theirs)

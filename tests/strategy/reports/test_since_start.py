"""What the account has come to since the start, beside just holding the same tickers. Decision D16."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from strategy.model import DayStart, Fill, Holdings, Position, Side, Symbol, Trade
from strategy.portfolio.bot_lots import Split
from strategy.reports.since_start import SinceStart, holding
from tests.fakes.samples import TQQQ, XLF, fill

BEGUN = datetime(2026, 9, 1, 13, 31, tzinfo=UTC)
DAY = timedelta(days=1)
START = DayStart(
    session_on=date(2026, 9, 1),
    equity=Decimal(10_000),
    value=Decimal(1_000),
    looked_at=BEGUN,
    held={TQQQ: 10},
    values={TQQQ: Decimal(1_000)},
    left_out=frozenset(),
    unvalued=frozenset(),
)


def traded(side: Side, qty: int, price: str, after: timedelta, *, symbol: Symbol = TQQQ, fees: str = "0") -> Fill:
    key = f"{symbol}{after}"
    return fill(qty, price, side=side, key=key, symbol=symbol, filled_at=BEGUN + after, fees=Decimal(fees))


def position(symbol: Symbol, qty: int, last: str | None) -> Position:
    price = None if last is None else Decimal(last)
    return Position(
        symbol=symbol, name="", qty=qty, sellable_qty=qty, average_cost=Decimal(1), last=price, profit_rate=None
    )


class Stored:
    """What is on record, and the account as it is now; stands in for `Records` and for the look at the account."""

    def __init__(self, *positions: Position, fills: Sequence[Fill] = (), start: DayStart | None = START) -> None:
        self.start = start
        self.fills = fills
        self.rates: Mapping[date, Decimal] = {START.session_on: Decimal(1_300)}
        self.splits: dict[str, Sequence[Split]] = {}
        self.now = Holdings(positions=positions, cash=Decimal(0), fx_rate=Decimal(1_400), taken_at=BEGUN + 90 * DAY)

    async def trades(self, **_: object) -> AsyncIterator[Sequence[Trade]]:
        yield [Trade(fill=each, order=None) for each in self.fills]

    async def first_day_start(self) -> DayStart | None:
        return self.start

    async def exchange_rates(self) -> Mapping[date, Decimal]:
        return self.rates

    async def splits_of(self, ticker: str) -> Sequence[Split]:
        return self.splits.get(ticker, ())

    def service(self, **prices: str) -> SinceStart:
        records: Any = self
        known = {name: Decimal(price) for name, price in prices.items()}
        return SinceStart(
            records=records, splits=self.splits_of, price=lambda symbol: known.get(symbol.ticker), account=self
        )


async def test_it_is_what_shares_and_fills_have_come_to_after_fees_in_dollars_percent_and_won() -> None:
    fills = [
        traded(Side.SELL, 4, "120", DAY, fees="1.20"),
        traded(Side.BUY, 20, "50", 2 * DAY, symbol=XLF, fees="2.50"),
        traded(Side.BUY, 5, "90", -DAY),  # before: it is in what was held
    ]
    stored = Stored(position(TQQQ, 6, "110"), position(XLF, 20, "55"), fills=fills)
    view = await stored.service().now()
    assert view is not None
    assert view.amount == Decimal(480) - Decimal("1.20") - Decimal("1002.50") + 660 + 1100 - 1000
    assert view.percent == view.amount / 100
    assert view.amount_krw == (10_000 + view.amount) * 1_400 - 10_000 * 1_300
    assert view.holding_percent == 10  # TQQQ from 100 to 110, XLF from 50 to 55
    assert view.holding == 1_000
    assert view.without == ()


async def test_what_was_sold_all_is_held_on_in_the_comparison_at_its_price_now() -> None:
    stored = Stored(fills=[traded(Side.SELL, 10, "90", DAY)])
    view = await stored.service(TQQQ="150").now()
    assert view is not None
    assert view.amount == -100
    assert view.holding_percent == 50
    unknown = await stored.service().now()
    assert unknown is not None
    assert (unknown.holding, unknown.holding_percent, unknown.without) == (None, None, (TQQQ,))


async def test_a_split_is_neither_a_gain_nor_a_loss() -> None:
    stored = Stored(position(TQQQ, 26, "55"), fills=[traded(Side.BUY, 3, "100", DAY)])
    stored.splits = {"TQQQ": (Split(BEGUN + 5 * DAY, 13, 26),)}
    view = await stored.service().now()
    assert view is not None
    assert view.amount == 26 * 55 - 1_000 - 300
    assert view.holding_percent == 10


async def test_without_the_first_days_rate_nothing_is_said_in_won() -> None:
    stored = Stored(position(TQQQ, 10, "110"))
    stored.rates = {}
    view = await stored.service().now()
    assert view is not None
    assert view.amount == 100
    assert view.amount_krw is None


async def test_before_the_first_session_there_is_nothing_to_say() -> None:
    assert await Stored(start=None).service().now() is None


async def test_a_ticker_nobody_values_is_left_out_of_both_and_named() -> None:
    stored = Stored(
        position(TQQQ, 10, None), position(XLF, 20, "55"), fills=[traded(Side.BUY, 20, "50", DAY, symbol=XLF)]
    )
    view = await stored.service().now()
    assert view is not None
    assert view.amount == 100
    assert view.holding_percent == 10
    assert view.without == (TQQQ,)


def test_a_ticker_counts_from_its_first_buy() -> None:
    fills = [traded(Side.BUY, 1, "40", DAY, symbol=XLF), traded(Side.BUY, 1, "80", 2 * DAY, symbol=XLF)]
    assert holding(START, fills, {}, {XLF: Decimal(60)}) == {XLF: 50}

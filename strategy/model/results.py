"""What trading has come to: fills with their orders, sums per period and per ticker, statistics. Facts for views."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from strategy.model.account import Holdings
from strategy.model.decisions import Decision
from strategy.model.instruments import Symbol
from strategy.model.orders import Fill, Order
from strategy.model.prices import Quote
from strategy.model.said import Said


class Period(StrEnum):
    """What a row of results covers; dates are New York trading dates, weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One fill and the order it belongs to."""

    fill: Fill
    order: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over some fills, in dollars; over the sales whose cost is known `result` is after all fees of both sides and
    `realized` as the broker shows it, the fees of the buys left out."""

    fills: int = 0
    buys: int = 0
    sells: int = 0
    bought: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    result: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    unknown_cost: int = 0  # sells whose profit nobody can say


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """A position of a ticker from its first buy until nothing was held any more: what is won or lost. Instants are
    aware UTC, shares whole; both results are dollars as in `Totals`, None where a cost is unknown."""

    symbol: Symbol
    opened_at: datetime
    closed_at: datetime
    sold: int
    result: Decimal | None
    realized: Decimal | None

    @property
    def won(self) -> bool:
        return self.result is not None and self.result > 0

    @property
    def lost(self) -> bool:
        return self.result is not None and self.result < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One day, week or month with at least one fill. Dates are New York's."""

    since: date
    until: date  # inclusive
    totals: Totals
    won: Decimal | None = None  # the result in won, at the rate of each day; None where one is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsView:
    """Rows newest first; `total` covers every row shown. Money is dollars."""

    period: Period
    rows: tuple[ResultRow, ...]
    total: Totals
    won: Decimal | None  # its result in won, at the rate of each day; None where one is not known
    fx_rate: Decimal | None  # won per dollar of the last look at the account
    profit_open: Decimal | None  # of the positions held now, fees of their buys taken off; None while unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceStartView:
    """What the account has come to since the first look at it, after fees, without money paid in or out.

    Money is dollars, won where its name says so, percentages are of the equity it began with. `holding` is what the
    same tickers have come to before fees, bought once in equal parts at the first price each was held or bought at.
    """

    since: date  # New York date
    start: Decimal
    amount: Decimal
    percent: Decimal | None
    amount_krw: Decimal | None  # the change of the rate included; None where the first day's rate is not known
    holding_percent: Decimal | None
    holding: Decimal | None
    without: tuple[Symbol, ...]  # not in one or the other: nobody says what they are worth


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerResult:
    """What one ticker has come to: `profit_open` in dollars and `open_qty` in whole shares, None while unknown."""

    symbol: Symbol
    totals: Totals
    wins: int  # positions from first buy to flat, after all fees
    losses: int
    open_qty: int | None
    profit_open: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceView:
    """Results per ticker, best first. Dates are New York's; `won` is the result in won, at
    the rate of each day; None where one is not known."""

    since: date | None  # of the first fill counted
    tickers: tuple[TickerResult, ...]
    total: Totals
    won: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsView:
    """Figures over all positions from first buy to flat of known cost, after all fees. None where there is nothing
    to compute from. Dates are New York's."""

    since: date | None
    orders: int  # own ones that were sent
    fills: int  # of the account, also by hand
    wins: int
    losses: int
    win_rate: Decimal | None  # percent
    average_win: Decimal | None  # dollars
    average_loss: Decimal | None  # dollars, negative
    profit_factor: Decimal | None  # sum of wins over sum of losses
    best: RoundTrip | None
    worst: RoundTrip | None
    longest_losing_run: int
    largest_drawdown: Decimal | None  # dollars, of the running result
    total: Totals
    stops: int  # stop, take-profit and trailing orders filled
    average_hold_hours: Decimal | None  # first in, first out
    decisions: int
    blocked: tuple[tuple[str, int], ...]  # gates that stopped a signal, most frequent first


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One period on one page. Dates are New York's."""

    period: Period
    since: date
    until: date
    totals: Totals
    won: Decimal | None  # its result in won, at the rate of each day; None where one is not known
    before: Totals  # of the period before, for comparison
    tickers: tuple[TickerResult, ...]
    stops: int
    orders: int
    rejected: int
    decisions: int
    blocked: tuple[tuple[str, int], ...]
    setting_changes: int
    holdings: Holdings | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """A fresh price with what it means to the owner. Prices are dollars, the position whole shares."""

    quote: Quote
    previous_close: Decimal | None  # of the last closed daily bar
    change_percent: Decimal | None
    spread_percent: Decimal | None
    position_qty: int | None
    return_percent: Decimal | None  # on average cost
    stop_price: Decimal | None
    decision: Decision | None
    watched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """A New York date: a session, or why there is none."""

    on: date
    opens_at: datetime | None
    closes_at: datetime | None
    half_day: bool
    note: Said | None  # the holiday's name, the clock change


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """A CSV file, UTF-8 with a byte order mark so that Excel shows Korean."""

    name: str
    content: bytes
    rows: int

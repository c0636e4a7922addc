"""Sums over fills: per period, per ticker, per position. Plain functions; every fill of the account counts, also those
of orders placed by hand, since it is the account that wins or loses.

A fill belongs to the New York date on which its order was asked for: US orders live for one day, and a fill found by a
later inquiry (after an outage) carries the time of the inquiry. See decision 0079.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from strategy.model import (
    Fill,
    Holdings,
    Origin,
    Period,
    ResultRow,
    RoundTrip,
    Side,
    Symbol,
    TickerResult,
    Totals,
    Trade,
    from_new_york,
    new_york,
    total,
)

NOTHING = Decimal(0)  # dollars
STOP_ORIGINS = frozenset({Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP})
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def trading_date(trade: Trade) -> date:
    """Return the New York date a fill belongs to."""
    return new_york(trade.order.request.created_at if trade.order is not None else trade.fill.filled_at).date()


def span(period: Period, on: date) -> tuple[date, date]:
    """Return first and last date of the period a date lies in; weeks begin on Monday. New York dates."""
    if period is Period.DAY:
        return on, on
    if period is Period.WEEK:
        monday = on - _DAY * on.weekday()
        return monday, monday + _WEEK - _DAY
    first = on.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - _DAY


def midnight(on: date) -> datetime:
    """Return when a New York date begins."""
    return from_new_york(on, time(0))


def totals(fills: Iterable[Fill]) -> Totals:
    """Sum up fills; a sell whose cost nobody knows adds nothing to the profit and is counted."""
    buys = sells = unknown = 0
    bought = sold = fees = result = realized = NOTHING
    for fill in fills:
        fees += fill.fees
        amount = fill.price * fill.qty
        if fill.side is Side.BUY:
            buys += 1
            bought += amount
            continue
        sells += 1
        sold += amount
        realized += fill.realized or NOTHING
        if fill.result is None:
            unknown += 1
        else:
            result += fill.result
    return Totals(
        fills=buys + sells,
        buys=buys,
        sells=sells,
        bought=bought,
        sold=sold,
        fees=fees,
        result=result,
        realized=realized,
        unknown_cost=unknown,
    )


def in_won(trades: Iterable[Trade], rates: Mapping[date, Decimal]) -> Decimal | None:
    """Return the result of sales in won, each day's at its own rate (won per dollar).

    None where a day's rate is not known, and for no sale of known cost.
    """
    by_day: defaultdict[date, Decimal] = defaultdict(Decimal)
    for trade in trades:
        if trade.fill.result is not None:
            by_day[trading_date(trade)] += trade.fill.result
    if not by_day or by_day.keys() - rates.keys():
        return None
    return sum((result * rates[on] for on, result in by_day.items()), NOTHING)


def added(parts: Iterable[Totals]) -> Totals:
    """Return the sum of sums."""
    total = Totals()
    for part in parts:
        total = Totals(
            fills=total.fills + part.fills,
            buys=total.buys + part.buys,
            sells=total.sells + part.sells,
            bought=total.bought + part.bought,
            sold=total.sold + part.sold,
            fees=total.fees + part.fees,
            result=total.result + part.result,
            realized=total.realized + part.realized,
            unknown_cost=total.unknown_cost + part.unknown_cost,
        )
    return total


def by_period(period: Period, trades: Iterable[Trade]) -> list[ResultRow]:
    """Return a row for each period with fills, newest first."""
    fills: defaultdict[tuple[date, date], list[Fill]] = defaultdict(list)
    for trade in trades:
        fills[span(period, trading_date(trade))].append(trade.fill)
    return [
        ResultRow(since=since, until=until, totals=totals(fills[since, until]))
        for since, until in sorted(fills, reverse=True)
    ]


def in_time(trades: Iterable[Trade]) -> list[Trade]:
    """Return fills by their time, those of one instant by their order and their place in it."""
    return sorted(trades, key=lambda trade: (trade.fill.filled_at, trade.fill.order_no, _place(trade.fill)))


def round_trips(trades: Iterable[Trade]) -> list[RoundTrip]:
    """Return the positions that went from a first buy to flat, in the order in which they ended.

    Shares that left by other ways than a sale end theirs, too: the next buy begins anew.
    """
    under_way: defaultdict[str, list[Fill]] = defaultdict(list)
    held: dict[str, int] = {}
    found: list[RoundTrip] = []
    for trade in in_time(trades):
        fill, ticker = trade.fill, trade.fill.symbol.ticker
        moved = fill.qty if fill.side is Side.BUY else -fill.qty
        left = max(held.get(ticker, 0) + moved, 0) if fill.held is None else fill.held
        if fill.side is Side.BUY and left == fill.qty and under_way[ticker]:
            found += _ended(under_way.pop(ticker))
        under_way[ticker].append(fill)
        held[ticker] = left
        if not left:
            found += _ended(under_way.pop(ticker))
    return sorted(found, key=lambda trip: trip.closed_at)


def _ended(fills: Sequence[Fill]) -> list[RoundTrip]:
    sold = [fill for fill in fills if fill.side is Side.SELL]
    if not sold:
        return []
    return [
        RoundTrip(
            symbol=sold[-1].symbol,
            opened_at=fills[0].filled_at,
            closed_at=sold[-1].filled_at,
            sold=sum(fill.qty for fill in sold),
            result=total(fill.result for fill in sold),
            realized=total(fill.realized for fill in sold),
        )
    ]


def _place(fill: Fill) -> int:
    """Return which of the shares of its order it begins with, as its key tells."""
    first = fill.key.split(":")[1].partition("-")[0] if ":" in fill.key else ""
    return int(first) if first.isdecimal() else 0


def by_ticker(
    trades: Sequence[Trade],
    holdings: Holdings | None,
    prices: Mapping[Symbol, Decimal],
    trips: Sequence[RoundTrip],
) -> tuple[TickerResult, ...]:
    """Return the result of each ticker traded or held, best first: profit taken and profit still open together.

    `trips` are those to be counted as won or lost; `prices` are dollars, newer than the broker's valuation where known.
    """
    fills: defaultdict[Symbol, list[Fill]] = defaultdict(list)
    for trade in trades:
        fills[trade.fill.symbol].append(trade.fill)
    won: defaultdict[Symbol, int] = defaultdict(int)
    lost: defaultdict[Symbol, int] = defaultdict(int)
    for trip in trips:
        won[trip.symbol] += trip.won
        lost[trip.symbol] += trip.lost
    held = holdings.positions if holdings is not None else ()
    symbols = fills.keys() | {position.symbol for position in held if position.qty > 0}
    rows = [
        TickerResult(
            symbol=symbol,
            totals=totals(fills.get(symbol, ())),
            wins=won[symbol],
            losses=lost[symbol],
            open_qty=_held_qty(symbol, holdings),
            profit_open=_open_profit(symbol, holdings, prices),
        )
        for symbol in symbols
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.totals.result + (row.profit_open or 0)), row.symbol)))


def open_profit(holdings: Holdings | None, prices: Mapping[Symbol, Decimal]) -> Decimal | None:
    """Return what the positions held are worth beyond all that was paid, in dollars; None while one is unknown."""
    if holdings is None:
        return None
    return total(_open_profit(each.symbol, holdings, prices) for each in holdings.positions)


def stops_filled(trades: Iterable[Trade]) -> int:
    """Count the stop, take-profit and trailing orders that filled at least in part."""
    return len(
        {
            trade.fill.order_no
            for trade in trades
            if trade.order is not None and trade.order.request.origin in STOP_ORIGINS
        }
    )


def blocked_gates(by_reason: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return how often each gate stopped a signal, most frequent first."""
    gates = {
        reason.removeprefix("blocked:"): count for reason, count in by_reason.items() if reason.startswith("blocked:")
    }
    return tuple(sorted(gates.items(), key=lambda gate: (-gate[1], gate[0])))


def _held_qty(symbol: Symbol, holdings: Holdings | None) -> int | None:
    if holdings is None or symbol in holdings.doubted:
        return None
    position = holdings.of(symbol)
    return position.qty if position is not None else 0


def _open_profit(symbol: Symbol, holdings: Holdings | None, prices: Mapping[Symbol, Decimal]) -> Decimal | None:
    position = holdings.of(symbol) if holdings is not None else None
    if position is None:
        return None
    return replace(position, last=prices.get(symbol, position.last)).profit

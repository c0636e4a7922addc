"""Figures over everything traded so far: wins and losses, runs, drawdown, holding times. See decision 0167."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from strategy.model import RoundTrip, Side, StatisticsView, Symbol, Trade
from strategy.reports.profit_and_loss import (
    NOTHING,
    blocked_gates,
    in_time,
    round_trips,
    stops_filled,
    totals,
    trading_date,
)

_SECONDS_AN_HOUR = 3600
_MICROSECONDS = Decimal(1_000_000)


def statistics(trades: Sequence[Trade], *, orders: int, by_reason: Mapping[str, int]) -> StatisticsView:
    """Compute the figures. A win or loss is a position from first buy to flat, after all fees; one that came out even
    is neither.

    `orders` are own ones that were sent, `by_reason` the decisions counted by outcome.
    """
    known = [trip for trip in round_trips(trades) if trip.result is not None]
    wins = [_result(trip) for trip in known if trip.won]
    losses = [_result(trip) for trip in known if trip.lost]
    return StatisticsView(
        since=min((trading_date(trade) for trade in trades), default=None),
        orders=orders,
        fills=len(trades),
        wins=len(wins),
        losses=len(losses),
        win_rate=Decimal(len(wins) * 100) / (len(wins) + len(losses)) if wins or losses else None,
        average_win=_mean(wins),
        average_loss=_mean(losses),
        profit_factor=sum(wins, NOTHING) / -sum(losses, NOTHING) if losses else None,
        best=max(known, key=_result) if known else None,
        worst=min(known, key=_result) if known else None,
        longest_losing_run=longest_losing_run(known),
        largest_drawdown=largest_drawdown(trades),
        total=totals(trade.fill for trade in trades),
        stops=stops_filled(trades),
        average_hold_hours=average_hold_hours(trades),
        decisions=sum(by_reason.values()),
        blocked=blocked_gates(by_reason),
    )


def longest_losing_run(known: Iterable[RoundTrip]) -> int:
    """Return the most lost positions in a row; one that came out even ends a run."""
    longest = run = 0
    for trip in known:
        run = run + 1 if trip.lost else 0
        longest = max(longest, run)
    return longest


def largest_drawdown(trades: Iterable[Trade]) -> Decimal | None:
    """Return the deepest fall in dollars of the running result after all fees below its highest point so far (or 0).

    None while no sell has a known cost.
    """
    running = highest = deepest = NOTHING
    known = False
    for trade in in_time(trades):
        if trade.fill.result is None:
            continue
        known = True
        running += trade.fill.result
        highest = max(highest, running)
        deepest = max(deepest, highest - running)
    return deepest if known else None


def average_hold_hours(trades: Iterable[Trade]) -> Decimal | None:
    """Return how long a sold share was held on average, first in, first out.

    Shares sold beyond those bought here (held before, or split) have no known beginning and are left out.
    """
    lots: defaultdict[Symbol, deque[tuple[int, datetime]]] = defaultdict(deque)
    shares = 0
    microseconds = 0  # share-microseconds, exact
    for trade in in_time(trades):
        fill = trade.fill
        waiting = lots[fill.symbol]
        if fill.side is Side.BUY:
            waiting.append((fill.qty, fill.filled_at))
            continue
        left = fill.qty
        while left and waiting:
            qty, bought_at = waiting.popleft()
            taken = min(qty, left)
            if qty > taken:
                waiting.appendleft((qty - taken, bought_at))
            left -= taken
            shares += taken
            held = fill.filled_at - bought_at
            microseconds += taken * ((held.days * 86_400 + held.seconds) * 1_000_000 + held.microseconds)
    return Decimal(microseconds) / _MICROSECONDS / _SECONDS_AN_HOUR / shares if shares else None


def _result(trip: RoundTrip) -> Decimal:
    return trip.result if trip.result is not None else NOTHING


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, NOTHING) / len(values) if values else None

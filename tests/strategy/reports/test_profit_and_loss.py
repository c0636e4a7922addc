"""Sums over fills: by period, by ticker, by sale."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from strategy.model import Holdings, Origin, Period, Position, Side, Totals, Trade
from strategy.reports.profit_and_loss import (
    added,
    blocked_gates,
    by_period,
    by_ticker,
    open_profit,
    round_trips,
    span,
    totals,
    trading_date,
)
from tests.support.trades import BEGIN, TQQQ, O, histories, trade


@pytest.mark.parametrize(
    ("period", "on", "since", "until"),
    [
        (Period.DAY, date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 4)),
        (Period.WEEK, date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 8)),  # Monday
        (Period.WEEK, date(2026, 3, 8), date(2026, 3, 2), date(2026, 3, 8)),  # Sunday
        (Period.WEEK, date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3)),
        (Period.MONTH, date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28)),
        (Period.MONTH, date(2028, 2, 1), date(2028, 2, 1), date(2028, 2, 29)),
        (Period.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(period: Period, on: date, since: date, until: date) -> None:
    assert span(period, on) == (since, until)


def test_a_fill_belongs_to_the_new_york_date_of_its_order_even_when_it_was_found_a_day_later() -> None:
    asked_at = datetime(2026, 3, 10, 19, 59, tzinfo=UTC)
    found = trade(1, Side.SELL, at=datetime(2026, 3, 11, 9, 0, tzinfo=UTC), asked_at=asked_at)
    assert trading_date(found) == date(2026, 3, 10)


def test_korean_midnight_does_not_split_a_new_york_day() -> None:
    before = trade(1, Side.BUY, at=datetime(2026, 3, 10, 14, 59, tzinfo=UTC))
    after = trade(2, Side.BUY, at=datetime(2026, 3, 10, 15, 1, tzinfo=UTC))
    [row] = by_period(Period.DAY, [before, after])
    assert (row.since, row.totals.fills) == (date(2026, 3, 10), 2)


def test_a_sell_of_unknown_cost_is_counted_and_never_guessed() -> None:
    sums = totals(
        each.fill
        for each in (
            trade(1, Side.BUY, 3, price="10", fees="0.30"),
            trade(2, Side.SELL, 2, price="11", realized="1.50", buy_fees="0.15", fees="0.20"),
            trade(3, Side.SELL, 1, price="12", realized=None, fees="0.10"),
        )
    )
    assert sums == Totals(
        fills=3,
        buys=1,
        sells=2,
        bought=Decimal(30),
        sold=Decimal(34),
        fees=Decimal("0.60"),
        result=Decimal("1.35"),
        realized=Decimal("1.50"),
        unknown_cost=1,
    )


@given(histories())
def test_periods_add_up_to_all_fills(trades: list[Trade]) -> None:
    whole = totals(each.fill for each in trades)
    for period in Period:
        rows = by_period(period, trades)
        assert added(row.totals for row in rows) == whole
        assert [row.since for row in rows] == sorted({row.since for row in rows}, reverse=True)
        for row in rows:
            inside = [each.fill for each in trades if row.since <= trading_date(each) <= row.until]
            assert row.totals == totals(inside)
            assert row.totals.fills > 0


@given(histories())
def test_tickers_add_up_to_all_fills_and_to_all_positions(trades: list[Trade]) -> None:
    trips = round_trips(trades)
    rows = by_ticker(trades, None, {}, trips)
    assert added(row.totals for row in rows) == totals(each.fill for each in trades)
    assert sum(row.wins for row in rows) == sum(1 for trip in trips if trip.won)
    assert sum(row.losses for row in rows) == sum(1 for trip in trips if trip.lost)
    gains = [row.totals.result for row in rows]
    assert gains == sorted(gains, reverse=True)


@given(histories())
def test_positions_are_sold_shares_with_none_counted_twice(trades: list[Trade]) -> None:
    sells = [each.fill for each in trades if each.fill.side is Side.SELL]
    trips = round_trips(trades)
    assert sum(trip.sold for trip in trips) <= sum(fill.qty for fill in sells)
    if all(fill.result is not None for fill in sells):
        rest = totals(sells).result - sum((trip.result or 0 for trip in trips), Decimal(0))
        under_way = sum(fill.qty for fill in sells) - sum(trip.sold for trip in trips)
        assert under_way or not rest


def test_parts_of_one_order_are_one_position() -> None:
    parts = [
        trade(2, Side.SELL, 1, realized=r, part=n, at=BEGIN + timedelta(seconds=n)) for n, r in enumerate("123", 1)
    ]
    [trip] = round_trips([trade(1, Side.BUY, 3), *reversed(parts)])
    assert (trip.result, trip.sold, trip.won) == (Decimal(6), 3, True)
    assert (trip.opened_at, trip.closed_at) == (BEGIN, BEGIN + timedelta(seconds=3))


def test_a_position_with_a_sale_of_unknown_cost_is_neither_won_nor_lost() -> None:
    [trip] = round_trips([trade(1, Side.BUY), trade(2, Side.SELL, realized=None, at=BEGIN + timedelta(hours=1))])
    assert (trip.result, trip.won, trip.lost) == (None, False, False)


def test_trades_by_hand_count_they_are_the_accounts() -> None:
    by_hand = trade(1, Side.SELL, realized=None, origin=Origin.EXTERNAL)
    [row] = by_period(Period.DAY, [by_hand])
    assert (row.totals.sells, row.totals.unknown_cost) == (1, 1)


def holdings(*positions: Position) -> Holdings:
    return Holdings(positions=positions, cash=Decimal(100), fx_rate=Decimal(1400), taken_at=BEGIN)


def position(symbol: object = TQQQ, qty: int = 10) -> Position:
    assert symbol in (TQQQ, O)
    return Position(
        symbol=TQQQ if symbol == TQQQ else O,
        name="x",
        qty=qty,
        sellable_qty=qty,
        average_cost=Decimal(100),
        last=Decimal(101),
        profit_rate=Decimal(1),
    )


def test_open_profit_goes_by_the_newest_price() -> None:
    assert open_profit(None, {}) is None
    assert open_profit(holdings(), {}) == 0
    assert open_profit(holdings(position()), {}) == Decimal(10)
    assert open_profit(holdings(position()), {TQQQ: Decimal("98.5")}) == Decimal("-15.0")


def test_open_profit_is_less_by_the_fees_of_the_buys_and_so_is_the_rate() -> None:
    held = replace(position(), buy_fees=Decimal("2.50"))  # ten shares at 100, now at 101
    assert open_profit(holdings(held), {}) == Decimal("7.50")
    assert held.average_paid == Decimal("100.25")
    assert held.rate is not None
    assert round(held.rate, 4) == Decimal("0.7481")


def test_what_is_held_without_a_trade_is_listed_too() -> None:
    rows = by_ticker([trade(1, Side.SELL, realized="3")], holdings(position(O, 5)), {}, ())
    assert [(row.symbol, row.open_qty, row.profit_open) for row in rows] == [(O, 5, Decimal(5)), (TQQQ, 0, None)]


def test_blocked_gates_come_most_frequent_first() -> None:
    reasons = {"no_signal": 90, "blocked:cash": 2, "blocked:mode": 7, "blocked:caps": 2, "buy": 1}
    assert blocked_gates(reasons) == (("mode", 7), ("caps", 2), ("cash", 2))

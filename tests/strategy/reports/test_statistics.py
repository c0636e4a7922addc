"""Statistics against a slow and simple reading of the same fills."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from strategy.model import Origin, Side, StatisticsView, Trade
from strategy.reports.statistics import average_hold_hours, largest_drawdown, statistics
from tests.support.trades import BEGIN, histories, trade


def figures(trades: list[Trade]) -> StatisticsView:
    return statistics(trades, orders=0, by_reason={})


def test_nothing_traded_gives_nothing_to_show() -> None:
    view = figures([])
    assert (view.since, view.fills, view.wins, view.losses, view.stops) == (None, 0, 0, 0, 0)
    nothing = (view.win_rate, view.average_win, view.average_loss, view.profit_factor, view.best, view.worst)
    assert set(nothing) == {None}
    assert (view.longest_losing_run, view.largest_drawdown, view.average_hold_hours) == (0, None, None)


def round_trips_of(results: Sequence[str]) -> list[Trade]:
    """Return positions of one share, bought and sold again; `results` are dollars after all fees."""
    trades: list[Trade] = []
    for n, result in enumerate(results, start=1):
        at = BEGIN + timedelta(hours=n)
        trades.append(trade(2 * n, Side.BUY, at=at))
        trades.append(trade(2 * n + 1, Side.SELL, realized=result, at=at + timedelta(minutes=1)))
    return trades


def test_wins_losses_runs_and_drawdown() -> None:
    view = figures(round_trips_of(["10", "-4", "-3", "0", "-5", "20"]))
    assert (view.wins, view.losses, view.win_rate) == (2, 3, Decimal(40))
    assert (view.average_win, view.average_loss) == (Decimal(15), Decimal(-4))
    assert view.profit_factor == Decimal("2.5")
    assert view.longest_losing_run == 2  # the position that came out even ends the run
    assert view.largest_drawdown == Decimal(12)  # from 10 down to -2
    assert view.best is not None
    assert view.best.result == 20
    assert view.worst is not None
    assert view.worst.result == -5


def test_eleven_sales_of_one_position_are_one_win() -> None:
    sales = [
        trade(n, Side.SELL, 10, realized="3", at=BEGIN + timedelta(minutes=n), held=110 - 10 * (n - 1))
        for n in range(2, 13)
    ]
    view = figures([trade(1, Side.BUY, 110, held=110), *sales])
    assert (view.wins, view.losses) == (1, 0)
    assert view.best is not None
    assert (view.best.result, view.best.sold) == (Decimal(33), 110)


def test_a_position_that_only_the_fees_of_its_buy_turn_into_a_loss_is_lost() -> None:
    trades = [trade(1, Side.BUY), trade(2, Side.SELL, realized="0.20", buy_fees="0.25", at=BEGIN + timedelta(hours=1))]
    view = figures(trades)
    assert (view.wins, view.losses) == (0, 1)
    assert view.worst is not None
    assert (view.worst.result, view.worst.realized) == (Decimal("-0.05"), Decimal("0.20"))


def test_what_is_not_sold_out_yet_is_neither_won_nor_lost() -> None:
    half = [trade(1, Side.BUY, 10), trade(2, Side.SELL, 5, realized="9", at=BEGIN + timedelta(hours=1))]
    assert (figures(half).wins, figures(half).losses) == (0, 0)
    rest = trade(3, Side.SELL, 5, realized="-20", at=BEGIN + timedelta(hours=2))
    assert (figures([*half, rest]).wins, figures([*half, rest]).losses) == (0, 1)


def test_shares_taken_away_by_hand_end_their_position() -> None:
    trades = [
        trade(1, Side.BUY, 10, held=10),
        trade(2, Side.SELL, 4, realized="8", held=6, at=BEGIN + timedelta(hours=1)),
        trade(3, Side.BUY, 5, held=5, at=BEGIN + timedelta(hours=2)),  # the six were moved to another account
        trade(4, Side.SELL, 5, realized="-1", held=0, at=BEGIN + timedelta(hours=3)),
    ]
    assert (figures(trades).wins, figures(trades).losses) == (1, 1)


def test_a_profit_factor_needs_a_loss() -> None:
    assert figures(round_trips_of(["1"])).profit_factor is None


def test_stops_are_counted_by_order() -> None:
    trades = [
        trade(1, Side.SELL, origin=Origin.STOP_LOSS, part=0),
        trade(1, Side.SELL, origin=Origin.STOP_LOSS, part=1),
        trade(2, Side.SELL, origin=Origin.TRAILING_STOP),
        trade(3, Side.SELL, origin=Origin.MANUAL),
    ]
    assert figures(trades).stops == 2


def test_holding_time_is_first_in_first_out() -> None:
    trades = [
        trade(1, Side.BUY, 10, at=BEGIN),
        trade(2, Side.BUY, 10, at=BEGIN + timedelta(hours=10)),
        trade(3, Side.SELL, 15, at=BEGIN + timedelta(hours=20)),
    ]
    assert average_hold_hours(trades) == Decimal(10 * 20 + 5 * 10) / 15


def test_shares_held_before_have_no_known_beginning() -> None:
    assert average_hold_hours([trade(1, Side.SELL, 5)]) is None
    sold_more = [trade(1, Side.BUY, 1), trade(2, Side.SELL, 9, at=BEGIN + timedelta(hours=2))]
    assert average_hold_hours(sold_more) == 2


_results = st.lists(st.integers(-500, 500).map(str), max_size=12)


@given(_results, st.randoms())
def test_statistics_equal_a_naive_reference(told: list[str], random: Random) -> None:
    trades = round_trips_of(told)
    random.shuffle(trades)
    view = figures(trades)
    results = [Decimal(each) for each in told]
    wins, losses = [r for r in results if r > 0], [r for r in results if r < 0]
    assert (view.wins, view.losses) == (len(wins), len(losses))
    assert view.average_win == (sum(wins) / len(wins) if wins else None)
    assert view.average_loss == (sum(losses) / len(losses) if losses else None)
    assert (view.best.result if view.best else None) == max(results, default=None)
    assert (view.worst.result if view.worst else None) == min(results, default=None)
    assert view.total.result == sum(results)
    if wins and losses:
        assert view.profit_factor == sum(wins) / -sum(losses)


@given(histories())
def test_drawdown_equals_the_worst_fall_between_any_two_moments(trades: list[Trade]) -> None:
    ordered = sorted(trades, key=lambda each: (each.fill.filled_at, each.fill.order_no))
    path = [Decimal(0)]
    for each in ordered:
        path.append(path[-1] + (each.fill.result or 0))
    falls = [high - low for n, high in enumerate(path) for low in path[n:]]
    known = any(each.fill.result is not None for each in trades)
    assert largest_drawdown(trades) == (max(falls) if known else None)


@given(_results)
def test_a_losing_run_is_found_by_looking_at_every_stretch(told: list[str]) -> None:
    results = [Decimal(each) for each in told]
    stretches = [
        end - start
        for start in range(len(results))
        for end in range(start + 1, len(results) + 1)
        if all(result < 0 for result in results[start:end])
    ]
    assert figures(round_trips_of(told)).longest_losing_run == max(stretches, default=0)


@given(histories())
def test_holding_hours_equal_a_share_by_share_reference(trades: list[Trade]) -> None:
    single: dict[object, list[object]] = {}
    hours: list[Decimal] = []
    for each in sorted(trades, key=lambda one: (one.fill.filled_at, one.fill.order_no)):
        shares = single.setdefault(each.fill.symbol, [])
        for _ in range(each.fill.qty):
            if each.fill.side is Side.BUY:
                shares.append(each.fill.filled_at)
            elif shares:
                held = each.fill.filled_at - shares.pop(0)  # type: ignore[operator]
                hours.append(Decimal(held // timedelta(microseconds=1)) / 3_600_000_000)
    got = average_hold_hours(trades)
    if not hours:
        assert got is None
    else:
        assert got is not None
        assert abs(got - sum(hours, Decimal(0)) / len(hours)) < Decimal("1e-15")

"""The bar store: merging, building from ticks, rolling, gaps, splits, and what an indicator may see.

Rows S40, S78, S83.
"""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.market import session_on, sessions
from strategy.market.bars import BarStore, aggregate, bucket, last_boundary
from strategy.model import Bar, Interval, Market, Symbol, Tick

D = Decimal
TQQQ = Symbol(Market.NASDAQ, "TQQQ")
OPEN = datetime(2026, 3, 10, 13, 30, tzinfo=UTC)
CLOSE = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
EVENING = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)  # the close before


def at(minutes: float) -> datetime:
    return OPEN + timedelta(minutes=minutes)


def bar(minute: float, close: str = "10", *, closed: bool = True, length: float = 1, **changes: Any) -> Bar:
    values: dict[str, Any] = {
        "start": at(minute),
        "end": at(minute + length),
        "open": D(close),
        "high": D(close),
        "low": D(close),
        "close": D(close),
        "volume": 5,
        "closed": closed,
    }
    return Bar(**{**values, **changes})


def tick(minute: float, price: str, size: int = 1, late_s: float = 0.2) -> Tick:
    return Tick(
        symbol=TQQQ,
        last=D(price),
        bid=None,
        ask=None,
        size=size,
        traded_at=at(minute),
        received_at=at(minute) + timedelta(seconds=late_s),
    )


def store(interval: Interval = Interval.M1, *bars: Bar, as_of: datetime | None = None) -> BarStore:
    made = BarStore(TQQQ, interval)
    if bars:
        made.merge(bars, as_of or bars[-1].end)
    return made


def _seen(of: BarStore) -> list[tuple[float, str, bool]]:
    return [((b.start - OPEN).total_seconds() / 60, str(b.close), b.closed) for b in of.bars]


@pytest.mark.parametrize(
    ("interval", "minute", "span"),
    [
        (Interval.M1, 0, (0, 1)),
        (Interval.M1, 0.99, (0, 1)),
        (Interval.M5, 7, (5, 10)),
        (Interval.M15, 29, (15, 30)),
        (Interval.M30, 30, (30, 60)),
        (Interval.M60, 389, (360, 390)),  # the last hour of a session is half an hour
        (Interval.M1, 390, (389, 390)),  # the closing print
        (Interval.DAY, 5, (0, 390)),
    ],
)
def test_bars_are_aligned_to_the_session_s78(interval: Interval, minute: float, span: tuple[float, float]) -> None:
    assert bucket(interval, at(minute)) == (at(span[0]), at(span[1]))


@pytest.mark.parametrize("instant", [at(-1), at(391), OPEN - timedelta(days=2)])
def test_outside_sessions_there_is_no_bar(instant: datetime) -> None:
    assert bucket(Interval.M5, instant) is None


def test_a_half_day_has_shorter_last_bars() -> None:
    half = session_on(date(2026, 11, 27))
    assert half is not None
    assert bucket(Interval.M60, half.closes_at) == (half.opens_at + timedelta(hours=3), half.closes_at)


@pytest.mark.parametrize(
    ("interval", "now", "boundary"),
    [
        (Interval.M1, at(0), EVENING),
        (Interval.M1, at(0.5), EVENING),
        (Interval.M1, at(1), at(1)),
        (Interval.M5, at(14.9), at(10)),
        (Interval.DAY, at(100), EVENING),
        (Interval.DAY, CLOSE, CLOSE),
        (Interval.M60, CLOSE + timedelta(hours=5), CLOSE),
        (Interval.M1, at(-30), EVENING),
    ],
)
def test_the_newest_bar_that_must_be_closed(interval: Interval, now: datetime, boundary: datetime) -> None:
    assert last_boundary(interval, now) == boundary


def test_fetched_bars_become_ascending_and_unique_s78() -> None:
    made = store(Interval.M1, bar(2), bar(0, "9"), bar(1), bar(0, "8"), as_of=at(3))
    made.merge([bar(3, "11", closed=False), bar(1, "10.5")], at(3.5))
    assert _seen(made) == [(0, "8", True), (1, "10.5", True), (2, "10", True), (3, "11", False)]
    assert len(made) == 3
    assert made.newest == bar(3, "11", closed=False)


def test_a_bar_that_is_not_the_newest_is_closed_whatever_it_says() -> None:
    made = store(Interval.M1, bar(0, closed=False), bar(1), as_of=at(2))
    assert [b.closed for b in made.bars] == [True, True]


def test_only_the_newest_bars_are_kept() -> None:
    made = BarStore(TQQQ, Interval.M1, keep=3)
    made.merge([bar(n) for n in range(10)], at(10))
    assert [b.start for b in made.bars] == [at(7), at(8), at(9)]


def test_ticks_build_the_forming_bar() -> None:
    made = store(Interval.M1, bar(0, "10"))
    for each in (tick(1.0, "10.5", 3), tick(1.2, "11"), tick(1.5, "9.5", 2), tick(1.9, "10")):
        made.add_tick(each)
    assert made.newest == bar(1, "10", closed=False, open=D("10.5"), high=D(11), low=D("9.5"), volume=7)
    made.roll(at(1.99))
    assert len(made) == 1
    made.roll(at(2))
    assert len(made) == 2
    assert made.bars[-1].closed


def test_a_tick_of_the_next_minute_closes_the_bar() -> None:
    made = store(Interval.M1, bar(0))
    made.add_tick(tick(1.5, "11"))
    made.add_tick(tick(4.0, "12"))  # two minutes without a trade have no bar
    assert _seen(made) == [(0, "10", True), (1, "11", True), (4, "12", False)]


def test_late_ticks_and_those_outside_the_session_change_nothing() -> None:
    made = store(Interval.M1, bar(0), bar(1))
    before = made.bars
    for minute in (0.5, 1.5, -5, 400):
        made.add_tick(tick(minute, "99"))
    assert made.bars == before


def test_the_closing_print_belongs_to_the_last_bar() -> None:
    made = BarStore(TQQQ, Interval.M1)
    made.add_tick(tick(389.5, "10"))
    made.add_tick(tick(390, "11", 100))
    made.roll(CLOSE)
    assert made.bars[-1] == bar(389, "11", open=D(10), low=D(10), volume=101)


def test_a_fetched_bar_replaces_one_built_from_ticks() -> None:
    made = BarStore(TQQQ, Interval.M1)
    made.add_tick(tick(0.5, "10"))
    made.add_tick(tick(1.5, "10"))
    made.merge([bar(0, "10.2", volume=900)], at(1.6))
    assert made.bars[0] == bar(0, "10.2", volume=900)
    assert _seen(made)[1] == (1, "10", False)


def test_a_fetch_loses_no_tick_that_came_after_it_was_asked_for() -> None:
    made = BarStore(TQQQ, Interval.M1)
    made.add_tick(tick(0.9, "12"))
    made.merge([bar(0, "10", closed=False, open=D(9), low=D("8.5"), volume=40)], at(0.5))
    assert made.newest == bar(0, "12", closed=False, open=D(9), low=D("8.5"), high=D(12), volume=40)
    made.merge([bar(0, "11", closed=False, volume=50)], at(0.95))
    assert made.newest == bar(0, "11", closed=False, volume=50)


def test_a_bar_closed_while_a_fetch_was_under_way_keeps_its_close() -> None:
    made = BarStore(TQQQ, Interval.M1)
    made.add_tick(tick(0.9, "12"))
    made.add_tick(tick(1.1, "13"))  # the answer below was asked for at 0.5 and comes now
    made.merge([bar(0, "10", closed=False, low=D(8), volume=40)], at(0.5))
    assert made.bars[0] == bar(0, "12", open=D(10), low=D(8), high=D(12), volume=40)
    assert _seen(made)[1] == (1, "13", False)


def test_a_bar_closed_by_the_clock_alone_is_corrected_by_a_later_fetch() -> None:
    made = store(Interval.M1, bar(0, "10", closed=False), as_of=at(0.5))
    made.roll(at(1.1))
    made.merge([bar(0, "11", closed=False)], at(1.2))
    assert _seen(made) == [(0, "11", True)]


def test_a_forming_bar_whose_time_is_over_is_closed_by_the_merge() -> None:
    made = store(Interval.M1, bar(0, closed=False), as_of=at(1))
    assert made.bars[0].closed


def test_an_older_fetched_bar_never_unseats_the_forming_one() -> None:
    made = BarStore(TQQQ, Interval.M1)
    made.add_tick(tick(3.5, "12"))
    made.merge([bar(2, "10", closed=False)], at(3))
    assert _seen(made) == [(2, "10", True), (3, "12", False)]


def test_a_store_is_complete_once_everything_has_been_seen() -> None:
    made = store(Interval.M1, bar(0), as_of=at(1))
    assert made.complete(at(1.5))
    assert not made.complete(at(2))  # nobody has looked since
    made.stream_alive(at(2.1))
    assert made.complete(at(2.5))  # a quiet ticker has no bar for that minute, and that is all right
    assert not BarStore(TQQQ, Interval.M1).complete(at(1))
    assert BarStore(TQQQ, Interval.M1).newest is None


def test_a_day_that_is_over_must_be_fetched_though_ticks_were_seen() -> None:
    days = _days()
    days.add_tick(tick(300, "12"))
    assert days.complete(at(301))
    days.stream_alive(CLOSE)
    days.roll(CLOSE)
    assert not days.complete(CLOSE)
    days.merge([bar(0, "12.3", start=OPEN, end=CLOSE)], CLOSE + timedelta(minutes=5))
    assert days.complete(CLOSE + timedelta(hours=12))
    assert days.closes("auto", CLOSE).values == (10.0, 11.0, 12.3)


def test_after_a_gap_only_a_fetch_that_covers_it_makes_it_complete() -> None:
    made = store(Interval.M1, bar(0), as_of=at(1))
    made.mark_gap(at(1.2))  # disconnected
    made.mark_gap(at(3))  # connected again
    made.add_tick(tick(3.5, "11"))
    assert not made.complete(at(3.6))
    made.merge([bar(1)], at(2.9))
    assert not made.complete(at(3.6))
    made.merge([bar(1), bar(2)], at(3.1))
    assert made.complete(at(3.6))


@pytest.mark.parametrize(
    ("seen", "back", "kept"),
    [
        (10, 10.5, True),  # within one bar
        (10, 14, True),  # four bars
        (10, 16, False),  # six bars: too many to call it a series
        (391, 391 + 60 * 12, True),  # the night has no bars
    ],
)
def test_a_gap_nobody_can_fill_keeps_the_bars_when_few_were_missed_d9(seen: float, back: float, kept: bool) -> None:
    made = store()
    made.add_tick(tick(1, "10"))
    made.add_tick(tick(9, "11"))
    made.roll(at(10))
    made.stream_alive(at(seen))
    made.mark_gap(at(seen + 0.1))
    made.mark_gap(at(back))
    made.resume(5)
    assert (len(made) > 0) is kept
    made.add_tick(tick(17, "12"))
    made.roll(at(18) if back < 100 else at(back))
    made.stream_alive(at(18) if back < 100 else at(back))
    assert made.complete(at(18) if back < 100 else at(back))


def test_minutes_show_closed_bars_and_days_the_forming_one_too_d2() -> None:
    minutes = store(Interval.M1, bar(0), bar(1, "11"), bar(2, "12", closed=False), as_of=at(2.5))
    seen = minutes.closes("auto", at(2.6), D("12.5"))
    assert (seen.values, seen.bars_used, seen.newest_at) == ((10.0, 11.0), "closed", at(1))
    live = minutes.closes("live", at(2.6), D("12.5"))
    assert (live.values, live.bars_used, live.newest_at) == ((10.0, 11.0, 12.5), "live", at(2))
    assert minutes.closes("live", at(2.6)).values == (10.0, 11.0, 12.0)

    days = _days()
    assert days.closes("auto", at(5), D(13)).values == (10.0, 11.0, 13.0)
    assert days.closes("auto", at(5), D(13)).bars_used == "live"
    assert days.closes("closed", at(5), D(13)).values == (10.0, 11.0)


def _days() -> BarStore:
    made = BarStore(TQQQ, Interval.DAY)
    past = sessions(date(2026, 3, 6), date(2026, 3, 9))
    made.merge(
        [bar(0, price, start=s.opens_at, end=s.closes_at) for s, price in zip(past, ("10", "11"), strict=True)], EVENING
    )
    return made


def test_outside_a_session_nothing_is_live_d2() -> None:
    days = _days()
    assert days.closes("live", at(-5), D(13)).bars_used == "closed"
    assert days.closes("live", at(5)).bars_used == "closed"  # no price is known yet
    today = bar(0, "12", start=OPEN, end=CLOSE)
    days.merge([today], CLOSE)
    evening = days.closes("auto", CLOSE, D(99))
    assert (evening.values, evening.newest_at) == ((10.0, 11.0, 12.0), OPEN)


def test_closes_roll_by_the_clock() -> None:
    made = store(Interval.M1, bar(0), bar(1, "11", closed=False), as_of=at(1.5))
    assert made.closes("auto", at(1.9)).values == (10.0,)
    assert made.closes("auto", at(2)).values == (10.0, 11.0)


def test_unchanged_closes_are_the_same_object() -> None:
    made = store(Interval.M1, bar(0), bar(1))
    made.add_tick(tick(2.5, "12"))
    assert made.closes("auto", at(2.6)).values is made.closes("auto", at(2.7)).values


@pytest.mark.parametrize("interval", [Interval.M3, Interval.M5, Interval.M15, Interval.M30, Interval.M60, Interval.DAY])
def test_minutes_join_to_every_interval_s40(interval: Interval) -> None:
    minutes = [bar(n, str(10 + n % 7)) for n in range(390)]
    joined = aggregate(minutes, interval)
    length = interval.minutes or 390
    assert len(joined) == -(-390 // length)
    assert all(b.closed for b in joined)
    assert sum(b.volume for b in joined) == 390 * 5
    first = minutes[:length]
    assert joined[0] == Bar(
        start=OPEN,
        end=at(length),
        open=first[0].open,
        high=max(b.high for b in first),
        low=min(b.low for b in first),
        close=first[-1].close,
        volume=5 * length,
        closed=True,
    )


def test_an_unfinished_joined_bar_is_forming() -> None:
    assert [b.closed for b in aggregate([bar(n) for n in range(8)], Interval.M5)] == [True, False]
    assert aggregate([bar(0), bar(7)], Interval.M5)[0].closed  # minutes 1 to 4 had no trade
    assert aggregate([], Interval.M5) == ()
    assert aggregate([bar(-10)], Interval.M5) == ()


PRICES = st.decimals(1, 100, places=2)
TICKS = st.lists(st.tuples(st.integers(0, 389 * 60), PRICES, st.integers(1, 100)), max_size=60)


@given(TICKS)
def test_ticks_in_order_make_the_bars_their_trades_make(trades: list[tuple[int, Decimal, int]]) -> None:
    trades.sort(key=lambda trade: trade[0])
    made = BarStore(TQQQ, Interval.M5)
    for second, price, size in trades:
        made.add_tick(tick(second / 60, str(price), size))
    made.roll(CLOSE)
    expected: dict[int, list[tuple[Decimal, int]]] = {}
    for second, price, size in trades:
        expected.setdefault(second // 300, []).append((price, size))
    assert [(b.start, b.open, b.high, b.low, b.close, b.volume) for b in made.bars] == [
        (
            at(5 * five),
            group[0][0],
            max(p for p, _ in group),
            min(p for p, _ in group),
            group[-1][0],
            sum(s for _, s in group),
        )
        for five, group in expected.items()
    ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(0, 20), PRICES),
        st.tuples(st.just("fetch"), st.integers(0, 20), PRICES),
        st.tuples(st.just("roll"), st.integers(0, 20), PRICES),
        st.tuples(st.just("adjust"), st.integers(0, 20), PRICES),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_comes_bars_ascend_once_each_and_only_the_newest_forms(steps: list[tuple[str, int, Decimal]]) -> None:
    made = BarStore(TQQQ, Interval.M1)
    for what, minute, price in steps:
        if what == "tick":
            made.add_tick(tick(minute + 0.3, str(price)))
        elif what == "fetch":
            made.merge([bar(max(0, minute - 1), str(price)), bar(minute, str(price), closed=False)], at(minute + 0.5))
        else:
            made.roll(at(minute))
        bars = made.bars
        assert all(before.end <= after.start for before, after in itertools.pairwise(bars))
        assert all(b.closed for b in bars[:-1])
        assert all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in bars)
        assert made.closes("closed", at(0)).values == tuple(float(b.close) for b in bars if b.closed)

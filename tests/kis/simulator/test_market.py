"""Prices: replay, model, splits, determinism, matching."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.simulator.books.accounts import Ledger, Lot
from kis.simulator.books.broker import BookNotice
from kis.simulator.books.desk import carry_out_cancel, enter, place
from kis.simulator.books.rules import OrderWish
from kis.simulator.clock import SimClock, to_ms
from kis.simulator.market.bars import BadMarketFile, DayBar, TapeBar, merge, read_csv, regular_day
from kis.simulator.market.calendar import MINUTE_MS, session_of, sessions_between
from kis.simulator.market.market import SimMarket
from kis.simulator.market.replay import read_replay
from kis.simulator.market.shape import minutes_of_day, prints_of
from kis.simulator.market.splits import Splits, divide
from kis.simulator.market.tape import Tape, TapePrint
from kis.simulator.options import Holding, Served, SimulatorOptions
from kis.simulator.rest.refusals import CallRefused
from kis.simulator.world import SimWorld

RECORDED = Path(__file__).parents[3].parent / "shared" / "market-data"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded market data beside the repository")
NOON = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)
DAY = date(2026, 9, 15)


def live(market: SimMarket, symbol: str, until: datetime) -> list[TapePrint]:
    """Return what a ticker trades up to an instant."""
    heard: list[TapePrint] = []

    def hear(_: Tape, trade: TapePrint) -> None:
        heard.append(trade)

    market.watch(symbol)
    end = to_ms(until)
    while (due := market.next_ms()) is not None and due <= end:
        market.step(hear)
    return heard


# -- inside bars -----------------------------------------------------------------------------------------------------


@st.composite
def bars(draw: st.DrawFn, *, width: int = MINUTE_MS) -> TapeBar:
    low = draw(st.integers(100, 5_000_000)) // 100 * 100 + 100
    span = draw(st.integers(0, 500))
    opened, close, high = (low + 100 * draw(st.integers(0, span)) for _ in range(3))
    high = max(opened, close, high)
    start = session_of(DAY).open_ms
    return TapeBar(start, width, opened, high, low, close, draw(st.integers(1, 1_000_000)))


@settings(max_examples=60, deadline=None)
@given(bar=bars(), count=st.integers(1, 60), key=st.integers(0, 2**63))
def test_prints_give_their_bar_again(bar: TapeBar, count: int, key: int) -> None:
    prints = prints_of(bar, count, key)
    prices = [price for _, price, _ in prints]
    assert (prices[0], max(prices), min(prices), prices[-1]) == (bar.open, bar.high, bar.low, bar.close)
    times = [at for at, _, _ in prints]
    assert times == sorted(times)
    assert times[0] == bar.start_ms
    assert times[-1] < bar.start_ms + bar.width_ms
    if bar.volume >= 4 * len(prints):
        assert sum(size for *_, size in prints) >= bar.volume
    assert prints == prints_of(bar, count, key)


@settings(max_examples=20, deadline=None)
@given(bar=bars(), before=st.integers(10_000, 5_000_000))
def test_the_minutes_of_a_day_have_exactly_the_days_prices(bar: TapeBar, before: int) -> None:
    session = session_of(DAY)
    day = DayBar(DAY, bar.open, bar.high, bar.low, bar.close, max(bar.volume, 1000))
    made = minutes_of_day(day, before, session, "key", busy=True)
    again = regular_day(made, session)
    assert again is not None
    assert (again.open, again.close) == (day.open, day.close)
    assert again.high <= day.high
    assert again.low >= day.low
    if day.high > max(day.open, day.close):
        assert again.high == day.high
    starts = [minute.start_ms for minute in made]
    assert starts == sorted(set(starts))


def test_buckets_are_counted_from_the_open_and_again_from_the_close() -> None:
    session = session_of(DAY)
    flat = [TapeBar(session.open_ms + n * MINUTE_MS, MINUTE_MS, 100, 100, 100, 100, 1) for n in range(-30, 420)]
    hours = merge(flat, session, 60 * MINUTE_MS)
    assert [(bar.start_ms - session.open_ms) // MINUTE_MS for bar in hours] == [
        -60,
        0,
        60,
        120,
        180,
        240,
        300,
        360,
        390,
    ]
    assert [bar.volume for bar in hours] == [30, 60, 60, 60, 60, 60, 60, 30, 30]


# -- the model -------------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_market_and_another_seed_another() -> None:
    until = NOON + timedelta(minutes=30)
    first, again, other = (live(SimMarket(NOON, seed=seed), "TQQQ", until) for seed in (1, 1, 2))
    assert first == again
    assert [trade.price for trade in first] != [trade.price for trade in other]


def test_watching_or_not_watching_a_ticker_makes_no_difference() -> None:
    watched, unwatched = SimMarket(NOON), SimMarket(NOON)
    live(watched, "TQQQ", NOON + timedelta(hours=1))
    unwatched.settle(to_ms(NOON + timedelta(hours=1)))
    one, two = watched.tape("TQQQ"), unwatched.tape("TQQQ")
    assert one is not None
    assert two is not None
    assert (one.last, one.today.volume, one.bid_size) == (two.last, two.today.volume, two.bid_size)


def test_history_is_there_before_the_start_for_every_known_ticker() -> None:
    market = SimMarket(NOON)
    assert len(list(market.listings)) > 40
    for symbol in ("TQQQ", "O", "XLF", "BRK/B", "NIO"):
        tape = market.tape(symbol)
        assert tape is not None
        days = [tape.daily(day, corrected=True) for day in sessions_between(date(2025, 8, 1), date(2026, 9, 14))]
        assert all(bar is not None and bar.low > 0 for bar in days)
        assert len(days) > 250
        assert tape.today.base == days[-1].close if days[-1] is not None else False


def test_the_model_has_gaps_and_busier_opens() -> None:
    market = SimMarket(NOON)
    tape = market.tape("TQQQ")
    assert tape is not None
    days = [tape.daily(day, corrected=True) for day in sessions_between(date(2026, 1, 2), date(2026, 9, 14))]
    gaps = [a.close != b.open for a, b in pairwise(days) if a is not None and b is not None]
    assert sum(gaps) > len(days) * 0.9
    session = session_of(date(2026, 9, 14))
    minutes = {bar.start_ms: bar.volume for bar in tape.minute_bars(session.day)}
    opening = sum(minutes.get(session.open_ms + n * MINUTE_MS, 0) for n in range(30))
    midday = sum(minutes.get(session.open_ms + n * MINUTE_MS, 0) for n in range(180, 210))
    assert opening > 1.5 * midday


def test_a_print_by_hand_moves_the_market_along_or_not_at_all() -> None:
    for shift in (True, False):
        market = SimMarket(NOON)
        tape = market.watch("TQQQ")
        assert tape is not None
        before = tape.last
        tape.print_by_hand(to_ms(NOON), before // 2 // 100 * 100, 100, shift=shift)
        after = live(market, "TQQQ", NOON + timedelta(minutes=5))
        assert (after[-1].price < before * 0.7) is shift


# -- replay ----------------------------------------------------------------------------------------------------------


def write_minutes(path: Path, prices: list[str], day: str = "2026-09-15") -> Path:
    rows = ["time,open,high,low,close,volume"]
    for n, price in enumerate(prices):
        rows.append(f"{day}T{9 + (30 + n) // 60:02d}:{(30 + n) % 60:02d}:00-04:00,{price},{price},{price},{price},1000")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path


def test_replayed_minutes_print_what_was_recorded(tmp_path: Path) -> None:
    path = write_minutes(tmp_path / "TQQQ.csv", ["60.00", "60.10", "59.90"])
    replay = read_replay(path)
    assert replay.start() == datetime(2026, 9, 15, 13, 29, 40, tzinfo=UTC)
    market = SimMarket(replay.start(), replay=replay)
    trades = live(market, "TQQQ", datetime(2026, 9, 15, 13, 33, tzinfo=UTC))
    assert sorted({trade.price for trade in trades}) == [599_000, 600_000, 601_000]
    assert sum(trade.size for trade in trades) == 3000
    tape = market.tape("TQQQ")
    assert tape is not None
    assert [bar.close for bar in tape.minute_bars(DAY)] == [600_000, 601_000, 599_000]
    assert tape.today.base == 600_000  # the invented history ends at the first recorded price
    warm = [tape.daily(day, corrected=True) for day in sessions_between(date(2025, 9, 1), date(2026, 9, 14))]
    assert None not in warm


def test_after_the_recording_the_model_goes_on_or_nothing_does(tmp_path: Path) -> None:
    path = write_minutes(tmp_path / "TQQQ.csv", ["60.00", "60.10", "59.90"])
    next_day = datetime(2026, 9, 16, 15, 0, tzinfo=UTC)
    for goes_on in (True, False):
        replay = read_replay(path)
        market = SimMarket(replay.start(), replay=replay, model_after_replay=goes_on)
        trades = live(market, "TQQQ", next_day)
        assert any(trade.day == date(2026, 9, 16) for trade in trades) is goes_on


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "date,open,high,low,close\n2026-09-15,1,1,x,1\n", "date,open,high,low,close\nsoon,1,1,1,1\n",
     "date,open,high,low,close\n2026-09-15,1,1,0,1\n"],
)  # fmt: skip
def test_files_that_are_no_bars_are_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "X.csv"
    path.write_text(text)
    with pytest.raises(BadMarketFile, match=r"X\.csv|no bars"):
        read_csv(path) if text else read_replay(tmp_path)


def test_splits_beside_the_data_are_read(tmp_path: Path) -> None:
    write_minutes(tmp_path / "minute" / "TQQQ.csv", ["60.00"], day="2026-09-14")
    write_minutes(tmp_path / "minute2" / "TQQQ.csv.tmp", ["30.00"])
    (tmp_path / "splits.csv").write_text("symbol,date,ratio\nTQQQ,2026-09-15,2\n")
    market = SimMarket(read_replay(tmp_path).start(), replay=tmp_path)
    live(market, "TQQQ", datetime(2026, 9, 15, 9, 0, tzinfo=UTC))
    tape = market.tape("TQQQ")
    assert tape is not None
    assert tape.today.base == 300_000


@given(price=st.integers(1, 10**8), over=st.integers(1, 20), under=st.integers(1, 20))
def test_splitting_and_back_keeps_a_price(price: int, over: int, under: int) -> None:
    ratio = Fraction(over, under)
    assert abs(divide(divide(price, ratio), 1 / ratio) - price) <= float(ratio) + 1


def test_a_split_keeps_the_cost_of_a_position() -> None:
    ledger = Ledger(Decimal(0), {"AAPL": Lot("AAPL", 10, Decimal("6450.00"))})
    ledger.split("AAPL", Fraction(7))
    position = ledger.position("AAPL")
    assert (position.qty, position.cost) == (70, Decimal("6450.00"))


@needs_recordings
def test_apples_seven_for_one_split_adjusts_history_quote_and_position() -> None:
    start = datetime(2014, 6, 6, 17, 0, tzinfo=UTC)
    options = SimulatorOptions(holdings=(Holding(symbol="AAPL", qty=10, average=Decimal("640.00")),))
    market = SimMarket(start, replay=RECORDED)
    world = SimWorld(options, market, SimClock(start), 1)
    world.live(to_ms(datetime(2014, 6, 9, 14, 0, tzinfo=UTC)))
    tape = market.tape("AAPL")
    assert tape is not None
    assert 91 < tape.last / 10_000 < 94
    assert tape.today.base == 922_243  # 645.57 / 7
    position = world.broker.main.ledger.position("AAPL")
    assert (position.qty, round(position.average, 4)) == (70, Decimal("91.4286"))
    before = tape.daily(date(2014, 6, 6), corrected=True)
    assert before is not None
    assert before.close == 6_455_700
    assert market.splits.adjusted("AAPL", before, date(2014, 6, 9)).close == 922_243


@needs_recordings
def test_recorded_days_and_minutes_are_found_in_their_folders() -> None:
    replay = read_replay(RECORDED)
    assert set(replay.recordings) == {"AAPL", "AIG", "BAC", "SPY", "GOOG"}
    market = SimMarket(datetime(2013, 10, 7, 14, 0, tzinfo=UTC), replay=replay)
    tape = market.tape("SPY")
    assert tape is not None
    assert tape.listing.exchange.order == "AMEX"
    opening = session_of(date(2013, 10, 4)).open_ms
    (bar,) = [bar for bar in tape.minute_bars(date(2013, 10, 4)) if bar.start_ms == opening]
    assert (bar.open, bar.high, bar.low, bar.close) == (1_677_400, 1_678_200, 1_676_700, 1_677_700)


@needs_recordings
def test_second_bars_can_be_replayed() -> None:
    start = datetime(2013, 10, 7, 13, 30, tzinfo=UTC)
    market = SimMarket(start, replay=RECORDED / "second" / "BAC.csv.gz")
    trades = live(market, "BAC", start + timedelta(seconds=30))
    assert len(trades) > 30


# -- matching --------------------------------------------------------------------------------------------------------


def world_with(told: list[BookNotice] | None = None) -> Iterator[SimWorld]:
    options = SimulatorOptions(
        environment=Served.REAL,
        live=False,
        ccnl_lag_s=(0.0, 0.0),
        balance_lag_s=(0.0, 0.0),
        cash=Decimal(1_000_000),
        holdings=(Holding(symbol="TQQQ", qty=1_000, average=Decimal("50.00")),),
    )
    world = SimWorld(options, SimMarket(NOON, live=False), SimClock(NOON), 1)
    yield world


actions = st.one_of(
    st.tuples(st.just("tick"), st.integers(5_900, 6_100), st.integers(1, 500)),
    st.tuples(st.sampled_from(["buy", "sell"]), st.integers(5_900, 6_100), st.integers(1, 400)),
    st.tuples(st.just("cancel"), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 5), st.just(0)),
)


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(actions, max_size=40))
def test_books_balance_after_any_sequence(steps: list[tuple[str, int, int]]) -> None:
    (world,) = world_with()
    broker, account = world.broker, world.broker.main
    world.print_by_hand("TQQQ", 600_000, 100, bid=None, ask=None, shift=True)
    for kind, number, size in steps:
        try:
            if kind == "tick":
                world.print_by_hand("TQQQ", number * 100, size, bid=None, ask=None, shift=True)
            elif kind == "wait":
                world.live(world.now_ms + number * 1000)
            elif kind == "cancel":
                working = list(broker.working())
                if working:
                    order = working[number % len(working)]
                    carry_out_cancel(world, order, broker.instruct_cancel(order, 0))
            else:
                enter(world, place(world, account, OrderWish("NASD", "TQQQ", kind, size, number * 100, "00")))
        except CallRefused:
            continue
    bought = sum(fill.qty for fill in account.fills if fill.side == "buy")
    sold = sum(fill.qty for fill in account.fills if fill.side == "sell")
    cash = Decimal(1_000_000)
    for fill in account.fills:
        cash += (-fill.amount if fill.side == "buy" else fill.amount) - fill.fee
    assert account.ledger.qty("TQQQ") == 1_000 + bought - sold >= 0
    assert account.ledger.cash == cash >= 0
    assert broker.sellable(account, "TQQQ") >= 0
    for order in broker.orders:
        if order.change == "00":
            assert order.filled == sum(fill.qty for fill in order.fills)
            assert order.filled + order.open_qty <= order.qty
            for fill in order.fills:
                within = fill.price <= order.price if order.buying else fill.price >= order.price
                assert within


def test_a_large_order_walks_the_book_and_rests_with_its_remainder() -> None:
    (world,) = world_with()
    world.print_by_hand("TQQQ", 600_000, 100, bid=599_900, ask=600_100, shift=True)
    tape = world.market.tape("TQQQ")
    assert tape is not None
    levels = [level for level in tape.levels() if level.ask <= 600_300]
    offered = sum(level.ask_size for level in levels)
    world.broker.set_cash(world.broker.main, Decimal(100_000_000))
    order = place(world, world.broker.main, OrderWish("NASD", "TQQQ", "buy", offered + 500, 600_300, "00"))
    enter(world, order)
    assert (order.filled, order.open_qty) == (offered, 500)
    assert {fill.price for fill in order.fills} == {level.ask for level in levels}
    world.print_by_hand("TQQQ", 600_300, 200, bid=600_200, ask=600_400, shift=True)
    assert order.open_qty == 300  # the print's own size
    world.print_by_hand("TQQQ", 600_000, 1, bid=None, ask=None, shift=True)
    assert order.open_qty == 0  # traded through
    assert order.fills[-1].price == 600_300


def test_a_fill_can_beat_a_cancellation_on_its_way() -> None:
    start = NOON
    options = SimulatorOptions(environment=Served.REAL, live=False, match_delay_s=1.0)
    world = SimWorld(options, SimMarket(start, live=False), SimClock(start), 1)
    world.print_by_hand("TQQQ", 600_000, 100, bid=599_900, ask=600_000, shift=True)
    order = place(world, world.broker.main, OrderWish("NASD", "TQQQ", "buy", 5, 599_000, "00"))
    enter(world, order)
    world.live(world.now_ms + 2000)
    row = world.broker.instruct_cancel(order, 0)
    carry_out_cancel(world, order, row)
    world.print_by_hand("TQQQ", 598_000, 100, bid=None, ask=None, shift=True)
    world.live(world.now_ms + 2000)
    assert (order.state.value, row.state.value) == ("filled", "rejected")


def test_a_halted_ticker_neither_prints_nor_fills() -> None:
    market = SimMarket(NOON)
    world = SimWorld(SimulatorOptions(), market, SimClock(NOON), 1)
    tape = market.watch("TQQQ")
    assert tape is not None
    tape.halted = True
    order = place(world, world.broker.main, OrderWish("NASD", "TQQQ", "buy", 1, 900_0000, "00"))
    enter(world, order)
    last = tape.last
    world.live(to_ms(NOON + timedelta(minutes=5)))
    assert (tape.last, order.filled) == (last, 0)
    tape.halted = False
    world.matching.recheck("TQQQ")
    assert order.filled == 1


def test_splits_between_days_multiply() -> None:
    splits = Splits()
    assert splits.between("AAPL", date(2014, 6, 6), date(2021, 1, 1)) == 28
    assert splits.on("AAPL", date(2014, 6, 9)) == 7

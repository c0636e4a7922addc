"""Which price may fire a stop (D15): no single bad print sells, and a real fall through the stop always does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategy.market.price_confirmation import PriceConfirmation, PriceStanding, against_book
from strategy.model import Holdings, Mode, PriceAlertHit, Quote, StopTriggered, Tick, TryLater
from strategy.portfolio.positions import LivePositions
from strategy.stops.refused_stops import RefusedStops
from strategy.stops.stop_context import StopContexts
from strategy.stops.stop_monitor import StopMonitor
from strategy.stops.stops_at_work import StopsAtWork
from strategy.stops.trailing_peaks import TrailingPeaks
from tests.fakes.clock import FakeClock, trading_settings
from tests.strategy.session.test_price_alert_monitor import hits, wait_for
from tests.strategy.stops.test_rearm import Settings, _position
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, TQQQ, Bench, World

NOW = OPEN + timedelta(minutes=10)
TEN_AM = OPEN + timedelta(minutes=30)


def print_of(
    bench: Bench,
    last: str,
    *,
    bid: str | None = "99.99",
    ask: str | None = "100.01",
    stamp: timedelta = timedelta(0),
) -> None:
    """Stream one trade with a book of its own; `stamp` is how far from now the venue dates it."""
    now = bench.clock.now()
    bench.core.session.inbox.on_tick(
        Tick(
            TQQQ,
            Decimal(last),
            None if bid is None else Decimal(bid),
            None if ask is None else Decimal(ask),
            1,
            now + stamp,
            now,
        )
    )


async def sold(bench: Bench) -> int:
    return sum(order.filled_qty for order in await bench.orders())


# one print alone


async def test_a_print_away_from_its_own_book_sells_nothing(tmp_path: Path) -> None:
    """The reported one: 10 % below the bid and ask of its own record, and below what the broker answers."""
    async with holding(tmp_path) as bench:
        print_of(bench, "90.00")
        await bench.pass_time(120)
        assert await sold(bench) == 0
        assert not await bench.told(StopTriggered)


async def test_a_print_of_two_hours_ago_sells_nothing(tmp_path: Path) -> None:
    async with holding(tmp_path, world=_at(OPEN + timedelta(hours=3))) as bench:
        for _ in range(3):
            print_of(bench, "90.00", bid="89.99", ask="90.01", stamp=timedelta(hours=-2))
            await bench.pass_time(0.3)
        await bench.pass_time(60)
        assert await sold(bench) == 0


async def test_a_print_of_before_the_open_that_comes_after_it_sells_nothing(tmp_path: Path) -> None:
    async with holding(tmp_path, world=_at(OPEN - timedelta(seconds=1))) as bench:
        await bench.pass_time(1.5)
        for _ in range(3):
            print_of(bench, "90.00", bid="89.99", ask="90.01", stamp=timedelta(seconds=-1))
        await bench.pass_time(30)
        assert await sold(bench) == 0


@pytest.mark.parametrize("book", [False, True])
async def test_the_last_print_of_before_the_open_is_no_price_of_the_session(tmp_path: Path, book: bool) -> None:
    """A thin print of the pre-market that the broker still calls the last price at 09:30:00 and for minutes after."""
    world = _at(OPEN - timedelta(minutes=5), price="90")
    world.market.no_book = not book
    world.market.spread = Decimal(20)  # the book of a market that has not begun
    async with holding(tmp_path, world=world, ticks=False) as bench:
        await bench.until(OPEN + timedelta(minutes=8))
        assert await sold(bench) == 0
        world.price(TQQQ, "89.50")  # somebody trades
        await bench.pass_time(7)
        assert await sold(bench) == 10


async def test_a_high_print_neither_raises_the_peak_nor_takes_the_profit(tmp_path: Path) -> None:
    """The reported one: it armed a trailing stop, which sold at once at an unchanged price."""
    async with holding(tmp_path, trailing_stop_pct="3", take_profit_rate="20") as bench:
        print_of(bench, "130.00")
        await bench.settle()
        print_of(bench, "100.02")
        await bench.pass_time(60)
        assert await sold(bench) == 0
        assert bench.core.protection.guard.lines[TQQQ].peak == Decimal("100.02")


async def test_two_high_prints_raise_the_peak_to_the_lower_of_them(tmp_path: Path) -> None:
    async with holding(tmp_path, trailing_stop_pct="3") as bench:
        print_of(bench, "130.00")
        await bench.pass_time(0.5)
        print_of(bench, "110.00")
        await bench.settle()
        assert bench.core.protection.guard.lines[TQQQ].peak == Decimal("110.00")


async def test_a_price_alert_waits_for_a_second_price(tmp_path: Path) -> None:
    async with holding(tmp_path, stop_loss_rate="off") as bench:
        await wait_for(bench, TQQQ, "99")
        print_of(bench, "90.00")
        await bench.pass_time(30)
        assert not await bench.told(PriceAlertHit)
        print_of(bench, "98.00", bid="97.99", ask="98.01")
        await bench.settle()
        assert await hits(bench) == [(TQQQ, Decimal("98.00"))]


async def test_two_bad_prints_further_apart_than_a_second_confirm_nothing(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        bench.market.broken[TQQQ] = TryLater("down")  # nobody can be asked
        for _ in range(5):
            print_of(bench, "90.00")
            await bench.pass_time(1.1)
        assert await sold(bench) == 0


async def test_a_good_print_between_two_bad_ones_speaks_against_both(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        for last in ("90.00", "100.00", "90.00", "100.00", "90.00"):
            print_of(bench, last)
            await bench.pass_time(0.1)
        await bench.pass_time(30)
        assert await sold(bench) == 0


async def test_a_check_of_the_same_print_confirms_nothing(tmp_path: Path) -> None:
    """The check reads the newest price, which is the bad print itself; so may the broker, where it gives no book."""
    async with holding(tmp_path, check_interval_minutes="1") as bench:
        bench.market.no_book = True
        await bench.until(NOW + timedelta(seconds=59, milliseconds=900))
        print_of(bench, "90.00", bid=None, ask=None)
        bench.market.broken[TQQQ] = TryLater("down")
        await bench.pass_time(20)
        assert await sold(bench) == 0


async def test_the_days_loss_is_none_where_only_the_brokers_valuation_fell(tmp_path: Path) -> None:
    """It values the shares at one bad print; our own quote and its book know nothing of it."""
    async with holding(tmp_path, stop_loss_rate="off", daily_loss_limit_pct="3") as bench:
        await bench.pass_time(61)
        bench.broker.set_price(TQQQ, Decimal(10))
        await bench.pass_time(121)
        assert bench.core.base.modes.account.mode is Mode.RUN
        bench.price(TQQQ, "10")
        await bench.pass_time(61)
        assert bench.core.base.modes.account.reason == "daily_loss_limit"


async def test_the_days_loss_waits_where_the_own_quote_is_against_its_book(tmp_path: Path) -> None:
    async with holding(tmp_path, stop_loss_rate="off", daily_loss_limit_pct="3", ticks=False) as bench:
        await bench.pass_time(61)
        bench.price(TQQQ, "10", tick=False)
        bench.market.skew = Decimal(90)  # bid and ask stay where they were
        await bench.pass_time(121)
        assert bench.core.base.modes.account.mode is Mode.RUN
        bench.market.skew = Decimal(0)
        await bench.pass_time(61)
        assert bench.core.base.modes.account.reason == "daily_loss_limit"


async def test_one_bad_print_is_no_split_either(tmp_path: Path) -> None:
    """An answer far below its own book takes no stop away by looking like a split."""
    async with holding(tmp_path, world=_at(OPEN - timedelta(days=1, hours=-6)), ticks=False) as bench:
        await bench.until(OPEN + timedelta(minutes=1))
        bench.price(TQQQ, "30", tick=False)
        bench.market.skew = Decimal(70)
        await bench.pass_time(121)
        assert bench.core.base.modes.lock(TQQQ) is None
        bench.market.skew = Decimal(0)
        bench.price(TQQQ, "100", tick=False)
        await bench.pass_time(61)
        assert await sold(bench) == 0


# a real fall


@pytest.mark.parametrize(("bid", "ask"), [("99.99", "100.01"), (None, None), ("80", "120")])
async def test_a_second_print_within_a_second_sells(tmp_path: Path, bid: str | None, ask: str | None) -> None:
    """A gap: the book of the record lags, is missing, or is too wide to say anything; nobody can be asked."""
    async with holding(tmp_path) as bench:
        bench.market.broken[TQQQ] = TryLater("down")
        print_of(bench, "94.10", bid=bid, ask=ask)
        await bench.pass_time(0.9)
        assert await sold(bench) == 0
        print_of(bench, "94.00", bid=bid, ask=ask)
        await bench.settle()
        [triggered] = await bench.told(StopTriggered)
        assert triggered.price == Decimal("94.10")
        assert [order.request.qty for order in await bench.orders()] == [10]


async def test_the_broker_is_asked_at_once_and_its_answer_sells(tmp_path: Path) -> None:
    """One print of a thin stock, and the book has gone with it: no second print is waited for."""
    async with holding(tmp_path) as bench:
        bench.price(TQQQ, "94", tick=False)
        print_of(bench, "94.00")
        await bench.settle()  # in no market time
        assert [triggered.source for triggered in await bench.told(StopTriggered)] == ["poll"]
        assert await sold(bench) == 10


async def test_without_a_book_a_second_answer_sells_within_two_seconds(tmp_path: Path) -> None:
    """The virtual environment tells neither a book nor a time."""
    world = _at(NOW)
    world.market.no_book = True
    async with holding(tmp_path, world=world, ticks=False) as bench:
        await bench.pass_time(5.5)
        bench.price(TQQQ, "94", tick=False)
        await bench.pass_time(4.6)  # the next poll
        assert await sold(bench) == 0
        await bench.pass_time(1.5)
        assert await sold(bench) == 10


async def test_the_machines_clock_may_be_wrong(tmp_path: Path) -> None:
    """A stamp is judged by the broker's clock, which is half an hour ahead of the machine's."""
    async with holding(tmp_path) as bench:
        bench.broker.clock_ahead = timedelta(minutes=30)
        print_of(bench, "94.00", bid="93.99", ask="94.01", stamp=timedelta(minutes=30))
        await bench.settle()
        assert await sold(bench) == 10


# any stream


class Print(NamedTuple):
    """One trade of a made up stream."""

    after_ms: int
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None

    @property
    def sound(self) -> bool:
        """Within 1 % of both sides of its book."""
        if self.bid is None or self.ask is None:
            return False
        return max(abs(self.last - self.bid), abs(self.last - self.ask)) <= self.last / 100


STOP = Decimal(95)
_cents = st.integers(-50, 50).map(lambda cents: Decimal(cents) / 100)
gaps_ms = st.integers(0, 3000)


@st.composite
def quiet(draw: st.DrawFn) -> Print:
    """A print above the stop at its own book."""
    last = 100 + draw(_cents)
    return Print(draw(gaps_ms), last, last - Decimal("0.02"), last + Decimal("0.02"))


@st.composite
def bad(draw: st.DrawFn) -> Print:
    """A print below the stop that its own book knows nothing of."""
    middle = 100 + draw(_cents)
    last = Decimal(draw(st.integers(10, 94)))
    return Print(draw(gaps_ms), last, middle - Decimal("0.02"), middle + Decimal("0.02"))


@st.composite
def fallen(draw: st.DrawFn) -> Print:
    """A print after a gap through the stop; its book follows, lags, is empty or wide."""
    last = Decimal(draw(st.integers(6000, 9490))) / 100
    kind = draw(st.sampled_from(["follows", "lags", "none", "wide"]))
    half = {"follows": Decimal("0.02"), "wide": Decimal(15), "lags": Decimal("0.02"), "none": Decimal(0)}[kind]
    middle = Decimal(100) if kind == "lags" else last
    book = (None, None) if kind == "none" else (middle - half, middle + half)
    return Print(draw(gaps_ms), last, *book)


def guard_of_ten(clock: FakeClock) -> StopMonitor:
    """Return a guard over ten shares at 100 whose stop, at -5 %, may fire."""
    own = trading_settings(trading_tickers="NASDAQ:TQQQ")
    given_settings: Any = Settings()
    given_settings.account, given_settings.own, given_settings.tickers = own, {TQQQ: own}, (TQQQ,)
    unused: Any = None
    positions = LivePositions(unused)
    held = (_position(TQQQ, 10, Decimal(100)),)
    positions.take(Holdings(positions=held, cash=None, fx_rate=None, taken_at=NOW), orders=[], settled=lambda _: True)
    nothing: Any = SimpleNamespace(suspicious=lambda *_, **__: False, latest=lambda _: None, last=None)
    modes: Any = SimpleNamespace(lock=lambda _: None, of=lambda _: SimpleNamespace(mode=Mode.RUN))
    guard = StopMonitor(
        contexts=StopContexts(
            modes=modes, settings=given_settings, positions=positions, watch=nothing, account_sync=nothing, clock=clock
        ),
        at_work=StopsAtWork(RefusedStops(modes=modes, positions=positions)),
        peaks=TrailingPeaks(unused),
        positions=positions,
        settings=given_settings,
        watch=nothing,
        prices=PriceConfirmation(settings=given_settings, ahead=lambda: None),
        splits=nothing,
        clock=clock,
    )
    guard.rearm()
    return guard


def told(guard: StopMonitor, at: datetime, one: Print) -> bool:
    """Stream a print; return whether the stop has fired."""
    guard.on_tick(Tick(TQQQ, one.last, one.bid, one.ask, 1, at.replace(microsecond=0), at))
    return guard.running(TQQQ)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.lists(quiet(), min_size=1, max_size=5), bad()), max_size=12))
def test_no_stream_with_single_bad_prints_fires(parts: Sequence[tuple[Sequence[Print], Print]]) -> None:
    clock = FakeClock(TEN_AM)
    guard = guard_of_ten(clock)
    for good, wrong in parts:
        for one in (*good, wrong):
            clock.set(clock.now() + timedelta(milliseconds=one.after_ms))
            assert not told(guard, clock.now(), one)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(quiet(), bad()), max_size=6), st.lists(fallen(), min_size=2, max_size=12))
def test_a_fall_through_the_stop_fires_with_the_first_price_that_confirms_it(
    before: Sequence[Print], fall: Sequence[Print]
) -> None:
    """At the latest: a print at its own book, or the second of two no more than a second apart."""
    clock = FakeClock(TEN_AM)
    guard = guard_of_ten(clock)
    for one in before:
        clock.set(clock.now() + timedelta(milliseconds=one.after_ms))
        told(guard, clock.now(), one)
    if guard.running(TQQQ):
        return  # two bad prints in a row
    for number, one in enumerate(fall):
        clock.set(clock.now() + timedelta(milliseconds=one.after_ms))
        fired = told(guard, clock.now(), one)
        if one.sound or (number > 0 and one.after_ms <= 1000):
            assert fired
            return


@pytest.mark.parametrize(
    ("last", "bid", "ask", "standing"),
    [
        ("100", "99.99", "100.01", PriceStanding.SOUND),
        ("100", "99", "101", PriceStanding.SOUND),  # the band is met exactly
        ("100", "98.99", "100.01", PriceStanding.ALONE),  # a spread wider than that says nothing
        ("98", "99", "99.02", PriceStanding.AGAINST_BOOK),
        ("102", "100", "100.5", PriceStanding.AGAINST_BOOK),
        ("100", None, "100.01", PriceStanding.ALONE),
        ("100", None, None, PriceStanding.ALONE),
        ("90", "99.99", None, PriceStanding.AGAINST_BOOK),
        ("100", "0.01", "199999", PriceStanding.ALONE),
    ],
)
def test_the_band_around_the_book(last: str, bid: str | None, ask: str | None, standing: PriceStanding) -> None:
    quote = Quote(
        symbol=TQQQ,
        last=Decimal(last),
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        previous_close=None,
        received_at=NOW,
    )
    assert against_book(quote, Decimal("1.0")) is standing


def _at(when: datetime, price: str = "100") -> World:
    world = World.at(when)
    world.ready(TQQQ, price)
    world.broker.hold(TQQQ, 10, Decimal(100))
    return world

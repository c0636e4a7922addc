"""Splits of any ratio and stock dividends are no crash, and a crash is no split (D13)."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Event, Notable, StopFinished, StorageError, Trouble, TryLater
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import english, korean

MORNING = OPEN + timedelta(days=1)
TODAY = date(2026, 9, 16)
# new shares for old ones, as listed companies did it: 7:1, 3:2, 5:4, a stock dividend of 3 %, a reverse split of 1:10
RATIOS = [(7, 1), (3, 2), (5, 4), (103, 100), (1, 10)]


def _factor(new: int, old: int) -> Decimal:
    return Decimal(old) / Decimal(new)


def _cents(price: Decimal) -> Decimal:
    return price.quantize(Decimal("0.01"))


def _world() -> World:
    world = World.at(OPEN + timedelta(hours=6, minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 100, Decimal(100))
    return world


@asynccontextmanager
async def _bench(path: Path, world: World) -> AsyncIterator[Bench]:
    settings = trading_settings(
        trading_tickers="NASDAQ:TQQQ",
        rsi_oversold="1",
        rsi_overbought="99",
        check_interval_minutes="5",
        reconcile_interval_s="300",
    )
    async with running(path, world, settings=settings) as bench:
        yield bench


@asynccontextmanager
async def _next_morning(
    path: Path, world: World, price: Decimal, overnight: Callable[[], None] = lambda: None
) -> AsyncIterator[Bench]:
    """Follow the first day to its end, let something happen overnight, then open the next day at that price."""
    async with _bench(path, world) as bench:
        await bench.until(MORNING - timedelta(minutes=30))
        overnight()
        await bench.until(MORNING - timedelta(seconds=1))
        bench.price(TQQQ, price, tick=False)
        await bench.until(MORNING + timedelta(seconds=1))
        bench.price(TQQQ, price - Decimal("0.01"))
        yield bench


def _adjust(world: World, factor: Decimal, *, base: bool = True, days: bool = True) -> None:
    """Let the broker adjust its previous close, its days, or both."""
    if base:
        world.market.bases[TQQQ] = _cents(100 * factor)
    if days:
        world.market.adjustments[TQQQ] = (TODAY, factor)


def _locked(bench: Bench) -> bool:
    lock = bench.core.base.modes.lock(TQQQ)
    return lock is not None and (lock.reason, lock.blocks_stop) == ("split_guard", True)


@pytest.mark.parametrize(("new", "old"), RATIOS)
@pytest.mark.parametrize("signs", [{}, {"days": False}])
async def test_an_adjustment_of_any_size_asks_until_the_cost_has_followed_d13(
    tmp_path: Path, new: int, old: int, signs: dict[str, bool]
) -> None:
    """The price alone cannot tell a 3:2 split from a crash of a third: the broker's own adjustment can."""
    world, factor = _world(), _factor(new, old)

    def overnight() -> None:
        _adjust(world, factor, **signs)
        if signs:
            world.market.bars_broken[TQQQ] = TryLater("days cannot be asked")

    async with _next_morning(tmp_path, world, _cents(100 * factor), overnight) as bench:
        await bench.pass_time(60)
        assert _locked(bench)
        assert await bench.orders() == []
        [told] = [event for event in await bench.told(Trouble) if event.key.startswith("split_guard")]
        assert f"{factor:.4f}".rstrip("0").rstrip(".") in english(told.what)
        world.market.bars_broken.clear()
        bench.broker.hold(TQQQ, 100 * new // old, 100 * factor)
        await bench.pass_time(400)
        assert not _locked(bench)
        assert await bench.orders() == []
        bench.price(TQQQ, _cents(94 * factor))
        await bench.settle()
        await bench.pass_time(5)
        [order] = await bench.orders()
        assert order.request.qty == 100 * new // old


@pytest.mark.parametrize(("new", "old"), [(3, 2), (5, 4), (1, 10)])
async def test_adjusted_days_are_enough_of_a_sign_d13(tmp_path: Path, new: int, old: int) -> None:
    """The previous close still says 100: what the price has lost is asked about before it is believed."""
    world, factor = _world(), _factor(new, old)
    async with _next_morning(
        tmp_path, world, _cents(100 * factor), lambda: _adjust(world, factor, base=False)
    ) as bench:
        await bench.pass_time(60)
        assert _locked(bench)
        assert await bench.orders() == []


@pytest.mark.parametrize("fall", ["94", "80", "66.67"])
async def test_without_a_sign_a_real_fall_is_a_stop_d13(tmp_path: Path, fall: str) -> None:
    async with _next_morning(tmp_path, _world(), Decimal(fall)) as bench:
        await bench.pass_time(3)
        assert not _locked(bench)
        [finished] = await bench.told(StopFinished)
        assert (finished.sold, finished.left) == (100, 0)


async def test_a_fall_while_the_days_cannot_be_asked_is_a_stop_too_d13(tmp_path: Path) -> None:
    """The previous close agrees with the evening that was seen to its end: nothing speaks for a split."""
    world = _world()
    async with _next_morning(tmp_path, world, Decimal(100)) as bench:
        world.market.bars_broken[TQQQ] = TryLater("days cannot be asked")
        bench.price(TQQQ, "70")
        await bench.pass_time(3)
        assert [order.request.qty for order in await bench.orders()] == [100]


async def test_a_cost_that_has_followed_already_asks_nothing_d13(tmp_path: Path) -> None:
    world, factor = _world(), _factor(3, 2)
    async with _bench(tmp_path, world) as bench:
        await bench.until(MORNING - timedelta(hours=1))
        _adjust(world, factor)
        bench.broker.hold(TQQQ, 150, 100 * factor)
        bench.price(TQQQ, "66.67", tick=False)
        await bench.until(MORNING + timedelta(seconds=5))
        bench.price(TQQQ, "66.60")
        await bench.pass_time(60)
        assert not _locked(bench)
        assert await bench.orders() == []
        bench.price(TQQQ, "63.20")
        await bench.pass_time(5)
        [order] = await bench.orders()
        assert order.request.qty == 150


@pytest.mark.parametrize("first", ["tick", "check", "tick that the disk fails at"])
async def test_a_peak_of_before_a_split_fires_nothing_once_the_cost_has_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The cost is of the new size at the open, and so must the high be that a trailing stop is measured from."""
    world, factor = _world(), _factor(3, 2)
    async with _bench(tmp_path, world) as bench:
        draft = bench.core.base.book.draft("TRAILING_STOP_PCT", "5", symbol=None, until=None)
        await bench.core.base.book.apply(draft, user_id=OWNER)
        bench.price(TQQQ, "102")
        await bench.until(MORNING - timedelta(hours=1))
        _adjust(world, factor)
        world.market.bases[TQQQ] = Decimal("68.00")
        bench.broker.hold(TQQQ, 150, _cents(100 * factor))
        bench.price(TQQQ, "68", tick=False)
        await bench.until(MORNING - timedelta(seconds=1))
        put = bench.storage.notes.put

        async def failing(key: str, value: str, events: Sequence[Event] = ()) -> None:
            if key.startswith("evening:"):
                raise StorageError("disk full")
            await put(key, value, events)

        if "disk" in first:
            monkeypatch.setattr(bench.storage.notes, "put", failing)
        if "tick" in first:
            bench.clock.set(MORNING + timedelta(milliseconds=1))
            bench.stream.tick(TQQQ, Decimal("67.90"))
        await bench.until(MORNING + timedelta(seconds=5))
        bench.price(TQQQ, "67.80")
        await bench.pass_time(60)
        assert not _locked(bench)
        assert await bench.orders() == []
        bench.price(TQQQ, "64")
        await bench.pass_time(5)
        assert [order.request.qty for order in await bench.orders()] == [150]


async def test_the_owners_word_holds_for_the_session_over_a_restart_d13(tmp_path: Path) -> None:
    world, factor = _world(), _factor(5, 4)
    async with _next_morning(tmp_path, world, Decimal(80), lambda: _adjust(world, factor)) as bench:
        await bench.pass_time(10)
        assert _locked(bench)
        assert await bench.core.control.modes.release(OWNER, TQQQ)
    async with _bench(tmp_path, world) as bench:
        await bench.pass_time(20)
        assert not _locked(bench)
        await bench.pass_time(60)
        assert [order.request.qty for order in await bench.orders()] == [100]  # the price is real, so the stop sells


@pytest.mark.parametrize("dividend", ["0.9955", "0.985"])
async def test_a_cash_dividend_in_adjusted_days_is_no_split(tmp_path: Path, dividend: str) -> None:
    """Whether KIS adjusts days for cash dividends is not stated; the previous close is not, so no stop is blocked."""
    world = _world()
    _adjust(world, Decimal(dividend), base=False)
    async with _next_morning(tmp_path, world, Decimal(91)) as bench:
        await bench.pass_time(5)
        assert not _locked(bench)
        assert [order.request.qty for order in await bench.orders()] == [100]


async def test_the_closing_auction_is_no_adjustment(tmp_path: Path) -> None:
    world = _world()
    world.market.bases[TQQQ] = Decimal("101.40")  # the official close, 1.4 % above what was seen last
    async with _next_morning(tmp_path, world, Decimal(101)) as bench:
        await bench.pass_time(60)
        assert not _locked(bench)
        bench.price(TQQQ, "94.90")
        await bench.pass_time(3)
        assert [order.request.qty for order in await bench.orders()] == [100]


async def test_the_last_minutes_are_no_adjustment_where_the_days_cannot_be_asked(tmp_path: Path) -> None:
    """Seen last five minutes before the close, 1.5 % above it: no sign of anything, and no stop is taken away."""
    world = _world()
    world.market.bases[TQQQ] = Decimal("98.50")
    async with _next_morning(tmp_path, world, Decimal(98)) as bench:
        world.market.bars_broken[TQQQ] = TryLater("days cannot be asked")
        bench.price(TQQQ, "93")
        await bench.pass_time(5)
        assert not _locked(bench)
        assert [order.request.qty for order in await bench.orders()] == [100]


async def test_a_sign_of_the_previous_close_alone_goes_once_the_days_know_of_nothing(tmp_path: Path) -> None:
    """A fall of 3.5 % in the last minutes looks like a stock dividend until the broker's days can be asked."""
    world = _world()

    def overnight() -> None:
        world.market.bases[TQQQ] = Decimal("96.50")
        world.market.bars_broken[TQQQ] = TryLater("days cannot be asked")

    async with _next_morning(tmp_path, world, Decimal(91), overnight) as bench:
        await bench.pass_time(60)
        assert _locked(bench)
        assert await bench.orders() == []
        world.market.bars_broken.clear()
        await bench.pass_time(300)  # the next check
        assert not _locked(bench)
        [told] = [event for event in await bench.told(Notable) if event.key.startswith("split_over")]
        assert "no split" in english(told.what)
        assert "분할이 아닙니다" in korean(told.what)
        bench.price(TQQQ, "90.90")
        await bench.pass_time(5)
        assert [order.request.qty for order in await bench.orders()] == [100]


async def test_a_ticker_not_held_goes_on_with_its_adjusted_bars(tmp_path: Path) -> None:
    world, factor = World.at(OPEN + timedelta(hours=6, minutes=10)), _factor(3, 2)
    world.ready(TQQQ)
    async with _bench(tmp_path, world) as bench:
        await bench.until(MORNING - timedelta(minutes=30))
        _adjust(world, factor)
        world.market.forget(TQQQ)
        world.ready(TQQQ, "66.67")  # the source has adjusted its history
        await bench.until(MORNING + timedelta(minutes=6))
        assert not _locked(bench)
        assert [event for event in await bench.told(Trouble) if event.key.startswith("split_guard")] == []

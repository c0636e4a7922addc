"""Price alerts: told exactly once, by whichever price comes first (spec section 6)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage.database import Storage
from storage.tables.price_alerts import PriceAlertRepository
from strategy.model import DataUnavailable, InvalidInput, PriceAlert, PriceAlertHit, StorageError, Symbol, TryLater
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import english

AAPL = Symbol.parse("NASDAQ:AAPL")
QUIET = {"trading_tickers": "NASDAQ:TQQQ", "rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}


def world(minutes: float = 10) -> World:
    made = World.at(OPEN + timedelta(minutes=minutes))
    for symbol in (TQQQ, AAPL):
        made.ready(symbol)
    return made


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(tmp_path, world(), settings=trading_settings(**QUIET)) as made:
        yield made


async def wait_for(bench: Bench, symbol: Symbol, price: str, *, above: bool = False) -> PriceAlert:
    return await bench.core.control.price_alerts.add(OWNER, symbol, above=above, price=Decimal(price))


async def hits(bench: Bench) -> list[tuple[Symbol, Decimal]]:
    return [(event.alert.symbol, event.last) for event in await bench.told(PriceAlertHit)]


async def test_a_tick_that_reaches_the_price_is_told_once(bench: Bench) -> None:
    alert = await wait_for(bench, TQQQ, "99.50")
    assert list(await bench.core.control.price_alerts.all()) == [alert]
    for last in ("99.51", "99.50", "99.40", "100", "99"):
        bench.price(TQQQ, last)
    await bench.settle()
    assert await hits(bench) == [(TQQQ, Decimal("99.50"))]
    assert list(await bench.core.control.price_alerts.all()) == []
    await bench.pass_time(300)
    assert len(await hits(bench)) == 1


async def test_several_alerts_of_a_ticker_go_each_at_its_price(bench: Bench) -> None:
    for price in ("99", "98"):
        await wait_for(bench, TQQQ, price)
    await wait_for(bench, TQQQ, "101", above=True)
    bench.price(TQQQ, "98.50")
    bench.price(TQQQ, "101.20")
    await bench.settle()
    assert await hits(bench) == [(TQQQ, Decimal("98.50")), (TQQQ, Decimal("101.20"))]
    assert [alert.price for alert in await bench.core.control.price_alerts.all()] == [98]


async def test_a_check_finds_it_without_ticks(bench: Bench) -> None:
    await wait_for(bench, TQQQ, "99")
    bench.price(TQQQ, "98.90", tick=False)
    await bench.pass_time(61)
    assert await hits(bench) == [(TQQQ, Decimal("98.90"))]


async def test_a_ticker_not_watched_is_asked_for_once_a_minute_in_the_session_only(bench: Bench) -> None:
    await wait_for(bench, AAPL, "99")
    asked = bench.market.asked[AAPL]
    await bench.pass_time(600)
    assert 9 <= bench.market.asked[AAPL] - asked <= 11
    bench.market.broken[AAPL] = TryLater("down")
    await bench.pass_time(180)
    del bench.market.broken[AAPL]
    bench.price(AAPL, "98.90", tick=False)
    await bench.pass_time(61)
    assert await hits(bench) == [(AAPL, Decimal("98.90"))]
    await wait_for(bench, AAPL, "97")
    await bench.until(OPEN + timedelta(hours=6, minutes=31))
    asked = bench.market.asked[AAPL]
    await bench.until(OPEN + timedelta(hours=23, minutes=59))
    assert bench.market.asked[AAPL] == asked
    await bench.until(OPEN + timedelta(hours=24, seconds=30))
    assert bench.market.asked[AAPL] == asked + 1


async def test_polls_stay_within_their_share_of_the_call_limit(tmp_path: Path) -> None:
    made = world()
    symbols = [Symbol.parse(f"NYSE:A{letter}") for letter in "BCDEFGHIJKLMNOPQRSTU"]
    for symbol in symbols:
        made.price(symbol, "100")
    async with running(tmp_path, made, settings=trading_settings(**QUIET), calls_per_second=1) as bench:
        for symbol in symbols:
            await wait_for(bench, symbol, "90")
        before = sum(made.market.asked[symbol] for symbol in symbols)
        await bench.pass_time(240)
        polls = sum(made.market.asked[symbol] for symbol in symbols) - before
        assert 40 <= polls <= 60  # a quarter of one call a second
        assert min(made.market.asked[symbol] for symbol in symbols) >= 3


@pytest.mark.parametrize(("above", "price"), [(True, "100"), (True, "99"), (False, "100"), (False, "101")])
async def test_a_price_that_is_there_already_is_said_with_it(bench: Bench, *, above: bool, price: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await wait_for(bench, TQQQ, price, above=above)
    assert "already: $100" in english(caught.value.user_message)
    assert list(await bench.core.control.price_alerts.all()) == []


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
async def test_a_price_that_cannot_be_is_refused(bench: Bench, price: str) -> None:
    with pytest.raises(InvalidInput):
        await wait_for(bench, TQQQ, price, above=True)


async def test_a_ticker_without_a_price_is_refused(bench: Bench) -> None:
    with pytest.raises(DataUnavailable):
        await wait_for(bench, Symbol.parse("NYSE:ZZZ"), "5")


async def test_the_same_alert_is_kept_once_and_fifty_are_the_most(bench: Bench) -> None:
    first = await wait_for(bench, TQQQ, "99")
    assert await wait_for(bench, TQQQ, "99") == first
    for price in range(1, 50):
        await wait_for(bench, TQQQ, str(price))
    with pytest.raises(InvalidInput) as caught:
        await wait_for(bench, TQQQ, "60")
    assert "50" in english(caught.value.user_message)


async def test_an_alert_taken_away_is_not_told(bench: Bench) -> None:
    alert = await wait_for(bench, TQQQ, "99")
    assert await bench.core.control.price_alerts.remove(alert.id)
    assert not await bench.core.control.price_alerts.remove(alert.id)
    bench.price(TQQQ, "98")
    await bench.settle()
    assert await hits(bench) == []


async def test_alerts_survive_a_restart_and_are_told_once_over_it(tmp_path: Path) -> None:
    made = world()
    async with running(tmp_path, made, settings=trading_settings(**QUIET)) as bench:
        await wait_for(bench, TQQQ, "99")
        await wait_for(bench, AAPL, "99")
        bench.price(TQQQ, "98.50")
        await bench.settle()
    made.price(AAPL, "98")  # while the program was down
    async with running(tmp_path, made, settings=trading_settings(**QUIET)) as bench:
        bench.price(TQQQ, "98.40")
        await bench.pass_time(61)
        assert await hits(bench) == [(TQQQ, Decimal("98.50")), (AAPL, Decimal(98))]


async def test_a_kill_between_price_and_record_loses_and_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hit is queued, then the program dies before (or while) it is stored: the next one tells it, once."""
    made = world()

    async def fails(self: PriceAlertRepository, alert_id: int, events: object = ()) -> bool:
        raise StorageError("killed")

    async with running(tmp_path, made, settings=trading_settings(**QUIET)) as bench:
        await wait_for(bench, TQQQ, "99")
        with monkeypatch.context() as patch:
            patch.setattr(PriceAlertRepository, "remove", fails)
            bench.price(TQQQ, "98.50")
            await bench.settle()
        assert await hits(bench) == []
        storage: Storage = bench.storage
        assert len(await storage.price_alerts.all()) == 1
    async with running(tmp_path, made, settings=trading_settings(**QUIET)) as bench:
        bench.price(TQQQ, "98.40")
        await bench.pass_time(61)
        assert await hits(bench) == [(TQQQ, Decimal(price)) for price in [str((await hits(bench))[0][1])]]

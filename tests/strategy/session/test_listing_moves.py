"""A listing that moves from one exchange to another keeps its stop, under what is set for it."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Market, Mode, ModeState, Origin, PriceAlertHit, Recovered, Symbol, Trouble
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, World, running
from tests.support.words import korean

AT_NYSE = Symbol(Market.NYSE, TQQQ.ticker)
SETTINGS = trading_settings(trading_tickers="NASDAQ:TQQQ", rsi_oversold="1", rsi_overbought="99")


def held() -> World:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    return world


def move(world: World, *, quoted: bool = True) -> None:
    world.broker.hold(TQQQ, 0, Decimal(100))
    world.broker.hold(AT_NYSE, 10, Decimal(100))
    if quoted:
        world.ready(AT_NYSE)


async def troubles(bench: Bench) -> list[str]:
    return [korean(trouble.what) for trouble in await bench.told(Trouble) if trouble.key.startswith("moved:")]


async def test_the_stop_follows_with_what_is_set_for_the_ticker(tmp_path: Path) -> None:
    world = held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(70)
        book = bench.core.base.book
        await book.apply(book.draft("STOP_LOSS_RATE", "-8", symbol=TQQQ, until=None), user_id=OWNER)
        paused = ModeState(
            mode=Mode.PAUSE_BUYS, symbol=TQQQ, set_by=OWNER, set_at=bench.clock.now(), reason="", until=None
        )
        await bench.core.base.modes.set(paused)
        move(world)
        await bench.pass_time(120)
        assert book.tickers == (AT_NYSE,)
        assert bench.core.base.modes.of(AT_NYSE).mode is Mode.PAUSE_BUYS
        (told,) = await troubles(bench)
        assert "NYSE" in told
        lines = [korean(line) for card in await bench.told(Recovered) for line in card.lines]
        assert not [line for line in lines if "체결 기록으로는" in line]
        bench.price(AT_NYSE, "93")
        await bench.pass_time(10)
        assert world.broker.qty_held(AT_NYSE) == 10
        bench.price(AT_NYSE, "91")
        await bench.pass_time(10)
        assert world.broker.qty_held(AT_NYSE) == 0
        assert {request.origin for request in world.broker.submitted} == {Origin.STOP_LOSS}
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        assert bench.core.base.book.tickers == (AT_NYSE,)


async def test_one_that_cannot_be_followed_is_told_with_its_cause(tmp_path: Path) -> None:
    world = held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(70)
        move(world, quoted=False)
        await bench.pass_time(120)
        assert bench.core.base.book.tickers == (TQQQ,)
        (told,) = await troubles(bench)
        assert f"/add {AT_NYSE}" in told


async def test_a_trailing_stop_goes_on_from_its_peak(tmp_path: Path) -> None:
    world = held()
    trailing = SETTINGS.model_copy(update={"trailing_stop_pct": Decimal(5)})
    async with running(tmp_path, world, settings=trailing) as bench:
        await bench.pass_time(70)
        bench.price(TQQQ, "120")
        await bench.pass_time(10)
        move(world)
        world.price(AT_NYSE, "118")
        await bench.pass_time(120)
        bench.price(AT_NYSE, "114.50")
        await bench.pass_time(10)
        assert world.broker.qty_held(AT_NYSE) == 10
        bench.price(AT_NYSE, "113.90")  # 5 % below the peak, 3.5 % below where it came from
        await bench.pass_time(10)
        assert world.broker.qty_held(AT_NYSE) == 0
        assert {request.origin for request in world.broker.submitted} == {Origin.TRAILING_STOP}


async def test_price_alerts_go_along(tmp_path: Path) -> None:
    """Under the old exchange nothing is quoted any more: they would wait for ever."""
    world = held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(70)
        await bench.core.control.price_alerts.add(OWNER, TQQQ, above=True, price=Decimal(110))
        move(world)
        await bench.pass_time(120)
        assert [alert.symbol for alert in await bench.core.control.price_alerts.all()] == [AT_NYSE]
        bench.price(AT_NYSE, "111")
        await bench.pass_time(5)
        assert [told.alert.symbol for told in await bench.told(PriceAlertHit)] == [AT_NYSE]


@pytest.mark.parametrize("restarted", [False, True])
async def test_one_that_could_not_be_followed_at_once_is_followed_later(tmp_path: Path, *, restarted: bool) -> None:
    """A quote that failed for a moment must not leave the shares without a stop for good."""
    world = held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(70)
        move(world, quoted=False)
        await bench.pass_time(120)
        if not restarted:
            await quoted_again(bench)
    if restarted:
        async with running(tmp_path, world, settings=SETTINGS) as bench:
            await quoted_again(bench)


async def quoted_again(bench: Bench) -> None:
    bench.world.ready(AT_NYSE)
    await bench.pass_time(60)
    assert bench.core.base.book.tickers == (AT_NYSE,)
    assert len(await troubles(bench)) == 2, "told once that it could not be, and once that it was"
    bench.price(AT_NYSE, "91")
    await bench.pass_time(10)
    assert bench.broker.qty_held(AT_NYSE) == 0

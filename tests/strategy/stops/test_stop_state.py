"""Whether a stop works is computed from all it needs, in one place, and what takes it away is told within 30 s."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from storage.tables.notes import NoteRepository
from storage.tables.outbox import OutboxRepository
from strategy.model import (
    DataUnavailable,
    Mode,
    ModeState,
    Protection,
    Quote,
    Started,
    StopState,
    StorageError,
    Tick,
    TickerLock,
    Trouble,
    TryLater,
)
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, World
from tests.support.words import english, korean

LATE = timedelta(minutes=15)


def state(bench: Bench) -> StopState:
    return bench.core.protection.watchdog.state(TQQQ)


async def stops_line(bench: Bench) -> str:
    health = await bench.core.control.system.health()
    [line] = [line for line in health.lines if english(line.name) == "Stops"]
    return f"{line.ok}: {english(line.detail)}"


async def shown(bench: Bench) -> StopState:
    """Return what /status and the pinned message say of the ticker."""
    [ticker] = [each for each in (await bench.core.control.status.now()).tickers if each.symbol == TQQQ]
    return ticker.stop


def streamed(bench: Bench, last: str, *, late: timedelta) -> None:
    now, price = bench.clock.now(), Decimal(last)
    bench.core.session.inbox.on_tick(
        Tick(TQQQ, price, price - Decimal("0.01"), price + Decimal("0.01"), 1, now - late, now)
    )


def stamped(bench: Bench, monkeypatch: pytest.MonkeyPatch, stamp: Callable[[Quote], Any]) -> None:
    """Let the broker's answers carry a time stamp."""
    ask = bench.market.quote

    async def quote(symbol: Any) -> Quote:
        answer = await ask(symbol)
        return Quote(
            symbol=answer.symbol,
            last=answer.last,
            bid=answer.bid,
            ask=answer.ask,
            previous_close=answer.previous_close,
            received_at=answer.received_at,
            stamped_at=stamp(answer),
        )

    monkeypatch.setattr(bench.market, "quote", quote)


# freshness by the venue's stamp


async def test_a_stream_that_is_fifteen_minutes_old_is_told_and_does_not_count(tmp_path: Path) -> None:
    """Ticks come by the second and look alive; their own stamps say otherwise. Prices asked for protect meanwhile."""
    async with holding(tmp_path) as bench:
        for _ in range(30):
            streamed(bench, "100", late=LATE)
            await bench.pass_time(1)
        [told] = [trouble for trouble in await bench.told(Trouble) if trouble.key == "late_ticks"]
        assert "15 min" in english(told.what)
        assert "실시간 시세" in korean(told.what)
        assert state(bench) is await shown(bench) is StopState.POLLING
        streamed(bench, "90", late=LATE)
        await bench.settle()
        assert not await bench.orders()
        bench.price(TQQQ, "94", tick=False)
        await bench.pass_time(6)
        assert [order.filled_qty for order in await bench.orders()] == [10]


async def test_delayed_prices_everywhere_are_no_protection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with holding(tmp_path, world=_at(timedelta(hours=1))) as bench:
        stamped(bench, monkeypatch, lambda quote: quote.received_at - LATE)
        begun = bench.clock.now()
        while bench.clock.now() < begun + timedelta(seconds=30):
            streamed(bench, "100", late=LATE)
            await bench.pass_time(1)
        [lost] = await bench.told(Protection)
        assert (lost.armed, lost.source) == (False, "none")
        assert lost.at - begun <= timedelta(seconds=30)
        assert "delayed" in english(lost.reason)
        assert state(bench) is await shown(bench) is StopState.DELAYED
        assert (await stops_line(bench)).startswith("False: not working: TQQQ (prices come late)")


async def test_an_answer_whose_stamp_stands_still_is_no_fresh_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker goes on answering, always the same. Told within 30 s of the stamp, and when it moves again."""
    async with holding(tmp_path, ticks=False) as bench:
        stood_from = bench.clock.now() + timedelta(seconds=20)
        stamped(bench, monkeypatch, lambda quote: min(quote.received_at, stood_from))
        await bench.pass_time(19)
        assert state(bench) is StopState.POLLING
        await bench.pass_time(31)
        [lost] = await bench.told(Protection)
        assert lost.at - stood_from <= timedelta(seconds=30)
        assert "stands still" in english(lost.reason)
        assert state(bench) is StopState.STUCK
        stood_from += timedelta(hours=1)
        await bench.pass_time(11)
        assert [event.armed for event in await bench.told(Protection)] == [False, True]
        assert state(bench) is StopState.POLLING


async def test_a_thin_stock_that_trades_again_may_stand_still_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner is not woken for every pause between two trades."""
    async with holding(tmp_path, ticks=False) as bench:
        begun = bench.clock.now()

        def last_trade(quote: Quote) -> Any:
            return begun + (quote.received_at - begun) // timedelta(seconds=40) * timedelta(seconds=40)

        stamped(bench, monkeypatch, last_trade)
        await bench.pass_time(600)
        assert len(await bench.told(Protection)) <= 4


async def test_a_rule_does_not_trade_on_an_old_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with holding(tmp_path, qty=0, ticks=False, rsi_oversold="98", rsi_overbought="99") as bench:
        await bench.pass_time(1)
        before = len(await bench.orders())
        stamped(bench, monkeypatch, lambda quote: quote.received_at - LATE)
        await bench.pass_time(61)
        decision = await bench.storage.decisions.latest(TQQQ)
        assert decision is not None
        assert len(await bench.orders()) == before
        assert decision.reason == "blocked:data_fresh"


async def test_the_machines_clock_may_be_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the broker's clock, which is 20 minutes behind, the stamps are of now."""
    async with holding(tmp_path) as bench:
        bench.broker.clock_ahead = -timedelta(minutes=20)
        for _ in range(40):
            streamed(bench, "100", late=timedelta(minutes=20))
            await bench.pass_time(1)
        assert state(bench) is StopState.TICKS
        assert not await bench.told(Protection)
        assert not [trouble for trouble in await bench.told(Trouble) if trouble.key == "late_ticks"]


async def test_one_trade_out_of_order_makes_no_delayed_stream(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        for second in range(40):
            streamed(bench, "100", late=LATE if second % 7 == 0 else timedelta(0))
            await bench.pass_time(1)
        assert not [trouble for trouble in await bench.told(Trouble) if trouble.key == "late_ticks"]
        assert not await bench.told(Protection)


# what else a stop needs


async def test_a_full_disk_is_a_stop_that_does_not_work(tmp_path: Path) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageError("disk full")

    async with holding(tmp_path) as bench:
        bench.price(TQQQ, "100")
        assert state(bench) is StopState.TICKS
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(NoteRepository, "put", full)
            patch.setattr(OutboxRepository, "tell", full)
            for _ in range(30):
                bench.price(TQQQ, "100")
                await bench.pass_time(1)
            assert state(bench) is await shown(bench) is StopState.UNSTORABLE
            assert (await stops_line(bench)).startswith("False: not working: TQQQ (records cannot be stored")
        for _ in range(20):
            bench.price(TQQQ, "100")
            await bench.pass_time(1)
        assert state(bench) is await shown(bench) is StopState.TICKS
        assert bench.core.protection.watchdog.state(XLF) is StopState.NOT_HELD


async def test_before_the_first_look_it_is_not_known_what_is_held(tmp_path: Path) -> None:
    world = _at(timedelta(minutes=10))
    world.broker.fail("holdings", "try_later", times=1000)
    async with holding(tmp_path, world=world) as bench:
        assert state(bench) is await shown(bench) is StopState.NOT_SEEN
        assert "not known what is held" in await stops_line(bench)
        [started] = await bench.told(Started)
        assert any("손절" in korean(note) for note in started.notes)


@pytest.mark.parametrize("mode", list(Mode))
async def test_mode_lock_and_session_are_part_of_it(tmp_path: Path, mode: Mode) -> None:
    async with holding(tmp_path) as bench:
        bench.price(TQQQ, "100")
        chosen = ModeState(mode=mode, symbol=None, set_by=OWNER, set_at=bench.clock.now(), reason="test", until=None)
        await bench.core.base.modes.set(chosen)
        assert state(bench) is (StopState.HALTED if mode is Mode.HALTED else StopState.TICKS)
        await bench.until(OPEN + timedelta(hours=7))
        assert state(bench) is (StopState.HALTED if mode is Mode.HALTED else StopState.CLOSED)


async def test_a_lock_that_blocks_the_stop_is_named(tmp_path: Path) -> None:
    async with holding(tmp_path) as bench:
        lock = TickerLock(symbol=TQQQ, reason="split_guard", locked_at=bench.clock.now(), until=None, blocks_stop=True)
        await bench.core.base.modes.set_lock(lock, [])
        assert state(bench) is StopState.LOCKED


@pytest.mark.parametrize("error", [TryLater("down"), DataUnavailable("no price")])
async def test_silence_is_told_as_silence_and_a_halt_as_a_halt(tmp_path: Path, error: Any) -> None:
    async with holding(tmp_path, ticks=False) as bench:
        await bench.pass_time(5)
        bench.market.broken[TQQQ] = error
        await bench.pass_time(30)
        assert state(bench) is StopState.SILENT
        bench.market.broken.clear()
        bench.market.halted.add(TQQQ)
        await bench.pass_time(10)
        assert state(bench) is StopState.NO_TRADING


async def test_a_stop_that_is_switched_off_is_no_alarm_of_prices(tmp_path: Path) -> None:
    async with holding(tmp_path, stop_loss_rate="off") as bench:
        assert state(bench) is StopState.OFF
        await bench.pass_time(60)
        assert not await bench.told(Protection)


# a cost of zero


async def test_a_holding_at_no_cost_is_told_once_to_have_no_stop(tmp_path: Path) -> None:
    """Shares from a spin-off or a transfer: no return can be computed, so nothing would ever sell them."""

    async def told(bench: Bench) -> list[Trouble]:
        return [trouble for trouble in await bench.told(Trouble) if trouble.key == f"no_cost:{TQQQ}"]

    world = _at(timedelta(minutes=10), cost="0")
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(130)
        [first] = await told(bench)
        assert "/alert TQQQ" in english(first.what)
        assert "평균단가" in korean(first.what)
        assert state(bench) is await shown(bench) is StopState.NO_COST
        assert "its average cost is not known" in await stops_line(bench)
    async with holding(tmp_path, world=world) as bench:
        await bench.pass_time(130)
        assert len(await told(bench)) == 1  # a restart does not repeat it
        world.broker.hold(TQQQ, 10, Decimal(100))
        await bench.pass_time(130)
        bench.price(TQQQ, "100")
        assert state(bench) is StopState.TICKS


def _at(after_open: timedelta, cost: str = "100") -> World:
    world = World.at(OPEN + after_open)
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(cost))
    return world

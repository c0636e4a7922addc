"""What must hold when two things happen at once, or the program dies between two commits (promises 1, 2, 4 and 6).

Row S105.
"""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage.connection import Database
from storage.database import FILE_NAME
from strategy.model import (
    Mode,
    Origin,
    OutcomeKind,
    PanicProgress,
    Protection,
    Said,
    Side,
    Started,
    StorageError,
    TickerLock,
    Trouble,
)
from strategy.risk.exposure import ExposureMeter
from strategy.stops.safe_mode import DESK_FAILED
from strategy.stops.stop_monitor import StopMonitor
from tests.fakes.clock import trading_settings
from tests.storage.test_damage import overwritten
from tests.strategy.control.test_amend_orders import preview as amending
from tests.strategy.control.test_amend_orders import resting
from tests.strategy.control.test_control_orders import ask, open_market, shares
from tests.strategy.control.test_watchlist import settings, unwatch, world
from tests.strategy.panic.test_panic import panic, two_held
from tests.strategy.panic.test_panic import preview as panicking
from tests.strategy.stops.test_stop_monitor import holding
from tests.strategy.wiring.test_core_crashes import failing
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, O, World, running
from tests.support.words import english, korean

Patch = pytest.MonkeyPatch


async def test_a_panic_cut_off_before_its_mode_was_stored_still_stops_the_rules(tmp_path: Path) -> None:
    """The note is on disk, the mode is not: the next start must not buy back what the panic sells."""
    made = two_held()
    async with holding(tmp_path, world=made) as bench:
        bench.broker.matching = False
        shown = await panicking(bench)
        with pytest.MonkeyPatch.context() as patch:

            async def full(*_: object) -> None:
                raise StorageError("disk full")

            patch.setattr(type(bench.storage.modes), "add", full)
            with pytest.raises(StorageError):
                await bench.core.control.confirmations.confirm(shown.ticket_all or "", OWNER)
    made.broker.matching = True
    async with holding(tmp_path, world=made) as bench:
        await bench.pass_time(60)
        assert [told.flat for told in await bench.told(PanicProgress) if told.done] == [True]
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert (bench.core.base.modes.account.reason, bench.core.base.modes.account.set_by) == ("panic", OWNER)


async def test_the_rules_cannot_be_started_while_a_panic_sells(tmp_path: Path) -> None:
    """They would buy back what it sells, and it would sell that again."""
    async with holding(tmp_path, world=two_held()) as bench:
        await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=None, user_id=OWNER)
        early = await bench.core.control.modes.preview(OWNER, Mode.RUN, symbol=None)
        bench.broker.matching = False
        await panic(bench)
        await bench.pass_time(5)
        shown = await bench.core.control.modes.preview(OWNER, Mode.RUN, symbol=None)
        assert shown.ticket is None
        assert "/halt" in english(shown.refusals[0])
        assert (await bench.core.control.confirmations.confirm(early.ticket or "", OWNER)).kind is OutcomeKind.DENIED
        bench.broker.matching = True
        bench.price(TQQQ, "99.99")
        bench.price(XLF, "49.99")
        await bench.pass_time(30)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        shown = await bench.core.control.modes.preview(OWNER, Mode.RUN, symbol=None)
        assert shown.ticket is not None


@pytest.mark.parametrize("what", ["mode", "stop"])
async def test_a_dearer_buy_does_not_go_out_when_what_allowed_it_ended_while_cash_was_asked(
    tmp_path: Path, what: str
) -> None:
    async with open_market(tmp_path, hold=10) as bench:
        order = await resting(bench, qty=3)
        shown = await amending(bench, order.no, price="91.00")
        bench.broker.fail("buying_power", "hang")
        asked = bench.broker.asked["buying_power"]
        async with asyncio.TaskGroup() as group:
            pressed = group.create_task(bench.core.control.confirmations.confirm(shown.ticket or "", OWNER))
            await bench.wait_for(lambda: bench.broker.asked["buying_power"] > asked)
            await bench.settle()  # the request hangs
            if what == "mode":
                await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=None, user_id=OWNER)
            else:
                assert bench.core.protection.guard.claim(TQQQ)
            bench.broker.unhang()
        assert pressed.result().kind is OutcomeKind.DENIED
        assert bench.broker.amended == []


async def test_a_dearer_buy_is_refused_from_the_moment_the_days_loss_is_reached_s105(tmp_path: Path) -> None:
    quiet = {"daily_loss_limit_pct": "5", "check_interval_minutes": 240, "stop_loss_rate": "off"}
    async with open_market(tmp_path, hold=60, **quiet) as bench:
        order = await resting(bench, qty=3, price="80.00")
        shown = await amending(bench, order.no, price="81.00")
        await bench.pass_time(20)
        bench.price(TQQQ, "85")
        assert (await bench.core.control.confirmations.confirm(shown.ticket or "", OWNER)).kind is OutcomeKind.DENIED
        assert bench.broker.amended == []
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY


@pytest.mark.parametrize("what", ["mode", "stop"])
async def test_an_order_by_hand_is_checked_again_after_the_last_question(
    tmp_path: Path, monkeypatch: Patch, what: str
) -> None:
    """A stop that fired, or a mode set, while the caps were read: neither a doubled sell nor a forbidden buy."""
    async with open_market(tmp_path, hold=10) as bench:
        side = Side.SELL if what == "stop" else Side.BUY
        ticket = await ask(bench, side, shares(3))
        whole = ExposureMeter.exposure

        async def slow(self: ExposureMeter, *args: object) -> object:
            if what == "stop":
                bench.price(TQQQ, "94")
            else:
                await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=None, user_id=OWNER)
            return await whole(self, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(ExposureMeter, "exposure", slow)
        outcome = await bench.core.control.confirmations.confirm(ticket, OWNER)
        assert outcome.kind in (OutcomeKind.CHANGED, OutcomeKind.DENIED)
        await bench.settle()
        assert {request.origin for request in bench.broker.submitted} <= {Origin.STOP_LOSS}


async def test_a_buy_shown_before_its_ticker_left_the_list_is_not_placed(tmp_path: Path) -> None:
    """Nothing would watch over what it buys."""
    async with running(tmp_path, world(), settings=settings(trading_tickers="NASDAQ:TQQQ,NYSE:O")) as bench:
        shown = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, O, shares(3), None)
        assert (await unwatch(bench, O)).kind is OutcomeKind.DONE
        outcome = await bench.core.control.confirmations.confirm(shown.ticket or "", OWNER)
        assert outcome.kind in (OutcomeKind.CHANGED, OutcomeKind.DENIED)
        assert bench.broker.submitted == []


async def test_a_buy_of_a_ticker_without_a_stop_says_so(tmp_path: Path) -> None:
    made = world()
    made.broker.hold(O, 3, Decimal(100))
    async with running(tmp_path, made, settings=settings()) as bench:
        shown = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, O, shares(3), None)
        assert any("no stop" in english(warning) for warning in shown.warnings)


async def test_a_start_that_cannot_see_the_account_says_that_no_stop_works_promise_4(tmp_path: Path) -> None:
    made = World.at(OPEN + timedelta(minutes=10))
    made.ready(TQQQ)
    made.broker.hold(TQQQ, 10, Decimal(100))
    async with holding(tmp_path, world=made):
        pass
    made.broker.fail("holdings", "try_later", times=10_000)
    async with holding(tmp_path, world=made) as bench:
        await bench.pass_time(30)
        [lost] = await bench.told(Protection)
        assert (lost.armed, lost.symbols) == (False, (TQQQ,))
        made.broker._faults["holdings"].clear()
        await bench.pass_time(300)
        [_, back] = await bench.told(Protection)
        assert (back.armed, back.symbols) == (True, (TQQQ,))


async def test_a_stop_held_up_by_an_order_of_unknown_outcome_says_so_and_sells_once_it_is_known_promise_4(
    tmp_path: Path,
) -> None:
    async with open_market(tmp_path, hold=10) as bench:
        bench.broker.fail("submit", "lost_request")
        bench.broker.fail("orders", "try_later", times=10)
        await bench.core.control.confirmations.confirm(await ask(bench, Side.SELL, shares(1), "120"), OWNER)
        bench.price(TQQQ, "94")
        await bench.pass_time(30)
        [trouble] = await bench.told(Trouble)
        assert trouble.key == f"stop:{TQQQ}"
        assert "has not sold" in english(trouble.what)
        assert "#1" in english(trouble.what)
        await bench.pass_time(300)
        assert bench.broker.qty_held(TQQQ) == 0
        assert [told.key for told in await bench.told(Trouble)].count(trouble.key) == 1


async def test_a_stop_of_the_program_waits_no_longer_than_it_may_for_an_answer_that_hangs(tmp_path: Path) -> None:
    """What hangs is unknown on disk, and the next start looks it up."""
    async with open_market(tmp_path) as bench:
        ticket = await ask(bench)
        bench.broker.fail("submit", "hang")
        async with asyncio.TaskGroup() as group:
            pressed = group.create_task(bench.core.control.confirmations.confirm(ticket, OWNER))
            await bench.wait_for(lambda: bool(bench.broker.submitted))
            bench.core.trading.desk.hurry(0)
        assert pressed.result().kind is OutcomeKind.UNKNOWN
        world_then = bench.world
    async with holding(tmp_path, world=world_then) as bench:
        await bench.pass_time(300)
        assert [order.status.closed for order in await bench.orders()] == [True]
        assert len(bench.broker.submitted) == 1


@pytest.mark.parametrize("from_the_start", [True, False])
async def test_one_ticker_behind_the_split_guard_does_not_switch_the_days_loss_limit_off_s105(
    tmp_path: Path, from_the_start: bool
) -> None:
    """What cannot be valued is left out; the others' losses still count."""
    made = world(-5)
    made.broker.hold(TQQQ, 10, Decimal(100))
    made.broker.hold(O, 60, Decimal(100))
    quiet = settings(trading_tickers="NASDAQ:TQQQ,NYSE:O", stop_loss_rate="off", daily_loss_limit_pct="5")
    async with running(tmp_path, made, settings=quiet) as bench:
        lock = TickerLock(symbol=TQQQ, reason="split", locked_at=bench.clock.now(), until=None, blocks_stop=True)
        if from_the_start:
            await bench.core.base.modes.set_lock(lock)
        await bench.until(OPEN + timedelta(minutes=5))
        await bench.core.base.modes.set_lock(lock)
        bench.price(TQQQ, "10")  # of no consequence
        await bench.pass_time(130)
        assert bench.core.base.modes.account.mode.buys
        bench.price(O, "80")
        await bench.pass_time(130)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        await bench.core.base.modes.release(TQQQ, OWNER)
        await bench.pass_time(130)
        assert [told.key for told in await bench.told(Trouble)] == ["daily_loss_limit"]


async def test_a_fill_while_the_stop_watcher_was_down_gets_its_stop_as_soon_as_it_is_up(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    async with holding(tmp_path, qty=0, may_crash=True, check_interval_minutes=240) as bench:
        order = await resting(bench, qty=3, price="99.00")
        failing(monkeypatch, StopMonitor, "follow_fills")
        bench.core.protection.runner._at_work.fired.put(None)  # type: ignore[arg-type]  # a fault of any kind
        await bench.settle()
        assert order.venue_no is not None
        bench.broker.fill(order.venue_no)
        await bench.settle()
        assert TQQQ not in bench.core.protection.guard.lines
        await bench.pass_time(15)
        assert TQQQ in bench.core.protection.guard.lines


async def test_a_fall_back_does_not_run_out_with_the_mode_it_found(tmp_path: Path, monkeypatch: Patch) -> None:
    async with holding(tmp_path, may_crash=True) as bench:
        until = bench.clock.now() + timedelta(minutes=4)
        await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=until, user_id=OWNER)
        failing(monkeypatch, type(bench.core.trading.desk), "_hear")
        bench.broker.hand_order(TQQQ, Side.BUY, 1, Decimal(80))
        await bench.pass_time(300)
        chosen = bench.core.base.modes.chosen()
        assert (chosen.mode, chosen.reason) == (Mode.PROTECT_ONLY, DESK_FAILED)


async def test_a_held_ticker_missing_from_the_list_is_named_at_the_start(tmp_path: Path) -> None:
    """The list of `.env` was shortened while the program was off: nobody was asked."""
    made = two_held()
    async with holding(tmp_path, world=made) as bench:
        [started] = await bench.told(Started)
        assert any("XLF" in english(note) and "stop" in english(note) for note in started.notes)
        assert XLF not in bench.core.protection.guard.lines


async def test_a_full_disk_keeps_the_stop_from_firing_and_the_chat_is_told_past_the_disk_promise_4(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    heard: list[Said] = []
    deaf = [True]

    async def cry(text: Said) -> None:
        if deaf.pop() if deaf else False:
            raise RuntimeError("Telegram does not answer")
        heard.append(text)

    async def full(*_: object, **__: object) -> None:
        raise StorageError("disk full")

    made = World.at(OPEN + timedelta(minutes=10))
    made.ready(TQQQ)
    made.broker.hold(TQQQ, 10, Decimal(100))
    async with running(tmp_path, made, settings=settings(), cry=cry, may_crash=True) as bench:
        with monkeypatch.context() as patch:
            patch.setattr(Database, "write", full)
            patch.setattr(Database, "write_ahead", full)
            bench.price(TQQQ, "94")
            await bench.pass_time(30)
            assert bench.broker.submitted == []
            assert len(heard) == 1  # the second try; the first was not heard
            assert "no stop" in english(heard[0])
            await bench.pass_time(300)
            assert len(heard) == 1
        bench.price(TQQQ, "93.9")
        await bench.pass_time(130)
        assert bench.broker.qty_held(TQQQ) == 0
        await bench.pass_time(1200)
        assert len(heard) <= 2  # what failed within the pause is said once more, then no more


async def test_a_database_that_is_damaged_under_the_program_is_told_as_that_and_not_traded_upon(tmp_path: Path) -> None:
    heard: list[Said] = []

    async def cry(text: Said) -> None:
        heard.append(text)

    made = World.at(OPEN + timedelta(minutes=10))
    made.ready(TQQQ)
    made.broker.hold(TQQQ, 10, Decimal(100))
    async with running(tmp_path, made, settings=settings(), cry=cry, may_crash=True) as bench:
        await overwritten(bench.storage, tmp_path / FILE_NAME)
        bench.price(TQQQ, "94")
        await bench.pass_time(30)
        assert bench.broker.submitted == []
        assert len(heard) == 1
        assert str(tmp_path / FILE_NAME) in korean(heard[0])
        assert "손상되었습니다" in korean(heard[0])
        assert "가득" not in korean(heard[0])
        assert "no stop" in english(heard[0])
        await bench.pass_time(1200)
        assert bench.broker.submitted == []
        assert len(heard) <= 3


async def test_choosing_run_does_not_wait_for_a_broker_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rule would do at once is unknown then, and said to be."""
    monkeypatch.setattr("strategy.signals.forecast._ALL_PATIENCE_S", 0.05)
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    async with running(tmp_path, world, settings=trading_settings(trading_tickers="NASDAQ:TQQQ")) as bench:
        await bench.pass_time(60)
        bench.broker.fail("holdings", "hang")
        bench.core.trading.account_sync.spoil()
        preview = await bench.core.control.modes.preview(OWNER, Mode.RUN, symbol=None)
        assert preview.ticket is not None
        assert [line.code for line in preview.effects] == ["forecast.unknown"]

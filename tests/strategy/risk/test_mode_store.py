"""The modes in force: the stricter wins, time limits end, arming bounds the real environment (spec section 5)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Storage, open_storage
from strategy.model import Environment, Mode, ModeState, StorageError, Symbol, TickerLock
from strategy.risk.mode_store import ModeStore, stricter
from tests.fakes.clock import FakeClock

NOON = datetime(2026, 9, 15, 16, tzinfo=UTC)
TQQQ, XLF = Symbol.parse("NASDAQ:TQQQ"), Symbol.parse("AMEX:XLF")


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(tmp_path) as opened:
        yield opened


async def load(storage: Storage, clock: FakeClock, environment: Environment = Environment.VIRTUAL) -> ModeStore:
    book = ModeStore(journal=storage.modes, notes=storage.notes, clock=clock, environment=environment)
    await book.load()
    return book


def state(mode: Mode, symbol: Symbol | None = None, *, until: datetime | None = None) -> ModeState:
    return ModeState(mode=mode, symbol=symbol, set_by=7, set_at=NOON, reason="", until=until)


@pytest.mark.parametrize("one", list(Mode))
@pytest.mark.parametrize("other", list(Mode))
def test_the_stricter_of_two_allows_what_both_allow(one: Mode, other: Mode) -> None:
    both = stricter(one, other)
    assert both.buys is (one.buys and other.buys)
    assert both.rule_sells is (one.rule_sells and other.rule_sells)
    assert both.stops is (one.stops and other.stops)


async def test_a_fresh_database_runs_where_no_real_money_moves(storage: Storage) -> None:
    clock = FakeClock(NOON)
    assert (await load(storage, clock)).of(TQQQ).mode is Mode.RUN
    real = await load(storage, clock, Environment.REAL)
    assert real.of(TQQQ).mode is Mode.HALTED  # never armed: nothing was put in its care
    await real.arm(NOON)
    assert real.of(TQQQ).mode == "protect_only"  # armed, and /run starts it
    again = await load(storage, clock, Environment.REAL)
    assert (again.of(TQQQ).mode, again.armed) == (Mode.PROTECT_ONLY, False)


async def test_a_time_limit_falls_back_to_run(storage: Storage) -> None:
    clock = FakeClock(NOON)
    book = await load(storage, clock)
    end = NOON + timedelta(minutes=30)
    await book.set(state(Mode.PAUSE_BUYS, TQQQ, until=end))
    assert (book.of(TQQQ).mode, book.of(XLF).mode, book.next_expiry) == (Mode.PAUSE_BUYS, Mode.RUN, end)
    clock.set(end)
    assert book.of(TQQQ).mode == "run"
    assert [gone.symbol for gone in await book.expire()] == [TQQQ]
    assert await book.expire() == []
    assert (await load(storage, clock)).chosen(TQQQ).reason == "expired"


async def test_locks_end_at_the_next_open_or_when_released(storage: Storage) -> None:
    clock = FakeClock(NOON)
    book = await load(storage, clock)
    await book.set_lock(TickerLock(symbol=TQQQ, reason="stop_loss", locked_at=NOON, until=NOON + timedelta(hours=1)))
    await book.set_lock(TickerLock(symbol=XLF, reason="split_guard", locked_at=NOON, until=None, blocks_stop=True))
    assert [lock.symbol for lock in (await load(storage, clock)).locks()] == [XLF, TQQQ]
    clock.set(NOON + timedelta(hours=1))
    assert book.lock(TQQQ) is None
    assert await book.release(XLF, 7)
    assert not await book.release(XLF, 7)
    assert not await book.release(TQQQ, 7)
    assert (await load(storage, clock)).locks() == ()


async def test_a_stricter_mode_holds_even_if_it_cannot_be_stored(storage: Storage) -> None:
    class Full(type(storage.modes)):  # type: ignore[misc]
        async def add(self, *_: object) -> None:
            raise StorageError("disk full")

    full = Full(storage.modes._database, storage.modes._outbox)
    book = ModeStore(journal=full, notes=storage.notes, clock=FakeClock(NOON), environment=Environment.VIRTUAL)
    with pytest.raises(StorageError):
        await book.set(state(Mode.PROTECT_ONLY))
    assert book.account.mode is Mode.PROTECT_ONLY
    with pytest.raises(StorageError):
        await book.set(state(Mode.RUN))
    assert book.account.mode is Mode.PROTECT_ONLY

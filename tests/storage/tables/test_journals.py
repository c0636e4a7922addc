"""Decisions, settings, modes, locks, notes and tickets. Row S99."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Storage, open_storage
from strategy.model import (
    DecisionAction,
    Mode,
    ModeChanged,
    ModeState,
    SettingChange,
    SettingChanged,
    StorageError,
    Symbol,
    TickerLock,
    Ticket,
)
from tests.fakes.stored_samples import TQQQ, O, at, decision, notable, request


async def test_a_decision_is_kept_with_every_gate_s99(storage: Storage) -> None:
    stored = await storage.decisions.add(decision(), events=[notable()])
    assert stored == decision(id=stored.id)
    assert stored.id
    assert await storage.decisions.get(stored.id) == stored
    assert len(await storage.outbox.pending(9)) == 1
    assert await storage.decisions.get(99) is None


async def test_a_decision_is_kept_with_the_lock_it_puts_on_its_ticker_or_not_at_all(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = TickerLock(symbol=TQQQ, reason="stop_loss", locked_at=at(), until=at(3600))

    def full(*_: object) -> None:
        raise StorageError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(storage.outbox, "append", full)
        with pytest.raises(StorageError):
            await storage.decisions.add(decision(action=DecisionAction.STOP), [notable()], lock=lock)
    assert not await storage.modes.locks()
    assert not await storage.decisions.since(at(-60))
    await storage.decisions.add(decision(action=DecisionAction.STOP), [notable()], lock=lock)
    assert await storage.modes.locks() == [lock]
    assert len(await storage.decisions.since(at(-60))) == len(await storage.outbox.pending(9)) == 1


async def test_the_latest_decision_of_a_ticker_at_a_time(storage: Storage) -> None:
    first = await storage.decisions.add(decision(decided_at=at(0)))
    second = await storage.decisions.add(decision(decided_at=at(60)))
    other = await storage.decisions.add(decision(decided_at=at(90), symbol=O))
    assert await storage.decisions.latest(TQQQ) == second
    assert await storage.decisions.latest(TQQQ, before=at(60)) == second
    assert await storage.decisions.latest(TQQQ, before=at(59)) == first
    assert await storage.decisions.latest(TQQQ, before=at(-1)) is None
    assert await storage.decisions.since(at(60)) == [second, other]


async def test_old_decisions_without_consequence_can_be_forgotten(storage: Storage) -> None:
    idle = await storage.decisions.add(decision())
    asked = await storage.decisions.add(decision())
    await storage.orders.send(request(decision_id=asked.id), at())
    acted = await storage.decisions.add(decision(action=DecisionAction.STOP))
    recent = await storage.decisions.add(decision(decided_at=at(100)))
    assert await storage.decisions.forget(at(100)) == 1
    assert await storage.decisions.get(idle.id) is None
    assert [found.id for found in await storage.decisions.since(at(0))] == [asked.id, acted.id, recent.id]


def _change(new: str | None, *, seconds: float = 0, symbol: Symbol | None = None, **more: object) -> SettingChange:
    return SettingChange(
        **{  # type: ignore[arg-type]
            "name": "RSI_OVERSOLD",
            "symbol": symbol,
            "old": "50",
            "new": new,
            "set_by": 7,
            "set_at": at(seconds),
            "until": None,
            **more,
        }
    )


async def _in_force(storage: Storage, seconds: float = 0) -> dict[str | None, str | None]:
    return {str(row.symbol) if row.symbol else None: row.new for row in await storage.settings.current(at(seconds))}


async def test_the_newest_change_of_each_name_and_ticker_is_in_force(storage: Storage) -> None:
    for row in (_change("40"), _change("30", symbol=TQQQ), _change("45"), _change("20", symbol=O)):
        await storage.settings.add(row)
    await storage.settings.add(_change(None, symbol=O))  # reset
    assert await _in_force(storage) == {None: "45", "NASDAQ:TQQQ": "30"}


async def test_when_a_change_expires_the_one_before_is_in_force_again(storage: Storage) -> None:
    await storage.settings.add(_change("40"))
    await storage.settings.add(_change("30", until=at(7200)))
    assert await _in_force(storage, 7199) == {None: "30"}
    assert await _in_force(storage, 7200) == {None: "40"}


async def test_a_reset_outlives_an_expired_change(storage: Storage) -> None:
    await storage.settings.add(_change("30", until=at(7200)))
    await storage.settings.add(_change(None, seconds=60))
    assert await _in_force(storage, 7300) == {}


async def test_every_settings_change_is_kept_with_who_and_when(storage: Storage) -> None:
    first = await storage.settings.add(_change("40"), events=[SettingChanged(at=at(), change=_change("40"))])
    undo = await storage.settings.add(_change("50", seconds=5, undoes=first.id, set_by=None))
    assert await storage.settings.history(10) == [undo, first]
    assert await storage.settings.history(1) == [undo]
    (row,) = await storage.outbox.pending(5)
    assert isinstance(row.event, SettingChanged)
    assert row.event.change == first


def _mode(mode: Mode, symbol: Symbol | None = None, **more: object) -> ModeState:
    return ModeState(
        **{  # type: ignore[arg-type]
            "mode": mode,
            "symbol": symbol,
            "set_by": 7,
            "set_at": at(),
            "reason": "asked",
            "until": None,
            **more,
        }
    )


async def test_modes_survive_a_restart_exactly(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        assert not await storage.modes.current()
        await storage.modes.add(_mode(Mode.RUN))
        await storage.modes.add(_mode(Mode.PAUSE_BUYS, TQQQ, until=at(1800)))
        state = _mode(Mode.PROTECT_ONLY, set_by=None)
        await storage.modes.add(state, events=[ModeChanged(at=at(), state=state, previous=None)])
    async with open_storage(tmp_path) as storage:
        assert list(await storage.modes.current()) == [_mode(Mode.PAUSE_BUYS, TQQQ, until=at(1800)), state]
        assert len(await storage.outbox.pending(5)) == 1


def _lock(symbol: Symbol = TQQQ, **more: object) -> TickerLock:
    return TickerLock(**{"symbol": symbol, "reason": "stop_loss", "locked_at": at(), "until": at(900), **more})  # type: ignore[arg-type]


async def test_a_ticker_is_locked_until_released(storage: Storage) -> None:
    await storage.modes.set_lock(_lock(), events=[notable()])
    await storage.modes.set_lock(_lock(O, until=None, blocks_stop=True))
    assert list(await storage.modes.locks()) == [_lock(), _lock(O, until=None, blocks_stop=True)]
    assert await storage.modes.release(TQQQ, 7, at(60), events=[notable()])
    assert not await storage.modes.release(TQQQ, 7, at(61), events=[notable()])
    assert [lock.symbol for lock in await storage.modes.locks()] == [O]
    assert len(await storage.outbox.pending(9)) == 2


async def test_a_new_lock_replaces_the_old(storage: Storage) -> None:
    await storage.modes.set_lock(_lock())
    await storage.modes.set_lock(_lock(reason="split", blocks_stop=True))
    assert list(await storage.modes.locks()) == [_lock(reason="split", blocks_stop=True)]


async def test_notes_keep_the_newest_value(storage: Storage) -> None:
    assert await storage.notes.get("k") is None
    await storage.notes.put("k", "1")
    await storage.notes.put("k", '{"a": "한글"}')
    assert await storage.notes.get("k") == '{"a": "한글"}'


def _ticket(ticket_id: str = "t1") -> Ticket:
    return Ticket(
        id=ticket_id,
        action="order",
        payload="{}",
        fingerprint="f",
        user_id=7,
        created_at=at(),
        expires_at=at() + timedelta(seconds=60),
    )


async def test_a_ticket_is_taken_by_exactly_one_press(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        await storage.tickets.add(_ticket())
        assert await storage.tickets.get("t1") == _ticket()
        taken = await asyncio.gather(*(storage.tickets.take("t1", at(n)) for n in range(5)))
        assert sorted(taken) == [False, False, False, False, True]
    async with open_storage(tmp_path) as storage:
        assert not await storage.tickets.take("t1", at(9))
        used = await storage.tickets.get("t1")
        assert used is not None
        assert used.used_at is not None


async def test_a_ticket_that_does_not_exist_cannot_be_taken(storage: Storage) -> None:
    assert not await storage.tickets.take("nope", at())
    assert await storage.tickets.get("nope") is None


async def test_a_tickets_id_is_used_once(storage: Storage) -> None:
    await storage.tickets.add(_ticket())
    with pytest.raises(StorageError):
        await storage.tickets.add(_ticket())


async def test_an_instant_without_zone_is_never_stored(storage: Storage) -> None:
    with pytest.raises(ValueError, match="zone"):
        await storage.modes.add(_mode(Mode.RUN, set_at=at().replace(tzinfo=None)))
    assert not await storage.modes.current()

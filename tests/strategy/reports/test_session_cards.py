"""Cards told by the calendar: ready check, closed and half days the evening before (Korean time).

Rows S32, S49, S81.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage.database import Storage, open_storage
from strategy.market import Session, session_on, sessions
from strategy.model import (
    Amount,
    AmountKind,
    CalendarNotice,
    Event,
    HealthLine,
    ReadyCheck,
    SessionClosed,
    SessionOpened,
    Side,
    StorageError,
    TryLater,
    new_york,
    seoul,
)
from strategy.ports import Notes
from strategy.reports.session_cards import SessionCards, notices
from strategy.runtime import Activity
from tests.fakes.clock import FakeClock, settle, trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, O, World, running
from tests.support.words import english, korean, made_up

FINE = HealthLine(name=made_up("a", "a"), ok=True, detail=made_up("", ""))
QUIET = {"rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}


class Lines:
    """Stands for `ReadyLines`."""

    async def of(self, session: Session) -> tuple[HealthLine, ...]:
        return (FINE,)


class MemoryNotes:
    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.told: list[Event] = []
        self.down = False

    async def get(self, key: str) -> str | None:
        return self.stored.get(key)

    async def put(self, key: str, value: str, events: object = ()) -> None:
        if self.down:
            raise StorageError("full")
        self.stored[key] = value
        self.told += events  # type: ignore[arg-type]


class Cards:
    """The cards' task on a clock that a test moves; `restart` begins it anew with the same notes."""

    def __init__(self, at: datetime) -> None:
        self.clock = FakeClock(at)
        self.notes = MemoryNotes()

    async def live_until(self, *stops: datetime) -> None:
        """Run to each stop in turn; the program is restarted at each."""
        for stop in stops:
            begun = asyncio.Event()
            begun.set()
            notes: Notes = self.notes
            cards = SessionCards(
                ready=Lines(),  # type: ignore[arg-type]
                begun=begun,
                notes=notes,
                clock=self.clock,
                activity=Activity(),
            )
            async with asyncio.TaskGroup() as group:
                task = group.create_task(cards.run())
                await settle(5)
                while (due := self.clock.next_wake) is not None and due <= stop:
                    self.clock.set(due)
                    await settle(5)
                self.clock.set(stop)
                await settle(5)
                task.cancel()

    def notices(self) -> list[CalendarNotice]:
        return [event for event in self.notes.told if isinstance(event, CalendarNotice)]

    def checks(self) -> list[ReadyCheck]:
        return [event for event in self.notes.told if isinstance(event, ReadyCheck)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
async def test_a_year_of_cards_each_told_once_at_its_minute(year: int) -> None:
    first, last = date(year, 1, 1), date(year, 12, 31)
    cards = Cards(datetime(year - 1, 12, 31, 8, tzinfo=UTC))
    await cards.live_until(datetime(year, 12, 31, 22, tzinfo=UTC))
    checks = [check for check in cards.checks() if check.session_on >= first.isoformat()]
    year_of = sessions(first, last)
    assert [check.session_on for check in checks] == [session.on.isoformat() for session in year_of]
    assert all(check.opens_at - check.at == timedelta(minutes=10) for check in checks)
    assert {new_york(check.at).time() for check in checks} == {time(9, 20)}
    assert {seoul(check.at).time() for check in checks} == {time(22, 20), time(23, 20)}  # both halves of the year
    told = [told for told in cards.notices() if first.isoformat() <= told.on <= last.isoformat()]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    special = [on for on in days if on.weekday() < 5 and ((found := session_on(on)) is None or found.half_day)]
    assert [each.on for each in told] == [on.isoformat() for on in special]
    for each in told:
        at = seoul(each.at)
        assert (at.date(), at.time()) == (date.fromisoformat(each.on) - timedelta(days=1), time(18))
        found = session_on(date.fromisoformat(each.on))
        assert each.closed is (found is None)
        assert each.closes_at == (found.closes_at if found else None)
        assert each.next_open > each.at
        assert korean(each.note)


async def test_restarts_at_any_hour_neither_repeat_nor_lose_a_card() -> None:
    begin = utc("2026-11-23 03:00")
    cards = Cards(begin)
    await cards.live_until(*(begin + timedelta(hours=n) for n in range(1, 121)))
    assert [each.on for each in cards.notices()] == ["2026-11-26", "2026-11-27"]  # Thanksgiving and its half day
    assert [check.session_on for check in cards.checks()] == ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27"]
    assert [check.half_day for check in cards.checks()] == [False, False, False, True]


async def test_a_program_that_starts_later_that_evening_tells_it_then() -> None:
    late = Cards(utc("2026-11-25 13:30"))  # 22:30 in Korea, the evening before Thanksgiving
    await late.live_until(utc("2026-11-25 13:31"))
    [told] = late.notices()
    assert (told.on, told.closed, told.at) == ("2026-11-26", True, utc("2026-11-25 13:30"))
    assert told.next_open == utc("2026-11-27 14:30")
    assert "추수감사절" in korean(told.note)
    both = Cards(utc("2026-11-26 10:00"))  # 19:00 in Korea on the holiday itself: the half day is due as well
    await both.live_until(utc("2026-11-26 10:01"))
    assert [each.on for each in both.notices()] == ["2026-11-26", "2026-11-27"]
    over = Cards(utc("2026-11-26 15:00"))  # past the hour it would have opened
    await over.live_until(utc("2026-11-26 15:01"))
    assert [each.on for each in over.notices()] == ["2026-11-27"]


def test_plain_days_and_weekends_are_not_announced() -> None:
    assert list(notices(utc("2026-09-18 12:00"))) == []  # a Friday before a usual weekend
    assert list(notices(utc("2026-09-05 12:00"))) == []  # Saturday; Labor Day is Monday
    assert [on.isoformat() for on in notices(utc("2026-09-06 09:00"))] == ["2026-09-07"]


@pytest.mark.parametrize(("day", "at"), [("2026-03-09", "13:20"), ("2026-11-02", "14:20"), ("2026-10-30", "13:20")])
async def test_the_ready_check_follows_both_clock_changes(day: str, at: str) -> None:
    cards = Cards(utc(f"{day} 00:00"))
    await cards.live_until(utc(f"{day} 20:00"))
    assert [check.at for check in cards.checks()] == [utc(f"{day} {at}")]


async def test_a_start_within_the_ten_minutes_checks_at_once_and_a_later_one_not() -> None:
    cards = Cards(utc("2026-09-15 13:27"))
    await cards.live_until(utc("2026-09-15 13:28"))
    assert [check.at for check in cards.checks()] == [utc("2026-09-15 13:27")]
    late = Cards(utc("2026-09-15 13:30"))
    await late.live_until(utc("2026-09-15 20:00"))
    assert late.checks() == []


async def test_a_card_that_could_not_be_stored_is_tried_again() -> None:
    cards = Cards(utc("2026-09-15 13:00"))
    cards.notes.down = True
    await cards.live_until(utc("2026-09-15 13:22"))
    cards.notes.down = False
    await cards.live_until(utc("2026-09-15 13:25"))
    assert len(cards.checks()) == 1


# with the whole core


def ready(minutes: float) -> World:
    world = World.at(OPEN + timedelta(minutes=minutes))
    for symbol in (TQQQ, O, XLF):
        world.ready(symbol)
    return world


def by_name(check: ReadyCheck) -> dict[str, HealthLine]:
    return {english(line.name): line for line in check.lines}


async def check_of(bench: Bench) -> ReadyCheck:
    await bench.until(OPEN - timedelta(minutes=9))
    [check] = await bench.told(ReadyCheck)
    return check


async def test_the_ready_check_looks_at_everything_and_is_told_once_over_a_restart(tmp_path: Path) -> None:
    world = ready(-30)
    world.broker.hold(TQQQ, 5, Decimal(100))
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        check = await check_of(bench)
        assert (check.session_on, check.opens_at, check.half_day) == ("2026-09-15", OPEN, False)
        found = by_name(check)
        assert [name for name, line in found.items() if line.ok is False] == ["Outbox"]  # nobody delivers here
        assert english(found["Bars"].detail) == "3/3 warm"
        assert "$10,000" in english(found["Account and cash"].detail)
        assert {"Session today", "Reconciled", "Live connection", "Order notices"} <= found.keys()
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        await bench.until(OPEN + timedelta(minutes=1))
        assert len(await bench.told(ReadyCheck)) == 1


async def test_what_is_not_ready_is_named(tmp_path: Path) -> None:
    world = ready(-30)
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        await bench.until(OPEN - timedelta(minutes=11))
        bench.stream.drop("the line is cut")
        world.market.bars_broken[O] = TryLater("down")
        bench.core.trading.watch.forget_bars(O)
        bench.broker.fail("holdings", "try_later", times=50)
        found = by_name(await check_of(bench))
        assert (found["Bars"].ok, english(found["Bars"].detail)) == (
            False,
            "2/3 warm, too few: O. No signals until then",
        )
        assert found["Live connection"].ok is False
        assert found["Account and cash"].ok is False


async def test_nothing_is_checked_before_the_start_is_over(tmp_path: Path) -> None:
    """A start that takes long does not look unready: the check waits for it."""
    world = ready(-5)
    world.market.latency_s = 10
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        assert await bench.told(ReadyCheck) == []
        await bench.until(OPEN - timedelta(seconds=30))
        [check] = await bench.told(ReadyCheck)
        assert by_name(check)["Bars"].ok


async def test_open_and_close_carry_holdings_open_orders_and_the_days_result_s49_s32(tmp_path: Path) -> None:
    world = ready(-30)
    world.broker.hold(TQQQ, 5, Decimal(100))
    async with running(tmp_path, world, settings=trading_settings(**QUIET)) as bench:
        await bench.until(OPEN + timedelta(minutes=5))
        [opened] = await bench.told(SessionOpened)
        assert opened.holdings is not None
        assert [position.symbol for position in opened.holdings.positions] == [TQQQ]
        assert opened.open_orders == 0
        for side, price in ((Side.SELL, None), (Side.BUY, Decimal(90))):
            amount = Amount(kind=AmountKind.SHARES, value=Decimal(2))
            preview = await bench.core.control.orders.manual.preview(OWNER, side, TQQQ, amount, price)
            assert preview.ticket is not None
            await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
            await bench.settle()
        await bench.until(OPEN + timedelta(hours=7))
        [closed] = await bench.told(SessionClosed)
        assert (closed.orders, closed.fills, closed.sold) == (2, 1, Decimal("199.98"))
        assert closed.realized < 0
        assert [order.request.side for order in closed.open_orders] == [Side.BUY]
        assert closed.holdings is not None
        assert closed.holdings.positions[0].qty == 3


async def test_open_and_close_are_stored_with_the_note_that_they_were_told(tmp_path: Path) -> None:
    async with open_storage(tmp_path) as storage:
        assert isinstance(storage, Storage)
        told = CalendarNotice(
            at=OPEN, on="2026-11-26", closed=True, closes_at=None, note=made_up("", ""), next_open=OPEN
        )
        await storage.notes.put("calendar_notice", told.on, [told])
        assert [row.event for row in await storage.outbox.pending(5)] == [told]

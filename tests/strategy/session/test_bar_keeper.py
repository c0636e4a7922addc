"""The keeping of minute bars: every session once it is over, gaps at the next chance, and nobody is harmed."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from storage.bars.archive import BarRepository, open_archive
from strategy.health import lines
from strategy.market import sessions
from strategy.model import (
    Bar,
    BarSource,
    BarsProgress,
    DayFactor,
    DayFactors,
    Event,
    HealthLine,
    MinutePage,
    Notable,
    Said,
    StorageError,
    Symbol,
    TryLater,
)
from strategy.runtime.telling import Telling
from strategy.session.bar_keeper import BarKeeping, MinuteBarKeeper
from strategy.session.bar_news import BarNews
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import FakeClock, trading_settings
from tests.fakes.minutes import minutes, session
from tests.support.words import english

TQQQ, SOXL = Symbol.parse("NASDAQ:TQQQ"), Symbol.parse("AMEX:SOXL")
REAL = BarSource.REAL
TUE, WED, THU = date(2026, 9, 15), date(2026, 9, 16), date(2026, 9, 17)
NOON = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)
PAGE = 120


class Source:
    """A market's past minutes, paged like KIS's: newest first, the forming one and rows before the open included."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.reach = timedelta(days=31)
        self.gaps = 0.0
        self.offers = True
        self.broken: Exception | None = None
        self.breaks_after = 10_000  # pages
        self.none_on: set[date] = set()
        self.splits: dict[date, Decimal] = {}  # from that day on older prices are multiplied by it
        self.pages_given = 0
        self.asked: list[Symbol] = []

    def offered(self) -> bool:
        return self.offers

    def made(self, symbol: Symbol, on: date) -> tuple[Bar, ...]:
        return () if on in self.none_on else minutes(on, symbol.ticker, gaps=self.gaps)

    async def pages(self, symbol: Symbol) -> AsyncGenerator[MinutePage]:
        self.asked.append(symbol)
        now = self._clock.now()
        rows = list(self._rows(symbol, now))
        for place in range(0, len(rows), PAGE):
            if self.broken is not None and self.pages_given >= self.breaks_after:
                raise self.broken
            self.pages_given += 1
            page = rows[place : place + PAGE]
            yield MinutePage(bars=tuple(bar for bar in page if bar.volume >= 0), reaches=page[-1].start)

    def _rows(self, symbol: Symbol, now: datetime) -> Iterator[Bar]:
        """Give rows newest first; those outside of the session, told of no bar, have a volume below zero here."""
        for day in reversed(sessions((now - self.reach).date(), now.date())):
            bars = list(self.made(symbol, day.on))
            if not bars:
                continue
            before = replace(bars[0], start=day.opens_at - timedelta(minutes=3), end=day.opens_at, volume=-1)
            for bar in reversed([before, *bars]):
                if bar.start <= now:
                    yield replace(bar, closed=bar.end <= now)

    async def factors(self, symbol: Symbol, since: date, closes: Mapping[date, Decimal]) -> DayFactors:
        if self.broken is not None:
            raise self.broken
        found = {}
        for day in sessions(since, self._clock.now().date()):
            factor = Decimal(1)
            for on, by in self.splits.items():
                factor *= by if day.on < on <= self._clock.now().date() else 1
            found[day.on] = DayFactor(day=factor, minutes=factor)
        return found


class Settings:
    def __init__(self, *tickers: Symbol) -> None:
        self.tickers: tuple[Symbol, ...] = tickers
        self.account: TradingSettings = trading_settings()

    def of(self, symbol: Symbol | None) -> TradingSettings:
        return self.account


class Told:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def tell(self, *events: Event) -> None:
        self.events += events

    @property
    def progress(self) -> list[BarsProgress]:
        return [event for event in self.events if isinstance(event, BarsProgress)]


@dataclass
class Bench:
    clock: FakeClock
    source: Source
    settings: Settings
    archive: BarRepository
    told: Told
    keeper: MinuteBarKeeper

    async def until(self, when: datetime) -> None:
        """Let market time pass, with the archive's thread given its time at every step."""
        await self.quiet()
        while (due := self.clock.next_wake) is not None and due <= when:
            self.clock.set(due)
            await self.quiet()
        self.clock.set(when)
        await self.quiet()

    async def quiet(self) -> None:
        for _ in range(3):
            await self.archive.totals(REAL)
            for _ in range(20):
                await asyncio.sleep(0)

    async def kept(self, symbol: Symbol = TQQQ, source: BarSource = REAL) -> dict[date, tuple[Bar, ...]]:
        found = await self.archive.sessions(source, symbol.ticker, date(2026, 1, 1), date(2026, 12, 31))
        return {each.on: each.bars for each in found}

    def line(self) -> HealthLine:
        return lines.bars_kept(self.keeper.told())


@asynccontextmanager
async def keeping(
    folder: Path, start: datetime, *tickers: Symbol, source: Source | None = None, archive: Any = None
) -> AsyncGenerator[Bench]:
    clock = FakeClock(start)
    source = source or Source(clock)
    source._clock = clock
    settings, told = Settings(*(tickers or (TQQQ,))), Told()
    async with open_archive(folder) as opened:
        keeper = MinuteBarKeeper(
            keeping=BarKeeping(archive=archive or opened, history=source, source=REAL),
            settings=settings,
            news=BarNews(Telling(told, clock), clock),
            clock=clock,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(keeper.run())
            yield Bench(clock, source, settings, opened, told, keeper)
            assert not running.done()
            running.cancel()


def month(source: Source, until: date, symbol: Symbol = TQQQ) -> dict[date, tuple[Bar, ...]]:
    found = {each.on: source.made(symbol, each.on) for each in sessions(until - timedelta(days=30), until)}
    return {on: bars for on, bars in found.items() if bars}


# the nights


async def test_the_first_start_fetches_the_month_and_each_close_adds_its_session(tmp_path: Path) -> None:
    async with keeping(tmp_path, NOON, TQQQ, SOXL) as bench:
        await bench.until(NOON + timedelta(hours=1))
        before = month(bench.source, date(2026, 9, 14))
        assert len(before) == 20
        assert await bench.kept() == before  # what forms today is not among it
        assert await bench.kept(SOXL) == month(bench.source, date(2026, 9, 14), SOXL)
        await bench.until(session(TUE).closes_at + timedelta(minutes=9))
        assert TUE not in await bench.kept()
        await bench.until(session(TUE).closes_at + timedelta(minutes=12))
        assert (await bench.kept())[TUE] == minutes(TUE)
        await bench.until(session(THU).closes_at + timedelta(hours=1))
        assert [on for on in await bench.kept(SOXL) if on >= TUE] == [TUE, WED, THU]
        assert (await bench.kept(SOXL))[THU] == minutes(THU, "SOXL")


async def test_a_night_asks_for_four_pages_and_no_more(tmp_path: Path) -> None:
    async with keeping(tmp_path, NOON) as bench:
        await bench.until(session(TUE).closes_at)
        before = bench.source.pages_given
        await bench.until(session(TUE).closes_at + timedelta(hours=5))
        assert bench.source.pages_given - before == 4


async def test_sessions_with_gaps_and_half_days_are_kept_as_they_were(tmp_path: Path) -> None:
    half = date(2026, 11, 27)
    clock = FakeClock(NOON)
    source = Source(clock)
    source.gaps = 0.7
    start = session(half).opens_at + timedelta(hours=1)
    async with keeping(tmp_path, start, source=source) as bench:
        await bench.until(session(half).closes_at + timedelta(minutes=30))  # 13:30 New York
        kept = await bench.kept()
        assert kept == month(source, half)
        assert 20 < len(kept[half]) < 120
        assert kept[half][-1].end <= session(half).closes_at


async def test_the_change_of_clocks_moves_the_night_by_an_hour(tmp_path: Path) -> None:
    before, after = date(2026, 10, 30), date(2026, 11, 2)  # New York's clocks go back on the Sunday between
    async with keeping(tmp_path, session(before).opens_at) as bench:
        await bench.until(datetime(2026, 10, 30, 20, 12, tzinfo=UTC))
        assert before in await bench.kept()
        await bench.until(datetime(2026, 11, 2, 20, 12, tzinfo=UTC))  # 15:12 New York
        assert after not in await bench.kept()
        await bench.until(datetime(2026, 11, 2, 21, 12, tzinfo=UTC))
        kept = await bench.kept()
        assert kept[before] == minutes(before)
        assert kept[after] == minutes(after)


async def test_a_ticker_that_comes_onto_the_list_is_fetched_at_once(tmp_path: Path) -> None:
    async with keeping(tmp_path, NOON) as bench:
        await bench.until(NOON + timedelta(hours=1))
        bench.settings.tickers = (TQQQ, SOXL)
        bench.keeper.compare()
        await bench.until(NOON + timedelta(hours=2))
        assert await bench.kept(SOXL) == month(bench.source, date(2026, 9, 14), SOXL)
        assert bench.source.asked == [TQQQ, SOXL]  # the other one lacks nothing


# gaps, restarts


async def test_a_gap_is_filled_at_the_next_start_while_the_source_has_it(tmp_path: Path) -> None:
    async with keeping(tmp_path, session(TUE).closes_at + timedelta(hours=1)) as bench:
        await bench.until(session(TUE).closes_at + timedelta(hours=2))
    async with keeping(tmp_path, datetime(2026, 9, 28, 2, 0, tzinfo=UTC)) as bench:  # off for eight sessions
        await bench.until(datetime(2026, 9, 28, 3, 0, tzinfo=UTC))
        kept = await bench.kept()
        assert [on for on in kept if on > TUE] == [each.on for each in sessions(WED, date(2026, 9, 25))]
        assert kept[date(2026, 9, 18)] == minutes(date(2026, 9, 18))


async def test_a_restart_in_the_middle_keeps_what_was_whole_and_fetches_the_rest(tmp_path: Path) -> None:
    source = Source(FakeClock(NOON))
    async with keeping(tmp_path, NOON, source=source) as bench:
        for _ in range(12):  # a page each
            await bench.quiet()
            if (due := bench.clock.next_wake) is not None:
                bench.clock.set(due)
        await bench.quiet()
        early = await bench.kept()
        assert 0 < len(early) < 20
    async with keeping(tmp_path, NOON + timedelta(minutes=1), source=source) as bench:
        await bench.until(NOON + timedelta(hours=1))
        assert await bench.kept() == month(source, date(2026, 9, 14))


async def test_a_failure_is_told_in_log_and_health_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with keeping(tmp_path, NOON) as bench:
        await bench.until(session(TUE).closes_at)
        assert bench.line().ok is True
        bench.source.broken, bench.source.breaks_after = TryLater("HTTP 500"), 0
        with caplog.at_level(logging.WARNING):
            await bench.until(session(TUE).closes_at + timedelta(minutes=12))
        assert [vars(record)["days"] for record in caplog.records] == [["2026-09-15"]]
        line = bench.line()
        assert line.ok is False
        assert "TQQQ 2026-09-15" in english(line.detail)
        bench.source.broken = None
        await bench.until(session(TUE).closes_at + timedelta(minutes=25))
        assert bench.line().ok is True
        assert (await bench.kept())[TUE] == minutes(TUE)


async def test_one_ticker_that_fails_holds_no_other_up(tmp_path: Path) -> None:
    class OneFails(Source):
        async def pages(self, symbol: Symbol) -> AsyncGenerator[MinutePage]:
            if symbol == TQQQ:
                raise TryLater("HTTP 500")
            async for page in super().pages(symbol):
                yield page

    async with keeping(tmp_path, NOON, TQQQ, SOXL, source=OneFails(FakeClock(NOON))) as bench:
        await bench.until(NOON + timedelta(hours=1))
        assert len(await bench.kept(SOXL)) == 20
        assert "TQQQ 20 nights" in english(bench.line().detail)


async def test_a_damaged_session_is_fetched_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with keeping(tmp_path, NOON) as bench:
        await bench.until(NOON + timedelta(hours=1))
        database = bench.archive._open
        await database.change("UPDATE sessions SET bars = x'0102' WHERE session_on = '2026-09-10'")
        with caplog.at_level(logging.ERROR):
            await bench.until(session(TUE).closes_at + timedelta(minutes=30))
        assert "2026-09-10" in [vars(record).get("session") for record in caplog.records]
        assert (await bench.kept())[date(2026, 9, 10)] == minutes(date(2026, 9, 10))


async def test_what_the_source_has_not_is_asked_for_on_three_evenings_and_said(tmp_path: Path) -> None:
    source = Source(FakeClock(NOON))
    source.none_on = {date(2026, 9, 3)}
    async with keeping(tmp_path, NOON, source=source) as bench:
        await bench.until(NOON + timedelta(hours=1))
        assert "none, or no more, of TQQQ 2026-09-03" in english(bench.line().detail)
        for on in (TUE, WED, THU, date(2026, 9, 18)):
            await bench.until(session(on).closes_at + timedelta(hours=1))
        before = source.pages_given
        await bench.until(session(date(2026, 9, 21)).closes_at + timedelta(hours=1))
        assert source.pages_given - before == 4  # only that evening's own
        assert bench.line().ok is True


async def test_a_session_the_source_cuts_short_is_not_kept_as_a_whole_one(tmp_path: Path) -> None:
    class Cut(Source):
        def _rows(self, symbol: Symbol, now: datetime) -> Iterator[Bar]:
            return (bar for bar in super()._rows(symbol, now) if bar.start >= datetime(2026, 8, 20, 15, 0, tzinfo=UTC))

    async with keeping(tmp_path, NOON, source=Cut(FakeClock(NOON))) as bench:
        await bench.until(NOON + timedelta(hours=1))
        kept = await bench.kept()
        assert min(kept) == date(2026, 8, 21)
        assert kept[date(2026, 8, 21)] == minutes(date(2026, 8, 21))


async def test_rows_that_come_twice_or_lie_between_minutes_change_nothing(tmp_path: Path) -> None:
    class Twice(Source):
        async def pages(self, symbol: Symbol) -> AsyncGenerator[MinutePage]:
            async for page in super().pages(symbol):
                odd = [replace(bar, start=bar.start + timedelta(seconds=7)) for bar in page.bars[:3]]
                again = [replace(bar, volume=bar.volume + 1) for bar in page.bars[-3:]]
                yield MinutePage(bars=(*page.bars, *again, *odd), reaches=page.reaches)

    async with keeping(tmp_path, NOON, source=Twice(FakeClock(NOON))) as bench:
        await bench.until(NOON + timedelta(hours=1))
        assert await bench.kept() == month(bench.source, date(2026, 9, 14))


async def test_nights_beyond_the_reach_of_the_source_are_said_to_be_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with keeping(tmp_path, NOON) as bench:
        await bench.until(NOON + timedelta(hours=1))
    with caplog.at_level(logging.WARNING):
        async with keeping(tmp_path, NOON + timedelta(days=60)) as bench:
            await bench.until(NOON + timedelta(days=60, hours=1))
            assert "TQQQ 22 nights (2026-09-15 - 2026-10-14)" in english(bench.line().detail)
    assert "2026-09-15 - 2026-10-14" in [vars(record).get("days") for record in caplog.records]


# splits


async def test_a_split_tomorrow_changes_the_factor_of_what_is_kept_and_no_price(tmp_path: Path) -> None:
    source = Source(FakeClock(NOON))
    source.splits = {WED: Decimal("0.25")}
    async with keeping(tmp_path, NOON, source=source) as bench:
        await bench.until(session(TUE).closes_at + timedelta(hours=1))
        assert {each.factor for each in await bench.archive.sessions(REAL, "TQQQ", date(2026, 1, 1), TUE)} == {1}
        await bench.until(session(WED).closes_at + timedelta(hours=1))
        found = await bench.archive.sessions(REAL, "TQQQ", date(2026, 1, 1), WED)
    assert [each.factor for each in found] == [Decimal("0.25")] * 21 + [1]
    assert found[20].bars == minutes(TUE)


# what it says


async def test_a_month_is_told_in_steps_of_one_story_and_a_night_not_at_all(tmp_path: Path) -> None:
    async with keeping(tmp_path, NOON, TQQQ, SOXL) as bench:
        await bench.until(NOON + timedelta(hours=1))
        told = bench.told.progress
        assert {event.story for event in told} == {"reminder:bars:2026-09-15"}
        assert [sum(each.kept for each in event.tickers) for event in told] == sorted(
            sum(each.kept for each in event.tickers) for event in told
        )
        assert len(told) <= 10
        assert [event.done for event in told] == [False] * (len(told) - 1) + [True]
        assert {(each.kept, each.of) for each in told[-1].tickers} == {(20, 20)}
        await bench.until(session(THU).closes_at + timedelta(hours=1))
        assert bench.told.progress == told
        assert not [event for event in bench.told.events if isinstance(event, Notable)]


async def test_where_no_minutes_are_offered_nothing_is_asked_and_health_says_so(tmp_path: Path) -> None:
    source = Source(FakeClock(NOON))
    source.offers = False
    async with keeping(tmp_path, NOON, source=source) as bench:
        await bench.until(session(WED).closes_at + timedelta(hours=1))
        assert not source.asked
        assert bench.line().ok is None
        assert "QUOTE_APP_KEY" in english(bench.line().detail)


async def test_an_archive_that_cannot_be_used_is_said_and_the_keeper_runs_on(tmp_path: Path) -> None:
    broken = BarRepository(StorageError("disk", user_message=Said("database.no_disk")), tmp_path / "bars.db")
    async with keeping(tmp_path, NOON, archive=broken) as bench:
        await bench.until(session(WED).closes_at + timedelta(hours=1))
        assert bench.line().ok is False
        assert "trading goes on" in english(bench.line().detail)
        assert not bench.source.asked  # nothing is fetched for nobody

"""The archive: what is kept is found again, damage is named and thrown away, and nothing of it can harm trading."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage.bars.archive import FILE_NAME, MIGRATIONS, MOST_TRIES, BarRepository, open_archive, open_repository
from storage.connection import connected
from storage.damage import newest_copy
from storage.errors import DatabaseTooNew
from storage.migrations import load_migrations
from strategy.model import Bar, BarSource, StorageError
from tests.fakes.minutes import kept, minutes, session

MON, TUE, WED = date(2026, 9, 14), date(2026, 9, 15), date(2026, 9, 16)
REAL, SIMULATED = BarSource.REAL, BarSource.SIMULATED
NIGHT = datetime(2026, 9, 16, 21, 0, tzinfo=UTC)


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[BarRepository]:
    async with open_archive(tmp_path) as opened:
        yield opened


def change(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path / FILE_NAME)) as database, database:
        assert database.execute(sql, values).rowcount


async def test_what_is_kept_is_found_by_source_ticker_and_days(archive: BarRepository) -> None:
    sessions = [kept(MON), kept(TUE), kept(WED), kept(TUE, "SOXL"), kept(TUE, source=SIMULATED, bars=())]
    await archive.keep(sessions)
    assert await archive.sessions(REAL, "TQQQ", MON, TUE) == sessions[:2]
    assert await archive.sessions(REAL, "SOXL", MON, WED) == [sessions[3]]
    assert (await archive.known(REAL, "TQQQ", TUE)).kept == {TUE, WED}
    assert (await archive.known(REAL, "TQQQ", TUE)).before == MON


async def test_simulated_bars_are_never_among_real_ones(archive: BarRepository) -> None:
    await archive.keep([kept(TUE, source=SIMULATED)])
    assert not await archive.sessions(REAL, "TQQQ", MON, WED)
    assert not await archive.bars(REAL, "TQQQ", session(MON).opens_at, NIGHT)
    assert not (await archive.known(REAL, "TQQQ", MON)).kept
    assert (await archive.totals(REAL)).sessions == 0


async def test_bars_between_two_instants_are_whole_ones_over_the_night(archive: BarRepository) -> None:
    await archive.keep([kept(MON), kept(TUE)])
    since, until = session(MON).closes_at - timedelta(minutes=2), session(TUE).opens_at + timedelta(minutes=2.5)
    assert await archive.bars(REAL, "TQQQ", since, until) == [*minutes(MON)[-2:], *minutes(TUE)[:2]]


async def test_a_session_kept_twice_is_kept_once_as_it_came_last(archive: BarRepository) -> None:
    await archive.keep([kept(TUE, bars=minutes(TUE)[:10])])
    await archive.keep([kept(TUE)])
    [found] = await archive.sessions(REAL, "TQQQ", TUE, TUE)
    assert found.bars == minutes(TUE)


async def test_of_several_sessions_none_is_stored_when_one_cannot_be(archive: BarRepository) -> None:
    beyond = replace(minutes(TUE)[0], volume=2**70)
    with pytest.raises(StorageError):
        await archive.keep([kept(MON), kept(TUE, bars=(beyond,))])
    assert (await archive.totals(REAL)).sessions == 0


async def test_it_is_all_there_after_a_restart_and_totals_say_how_much(tmp_path: Path) -> None:
    async with open_archive(tmp_path) as first:
        await first.keep([kept(MON), kept(TUE), kept(TUE, "SOXL")])
    async with open_archive(tmp_path) as second:
        totals = await second.totals(REAL)
    assert (totals.tickers, totals.sessions, totals.bars, totals.newest) == (2, 3, 3 * 390, TUE)
    assert totals.size >= (tmp_path / FILE_NAME).stat().st_size > 0


# damage


async def test_a_damaged_session_is_named_thrown_away_and_owed_again(
    tmp_path: Path, archive: BarRepository, caplog: pytest.LogCaptureFixture
) -> None:
    await archive.keep([kept(MON), kept(TUE)])
    change(tmp_path, "UPDATE sessions SET bars = substr(bars, 1, 900) WHERE session_on = '2026-09-14'")
    with caplog.at_level(logging.ERROR):
        known = await archive.known(REAL, "TQQQ", MON)
    assert known.kept == {TUE}
    assert known.damaged == {MON}
    [record] = caplog.records
    assert (vars(record)["ticker"], vars(record)["session"]) == ("TQQQ", "2026-09-14")
    assert (await archive.known(REAL, "TQQQ", MON)).damaged == frozenset()  # said once, and owed from now on
    await archive.keep([kept(MON)])
    assert await archive.sessions(REAL, "TQQQ", MON, TUE) == [kept(MON), kept(TUE)]


async def test_who_reads_over_a_damaged_session_gets_the_others(
    tmp_path: Path, archive: BarRepository, caplog: pytest.LogCaptureFixture
) -> None:
    await archive.keep([kept(MON), kept(TUE), kept(WED)])
    change(tmp_path, "UPDATE sessions SET bars = x'00' WHERE session_on = '2026-09-15'")
    with caplog.at_level(logging.ERROR):
        found = await archive.sessions(REAL, "TQQQ", MON, WED)
    assert [each.on for each in found] == [MON, WED]
    assert "2026-09-15" in [vars(record).get("session") for record in caplog.records]
    assert (await archive.known(REAL, "TQQQ", MON)).kept == {MON, WED}


async def test_bars_of_another_row_are_not_taken_for_its_own(tmp_path: Path, archive: BarRepository) -> None:
    await archive.keep([kept(TUE, source=SIMULATED), kept(TUE, "SOXL")])
    change(tmp_path, "UPDATE sessions SET source = 'real' WHERE source = 'simulated'")
    assert not await archive.sessions(REAL, "TQQQ", TUE, TUE)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300, b"SQLite format 3\x00" + b"\xff" * 5000])
async def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    async with open_archive(tmp_path) as opened:
        await opened.keep([kept(TUE)])
        assert (await opened.totals(REAL)).sessions == 1
    assert (tmp_path / "bars.damaged-1.db").read_bytes() == content


async def test_a_file_that_cannot_be_used_is_an_answer_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    async with open_archive(tmp_path) as opened:
        for _ in range(2):
            with pytest.raises(StorageError) as refused:
                await opened.keep([kept(TUE)])
            assert refused.value.user_message.code == "database.unusable"


def test_an_archive_of_bars_is_no_copy_of_the_trading_database(tmp_path: Path) -> None:
    async def make() -> None:
        async with open_archive(tmp_path) as opened:
            await opened.keep([kept(TUE)])

    asyncio.run(make())
    (tmp_path / FILE_NAME).rename(tmp_path / "old.db")  # whatever its name
    asyncio.run(make())
    assert newest_copy(tmp_path / "trader.db") is None


# versions


async def test_every_version_of_the_archive_is_brought_to_this_one(tmp_path: Path) -> None:
    migrations = load_migrations(MIGRATIONS)
    for version in range(len(migrations)):
        folder = tmp_path / str(version)
        folder.mkdir()
        async with connected(folder / FILE_NAME) as database:
            for migration in migrations[:version]:
                await database.apply(f"BEGIN; {migration.sql}; PRAGMA user_version = {migration.number}; COMMIT;")
        async with open_archive(folder) as opened:
            await opened.keep([kept(TUE)])
            assert await opened.sessions(REAL, "TQQQ", TUE, TUE) == [kept(TUE)]


async def test_an_archive_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    async with open_archive(tmp_path) as opened:
        await opened.keep([kept(TUE)])
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("PRAGMA user_version = 99")
    async with AsyncExitStack() as stack:
        with pytest.raises(DatabaseTooNew):
            await open_repository(stack, tmp_path)
    async with open_archive(tmp_path) as opened:
        with pytest.raises(StorageError) as refused:
            await opened.totals(REAL)
    assert refused.value.user_message == DatabaseTooNew.user_message
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        assert database.execute("SELECT COUNT(*) FROM sessions").fetchone() == (1,)


# what the source has not


async def test_what_the_source_has_not_is_asked_for_on_three_evenings(archive: BarRepository) -> None:
    for night in range(MOST_TRIES):
        assert not (await archive.known(REAL, "TQQQ", MON)).given_up
        for hour in range(3):  # the same evening counts once
            await archive.lacked(REAL, "TQQQ", [TUE], NIGHT + timedelta(days=night, hours=hour / 2))
    assert (await archive.known(REAL, "TQQQ", MON)).given_up == {TUE}
    await archive.keep([kept(TUE)])
    assert not (await archive.known(REAL, "TQQQ", MON)).given_up


# splits


async def test_a_later_split_changes_the_factor_of_all_that_is_older_and_no_bar(archive: BarRepository) -> None:
    await archive.keep([kept(MON), kept(TUE), kept(WED)])
    changed = await archive.rescale(REAL, "TQQQ", {TUE: Decimal("0.25"), WED: Decimal(1)})
    assert changed == 2  # Monday is older than what was asked for, and follows Tuesday
    found = await archive.sessions(REAL, "TQQQ", MON, WED)
    assert [each.factor for each in found] == [Decimal("0.25"), Decimal("0.25"), 1]
    assert [each.bars for each in found] == [minutes(MON), minutes(TUE), minutes(WED)]
    first, scaled = minutes(MON)[0], found[0].adjusted()[0]
    assert (scaled.open, scaled.volume) == (round(first.open / 4, 4), first.volume * 4)


async def test_a_factor_that_is_known_already_is_not_applied_again(archive: BarRepository) -> None:
    await archive.keep([kept(MON), kept(TUE)])
    for _ in range(3):
        await archive.rescale(REAL, "TQQQ", {MON: Decimal("0.5"), TUE: Decimal(1)})
    await archive.rescale(REAL, "TQQQ", {MON: Decimal("0.501"), TUE: Decimal(1)})  # a rounding
    assert [each.factor for each in await archive.sessions(REAL, "TQQQ", MON, TUE)] == [Decimal("0.5"), 1]
    await archive.rescale(REAL, "TQQQ", {MON: Decimal("0.1"), TUE: Decimal("0.2")})
    assert [each.factor for each in await archive.sessions(REAL, "TQQQ", MON, TUE)] == [
        Decimal("0.1"),
        Decimal("0.2"),
    ]


async def test_minutes_that_came_adjusted_are_not_adjusted_twice(archive: BarRepository) -> None:
    """The source gave Monday's minutes in the shares of after the split, and its day is multiplied by 1/4."""
    await archive.keep([replace(kept(MON), day_factor=Decimal("0.25"))])
    assert await archive.rescale(REAL, "TQQQ", {MON: Decimal("0.25")}) == 0
    [found] = await archive.sessions(REAL, "TQQQ", MON, MON)
    assert found.adjusted() == minutes(MON)


# values


@pytest.mark.parametrize(
    "bars",
    [
        (replace(minutes(TUE)[0], closed=False),),  # still forming
        (minutes(TUE)[0], minutes(TUE)[0]),
        (minutes(TUE)[1], minutes(TUE)[0]),
        minutes(MON)[:1],
    ],
)
def test_bars_that_form_repeat_or_belong_elsewhere_make_no_session(bars: tuple[Bar, ...]) -> None:
    with pytest.raises(ValueError, match="2026-09-15"):
        kept(TUE, bars=bars)


async def test_the_thread_ends_with_the_archive(tmp_path: Path) -> None:
    def connections() -> int:
        return sum(thread.name.startswith("sqlite") for thread in threading.enumerate())

    before = connections()
    async with open_archive(tmp_path):
        assert connections() == before + 1
    assert connections() == before

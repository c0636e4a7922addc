"""`--import-bars`: what files hold is kept as it is, and a bad file is named, with nothing stored."""

import gzip
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import main
from bot.i18n.sentences import say
from storage.bars.archive import FILE_NAME, open_archive
from storage.bars.importing import import_bars
from storage.bars.recorded import RecordedBarsWrong, RecordedFault, read_recorded
from strategy.model import Bar, BarSource, StorageError
from tests.fakes.minutes import minutes, session
from tests.scenarios.world import MARKET_DATA

NOW = datetime(2026, 9, 16, 21, 0, tzinfo=UTC)
TUE = date(2026, 9, 15)
ONE = Decimal(1)
HEAD = "time,open,high,low,close,volume\n"
ROW = "2026-09-15T09:30:00-04:00,10.00,10.20,9.90,10.10,500\n"


def lines(bars: tuple[Bar, ...]) -> str:
    return HEAD + "".join(
        f"{bar.start.isoformat()},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}\n" for bar in bars
    )


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


async def stored(data: Path, ticker: str, since: date, until: date) -> list[tuple[date, Decimal, tuple[Bar, ...]]]:
    async with open_archive(data) as archive:
        found = await archive.sessions(BarSource.RECORDED, ticker, since, until)
    return [(each.on, each.factor, each.bars) for each in found]


async def test_a_folder_is_kept_as_it_is(tmp_path: Path) -> None:
    half, full = date(2026, 7, 2), date(2026, 9, 14)
    put(tmp_path, "bars/2026/TQQQ.csv.gz", lines(minutes(half) + minutes(full)))
    put(tmp_path, "bars/BRK_B.csv", lines(minutes(TUE, "BRK/B", gaps=0.4)))
    put(tmp_path, "bars/days/TQQQ.csv", "date,open,high,low,close,volume\n2026-09-15,1,1,1,1,1\n")
    told = await import_bars(tmp_path / "bars", tmp_path / "data", NOW)
    assert await stored(tmp_path / "data", "TQQQ", half, TUE) == [
        (half, ONE, minutes(half)),
        (full, ONE, minutes(full)),
    ]
    assert await stored(tmp_path / "data", "BRK/B", TUE, TUE) == [(TUE, ONE, minutes(TUE, "BRK/B", gaps=0.4))]
    assert (told.values["tickers"], told.values["sessions"], told.values["replaced"]) == ("BRK/B, TQQQ", 3, 0)
    assert "일봉 파일 1개" in say(told, "ko")


async def test_what_is_outside_of_regular_sessions_is_left_out_and_counted(tmp_path: Path) -> None:
    day = session(TUE)
    rows = "".join(
        f"{at.isoformat()},10,10,10,10,5\n"
        for at in (
            day.opens_at - timedelta(minutes=1),
            day.opens_at,
            day.closes_at - timedelta(minutes=1),
            day.closes_at,  # the auction
            day.opens_at + timedelta(days=4),  # a Saturday
        )
    )
    told = await import_bars(put(tmp_path, "F.csv", HEAD + rows), tmp_path / "data", NOW)
    [(_, _, bars)] = await stored(tmp_path / "data", "F", TUE, TUE)
    assert [bar.start for bar in bars] == [day.opens_at, day.closes_at - timedelta(minutes=1)]
    assert (told.values["sessions"], told.values["bars"]) == (1, 2)
    assert "3 rows outside" in say(told, "en")


async def test_a_session_that_is_not_over_is_not_kept(tmp_path: Path) -> None:
    path = put(tmp_path, "F.csv", lines(minutes(date(2026, 9, 14)) + minutes(TUE)))
    await import_bars(path, tmp_path / "data", session(TUE).closes_at - timedelta(seconds=1))
    assert [on for on, _, _ in await stored(tmp_path / "data", "F", date(2026, 9, 14), TUE)] == [date(2026, 9, 14)]


async def test_seconds_become_minutes_and_plain_times_are_new_yorks(tmp_path: Path) -> None:
    text = HEAD + "2026-09-15 09:30:01,10,12,9,11,5\n2026-09-15 09:30:59,11,11,8,9,6\n2026-09-15 09:31:00,9,9,9,9,\n"
    await import_bars(put(tmp_path, "F.csv", text), tmp_path / "data", NOW)
    [(_, _, bars)] = await stored(tmp_path / "data", "F", TUE, TUE)
    found = [tuple(int(each) for each in (bar.open, bar.high, bar.low, bar.close, bar.volume)) for bar in bars]
    assert found == [
        (10, 12, 8, 9, 11),
        (9, 9, 9, 9, 0),
    ]
    assert bars[0].start == datetime(2026, 9, 15, 13, 30, tzinfo=UTC)


async def test_declared_splits_stand_beside_raw_prices(tmp_path: Path) -> None:
    put(tmp_path, "bars/F.csv", lines(minutes(date(2026, 9, 14)) + minutes(TUE)))
    put(tmp_path, "bars/splits.csv", "symbol,date,ratio\nF,2026-09-15,4\nF,2020-01-02,7\n")
    await import_bars(tmp_path / "bars", tmp_path / "data", NOW)
    found = await stored(tmp_path / "data", "F", date(2026, 9, 14), TUE)
    assert [(factor, bars[0].open) for _, factor, bars in found] == [
        (Decimal("0.25"), minutes(date(2026, 9, 14))[0].open),
        (Decimal(1), minutes(TUE)[0].open),
    ]


async def test_importing_again_replaces_and_says_so(tmp_path: Path) -> None:
    path = put(tmp_path, "F.csv", lines(minutes(TUE)[:5]))
    await import_bars(path, tmp_path / "data", NOW)
    path.write_text(lines(minutes(TUE)))
    told = await import_bars(path, tmp_path / "data", NOW)
    assert told.values["replaced"] == 1
    assert (await stored(tmp_path / "data", "F", TUE, TUE))[0][2] == minutes(TUE)


@pytest.mark.skipif(not MARKET_DATA.exists(), reason="the recorded market bars are not beside the repository")
async def test_genuine_bars_are_kept_with_the_split_of_the_day(tmp_path: Path) -> None:
    folder = tmp_path / "bars"
    put(folder, "splits.csv", "symbol,date,ratio\nAAPL,2014-06-09,7\n")
    (folder / "AAPL.csv.gz").write_bytes((MARKET_DATA / "minute" / "AAPL.csv.gz").read_bytes())
    await import_bars(folder, tmp_path / "data", NOW)
    async with open_archive(tmp_path / "data") as archive:
        bars = await archive.bars(
            BarSource.RECORDED,
            "AAPL",
            datetime(2014, 6, 5, tzinfo=UTC),
            datetime(2014, 6, 10, tzinfo=UTC),
        )
    assert len(bars) == 3 * 390
    assert all(85 < bar.close < 100 for bar in bars)  # 645 before the split, 93 after it


# bad files

BAD = {
    "nowhere": (None, RecordedFault.NOTHING_THERE, None),
    "empty": ("", RecordedFault.COLUMNS, 1),
    "columns": ("time,open,close\n", RecordedFault.COLUMNS, 1),
    "days": ("date,open,high,low,close,volume\n2026-09-15,1,1,1,1,1\n", RecordedFault.DAYS, None),
    "time": (HEAD + ROW + "yesterday,1,1,1,1,1\n", RecordedFault.TIME, 3),
    "no price": (HEAD + "2026-09-15T09:30:00-04:00,10,ten,9,10,1\n", RecordedFault.PRICES, 2),
    "nothing": (HEAD + "2026-09-15T09:30:00-04:00,10,0,9,10,1\n", RecordedFault.PRICES, 2),
    "infinite": (HEAD + "2026-09-15T09:30:00-04:00,10,Infinity,9,10,1\n", RecordedFault.PRICES, 2),
    "not a number": (HEAD + "2026-09-15T09:30:00-04:00,10,NaN,9,10,1\n", RecordedFault.PRICES, 2),
    "too dear": (HEAD + "2026-09-15T09:30:00-04:00,10,1e30,9,10,1\n", RecordedFault.PRICES, 2),
    "too fine": (HEAD + "2026-09-15T09:30:00-04:00,10,10.1234567,9,10,1\n", RecordedFault.PRICES, 2),
    "short row": (HEAD + "2026-09-15T09:30:00-04:00,10\n", RecordedFault.PRICES, 2),
    "range": (HEAD + "2026-09-15T09:30:00-04:00,10,9.5,9,10,1\n", RecordedFault.RANGE, 2),
    "volume": (HEAD + "2026-09-15T09:30:00-04:00,10,10,9,10,-1\n", RecordedFault.VOLUME, 2),
    "half a share": (HEAD + "2026-09-15T09:30:00-04:00,10,10,9,10,1.5\n", RecordedFault.VOLUME, 2),
    "twice": (HEAD + ROW + ROW, RecordedFault.TWICE, 3),
    "five minutes": (HEAD + ROW + ROW.replace("09:30", "09:35"), RecordedFault.WIDE, None),
    "no session": (HEAD + ROW.replace("09:30", "08:30"), RecordedFault.NO_SESSION, None),
    "no text": ("\0\udcff", RecordedFault.UNREADABLE, None),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_file_is_named_with_what_to_do_and_nothing_is_stored(case: str, tmp_path: Path) -> None:
    text, fault, line = BAD[case]
    bad = tmp_path / "bars" / "ZBAD.csv"
    put(tmp_path, "bars/A.csv", lines(minutes(TUE)))  # read first, and not stored either
    if text is not None:
        bad.write_bytes(text.encode(errors="surrogateescape"))
    source = bad if case in {"nowhere", "days", "no session"} else tmp_path / "bars"
    with pytest.raises(RecordedBarsWrong) as wrong:
        await import_bars(source, tmp_path / "data", NOW)
    told = wrong.value.user_message
    assert told.code == fault
    for language in ("ko", "en"):
        sentence = say(told, language)
        assert str(bad) in sentence
        assert line is None or re.search(rf"(line {line}\b|\b{line}번째 줄)", sentence)
    assert not (tmp_path / "data" / FILE_NAME).exists()


async def test_a_torn_archive_of_a_file_and_a_folder_without_bars_are_told(tmp_path: Path) -> None:
    whole = gzip.compress(lines(minutes(TUE)).encode())
    (tmp_path / "F.csv.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty").mkdir()
    for source, fault in (
        (tmp_path / "F.csv.gz", RecordedFault.UNREADABLE),
        (tmp_path / "empty", RecordedFault.NO_FILES),
    ):
        with pytest.raises(RecordedBarsWrong) as wrong:
            read_recorded(source, NOW)
        assert wrong.value.user_message.code == fault


def test_one_session_in_two_files_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a/F.csv", lines(minutes(TUE)))
    put(tmp_path, "b/F.csv", lines(minutes(TUE)))
    with pytest.raises(RecordedBarsWrong) as wrong:
        read_recorded(tmp_path, NOW)
    assert (wrong.value.user_message.code, wrong.value.user_message.values["on"]) == (RecordedFault.TWO_FILES, TUE)


def test_a_split_that_is_none_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "F.csv", lines(minutes(TUE)))
    for row in ("F,2026-09-15", "F,2026-09-15,0", "F,2026-09-15,x", "F,someday,2", "F,2026-09-15,1/0"):
        put(tmp_path, "splits.csv", f"symbol,date,ratio\n{row}\n")
        with pytest.raises(RecordedBarsWrong) as wrong:
            read_recorded(tmp_path / "F.csv", NOW)
        assert wrong.value.user_message.code == RecordedFault.SPLIT
        assert wrong.value.user_message.values["line"] == 2


async def test_an_archive_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, "F.csv", lines(minutes(TUE)))
    (tmp_path / "data" / FILE_NAME).mkdir(parents=True)
    with pytest.raises(StorageError) as refused:
        await import_bars(path, tmp_path / "data", NOW)
    assert str(tmp_path / "data" / FILE_NAME) in say(refused.value.user_message, "ko")
    assert "import again" in say(refused.value.user_message, "en")


# from the shell


def test_the_command_says_what_it_kept_or_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "TQQQ.csv", lines(minutes(date(2026, 9, 15))))
    assert main.main(["--import-bars", "TQQQ.csv"]) == 0
    assert "390" in capsys.readouterr().out
    assert (tmp_path / "data" / FILE_NAME).exists()
    assert main.main(["--import-bars", "SOXL.csv"]) == 1
    error = capsys.readouterr().err
    assert error.count("SOXL.csv") == 2
    assert "파일이나 폴더가 없습니다" in error
    assert "Give the path" in error

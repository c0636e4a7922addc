"""Reading the log back: the newest warnings, torn lines, big files, secrets."""

import json
import logging
from pathlib import Path

import pytest

from storage.logs import reader as logreader
from storage.logs.files import logging_to_files
from storage.logs.reader import LogFiles
from storage.redaction import redactor


def line(level: str, event: str, at: str = "2026-03-10T13:30:00.123+00:00", **more: object) -> str:
    return json.dumps({"at": at, "level": level, "logger": "x", "event": event, **more}, ensure_ascii=False)


def write(folder: Path, name: str, *lines: str, end: str = "\n") -> None:
    (folder / name).write_text("\n".join(lines) + end, encoding="utf-8")


def unchanged(text: str) -> str:
    return text


async def test_the_newest_warnings_come_last_and_other_levels_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, "2026-03-09.log", line("ERROR", "old"), line("INFO", "x"))
    write(tmp_path, "2026-03-10.log", line("WARNING", "w", symbol="O", tries=3), line("DEBUG", "x"), line("ERROR", "e"))
    found = await LogFiles(tmp_path, unchanged).newest(10)
    assert [(each.level, each.event) for each in found] == [("ERROR", "old"), ("WARNING", "w"), ("ERROR", "e")]
    assert found[1].details == "symbol=O tries=3"
    assert found[0].at.utcoffset() is not None
    assert [each.event for each in await LogFiles(tmp_path, unchanged).newest(2)] == ["w", "e"]


async def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    assert await LogFiles(tmp_path / "none", unchanged).newest(5) == []
    write(tmp_path, "2026-03-10.log", end="")
    write(tmp_path, "notes.txt", line("ERROR", "not ours"))
    assert await LogFiles(tmp_path, unchanged).newest(5) == []
    assert await LogFiles(tmp_path, unchanged).newest(0) == []


async def test_torn_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    write(
        tmp_path,
        "2026-03-10.log",
        line("ERROR", "first"),
        line("ERROR", "torn")[:30],
        "not json",
        "[1, 2]",
        '{"level": "ERROR"}',
        '{"level": "ERROR", "at": "yesterday"}',
        line("ERROR", "last"),
        line("ERROR", "being written")[:25],
        end="",
    )
    assert [each.event for each in await LogFiles(tmp_path, unchanged).newest(9)] == ["first", "last"]


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
async def test_lines_are_whole_whatever_the_size_of_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(logreader, "_BLOCK", block)
    events = [f"사건 {n} " + "가" * n for n in range(1, 20)]
    write(tmp_path, "2026-03-10.log", *(line("WARNING", event) for event in events))
    assert [each.event for each in await LogFiles(tmp_path, unchanged).newest(50)] == events


async def test_a_big_file_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logreader, "_BLOCK", 1000)
    monkeypatch.setattr(logreader, "_MOST_READ", 5000)
    write(tmp_path, "2026-03-10.log", line("ERROR", "long ago"), *[line("INFO", "x" * 100)] * 200, line("ERROR", "new"))
    assert [each.event for each in await LogFiles(tmp_path, unchanged).newest(5)] == ["new"]


async def test_an_endless_line_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logreader, "_BLOCK", 100)
    monkeypatch.setattr(logreader, "_MOST_LINE", 500)
    write(tmp_path, "2026-03-10.log", line("ERROR", "before"), "x" * 5000, line("ERROR", "after"))
    assert [each.event for each in await LogFiles(tmp_path, unchanged).newest(5)] == ["before", "after"]


async def test_long_lines_are_shortened_and_a_traceback_is_its_last_line(tmp_path: Path) -> None:
    traceback = "Traceback (most recent call last):\n  File 'x'\nKisLater: no answer"
    write(
        tmp_path, "2026-03-10.log", line("ERROR", "e" * 1000, body="b" * 1000), line("ERROR", "t", traceback=traceback)
    )
    long, traced = await LogFiles(tmp_path, unchanged).newest(2)
    assert len(long.event) == 300
    assert long.details.endswith("…")
    assert len(long.details) == 300
    assert traced.details == "KisLater: no answer"


async def test_secrets_are_taken_out_again_on_reading_promise_8(tmp_path: Path) -> None:
    secret = "S3cr3tOfTheOwner"
    write(tmp_path, "2026-03-10.log", line("ERROR", f"with {secret}", account="50123456-01", note=secret))
    [found] = await LogFiles(tmp_path, redactor([secret], ["5012345601"])).newest(1)
    assert secret not in found.event + found.details
    assert "50123456" not in found.details


async def test_what_the_log_writes_can_be_read_back(tmp_path: Path) -> None:
    with logging_to_files(tmp_path):
        log = logging.getLogger("strategy.test")
        log.info("passed over")
        log.warning("주문 실패", extra={"symbol": "NASDAQ:TQQQ", "code": 40})
    [found] = await LogFiles(tmp_path, unchanged).newest(5)
    assert (found.level, found.logger, found.event) == ("WARNING", "strategy.test", "주문 실패")
    assert found.details == "symbol=NASDAQ:TQQQ code=40"

"""The log files: by Korean date, as JSON, redacted, kept for a time, and out of the loop's way.

Rows S24, S89, S96, S97.
"""

import json
import logging
import queue
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.logs.files import DailyFileHandler, DroppingQueueHandler, logging_to_files
from strategy.model import StorageError

log = logging.getLogger("tests.log")


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for path in sorted(folder.glob("*.log")) for line in path.read_text("utf-8").splitlines()]


def _record(at: datetime, message: str = "m") -> logging.LogRecord:
    record = logging.makeLogRecord({"name": "t", "msg": message, "levelno": logging.INFO, "levelname": "INFO"})
    record.created = at.timestamp()
    return record


def test_a_record_is_one_json_line_with_its_values_s96(tmp_path: Path) -> None:
    with logging_to_files(tmp_path / "logs"):
        log.info("order submitted", extra={"order": 12, "symbol": "NASDAQ:TQQQ", "이유": "신호"})
    (line,) = _lines(tmp_path / "logs")
    assert {key: line[key] for key in ("level", "logger", "event", "order", "symbol", "이유")} == {
        "level": "INFO",
        "logger": "tests.log",
        "event": "order submitted",
        "order": 12,
        "symbol": "NASDAQ:TQQQ",
        "이유": "신호",
    }
    assert datetime.fromisoformat(str(line["at"])).utcoffset() is not None


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1)])
def test_the_level_is_configurable_s97(tmp_path: Path, level: str, count: int) -> None:
    with logging_to_files(tmp_path, level=level):
        for emit in (log.debug, log.info, log.warning, log.error):
            emit("x")
    assert len(_lines(tmp_path)) == count


def test_a_file_per_korean_date_rolled_while_running_s96(tmp_path: Path) -> None:
    handler = DailyFileHandler(tmp_path, 30)
    handler.emit(_record(datetime(2026, 3, 10, 14, 59, 59, tzinfo=UTC), "before"))  # 23:59:59 in Seoul
    handler.emit(_record(datetime(2026, 3, 10, 15, 0, 0, tzinfo=UTC), "after"))
    handler.close()
    assert (tmp_path / "2026-03-10.log").read_text() == "before\n"
    assert (tmp_path / "2026-03-11.log").read_text() == "after\n"


def test_files_past_the_retention_are_deleted_and_nothing_else_s96(tmp_path: Path) -> None:
    for name in ("2026-03-07.log", "2026-03-08.log", "2026-03-09.log", "notes.log", "2026-03-01.txt"):
        (tmp_path / name).write_text("x")
    handler = DailyFileHandler(tmp_path, 3)
    handler.emit(_record(datetime(2026, 3, 10, 20, tzinfo=UTC)))  # 11 March in Seoul
    handler.close()
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["2026-03-01.txt", "2026-03-09.log", "2026-03-11.log", "notes.log"]


def test_nothing_secret_reaches_a_file_tracebacks_included_s24(tmp_path: Path) -> None:
    secret, token = "top-secret-value", "123456789:" + "A" * 35
    with logging_to_files(tmp_path, level="DEBUG", secrets=[secret], accounts=["12345678-01"]):
        log.info("message %s", secret, extra={"header": {"x": [secret]}, "url": f"https://host/bot{token}/send"})
        try:
            raise ValueError(f"refused {secret} for 1234567801")  # noqa: TRY301 - it is the traceback that is tested
        except ValueError:
            log.exception("failed")
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    for hidden in (secret, token, "12345678"):
        assert hidden not in written
    failed = _lines(tmp_path)[1]
    assert "Traceback" in str(failed["traceback"])
    assert "ValueError: refused *** for ***" in str(failed["traceback"])


def test_what_json_cannot_hold_is_written_as_text(tmp_path: Path) -> None:
    with logging_to_files(tmp_path):
        log.info("x", extra={"path": Path("a"), "price": {"p": datetime(2026, 1, 1, tzinfo=UTC)}})
    assert _lines(tmp_path)[0]["path"] == "a"


def test_everything_logged_is_on_disk_when_the_block_ends(tmp_path: Path) -> None:
    with logging_to_files(tmp_path):
        for n in range(2000):
            log.info("n", extra={"n": n})
    assert [line["n"] for line in _lines(tmp_path)] == list(range(2000))


def test_logging_costs_the_caller_little(tmp_path: Path) -> None:
    with logging_to_files(tmp_path):
        started = time.thread_time()
        for _ in range(1000):
            log.info("tick", extra={"symbol": "NASDAQ:TQQQ"})
        spent = time.thread_time() - started
    assert spent < 0.5  # half a millisecond of this thread each; others do not count


def test_a_full_queue_drops_and_says_how_many() -> None:
    records: queue.Queue[logging.LogRecord] = queue.Queue(2)
    handler = DroppingQueueHandler(records)
    for n in range(5):
        handler.handle(_record(datetime(2026, 3, 10, tzinfo=UTC), str(n)))
    assert [records.get_nowait().getMessage() for _ in range(2)] == ["0", "1"]
    handler.handle(_record(datetime(2026, 3, 10, tzinfo=UTC), "5"))
    report, last = records.get_nowait(), records.get_nowait()
    assert (report.getMessage(), vars(report)["count"], last.getMessage()) == ("log records dropped", 3, "5")


def test_a_full_disk_stops_nothing_and_shows_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = DailyFileHandler(tmp_path / "gone", 30)
    handler.emit(_record(datetime(2026, 3, 10, tzinfo=UTC), "secret"))
    told = capsys.readouterr().err
    assert "lost" in told
    assert "secret" not in told


def test_the_root_logger_is_left_as_it_was(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("websockets").level)
    with logging_to_files(tmp_path, level="DEBUG", console=True):
        assert not logging.getLogger("websockets").isEnabledFor(logging.DEBUG)  # it would write every frame
    assert (root.level, list(root.handlers), logging.getLogger("websockets").level) == before


def test_the_console_hears_warnings_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_files(tmp_path, secrets=["hunter22"], console=True):
        log.info("quiet")
        log.warning("loud hunter22")
    told = capsys.readouterr().err
    assert "loud ***" in told
    assert "quiet" not in told


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError), logging_to_files(tmp_path / "file" / "logs"):
        pass

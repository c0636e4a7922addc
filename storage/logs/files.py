"""The log: one file per Korean date, JSON lines, written by a thread, redacted last (S23-S26, S96, S97)."""

import json
import logging
import queue
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import TextIO

from storage.redaction import foreign, redactor, without_typed
from strategy.model import StorageError, seoul

QUEUE_SIZE = 20_000

_FILE_NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.log")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OUR_PART = frozenset({"at", "level", "logger"})
_CHATTY = ("asyncio", "aiohttp.access", "websockets", "aiogram.event")  # their DEBUG drowns ours


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event, the values given, and the traceback."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; nothing leaves here but through the redaction."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if foreign(record.name):
            line = {key: value if key in _OUR_PART else _without_typed(value) for key, value in line.items()}
        if record.exc_info:  # of ours, too: what a library raised may quote a whole update
            line["traceback"] = without_typed(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = record.stack_info
        return self._redact(json.dumps(line, ensure_ascii=False, default=str))


def _without_typed(value: object) -> object:
    return value if value is None or isinstance(value, int | float) else without_typed(str(value))


class DailyFileHandler(logging.Handler):
    """Appends to `<Korean date>.log`, rolled by the date of each record; files past the retention are deleted."""

    def __init__(self, folder: Path, retention_days: int) -> None:
        super().__init__()
        self._folder = folder
        self._retention = timedelta(days=retention_days)
        self._on: date | None = None
        self._file: TextIO | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            on = seoul(datetime.fromtimestamp(record.created, UTC)).date()
            if self._file is None or on != self._on:
                self._roll(on)
            if self._file is not None:
                self._file.write(self.format(record) + "\n")
                self._file.flush()
        except Exception:  # noqa: BLE001 - logging's own door: a full disk must not stop trading
            self.handleError(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say that a line was lost, without the line: it may hold what only the formatter takes out."""
        error = sys.exc_info()[1]
        sys.stderr.write(f"log line lost ({record.name} {record.levelname}): {type(error).__name__}\n")

    def _roll(self, on: date) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._file = (self._folder / f"{on.isoformat()}.log").open("a", encoding="utf-8")
        self._on = on
        for path in self._folder.iterdir():
            name = _FILE_NAME.fullmatch(path.name)
            if name is not None and date.fromisoformat(name[1]) <= on - self._retention:
                path.unlink(missing_ok=True)


class DroppingQueueHandler(QueueHandler):
    """Hands records to the writing thread without ever waiting; when the queue is full they are counted."""

    def __init__(self, records: "queue.Queue[logging.LogRecord]") -> None:
        super().__init__(records)
        self._records = records
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Fix the message now, since its arguments may change; the rest is the writing thread's work."""
        record.msg, record.args = record.getMessage(), None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self._dropped:
                self._records.put_nowait(self._report())
                self._dropped = 0
            self._records.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def _report(self) -> logging.LogRecord:
        return logging.makeLogRecord(
            {
                "name": __name__,
                "levelno": logging.WARNING,
                "levelname": "WARNING",
                "msg": "log records dropped",
                "count": self._dropped,
            }
        )


@contextmanager
def logging_to_files(
    log_dir: Path,
    *,
    level: str = "INFO",
    retention_days: int = 30,
    secrets: Iterable[str] = (),
    accounts: Iterable[str] = (),
    console: bool = False,
) -> Iterator[None]:
    """Send the root logger's records to files (and WARNING and above to stderr, if asked) until the block ends.

    Everything logged within the block is on disk after it. Raise StorageError when the directory cannot be used.
    """
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {log_dir}: {error}") from error
    formatter = JsonFormatter(redactor(secrets, accounts))
    handlers: list[logging.Handler] = [DailyFileHandler(log_dir, retention_days)]
    if console:
        handlers.append(_console())
    for handler in handlers:
        handler.setFormatter(formatter)
    records: queue.Queue[logging.LogRecord] = queue.Queue(QUEUE_SIZE)
    entrance = DroppingQueueHandler(records)
    listener = QueueListener(records, *handlers, respect_handler_level=True)
    root = logging.getLogger()
    before = root.level
    quieted = {name: logging.getLogger(name).level for name in _CHATTY}
    root.setLevel(level)
    for name in quieted:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    root.addHandler(entrance)
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(entrance)
        listener.stop()  # writes what is queued
        for handler in handlers:
            handler.close()
        root.setLevel(before)
        for name, old in quieted.items():
            logging.getLogger(name).setLevel(old)


def _console() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    return handler

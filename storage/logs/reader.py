"""Reading the log for the chat: the newest warnings and errors, backwards, without reading whole files."""

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from storage.redaction import foreign, without_typed
from strategy.model import LogLine

_FILE_NAME = re.compile(r"\d{4}-\d\d-\d\d\.log")
_SHOWN = frozenset({"WARNING", "ERROR", "CRITICAL"})
_OWN_FIELDS = frozenset({"at", "level", "logger", "event", "traceback", "stack"})
_PASSED_OVER = (b'"level": "INFO"', b'"level": "DEBUG"')  # most lines: known by their beginning, without reading them
_BEGINNING = 100
_BLOCK = 64 * 1024
_MOST_READ = 16 * 1024 * 1024  # bytes of all files together: a quiet program's old warnings are not worth more
_MOST_LINE = 256 * 1024  # a longer line is no log line
_MOST_DETAILS = 300
_MOST_EVENT = 300


class LogFiles:
    """Implements `strategy.ports.LogReader` over the daily files of `DailyFileHandler`."""

    def __init__(self, folder: Path, redact: Callable[[str], str]) -> None:
        """`redact` is applied again on reading: files may be older than what is known to be secret."""
        self._folder = folder
        self._redact = redact

    async def newest(self, count: int) -> Sequence[LogLine]:
        """Return the newest lines of WARNING and above, newest last; lines that cannot be read are passed over."""
        return await asyncio.to_thread(self._newest, count)

    def _newest(self, count: int) -> list[LogLine]:
        found: list[LogLine] = []
        if count <= 0:
            return found
        room = _MOST_READ
        for path in self._files():
            try:
                with path.open("rb") as file:
                    reader = _Backwards(file.fileno(), file.seek(0, os.SEEK_END), room)
                    for raw in reader.lines():
                        line = self._line(raw)
                        if line is not None:
                            found.append(line)
                            if len(found) == count:
                                return found[::-1]
                    room -= reader.read
            except OSError:  # rolled away, or not ours to read
                continue
            if room <= 0:
                break
        return found[::-1]

    def _files(self) -> list[Path]:
        try:
            names = [path for path in self._folder.iterdir() if _FILE_NAME.fullmatch(path.name)]
        except OSError:
            return []
        return sorted(names, reverse=True)

    def _line(self, raw: bytes) -> LogLine | None:
        if any(level in raw[:_BEGINNING] for level in _PASSED_OVER):
            return None
        try:
            value = json.loads(self._redact(raw.decode("utf-8", errors="replace")))
            level = value["level"]
            if level not in _SHOWN:
                return None
            at = datetime.fromisoformat(value["at"])
        except (ValueError, KeyError, TypeError):  # torn by a power cut, or not a line of ours
            return None
        if at.utcoffset() is None:
            at = at.replace(tzinfo=UTC)
        logger = str(value.get("logger", ""))
        typed = without_typed if foreign(logger) else str  # the file may be older than the cleaning of what is written
        return LogLine(
            at=at,
            level=level,
            logger=logger,
            event=_short(typed(str(value.get("event", ""))), _MOST_EVENT),
            details=_short(typed(_details(value)), _MOST_DETAILS),
        )


class _Backwards:
    """Gives the lines of an open file from the last to the first, in blocks, up to a number of bytes."""

    def __init__(self, descriptor: int, size: int, most: int) -> None:
        self._descriptor = descriptor
        self._position = size
        self._most = most
        self.read = 0

    def lines(self) -> Iterator[bytes]:
        rest = b""  # the beginning of the line whose end has been read
        while self._position > 0 and self.read < self._most:
            size = min(_BLOCK, self._position)
            self._position -= size
            block = os.pread(self._descriptor, size, self._position)
            self.read += len(block)
            first, *others = (block + rest).split(b"\n")
            for line in reversed(others):
                if line:
                    yield line
            rest = first if len(first) <= _MOST_LINE else b""
        if rest and self._position == 0:
            yield rest


def _details(value: dict[str, object]) -> str:
    pairs = [f"{key}={_plain(item)}" for key, item in value.items() if key not in _OWN_FIELDS]
    traceback = value.get("traceback")
    if isinstance(traceback, str) and traceback.strip():
        pairs.append(without_typed(traceback).strip().splitlines()[-1])
    return " ".join(pairs)


def _plain(item: object) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"

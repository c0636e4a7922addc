"""The instance lock: one running program per data directory (S44)."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from strategy.model import InstanceLocked, Said, StorageError


class InstanceNote(StrEnum):
    LOCKED = "instance.locked"


FILE_NAME = "instance.lock"


@contextmanager
def instance_lock(data_dir: Path, started_at: datetime) -> Iterator[None]:
    """Make the directory when it is missing and hold its lock; raise InstanceLocked naming who has it.

    The kernel lets go of the lock when the process ends, however it ends, so a stale file never blocks a start.
    """
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys' tokens and trades: for the owner alone
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot open {path}: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _locked_by(file.read(), data_dir) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "started_at": started_at.isoformat(timespec="seconds")}, file)
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate(0)


def _locked_by(content: str, data_dir: Path) -> InstanceLocked:
    try:
        holder = json.loads(content)
        pid, since = int(holder["pid"]), str(holder["started_at"])
    except (ValueError, KeyError, TypeError):  # read between its truncate and its write
        pid, since = 0, "?"
    return InstanceLocked(
        f"{data_dir} is in use by process {pid}, started {since}",
        user_message=Said(InstanceNote.LOCKED, pid=pid, since=since, folder=str(data_dir)),
    )

"""What is wrong with a database that cannot be used, told as what it is: never recreated, never traded upon.
See decision 0103."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from enum import StrEnum
from pathlib import Path

from strategy.model import Said, StorageDamaged, StorageError


class DamageNote(StrEnum):
    FOLDER = "database.folder"
    GONE = "database.gone"
    FAILED_CHECK = "database.failed_check"
    DAMAGE_SHOWN = "database.damage_shown"
    NO_COPY = "database.no_copy"
    START_EMPTY = "database.start_empty"
    COPY = "database.copy"
    USE_COPY = "database.use_copy"
    DAMAGED = "database.damaged"
    UNUSABLE = "database.unusable"
    ONLY_WAL = "database.only_wal"
    EMPTY = "database.empty"
    NO_DATABASE = "database.no_database"
    NO_PERMISSION = "database.no_permission"
    NO_DISK = "database.no_disk"


_HEADER = b"SQLite format 3\x00"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN = frozenset({sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH})
_SIDE_FILES = ("-wal", "-shm", "-journal")
_MOST_COPIES = 20  # looked at, newest first
_KIND = slice(68, 72)  # where a database says what it is for (application_id)
_BARS = b"BARS"


def examine(path: Path) -> None:
    """Raise StorageError, saying what it is, unless the file is a database in order, or nothing is there yet."""
    if path.is_dir():
        raise _unusable(path, Said(DamageNote.FOLDER))
    if not path.exists():
        if any(_beside(path, side).exists() for side in _SIDE_FILES[:1]):
            raise damaged(path, Said(DamageNote.GONE))
        return
    try:
        with path.open("rb") as file:
            header = file.read(len(_HEADER))
    except OSError as error:
        raise _unusable(path, _NO_PERMISSION) from error
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise _unusable(path, _NO_PERMISSION)
    if header != _HEADER:
        raise damaged(path, _NO_DATABASE if header else _EMPTY)
    if (found := _fault(path)) is not None:
        raise damaged(path, Said(DamageNote.FAILED_CHECK), found)


def shows_damage(error: Exception) -> bool:
    """Return whether SQLite refused because of what is in the file."""
    code = getattr(error, "sqlite_errorcode", None)
    unreadable = code is None and isinstance(error, sqlite3.OperationalError) and "decode" in str(error)  # text of no
    return unreadable or (code is not None and code & 0xFF in _DAMAGED)  # Unicode: the driver says so by its words only


def refused(path: Path, error: Exception) -> StorageError:
    """Return what a refusal of SQLite means; for damage, copies are looked for, which takes a while."""
    if shows_damage(error):
        return damaged(path, Said(DamageNote.DAMAGE_SHOWN), str(error))
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in _FORBIDDEN:
        return _unusable(path, _NO_PERMISSION, str(error))
    if primary == sqlite3.SQLITE_IOERR:
        return _unusable(path, _NO_DISK, str(error))
    return StorageError(f"the database refused: {error}")


def damaged(path: Path, what: Said, detail: str = "") -> StorageDamaged:
    """Return the error of a damaged database: which file, where the newest good copy is, what to do."""
    copy = newest_copy(path)
    files = f"{path.name}, {path.name}-wal, {path.name}-shm"
    if copy is None:
        found = Said(DamageNote.NO_COPY)
        then = Said(DamageNote.START_EMPTY)
    else:
        found = Said(DamageNote.COPY, copy=str(copy))
        then = Said(DamageNote.USE_COPY, copy=str(copy), path=str(path))
    return StorageDamaged(
        f"{path}: {what} {detail}".strip(),
        user_message=Said(DamageNote.DAMAGED, path=str(path), problem=what, found=found, files=files, then=then),
    )


def newest_copy(path: Path) -> Path | None:
    """Return the newest other database below the data directory that is in order, None where there is none."""
    own = {path, *(_beside(path, side) for side in _SIDE_FILES)}
    found = [each for each in _files(path.parent) if each not in own and not each.name.endswith(_SIDE_FILES)]
    for copy in sorted(found, key=lambda each: each.stat().st_mtime, reverse=True)[:_MOST_COPIES]:
        if _fault(copy, read_only=True) is None:
            return copy
    return None


def _files(folder: Path) -> Iterator[Path]:
    """Return the files below a folder that begin as a database does, but for archives of bars."""
    with suppress(OSError):
        for each in folder.rglob("*"):
            with suppress(OSError):
                if each.is_file() and not each.is_symlink():
                    with each.open("rb") as file:
                        head = file.read(_KIND.stop)
                    if head.startswith(_HEADER) and head[_KIND] != _BARS and not each.name.startswith("bars."):
                        yield each


def _fault(path: Path, *, read_only: bool = False) -> str | None:
    """Return the first fault that SQLite's own check finds, None for a database in order."""
    where = f"{path.resolve().as_uri()}?immutable=1" if read_only else path
    try:
        with closing(sqlite3.connect(where, uri=read_only, isolation_level=None)) as connection:
            said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        if not shows_damage(error) and not read_only:
            raise refused(path, error) from error
        return str(error)
    return None if said == "ok" else said


def _unusable(path: Path, why: Said, detail: str = "") -> StorageError:
    return StorageError(
        f"{path}: {why} {detail}".strip(),
        user_message=Said(DamageNote.UNUSABLE, path=str(path), problem=why),
    )


def _beside(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)


_GONE = Said(DamageNote.ONLY_WAL)
_EMPTY = Said(DamageNote.EMPTY)
_NO_DATABASE = Said(DamageNote.NO_DATABASE)
_NO_PERMISSION = Said(DamageNote.NO_PERMISSION)
_NO_DISK = Said(DamageNote.NO_DISK)

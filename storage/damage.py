"""What is wrong with a database that cannot be used, told as what it is: never recreated, never traded upon."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from strategy.model import StorageDamaged, StorageError, Text

_HEADER = b"SQLite format 3\x00"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN = frozenset({sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH})
_SIDE_FILES = ("-wal", "-shm", "-journal")
_MOST_COPIES = 20  # looked at, newest first


def examine(path: Path) -> None:
    """Raise StorageError, saying what it is, unless the file is a database in order, or nothing is there yet."""
    if path.is_dir():
        raise _unusable(path, Text("파일이 아니라 폴더입니다.", "It is a folder, not a file."))
    if not path.exists():
        if any(_beside(path, side).exists() for side in _SIDE_FILES[:1]):
            raise damaged(
                path, Text("파일이 없어졌습니다 (-wal 만 남아 있습니다).", "The file is gone; only its -wal is left.")
            )
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
        raise damaged(path, Text("검사에서 손상이 나왔습니다.", "Its check found damage."), found)


def shows_damage(error: Exception) -> bool:
    """Return whether SQLite refused because of what is in the file."""
    code = getattr(error, "sqlite_errorcode", None)
    unreadable = code is None and isinstance(error, sqlite3.OperationalError) and "decode" in str(error)  # text of no
    return unreadable or (code is not None and code & 0xFF in _DAMAGED)  # Unicode: the driver says so by its words only


def refused(path: Path, error: Exception) -> StorageError:
    """Return what a refusal of SQLite means; for damage, copies are looked for, which takes a while."""
    if shows_damage(error):
        return damaged(path, Text("읽거나 쓰다가 손상이 드러났습니다.", "Damage showed while it was used."), str(error))
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in _FORBIDDEN:
        return _unusable(path, _NO_PERMISSION, str(error))
    if primary == sqlite3.SQLITE_IOERR:
        return _unusable(path, _NO_DISK, str(error))
    return StorageError(f"the database refused: {error}")


def damaged(path: Path, what: Text, detail: str = "") -> StorageDamaged:
    """Return the error of a damaged database: which file, where the newest good copy is, what to do."""
    copy = newest_copy(path)
    files = f"{path.name}, {path.name}-wal, {path.name}-shm"
    if copy is None:
        found = Text("쓸 수 있는 사본을 찾지 못했습니다.", "No good copy of it was found.")
        then = Text(
            "사본을 따로 두었다면 그것을 그 자리에 복사하고, 없다면 그대로 다시 시작하세요: 빈 기록으로 시작해 증권사와"
            " 대조합니다 (채팅에서 바꾼 설정, 잠금, 대기 시간, 지난 거래는 없어집니다).",
            "If you keep a copy elsewhere, put it there; if not, just start again: the program begins with an empty"
            " record and compares with the broker (settings changed in the chat, locks, waiting times and past trades"
            " are lost).",
        )
    else:
        found = Text(f"가장 새로운 성한 사본: {copy}", f"Newest good copy: {copy}")
        then = Text(
            f"{copy} 를 {path} 로 복사하고 다시 시작하세요: 그 뒤의 일은 증권사와 대조해 찾습니다.",
            f"Copy {copy} to {path} and start again: what happened since is found by comparing with the broker.",
        )
    return StorageDamaged(
        f"{path}: {what.en} {detail}".strip(),
        user_message=Text(
            f"데이터베이스가 손상되었습니다: {path}. {what.ko} 새로 만들지도 이것으로 거래하지도 않습니다. {found.ko}\n"
            f"할 일: 1) 급하면 증권사 앱에서 보유와 미체결을 확인하고 직접 파세요. 2) 프로그램을 멈추고 {files} 를 다른"
            f" 폴더로 옮기세요 (지우지 마세요). 3) {then.ko}",
            f"The database is damaged: {path}. {what.en} It is neither made anew nor traded upon. {found.en}\n"
            "What to do: 1) If it is urgent, look at holdings and open orders in the broker's app and sell there."
            f" 2) Stop the program and move {files} to another folder (do not delete them). 3) {then.en}",
        ),
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
    """Return the files below a folder that begin as a database does."""
    with suppress(OSError):
        for each in folder.rglob("*"):
            with suppress(OSError):
                if each.is_file() and not each.is_symlink():
                    with each.open("rb") as file:
                        if file.read(len(_HEADER)) == _HEADER:
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


def _unusable(path: Path, why: Text, detail: str = "") -> StorageError:
    return StorageError(
        f"{path}: {why.en} {detail}".strip(),
        user_message=Text(
            f"데이터베이스를 쓸 수 없습니다: {path}. {why.ko} 그동안 거래하지 않습니다.",
            f"The database cannot be used: {path}. {why.en} Nothing is traded meanwhile.",
        ),
    )


def _beside(path: Path, side: str) -> Path:
    return path.with_name(path.name + side)


_GONE = Text("파일이 없어지고 -wal 만 남았습니다.", "The file is gone; only its -wal is left.")
_EMPTY = Text("빈 파일입니다.", "The file is empty.")
_NO_DATABASE = Text("데이터베이스 파일이 아닙니다.", "It is no database file.")
_NO_PERMISSION = Text(
    "읽고 쓸 권한이 없습니다. 파일과 폴더의 소유자와 권한을 프로그램의 사용자에게 맞추세요 (chown, chmod 600).",
    "It may not be read and written. Give file and folder to the user that runs the program (chown, chmod 600).",
)
_NO_DISK = Text(
    "디스크가 읽기나 쓰기에 실패했습니다. 디스크 상태와 연결을 확인하세요.",
    "The disk failed to read or write. Check the disk and how it is attached.",
)

"""A damaged or unusable database is told as what it is, left as it is, and nothing is traded upon it."""

import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage.damage import examine, newest_copy, refused
from storage.database import FILE_NAME, Storage, open_storage
from storage.tables.columns import decimal, instant
from strategy.model import StorageDamaged, StorageError
from tests.fakes.stored_samples import intend, notable, request
from tests.support.words import english, korean

PAGE = 4096


async def written(folder: Path, orders: int = 40) -> Path:
    """Return a database closed in order, with something in it."""
    async with open_storage(folder) as storage:
        for _ in range(orders):
            await intend(storage.orders, request())
            await storage.outbox.tell(notable())
    return folder / FILE_NAME


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def no_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def text(path: Path) -> None:
    path.write_text("nothing of a database\n" * 100)


def flipped(path: Path) -> None:
    """Flip a bit in the head of every page but the first."""
    with path.open("r+b") as file:
        for at in range(PAGE, path.stat().st_size, PAGE):
            file.seek(at)
            [byte] = file.read(1)
            file.seek(at)
            file.write(bytes([byte ^ 0x20]))


def swapped(path: Path) -> None:
    """Let an index say what its table does not: every page by itself is in order."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'notes')"
            " WHERE name = 'orders'"
        )
        db.commit()


def gone(path: Path) -> None:
    shutil.copy(path, path.with_name(f"{FILE_NAME}-wal"))
    path.unlink()


DAMAGE = (truncated, empty, no_header, text, flipped, swapped, gone)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith(FILE_NAME)}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_database_is_told_at_the_start_and_neither_replaced_nor_touched(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = await written(tmp_path)
    damage(path)
    before = files(tmp_path)
    for _ in range(2):  # a service manager tries again
        with pytest.raises(StorageDamaged) as caught:
            async with open_storage(tmp_path):
                pytest.fail("it was opened")
        assert {name: content for name, content in files(tmp_path).items() if name in before} == before
        said = caught.value.user_message
        assert str(path) in korean(said)
        assert "손상되었습니다" in korean(said)
        assert "사본을 찾지 못했습니다" in korean(said)
        assert "No good copy" in english(said)
        assert "neither made anew nor traded upon" in english(said)


async def test_the_newest_copy_that_is_in_order_is_named(tmp_path: Path) -> None:
    path = await written(tmp_path)
    (tmp_path / "backups").mkdir()
    old, new, newest = (tmp_path / "backups" / f"trader-{day}.db" for day in ("01", "02", "03"))
    for age, copy in enumerate((newest, new, old)):
        shutil.copy(path, copy)
        os.utime(copy, (1_700_000_000 - age * 86_400,) * 2)
    truncated(newest)
    os.utime(newest, (1_700_000_000,) * 2)
    text(path)
    with pytest.raises(StorageDamaged) as caught:
        async with open_storage(tmp_path):
            pytest.fail("it was opened")
    assert newest_copy(path) == new
    assert str(new) in korean(caught.value.user_message)
    assert str(new) in english(caught.value.user_message)


async def test_what_the_advice_says_leads_to_a_start(tmp_path: Path) -> None:
    """With the copy put in its place, and with none and the files moved away."""
    path = await written(tmp_path, orders=3)
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    truncated(path)
    for name in files(tmp_path):
        (tmp_path / name).rename(tmp_path / f"moved-{name}")
    shutil.copy(copy, path)
    async with open_storage(tmp_path) as storage:
        assert len(await storage.orders.open()) == 3
    for name in files(tmp_path):
        (tmp_path / name).unlink()
    async with open_storage(tmp_path) as storage:
        assert not await storage.orders.open()


async def test_a_folder_in_its_place_is_called_one(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageError) as caught:
        async with open_storage(tmp_path):
            pytest.fail("it was opened")
    assert "폴더" in korean(caught.value.user_message)
    assert "디스크" not in korean(caught.value.user_message)


async def test_a_file_that_may_not_be_written_is_a_matter_of_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await written(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anything
    with pytest.raises(StorageError) as caught:
        examine(path)
    assert "chmod" in korean(caught.value.user_message)
    assert not isinstance(caught.value, StorageDamaged)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_CORRUPT, "손상"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "손상"),
        (sqlite3.SQLITE_NOTADB, "손상"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "권한"),
        (sqlite3.SQLITE_CANTOPEN, "권한"),
        (sqlite3.SQLITE_IOERR_READ, "디스크가 읽기나"),
        (sqlite3.SQLITE_FULL, "디스크를 확인"),
    ],
)
def test_what_sqlite_refuses_is_told_by_its_code(tmp_path: Path, code: int, words: str) -> None:
    error = sqlite3.DatabaseError("refused")
    error.sqlite_errorcode = code
    assert words in korean(refused(tmp_path / FILE_NAME, error).user_message)


async def overwritten(storage: Storage, path: Path) -> None:
    """Damage the file under a running program: everything is in it, and nothing of it remembered."""
    database = storage.orders._database
    await database.read(lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    await database.read(lambda conn: conn.execute("PRAGMA shrink_memory").fetchall())
    flipped(path)


@pytest.mark.parametrize("first", ["write", "read", "report"])
async def test_damage_that_shows_while_it_runs_ends_all_use_of_the_file(tmp_path: Path, first: str) -> None:
    path = await written(tmp_path)
    async with open_storage(tmp_path) as storage:
        await overwritten(storage, path)
        use: Callable[[], Awaitable[object]] = {
            "write": lambda: storage.outbox.tell(notable()),
            "read": lambda: storage.orders.recent(100),
            "report": lambda: storage.vitals._reader.rows("SELECT * FROM orders"),
        }[first]
        with pytest.raises(StorageDamaged) as caught:
            await use()
        assert str(path) in korean(caught.value.user_message)
        for other in (storage.notes.get("anything"), storage.outbox.tell(notable()), storage.vitals.outbox()):
            with pytest.raises(StorageDamaged):
                await other
        assert (await storage.vitals.storage()).writable is False


def test_a_value_no_version_ever_wrote_is_damage_too() -> None:
    with pytest.raises(StorageDamaged):
        decimal("61.2\x10")
    with pytest.raises(StorageDamaged):
        instant("2026-03-1\x10T13:30:00+00:00")

"""Brings a database to this program's version: numbered files, each applied once, in one transaction."""

import logging
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.carry_over import carry_over
from storage.connection import Database
from storage.errors import DatabaseTooNew, MigrationFailed
from storage.redo import carry_out_redo

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "migrations"
Before = Mapping[int, Callable[[sqlite3.Connection], None]]
_BEFORE: Before = {  # what takes more than SQL
    13: carry_out_redo,
    15: carry_over,
}
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; never edited once released."""

    number: int
    name: str
    sql: str


def load_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Read the numbered files in order; raise MigrationFailed unless they count 1, 2, 3 without a gap."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        name = _FILE_NAME.fullmatch(path.name)
        if name is None:
            raise MigrationFailed(f"not a migration's name: {path.name}")
        found.append(Migration(int(name[1]), path.name, path.read_text("utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationFailed(f"migrations must count from 1 without a gap: {[m.name for m in found]}")
    return tuple(found)


async def migrate(database: Database, migrations: Sequence[Migration], before: Before = _BEFORE) -> int:
    """Apply what is missing and return the version reached; `before` is done ahead of the migration of that number.

    Raise DatabaseTooNew, or MigrationFailed with the database as it was before the file that failed.
    """
    version = await _version(database)
    if version > len(migrations):
        raise DatabaseTooNew(f"database version {version}, program knows {len(migrations)}")
    for migration in migrations[version:]:
        if (first := before.get(migration.number)) is not None:
            await database.write(first)
        # executescript commits whatever is open, so the transaction must be part of its text
        script = f"BEGIN IMMEDIATE;\n{migration.sql}\nPRAGMA user_version = {migration.number};\nCOMMIT;"
        try:
            await database.apply(script)
        except sqlite3.Error as error:
            raise MigrationFailed(f"{migration.name}: {error}") from error
        log.info("database migrated", extra={"migration": migration.name})
    return len(migrations)


async def _version(database: Database) -> int:
    [row] = await database.rows("PRAGMA user_version")
    return int(row[0])

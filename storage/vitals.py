"""How the data directory and the outbox are, for /health."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

from storage.connection import Database
from storage.tables.columns import instant, instant_text
from strategy.model import OutboxState, StorageError, StorageState, SystemClock

_SIDE_FILES = ("", "-wal", "-shm")
_RECENT = timedelta(days=1)


class StorageVitals:
    """Implements `strategy.ports.Vitals`."""

    def __init__(self, path: Path, database: Database, reader: Database) -> None:
        self._path = path
        self._database = database
        self._reader = reader

    async def storage(self) -> StorageState:
        """Write something harmless to see that it can be, and look at the disk."""
        size, free = await asyncio.to_thread(_space, self._path)
        return StorageState(writable=await self._writes(), size=size, free=free)

    async def outbox(self) -> OutboxState:
        """Count what waits and what was given up within a day of wall time."""
        since = instant_text(SystemClock().now() - _RECENT)
        [waiting] = await self._reader.rows(
            "SELECT COUNT(*) AS count, MIN(added_at) AS oldest FROM outbox WHERE done_at IS NULL"
        )
        [given_up] = await self._reader.rows(
            "SELECT COUNT(*) AS count FROM outbox WHERE done_at >= ? AND gave_up = 1", (since,)
        )
        return OutboxState(waiting=waiting["count"], oldest_at=instant(waiting["oldest"]), given_up=given_up["count"])

    async def _writes(self) -> bool:
        try:
            await self._database.change(
                "INSERT INTO notes (key, value) VALUES ('health', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (instant_text(SystemClock().now()),),
            )
        except StorageError:
            return False
        return True


def _space(path: Path) -> tuple[int, int]:
    """Return bytes of the database's files and bytes free beside them."""
    files = [path.with_name(path.name + side) for side in _SIDE_FILES]
    return sum(each.stat().st_size for each in files if each.exists()), shutil.disk_usage(path.parent).free

"""Storing recorded bars: `python main.py --import-bars CSV_OR_DIR`."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from storage.bars.archive import FILE_NAME, open_repository
from storage.bars.recorded import Recorded, read_recorded
from storage.errors import DatabaseTooNew, MigrationFailed
from strategy.model import Kept, Said, StorageError


class ImportNote(StrEnum):
    DONE = "import_bars.done"
    OUTSIDE = "import_bars.outside"
    DAILY = "import_bars.daily"
    ARCHIVE = "import_bars.archive"


async def import_bars(source: Path, data_dir: Path, now: datetime) -> Said:
    """Store every session of a file or folder, or none of them, and return what was stored, to be told.

    The program may run meanwhile. `now` is aware. Raise RecordedBarsWrong for a bad file, StorageError for the archive.
    """
    found = await asyncio.to_thread(read_recorded, source, now)
    try:
        await asyncio.to_thread(data_dir.mkdir, mode=0o700, parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            archive = await open_repository(stack, data_dir)
            replaced = await archive.put(found.sessions)
    except (DatabaseTooNew, MigrationFailed):
        raise
    except (OSError, StorageError) as error:
        path = str(data_dir / FILE_NAME)
        raise StorageError(f"{path}: {error}", user_message=Said(ImportNote.ARCHIVE, path=path)) from error
    return _said(found, replaced)


def _said(found: Recorded, replaced: int) -> Said:
    sessions = found.sessions
    outside = Said(ImportNote.OUTSIDE, count=found.outside) if found.outside else Said(Kept.WORDS, words="")
    daily = Said(ImportNote.DAILY, count=found.daily) if found.daily else Said(Kept.WORDS, words="")
    return Said(
        ImportNote.DONE,
        tickers=", ".join(sorted({each.ticker for each in sessions})),
        sessions=len(sessions),
        bars=sum(len(each.bars) for each in sessions),
        first=min(each.on for each in sessions),
        last=max(each.on for each in sessions),
        replaced=replaced,
        outside=outside,
        daily=daily,
    )

"""Table kept_aside: what an upgrade could not read. It is told once, and stays for whoever looks."""

from datetime import datetime
from enum import StrEnum
from sqlite3 import Connection

from storage.connection import Database
from storage.tables.columns import instant_text
from storage.tables.outbox import add_events
from strategy.model import Said, Trouble


class KeptAsideNote(StrEnum):
    UNREADABLE = "kept_aside.unreadable"


async def tell_kept_aside(database: Database, at: datetime) -> None:
    """Put what nobody was told of yet into the outbox, by name."""

    def tell(conn: Connection) -> None:
        names = [str(name) for (name,) in conn.execute("SELECT came_from FROM kept_aside WHERE told_at IS NULL")]
        if not names:
            return
        conn.execute("UPDATE kept_aside SET told_at = ? WHERE told_at IS NULL", (instant_text(at),))
        what = Said(KeptAsideNote.UNREADABLE, count=len(names), names=tuple(names))
        add_events(conn, [Trouble(at=at, key="kept_aside", what=what)])

    await database.write(tell)

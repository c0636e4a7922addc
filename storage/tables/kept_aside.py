"""Table kept_aside: what an upgrade could not read. It is told once, and stays for whoever looks."""

from datetime import datetime
from sqlite3 import Connection

from storage.connection import Database
from storage.tables.columns import instant_text
from storage.tables.outbox import add_events
from strategy.model import Text, Trouble


async def tell_kept_aside(database: Database, at: datetime) -> None:
    """Put what nobody was told of yet into the outbox, by name."""

    def tell(conn: Connection) -> None:
        names = [str(name) for (name,) in conn.execute("SELECT came_from FROM kept_aside WHERE told_at IS NULL")]
        if not names:
            return
        conn.execute("UPDATE kept_aside SET told_at = ? WHERE told_at IS NULL", (instant_text(at),))
        what = Text(
            f"이전 버전이 남긴 기록 {len(names)}건을 읽지 못했습니다: {', '.join(names)}. 데이터베이스의 표 kept_aside"
            "에 그대로 남겨 두었습니다. /orders, /positions, /status 를 증권사 앱과 비교하세요.",
            f"{len(names)} records of an earlier version could not be read: {', '.join(names)}. They are kept as they"
            " were in the database's table kept_aside. Compare /orders, /positions and /status with the broker's app.",
        )
        add_events(conn, [Trouble(at=at, key="kept_aside", what=what)])

    await database.write(tell)

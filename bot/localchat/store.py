"""The chat's memory on disk: one SQLite file, written at the end of each request that changed something."""

import json
import sqlite3
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) STRICT;
CREATE TABLE IF NOT EXISTS blobs (key TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
"""


class Store:
    """Records by kind and key, and the bytes of files; in memory alone when no path is given.

    A write takes well under a millisecond (write-ahead log, no flush per commit), so it is done in place.
    """

    def __init__(self, path: Path | None) -> None:
        self._staged: dict[tuple[str, str], Any] = {}
        self._blobs: dict[str, bytes] = {}
        self._db: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)

    def load(self, kind: str) -> list[tuple[str, Any]]:
        """Return all records of a kind in the order they were first written."""
        if self._db is None:
            return []
        rows = self._db.execute("SELECT key, body FROM records WHERE kind = ? ORDER BY rowid", (kind,))
        return [(str(key), json.loads(body)) for key, body in rows]

    def put(self, kind: str, key: str, body: Any) -> None:
        if self._db is not None:
            self._staged[kind, key] = json.dumps(body, ensure_ascii=False)

    def delete(self, kind: str, key: str) -> None:
        if self._db is not None:
            self._staged[kind, key] = None

    def commit(self) -> None:
        """Write what was staged, in one transaction."""
        if self._db is None or not self._staged:
            return
        staged, self._staged = self._staged, {}
        self._db.execute("BEGIN")
        for (kind, key), body in staged.items():
            if body is None:
                self._db.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))
            else:
                self._db.execute(
                    "INSERT INTO records (kind, key, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                    (kind, key, body),
                )
        self._db.execute("COMMIT")

    def put_blob(self, key: str, content: bytes) -> None:
        if self._db is None:
            self._blobs[key] = content
        else:
            self._db.execute("INSERT OR REPLACE INTO blobs (key, bytes) VALUES (?, ?)", (key, content))

    def blob(self, key: str) -> bytes | None:
        if self._db is None:
            return self._blobs.get(key)
        row = self._db.execute("SELECT bytes FROM blobs WHERE key = ?", (key,)).fetchone()
        return bytes(row[0]) if row else None

    def clear(self) -> None:
        """Forget everything."""
        self._staged.clear()
        self._blobs.clear()
        if self._db is not None:
            self._db.executescript("DELETE FROM records; DELETE FROM blobs;")

    def close(self) -> None:
        self.commit()
        if self._db is not None:
            self._db.close()
            self._db = None

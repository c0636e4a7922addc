"""Statements that versions with schema 9 to 12 noted before they carried them out; the last ones, at an upgrade."""

import sqlite3

import orjson


def carry_out_redo(connection: sqlite3.Connection) -> None:
    """Carry out what is noted, oldest first. What can never be carried out stays, for the upgrade to keep aside."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'redo'").fetchone() is None:
        return
    for number, body in connection.execute("SELECT id, body FROM redo ORDER BY id").fetchall():
        connection.execute("SAVEPOINT note")
        try:
            for sql, values in orjson.loads(body):
                connection.execute(sql, values)
            connection.execute("DELETE FROM redo WHERE id = ?", (number,))
        except (sqlite3.IntegrityError, ValueError):
            connection.execute("ROLLBACK TO note")
        connection.execute("RELEASE note")

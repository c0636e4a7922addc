-- What the owner set, and what must survive a restart.

CREATE TABLE setting_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    symbol TEXT,
    old TEXT NOT NULL,
    new TEXT,
    set_by INTEGER,
    set_at TEXT NOT NULL,
    until TEXT,
    undoes INTEGER REFERENCES setting_changes (id)
) STRICT;

CREATE TRIGGER setting_changes_are_facts BEFORE UPDATE ON setting_changes
BEGIN
    SELECT RAISE(ABORT, 'setting changes are never changed');
END;

CREATE TABLE mode_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mode TEXT NOT NULL,
    symbol TEXT,
    set_by INTEGER,
    set_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    until TEXT
) STRICT;

CREATE TRIGGER mode_changes_are_facts BEFORE UPDATE ON mode_changes
BEGIN
    SELECT RAISE(ABORT, 'mode changes are never changed');
END;

CREATE TABLE ticker_locks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    symbol TEXT NOT NULL,
    reason TEXT NOT NULL,
    locked_at TEXT NOT NULL,
    until TEXT,
    blocks_stop INTEGER NOT NULL CHECK (blocks_stop IN (0, 1)),
    released_at TEXT,
    released_by INTEGER
) STRICT;

CREATE UNIQUE INDEX ticker_locks_in_force ON ticker_locks (symbol) WHERE released_at IS NULL;

CREATE TABLE notes (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT;

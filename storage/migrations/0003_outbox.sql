-- What is to be told, stored in the transaction of the fact it tells.

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    critical INTEGER NOT NULL CHECK (critical IN (0, 1)),
    order_no INTEGER,
    body TEXT NOT NULL,
    added_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sending_since TEXT,
    done_at TEXT,
    gave_up INTEGER NOT NULL DEFAULT 0 CHECK (gave_up IN (0, 1)),
    message_id INTEGER,
    error TEXT
) STRICT;

CREATE INDEX outbox_pending ON outbox (id) WHERE done_at IS NULL;

CREATE TRIGGER outbox_keeps_what_was_said
BEFORE UPDATE OF id, kind, critical, order_no, body, added_at ON outbox
BEGIN
    SELECT RAISE(ABORT, 'what is to be told is never changed');
END;

CREATE TABLE order_messages (
    order_no INTEGER NOT NULL,
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (order_no, chat_id)
) STRICT;

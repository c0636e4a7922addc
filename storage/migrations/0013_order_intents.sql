-- What an order waits for before it leaves: one short row, flushed. The rows of orders, order_states and outbox follow
-- from it before anybody looks, and it goes with them. One from which they cannot follow stays, with why and the number
-- under which its order is kept.

CREATE TABLE order_intents (
    order_no INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    qty INTEGER NOT NULL CHECK (qty > 0),
    asked_price TEXT NOT NULL,
    order_type TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at TEXT NOT NULL,
    traded_on TEXT NOT NULL,
    decision_id INTEGER,
    asked_by INTEGER,
    ticket TEXT,
    sent_at TEXT NOT NULL,
    events TEXT NOT NULL CHECK (json_valid(events)),
    failure TEXT,
    kept_as INTEGER
) STRICT;

-- What an upgrade could not read: told once, and kept for whoever looks.
CREATE TABLE kept_aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    came_from TEXT NOT NULL,
    content TEXT NOT NULL,
    why TEXT NOT NULL,
    told_at TEXT
) STRICT;

-- Statements that this version could not carry out, each of them tried before this file is applied.
INSERT INTO kept_aside (came_from, content, why)
SELECT 'redo ' || id, body, 'it cannot be carried out' FROM redo ORDER BY id;

DROP TABLE redo;

-- What the program goes on with after a restart, as tables of its own instead of JSON in notes. Where a table names no
-- unit: money is dollars, shares are whole.

-- A stop from its decision to the end that was told; those without an end were cut off.
CREATE TABLE stop_runs (
    decision_id INTEGER PRIMARY KEY REFERENCES decisions (id),
    symbol TEXT NOT NULL,
    trigger TEXT NOT NULL,
    price TEXT NOT NULL,
    qty INTEGER NOT NULL CHECK (qty >= 0),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    begun_at TEXT NOT NULL,
    ended_at TEXT,
    outcome TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX stop_runs_unfinished ON stop_runs (decision_id) WHERE ended_at IS NULL;

-- What a confirmed panic was to sell and to cancel; one at most has no end.
CREATE TABLE panics (
    run TEXT PRIMARY KEY,
    asked_by INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    everything INTEGER NOT NULL CHECK (everything IN (0, 1)),
    ended_at TEXT
) STRICT;

CREATE UNIQUE INDEX panics_at_work ON panics (ended_at IS NULL) WHERE ended_at IS NULL;

CREATE TABLE panic_shares (
    run TEXT NOT NULL REFERENCES panics (run),
    symbol TEXT NOT NULL,
    qty INTEGER NOT NULL,
    PRIMARY KEY (run, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE panic_orders (
    run TEXT NOT NULL REFERENCES panics (run),
    order_no INTEGER NOT NULL REFERENCES orders (no),
    PRIMARY KEY (run, order_no)
) STRICT, WITHOUT ROWID;

-- The positions broker and bot last agreed on, each with the net of the fills since the window's start.
CREATE TABLE agreement (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    since TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE positions_agreed (
    symbol TEXT PRIMARY KEY,
    qty INTEGER NOT NULL,
    net INTEGER NOT NULL,
    average_cost TEXT
) STRICT, WITHOUT ROWID;

-- Where a session's result is counted from. One not counted could not be valued, or was left out on purpose.
CREATE TABLE day_starts (
    session_on TEXT PRIMARY KEY,
    equity TEXT NOT NULL,
    value TEXT NOT NULL,
    looked_at TEXT NOT NULL
) STRICT;

CREATE TABLE day_start_positions (
    session_on TEXT NOT NULL REFERENCES day_starts (session_on),
    symbol TEXT NOT NULL,
    counts TEXT NOT NULL CHECK (counts IN ('yes', 'left_out', 'unvalued')),
    qty INTEGER,
    value TEXT,
    PRIMARY KEY (session_on, symbol)
) STRICT, WITHOUT ROWID;

-- Which message of which chat shows an order, a panic or a proposal, the dashboard or the reminder.
CREATE TABLE chat_messages (
    chat_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('order', 'panic', 'proposal', 'dashboard', 'reminder')),
    of TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (chat_id, kind, of)
) STRICT, WITHOUT ROWID;

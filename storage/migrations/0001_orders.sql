-- Decimals and instants are TEXT: decimals as written by Python's Decimal, instants ISO 8601 in UTC with microseconds,
-- so that text order is time order. Dates are New York dates.

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    symbol TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX decisions_by_symbol ON decisions (symbol, decided_at);
CREATE INDEX decisions_by_time ON decisions (decided_at);

CREATE TRIGGER decisions_are_facts BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions are never changed');
END;

-- What was asked for, and where it stands now. order_states and fills tell how it came there.
CREATE TABLE orders (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    qty INTEGER NOT NULL CHECK (qty > 0),
    asked_price TEXT NOT NULL,
    order_type TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at TEXT NOT NULL,
    traded_on TEXT NOT NULL,
    decision_id INTEGER REFERENCES decisions (id),
    asked_by INTEGER,
    ticket TEXT UNIQUE,
    status TEXT NOT NULL,
    venue_no TEXT,
    limit_price TEXT NOT NULL,
    filled_qty INTEGER NOT NULL DEFAULT 0,
    filled_amount TEXT NOT NULL DEFAULT '0',
    reason TEXT NOT NULL DEFAULT '',
    updated_at TEXT NOT NULL,
    accepted_at TEXT,
    reprices INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX orders_open ON orders (no)
WHERE status NOT IN ('filled', 'canceled', 'rejected', 'denied', 'expired');
CREATE INDEX orders_by_symbol ON orders (symbol, side, accepted_at);

CREATE TRIGGER orders_are_kept BEFORE DELETE ON orders
BEGIN
    SELECT RAISE(ABORT, 'orders are never deleted');
END;

CREATE TRIGGER orders_keep_what_was_asked
BEFORE UPDATE OF no, symbol, side, qty, asked_price, order_type, origin, created_at, traded_on, ticket ON orders
BEGIN
    SELECT RAISE(ABORT, 'what was asked for is never changed');
END;

CREATE TABLE order_states (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_no INTEGER NOT NULL REFERENCES orders (no),
    at TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    venue_no TEXT,
    limit_price TEXT NOT NULL,
    filled_qty INTEGER NOT NULL
) STRICT;

CREATE INDEX order_states_by_order ON order_states (order_no, id);
CREATE INDEX order_states_sent ON order_states (at) WHERE status = 'sent';

CREATE TRIGGER order_states_are_facts BEFORE UPDATE ON order_states
BEGIN
    SELECT RAISE(ABORT, 'order states are never changed');
END;

CREATE TRIGGER order_states_are_kept BEFORE DELETE ON order_states
BEGIN
    SELECT RAISE(ABORT, 'order states are never deleted');
END;

-- Every number an order has carried: an amend gives a new one. The broker counts anew each New York date.
CREATE TABLE order_venue_nos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    traded_on TEXT NOT NULL,
    venue_no TEXT NOT NULL,
    order_no INTEGER NOT NULL REFERENCES orders (no),
    UNIQUE (traded_on, venue_no)
) STRICT;

CREATE INDEX order_venue_nos_by_order ON order_venue_nos (order_no, id);

CREATE TABLE fills (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    order_no INTEGER NOT NULL REFERENCES orders (no),
    venue_no TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    qty INTEGER NOT NULL CHECK (qty > 0),
    price TEXT NOT NULL,
    filled_at TEXT NOT NULL,
    fees TEXT NOT NULL,
    realized TEXT,
    source TEXT NOT NULL
) STRICT;

CREATE INDEX fills_by_order ON fills (order_no, id);
CREATE INDEX fills_by_time ON fills (filled_at);

CREATE TRIGGER fills_are_facts BEFORE UPDATE ON fills
BEGIN
    SELECT RAISE(ABORT, 'fills are never changed');
END;

CREATE TRIGGER fills_are_kept BEFORE DELETE ON fills
BEGIN
    SELECT RAISE(ABORT, 'fills are never deleted');
END;

-- The deposit last told, and which fills are in it, so that fills it does not show yet can be added. Dollars.
CREATE TABLE deposit (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    basis TEXT NOT NULL,
    cash TEXT NOT NULL,
    flow TEXT NOT NULL,
    gross TEXT NOT NULL,
    since TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- Prices somebody waits for: a row lives until it has been told or taken away.

CREATE TABLE price_alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    symbol TEXT NOT NULL,
    above INTEGER NOT NULL CHECK (above IN (0, 1)),
    price TEXT NOT NULL,
    set_by INTEGER NOT NULL,
    set_at TEXT NOT NULL
) STRICT;

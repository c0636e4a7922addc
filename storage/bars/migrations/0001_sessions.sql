-- Minute bars, one compressed blob for each source, ticker and session; see decision 0168.
PRAGMA application_id = 0x42415253; -- "BARS": never taken for a copy of the trading database

CREATE TABLE sessions (
    source TEXT NOT NULL,
    ticker TEXT NOT NULL,
    session_on TEXT NOT NULL, -- New York
    opens_at TEXT NOT NULL,
    closes_at TEXT NOT NULL,
    factor TEXT NOT NULL,
    day_factor TEXT NOT NULL,
    kept_at TEXT NOT NULL,
    count INTEGER NOT NULL,
    bars BLOB NOT NULL,
    PRIMARY KEY (source, ticker, session_on)
) STRICT;

CREATE TABLE lacking ( -- asked for, and the source had none
    source TEXT NOT NULL,
    ticker TEXT NOT NULL,
    session_on TEXT NOT NULL,
    tries INTEGER NOT NULL,
    asked_at TEXT NOT NULL,
    PRIMARY KEY (source, ticker, session_on)
) STRICT;

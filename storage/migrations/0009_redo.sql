-- Statements that are decided on and flushed to disk, but not carried out yet: an order leaves once its note is here.

CREATE TABLE redo (
    id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

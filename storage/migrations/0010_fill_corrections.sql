-- What the broker's list says the fills of an order came to, where notices had told otherwise. Fills stay as they were
-- told; the newest correction of each is what counts.

CREATE TABLE fill_corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fill_key TEXT NOT NULL REFERENCES fills (key),
    at TEXT NOT NULL,
    price TEXT NOT NULL,
    fees TEXT NOT NULL,
    realized TEXT
) STRICT;

CREATE INDEX fill_corrections_by_fill ON fill_corrections (fill_key, id);

CREATE TRIGGER fill_corrections_are_facts BEFORE UPDATE ON fill_corrections
BEGIN
    SELECT RAISE(ABORT, 'corrections of fills are never changed');
END;

CREATE TRIGGER fill_corrections_are_kept BEFORE DELETE ON fill_corrections
BEGIN
    SELECT RAISE(ABORT, 'corrections of fills are never deleted');
END;

CREATE VIEW counted_fills AS
SELECT fills.id, key, order_no, venue_no, symbol, side, qty, filled_at, source,
    COALESCE(newest.price, fills.price) AS price,
    COALESCE(newest.fees, fills.fees) AS fees,
    CASE WHEN newest.id IS NULL THEN fills.realized ELSE newest.realized END AS realized
FROM fills
LEFT JOIN fill_corrections AS newest
    ON newest.id = (SELECT MAX(one.id) FROM fill_corrections AS one WHERE one.fill_key = fills.key);

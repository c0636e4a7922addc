-- What the shares of each sale had cost with the fees of their buys, and how many were left: computed from the fills, and
-- computed anew where a price or a fee was corrected.

CREATE TABLE fill_costs (
    fill_key TEXT PRIMARY KEY REFERENCES fills (key),
    paid TEXT,
    held INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What shares have cost that no fill tells of, or no more: held before, split, moved by hand. Counted from there on, after
-- the fills stored by then.
CREATE TABLE cost_anchors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ticker TEXT NOT NULL,
    at TEXT NOT NULL,
    qty INTEGER NOT NULL CHECK (qty >= 0),
    amount TEXT NOT NULL,
    fees TEXT NOT NULL,
    after_fill INTEGER NOT NULL
) STRICT;

DROP VIEW counted_fills;

CREATE VIEW counted_fills AS
SELECT fills.id, key, order_no, venue_no, symbol, side, qty, filled_at, source,
    COALESCE(newest.price, fills.price) AS price,
    COALESCE(newest.fees, fills.fees) AS fees,
    CASE WHEN newest.id IS NULL THEN fills.realized ELSE newest.realized END AS realized,
    fill_costs.paid AS paid,
    fill_costs.held AS held
FROM fills
LEFT JOIN fill_corrections AS newest
    ON newest.id = (SELECT MAX(one.id) FROM fill_corrections AS one WHERE one.fill_key = fills.key)
LEFT JOIN fill_costs ON fill_costs.fill_key = fills.key;

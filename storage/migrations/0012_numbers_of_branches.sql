-- The broker's numbers are unique per branch and New York date only: two orders may carry one number. Ticker and side
-- tell them apart; two of the same ticker and side cannot be told apart, and the second is refused as before.

CREATE TABLE numbers_of_orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    traded_on TEXT NOT NULL,
    venue_no TEXT NOT NULL,
    ticker TEXT NOT NULL,
    side TEXT NOT NULL,
    order_no INTEGER NOT NULL REFERENCES orders (no),
    UNIQUE (traded_on, venue_no, ticker, side)
) STRICT;

INSERT INTO numbers_of_orders (id, traded_on, venue_no, ticker, side, order_no)
SELECT n.id, n.traded_on, n.venue_no, substr(o.symbol, instr(o.symbol, ':') + 1), o.side, n.order_no
FROM order_venue_nos n JOIN orders o ON o.no = n.order_no ORDER BY n.id;

DROP TABLE order_venue_nos;
ALTER TABLE numbers_of_orders RENAME TO order_venue_nos;

CREATE INDEX order_venue_nos_by_order ON order_venue_nos (order_no, id);

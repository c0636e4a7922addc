-- One spelling for class shares, the broker's: BRK.B becomes BRK/B, in what is looked up by its symbol. Two spellings of
-- one listing stood for two tickers: it was bought twice.

DROP TRIGGER decisions_are_facts;
DROP TRIGGER orders_keep_what_was_asked;
DROP TRIGGER orders_tell_their_story;
DROP TRIGGER fills_are_facts;
DROP TRIGGER setting_changes_are_facts;
DROP TRIGGER mode_changes_are_facts;

UPDATE decisions SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';
UPDATE orders SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';
UPDATE fills SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';
UPDATE setting_changes SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';
UPDATE mode_changes SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';
UPDATE price_alerts SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';

UPDATE ticker_locks SET released_at = locked_at
WHERE released_at IS NULL AND symbol LIKE '%.%' AND EXISTS (
    SELECT 1 FROM ticker_locks AS other
    WHERE other.released_at IS NULL AND other.symbol = REPLACE(ticker_locks.symbol, '.', '/')
);
UPDATE ticker_locks SET symbol = REPLACE(symbol, '.', '/') WHERE symbol LIKE '%.%';

-- the symbol ends a key, and what comes before it may have a point of its own (stop.told:NYSE:BRK.B)
UPDATE OR IGNORE notes
SET key = substr(key, 1, instr(key, 'NASDAQ:') - 1) || REPLACE(substr(key, instr(key, 'NASDAQ:')), '.', '/')
WHERE key GLOB '*NASDAQ:*.*';
UPDATE OR IGNORE notes
SET key = substr(key, 1, instr(key, 'NYSE:') - 1) || REPLACE(substr(key, instr(key, 'NYSE:')), '.', '/')
WHERE key GLOB '*NYSE:*.*';
UPDATE OR IGNORE notes
SET key = substr(key, 1, instr(key, 'AMEX:') - 1) || REPLACE(substr(key, instr(key, 'AMEX:')), '.', '/')
WHERE key GLOB '*AMEX:*.*';

CREATE TRIGGER decisions_are_facts BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions are never changed');
END;

CREATE TRIGGER orders_keep_what_was_asked
BEFORE UPDATE OF no, symbol, side, qty, asked_price, order_type, origin, created_at, traded_on, ticket ON orders
BEGIN
    SELECT RAISE(ABORT, 'what was asked for is never changed');
END;

CREATE TRIGGER orders_tell_their_story AFTER UPDATE ON orders
BEGIN
    INSERT INTO order_states (order_no, at, status, reason, venue_no, limit_price, filled_qty)
    VALUES (NEW.no, NEW.updated_at, NEW.status, NEW.reason, NEW.venue_no, NEW.limit_price, NEW.filled_qty);
END;

CREATE TRIGGER fills_are_facts BEFORE UPDATE ON fills
BEGIN
    SELECT RAISE(ABORT, 'fills are never changed');
END;

CREATE TRIGGER setting_changes_are_facts BEFORE UPDATE ON setting_changes
BEGIN
    SELECT RAISE(ABORT, 'setting changes are never changed');
END;

CREATE TRIGGER mode_changes_are_facts BEFORE UPDATE ON mode_changes
BEGIN
    SELECT RAISE(ABORT, 'mode changes are never changed');
END;

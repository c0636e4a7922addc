-- The database itself writes the story of an order, so that no change can be stored without it, nor cost a statement.

CREATE TRIGGER orders_begin_their_story AFTER INSERT ON orders
BEGIN
    INSERT INTO order_states (order_no, at, status, reason, venue_no, limit_price, filled_qty)
    VALUES (NEW.no, NEW.updated_at, NEW.status, NEW.reason, NEW.venue_no, NEW.limit_price, NEW.filled_qty);
END;

CREATE TRIGGER orders_tell_their_story AFTER UPDATE ON orders
BEGIN
    INSERT INTO order_states (order_no, at, status, reason, venue_no, limit_price, filled_qty)
    VALUES (NEW.no, NEW.updated_at, NEW.status, NEW.reason, NEW.venue_no, NEW.limit_price, NEW.filled_qty);
END;

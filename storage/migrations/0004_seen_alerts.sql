-- Critical alerts are told again until somebody has seen them; what is urgent overtakes what is routine.

ALTER TABLE outbox ADD COLUMN urgency INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN repeated_at TEXT;
ALTER TABLE outbox ADD COLUMN seen_at TEXT;
ALTER TABLE outbox ADD COLUMN seen_by INTEGER;

-- What an earlier version told is not asked about any more.
UPDATE outbox SET seen_at = done_at, seen_by = 0 WHERE critical = 1 AND done_at IS NOT NULL;

CREATE INDEX outbox_unseen ON outbox (id) WHERE critical = 1 AND done_at IS NOT NULL AND seen_at IS NULL;
CREATE INDEX outbox_told ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_by_order ON outbox (order_no, id) WHERE order_no IS NOT NULL;

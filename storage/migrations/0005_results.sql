-- What results are read by. Decisions that led to nothing are forgotten after a while, but stay counted by reason.

CREATE TABLE decision_counts (
    decided_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (decided_on, reason)
) STRICT, WITHOUT ROWID;

-- Counting by reason must not read the bodies, so the index that serves times carries the reason too.
CREATE INDEX decisions_by_time_and_reason ON decisions (decided_at, reason);
DROP INDEX decisions_by_time;

CREATE INDEX orders_by_time ON orders (created_at);
CREATE INDEX orders_by_decision ON orders (decision_id);

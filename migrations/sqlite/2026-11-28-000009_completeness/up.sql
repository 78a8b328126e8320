-- What proves an export complete, kept apart from what it is read from.

-- How much a conversation has, counted by the transactions that record and erase it: items and edits of each period (the
-- instant of the item divided by 2^41 microseconds, about 25 days), and the sum of the items' instants within it. The plan of
-- an export must find as much along the indexes.
CREATE TABLE item_counts (
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    period           BIGINT NOT NULL,
    items            BIGINT NOT NULL,
    edits            BIGINT NOT NULL,
    instants         BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, period)
) WITHOUT ROWID;

-- How many conversations of a source are exported for an account. By source, so that those who record for two sources do not
-- wait for one another.
CREATE TABLE conversation_counts (
    source_id      BIGINT NOT NULL REFERENCES sources (id),
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    conversations  BIGINT NOT NULL,
    PRIMARY KEY (source_id, account_id)
);
CREATE INDEX conversation_counts_by_account ON conversation_counts (account_id);

-- CRC-32 of what never changes of a row, compared when an export reads it; of a deletion, which comes later, one of its own.
-- What was recorded before this migration has none, and is to be recorded again.
ALTER TABLE items ADD COLUMN check_sum BIGINT NOT NULL DEFAULT 0;
ALTER TABLE items ADD COLUMN deletion_check_sum BIGINT;
ALTER TABLE item_edits ADD COLUMN check_sum BIGINT NOT NULL DEFAULT 0;

-- When an item that was erased had been posted: so many may be missing from that day of an export whose cut is older.
ALTER TABLE item_deletions ADD COLUMN item_created_at BIGINT;

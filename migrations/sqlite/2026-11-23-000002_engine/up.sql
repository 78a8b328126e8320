-- What the export engine needs: a plan that reads an index only, parts that are pieces of work, and a cut that also holds
-- for names (C7).

-- Bytes of an item's text, title, details and attachments: what the plan reckons a part's size with.
ALTER TABLE items ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
UPDATE items SET size = octet_length(coalesce(title, '')) + octet_length(coalesce(text, ''))
    + octet_length(coalesce(details, '')) + octet_length(coalesce(attachments, ''));
DROP INDEX items_by_time;
-- The order in which an export reads, page by page. What follows the order is all that the plan asks: it reads nothing else.
CREATE INDEX items_by_time ON items (conversation_id, created_at, id, recording, deletion_recording, deleted_at, size);

-- An item's conversation and instant never change: with them, a range's edits are found without a look at each item.
ALTER TABLE item_edits ADD COLUMN conversation_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE item_edits ADD COLUMN item_created_at BIGINT NOT NULL DEFAULT 0;
UPDATE item_edits SET
    conversation_id = (SELECT items.conversation_id FROM items WHERE items.id = item_edits.item_id),
    item_created_at = (SELECT items.created_at FROM items WHERE items.id = item_edits.item_id);
CREATE INDEX item_edits_by_time ON item_edits (conversation_id, item_created_at, item_id, edited_at, id);

-- What people were called before a recording changed it: an export whose cut lies before that still says so. Users hold
-- the present; `until` is the number of the recording that ended this version.
CREATE TABLE user_versions (
    user_id  BIGINT NOT NULL REFERENCES users (id),
    until    BIGINT NOT NULL,
    name     TEXT NOT NULL,
    email    TEXT,
    is_bot   BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, until)
);

-- The same of conversations.
CREATE TABLE conversation_versions (
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    until            BIGINT NOT NULL,
    name             TEXT,
    is_public        BOOLEAN NOT NULL,
    archived_at      BIGINT,
    PRIMARY KEY (conversation_id, until)
);

-- Who had access and who had turned the feature on at the cut, as JSON: the manifest tells it.
ALTER TABLE export_requests ADD COLUMN evidence TEXT;
-- When the parts had been planned: from then on progress is measured.
ALTER TABLE export_requests ADD COLUMN planned_at BIGINT;
-- How large a part could be: made again, an export is divided as it was.
ALTER TABLE export_requests ADD COLUMN part_entries BIGINT;
ALTER TABLE export_requests ADD COLUMN part_bytes BIGINT;

-- The parts of an export while it is being made, each a piece of work that a worker claims by lease. When all are built
-- they become export_parts, and these rows go.
CREATE TABLE export_pieces (
    request_id          BIGINT NOT NULL REFERENCES export_requests (id),
    -- Number of the part.
    number              INTEGER NOT NULL,
    -- The counts by conversation and day that the plan found, and with them which conversations and days are this part's.
    plan                TEXT NOT NULL,
    items_total         BIGINT NOT NULL,
    items_done          BIGINT NOT NULL,
    attempts            INTEGER NOT NULL,
    not_before          BIGINT NOT NULL,
    lease_key           TEXT,
    lease_until         BIGINT,
    -- Once it is built: the counts that were written, and the part.
    built_at            BIGINT,
    counts              TEXT,
    storage_key         TEXT,
    size                BIGINT,
    sha256              TEXT,
    -- Of its list of check sums, which part 1 vouches for.
    sums_sha256         TEXT,
    PRIMARY KEY (request_id, number)
);

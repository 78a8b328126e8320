-- What the page of an export tells: what is inside, who has taken it, and who deleted it before its time was over.

-- Items by kind of each conversation of a part, as they were written; counts holds those by day.
ALTER TABLE export_pieces ADD COLUMN kinds TEXT;

-- Deleted by an administrator before it expired; the status is Expired as well.
ALTER TABLE export_requests ADD COLUMN deleted_at BIGINT;
ALTER TABLE export_requests ADD COLUMN deleted_by BIGINT REFERENCES users (id);

-- How much of what a completed export holds, counted as it was written. Numbers, no content: they stay when the archive is
-- erased. Exports completed by earlier versions have none.
CREATE TABLE export_summaries (
    request_id     BIGINT PRIMARY KEY NOT NULL REFERENCES export_requests (id),
    -- Conversations that have items in the range.
    conversations  BIGINT NOT NULL,
    -- A line for each kind of conversation, with its items by kind.
    by_kind        TEXT NOT NULL,
    -- Items of each day.
    by_day         TEXT NOT NULL
);

-- The same by conversation, those with most items first: a row for each forty, because they are only read by the page,
-- and a row for each would be many times as large.
CREATE TABLE export_conversations (
    request_id  BIGINT NOT NULL REFERENCES export_requests (id),
    -- From 1.
    page        INTEGER NOT NULL,
    counts      TEXT NOT NULL,
    PRIMARY KEY (request_id, page)
);

-- Who has taken which part of an archive out of the server; once for a download that is resumed.
CREATE TABLE export_downloads (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    request_id   BIGINT NOT NULL REFERENCES export_requests (id),
    part_number  INTEGER NOT NULL,
    -- Download, Copy or Rebuild.
    way          TEXT NOT NULL,
    -- None for the operator.
    user_id      BIGINT REFERENCES users (id),
    at           BIGINT NOT NULL
);
CREATE INDEX export_downloads_by_request ON export_downloads (request_id, id);
-- Serves the look for the download that is being resumed.
CREATE INDEX export_downloads_by_user ON export_downloads (request_id, user_id, part_number, at);
-- What the audit trail already tells.
INSERT INTO export_downloads (request_id, part_number, way, user_id, at)
    SELECT export_parts.request_id, export_parts.number, 'Download', audit_events.actor_id, audit_events.at
    FROM audit_events
    JOIN export_parts
        ON audit_events.subject = 'export ' || export_parts.request_id || ', ' || export_parts.file_name
    WHERE audit_events.action = 'export.downloaded'
    ORDER BY audit_events.id;

-- What kept a mail from leaving, for those who can't do anything with a mail server's own words.
ALTER TABLE mails ADD COLUMN trouble TEXT;

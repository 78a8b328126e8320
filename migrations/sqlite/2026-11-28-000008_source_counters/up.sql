-- A counter for each source, so that accounts do not wait for one another when they record. A cut (C7) then is a number for
-- each source.

-- Number of the source's last recording. Who records holds this row until the transaction ends, so that the numbers of one
-- source commit in their order.
ALTER TABLE sources ADD COLUMN recording BIGINT NOT NULL DEFAULT 0;
UPDATE sources SET recording = (SELECT value FROM recording_counter);
-- What the operator calls people is recorded as well: a source of its own.
INSERT INTO sources (account_id, kind, recording)
    SELECT accounts.id, 'operator', recording_counter.value FROM accounts, recording_counter WHERE recording_counter.id = 1;
DROP TABLE recording_counter;

-- The cut of an export: everything up to this number of each source, and nothing after it. A source that is not here had not
-- recorded anything.
CREATE TABLE export_cuts (
    request_id  BIGINT NOT NULL REFERENCES export_requests (id),
    source_id   BIGINT NOT NULL REFERENCES sources (id),
    recording   BIGINT NOT NULL,
    PRIMARY KEY (request_id, source_id)
);
INSERT INTO export_cuts (request_id, source_id, recording)
    SELECT export_requests.id, sources.id, export_requests.cut_recording FROM export_requests, sources
    WHERE export_requests.cut_recording IS NOT NULL;
ALTER TABLE export_requests DROP COLUMN cut_recording;

-- Several sources may change one person. Rows are made in the order of the changes; `until` is a number of the source that
-- ended this version.
ALTER TABLE user_versions RENAME TO old_user_versions;
CREATE TABLE user_versions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    source_id  BIGINT NOT NULL REFERENCES sources (id),
    until      BIGINT NOT NULL,
    name       TEXT NOT NULL,
    email      TEXT,
    is_bot     BOOLEAN NOT NULL,
    UNIQUE (user_id, source_id, until)
);
INSERT INTO user_versions (user_id, source_id, until, name, email, is_bot)
    SELECT old.user_id, sources.id, old.until, old.name, old.email, old.is_bot
    FROM old_user_versions AS old
    JOIN users ON users.id = old.user_id
    JOIN sources ON sources.account_id = users.account_id AND sources.kind = 'operator'
    ORDER BY old.user_id, old.until;
DROP TABLE old_user_versions;

-- Periods are read in the order in which they were made: a clock may have been set back between them.
DROP INDEX capture_periods_by_account;
CREATE INDEX capture_periods_by_account ON capture_periods (account_id, id);

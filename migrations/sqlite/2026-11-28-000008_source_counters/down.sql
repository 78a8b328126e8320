DROP INDEX capture_periods_by_account;
CREATE INDEX capture_periods_by_account ON capture_periods (account_id, on_at);

CREATE TABLE recording_counter (
    id     BIGINT PRIMARY KEY,
    value  BIGINT NOT NULL
);
INSERT INTO recording_counter (id, value) SELECT 1, coalesce(max(recording), 0) FROM sources;

ALTER TABLE user_versions RENAME TO new_user_versions;
CREATE TABLE user_versions (
    user_id  BIGINT NOT NULL REFERENCES users (id),
    until    BIGINT NOT NULL,
    name     TEXT NOT NULL,
    email    TEXT,
    is_bot   BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, until)
);
INSERT INTO user_versions (user_id, until, name, email, is_bot)
    SELECT new.user_id, new.until, new.name, new.email, new.is_bot FROM new_user_versions AS new
    WHERE new.id = (
        SELECT min(first.id) FROM new_user_versions AS first
        WHERE first.user_id = new.user_id AND first.until = new.until
    );
DROP TABLE new_user_versions;

ALTER TABLE export_requests ADD COLUMN cut_recording BIGINT;
UPDATE export_requests SET cut_recording = (
    SELECT max(recording) FROM export_cuts WHERE export_cuts.request_id = export_requests.id
);
DROP TABLE export_cuts;
DELETE FROM sources WHERE kind = 'operator';
ALTER TABLE sources DROP COLUMN recording;

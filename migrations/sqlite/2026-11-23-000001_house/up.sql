-- Times are microseconds since 1970 in UTC. Days are text, YYYY-MM-DD. Kinds and states are the names of the model's enums.

-- Names this database, so that a data folder is never swept with another one's knowledge.
CREATE TABLE installation (
    id  TEXT PRIMARY KEY
);

-- Companies.
CREATE TABLE accounts (
    id                INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name              TEXT NOT NULL,
    -- The name in lower case: names are unique without regard to case.
    name_key          TEXT NOT NULL UNIQUE,
    time_zone         TEXT NOT NULL,
    exports_included  BOOLEAN NOT NULL,
    exports_on        BOOLEAN NOT NULL,
    created_at        BIGINT NOT NULL
);

CREATE TABLE users (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id      BIGINT NOT NULL REFERENCES accounts (id),
    name            TEXT NOT NULL,
    email           TEXT,
    is_bot          BOOLEAN NOT NULL,
    is_admin        BOOLEAN NOT NULL,
    password_hash   TEXT,
    deactivated_at  BIGINT,
    -- The latest deactivation that a source has told: told again, it does not undo what the operator has done since.
    deactivation    BIGINT,
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_by_email ON users (account_id, email) WHERE email IS NOT NULL;
-- An address signs in to one account only, so that signing in needs no name of the account.
CREATE UNIQUE INDEX users_by_sign_in ON users (email) WHERE password_hash IS NOT NULL;
-- Serves the list of those who can be given access (A4).
CREATE INDEX users_admins ON users (account_id) WHERE is_admin;

-- Who can manage access, request and download (A3, A4).
CREATE TABLE access_grants (
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    user_id     BIGINT NOT NULL REFERENCES users (id),
    granted_at  BIGINT NOT NULL,
    -- None for the operator.
    granted_by  BIGINT REFERENCES users (id),
    PRIMARY KEY (account_id, user_id)
);

-- When capture was on (C4).
CREATE TABLE capture_periods (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    on_at       BIGINT NOT NULL,
    on_by       BIGINT REFERENCES users (id),
    off_at      BIGINT,
    off_by      BIGINT REFERENCES users (id)
);
CREATE INDEX capture_periods_by_account ON capture_periods (account_id, on_at);

CREATE TABLE sessions (
    -- SHA-256 of the key that the cookie holds: a copy of this table opens no session.
    key_hash    TEXT PRIMARY KEY,
    user_id     BIGINT NOT NULL REFERENCES users (id),
    state       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE sign_in_failures (
    id       INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    email    TEXT NOT NULL,
    address  TEXT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_by_email ON sign_in_failures (email, at);
CREATE INDEX sign_in_failures_by_address ON sign_in_failures (address, at);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (at);

CREATE TABLE audit_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at          BIGINT NOT NULL,
    account_id  BIGINT REFERENCES accounts (id),
    -- None for the operator.
    actor_id    BIGINT REFERENCES users (id),
    action      TEXT NOT NULL,
    subject     TEXT NOT NULL
);
CREATE INDEX audit_events_by_account ON audit_events (account_id, id);
CREATE INDEX audit_events_by_time ON audit_events (account_id, at);

-- Where recordings come from: an account's Slack, Mattermost or events. External ids are unique within one.
CREATE TABLE sources (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    kind        TEXT NOT NULL,
    UNIQUE (account_id, kind)
);

CREATE TABLE source_accounts (
    source_id    BIGINT NOT NULL REFERENCES sources (id),
    external_id  TEXT NOT NULL,
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (source_id, external_id)
);

CREATE TABLE source_users (
    source_id    BIGINT NOT NULL REFERENCES sources (id),
    external_id  TEXT NOT NULL,
    user_id      BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (source_id, external_id)
);
CREATE INDEX source_users_by_user ON source_users (user_id);

-- Each transaction that records takes the next number, and holds this row until it commits: numbers commit in their
-- order, so that "everything up to number N" is one well-defined state (C7).
CREATE TABLE recording_counter (
    id     BIGINT PRIMARY KEY,
    value  BIGINT NOT NULL
);
INSERT INTO recording_counter (id, value) VALUES (1, 0);

CREATE TABLE conversations (
    id                INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    source_id         BIGINT NOT NULL REFERENCES sources (id),
    external_id       TEXT NOT NULL,
    kind              TEXT NOT NULL,
    name              TEXT,
    is_public         BOOLEAN NOT NULL,
    owner_account_id  BIGINT NOT NULL REFERENCES accounts (id),
    starter_id        BIGINT REFERENCES users (id),
    created_at        BIGINT,
    archived_at       BIGINT,
    recording         BIGINT NOT NULL,
    UNIQUE (source_id, external_id)
);

-- Which accounts a conversation's content is exported for: the outcome of C2, kept beside the conversation.
CREATE TABLE conversation_accounts (
    account_id       BIGINT NOT NULL REFERENCES accounts (id),
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (account_id, conversation_id)
);
CREATE INDEX conversation_accounts_by_conversation ON conversation_accounts (conversation_id);

-- Append-only. listed: was there at a time unknown; joined, left: at that time.
CREATE TABLE membership_events (
    id               INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    user_id          BIGINT NOT NULL REFERENCES users (id),
    kind             TEXT NOT NULL,
    at               BIGINT,
    recording        BIGINT NOT NULL
);
CREATE INDEX membership_events_by_conversation ON membership_events (conversation_id, user_id);

-- What was posted, as it was posted: never changed afterwards except to mark a deletion; erased by deleting the row.
CREATE TABLE items (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    conversation_id     BIGINT NOT NULL REFERENCES conversations (id),
    external_id         TEXT NOT NULL,
    kind                TEXT NOT NULL,
    author_id           BIGINT REFERENCES users (id),
    created_at          BIGINT NOT NULL,
    parent              TEXT,
    title               TEXT,
    text                TEXT,
    details             TEXT,
    attachments         TEXT,
    deleted_at          BIGINT,
    deleted_by          BIGINT REFERENCES users (id),
    deletion_recording  BIGINT,
    recording           BIGINT NOT NULL,
    UNIQUE (conversation_id, external_id)
);
-- The order in which an export reads, page by page.
CREATE INDEX items_by_time ON items (conversation_id, created_at, id);

-- Append-only: what an item said after each change. The text before a change is that of the change before.
CREATE TABLE item_edits (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item_id    BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    edited_at  BIGINT NOT NULL,
    editor_id  BIGINT REFERENCES users (id),
    title      TEXT,
    text       TEXT,
    details    TEXT,
    recording  BIGINT NOT NULL
);
CREATE INDEX item_edits_by_item ON item_edits (item_id, edited_at, id);

-- The fact that an item was deleted, where the item itself was erased or has not been seen (C4).
CREATE TABLE item_deletions (
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    external_id      TEXT NOT NULL,
    deleted_at       BIGINT NOT NULL,
    deleted_by       BIGINT REFERENCES users (id),
    recording        BIGINT NOT NULL,
    -- Number of the recording of the item that was erased; none where it has not been seen.
    erased           BIGINT,
    PRIMARY KEY (conversation_id, external_id)
);

-- The requests are themselves the queue of exports: claimed by lease.
CREATE TABLE export_requests (
    id             INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    requester_id   BIGINT NOT NULL REFERENCES users (id),
    -- Given by the form: submitting it twice creates one request (B2).
    form_key       TEXT NOT NULL,
    first_day      TEXT NOT NULL,
    last_day       TEXT NOT NULL,
    time_zone      TEXT NOT NULL,
    status         TEXT NOT NULL,
    reason         TEXT,
    attempts       INTEGER NOT NULL,
    requested_at   BIGINT NOT NULL,
    started_at     BIGINT,
    cut_recording  BIGINT,
    cut_at         BIGINT,
    finished_at    BIGINT,
    expires_at     BIGINT,
    erased_at      BIGINT,
    items_total    BIGINT,
    items_done     BIGINT NOT NULL,
    lease_key      TEXT,
    lease_until    BIGINT,
    not_before     BIGINT NOT NULL,
    UNIQUE (account_id, form_key)
);
CREATE INDEX export_requests_history ON export_requests (account_id, id);
CREATE INDEX export_requests_by_status ON export_requests (status, not_before);
CREATE INDEX export_requests_by_expiry ON export_requests (expires_at);

CREATE TABLE export_parts (
    request_id   BIGINT NOT NULL REFERENCES export_requests (id),
    number       INTEGER NOT NULL,
    file_name    TEXT NOT NULL,
    storage_key  TEXT NOT NULL,
    size         BIGINT NOT NULL,
    sha256       TEXT NOT NULL,
    PRIMARY KEY (request_id, number)
);

-- The queue of mail (B5): a row is written in the transaction of the change that causes it.
CREATE TABLE mails (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    request_id    BIGINT NOT NULL REFERENCES export_requests (id),
    recipient_id  BIGINT NOT NULL REFERENCES users (id),
    event         TEXT NOT NULL,
    -- The reason of a failure, as it was then.
    reason        TEXT,
    created_at    BIGINT NOT NULL,
    attempts      INTEGER NOT NULL,
    not_before    BIGINT NOT NULL,
    lease_key     TEXT,
    sent_at       BIGINT,
    given_up_at   BIGINT,
    last_error    TEXT
);
CREATE INDEX mails_open ON mails (not_before) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX mails_by_request ON mails (request_id);

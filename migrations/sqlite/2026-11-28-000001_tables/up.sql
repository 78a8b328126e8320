-- All tables. Times are microseconds since 1970 in UTC. Days are text, YYYY-MM-DD. Kinds and states are the names of the model's
-- enums.

-- Names this database, so that a data folder is never swept with another one's knowledge.
CREATE TABLE installation (
    id           TEXT PRIMARY KEY,
    -- A database has one data folder: this names the folder, as `id` names the database. None before the first start with one.
    folder       TEXT,
    -- The public half of the key that signs archives: another key is never taken for it without a word.
    signing_key  TEXT,
    -- Grows whenever it is checked that the database can be written. One that tells less than it did is an older copy.
    beats        BIGINT NOT NULL DEFAULT 0
);

-- Companies.
CREATE TABLE accounts (
    id                INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name              TEXT NOT NULL,
    -- The name in lower case: names are unique without regard to case. None for a company that a source knows by its name only, and
    -- whom nobody finds by it.
    name_key          TEXT UNIQUE,
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
    created_at      BIGINT NOT NULL,
    -- What somebody's name and address are searched by (`search_key`): without case and accents, a line for each
    -- place from which one can begin to type them.
    search_key      TEXT NOT NULL
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
-- Periods are read in the order in which they were made: a clock may have been set back between them.
CREATE INDEX capture_periods_by_account ON capture_periods (account_id, id);

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

-- Who did what, when. Append-only. Numbered in each account from 1, without a gap.
CREATE TABLE audit_events (
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    number      BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    -- user, operator, source or system; the number of a user or a source.
    actor       TEXT NOT NULL,
    actor_id    BIGINT,
    -- The event's name, and its fields as JSON (`model::AuditEvent`).
    action      TEXT NOT NULL,
    details     TEXT NOT NULL,
    PRIMARY KEY (account_id, number)
);

-- Number of an account's last event. Who appends holds this row until the transaction ends.
CREATE TABLE audit_heads (
    account_id  BIGINT PRIMARY KEY NOT NULL REFERENCES accounts (id),
    number      BIGINT NOT NULL
);

-- Where facts come from: an account's Slack, Mattermost and other systems, and its operator, who also says what people are called.
-- External ids are unique within one, so that two workspaces of one kind never mix.
CREATE TABLE sources (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    kind        TEXT NOT NULL,
    -- Tells several of one kind apart. The key is the name in lower case.
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    -- Number of the last recording. Who records holds this row until the transaction ends, so that the numbers of one source commit
    -- in their order, and "everything up to number N" is one well-defined state (C7).
    recording   BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account_id, kind, name_key)
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

-- What people were called before a recording changed it: an export whose cut lies before that still says so. Users hold the
-- present. Several sources may change one person: rows are made in the order of the changes; `until` is the number of the recording
-- of the source that ended this version.
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
    -- What a Team's name is searched by; other conversations have none, and are searched by their people.
    search_key        TEXT,
    UNIQUE (source_id, external_id)
);
-- Most conversations have no name: the search looks at the others only. Of their number, as names may be too long for an index.
CREATE INDEX conversations_named ON conversations (id) WHERE search_key IS NOT NULL;

-- What conversations were called before a recording changed it, as user_versions.
CREATE TABLE conversation_versions (
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    until            BIGINT NOT NULL,
    name             TEXT,
    is_public        BOOLEAN NOT NULL,
    archived_at      BIGINT,
    PRIMARY KEY (conversation_id, until)
);

-- Which accounts a conversation's content is exported for: the outcome of C2, kept beside the conversation.
CREATE TABLE conversation_accounts (
    account_id       BIGINT NOT NULL REFERENCES accounts (id),
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (account_id, conversation_id)
);
CREATE INDEX conversation_accounts_by_conversation ON conversation_accounts (conversation_id);

-- How many conversations of a source are exported for an account. By source, so that those who record for two sources do not
-- wait for one another. With item_counts it proves an export complete, apart from what the export is read from.
CREATE TABLE conversation_counts (
    source_id      BIGINT NOT NULL REFERENCES sources (id),
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    conversations  BIGINT NOT NULL,
    PRIMARY KEY (source_id, account_id)
);
CREATE INDEX conversation_counts_by_account ON conversation_counts (account_id);

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

-- Who has ever taken part in a conversation (started it, was in it, or posted in it), with the number of the first
-- recording that told so.
CREATE TABLE participants (
    user_id          BIGINT NOT NULL REFERENCES users (id),
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    recording        BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
);

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
    -- Bytes of text, title, details and attachments: what the plan reckons a part's size with.
    size                BIGINT NOT NULL,
    -- CRC-32 of what never changes of a row, compared when an export reads it; of a deletion, which comes later, one of its own.
    check_sum           BIGINT NOT NULL,
    deletion_check_sum  BIGINT,
    UNIQUE (conversation_id, external_id)
);
-- The order in which an export reads, page by page. What follows the order is all that the plan asks: it reads nothing else.
CREATE INDEX items_by_time ON items (conversation_id, created_at, id, recording, deletion_recording, deleted_at, size);

-- Append-only: what an item said after each change. The text before a change is that of the change before.
CREATE TABLE item_edits (
    id               INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item_id          BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    edited_at        BIGINT NOT NULL,
    editor_id        BIGINT REFERENCES users (id),
    title            TEXT,
    text             TEXT,
    details          TEXT,
    recording        BIGINT NOT NULL,
    -- An item's conversation and instant never change: with them, a range's edits are found without a look at each item.
    conversation_id  BIGINT NOT NULL,
    item_created_at  BIGINT NOT NULL,
    check_sum        BIGINT NOT NULL
);
CREATE INDEX item_edits_by_item ON item_edits (item_id, edited_at, id);
CREATE INDEX item_edits_by_time ON item_edits (conversation_id, item_created_at, item_id, edited_at, id);

-- The fact that an item was deleted, where the item itself was erased or has not been seen (C4).
CREATE TABLE item_deletions (
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    external_id      TEXT NOT NULL,
    deleted_at       BIGINT NOT NULL,
    deleted_by       BIGINT REFERENCES users (id),
    recording        BIGINT NOT NULL,
    -- Number of the recording of the item that was erased; none where it has not been seen.
    erased           BIGINT,
    -- When it had been posted: so many may be missing from that day of an export whose cut is older.
    item_created_at  BIGINT,
    PRIMARY KEY (conversation_id, external_id)
);

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
    -- The people and conversations that it is limited to, as JSON; none for everything.
    filters        TEXT,
    -- Formats that it asks for beside the JSON, by name, with commas between them: 'html', 'csv', 'csv,html', or none.
    formats        TEXT NOT NULL,
    status         TEXT NOT NULL,
    reason         TEXT,
    attempts       INTEGER NOT NULL,
    requested_at   BIGINT NOT NULL,
    started_at     BIGINT,
    cut_at         BIGINT,
    -- Who had access and who had turned the feature on at the cut, as JSON: the manifest tells it.
    evidence       TEXT,
    -- When the parts had been planned: from then on progress is measured.
    planned_at     BIGINT,
    -- How large a part could be: made again, an export is divided as it was.
    part_entries   BIGINT,
    part_bytes     BIGINT,
    finished_at    BIGINT,
    expires_at     BIGINT,
    erased_at      BIGINT,
    -- Deleted by an administrator before it expired; the status is Expired as well.
    deleted_at     BIGINT,
    deleted_by     BIGINT REFERENCES users (id),
    items_total    BIGINT,
    items_done     BIGINT NOT NULL,
    lease_key      TEXT,
    lease_until    BIGINT,
    not_before     BIGINT NOT NULL,
    UNIQUE (account_id, form_key)
);
CREATE INDEX export_requests_history ON export_requests (account_id, id);
-- What the Administration page asks at every look: how many exports of an account are open. Without it that reads the whole
-- history, which grows.
CREATE INDEX export_requests_by_account ON export_requests (account_id, status);
CREATE INDEX export_requests_by_status ON export_requests (status, not_before);
CREATE INDEX export_requests_by_expiry ON export_requests (expires_at);
-- Serves the look at what the last exports took.
CREATE INDEX export_requests_by_finish ON export_requests (finished_at);

-- The cut of an export (C7): everything up to this number of each source, and nothing after it. A source that is not here had not
-- recorded anything.
CREATE TABLE export_cuts (
    request_id  BIGINT NOT NULL REFERENCES export_requests (id),
    source_id   BIGINT NOT NULL REFERENCES sources (id),
    recording   BIGINT NOT NULL,
    PRIMARY KEY (request_id, source_id)
);

-- The parts of an export while it is being made, each a job that a worker claims by lease. When all are built
-- they become export_parts, and these rows go.
CREATE TABLE part_jobs (
    request_id   BIGINT NOT NULL REFERENCES export_requests (id),
    -- Number of the part.
    number       INTEGER NOT NULL,
    items_total  BIGINT NOT NULL,
    items_done   BIGINT NOT NULL,
    attempts     INTEGER NOT NULL,
    not_before   BIGINT NOT NULL,
    lease_key    TEXT,
    lease_until  BIGINT,
    -- Once it is built.
    built_at     BIGINT,
    storage_key  TEXT,
    size         BIGINT,
    sha256       TEXT,
    -- Of its list of check sums, which part 1 vouches for.
    sums_sha256  TEXT,
    PRIMARY KEY (request_id, number)
);
-- Which part of an export is built next, and which are held, without a look at all its parts.
CREATE INDEX part_jobs_by_end ON part_jobs (request_id, built_at, number);
CREATE INDEX part_jobs_held ON part_jobs (request_id) WHERE lease_key IS NOT NULL;

-- What a part holds by conversation and day is as long as the part. It has a table of its own, so that the rows which workers
-- look at and write twice a second stay short.
CREATE TABLE part_job_counts (
    request_id  BIGINT NOT NULL,
    number      INTEGER NOT NULL,
    -- By conversation and day, as the plan found it, and with that which conversations and days are this part's.
    planned     TEXT NOT NULL,
    -- Once the part is built: the same as it was written, if that differs (C4), and its items by kind.
    written     TEXT,
    kinds       TEXT,
    PRIMARY KEY (request_id, number),
    FOREIGN KEY (request_id, number) REFERENCES part_jobs (request_id, number) ON DELETE CASCADE
);

CREATE TABLE export_parts (
    request_id   BIGINT NOT NULL REFERENCES export_requests (id),
    number       INTEGER NOT NULL,
    file_name    TEXT NOT NULL,
    storage_key  TEXT NOT NULL,
    size         BIGINT NOT NULL,
    sha256       TEXT NOT NULL,
    PRIMARY KEY (request_id, number)
);

-- How much of what a completed export holds, counted as it was written. Numbers, no content: they stay when the archive is
-- erased. An archive that was adopted has none.
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
    -- The wait of one that could not leave.
    not_before    BIGINT NOT NULL,
    -- Until when a process that sends it has it to itself: it says every few seconds that it lives.
    lease_key     TEXT,
    lease_until   BIGINT,
    sent_at       BIGINT,
    given_up_at   BIGINT,
    -- The mail server's own words, and what they come to for those who can't do anything with them.
    last_error    TEXT,
    trouble       TEXT
);
-- The mail that has waited longest is found without a look at those that have left.
CREATE INDEX mails_open ON mails (id) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX mails_by_request ON mails (request_id);

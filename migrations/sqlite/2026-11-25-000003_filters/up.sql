-- Exports limited to some people or conversations, and what their form asks.

-- The people and conversations that a request is limited to, as JSON; none for everything.
ALTER TABLE export_requests ADD COLUMN filters TEXT;
-- Serves the look at what the last exports took.
CREATE INDEX export_requests_by_finish ON export_requests (finished_at);

-- Who has ever taken part in a conversation (started it, was in it, or posted in it), with the number of the first
-- recording that told so.
CREATE TABLE participants (
    user_id          BIGINT NOT NULL REFERENCES users (id),
    conversation_id  BIGINT NOT NULL REFERENCES conversations (id),
    recording        BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
);
INSERT INTO participants (user_id, conversation_id, recording)
    SELECT told.user_id, told.conversation_id, min(told.recording)
    FROM (
        SELECT user_id, conversation_id, recording FROM membership_events
        UNION ALL
        SELECT author_id, conversation_id, recording FROM items WHERE author_id IS NOT NULL
        UNION ALL
        SELECT starter_id, id, recording FROM conversations WHERE starter_id IS NOT NULL
    ) AS told
    GROUP BY told.user_id, told.conversation_id;

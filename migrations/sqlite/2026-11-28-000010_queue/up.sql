-- Until when a process that sends a mail has it to itself: it says every few seconds that it lives. not_before, which was this
-- as well, is the wait of one that could not leave.
ALTER TABLE mails ADD COLUMN lease_until BIGINT;
-- The mail that has waited longest is found without a look at those that have left.
DROP INDEX mails_open;
CREATE INDEX mails_open ON mails (id) WHERE sent_at IS NULL AND given_up_at IS NULL;

-- Which part of an export is built next, and which are held, without a look at all its parts.
CREATE INDEX export_pieces_by_end ON export_pieces (request_id, built_at, number);
CREATE INDEX export_pieces_held ON export_pieces (request_id) WHERE lease_key IS NOT NULL;

DROP INDEX export_pieces_held;
DROP INDEX export_pieces_by_end;
DROP INDEX mails_open;
CREATE INDEX mails_open ON mails (not_before) WHERE sent_at IS NULL AND given_up_at IS NULL;
ALTER TABLE mails DROP COLUMN lease_until;

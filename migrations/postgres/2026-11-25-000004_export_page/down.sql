ALTER TABLE mails DROP COLUMN trouble;
DROP TABLE export_downloads;
DROP TABLE export_conversations;
DROP TABLE export_summaries;
ALTER TABLE export_requests DROP COLUMN deleted_by;
ALTER TABLE export_requests DROP COLUMN deleted_at;
ALTER TABLE export_pieces DROP COLUMN kinds;

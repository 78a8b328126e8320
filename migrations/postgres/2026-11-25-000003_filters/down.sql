DROP TABLE participants;
DROP INDEX export_requests_by_finish;
ALTER TABLE export_requests DROP COLUMN filters;

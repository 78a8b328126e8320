ALTER TABLE export_requests DROP COLUMN copies;

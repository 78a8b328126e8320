DROP INDEX conversations_named;
ALTER TABLE conversations DROP COLUMN search_key;
ALTER TABLE users DROP COLUMN search_key;

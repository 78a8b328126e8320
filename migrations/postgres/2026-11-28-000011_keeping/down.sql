ALTER TABLE installation DROP COLUMN beats;
ALTER TABLE installation DROP COLUMN signing_key;
ALTER TABLE installation DROP COLUMN folder;

-- A database has one data folder: this names the folder, as `id` names the database. None before the first start with one.
ALTER TABLE installation ADD COLUMN folder TEXT;
-- The public half of the key that signs archives: another key is never taken for it without a word.
ALTER TABLE installation ADD COLUMN signing_key TEXT;
-- Grows whenever it is checked that the database can be written. One that tells less than it did is an older copy.
ALTER TABLE installation ADD COLUMN beats BIGINT NOT NULL DEFAULT 0;

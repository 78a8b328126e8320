ALTER TABLE item_deletions DROP COLUMN item_created_at;
ALTER TABLE item_edits DROP COLUMN check_sum;
ALTER TABLE items DROP COLUMN deletion_check_sum;
ALTER TABLE items DROP COLUMN check_sum;
DROP TABLE conversation_counts;
DROP TABLE item_counts;

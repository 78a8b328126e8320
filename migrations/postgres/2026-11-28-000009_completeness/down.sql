-- Only PostgreSQL.
ALTER TABLE items ADD FOREIGN KEY (conversation_id) REFERENCES conversations (id);
ALTER TABLE items ADD FOREIGN KEY (author_id) REFERENCES users (id);
DROP TRIGGER items_refer ON items;
DROP FUNCTION check_references_of_items;
-- End.

ALTER TABLE item_deletions DROP COLUMN item_created_at;
ALTER TABLE item_edits DROP COLUMN check_sum;
ALTER TABLE items DROP COLUMN deletion_check_sum;
ALTER TABLE items DROP COLUMN check_sum;
DROP TABLE conversation_counts;
DROP TABLE item_counts;

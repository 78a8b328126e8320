ALTER TABLE export_pieces ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE export_pieces ADD COLUMN counts TEXT;
ALTER TABLE export_pieces ADD COLUMN kinds TEXT;
UPDATE export_pieces SET (plan, counts, kinds) = (
    SELECT planned, written, kinds FROM export_piece_counts AS old
    WHERE old.request_id = export_pieces.request_id AND old.number = export_pieces.number
);
DROP TABLE export_piece_counts;

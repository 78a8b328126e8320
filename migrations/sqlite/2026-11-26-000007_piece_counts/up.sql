-- What a part holds by conversation and day is as long as the part. It has a table of its own, so that the rows which workers
-- look at and write twice a second stay short.
CREATE TABLE export_piece_counts (
    request_id  BIGINT NOT NULL,
    number      INTEGER NOT NULL,
    -- By conversation and day, as the plan found it, and with that which conversations and days are this part's.
    planned     TEXT NOT NULL,
    -- Once the part is built: the same as it was written, if that differs (C4), and its items by kind.
    written     TEXT,
    kinds       TEXT,
    PRIMARY KEY (request_id, number),
    FOREIGN KEY (request_id, number) REFERENCES export_pieces (request_id, number) ON DELETE CASCADE
);
INSERT INTO export_piece_counts (request_id, number, planned, written, kinds)
    SELECT request_id, number, plan, counts, kinds FROM export_pieces;
ALTER TABLE export_pieces DROP COLUMN plan;
ALTER TABLE export_pieces DROP COLUMN counts;
ALTER TABLE export_pieces DROP COLUMN kinds;

-- Reading copies that a request asks for beside the JSON: 'Html', 'Csv', both with a comma between them, or none.
ALTER TABLE export_requests ADD COLUMN copies TEXT NOT NULL DEFAULT '';
